"""The command line: what is given twice, numbers as people write them, what was meant; by kind."""

from dataclasses import dataclass
from typing import Literal

import pytest

from experiments.lab.io import cli


@dataclass(frozen=True)
class Flags:
    """Flags of each kind."""

    names: tuple[str, ...] = ("a",)
    sizes: tuple[int, ...] = (1,)
    seeds: int = 10
    steps: int | None = None
    epochs: float | None = None
    task: Literal["auto", "other"] = "auto"
    single: bool = False


def parsed(words):
    return cli.parse(Flags, words.split())


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ("--names relu --names tanh", Flags(names=("relu", "tanh"))),
        ("--names relu --seeds 3 --names tanh b", Flags(names=("relu", "tanh", "b"), seeds=3)),
        ("--sizes=1 --sizes=2", Flags(sizes=(1, 2))),
        ("--seeds 1e2 --sizes 1e1 2", Flags(seeds=100, sizes=(10, 2))),
        ("--steps 1e12", Flags(steps=10**12)),
        ("--steps None --single --single", Flags(single=True)),
        ("--seeds 3 --seeds 3", Flags(seeds=3)),
    ],
)
def test_flags_are_read_as_they_are_meant(words, flags):
    assert parsed(words) == flags


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--seeds 3 --seeds 4", "--seeds is given more than once, as 3 and 4; give it once"),
        ("--sizes 1.5", "--sizes 1.5: give a whole number, such as 100"),
        ("--steps inf", "--steps inf: give a whole number, such as 100"),
        (f"--seeds {'9' * 5000}", "--seeds 999"),
        ("--epochs many", "--epochs many: give a number, such as 0.5"),
        ("--task othr", "--task othr: give one of other, auto"),
        ("--sedes 3", "perhaps you meant --seeds; --help lists every flag"),
    ],
)
def test_what_cannot_be_read_is_one_plain_sentence(words, message):
    with pytest.raises(cli.UserError) as error:
        parsed(words)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("RELU", "--activation RELU: no such activation; perhaps you meant --activation relu"),
        ("relu,tanh", "perhaps you meant --activation relu tanh"),
        ("Gelu-Tanh", "perhaps you meant --activation gelu_tanh"),
        ("relo", "known, nearest first: relu, gelu_tanh, tanh"),
    ],
)
def test_a_name_that_is_not_known_gets_what_was_probably_meant(value, message):
    with pytest.raises(cli.UserError) as error:
        cli.one_of(("relu", "tanh", "gelu_tanh"), value, "activation")
    assert str(error.value).endswith(message)


def test_a_range_has_a_limit():
    with pytest.raises(cli.UserError, match="1,000,000,000 values; give a count of at most 10,000"):
        cli.numbers(["1e-3:1:1000000000"], "--learning-rate")

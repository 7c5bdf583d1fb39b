"""Results in trackers: what is sent, and that no failure costs the training.

A missing package is an error before the training; a later failure is reported after it.
"""

import sys
from functools import partial
from types import ModuleType

import pytest

from experiments import activations
from experiments.lab.engine import runner
from experiments.lab.results import trackers
from tests.helpers.commands import exit_code

FLAGS = [
    "--data",
    "iris",
    "--activation",
    "relu",
    "--depth",
    "0",
    "1",
    "--learning-rate",
    "0.1",
    "--seeds",
    "2",
    "--width",
    "3",
    "--steps",
    "2",
]


run = partial(exit_code, activations, *FLAGS)


class Fake(ModuleType):
    """A module that writes down every call and serves as its own context."""

    def __init__(self, name, calls):
        super().__init__(name)
        self._calls = calls

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *given, **named: self._calls.append((name, given, named)) or self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    @property
    def summary(self):
        return self


@pytest.fixture
def calls(monkeypatch):
    made = []
    for name in ("mlflow", "wandb"):
        monkeypatch.setitem(sys.modules, name, Fake(name, made))
    return made


def test_a_missing_package_is_said_before_anything_is_trained(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert run("--mlflow", "--out", tmp_path / "r") == 2
    said = capsys.readouterr().err
    assert (
        said.startswith("error: --mlflow: ")
        and 'pip install -e ".[mlflow]"' in said
        and said.count("\n") == 1
    )
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_a_failure_keeps_the_results_and_the_same_command_goes_on(
    calls, monkeypatch, tmp_path, capsys
):
    def fail(*_):
        raise ConnectionError("no\nserver")

    with monkeypatch.context() as patch:
        patch.setattr(trackers, "TRACKERS", {**trackers.TRACKERS, "mlflow": fail})
        assert run("--mlflow", "--out", tmp_path / "r") == 2
    assert (
        "--mlflow: it fails (ConnectionError: no server); the results are in"
        in capsys.readouterr().err
    )
    first = (tmp_path / "r" / "results.csv").read_bytes()
    monkeypatch.setattr(runner, "program_segments", None)  # nothing is trained again
    assert run("--mlflow", "--wandb", "--out", tmp_path / "r") == 0
    assert (tmp_path / "r" / "results.csv").read_bytes() == first and not (
        tmp_path / "r" / "unfinished"
    ).exists()
    names = [name for name, *_ in calls]
    assert names.count("start_run") == names.count("init") == 2
    parameters = next(given[0] for name, given, _ in calls if name == "log_params")
    assert (
        parameters["learning_rate"] == 0.1
        and parameters["data"] == "iris"
        and "mlflow" not in parameters
    )
    steps = [named["step"] for name, _, named in calls if name == "log"]
    assert steps == [1, 2, 1, 2]
    config = [named for name, _, named in calls if name == "init"]
    assert [each["name"] for each in config] != [] and {each["group"] for each in config} == {"r"}


def test_tensorboard_reads_what_is_written(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    record = trackers.Record(
        "tanh/a:b",
        {"activation": "tanh/a:b", "steps": 2},
        {"test_accuracy": 0.5},
        {"train_loss": [(1, 2.0), (2, 1.0)], "validation_loss": [(2, 3.0)]},
    )
    for _ in range(2):  # a second time replaces the first
        trackers.send("tensorboard", tmp_path, [record])
    read = accumulator.EventAccumulator(str(tmp_path / "tensorboard" / "tanh-a.b")).Reload()
    assert [(event.step, event.value) for event in read.Scalars("train_loss")] == [
        (1, 2.0),
        (2, 1.0),
    ]
    assert [(event.step, event.value) for event in read.Scalars("final/test_accuracy")] == [
        (2, 0.5)
    ]
    assert "_hparams_/session_start_info" in read.Tags()["tensors"]

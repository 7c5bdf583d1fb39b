"""A study's plain activations share a program, and find what they do with one each."""

import numpy as np
import pytest

from experiments.lab.engine import runner, stages
from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags

PLAIN = "relu", "tanh", "gelu", "relu/tanh"
SMALL = {
    "data": "iris",
    "activation": (*PLAIN, "maxout", "prelu"),
    "learning_rate": ("0.01", "0.1"),
    "fixed_grid": True,
    "seeds": 3,
    "width": (8,),
    "steps": 20,
    "batch_size": (16,),
}


class Keeper:
    """Keeps outcomes as files would; interrupts after ``stop`` segments."""

    def __init__(self, stop=None):
        self.kept, self.left = {}, stop

    def start(self, number, outcome):
        pass

    def advance(self, number, share):
        if self.left is not None:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    def keep(self, number, outcome):
        self.kept[number] = {name: array.copy() for name, array in outcome.flat().items()}


def asked(**flags):
    return ask(StudyFlags(**(SMALL | flags)), "Which?")


def train(study, known=None, keeper=None):
    return runner.run_grid(study, stages.first(study), known or {}, keeper or Keeper())


@pytest.fixture(scope="module")
def study():
    return asked(programs="one")


@pytest.fixture(scope="module")
def found(study):
    return train(study)


def test_the_flag_says_how_many_programs_there_are(study):
    assert study.programs == 3  # of the plain ones, of maxout and of PReLU
    assert asked().programs == 3  # these devices are CPUs
    assert asked(programs="each").programs == 6


def test_another_depth_is_another_program():
    assert asked(activation=PLAIN[:3], depth=(1, 2), programs="one").programs == 2


@pytest.mark.slow
def test_one_program_finds_what_a_program_for_each_does(found):
    each = train(asked(programs="each"))
    assert "validation_dead" in each[0].curves and "validation_dead" not in each[4].curves
    for number, expected in each.items():
        for kind in ("curves", "final"):
            ours, theirs = getattr(found[number], kind), getattr(expected, kind)
            assert ours.keys() == theirs.keys()
            for name, values in theirs.items():
                np.testing.assert_allclose(
                    ours[name], values, rtol=1e-5, atol=1e-6, err_msg=f"{number} {name}"
                )


@pytest.mark.slow
def test_compiling_is_counted_once(found):
    seconds = [outcome.compile_seconds for outcome in found.values()]
    assert all(second > 0 for second in (seconds[0], *seconds[4:])) and not any(seconds[1:4])


@pytest.mark.slow
@pytest.mark.parametrize("stop", [4, 12, 25])
def test_an_interrupted_study_goes_on_to_the_same_bytes(study, found, monkeypatch, stop):
    monkeypatch.setattr(runner, "CHECKPOINT_SECONDS", 0.0)
    keeper = Keeper(stop)
    with pytest.raises(KeyboardInterrupt):
        train(study, keeper=keeper)
    again = train(study, {number: Outcome.of(flat) for number, flat in keeper.kept.items()})
    for number, outcome in found.items():
        ours, theirs = again[number].flat(), outcome.flat()
        for name in theirs.keys() - {"seconds"}:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"{number} {name}")


def test_programs_are_planned_with_the_rates_between(monkeypatch):
    """Thirteen rates fill groups of 7 best, and with four more of a seed groups of 2."""

    def sizes(fixed):
        flags = {"activation": ("relu", "tanh"), "width": (64,), "fixed_grid": fixed}
        study, programs = asked(learning_rate=("1e-4:10:13",), **flags), {}
        monkeypatch.setattr(runner, "program_segments", lambda *_, **__: ())
        runner.run_grid(study, stages.first(study), {}, Keeper(), programs)
        return {program.plan.members for program in programs.values()}

    assert sizes(fixed=False) == {2} and sizes(fixed=True) == {7}


@pytest.mark.slow
def test_a_slice_of_the_runs_is_trained_by_one_program_too(study, found):
    runs = stages.first(study)
    mine = {0: runs[0], 1: runs[1] & (np.arange(3) < 1)}
    programs = {}
    part = runner.run_grid(study, mine, {}, Keeper(), programs)
    assert len(programs) == 1
    for number, wanted in mine.items():
        for name, values in part[number].final.items():
            expected = found[number].final[name]
            np.testing.assert_allclose(values[wanted], expected[wanted], rtol=1e-4, atol=1e-6)

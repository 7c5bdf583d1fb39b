"""How long networks are trained: as said, or as long as more training would change the result."""

import json
from functools import partial

import pandas as pd
import pytest

from experiments import activations
from experiments.lab import job
from experiments.lab.engine import runner
from experiments.lab.study.ask import STEPS, ask
from experiments.lab.study.flags import StudyFlags
from tests.helpers.commands import exit_code

# A log-loss falls as long as it is trained on, so by such a margin it is never long enough.
NEVER = ["--metric", "log_loss", "--margin", "1e-9"]
SMALL = [
    "--data",
    "iris",
    "--activation",
    "tanh",
    "--learning-rate",
    "0.01",
    "--seeds",
    "2",
    "--depth",
    "1",
    "--width",
    "4",
    "--single",
]
run = partial(exit_code, activations)


def study(**flags):
    return ask(StudyFlags(data="iris", **flags), "Which?")


@pytest.mark.parametrize(
    ("flags", "steps", "limit"),
    [
        ({}, STEPS, 6400),
        ({"most_steps": 50}, 50, 50),
        ({"steps": 7}, 7, None),
        ({"epochs": 2.0}, 3, None),  # of 90 training rows, in batches of 64
        ({"epochs": 2.0, "batch_size": (500,)}, 2, None),  # full batches
        ({"epochs": 0.001}, 1, None),
    ],
)
def test_the_number_of_updates_is_what_the_flags_say(flags, steps, limit):
    found = study(**flags)
    assert (found.steps, found.limit) == (steps, limit)


def test_training_is_doubled_up_to_the_limit_and_never_where_its_length_is_given():
    lengths, found = [], study(most_steps=5 * STEPS)
    while found:
        lengths.append(found.steps)
        found = found.longer
    assert lengths == [STEPS, 2 * STEPS, 4 * STEPS]
    assert study(steps=10).longer is None and study(epochs=1.0).longer is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--steps", 3, "--epochs", 2], "--steps 3 --epochs 2: both say how long to train; give"),
        (["--epochs", 0], "--epochs 0: give a number above 0"),
        (["--epochs", "inf"], "--epochs inf: give a number above 0"),
        (
            ["--epochs", 2, "--batch-size", 8, 16],
            "--epochs 2: with several batch sizes, an epoch has several numbers of updates; give ",
        ),
        (["--steps", 0], "--steps 0: give a whole number of at least 1"),
        (["--most-steps", 0], "--most-steps 0: give a whole number of at least 1"),
    ],
)
def test_a_length_that_cannot_be_used_is_one_sentence(flags, message, capsys):
    assert run(*flags, "--inspect") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message in said and said.count("\n") == 1


@pytest.fixture(scope="module")
def lengthened(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "r"
    assert run(*SMALL, *NEVER, "--most-steps", 4 * STEPS, "--out", path) == 0
    return path


@pytest.mark.slow
def test_training_that_is_too_short_at_its_limit_gives_no_verdict(lengthened):
    verdict = json.loads((lengthened / "summary.json").read_text())["verdict"]
    assert f"no verdict: after {4 * STEPS} updates, the most allowed, the validation log" in verdict
    assert f"--most-steps {16 * STEPS}." in verdict and "Use tanh" not in verdict
    assert pd.read_csv(lengthened / "curves.csv")["step"].max() == 4 * STEPS


@pytest.mark.slow
def test_an_interrupted_lengthening_goes_on_to_the_same_bytes(
    lengthened, tmp_path, monkeypatch, capsys
):
    keep = job.RunFolder.keep

    def interrupted(self, number, outcome, part):
        keep(self, number, outcome, part)
        if self.steps == 2 * STEPS and outcome.done.any():
            raise KeyboardInterrupt

    flags = [*SMALL, *NEVER, "--most-steps", 4 * STEPS, "--out", tmp_path / "r"]
    with monkeypatch.context() as patch:
        patch.setattr(job.RunFolder, "keep", interrupted)
        assert run(*flags) == 130
    said = capsys.readouterr().out
    assert (
        f"training again with {2 * STEPS} updates (to stay with {STEPS}: --steps {STEPS})" in said
    )
    trained = []

    def counted(program, grid, task, *, train=runner.program_segments, **options):
        trained.append(sum(task.lengths))
        return train(program, grid, task, **options)

    monkeypatch.setattr(runner, "program_segments", counted)
    assert run(*flags) == 0
    assert trained == [4 * STEPS] * 2  # and its twins
    for name in ("results.csv", "curves.csv", "summary.json"):
        assert (tmp_path / "r" / name).read_bytes() == (lengthened / name).read_bytes()


@pytest.mark.slow
def test_the_longest_training_is_that_of_as_many_steps(lengthened, tmp_path):
    flags = [*SMALL, *NEVER, "--steps", 4 * STEPS, "--out", tmp_path / "r"]
    assert run(*flags) == 0
    assert (tmp_path / "r" / "results.csv").read_bytes() == (
        lengthened / "results.csv"
    ).read_bytes()
    assert "Use tanh" in json.loads((tmp_path / "r" / "summary.json").read_text())["verdict"]


@pytest.mark.parametrize(
    ("flags", "points"),
    # 359 validation rows at each point; an update costs as much as evaluating 3 × 64.
    [({"steps": 400}, 20), ({"steps": 200}, 10), ({"steps": 100}, 5), ({"steps": 5}, 5)],
)
def test_curves_have_as_many_points_as_a_tenth_of_training_pays_for(flags, points):
    assert ask(StudyFlags(**flags), "which?").points == points
    assert ask(StudyFlags(**flags, best_epoch=True), "which?").points == 20

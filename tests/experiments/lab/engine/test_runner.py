"""The runner: checkpoints, and what goes on from them.

PYTHONPATH=. python tests/experiments/lab/engine/test_runner.py 20    (20 kills, minutes)
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from experiments.lab.engine import runner
from experiments.lab.engine.outcome import Outcome
from jaxnn import HEADS, OPTIMIZERS, Grid, make_training, mlp
from jaxnn.variants import Variant

GRID = Grid({"activation": ("relu", "tanh")}, {"learning_rate": (0.01, 0.1, 1e30)}, seeds=3)
HEAD = HEADS["multiclass"]


@pytest.fixture(scope="module")
def work():
    x = np.asarray(jax.random.normal(jax.random.key(9), (40, 4)))
    y = (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0)

    def make(structure):
        net = mlp((4, 8, 3), **structure)
        return make_training(net, HEAD.loss, OPTIMIZERS["sgd"], correct=HEAD.correct)

    parts = dict.fromkeys(("train", "validation", "test"), (x, y))
    return SimpleNamespace(
        grid=GRID,
        asked=GRID,
        steps=8,
        variants=[Variant(make(structure)) for structure in GRID.structures],
        parts=lambda: parts,
        each_segment=("validation",),
        points=20,
        by_seed=lambda held: None,
        batch_size=lambda _: 8,
    )


class Keeper:
    """Keeps checkpoints as files would; interrupts after ``stop`` segments."""

    def __init__(self, stop=None):
        self.kept, self.started, self.shares, self.stop = {}, [], [], stop

    def start(self, number, outcome):
        self.started.append(number)

    def advance(self, number, share):
        self.shares.append(share)
        if len(self.shares) == self.stop:
            raise KeyboardInterrupt

    def keep(self, number, outcome):
        self.kept[number] = {name: array.copy() for name, array in outcome.flat().items()}


def every():
    return {number: np.ones(GRID.shape, bool) for number in range(2)}


@pytest.fixture(scope="module")
def whole(work):
    return runner.run_grid(work, every(), {}, Keeper())


def same(ours, theirs):
    a, b = ours.flat(), theirs.flat()
    assert a.keys() == b.keys()
    for name in a.keys() - {"seconds"}:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.slow
def test_the_listener_hears_of_every_program(work, whole):
    keeper = Keeper()
    runner.run_grid(work, every(), {}, keeper)
    assert keeper.started == [0, 1] and keeper.shares[-1] == 1
    for number, outcome in whole.items():
        assert outcome.done.all() and outcome.stand is None
        same(Outcome.of(keeper.kept[number]), outcome)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [2, 5, 9, 11])
def test_an_interrupted_grid_goes_on_to_the_same_bytes(work, whole, monkeypatch, stop):
    monkeypatch.setattr(runner, "CHECKPOINT_SECONDS", 0.0)
    keeper = Keeper(stop)
    with pytest.raises(KeyboardInterrupt):
        runner.run_grid(work, every(), {}, keeper)
    known = {number: Outcome.of(flat) for number, flat in keeper.kept.items()}
    again = runner.run_grid(work, every(), known, Keeper())
    for number, outcome in whole.items():
        same(again[number], outcome)


def test_what_is_finished_is_not_trained_again(work, whole):
    keeper = Keeper()
    runner.run_grid(work, every(), whole, keeper)
    assert keeper.started == [] and keeper.shares == []


@pytest.mark.slow
def test_looking_at_test_rows_at_every_point_changes_nothing_else(work, whole):
    watched = SimpleNamespace(**vars(work) | {"each_segment": ("validation", "test")})
    for number, outcome in runner.run_grid(watched, every(), {}, Keeper()).items():
        for name, values in whole[number].curves.items():
            np.testing.assert_array_equal(outcome.curves[name], values, err_msg=name)
        for name, values in whole[number].final.items():
            np.testing.assert_array_equal(outcome.curves[name][-1], values, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_run_that_is_not_finite_on_held_out_rows_has_diverged(work, whole, monkeypatch, part):
    """One input is more than networks without bounds can take; where it is seen, a run is lost."""
    x, y = work.parts()["train"]
    far = x.copy()
    far[3, 0] = -np.inf
    sentinel = SimpleNamespace(**vars(work) | {"parts": lambda: work.parts() | {part: (far, y)}})
    found = runner.run_grid(sentinel, every(), {}, Keeper())
    stable = np.s_[:2]  # the third rate is too high
    assert (found[0].diverged_step[stable] == {"validation": 1, "test": 8}[part]).all()
    assert (found[1].diverged_step[stable] == -1).all()
    assert all(outcome.done.all() for outcome in found.values())
    lost = found[0].diverged_step >= 0
    for name, values in [*found[0].final.items(), *found[0].curves.items()]:
        last = values if values.ndim == 2 else values[-1]
        assert np.isnan(last[lost]).all(), name
    np.testing.assert_array_equal(
        found[1].curves["train_loss"], whole[1].curves["train_loss"]
    )  # the others are trained as ever
    monkeypatch.setattr(runner, "CHECKPOINT_SECONDS", 0.0)
    keeper = Keeper(5)
    with pytest.raises(KeyboardInterrupt):
        runner.run_grid(sentinel, every(), {}, keeper)
    known = {number: Outcome.of(flat) for number, flat in keeper.kept.items()}
    again = runner.run_grid(sentinel, every(), known, Keeper())
    for number, outcome in found.items():
        same(again[number], outcome)


def kills(count: int) -> None:
    """SIGKILL at random moments: each time, the same command must end in the same bytes."""
    command = [
        sys.executable,
        "-m",
        "experiments.activations",
        "--activation",
        "relu",
        "tanh",
        "--learning-rate",
        "0.01:100:5",
        "--seeds",
        "4",
        "--steps",
        "6000",
        "--width",
        "16",
        "--out",
    ]
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        rng, lasted = np.random.default_rng(), []
        subprocess.run([*command, whole], check=True, capture_output=True)
        shutil.rmtree(whole)
        # The second time all is compiled, as it will be for each of the kills.
        began = time.monotonic()
        subprocess.run([*command, whole], check=True, capture_output=True)
        seconds = time.monotonic() - began
        for number in range(count):
            shutil.rmtree(killed, ignore_errors=True)
            process = subprocess.Popen(
                [*command, killed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            lasted.append(rng.uniform(0.3, 0.9) * seconds)
            time.sleep(lasted[-1])
            process.kill()
            process.wait()
            left = sorted(file.name for file in killed.glob("unfinished/*/*"))
            subprocess.run([*command, killed], check=True, capture_output=True)
            same = all(
                (killed / name).read_bytes() == (whole / name).read_bytes()
                for name in ("results.csv", "curves.csv", "summary.json")
            )
            print(
                f"kill {number + 1} after {lasted[-1]:.1f} of {seconds:.1f} s, found {left}: "
                f"{'same bytes' if same else 'DIFFERENT'}",
                flush=True,
            )
            assert same


if __name__ == "__main__":
    kills(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

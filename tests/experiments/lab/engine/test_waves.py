"""Chunks, waves, slices and checkpoints change when a run is trained, and never what it finds.

PYTHONPATH=. python tests/test_waves.py 20      (20 kills at random moments, minutes)
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.engine import program, waves
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.processes import Share, share, share_of
from experiments.lab.engine.program import Data, build, chunk_of
from experiments.lab.engine.waves import Orders, train
from experiments.lab.io.errors import UserError
from jaxnn import HEADS, OPTIMIZERS, Grid, make_training, mlp

RATES = (0.01, 0.1, 0.2, 0.5, 1e30, 1e31, 1e32, 1e33)  # the upper half diverges at once
GRID, LENGTHS, HEAD = Grid({}, {"learning_rate": RATES}, seeds=6), [3, 3, 2], HEADS["multiclass"]


@pytest.fixture(scope="module")
def data():
    x = np.asarray(jax.random.normal(jax.random.key(9), (40, 4)))
    y = (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0)
    return Data(
        {part: x for part in ("train", "validation", "test")},
        {part: y for part in ("train", "validation", "test")},
    )


@pytest.fixture(scope="module")
def compiled(data):
    """Groups of 2, so that half of a seed's groups can be left behind; chunks of 4 groups, waves of 3 chunks."""
    training = make_training(
        mlp((4, 8, 3), activation="relu"), HEAD.loss, OPTIMIZERS["sgd"], correct=HEAD.correct
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "runs_at_once", lambda *_: 2)
        patch.setattr(program, "WAVE_BYTES", 0)
        built = build(
            GRID,
            training,
            data,
            runs=np.ones((8, 6), bool),
            lengths=LENGTHS,
            batch_size=8,
            devices=jax.local_devices(),
        )
    return built._replace(plan=built.plan._replace(wave=3 * built.plan.chunk))


def trained(compiled, data, outcome=None, runs=None, stop=None):
    """The outcome; stop: after so many segments in all, as an interruption does."""
    outcome = outcome or Outcome.empty(np.cumsum(LENGTHS), (8, 6))
    kept, segments = [outcome.flat()], []

    def segment(_):
        segments.append(1)
        if len(segments) == stop:
            raise KeyboardInterrupt

    try:
        train(
            compiled,
            GRID,
            outcome,
            np.ones((8, 6), bool) if runs is None else runs,
            data,
            lengths=LENGTHS,
            batch_size=8,
            orders=Orders(40),
            on_segment=segment,
            on_stand=lambda: kept.append({k: v.copy() for k, v in outcome.flat().items()}),
        )
    except KeyboardInterrupt:
        pass
    return Outcome.of(kept[-1]), len(segments)


@pytest.fixture(scope="module")
def whole(compiled, data):
    return trained(compiled, data)[0]


def same(ours, theirs):
    a, b = ours.flat(), theirs.flat()
    assert a.keys() == b.keys()
    for name in a.keys() - {"seconds"}:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_diverged_runs_are_recorded_and_the_others_finished(whole):
    assert whole.done.all()
    assert (whole.diverged_step[4:] >= 0).all() and (whole.diverged_step[:4] == -1).all()
    assert (
        np.isfinite(whole.curves["train_loss"][:, :4]).all()
        and np.isnan(whole.curves["train_loss"][1:, 4:]).all()
    )
    assert (
        np.isfinite(whole.test["test_loss"][:4]).all()
        and np.isnan(whole.test["test_loss"][4:]).all()
    )


def test_diverged_runs_are_left_behind(compiled, data, whole, monkeypatch):
    calls = []
    counted = {
        length: lambda *a, f=function: calls.append(1) or f(*a)
        for length, function in compiled.segments.items()
    }
    again, _ = trained(compiled._replace(segments=counted), data)
    same(again, whole)
    assert len(calls) == 2 * (
        3 + 2 + 2
    )  # in each of two waves 12 groups of three chunks, then the 6 that are left, of two
    monkeypatch.setattr(waves, "_smaller", lambda plan, grid, alive, layout: layout)
    calls.clear()
    again, _ = trained(compiled._replace(segments=counted), data)
    assert len(calls) == 2 * (3 + 3 + 3)
    same(again, whole)


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_an_interrupted_program_goes_on_to_the_same_bytes(compiled, data, whole, monkeypatch, stop):
    monkeypatch.setattr(waves, "CHECKPOINT_SECONDS", 0.0)
    outcome, _ = trained(compiled, data, stop=stop)
    assert not outcome.done.all()
    again, segments = trained(compiled, data, outcome=outcome)
    same(again, whole)
    assert segments == 2 * len(LENGTHS) - (
        stop - 1
    )  # the segment in which it stopped was not yet kept


def test_slices_join_to_the_whole(compiled, data, whole):
    joined = Outcome.empty(np.cumsum(LENGTHS), (8, 6))
    for index in range(2):
        joined.join(
            trained(compiled, data, runs=share_of({0: np.ones((8, 6), bool)}, Share(index, 2))[0])[
                0
            ]
        )
    same(joined, whole)


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)),
    st.integers(1, 12),
    st.integers(0, 2**32),
)
def test_slices_are_disjoint_and_whole(shape, count, seed):
    wanted = np.random.default_rng(seed).random(shape) < 0.7
    owned = np.zeros(shape, int)
    for index in range(count):
        for number, runs in share_of(dict(enumerate(wanted)), Share(index, count)).items():
            owned[number] += runs
    np.testing.assert_array_equal(owned, wanted)


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "-1/3"])
def test_a_slice_is_one_of_n(text):
    with pytest.raises(
        UserError, match=f"--shard {text}: give i/n, slice i of n, with i from 1 to n"
    ):
        share(text)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 8))
def test_chunks_pad_little(groups, devices):
    chunk = chunk_of(groups, devices)
    assert chunk % devices == 0
    assert -groups % chunk < max(devices, 0.1 * groups + devices)


def kills(count: int) -> None:
    """SIGKILL at random moments, as often as asked: each time the same command must end in the same bytes."""
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
        whole, killed, rng, lasted = (
            Path(folder, "whole"),
            Path(folder, "killed"),
            np.random.default_rng(),
            [],
        )
        subprocess.run([*command, whole], check=True, capture_output=True)
        shutil.rmtree(whole)
        began = (
            time.monotonic()
        )  # the second time, when all is compiled, as it will be in each of the kills
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
                f"kill {number + 1} after {lasted[-1]:.1f} of {seconds:.1f} s, found {left}: {'same bytes' if same else 'DIFFERENT'}",
                flush=True,
            )
            assert same


if __name__ == "__main__":
    kills(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

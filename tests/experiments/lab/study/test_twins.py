"""Chaotic rates: what a last bit of the initial parameters changes, and where it is shown."""

import json
from functools import partial

import jax
import numpy as np
import pandas as pd
import pytest

from experiments import activations
from experiments.lab.engine import runner
from experiments.lab.study import twins
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from jaxnn.sweep import initial_states
from tests.helpers.commands import exit_code

pytestmark = pytest.mark.slow

run = partial(exit_code, activations)
SMALL = ["--data", "wine", "--activation", "relu", "tanh", "--width", "32", "--seeds", "2"]
SMALL += ["--fixed-grid", "--steps", "200", "--single", "--learning-rate"]
STABLE, UNSTABLE = (0.01, 0.03), (3.0, 10.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path, compiled, compile_program = tmp_path_factory.mktemp("r"), [], runner.compile_program

    def counted(*arguments, **options):
        compiled.append(arguments)
        return compile_program(*arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "compile_program", counted)
        assert run(*SMALL, *STABLE, *UNSTABLE, "--out", path) == 0
    assert len(compiled) == 1  # the program of the runs trains their twins too
    return path


def test_rates_far_above_stability_are_chaotic_and_low_ones_are_not(folder):
    results = pd.read_csv(folder / "results.csv")
    assert results["chaotic"].dtype == bool
    assert (results.groupby(["activation", "learning_rate"])["chaotic"].nunique() == 1).all()
    chaotic = results.groupby("learning_rate")["chaotic"].any()
    assert not chaotic[list(STABLE)].any() and chaotic[list(UNSTABLE)].any()


def test_the_summary_and_the_page_say_whether_a_recommended_rate_is(folder):
    results = pd.read_csv(folder / "results.csv")
    for row in json.loads((folder / "summary.json").read_text())["table"]:
        cell = results[
            (results["activation"] == row["activation"])
            & np.isclose(results["learning_rate"], row["learning_rate"])
        ]
        assert [row["chaotic"]] == cell["chaotic"].unique().tolist()
    page = (folder / "report.html").read_text()
    assert '"kind": "hollow"' in page and "A hollow point marks a rate" in page


def test_every_initial_parameter_but_zeros_is_one_bit_away():
    study = ask(StudyFlags(data="iris", seeds=1, learning_rate=("0.1",), depth=(1,)), "Which?")
    rates = {"learning_rate": np.full((1, 1), 0.1, np.float32)}
    pairs = zip(study.variants, twins.one_bit_away(study).variants, strict=True)
    for own, other in pairs:
        assert own.training.segment is other.training.segment
        first, second = (
            initial_states(each.training, np.zeros(1, int), rates | own.shared).params
            for each in (own, other)
        )
        for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
            np.testing.assert_array_equal(b[a == 0], 0)
            np.testing.assert_array_equal(b[a != 0], np.nextafter(a[a != 0], np.float32(np.inf)))
        assert any((leaf != 0).any() for leaf in jax.tree.leaves(first))


def test_interrupted_in_the_twins_only_they_are_trained_again(folder, tmp_path, monkeypatch):
    flags = [*SMALL, *STABLE, *UNSTABLE, "--out", tmp_path / "r"]

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(twins, "one_bit_away", interrupt)
        assert run(*flags) == 130
    trained, segments = [], runner.program_segments

    def counted(program, grid, task, *, runs, done, **more):
        trained.append((runs & ~done).sum(axis=0).tolist())
        return segments(program, grid, task, runs=runs, done=done, **more)

    monkeypatch.setattr(runner, "program_segments", counted)
    assert run(*flags) == 0
    assert trained == [[4, 0], [4, 0]]  # the four rates of the first seed, of two activations
    for name in ("results.csv", "summary.json"):
        assert (tmp_path / "r" / name).read_bytes() == (folder / name).read_bytes()


def test_where_every_run_diverges_nothing_breaks_and_without_twins_there_is_no_column(tmp_path):
    flags = [*SMALL, "1e30", "--out", tmp_path / "r"]
    assert run(*flags) == 0
    assert not pd.read_csv(tmp_path / "r" / "results.csv")["chaotic"].any()
    assert run(*flags, "--no-twins") == 0
    assert "chaotic" not in pd.read_csv(tmp_path / "r" / "results.csv")
    assert "A hollow point" not in (tmp_path / "r" / "report.html").read_text()

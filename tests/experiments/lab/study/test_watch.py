"""The live view on a terminal, the lines in a pipe and the time left, each as a reader gets it."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io.terminal import Screen
from experiments.lab.study import rate, screen
from experiments.lab.study import watch as watching
from experiments.lab.study.choices import choose, rank
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY, R2
from experiments.lab.study.tables import results_table
from experiments.lab.study.watch import SoFar, Watch, so_far
from jaxnn import Grid
from jaxnn.segments import Stand

RATES, SEEDS = (0.01, 0.1, 1.0), 4
TRIVIAL = 2.0, 0.0  # the trivial predictor's loss and score
R2 = replace(R2, variance={"validation": 2.0, "test": 2.0})
ALL = np.ones((len(RATES), SEEDS), bool)


def outcome_of(scores, diverged=(), points=2):
    """The outcome of runs with these final validation scores.

    Args:
        scores: (cells, seeds) or what is broadcast to it; nan where a run has not begun.
        diverged: pairs (cell, seed).
        points: of the curves.
    """
    found = Outcome.empty(np.arange(1, points + 1), ALL.shape)
    scores = np.broadcast_to(np.asarray(scores, np.float32), ALL.shape)
    for name, values in (("accuracy", scores), ("loss", 2 * (1 - scores))):
        found.curves[f"validation_{name}"] = np.stack([values / 2] * (points - 1) + [values])
        found.final[f"test_{name}"] = values.copy()
    found.curves["train_loss"] = np.ones((points, *ALL.shape), np.float32)
    for place in diverged:
        found.diverged_step[place] = 1
        for values in found.curves.values():
            values[:, *place] = np.nan
    found.done[:] = ~np.isnan(scores)
    return found


class Clock:
    """Stands until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


def study(labels=(), score=ACCURACY):
    """What a watch must know of a study whose structures have these labels."""
    structure = {"activation": tuple(labels)} if labels else {}
    grid = Grid(structure, {"learning_rate": RATES}, SEEDS)
    return SimpleNamespace(
        grid=grid,
        score=score,
        labels=labels,
        best_epoch=False,
        clipped=lambda losses: rate.clipped(losses, TRIVIAL[0]),
        judged=lambda losses, scores, runs: rate.chosen(RATES, losses, scores, runs, *TRIVIAL),
    )


def pretty(count):
    """Labels l0, l1, …"""
    return [f"l{number}" for number in range(count)]


def watch(labels, known=None, runs=None, **options):
    runs = runs or dict.fromkeys(range(len(labels)), ALL)
    return Watch(study(labels), runs, known or {}, lambda *_: None, **options)


def console(monkeypatch, **options):
    page = io.StringIO()
    options |= {"_environ": {"TERM": "xterm-256color"}} if options else {}
    monkeypatch.setattr(screen, "console", Screen(file=page, soft_wrap=not options, **options))
    return page


@pytest.fixture
def terminal(monkeypatch):
    return console(monkeypatch, force_terminal=True, width=80, height=24)


@pytest.fixture
def pipe(monkeypatch):
    return console(monkeypatch)


def frames(page):
    """What was printed between one erasure and the next, without control codes."""
    return [
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame).split("\n")
        for frame in page.getvalue().replace("\r", "").split("\x1b[2K")
    ]


def rows(page, *words):
    """The lines of the last frame that has the words."""
    return next(
        frame
        for frame in reversed(frames(page))
        if all(any(word in line for line in frame) for word in words)
    )


@pytest.mark.parametrize("score", [ACCURACY, R2])
def test_of_a_finished_grid_it_says_what_the_comparison_says(score):
    rng = np.random.default_rng(0)
    asked = study(("a", "b", "c"), score)
    outcomes = [
        outcome_of(rng.uniform(0, 1, ALL.shape), diverged=[(2, seed) for seed in range(number + 1)])
        for number in range(3)
    ]
    loss, reached = (np.full(SEEDS, value) for value in TRIVIAL)
    known = replace(score, trivial={"validation": reached})
    rules = Rules(score=known, trivial_loss=loss, baseline="a")
    choices, _ = choose(results_table(asked, outcomes), ["activation"], rules)
    found = sorted((so_far(asked, outcome) for outcome in outcomes), key=rank)
    assert [(one.learning_rate, one.diverged_runs, one.runs) for one in found] == [
        (choice.learning_rate, choice.diverged_runs, choice.runs) for choice in choices
    ]
    np.testing.assert_allclose(
        [one.validation for one in found], [choice.validation for choice in choices], rtol=1e-6
    )


def test_runs_that_have_not_begun_are_left_out_and_those_that_have_diverged_are_not():
    asked, nan = study(), np.nan
    found = outcome_of([[0.5, 0.7, nan, nan], [0.9, 0.1, nan, nan], [nan] * 4], diverged=[(1, 1)])
    assert so_far(asked, found) == SoFar(0.01, pytest.approx(0.6), 1, 4)
    for values in found.curves.values():
        values[1] = nan  # the second point is not there yet
    assert so_far(asked, found).validation == pytest.approx(0.3)
    assert so_far(asked, outcome_of(nan)) is None
    assert so_far(asked, Outcome.empty(np.arange(1), ALL.shape)) is None


def test_time_left_is_of_training_alone(pipe):
    clock, standing = Clock(), outcome_of(0.7)
    standing.stand = Stand(0, 18, ALL, [])
    with watch(pretty(5), {0: outcome_of(0.5)}, clock=clock) as watched:  # l0 is finished before
        clock.now = 1000.0  # compiling
        watched.start(1, outcome_of(0.6))
        clock.now = 1500.0  # still compiling, what all programs share
        watched.advance(1, 0.2)
        for share in (0.4, 0.6, 0.8, 1.0):
            clock.now += 2.0
            watched.advance(1, share)
        clock.now += 1.0  # the test rows: in all 9 s for 0.8 of a program
        watched.finish(1)
        assert pipe.getvalue().endswith("25 min spent, about 34 s of training left\n")
        clock.now += 5000.0  # compiling
        watched.start(2, standing)
        watched.advance(2, 0.9)  # goes on where it stood
        clock.now += 4.0  # in all 13 s for 0.9
        watched.finish(2)
        assert pipe.getvalue().endswith("h spent, about 29 s of training left\n")
        clock.now += 5000.0
        watched.start(3, outcome_of(0.8))
        clock.now += 6.0  # initial parameters and the first half
        watched.advance(3, 0.5)
        clock.now += 2.0  # in all 21 s for 1.9
        watched.finish(3)
        assert pipe.getvalue().endswith("h spent, about 11 s of training left\n")
        watched.start(4, outcome_of(0.8))
        watched.finish(4)
    assert pipe.getvalue().endswith("3.2 h spent\n")


def test_the_time_goes_by_runs_and_not_by_programs(pipe):
    clock, few = Clock(), ALL & (np.arange(SEEDS) < 1)
    with watch(pretty(2), runs={0: few, 1: ALL}, clock=clock) as watched:
        watched.start(0, outcome_of(0.5))
        watched.advance(0, 0.0)
        clock.now = 3.0
        watched.finish(0)
    assert pipe.getvalue().endswith("3 s spent, about 12 s of training left\n")


def test_in_a_pipe_a_line_a_program_and_no_control_codes(pipe):
    clock = Clock()
    with watch(["[red]x[/red]", "relu depth 4"], clock=clock) as watched:
        for number, score in enumerate([[[0.5], [0.9], [0.1]], [[0.95], [0.2], [0.0]]]):
            watched.start(number, outcome_of(score))
            for share in (0.5, 1.0):
                clock.now += 1.0
                watched.advance(number, share)
            watched.finish(number)
    assert pipe.getvalue().splitlines() == [
        "1 of 2 done: [red]x[/red], at rate 0.1 validation accuracy 90.0 %; 2 s spent, "
        "about 2 s of training left",
        "2 of 2 done: relu depth 4, at rate 0.01 validation accuracy 95.0 %; 4 s spent",
    ]


def test_the_live_view_has_the_best_first_and_marks_the_running_one(terminal):
    clock = Clock()
    with watch(
        ["tanh", "[red]x[/red]", "relu depth 4"],
        {0: outcome_of([[0.5], [0.6], [0.4]], [(2, 0)])},
        clock=clock,
    ) as watched:
        assert "compiling 2 of 3" in "\n".join(rows(terminal, "compiling"))
        watched.start(
            1, outcome_of([[0.1], [0.2], [0.3]])
        )  # what all programs share is compiled before the first segment
        assert not {"training", "left"} & set(terminal.getvalue().split())
        for share in (0.25, 0.5):
            clock.now += 2.0
            watched.advance(1, share)
    bar, _, header, _, first, second, *_ = rows(terminal, "running", "left")
    assert (
        "training 2 of 3" in bar
        and bar.rstrip().endswith("about 12 s of training left")
        and "50%" in bar
    )
    assert header.split() == [
        "best",
        "so",
        "far",
        "at",
        "rate",
        "validation",
        "accuracy",
        "diverged",
    ]
    assert first.split() == ["tanh", "0.1", "60.0", "%", "1/12"]
    assert second.split() == ["[red]x[/red]", "1", "30.0", "%", "0/12", "running"]


def test_the_live_view_fits_80_columns_and_24_lines(terminal):
    clock, long = (
        Clock(),
        "my_very_long_module_name:my_very_long_function_name/tanh/relu "
        "depth 4 width 128 batch_size 64",
    )
    labels = [f"{number} {long}" for number in range(20)]
    with watch(
        labels, {number: outcome_of(0.9 - number / 100) for number in range(12)}, clock=clock
    ) as watched:
        watched.start(12, outcome_of(0.1))
        for share in (0.5, 0.6):
            clock.now += 5000.0
            watched.advance(12, share)
    assert max(cell_len(line) for frame in frames(terminal) for line in frame) <= 80
    shown = rows(terminal, "running", "left")
    assert len(shown) < 24 and "and 5 more" in "\n".join(shown)
    assert [line.split()[0] for line in shown if "…" in line] == [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "12",
    ]
    assert all("%" in line and "/12" in line for line in shown if "…" in line)


def test_an_interruption_removes_the_live_view_and_shows_the_cursor(terminal):
    with pytest.raises(KeyboardInterrupt), watch(pretty(2), {0: outcome_of(0.5)}):
        raise KeyboardInterrupt
    written = terminal.getvalue()
    assert "l0" in written and re.search(
        r"\x1b\[\?25h\r(\x1b\[1A\x1b\[2K){6}$", written
    )  # bar, space, title, rule, row, space


def test_the_best_so_far_is_looked_for_a_few_times_a_second(terminal, monkeypatch):
    clock, asked = Clock(), []
    monkeypatch.setattr(watching, "so_far", lambda study, outcome: asked.append(outcome))
    with watch(pretty(1), clock=clock) as watched:
        watched.start(0, outcome_of(0.5))
        for share in range(100):
            clock.now += 0.01
            watched.advance(0, share / 100)
    assert 2 <= len(asked) <= 4

"""The report in a real browser, from disk and offline, and its figures as files."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.lab import report
from experiments.lab.data import Dataset
from experiments.lab.engine.outcome import Outcome
from experiments.lab.study import screen
from experiments.lab.study.choices import choose
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.diagnostics import Layers
from experiments.lab.study.rules import Rules
from experiments.lab.study.scope import Earlier
from experiments.lab.study.score import ACCURACY
from experiments.lab.study.study import Study
from jaxnn import Grid
from jaxnn.activations import resolve

HOSTILE = "<script>alert(1)</script>"
NAMES = (HOSTILE, "tanh", "relu/tanh")


def tables():
    """Of three choices, whose validation loss is lowest at the rate 1; all diverge at 10."""
    rows = [
        {
            "activation": name,
            "learning_rate": rate,
            "seed": seed,
            "validation_loss": 0.5 + abs(np.log10(rate)) / 10,
            "test_loss": 0.5 + seed / 10,
            "validation_accuracy": 0.9 - abs(np.log10(rate)) / 10 - place / 100,
            "test_accuracy": 0.8 + seed / 100 - place / 50,
            "diverged_step": None,
        }
        for place, name in enumerate(NAMES)
        for rate in (0.1, 1.0, 10.0)
        for seed in range(4)
    ]
    results = pd.DataFrame(rows).astype({"diverged_step": "Int64"})
    results.loc[results["learning_rate"] == 10, ["test_accuracy", "diverged_step"]] = 0, 3
    names = ["validation_loss", "validation_accuracy", "train_loss"]
    curves = results[results["seed"] == 0].assign(step=10, train_loss=0.5)[
        ["activation", "learning_rate", "step", *names]
    ]
    return results, curves.assign(
        **{
            f"{name}_{end}": curves[name] + off
            for name in names
            for end, off in (("low", -0.1), ("high", 0.05))
        }
    )


def outcome():
    """Of the three rates and four seeds, all trained."""
    found = Outcome.empty(np.array([10]), (3, 4))
    found.done[:], found.compile_seconds, found.run_seconds = True, 1.0, 2.0
    return found


class Splits:
    """A split that all seeds share, of which only the names of the classes and the sizes count."""

    fixed = True

    def of(self, seed):
        return Dataset("data", {}, {}, SimpleNamespace(classes=(HOSTILE,)), "", ())

    def notes_on(self, split):
        return ()

    def training_rows(self, seed):
        return 100


@pytest.fixture(scope="module")
def comparison():
    results, curves = tables()
    choices, found = choose(results, ["activation"], Rules(score=ACCURACY))
    choices = [replace(choice, steps_to_target=20.0, reached=4) for choice in choices]
    relu, tanh = resolve("relu"), resolve("tanh")
    # A label with a slash names the activations of two layers.
    activations = {HOSTILE: (relu, relu), "tanh": (tanh,), "relu/tanh": (relu, tanh)}
    study = Study(
        question="Which?",
        settings={},
        splits=Splits(),
        asked=Grid(
            {
                "activation": NAMES,
                "depth": (2,),
                "width": (8,),
                "batch_size": (64,),
                "optimizer": ("sgd",),
            },
            {"learning_rate": (0.1, 1.0, 10.0)},
            seeds=4,
        ),
        activations=activations,
        steps=10,
        fixed=True,
    )
    return Comparison(
        study=study,
        outcomes=[outcome() for _ in NAMES],
        results=results,
        curves=curves,
        choices=choices,
        found=found,
        earlier=[Earlier(5, 1, agrees=False)],
        target=0.8,
        profile=pd.DataFrame({"tau": [1.0, 2.0], **{name: [0.5, 1.0] for name in NAMES}}),
        layers=[Layers(*np.ones((2, 4, 3)), *np.full((2, 4, 2), 0.5), np.ones(3), np.ones(3), 77)]
        * 3,
        gradient_factors=[0.5, None, 1.0],
    )


@pytest.fixture(scope="module")
def page(comparison):
    config = {
        "command": f"python -m experiments.activations --target '{HOSTILE}'",
        "data": {"classes": [HOSTILE]},
    }
    return report.page(comparison, report.figures(comparison), config)


def test_nothing_is_loaded_from_anywhere(page):
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=[\"'](?!data:)", markup)
    assert "@import" not in markup and "url(" not in markup
    assert "default-src 'none'" in markup


def test_the_best_rate_is_the_one_of_lowest_validation_loss(comparison):
    assert [choice.learning_rate for choice in comparison.choices] == [1.0] * 3


def test_the_verdict_is_on_the_page_with_its_scope(comparison, page):
    assert comparison.verdict.endswith(
        "This holds for networks with 2 hidden layers of 8 units, trained on 100 rows for 10 "
        "updates (6.4 epochs) with sgd at a constant learning rate; after 5 updates tanh was "
        "ahead, so longer training may change the order again."
    )
    assert comparison.verdict.split(HOSTILE)[1] in page


def test_the_terminal_shows_it_all_in_80_columns(comparison, monkeypatch):
    page = io.StringIO()
    monkeypatch.setattr(screen, "console", Console(file=page, width=80, highlight=False))
    choices = [replace(comparison.choices[0], improving=True, edge="highest", failed=2)]
    screen.show_results(replace(comparison, choices=[*choices, *comparison.choices[1:]]))
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    header, row = lines[1], next(line for line in lines if "2/4" in line)
    for title in ("at rate", "accuracy", "95 % interval", "failed", "decades", "steps"):
        assert title in header
    assert "1*" in row and "20↓" in row and "maybe" in row
    said = " ".join(" ".join(lines).split())
    assert "*: the lowest or highest rate tried" in said
    assert "↓: its validation loss was still falling at the end" in said
    assert "failed: runs at most half-way from the trivial predictor's score to the best" in said
    assert said.endswith("so longer training may change the order again.")


def test_the_numbers_drawn_are_those_of_the_results(comparison):
    rates = report.figures(comparison)[0]
    error = next(
        series
        for series in rates.views[0].series
        if series.label == "tanh" and series.kind == "line"
    )
    assert error.x == [0.1, 1.0, 10.0]
    assert error.y == pytest.approx([20.5, 20.5, 100]) and error.high[:2] == pytest.approx([21, 21])
    cross = next(
        series
        for series in rates.views[0].series
        if series.label == "tanh" and series.kind == "cross"
    )
    assert cross.x == [10.0]


def test_bands_are_the_quartiles_also_where_the_curve_is_turned_over(comparison):
    loss, error, _ = next(
        figure for figure in report.figures(comparison) if figure.name == "curves"
    ).views
    for view, low, high in ((loss, 0.1, 0.05), (error, 5, 10)):
        series = view.series[0]
        assert [series.low[0], series.high[0]] == pytest.approx(
            [series.y[0] - low, series.y[0] + high]
        )


def test_units_are_drawn_over_time_where_the_curves_hold_them(comparison):
    shares = {"validation_dead": 0.25, "validation_dead_low": 0.125, "validation_dead_high": 0.5}
    curves = comparison.curves.assign(
        **shares, **{name.replace("dead", "saturated"): share for name, share in shares.items()}
    )
    curves.loc[curves["activation"] == "tanh", list(shares)] = (
        np.nan
    )  # a network without hidden layers
    before, after = (
        {figure.name: figure for figure in report.figures(each)}
        for each in (comparison, replace(comparison, curves=curves))
    )
    assert "units" not in before and "start" in before
    dead, saturated = after["units"].views
    assert "tanh" not in [series.label for series in dead.series] and len(saturated.series) == 3
    series = dead.series[0]
    assert (series.x, series.y, series.low, series.high) == ([10], [25.0], [12.5], [50.0])


def test_figures_are_files_too(comparison, tmp_path):
    figures = {figure.name: figure for figure in report.figures(comparison)}
    rates = replace(figures["rates"], views=figures["rates"].views[:1])
    written = report.save([rates, figures["signals"]], tmp_path / "figures")
    assert [path.name for path in written] == [
        "rates.png",
        "rates.svg",
        "signals.png",
        "signals.svg",
    ]
    for path in written:
        if path.suffix == ".svg":
            ElementTree.parse(path)
            assert HOSTILE not in path.read_text(encoding="utf-8")
        else:
            assert path.read_bytes().startswith(b"\x89PNG")


def test_a_browser_draws_switches_and_answers_offline(comparison, page, shown, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    shown.open(tmp_path / "report.html")
    drawn = shown.value(
        "Object.fromEntries([...document.querySelectorAll('.figure')].map(each => "
        "[each.id, each.querySelectorAll('.scatterlayer .trace').length]))"
    )
    places = {
        f"{figure.name}-{n}"
        for figure in report.figures(comparison)
        for n in range(len(figure.views) if figure.together else 1)
    }
    assert set(drawn) == places and all(drawn.values())
    assert shown.value("document.querySelectorAll('script').length") == 2  # a hostile name is text
    assert HOSTILE in shown.value("document.querySelector('.choices').textContent")

    point = shown.value(
        "(() => { const top = document.getElementById('rates-0').offsetTop - 100; "
        "scrollTo({top, behavior: 'instant'}); "
        "const at = document.querySelector('#rates-0 .point').getBoundingClientRect(); "
        "return [at.x + at.width / 2, at.y + at.height / 2] })()"
    )
    shown.move(*point)
    hover = shown.value("document.querySelector('#rates-0 .hoverlayer .hovertext')?.textContent")
    assert HOSTILE in hover and "learning rate 0.1" in hover and "18.5" in hover

    shown.value("document.querySelector('.chips [data-choice=\"1\"]').click()")
    fewer = shown.value(
        "['rates-0', 'shapes-1'].map(id => "
        "document.querySelectorAll(`#${id} .scatterlayer .trace`).length)"
    )
    assert 0 < fewer[0] < drawn["rates-0"]
    assert fewer[1] == drawn["shapes-1"]  # the mixture still shows tanh
    shown.value("document.querySelector('.chips [data-choice=\"1\"]').click()")
    assert (
        shown.value("document.querySelectorAll('#rates-0 .scatterlayer .trace').length")
        == drawn["rates-0"]
    )

    shown.value(
        "(() => { const select = document.querySelector('[data-figure=rates] select'); "
        "select.value = 2; "
        "select.dispatchEvent(new Event('change')) })()"
    )
    assert (
        shown.value("document.querySelector('#rates-0 .ytitle').textContent")
        == "test loss, log scale"
    )

    ink = "getComputedStyle(document.querySelector('#rates-0 .ytitle')).fill"
    light = shown.value(ink)
    shown.prefer("dark")
    shown.wait(f"{ink} !== {light!r}")
    shown.resize(390)
    shown.wait("document.documentElement.scrollWidth <= 390")
    assert not shown.complaints
    assert shown.requests == [(tmp_path / "report.html").as_uri()]

"""The report in a real browser, from disk and offline, and its figures as files."""

import io
import re
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import jaxnn
from experiments.lab import report
from experiments.lab.data import Source, Splits
from experiments.lab.engine.outcome import Outcome
from experiments.lab.report import figure_files
from experiments.lab.report.compared import operations
from experiments.lab.report.figure import Axis, Figure, Series, View
from experiments.lab.report.markup import Cell
from experiments.lab.report.table import Column
from experiments.lab.study import screen, wording
from experiments.lab.study.choices import choose
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.diagnostics import Layers
from experiments.lab.study.rules import Rules
from experiments.lab.study.scope import Earlier
from experiments.lab.study.score import ACCURACY
from experiments.lab.study.study import Study
from jaxnn import Grid
from jaxnn.activations import resolve

page_module, page_table = map(
    import_module, ("experiments.lab.report.page", "experiments.lab.report.table")
)
HOSTILE = "<script>alert(1)</script>"
NAMES = (HOSTILE, "tanh", "relu/tanh")
SIZES = {"depth": 2, "width": 8, "batch_size": 16, "optimizer": "sgd"}


PREDICTIONS = report.Predictions(
    true=np.array([HOSTILE, "b", "b", "b"], object),
    predicted=np.array([HOSTILE, HOSTILE, "b", "b"], object),
    classes=(HOSTILE, "b"),
    target="kind",
    of="A model on 4 rows",
)


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


@pytest.fixture(scope="module")
def comparison():
    results, curves = tables()
    choices, found = choose(results, ["activation"], Rules(score=ACCURACY))
    choices = [replace(choice, steps_to_target=20.0, reached=4) for choice in choices]
    relu, tanh = resolve("relu"), resolve("tanh")
    # A label with a slash names the activations of two layers.
    activations = {HOSTILE: (relu, relu), "tanh": (tanh,), "relu/tanh": (relu, tanh)}
    structure = {name: (value,) for name, value in SIZES.items()}
    source = Source(
        name="rows",
        x=pd.DataFrame({HOSTILE: np.linspace(-1, 1, 60), "b": np.tile([0.0, 1.0, np.nan], 20)}),
        y=np.array([HOSTILE, "b", "b"] * 20),
        task="classification",
        target="kind",
        notes=(f"a note on {HOSTILE}",),
    )
    study = Study(
        question="Which?",
        settings={},
        splits=Splits(source, fixed=True),
        asked=Grid(
            {"activation": NAMES, **structure}, {"learning_rate": (0.1, 1.0, 10.0)}, seeds=4
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
        last_gain=0.0,
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
    return report.page(comparison, report.figures(comparison, PREDICTIONS), config)


def test_nothing_is_loaded_from_anywhere(page):
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=[\"'](?!data:)", markup)
    assert "@import" not in markup and "url(" not in markup
    assert "default-src 'none'" in markup


def test_the_best_rate_is_the_one_of_lowest_validation_loss(comparison):
    assert [choice.learning_rate for choice in comparison.choices] == [1.0] * 3


def test_the_verdict_is_on_the_page_with_its_scope(comparison, page):
    assert comparison.verdict.endswith(
        "This holds for networks with 2 hidden layers of 8 units, trained on 36 rows for 10 "
        "updates (4.4 epochs) with sgd at a constant learning rate; after 5 updates tanh was "
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
    assert "so longer training may change the order again." in said


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


def test_chaotic_rates_are_hollow_and_a_recommended_one_is_said(comparison):
    assert not wording.chaotic(comparison)
    results = comparison.results.assign(chaotic=comparison.results["learning_rate"] > 0.5)
    choices = [replace(choice, chaotic=choice.label == "tanh") for choice in comparison.choices]
    found = replace(comparison, results=results, choices=choices)
    rates = report.figures(found)[0]
    hollow = [series for series in rates.views[0].series if series.kind == "hollow"]
    assert [series.x for series in hollow] == [[1.0, 10.0]] * 3
    assert "A hollow point marks a rate at which training is chaotic" in rates.note
    said = "at the recommended rate of tanh training is chaotic: weights that differ in the last"
    assert said in wording.chaotic(found) and said in report.page(found, [rates], {"command": ""})


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


@pytest.mark.slow
def test_figures_are_files_too(comparison, tmp_path):
    figures = {figure.name: figure for figure in report.figures(comparison)}
    rates = replace(figures["rates"], views=figures["rates"].views[:1])
    written = figure_files.save([rates, figures["signals"]], tmp_path / "figures")
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


@pytest.mark.slow
def test_twelve_columns_fit_1280_pixels_and_a_phone_scrolls_only_the_table(
    comparison, shown, tmp_path, monkeypatch
):
    """With cells as long as they come, and a column more than there are today."""
    long = "my_module:a_long_name/leaky_relu depth 12 width 1024"
    more = (Column(Cell("another score"), lambda _: Cell("100.0 %", ("100.0–100.0 %",))),)
    monkeypatch.setattr(page_table, "COLUMNS", (*page_table.COLUMNS, *more))
    choices = [
        replace(
            choice,
            structure={"activation": f"{long}{number}"},
            learning_rate=0.0000316,
            edge="highest",
            interval=(0.9994, 0.9996),
            rates=(0.0000105, 0.0000316),
        )
        for number, choice in enumerate(comparison.choices)
    ]
    html = report.page(replace(comparison, choices=choices), [], {"command": "python " + long})
    head = html[html.index("<thead>") : html.index("</thead>")]
    assert head.count("<th>") >= 12 and long in html
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    shown.open(tmp_path / "report.html")
    shown.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
    boxes = (
        "[...document.querySelectorAll('.scroll')].map(box => box.scrollWidth - box.clientWidth)"
    )
    assert shown.value(boxes) == [0, 0, 0, 0, 0]
    shown.resize(390)
    shown.wait("innerWidth === 390")
    assert shown.value("document.documentElement.scrollWidth") <= 390
    first = "document.querySelector('.choices td').getBoundingClientRect()"
    assert shown.value(f"{first}.width") < 195  # so that numbers are seen next to the names
    shown.value("document.querySelector('.scroll').scrollTo({left: 9999})")
    assert shown.value(f"{first}.left") >= 0 and shown.value(boxes)[0] > 0


RANGES = ((2.1, 4.9), (3.05, 3.4), (0.0021, 0.0199), (0.4, 30), (0.002, 1.9), (1e-5, 2.0))


@pytest.mark.slow
def test_every_log_axis_has_numbers_also_where_a_reader_has_zoomed_in(comparison, shown, tmp_path):
    """Within a power of ten too, where 1, 2 and 5 may all be outside."""

    def along(name, low, high):
        ends, other = [low, high], [1.0, 2.0]
        views = [
            View(
                kind,
                Axis("x", log=kind == "x"),
                Axis("y", log=kind == "y"),
                (Series("tanh", 0, (0,), *((ends, other) if kind == "x" else (other, ends))),),
            )
            for kind in "xy"
        ]
        return Figure(name, name, "", tuple(views), together=True)

    figures = [along(f"from{number}", *ends) for number, ends in enumerate(RANGES)]
    html = report.page(comparison, figures, {"command": "python"})
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    shown.open(tmp_path / "report.html")
    for width in (1280, 390):
        shown.resize(width)
        shown.wait(f"innerWidth === {width}")
        for zoomed in (False, True):
            for number, (low, high) in enumerate(RANGES):
                for place, kind in enumerate("xy"):
                    plot = f"from{number}-{place}"
                    ends = np.log10([low, high])
                    to = ends if not zoomed else ends.mean() + np.array([-0.1, 0.1])
                    if zoomed:
                        change = f"{{'{kind}axis.range': {to.tolist()}}}"
                        shown.value(f"Plotly.relayout('{plot}', {change}).then(() => 0)")
                    texts = shown.value(
                        f"[...document.querySelectorAll('#{plot} .{kind}tick text')]"
                        ".map(each => each.textContent)"
                    )
                    numbers = [float(text.replace("10−", "1e-")) for text in texts]
                    assert 2 <= len(numbers) <= 15, (width, zoomed, low, high, texts)
                    assert all(
                        10 ** (to[0] - 0.2) < value < 10 ** (to[1] + 0.2) for value in numbers
                    ), (low, high, texts)


def test_no_second_is_shown_as_a_property_of_an_activation(comparison):
    cost = next(figure for figure in report.figures(comparison) if figure.name == "cost")
    assert [view.title for view in cost.views] == ["parameters", "operations per update"]
    said = [text for view in cost.views for series in view.series for text in series.hover]
    assert said and not any(" s " in f"{text} " for text in said)
    # 16 rows: 3 inputs (b may be missing) to 8 units, 8 to 8, and 8 to 1.
    assert cost.views[1].series[0].x == [2 * 16 * (2 * 3 * 8 + 3 * 8 * 8 + 3 * 8 * 1) / 1e6]


def test_operations_are_those_that_the_compiler_counts():
    network = jaxnn.mlp((64, 256, 256, 10))
    params = network.init(jax.random.key(0))

    def loss(params, x):
        return (jax.vmap(network.apply, (None, 0))(params, x) ** 2).sum()

    x = jax.ShapeDtypeStruct((128, 64), np.float32)
    counted = jax.jit(jax.grad(loss)).lower(params, x).compile().cost_analysis()["flops"]
    assert operations(network, 128) == pytest.approx(counted, rel=0.03)


def test_the_data_are_summarised_with_each_class_and_column(comparison, page):
    section = page[page.index("<h2>The data</h2>") : page.index("<h2>How it was measured</h2>")]
    hostile = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    cells = re.findall(r"<td>(.*?)</td>", section)
    assert "60: 36 training, 12 validation, 12 test" in cells and "20 cells" in cells
    assert f"a note on {hostile}" in cells
    at = cells.index(hostile)
    assert cells[at - 5 : at + 5] == ["b", "40", "24", "8", "8", hostile, "20", "12", "4", "4"]
    assert "2 columns and what became of them" in section and "20</td><td>2</td>" in section


def test_what_a_score_is_is_worded_in_one_place(comparison, monkeypatch):
    monkeypatch.setattr(wording, "STATISTICS", "medians of all")
    monkeypatch.setattr(wording, "STATISTIC", "median of all")
    monkeypatch.setattr(wording, "seed", lambda _: "A seed draws everything.")
    figures = report.figures(comparison)
    html = report.page(comparison, figures, {"command": "python"})
    text = " ".join(html[: html.index("<script>")].split())
    assert "scores are medians of all over 4 seeds" in text and "A seed draws everything." in text
    assert "Lines are medians of all over seeds" in text and "their median of all" in text


def test_lines_and_rings_are_the_means_that_the_table_has(comparison):
    """A run that diverged counts as all wrong, and a loss as the trivial predictor's at most."""
    results = comparison.results.copy()
    first = results.index[results["activation"] == "tanh"][4]  # at rate 1
    results.loc[first, ["test_accuracy", "test_loss", "diverged_step"]] = 0, np.inf, 3
    choices, found = choose(results, ["activation"], Rules(ACCURACY))
    changed = replace(comparison, results=results, choices=choices, found=found)
    rates, *_, seeds = (
        next(figure for figure in report.figures(changed) if figure.name == name)
        for name in ("rates", "seeds")
    )
    tanh = next(choice for choice in choices if choice.label == "tanh")
    assert tanh.learning_rate == 1.0 and tanh.test == pytest.approx(np.mean(tanh.scores))
    error, _, loss, _ = (
        next(each for each in view.series if each.label == "tanh" and each.kind == "line")
        for view in rates.views
    )
    assert error.y[1] == pytest.approx(100 * (1 - tanh.test))
    trivial = np.max(comparison.study.trivial_loss)
    runs = results.loc[list(tanh.rows), "test_loss"]
    assert loss.y[1] == pytest.approx(np.minimum(runs, trivial).mean()) and np.isfinite(loss.y[1])
    ring = next(
        each for each in seeds.views[0].series if each.label == "tanh" and each.kind == "ring"
    )
    assert ring.x == [pytest.approx(100 * tanh.test)]


def test_the_parts_are_said_to_be_those_of_one_seed(comparison, page):
    assert "All seeds have these parts." in page and "the split is the same for all" in page
    study = replace(comparison.study, splits=Splits(comparison.study.source))
    html = report.page(replace(comparison, study=study), [], {"command": "python"})
    assert "Each seed has parts of its own; these are those of the first." in html


def test_what_to_do_next_is_in_the_page_as_text(comparison, monkeypatch):
    monkeypatch.setattr(page_module, "next_steps", lambda _: [f"try {HOSTILE}"])
    html = report.page(comparison, [], {"command": "python"})
    assert "<li>try &lt;script&gt;alert(1)&lt;/script&gt;</li>" in html
    monkeypatch.setattr(page_module, "next_steps", lambda _: [])
    assert "What to do next" not in report.page(comparison, [], {"command": "python"})


@pytest.mark.slow
def test_a_browser_draws_switches_and_answers_offline(comparison, page, shown, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    shown.open(tmp_path / "report.html")
    drawn = shown.value(
        "Object.fromEntries([...document.querySelectorAll('.figure')].map(each => "
        "[each.id, each.querySelectorAll('.scatterlayer .trace').length]))"
    )
    places = {
        f"{figure.name}-{n}"
        for figure in report.figures(comparison, PREDICTIONS)
        for n in range(len(figure.views) if figure.together else 1)
    }
    assert set(drawn) == places
    assert [place for place, traces in drawn.items() if not traces] == ["confusion-0"]
    written = (
        "[...document.querySelectorAll('#confusion-0 .heatmap-label')].map(e => e.textContent)"
    )
    assert shown.value(written) == ["1", "1", "2"]
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
    assert shown.value(written) == ["1", "1", "2"]
    assert not shown.complaints
    # A heatmap is an image that the page has made itself.
    outside = [address for address in shown.requests if not address.startswith("data:")]
    assert outside == [(tmp_path / "report.html").as_uri()]

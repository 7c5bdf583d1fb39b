"""Figures of what training found: errors, curves, intervals, seeds, steps and cost."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.report.figure import Axis, Figure, View, log_if_positive, series_of
from experiments.lab.study import wording
from experiments.lab.study.baseline import Versus
from experiments.lab.study.building import is_own
from experiments.lab.study.chaotic import APART
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.tables import rows_of
from jaxnn.types import Network

MOST_DOTS = 1000  # per choice: of more seeds the first are shown, so that a page stays small


def learning_rates(comparison: Comparison) -> Figure:
    """Error or loss against learning rate, over seeds; diverged runs are marked.

    The error is 1 − accuracy, 1 − R², the share of the variance that is left unexplained, or
    another metric's, see ``Score.error``. An error counts as that of a diverged run at most, a loss
    as the trivial predictor's.
    """
    score, results = comparison.study.score, comparison.results
    size = abs(score.scale)
    worst = float(size * np.max(score.error(np.asarray(score.worst))))
    unit = " (%)" if size == 100 else f" ({score.error_title})"
    errors = {
        f"{part}_error": size * score.error(results[f"{part}_{score.name}"])
        for part in ("test", "validation")
    }
    results = results.assign(**errors)
    views = [
        _against_rate(results, comparison.choices, name, f"{name.replace('_', ' ')}{unit}", worst)
        for name in errors
    ]
    trivial = float(np.max(comparison.study.trivial_loss))
    views += [
        _against_rate(results, comparison.choices, name, name.replace("_", " "), trivial)
        for name in ("test_loss", "validation_loss")
    ]
    note = (
        f"Lines are {wording.STATISTICS} over seeds, bands the middle half of the seeds. A ring "
        "marks the rate chosen on validation data, a cross rates at which runs have diverged: they "
        "count as all wrong, and a loss above that of the trivial predictor counts as that."
    )
    if "chaotic" in results:
        note += (
            " A hollow point marks a rate at which training is chaotic: with the first seed, "
            "weights that differ in the last bit change the final validation loss by more than "
            f"{100 * APART:.0f} %."
        )
        if not results["chaotic"].any():
            note += " There is none."
    return Figure("rates", "Final error against learning rate", note, tuple(views))


def _against_rate(
    results: pd.DataFrame, choices: Sequence[Choice], column: str, title: str, worst: float
) -> View:
    """A column against learning rate, of which no run counts as more than worst."""
    results = results.assign(**{column: results[column].clip(upper=worst)})
    series = []
    for number, choice in enumerate(choices):
        group = rows_of(results, choice.structure).groupby("learning_rate")
        failed, runs = group["diverged_step"].count(), group.size()
        low, high = (
            group[column].quantile(share, interpolation="nearest") for share in (0.25, 0.75)
        )
        drawn = group[column].mean()
        hover = [
            f"{choice.label}\nlearning rate {rate:.3g}\n{title} {value:.4g}\n"
            f"middle half of the seeds {a:.4g} to {b:.4g}\n{f} of {n} runs diverged"
            for rate, value, a, b, f, n in zip(
                drawn.index, drawn, low, high, failed, runs, strict=True
            )
        ]
        series.append(
            series_of(number, choice, drawn.index, drawn, hover=hover, low=low, high=high)
        )
        marks = {"cross": failed > 0, "ring": drawn.index == choice.learning_rate}
        if "chaotic" in results:
            marks = {"hollow": group["chaotic"].any()} | marks
        for kind, mine in marks.items():
            series.append(series_of(number, choice, drawn.index[mine], drawn[mine], kind=kind))
    return View(
        title,
        Axis("learning rate, log scale", log=True),
        log_if_positive(title, series),
        tuple(series),
    )


def training_curves(comparison: Comparison) -> Figure:
    """Medians over seeds and their middle half against step, each choice at its own rate."""
    views, score = [], comparison.study.score
    for column, title, change in (
        ("validation_loss", "validation loss", lambda v: v),
        *(
            (f"validation_{name}", f"validation {score.title}", lambda v: abs(score.scale) * v)
            for name in score.measured
        ),
        ("validation_accuracy", "validation error (%)", lambda v: 100 * (1 - v)),
        ("train_loss", "training loss", lambda v: v),
    ):
        if column in comparison.curves:
            views.append(over_steps(comparison, column, title, change))
    return Figure(
        "curves",
        "Training at the chosen rate",
        "Lines are medians over seeds, bands the middle half of the seeds; a line ends where most "
        "seeds have diverged.",
        tuple(views),
    )


def over_steps(comparison: Comparison, column: str, title: str, change: Callable) -> View:
    """A column of the curves, changed, against step; a choice that has none of it is left out."""
    series = []
    for number, choice in enumerate(comparison.choices):
        curve = rows_of(comparison.curves, choice.cell)
        values, *ends = (
            change(curve[name].to_numpy(float))
            for name in (column, f"{column}_low", f"{column}_high")
        )
        if np.isnan(values).all():
            continue
        low, high = np.sort(ends, axis=0)  # an error falls as the accuracy rises
        hover = [
            f"{choice.label} at {choice.learning_rate:.3g}\nstep {step:,}\n{title} {value:.4g}\n"
            f"middle half of the seeds {a:.4g} to {b:.4g}"
            for step, value, a, b in zip(curve["step"], values, low, high, strict=True)
        ]
        series.append(
            series_of(number, choice, curve["step"], values, hover=hover, low=low, high=high)
        )
    return View(title, Axis("step (updates)"), log_if_positive(title, series), tuple(series))


def side_by_side(comparison: Comparison) -> Figure:
    """One row per choice: score, comparison with the baseline, good rates, steps to target."""
    choices, score = comparison.choices, comparison.study.score
    unit = " (%)" if abs(score.scale) == 100 else ""
    views = [
        _rows(
            f"test {score.title}",
            Axis(f"test {score.title}{unit}"),
            choices,
            [score.scale * choice.test for choice in choices],
            [
                f"test {score.title} {score.show(choice.test)}\n"
                f"95 % interval {wording.between(choice, score)}"
                for choice in choices
            ],
            [[score.scale * end for end in score.ascending(choice.interval)] for choice in choices],
        ),
        *_against_baseline(comparison),
        _rows(
            "good learning rates",
            Axis("learning rate, log scale", log=True),
            choices,
            [choice.learning_rate for choice in choices],
            [
                f"best rate {choice.learning_rate:.3g}\ngood from {choice.good_rates.low:.3g} to "
                f"{choice.good_rates.high:.3g}, {wording.decades(choice)} decades"
                for choice in choices
            ],
            [(choice.good_rates.low, choice.good_rates.high) for choice in choices],
        ),
    ]
    if choices[0].steps_to_target is not None:
        views.append(
            _rows(
                "steps to target",
                Axis("updates to the target, median over seeds", zero=True),
                choices,
                [choice.steps_to_target for choice in choices],
                [
                    f"{wording.steps(choice)} updates\n{choice.reached} of {len(choice.scores)} "
                    "seeds reach the target"
                    for choice in choices
                ],
            )
        )
    return Figure(
        "side-by-side",
        "Activations side by side",
        "The recommended one first, then in the order of validation scores, each at its own rate. "
        "Bars are 95 % intervals, those of scores for new rows; of the good learning rates, the "
        "whole range. A choice without a dot misses the target, or is the baseline.",
        tuple(views),
    )


def _against_baseline(comparison: Comparison) -> list[View]:
    """Difference from the baseline and probability of beating it; none without a baseline."""
    choices, score = comparison.choices, comparison.study.score
    versus = [choice.versus for choice in choices]
    named = next((v.baseline for v in versus if v), None)
    if named is None:
        return []
    points = score.points
    baseline = "the baseline" if len(choices[0].structure) > 1 else named
    unknown = [np.nan] * 2

    def ends(v: Versus) -> list[float]:
        return [score.scale * end for end in score.ascending(v.difference_interval)]

    def difference(v: Versus) -> str:
        low, high = ends(v)
        return (
            f"{score.scale * v.difference:+.3g} {points} on {v.baseline}\n"
            f"95 % interval {low:+.3g} to {high:+.3g}\np={v.p:.3f}"
        )

    return [
        _rows(
            "difference from the baseline",
            Axis(f"test {score.title} above {baseline} ({points})"),
            choices,
            [score.scale * v.difference if v else 0.0 for v in versus],
            [difference(v) if v else "the baseline" for v in versus],
            [ends(v) if v else unknown for v in versus],
        ),
        _rows(
            "probability of beating the baseline",
            Axis(f"P(better than {baseline} on a seed), ties ½"),
            choices,
            [v.probability if v else np.nan for v in versus],
            [
                f"P(better than {v.baseline}) {wording.versus(choice)}" if v else ""
                for choice, v in zip(choices, versus, strict=True)
            ],
            [v.probability_interval if v else unknown for v in versus],
        ),
    ]


def _rows(
    title: str,
    axis: Axis,
    choices: Sequence[Choice],
    values: Sequence[float],
    hover: Sequence[str],
    ends: Sequence[Sequence[float]] | None = None,
) -> View:
    """One row per choice, the first on top, with bars between the ends."""
    series = []
    for number, (choice, value, text) in enumerate(zip(choices, values, hover, strict=True)):
        bar = (
            dict(zip(("low", "high"), ([end] for end in ends[number]), strict=True)) if ends else {}
        )
        shown = [f"{choice.label}\n{text}"]
        series.append(series_of(number, choice, [value], [-number], kind="row", hover=shown, **bar))
    return View(title, axis, _row_axis(choices), tuple(series))


def _row_axis(choices: Sequence[Choice]) -> Axis:
    places = [(-number, choice.label) for number, choice in enumerate(choices)]
    return Axis("", ticks=tuple((place, brief(label)) for place, label in places))


def brief(label: str) -> str:
    """A label that leaves room for the figure."""
    return label if len(label) <= 20 else f"{label[:19]}…"


def seeds(comparison: Comparison) -> Figure:
    """Every seed's score at the chosen rate, in the same order in every row; 1,000 at most."""
    choices, score = comparison.choices, comparison.study.score
    columns = {
        f"test_{score.name}": (f"test {score.title}", score.show, score.scale),
        "test_loss": ("test loss", "{:.4g}".format, 1),
    }
    views = []
    for column, (title, show, scale) in columns.items():
        series = []
        for number, choice in enumerate(choices):
            runs = comparison.results.loc[list(choice.rows[:MOST_DOTS])]
            heights = -number + np.linspace(0.3, -0.3, len(runs)) if len(runs) > 1 else [-number]
            hover = [
                f"{choice.label}, seed {seed}\n{title} {show(value)}"
                f"{', diverged' * (not pd.isna(step))}"
                for seed, value, step in zip(
                    runs["seed"], runs[column], runs["diverged_step"], strict=True
                )
            ]
            values = scale * runs[column]
            series.append(series_of(number, choice, values, heights, kind="dots", hover=hover))
            centre = scale * (choice.test_loss if column == "test_loss" else choice.test)
            series.append(series_of(number, choice, [centre], [-number], kind="ring"))
        axis = Axis(f"{title} (%)" if scale == 100 else title)
        views.append(View(title, axis, _row_axis(choices), tuple(series)))
    return Figure(
        "seeds",
        "Distribution over seeds",
        f"One dot per seed at the chosen rate; the ring is their {wording.STATISTIC}. In every row "
        f"the seeds have the same order, top to bottom. A diverged run has no "
        "loss to draw.",
        tuple(views),
    )


def profiles(comparison: Comparison) -> Figure:
    """Performance profiles: on how many seeds a choice is within a factor of the fewest steps."""
    series, profile = [], comparison.profile
    for number, choice in enumerate(comparison.choices):
        if choice.label in profile:
            share = 100 * profile[choice.label]
            hover = [
                f"{choice.label}\nwithin {tau:g} × the fewest updates\non {value:.0f} % of the "
                "seeds"
                for tau, value in zip(profile["tau"], share, strict=True)
            ]
            series.append(series_of(number, choice, profile["tau"], share, hover=hover))
    return Figure(
        "profile",
        "How soon the target is reached",
        "Of each choice, on how many seeds it reaches the target within a factor of the fewest "
        "updates that any choice took on that seed (a performance profile); a seed that misses the "
        "target is within no factor.",
        (
            View(
                "share of seeds",
                Axis("updates over the fewest, factor, log scale", log=True),
                Axis("seeds (%)", zero=True),
                tuple(series),
            ),
        ),
    )


def cost(comparison: Comparison) -> Figure:
    """Parameters, and operations per update, one row per choice.

    Seconds are not among them: those of one job on one machine depend on what was compiled before
    and on what else the machine does.
    """
    study, choices = comparison.study, comparison.choices
    structures = [study.grid.structures[study.number(choice.structure)] for choice in choices]
    columns: dict[str, tuple[str, Sequence[float], str]] = {
        "parameters": (
            "parameters of one network",
            [layers.parameters for layers in comparison.layers],
            "{:,} parameters",
        ),
    }
    said = "Operations are not counted inside networks of your own."
    if not any(map(is_own, structures)):  # whose products are not known
        said = (
            "Operations are those of the products of matrices, forward and backward, on all rows "
            "of a batch; the activation itself costs little beside them where layers are wide."
        )
        columns["operations per update"] = (
            "million floating-point operations per update of one network",
            [
                operations(study.network(structure), study.batch_size(structure)) / 1e6
                for structure in structures
            ],
            "{:.4g} million floating-point operations per update",
        )
    return Figure(
        "cost",
        "Cost of one network",
        said,
        tuple(
            _rows(name, Axis(title, zero=True), choices, values, list(map(text.format, values)))
            for name, (title, values, text) in columns.items()
        ),
    )


def operations(network: Network, rows: int) -> int:
    """Floating-point operations of the products of matrices in one update.

    A layer multiplies once forward and twice backward, for the gradients of its weights and of its
    inputs; the first layer needs no gradient of its inputs.

    Args:
        network: built from the layers of jaxnn.
        rows: of a batch.

    Example:
        >>> operations(jaxnn.mlp((64, 128, 10)), 32) == 2 * 32 * (2 * 64 * 128 + 3 * 128 * 10)
        True
    """
    first, *others = jaxnn.describe(network).layers
    products = [(2, first), *((3, layer) for layer in others)]
    return sum(
        2 * rows * times * layer.layers * layer.inputs * layer.neurons for times, layer in products
    )

"""Figures of what training found: errors, curves, intervals, seeds, steps and cost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.report.chart import Axis, Figure, Series, View, log_if_positive
from experiments.lab.report.evidence import Program
from experiments.lab.study import wording
from experiments.lab.study.comparison import Choice, Score
from experiments.lab.study.statistics import interquartile_mean


def of(table: pd.DataFrame, structure: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of these values."""
    return table[np.logical_and.reduce([table[name] == value for name, value in structure.items()])]


def learning_rates(results: pd.DataFrame, choices: Sequence[Choice], score: Score) -> Figure:
    """Error or loss against learning rate: interquartile means over seeds and their middle half, diverged runs marked.

    The error is 1 − accuracy, or 1 − R², the share of the variance left unexplained; worse than all wrong, or than twice the
    variance, is drawn there.
    """
    scale, worst, unit = (100, 100.0, " (%)") if score.name == "accuracy" else (1, 2.0, " (1 − R²)")
    losses = [f"{part}_loss" for part in ("test", "validation")]
    results = results.assign(
        **{
            f"{part}_error": scale * (1 - results[f"{part}_{score.name}"])
            for part in ("test", "validation")
        }
    )
    views = [
        _against_rate(results, choices, f"{part}_error", f"{part} error{unit}", worst)
        for part in ("test", "validation")
    ]
    views += [
        _against_rate(results, choices, name, name.replace("_", " "), None) for name in losses
    ]
    return Figure(
        "rates",
        "Final error against learning rate",
        "Lines are interquartile means over seeds, bands the middle half of the seeds. A ring marks the rate chosen on "
        "validation data, a cross rates at which runs have diverged: they count as all wrong, and what leaves the "
        "picture is drawn at its top.",
        tuple(views),
    )


def _against_rate(
    results: pd.DataFrame, choices: Sequence[Choice], column: str, title: str, worst: float | None
) -> View:
    series = []
    middles = []
    for choice in choices:
        cells = of(results, choice.structure).groupby("learning_rate")
        middles.append(
            (
                cells,
                cells[column].apply(lambda values: float(interquartile_mean(values.to_numpy()))),
            )
        )
    if worst is None:
        finite = [value for _, middle in middles for value in middle if np.isfinite(value)]
        worst = max(finite, default=1.0)
    for number, (choice, (cells, middle)) in enumerate(zip(choices, middles, strict=True)):
        failed, runs = cells["diverged_step"].count(), cells.size()
        low, high = (
            cells[column].quantile(share, interpolation="nearest").clip(upper=worst)
            for share in (0.25, 0.75)
        )
        drawn = middle.clip(upper=worst)
        hover = [
            f"{choice.label}\nlearning rate {rate:.3g}\n{title} {m:.4g}\nmiddle half of the seeds {a:.4g} to {b:.4g}"
            f"\n{f} of {n} runs diverged"
            for rate, m, a, b, f, n in zip(
                middle.index, middle, low, high, failed, runs, strict=True
            )
        ]
        own = (choice.label, number, (number,))
        series.append(
            Series(
                *own,
                drawn.index.tolist(),
                drawn.tolist(),
                "line",
                hover,
                low.tolist(),
                high.tolist(),
            )
        )
        for kind, mine in (("cross", failed > 0), ("ring", drawn.index == choice.learning_rate)):
            series.append(Series(*own, drawn.index[mine].tolist(), drawn[mine].tolist(), kind))
    return View(
        title,
        Axis("learning rate, log scale", log=True),
        log_if_positive(title, series),
        tuple(series),
    )


def training_curves(curves: pd.DataFrame, choices: Sequence[Choice]) -> Figure:
    """Medians over seeds and their middle half against step, each choice at its own rate."""
    views = []
    for column, title, change in (
        ("validation_loss", "validation loss", lambda v: v),
        ("validation_accuracy", "validation error (%)", lambda v: 100 * (1 - v)),
        ("train_loss", "training loss", lambda v: v),
    ):
        if column in curves:
            views.append(over_steps(curves, choices, column, title, change))
    return Figure(
        "curves",
        "Training at the chosen rate",
        "Lines are medians over seeds, bands the middle half of the seeds; a line ends where most seeds have diverged.",
        tuple(views),
    )


def over_steps(
    curves: pd.DataFrame, choices: Sequence[Choice], column: str, title: str, change: Callable
) -> View:
    """A column of the curves against step; a choice that has none of it is left out."""
    series = []
    for number, choice in enumerate(choices):
        curve = of(curves, choice.structure | {"learning_rate": choice.learning_rate})
        values, *ends = (
            change(curve[name].to_numpy(float))
            for name in (column, f"{column}_low", f"{column}_high")
        )
        if np.isnan(values).all():
            continue
        low, high = np.sort(ends, axis=0)  # an error falls as the accuracy rises
        hover = [
            f"{choice.label} at {choice.learning_rate:.3g}\nstep {step:,}\n{title} {value:.4g}\nmiddle half of the seeds {a:.4g} to {b:.4g}"
            for step, value, a, b in zip(curve["step"], values, low, high, strict=True)
        ]
        series.append(
            Series(
                choice.label,
                number,
                (number,),
                curve["step"].tolist(),
                values.tolist(),
                "line",
                hover,
                low.tolist(),
                high.tolist(),
            )
        )
    return View(title, Axis("step (updates)"), log_if_positive(title, series), tuple(series))


def side_by_side(choices: Sequence[Choice], score: Score) -> Figure:
    """One row a choice: score, difference and probability against the baseline, good rates, steps to target."""
    scale, unit = (100, "%") if score.name == "accuracy" else (1, score.title)
    points = "percentage points" if score.name == "accuracy" else score.title
    baseline = next((choice.versus.baseline for choice in choices if choice.versus), "")
    versus = [choice.versus for choice in choices]
    views = [
        rows(
            f"test {score.title}",
            f"test {score.title}{f' ({unit})' if scale == 100 else ''}",
            choices,
            [scale * choice.test for choice in choices],
            [[scale * end for end in choice.interval] for choice in choices],
            [
                f"test {score.title} {score.show(choice.test)}\n95 % interval {wording.between(choice, score)}"
                for choice in choices
            ],
        )
    ]
    if baseline:
        against = "the baseline" if len(choices[0].structure) > 1 else baseline
        views.append(
            rows(
                "difference from the baseline",
                f"test {score.title} above {against} ({points})",
                choices,
                [scale * v.difference if v else 0.0 for v in versus],
                [
                    [scale * end for end in v.difference_interval] if v else [np.nan] * 2
                    for v in versus
                ],
                [
                    f"{scale * v.difference:+.3g} {points} on {v.baseline}\n95 % interval {scale * v.difference_interval[0]:+.3g} "
                    f"to {scale * v.difference_interval[1]:+.3g}\np={v.p:.3f}"
                    if v
                    else "the baseline"
                    for v in versus
                ],
            )
        )
        views.append(
            rows(
                "probability of beating the baseline",
                f"P(better than {against} on a seed), ties ½",
                choices,
                [v.probability if v else np.nan for v in versus],
                [v.probability_interval if v else [np.nan] * 2 for v in versus],
                [
                    f"P(better than {v.baseline}) {wording.versus(choice)}" if v else ""
                    for choice, v in zip(choices, versus, strict=True)
                ],
            )
        )
    views.append(
        rows(
            "good learning rates",
            "learning rate, log scale",
            choices,
            [choice.learning_rate for choice in choices],
            [(choice.good_rates.low, choice.good_rates.high) for choice in choices],
            [
                f"best rate {choice.learning_rate:.3g}\ngood from {choice.good_rates.low:.3g} to {choice.good_rates.high:.3g}, "
                f"{wording.decades(choice)} decades"
                for choice in choices
            ],
            log=True,
        )
    )
    if choices[0].steps_to_target is not None:
        views.append(
            rows(
                "steps to target",
                "updates to the target, median over seeds",
                choices,
                [choice.steps_to_target for choice in choices],
                None,
                [
                    f"{wording.steps(choice)} updates\n{choice.reached} of {len(choice.scores)} seeds reach the target"
                    for choice in choices
                ],
                zero=True,
            )
        )
    return Figure(
        "side-by-side",
        "Activations side by side",
        "Best on validation data first, each at its own best rate. Bars are 95 % intervals over seeds; of the good learning "
        "rates, the whole range. A choice without a dot has missed, or is the baseline.",
        tuple(views),
    )


def rows(
    name: str,
    title: str,
    choices: Sequence[Choice],
    values: Sequence[float],
    ends: Sequence[Sequence[float]] | None,
    hover: Sequence[str],
    *,
    log: bool = False,
    zero: bool = False,
) -> View:
    """One row a choice, the first on top."""
    series = [
        Series(
            choice.label,
            number,
            (number,),
            [value],
            [-number],
            "row",
            [f"{choice.label}\n{text}"],
            *(([end] for end in ends[number]) if ends else ()),
        )
        for number, (choice, value, text) in enumerate(zip(choices, values, hover, strict=True))
    ]
    return View(name, Axis(title, log, zero=zero), _row_axis(choices), tuple(series))


def _row_axis(choices: Sequence[Choice]) -> Axis:
    return Axis(
        "", ticks=tuple((-number, brief(choice.label)) for number, choice in enumerate(choices))
    )


def brief(label: str) -> str:
    """A label that leaves room for the picture."""
    return label if len(label) <= 20 else f"{label[:19]}…"


def seeds(results: pd.DataFrame, choices: Sequence[Choice], score: Score) -> Figure:
    """Every seed's score at the chosen rate: a seed keeps its height within the rows, so that pairs can be followed."""
    columns = {
        f"test_{score.name}": (
            f"test {score.title}",
            score.show,
            100 if score.name == "accuracy" else 1,
        ),
        "test_loss": ("test loss", "{:.4g}".format, 1),
    }
    views = []
    for column, (title, show, scale) in columns.items():
        series = []
        for number, choice in enumerate(choices):
            runs = of(
                results, choice.structure | {"learning_rate": choice.learning_rate}
            ).sort_values("seed")
            heights = -number + np.linspace(0.3, -0.3, len(runs)) if len(runs) > 1 else [-number]
            hover = [
                f"{choice.label}, seed {seed}\n{title} {show(value)}{', diverged' * (not pd.isna(step))}"
                for seed, value, step in zip(
                    runs["seed"], runs[column], runs["diverged_step"], strict=True
                )
            ]
            series.append(
                Series(
                    choice.label,
                    number,
                    (number,),
                    (scale * runs[column]).tolist(),
                    list(heights),
                    "dots",
                    hover,
                )
            )
            middle = float(scale * interquartile_mean(runs[column].to_numpy()))
            series.append(Series(choice.label, number, (number,), [middle], [-number], "ring"))
        views.append(
            View(
                title,
                Axis(f"{title} (%)" if scale == 100 else title),
                _row_axis(choices),
                tuple(series),
            )
        )
    return Figure(
        "seeds",
        "Distribution over seeds",
        "A dot a seed at the chosen rate, the ring their interquartile mean. Within every row the seeds lie in the same order, "
        "top to bottom: the same initial draws and batches. A diverged run has no loss to draw.",
        tuple(views),
    )


def profiles(profile: pd.DataFrame, choices: Sequence[Choice]) -> Figure:
    """Performance profiles: the share of seeds on which a choice is within a factor of the fewest steps."""
    series = []
    for number, choice in enumerate(choices):
        if choice.label in profile:
            share = (100 * profile[choice.label]).tolist()
            hover = [
                f"{choice.label}\nwithin {tau:g} × the fewest updates\non {value:.0f} % of the seeds"
                for tau, value in zip(profile["tau"], share, strict=True)
            ]
            series.append(
                Series(
                    choice.label, number, (number,), profile["tau"].tolist(), share, "line", hover
                )
            )
    return Figure(
        "profile",
        "How soon the target is reached",
        "Of each choice, on how many seeds it reaches the target within a factor of the fewest updates that any choice took "
        "on that seed (a performance profile); a seed that misses the target is within no factor.",
        (
            View(
                "share of seeds",
                Axis("updates over the fewest, factor, log scale", log=True),
                Axis("seeds (%)", zero=True),
                tuple(series),
            ),
        ),
    )


def cost(
    choices: Sequence[Choice], programs: Sequence[Program], parameters: Sequence[int]
) -> Figure:
    """Seconds and parameters, one row a choice."""
    views = [
        rows(name, title, choices, values, None, list(map(show, values)), zero=True)
        for name, title, values, show in (
            (
                "seconds of training",
                "training of all runs of the program (s)",
                [each.run_seconds for each in programs],
                "{:.2f} s of training".format,
            ),
            (
                "seconds of compiling",
                "compiling the program (s)",
                [each.compile_seconds for each in programs],
                "{:.2f} s of compiling".format,
            ),
            ("parameters", "parameters of one network", parameters, "{:,} parameters".format),
        )
    ]
    return Figure(
        "cost",
        "Cost in time and parameters",
        "A program trains all rates and seeds of one choice at once; the next one compiles while it runs.",
        tuple(views),
    )

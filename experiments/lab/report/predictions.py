"""Figures of a model's predictions on rows that it was not trained on, next to what is true."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from experiments.lab.data.look import short
from experiments.lab.report.compared import brief
from experiments.lab.report.figure import Axis, Figure, Series, View

MOST_CLASSES = 20  # rows of a confusion matrix that can still be read
MOST_ROWS = 2000  # dots that a browser draws at once
GREY = 7  # the number of the style of what belongs to no choice


@dataclass(frozen=True)
class Predictions:
    """What is true of some rows, and what a model says of them.

    true, predicted: of each row the name of its class, or a number in the unit of the target.
    classes: the names of the classes; empty for regression.
    target: the target's name.
    of: whose predictions they are and of which rows, for the note, such as "The saved model on the
        36 test rows".
    """

    true: np.ndarray
    predicted: np.ndarray
    classes: tuple[str, ...]
    target: str
    of: str


def predicted(found: Predictions) -> Figure:
    """The confusion matrix of classes, or predicted numbers against true ones."""
    if found.classes:
        return confusion(found.true, found.predicted, found.classes, of=found.of)
    return against_true(found.true, found.predicted, found.target, of=found.of)


def confusion_matrix(true: ArrayLike, predicted: ArrayLike, classes: tuple[str, ...]) -> np.ndarray:
    """How many rows of each class are predicted to be of each class.

    Args:
        true, predicted: the name of a class for each row.
        classes: all names, each once.

    Returns:
        int (classes, classes): [true class, predicted class].

    Raises:
        ValueError: a row has a class that is not among the names.

    Example:
        >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"], ("a", "b")).tolist()
        [[1, 1], [0, 1]]
    """
    names = pd.Index(classes)
    at = [names.get_indexer(np.asarray(each, object)) for each in (true, predicted)]
    for what, found, places in zip(("true", "predicted"), (true, predicted), at, strict=True):
        if (places < 0).any():
            unknown = np.asarray(found, object)[np.argmax(places < 0)]
            raise ValueError(
                f"the {what} class {unknown!r} is not among the classes {', '.join(classes)}; "
                "name every class"
            )
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, tuple(at), 1)
    return counts


def confusion(
    true: ArrayLike, predicted: ArrayLike, classes: tuple[str, ...], *, of: str
) -> Figure:
    """The confusion matrix: counts, shaded by their share of the rows of the true class.

    Args:
        true, predicted: the name of a class for each row.
        classes: all names; of more than 20, those 20 with the most errors are drawn.
        of: whose predictions they are, the beginning of the note.
    """
    counts = confusion_matrix(true, predicted, classes)
    totals, right = counts.sum(axis=1), np.diag(counts)
    errors = totals + counts.sum(axis=0) - 2 * right
    drawn = np.sort(np.argsort(-errors, kind="stable")[:MOST_CLASSES])
    x, y, shades, texts, hover = [], [], [], [], []
    for row, k in enumerate(drawn):
        for column, other in enumerate(drawn):
            count, share = int(counts[k, other]), counts[k, other] / max(totals[k], 1)
            x.append(column)
            y.append(-row)
            shades.append(float(share))
            texts.append(f"{count:,}" if count else "")
            hover.append(
                f"{classes[k]}\npredicted to be {classes[other]}: {count:,} of {totals[k]:,} rows, "
                f"{100 * share:.3g} %"
            )
    cells = Series("rows", 0, (), x, y, "cells", hover, shades=shades, texts=texts)
    rows, most = int(totals.sum()), int(totals.max())
    commonest = short(classes[int(np.argmax(totals))])
    cut = (
        f" Of {len(classes)} classes, the {len(drawn)} with the most errors are drawn."
        if len(drawn) < len(classes)
        else ""
    )
    view = View(
        "confusion matrix",
        Axis("predicted class", ticks=_ticks(drawn, classes, 1)),
        Axis("true class", ticks=_ticks(drawn, classes, -1)),
        (cells,),
    )
    return Figure(
        "confusion",
        "Predicted and true classes",
        f"{of}: {int(right.sum()):,} of {rows:,} right ({_percent(right.sum(), rows)}); always "
        f"predicting the most frequent class, {commonest}, would make {most:,} right "
        f"({_percent(most, rows)}). A cell is shaded by its share of the rows of the true class, "
        f"so that each row adds up to one.{cut}",
        (view,),
    )


def _percent(part: float, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


def _ticks(
    drawn: np.ndarray, classes: tuple[str, ...], direction: int
) -> tuple[tuple[float, str], ...]:
    return tuple((direction * place, brief(short(classes[k]))) for place, k in enumerate(drawn))


def against_true(true: ArrayLike, predicted: ArrayLike, target: str, *, of: str) -> Figure:
    """Predicted numbers against true ones, and the errors against the predicted numbers.

    Args:
        true, predicted: of each row, in the unit of the target; of more than 2,000 rows, 2,000
            spread evenly over the true values are drawn.
        target: the target's name.
        of: whose predictions they are, the beginning of the note.
    """
    true, predicted = np.asarray(true, np.float64), np.asarray(predicted, np.float64)
    errors = predicted - true
    order = np.argsort(true, kind="stable")
    if len(order) > MOST_ROWS:
        order = order[np.linspace(0, len(order) - 1, MOST_ROWS).astype(int)]
    t, p = true[order], predicted[order]
    hover = [
        f"true {a:.4g}\npredicted {b:.4g}\nerror {b - a:+.4g}" for a, b in zip(t, p, strict=True)
    ]
    ends = [float(min(t.min(), p.min())), float(max(t.max(), p.max()))]
    name = short(target)
    views = (
        View(
            "predicted against true",
            Axis(f"true {name}"),
            Axis(f"predicted {name}"),
            (_line(ends, ends), _dots(t, p, hover)),
        ),
        View(
            "error against predicted",
            Axis(f"predicted {name}"),
            Axis("predicted − true"),
            (_line([float(p.min()), float(p.max())], [0.0, 0.0]), _dots(p, p - t, hover)),
        ),
    )
    cut = f" {len(order):,} of {len(true):,} rows are drawn." if len(order) < len(true) else ""
    spread = true.var()
    r2 = f"R² {1 - np.mean(errors**2) / spread:.3f}, " if spread else ""
    return Figure(
        "predicted",
        "Predicted and true numbers",
        f"{of}: {r2}root mean squared error {np.sqrt(np.mean(errors**2)):.4g}, mean absolute error "
        f"{np.mean(np.abs(errors)):.4g}, in the unit of {name}. On the grey line the prediction is "
        "true; errors that grow with the prediction suggest predicting the logarithm of the "
        f"target.{cut}",
        views,
    )


def _line(x: list[float], y: list[float]) -> Series:
    return Series("prediction = truth", GREY, (), x, y, "curve")


def _dots(x: np.ndarray, y: np.ndarray, hover: list[str]) -> Series:
    return Series("rows", 0, (), x.tolist(), y.tolist(), "dots", hover)

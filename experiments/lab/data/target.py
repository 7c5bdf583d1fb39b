"""The target before anything is trained: its transform, and when a score of it says little."""

import numpy as np
import pandas as pd

from experiments.lab.data.preprocessing import transformed
from experiments.lab.data.source import Source
from experiments.lab.io.errors import UserError

COMMON = 0.8  # share of the rows in one class, from which accuracy says little
DECISIVE = 0.1  # share of the target's variance in one row, from which R² says little


def with_transform(source: Source, transform: str) -> Source:
    """The source, whose target is transformed where it is trained on.

    Args:
        source: the rows as found.
        transform: "none", or "log" for the natural logarithm.

    Raises:
        UserError: the target is of classes, or has no logarithm in a row.

    Example:
        >>> from experiments.lab.data import load
        >>> with_transform(load("diabetes"), "log").transform
        'log'
    """
    if transform == "none":
        return source
    if source.task == "classification":
        raise UserError(
            f"--transform {transform}: {source.target} of {source.name} has classes, and only the "
            "target of a regression is transformed; leave --transform out, or use --task regression"
        )
    transformed(source.y, transform, source.target)
    if source.test:
        try:
            transformed(source.test[1], transform, source.target)
        except UserError as error:
            raise UserError(f"the test rows: {error}") from None
    return source._replace(transform=transform)


def cautions(source: Source) -> tuple[str, ...]:
    """What to know of the target before a score of it is read, one sentence each.

    Args:
        source: the rows as found.
    """
    if source.task == "classification":
        found = imbalance(source.y)
    else:
        y = np.asarray(source.y, np.float64)
        found = heavy_tail(transformed(y, source.transform, source.target), source.target)
    return (found,) if found else ()


def imbalance(y: np.ndarray) -> str:
    """Whether accuracy says little, since one class has more than 80 % of the rows.

    Args:
        y: the classes of the rows, values of any type.

    Returns:
        One sentence with what to do; empty where no class has as many.

    Example:
        >>> imbalance(np.array(["no"] * 24 + ["yes"]))
        "96 % of the rows are 'no': accuracy says little; --metric balanced_accuracy or auc, ..."
        >>> imbalance(np.array(["no"] * 3 + ["yes"]))
        ''
    """
    shares = pd.Series(y).value_counts(normalize=True)
    if shares.iloc[0] <= COMMON:
        return ""
    share, name = _percent(shares.iloc[0]), str(shares.index[0])
    return (
        f"{share} % of the rows are {name!r}: accuracy says little; "
        "--metric balanced_accuracy or auc, and --class-weights balanced, count the rare ones too"
    )


def heavy_tail(y: np.ndarray, target: str) -> str:
    """Whether R² says little, since one row has more than 10 % of the target's variance.

    Of fewer than about 200 rows it must be more, since there any row has a large share: twice that
    of the most extreme of as many normal numbers, 2 ln(n) / n.

    Args:
        y: numbers, (rows,).
        target: the target's name.

    Returns:
        One sentence with what to do; empty where no row has as much. A logarithm is offered where
        all numbers are positive.

    Example:
        >>> heavy_tail(np.array([1.0] * 500 + [2.0] * 500 + [1000.0]), "price")
        'one row has 99.8 % of the variance of price: R² and RMSE are decided by it; use ...'
        >>> heavy_tail(np.arange(1000.0), "price")
        ''
    """
    squares = (y - y.mean()) ** 2
    if not squares.sum():
        return ""
    share, count = squares.max() / squares.sum(), len(y)
    if share <= max(DECISIVE, 4 * np.log(count) / count):
        return ""
    remedy = "--transform log or " * bool((y > 0).all()) + "--metric mae"
    return (
        f"one row has {_percent(share)} % of the variance of {target}: R² and RMSE are decided by "
        f"it; use {remedy}"
    )


def _percent(share: float) -> str:
    """Rounded down, so that it is never 100 where it is less."""
    return f"{np.floor(1000 * share) / 10:.3g}"

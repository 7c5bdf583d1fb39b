"""Where a logarithmic axis has its numbers: also where it spans less than a power of ten."""

import math
from collections.abc import Sequence

from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

DENSE = 0.48  # decades below which numbers are evenly spaced
# Up to how many decades there are which multiples of powers of ten, where there is room for them.
FACTORS = ((1, (1, 2, 3, 5, 7)), (2, (1, 2, 5)), (3, (1, 3)), (math.inf, (1,)))


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round numbers on a logarithmic axis, at least two wherever low is below high.

    On an axis whose ends differ by less than a factor of 3 they are evenly spaced; on a longer one
    they are powers of ten and, the shorter it is, the more multiples of them.

    Args:
        low, high: the ends of the axis, above 0.
        most: how many numbers there are room for.

    Returns:
        The numbers, ascending.

    Raises:
        ValueError: the ends are not 0 < low < high < ∞.

    Example:
        >>> log_ticks(2.1, 4.9), log_ticks(0.3, 8), log_ticks(0.003, 40)
        ([2.5, 3.0, 3.5, 4.0, 4.5], [0.5, 1.0, 2.0, 5.0], [0.01, 0.1, 1.0, 10.0])
    """
    if not 0 < low < high < math.inf:
        raise ValueError(f"a log axis from {low} to {high}: its ends must be 0 < low < high < ∞")
    span = math.log10(high / low)
    if span < DENSE:
        spaced = list(MaxNLocator(nbins=most, steps=[1, 2, 5, 10]).tick_values(low, high))
        return _inside(spaced, low, high)
    stride = math.ceil(span / most)
    powers = [
        power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        if power % stride == 0
    ]
    for factors in (few for decades, few in FACTORS if span <= decades):
        found = _inside(
            [float(f"{each}e{power}") for power in powers for each in factors], low, high
        )
        if len(found) <= most + 1:  # both ends may have one
            break
    return found


def _inside(ticks: Sequence[float], low: float, high: float) -> list[float]:
    """Those from low to high, up to rounding."""
    slack = 1e-9
    inside = [tick for tick in ticks if low * (1 - slack) <= tick <= high * (1 + slack)]
    return [float(f"{tick:.10g}") for tick in inside]


def number_log_axis(axis: Axis, most: int = 8) -> None:
    """Put numbers on a logarithmic axis as people write them; marks without numbers are removed.

    Args:
        axis: after all is drawn, since its ends decide.
        most: how many numbers there are room for.
    """
    low, high = sorted(axis.get_view_interval())
    ticks = log_ticks(low, high, most)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axis.set_minor_locator(NullLocator())

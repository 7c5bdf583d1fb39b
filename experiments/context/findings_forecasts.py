"""Forecasts one step ahead: the linear rule, and the interval of a difference between forecasts."""

import numpy as np

RESAMPLES = 9999


def autoregression(series: np.ndarray, order: int, trained: int) -> np.ndarray:
    """Forecasts of the linear rule xₜ ≈ c + Σ aᵢ xₜ₋ᵢ, i = 1 … order, fitted by least squares.

    Args:
        series: float, (times,), numbers at equal distances in time.
        order: number of past values that the rule uses.
        trained: number of values, from the first, that the rule is fitted to.

    Returns:
        The forecast of each number from the ones before it, (times,); nan for the first ``order``.

    Example:
        >>> autoregression(2.0 ** np.arange(6), 1, 4).round(6).tolist()[1:]
        [2.0, 4.0, 8.0, 16.0, 32.0]
    """
    past = np.stack(
        [
            np.ones(len(series) - order),
            *(series[order - lag : len(series) - lag] for lag in range(1, order + 1)),
        ],
        axis=1,
    )
    rule, *_ = np.linalg.lstsq(past[: trained - order], series[order:trained], rcond=None)
    return np.concatenate([np.full(order, np.nan), past @ rule])


def rmse_apart(ours: np.ndarray, theirs: np.ndarray, *, block: int) -> tuple[float, float, float]:
    """RMSE of ours − RMSE of theirs, with a 95 % interval over times and over runs.

    Consecutive years depend on each other, so whole blocks of times are resampled (circular block
    bootstrap), the same ones for both; the runs of ours are resampled too. 9,999 resamples,
    percentile interval.

    Args:
        ours: forecast errors, (runs, times).
        theirs: forecast errors at the same times, (times,).
        block: times per block; about one period of the series.

    Returns:
        The difference, its lower limit and its upper limit.

    Example:
        >>> np.round(rmse_apart(np.full((3, 20), 1.5), np.full(20, -2.0), block=5), 9).tolist()
        [-0.5, -0.5, -0.5]

    Reference:
        Politis & Romano 1992, "A circular block-resampling procedure for stationary data".
    """
    rng, (runs, times) = np.random.default_rng(0), ours.shape
    ours, theirs = ours**2, theirs**2
    starts = rng.integers(0, times, (RESAMPLES, -(-times // block), 1))
    drawn = ((starts + np.arange(block)) % times).reshape(RESAMPLES, -1)[:, :times]
    cells = drawn + times * np.arange(RESAMPLES)[:, None]  # a cell per resample and time
    share = (
        np.bincount(cells.ravel(), minlength=RESAMPLES * times).reshape(RESAMPLES, times) / times
    )
    weight = rng.multinomial(runs, np.full(runs, 1 / runs), RESAMPLES) / runs
    apart = np.sqrt(np.sum(weight @ ours * share, axis=1)) - np.sqrt(share @ theirs)
    low, high = np.quantile(apart, (0.025, 0.975))
    return float(np.sqrt(ours.mean()) - np.sqrt(theirs.mean())), float(low), float(high)

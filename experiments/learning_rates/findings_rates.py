"""What follows from the grids of rates: G4, too low and too high, and EVIDENCE 8, swish's rate."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.evidence.experiment import Arrays, Found
from experiments.lab.evidence.verdicts import Effect, Tried, Verdict, Word
from experiments.lab.study.good_rates import good_enough, good_rates
from experiments.lab.study.speed import steps_to_target
from experiments.lab.study.wording import listed
from experiments.learning_rates.findings_statistics import (
    Interval,
    effect,
    mean,
    over_seeds,
    shown,
    vertex_rate,
)
from experiments.learning_rates.measure import CLASSIC, POINTS, Setting
from experiments.learning_rates.rate_sweep import best_of

FAILED = 0.8  # an error from which on ten classes are hardly more than guessed
POINT = 0.01  # of error: less is no cost
ADVISED = 0.7, 0.8  # swish's best rate over ReLU's
MOST = 0.95  # of the runs


class LowAndHigh(NamedTuple):
    """One optimizer's grid, and its low and classic rates with more updates.

    best: index of the best rate. target: the error that is good enough, for its validation error.
    """

    optimizer: str
    rates: np.ndarray
    here: Arrays
    later: Arrays
    best: int
    target: float

    def above_best(self, errors: np.ndarray) -> Interval:
        """Test errors, (seeds,), minus those at the best rate: the mean and its interval."""
        return mean(errors - self.here["test_error"][self.best])

    def nearest(self, rate: float) -> int:
        """The index of the rate of the grid that is nearest."""
        return int(np.argmin(np.abs(np.log(self.rates / rate))))


def too_low_too_high(
    configuration: Any, found: Found, rates: np.ndarray, about: str
) -> tuple[Verdict, pd.DataFrame, str]:
    """G4: too low a rate is slow, too high a one fails or ends higher.

    Holds for an optimizer if two things are so. A tenth of the best rate ends higher in the same
    number of updates, and as low, within a point, with patience. Of the runs at ten times the best
    rate or more, 95 % fail outright or end more than a point higher.

    Returns:
        The verdict, the rows of the classic rates, and a clause.
    """
    effects, rows, passed, words, lows = [], [], [], [], []
    data = configuration.data[0]
    for optimizer in configuration.optimizer:
        here = found[Setting(data, optimizer, "relu").part]
        best = best_of(here["validation_error"][-1])
        each = LowAndHigh(
            optimizer,
            rates,
            here,
            found[f"patient-{optimizer}"],
            best,
            good_enough(here["validation_error"][-1, best].mean()),
        )
        ok, numbers = _low_and_high(configuration, each)
        passed.append(ok)
        effects += numbers
        lows.append(numbers[3])
        for row in _classic(configuration, each):
            effects.append(
                effect(
                    f"{optimizer}: error at {row['learning_rate']:g} minus that at the best rate",
                    (row["cost"], row["low"], row["high"]),
                    "%",
                )
            )
            rows.append(row)
        words.append(f"{rates[best]:.2g} with {optimizer}")
    verdict, when = judge_rates(dict(zip(configuration.optimizer, passed, strict=True)))
    return (
        Verdict(
            "G4",
            verdict,
            tuple(effects),
            configuration.seeds,
            f"ReLU on {about}".replace("/".join(configuration.data), data),
            found=f"The best rate is {listed(words)}; ten times as much fails or ends with a "
            "higher loss, a tenth needs more updates.",
            do="Search rates a factor of 3 apart, per optimizer, until the best is not at an end.",
            tried=tuple(
                Tried(name, "holds" if ok else "does not hold", low)
                for name, ok, low in zip(configuration.optimizer, passed, lows, strict=True)
            ),
            note=f"More updates: {configuration.patience} × as many. A run fails outright if its "
            f"error is not finite, or {100 * FAILED:g} % or more. Which classic rate is low or "
            "high depends on the optimizer.",
            when=when,
        ),
        pd.DataFrame(rows),
        f"The best rate of a ReLU network on {data} is {listed(words)}",
    )


def judge_rates(passed: Mapping[str, bool]) -> tuple[Word, str]:
    """The verdict on G4 and its condition, from optimizer -> whether it holds for that one."""
    names = [name for name, ok in passed.items() if ok]
    if len(names) == len(passed):
        return "holds", ""
    if not names:
        return "does not hold", ""
    return "holds only when", f"the optimizer is {' or '.join(names)}"


def _low_and_high(configuration: Any, each: LowAndHigh) -> tuple[bool, list[Effect]]:
    """Whether the claim holds for an optimizer, and the numbers on which that rests."""
    validation, test = each.here["validation_error"], each.here["test_error"]
    best, name, more = each.best, each.optimizer, configuration.patience
    lost = each.above_best(test[each.nearest(each.rates[best] / 10)])
    still = each.above_best(each.later["test_error"][0])
    high = each.rates >= 9.99 * each.rates[best]
    failed, worse = test[high] >= FAILED, test[high] > test[best] + POINT
    bad = float((failed | worse).mean()) if high.any() else np.nan
    steps = [
        steps_to_target(_looks(configuration, curve), 1 - curve, 1 - each.target)
        for curve in (validation[:, best], each.later["validation_error"][:, 0])
    ]
    good = good_rates(each.rates, validation[-1].mean(axis=1))
    return lost[1] > 0 and still[2] < POINT and bad >= MOST, [
        Effect(
            f"{name}: runs at ≥ 10 × the best rate that fail or end higher", 100 * bad, unit="%"
        ),
        Effect(f"{name}: best rate", each.rates[best]),
        Effect(f"{name}: width of the good rates", good.decades, unit="decades"),
        effect(f"{name}: error at a tenth of the best rate, minus that at the best", lost, "%"),
        effect(f"{name}: the same difference with {more} × the updates", still, "%"),
        Effect(
            f"{name}: times as many updates to the target at a tenth of the best rate",
            float(np.median(steps[1] / steps[0])),
        ),
        Effect(
            f"{name}: runs at ≥ 10 × the best rate that fail outright",
            100 * float(failed.mean()) if high.any() else np.nan,
            unit="%",
        ),
    ]


def _looks(configuration: Any, curve: np.ndarray) -> np.ndarray:
    """The updates made at each point of a curve."""
    return np.arange(1, len(curve) + 1) * configuration.steps / POINTS


def _classic(configuration: Any, each: LowAndHigh) -> Iterator[dict[str, Any]]:
    """What each classic rate costs, at first and with patience; the low rate comes before them."""
    validation, test = each.later["validation_error"], each.later["test_error"]
    for number, classic in enumerate(CLASSIC, start=1):
        cost, low, high = each.above_best(each.here["test_error"][each.nearest(classic)])
        reached = steps_to_target(
            _looks(configuration, validation), 1 - validation[:, number], 1 - each.target
        )
        yield {
            "what": "classic",
            "data": configuration.data[0],
            "optimizer": each.optimizer,
            "activation": "relu",
            "learning_rate": classic,
            "cost": cost,
            "low": low,
            "high": high,
            "cost_with_patience": each.above_best(test[number])[0],
            "reached_target": np.isfinite(reached).mean(),
            "updates_to_target": np.median(reached),
        }


def swish_against_relu(
    found: Found, rates: np.ndarray, settings: Sequence[Setting], about: str
) -> tuple[Verdict, pd.DataFrame, str]:
    """EVIDENCE 8: swish's best rate over ReLU's, published as 0.7 to 0.8.

    Holds if the ratio's interval overlaps 0.7 to 0.8 and excludes 1; does not hold if it does not
    overlap 0.7 to 0.8; undecided otherwise.

    Returns:
        The verdict, one row per data set and optimizer, and a clause.
    """
    pairs = [(data, optimizer) for data, optimizer, activation in settings if activation == "relu"]

    def best(pair: tuple[str, str], activation: str, metric: str, seeds: np.ndarray) -> float:
        errors = found[Setting(*pair, activation).part][metric][-1]
        return vertex_rate(rates, errors[:, seeds].mean(axis=1))

    def ratio(pair: tuple[str, str], metric: str, seeds: np.ndarray) -> float:
        return best(pair, "swish", metric, seeds) / best(pair, "relu", metric, seeds)

    def overall(metric: str) -> Callable[[np.ndarray], float]:
        return lambda seeds: float(
            np.exp(np.mean([np.log(ratio(pair, metric, seeds)) for pair in pairs]))
        )

    count = found[Setting(*settings[0]).part]["validation_error"].shape[-1]
    by_error, by_loss = (
        over_seeds(overall(metric), count) for metric in ("validation_error", "validation_loss")
    )
    each = [
        over_seeds(lambda seeds, pair=pair: ratio(pair, "validation_error", seeds), count)
        for pair in pairs
    ]
    verdict = judge_ratio(*by_error[1:])
    rows = pd.DataFrame(
        [
            {
                "what": "swish / relu",
                "data": pair[0],
                "optimizer": pair[1],
                "ratio": value,
                "low": low,
                "high": high,
            }
            for pair, (value, low, high) in zip(pairs, each, strict=True)
        ]
    )
    differs = (
        ""
        if verdict == "holds"
        else (
            "published 0.7 to 0.8, as advice for a deep residual network that plays Go; ours "
            f"{shown(by_error)} with shallow networks, each activation with its own gain; by "
            f"validation loss, a second route, {shown(by_loss)}"
        )
    )
    return (
        Verdict(
            "EVIDENCE 8",
            verdict,
            (
                Effect("swish's best rate / ReLU's", *by_error, "times"),
                Effect("swish's best rate / ReLU's by validation loss", *by_loss, "times"),
                *(
                    Effect(" ".join(pair), *one, "times")
                    for pair, one in zip(pairs, each, strict=True)
                ),
            ),
            count,
            about,
            note="Best: lowest mean validation error at the end; geometric mean over data × "
            "optimizer; seeds are resampled together for both.",
            found=f"Swish's best rate is {shown(by_error)} times ReLU's over {len(pairs)} pairs "
            "of data and optimizer, not 0.7 to 0.8 times.",
            do="Search swish's rate where you search ReLU's; no fixed discount is right.",
            tried=tuple(
                Tried(
                    f"{' on '.join(reversed(pair))}",
                    judge_ratio(low, high),
                    Effect("swish's best rate / ReLU's", value, low, high, "times"),
                )
                for pair, (value, low, high) in zip(pairs, each, strict=True)
            ),
            differs=differs,
        ),
        rows,
        f"Swish's best rate is {shown(by_error)} times ReLU's",
    )


def judge_ratio(low: float, high: float) -> Word:
    """The verdict on EVIDENCE 8, from the interval of swish's best rate over ReLU's."""
    if not (low <= ADVISED[1] and high >= ADVISED[0]):
        return "does not hold"
    return "holds" if high < 1 else "undecided"

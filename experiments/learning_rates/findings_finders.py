"""What follows from the range tests: the rate that each tool suggests, and EVIDENCE 7.

Each tool smooths the losses of its range test, stops where they explode, and suggests a rate by a
rule on what is left. The rules are those of the tools' sources, their peculiarities included.

Reference:
    The sources are in finders.py. Lightning 2.5.3 (pull request 21055) changed its slope from one
    per step to one per unit of rate, which issue 21141 reports as a bug.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Effect, Verdict, Word
from experiments.lab.finder.rules import debiased, until, valley
from experiments.lab.study.wording import listed
from experiments.learning_rates.finders import (
    FASTAI_RATES,
    RANGE_TESTS,
    TORCH_LR_FINDER_RATES,
    lightning_rates,
)
from experiments.learning_rates.findings_rates import POINT
from experiments.learning_rates.findings_statistics import effect, mean, shown
from experiments.learning_rates.measure import Setting
from experiments.learning_rates.rate_sweep import best_of

GUESSED = 0.9  # the error of guessing one of ten classes


def lightning(losses: np.ndarray, *, per_step: bool = False) -> float:
    """Steepest descent of the smoothed losses, without the first 10 and the last; nan if none.

    Stops at 4 × the best. Its average starts at 0 and is corrected for one step more than there
    was, so the first smoothed loss is half the true one.

    Args:
        losses: of each step.
        per_step: take the slope per step, as before version 2.5.3, instead of per unit of rate.
    """
    kept = until(debiased(losses, late=1), 4.0)[10:-1]
    rates = lightning_rates()[10 : 10 + len(kept)]
    finite = np.isfinite(kept)
    kept, rates = kept[finite], rates[finite]
    if len(kept) < 2:
        return np.nan
    return float(rates[np.argmin(np.gradient(kept) if per_step else np.gradient(kept, rates))])


def fastai(losses: np.ndarray) -> float:
    """The middle of the middle third of the longest valley; nan if there is no loss to look at.

    Without the first 10 and the last 5 losses; stops at 4 × the best.
    """
    kept = until(debiased(losses), 4.0)[10:-5]
    kept = kept[: int(np.argmax(np.isnan(kept)))] if np.isnan(kept).any() else kept
    return float(FASTAI_RATES[10 : 10 + len(kept)][valley(kept)]) if len(kept) else np.nan


def torch_lr_finder(losses: np.ndarray) -> float:
    """Steepest descent per step of the smoothed losses; nan if there are too few.

    Without the first 10 and the last 5 losses; stops at 5 × the best, but never at nan. NumPy takes
    nan for the least of all slopes, so the rate just before the first loss of nan is suggested.
    """
    smoothed = np.concatenate(
        [losses[:1], lfilter([0.05], [1, -0.95], losses[1:], zi=0.95 * losses[:1])[0]]
    )
    kept = until(smoothed, 5.0)[10:-5]
    if len(kept) < 2:
        return np.nan
    with np.errstate(invalid="ignore"):
        return float(TORCH_LR_FINDER_RATES[10 : 10 + len(kept)][np.argmin(np.gradient(kept))])


FINDERS: Mapping[str, Callable[[np.ndarray], float]] = MappingProxyType(
    {
        "Lightning 2.5.3": lightning,
        "Lightning before 2.5.3": lambda losses: lightning(losses, per_step=True),
        "fastai": fastai,
        "torch-lr-finder": torch_lr_finder,
    }
)
"""From the losses of all steps, as if nothing had stopped them, to the suggested rate; nan if the
tool suggests none."""


def finders_regret(
    found: Found, rates: np.ndarray, settings: Sequence[Setting], about: str
) -> tuple[Verdict, pd.DataFrame, str]:
    """EVIDENCE 7: what a tool's suggestion costs against the best rate.

    Holds if each tool's mean regret has an interval above half a point of error; for some tools
    only, if not for all.

    Returns:
        The verdict, one row per tool and setting, and a clause.
    """
    effects, rows, words = [], [], []
    costly: dict[str, float] = {}
    middle_costs: dict[str, float] = {}
    tests = list(RANGE_TESTS)
    for name, suggest in FINDERS.items():
        regrets, distances = [], []
        for setting in settings:
            here = found[setting.part]
            best, test = best_of(here["validation_error"][-1]), here["test_error"]
            losses = here["range_losses"][:, tests.index(name)].astype(float)
            suggested = np.array([suggest(each) for each in losses])
            given = np.isfinite(suggested)
            at = np.argmin(np.abs(np.log(rates[:, None] / np.where(given, suggested, 1.0))), axis=0)
            seeds = np.arange(len(suggested))
            regrets.append(np.where(given, test[at, seeds], GUESSED) - test[best])
            distances.append(np.log10(np.where(given, suggested, np.nan) / rates[best]))
            rows.append(
                {
                    "what": "finder",
                    **setting._asdict(),
                    "finder": name,
                    "regret": regrets[-1].mean(),
                    "median_decades_off": np.median(distances[-1][given])
                    if given.any()
                    else np.nan,
                    "no_suggestion": (~given).mean(),
                    "within_a_point": (regrets[-1] <= POINT).mean(),
                }
            )
        regret, decades = np.array(regrets), np.array(distances)
        # The mean over settings of each seed: seeds are what varies.
        cost = mean(regret.mean(axis=0))
        costly[name], middle_costs[name] = cost[1], cost[0]
        off = np.nanmedian(decades)
        effects += [
            effect(f"{name}: mean regret", cost, "%"),
            Effect(f"{name}: median regret", 100 * float(np.median(regret)), unit="%"),
            Effect(f"{name}: median distance from the best rate", float(off), unit="decades"),
            Effect(
                f"{name}: suggestions within a point of the best",
                100 * float((regret <= POINT).mean()),
                unit="%",
            ),
        ]
        middle, low, high = (100 * value for value in cost)
        words.append(f"{shown((middle, low, high), '.1f')} with {name}")
    verdict, when = judge_finders(costly)
    return (
        Verdict(
            "EVIDENCE 7",
            verdict,
            tuple(effects),
            len(regret[0]),
            about,
            note="Regret: test error at the grid's rate nearest to the suggested one minus that at "
            "the rate with the lowest mean validation error; a suggestion below or above the grid "
            f"counts as its end, none as guessing. {len(settings)} settings: data × optimizer × "
            "activation.",
            when=when,
            found="Against the best rate a finder's suggestion costs, in points of test error: "
            + ", ".join(f"{name} {100 * cost:.0f}" for name, cost in middle_costs.items())
            + ".",
            do="Search a grid of rates by validation error instead of trusting a finder.",
        ),
        pd.DataFrame(rows),
        f"a finder's suggestion costs, in points of test error, {listed(words)}",
    )


def judge_finders(costs: Mapping[str, float]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 7 and its condition.

    Args:
        costs: tool -> lower end of the interval of its suggestions' mean regret.
    """
    names = [name for name, low in costs.items() if low > POINT / 2]
    if len(names) == len(costs):
        return "holds", ""
    if not names:
        return "does not hold", ""
    return "holds only when", f"the tool is {' or '.join(names)}"

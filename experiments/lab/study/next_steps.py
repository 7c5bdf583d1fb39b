"""What to do next: what the result leaves open, each with the flag that answers it."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from experiments.lab.study import wording
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.score import Score
from experiments.lab.study.tables import rows_of

MARGIN = 0.005  # the difference of scores that is worth telling apart
MANY = 200  # seeds beyond which telling choices apart is not worth its time
COMMON = 0.8  # the share of the most frequent class from which accuracy says little
HEAVY = 0.1  # the share of the target's variance that one row may have
POWER = 2.8  # normal quantiles of .975 and .8, added


def next_steps(comparison: Comparison) -> list[str]:
    """What the result leaves open, most important first; each line gives the flag that answers it.

    Args:
        comparison: what was found.

    Returns:
        One sentence each, without a full stop; none where there is nothing to advise.
    """
    rules: Sequence[Callable[[Comparison], str]] = (
        _wider_rates,
        _lower_rates,
        _more_steps,
        _another_metric,
        _another_target,
        _more_seeds,
        _other_networks,
    )
    return [line for rule in rules if (line := rule(comparison))]


def _wider_rates(comparison: Comparison) -> str:
    study = comparison.study
    for edge, widen in (("lowest", (0.1, 1)), ("highest", (1, 10))):
        named = [choice.label for choice in comparison.choices if choice.edge == edge]
        if not named:
            continue
        tried = comparison.results["learning_rate"]
        low, high = widen[0] * tried.min(), widen[1] * tried.max()
        asked = study.asked.hyperparameters["learning_rate"]
        spacing = math.log10(asked[-1] / asked[0]) / (len(asked) - 1)
        count = 1 + max(1, round(math.log10(high / low) / spacing))
        rates = "rate" if len(named) == 1 else "rates"
        verb = "is" if len(named) == 1 else "are"
        alone = "leave --fixed-grid out, or " * study.fixed
        return (
            f"the best {rates} of {wording.listed(named)} {verb} the {edge} tried: {alone}"
            f"--learning-rate {low:.3g}:{high:.3g}:{count}"
        )
    return ""


def _lower_rates(comparison: Comparison) -> str:
    best = comparison.choices[0]
    if not best.diverged_here or best.edge == "lowest":
        return ""
    rate = best.learning_rate
    return (
        f"{best.diverged_here} of {len(best.scores)} runs of {best.label} diverged at its rate: "
        f"try rates just below it, --learning-rate {rate / 10:.3g}:{rate:.3g}:5"
    )


def _more_steps(comparison: Comparison) -> str:
    named = [choice.label for choice in comparison.choices if still_improves(comparison, choice)]
    if not named:
        return ""
    who = (
        f"all {len(named)}"
        if len(named) == len(comparison.choices) > 1
        else wording.listed(named[:3]) + f" and {len(named) - 3} more" * (len(named) > 3)
    )
    verb = "improve" if len(named) > 1 else "improves"
    return (
        f"{who} still {verb} in the last fifth of the training, and longer training may change "
        f"the order: --steps {4 * comparison.study.steps}"
    )


def still_improves(comparison: Comparison, choice: Choice) -> bool:
    """Whether the median validation score rises by half a point or more in the last fifth."""
    curve = rows_of(comparison.curves, choice.cell)
    score = comparison.study.score
    found = {
        name: curve[name].to_numpy(float)
        for name in ("validation_loss", "validation_accuracy")
        if name in curve
    }
    values = score.of(found, "validation")
    steps = curve["step"].to_numpy()
    before = values[steps <= 0.8 * steps.max(initial=0)]
    return len(before) > 0 and bool(values[-1] - before[-1] >= MARGIN)


def _another_metric(comparison: Comparison) -> str:
    study = comparison.study
    if not study.data.classes or "metric" not in study.settings:
        return ""
    counts = np.bincount(np.concatenate([y.ravel() for y in study.data.y.values()]).astype(int))
    share = counts.max() / counts.sum()
    if share <= COMMON or study.settings["metric"] not in ("auto", "accuracy"):
        return ""
    return (
        f"{100 * share:.0f} % of the rows are of one class, so that accuracy says little: "
        "--metric balanced_accuracy"
    )


def _another_target(comparison: Comparison) -> str:
    study = comparison.study
    if study.data.classes or study.settings.get("transform", "") not in (None, "none"):
        return ""
    targets = np.concatenate([y.ravel() for y in study.data.y.values()]).astype(np.float64)
    squares = (targets - targets.mean()) ** 2
    share = squares.max() / squares.sum()
    if share <= HEAVY:
        return ""
    return (
        f"one row has {100 * share:.0f} % of the target's variance, so that R² depends on it: "
        "--transform log"
    )


def _more_seeds(comparison: Comparison) -> str:
    best, *others = comparison.choices
    tied = [choice for choice in others if wording.standing(choice, best) == "tie"]
    if not tied:
        return ""
    have, score = len(best.scores), comparison.study.score
    who = (
        wording.listed([choice.label for choice in tied]) if len(tied) < 4 else f"{len(tied)} more"
    )
    open_ = f"{who} cannot be told apart from {best.label}"
    if have < wording.FEWEST_SEEDS:
        return f"{open_} with {have} seed{'s' * (have > 1)}: --refine {10 - have}"
    need = max(seeds_needed(best.scores, choice.scores) for choice in tied)
    if need <= have or not math.isfinite(need):
        return ""
    apart = f"{open_}; telling {_points(score)} apart takes about {float(f'{need:.2g}'):,.0f} seeds"
    if need > MANY:
        return f"{apart}, so choose by cost or by habit, or get more rows"
    more = 10 * math.ceil((need - have) / 10)
    return f"{apart}: --refine {more + comparison.study.refine}"


def seeds_needed(
    first: Sequence[float], second: Sequence[float], difference: float = MARGIN
) -> float:
    """Seeds for a paired test at 5 % to find a difference of means with probability .8.

    n = ((1.96 + 0.84) · s / difference)², s the standard deviation of the paired differences.

    Args:
        first, second: the scores of two choices, of the same seeds.
        difference: of their means.

    Returns:
        A number of seeds; infinite where a run has no finite score, 0 where s is 0.

    Example:
        >>> round(seeds_needed([0.90, 0.92, 0.91], [0.91, 0.91, 0.91]))
        31
    """
    apart = np.subtract(first, second)
    if len(apart) < 2 or not np.all(np.isfinite(apart)):
        return math.inf
    return float((POWER * np.std(apart, ddof=1) / difference) ** 2)


def _other_networks(comparison: Comparison) -> str:
    """Where nothing is open, whether the answer holds for networks of another size."""
    structure, best = comparison.study.asked.structure, comparison.choices[0]
    open_ = any(choice.edge or choice.p >= wording.CERTAIN for choice in comparison.choices[1:])
    if open_ or best.edge or any(len(structure[name]) > 1 for name in ("depth", "width")):
        return ""
    depth, width = structure["depth"][0], structure["width"][0]
    return (
        f"to see whether this holds for other networks: --depth {depth} {2 * depth or 1} "
        f"--width {width} {4 * width}"
    )


def _points(score: Score) -> str:
    """The margin in words."""
    return f"{100 * MARGIN:g} points" if score.scale == 100 else f"{MARGIN:g} of {score.title}"

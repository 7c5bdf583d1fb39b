"""What to do next: what the result leaves open, each with the flag that answers it."""

import math
from collections.abc import Callable, Sequence

from experiments.lab.data import cautions
from experiments.lab.study import axes, wording
from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.verdict import MANY, shortened


def next_steps(comparison: Comparison) -> list[str]:
    """What the result leaves open, most important first; each line gives the flag that answers it.

    Args:
        comparison: what was found.

    Returns:
        One sentence each, without a full stop; none where there is nothing to advise, or where
        the verdict does, since nothing trained.
    """
    if comparison.nothing_trained:
        return []
    rules: Sequence[Callable[[Comparison], str]] = (
        _wider_rates,
        _lower_rates,
        _more_steps,
        _another_score,
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
    named = [choice.label for choice in comparison.choices if choice.improving]
    if not named:
        return ""
    every = len(named) == len(comparison.choices) > 1
    whole = "both" if len(named) == 2 else f"all {len(named)}"
    who = whole if every else shortened(named)
    return (
        f"the validation loss of {who} still falls at the end, so longer training may change the "
        f"order: --steps {4 * comparison.study.steps}"
    )


def _another_score(comparison: Comparison) -> str:
    study = comparison.study
    if study.metric not in (None, "accuracy", "r2", "rmse"):
        return ""
    return "; ".join(cautions(study.source))


def _more_seeds(comparison: Comparison) -> str:
    found, study = comparison.found, comparison.study
    if found.seeds < FEWEST_BLOCKS:
        return (
            f"with {found.seeds} seed{'s' * (found.seeds > 1)} nothing can be told apart: "
            f"--refine {study.refine + 10 - found.seeds}"
        )
    if found.needed is None or found.needed <= found.seeds:
        return ""
    margin = study.score.written(comparison.choices[0].test).at_most(found.margin)
    if found.needed > MANY:
        return (
            f"telling {margin} apart takes more than {MANY:,} seeds, so choose by cost or by "
            "habit, or get more rows"
        )
    more = found.needed - found.seeds + study.refine
    return f"to tell {margin} apart: --refine {more}"


def _other_networks(comparison: Comparison) -> str:
    """Where nothing is open, whether the answer holds for networks of another size."""
    structure, best = comparison.study.asked.structure, comparison.choices[0]
    open_ = any(choice.edge or choice.p >= wording.CERTAIN for choice in comparison.choices[1:])
    several = any(len(structure[name]) > 1 for name in ("depth", "width"))
    if "network" in structure or open_ or best.edge or several:
        return ""
    depth, width = structure["depth"][0], structure["width"][0]
    if isinstance(width, str):  # one of each hidden layer
        wider = "/".join(str(4 * size) for size in axes.layers(width, depth))
        return f"to see whether this holds for other networks: --width {width} {wider}"
    return (
        f"to see whether this holds for other networks: --depth {depth} {2 * depth or 1} "
        f"--width {width} {4 * width}"
    )

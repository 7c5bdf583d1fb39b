"""A comparison in words: the verdict, and the cells of a table that people read."""

from collections.abc import Sequence

import numpy as np

from experiments.lab.study.choices import Choice
from experiments.lab.study.score import Score

CERTAIN = 0.05  # the corrected p below which a difference is called one
FEWEST_SEEDS = 6  # with fewer, no p can be below CERTAIN; see pairwise_p


def verdict(choices: Sequence[Choice], score: Score) -> str:
    """One sentence that someone can act on."""
    best, *others = choices
    low, high = score.ascending(best.interval)
    count = len(best.scores)
    if np.isfinite(low):
        spread = f" [{score.show(low)}, {score.show(high)}]"
    elif count == 1:
        spread = ", from one seed, which says nothing of the spread"
    else:
        spread = ", without an interval, since runs have diverged"
    said = (
        f"Use {best.label} at learning rate {best.learning_rate:.3g}: "
        f"test {score.title} {score.show(best.test)}{spread}"
    )
    worse, better, tied = (
        [other for other in others if standing(other, best) == what]
        for what in ("worse", "better", "tie")
    )
    if better:
        said += f"; it was chosen on validation data, and on test data {_labels(better)} did better"
    seeds = f"{count} seed{'s' * (count > 1)}" + f" (it takes {FEWEST_SEEDS} at least)" * (
        count < FEWEST_SEEDS
    )
    if others and len(worse) == len(others):
        said += f"; it beats {'the other' if len(others) == 1 else f'all {len(others)} others'}"
    elif len(tied) == len(others) > 1:
        said += f"; none of the {len(others)} others can be told apart from it with {seeds}"
    elif tied:
        said += f"; {_labels(tied)} cannot be told apart from it with {seeds}"
        said += f", {_labels(worse)} {'does' if len(worse) == 1 else 'do'} worse" if worse else ""
    if best.edge:
        said += f"; its best rate is the {best.edge} tried, so widen the range"
    return said + "."


def standing(choice: Choice, best: Choice) -> str:
    """Against the best: "worse", "better", or "tie" where no difference is found."""
    if choice.p >= CERTAIN or choice.test == best.test:
        return "tie"
    return "worse" if choice.test < best.test else "better"


def between(choice: Choice, score: Score) -> str:
    """The interval, with its unit once."""
    low, high = score.ascending(choice.interval)
    return f"{score.show(low).removesuffix(' %')}–{score.show(high)}" if np.isfinite(low) else "–"


def against(choice: Choice, best: Choice) -> str:
    """How a choice compares with the first."""
    return (
        ""
        if choice is best
        else f"{standing(choice, best)} p={choice.p:.{2 if choice.p >= CERTAIN else 3}f}"
    )


def versus(choice: Choice) -> str:
    """How probably a choice is better than the baseline."""
    if choice.versus is None:
        return "the baseline"
    low, high = choice.versus.probability_interval
    return f"{choice.versus.probability:.2f} [{low:.2f}, {high:.2f}] p={choice.versus.p:.3f}"


def decades(choice: Choice) -> str:
    """Width of the good learning rates; ≥ where they reach the end of the rates tried."""
    return f"{'≥' if choice.good_rates.open else ''}{choice.good_rates.decades:.1f}"


def steps(choice: Choice) -> str:
    """Updates to the target, or "miss"."""
    if choice.steps_to_target is None:
        return "–"
    return f"{choice.steps_to_target:.0f}" if np.isfinite(choice.steps_to_target) else "miss"


def listed(words: Sequence[str]) -> str:
    """Words with commas and a last "and".

    Example:
        >>> listed(["relu"]), listed(["relu", "elu", "tanh"])
        ('relu', 'relu, elu and tanh')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _labels(choices: Sequence[Choice]) -> str:
    return listed([choice.label for choice in choices])

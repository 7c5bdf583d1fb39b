"""A comparison in words: the verdict, and the cells of a table that people read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.lab.references.outside import Compared
from experiments.lab.study import axes
from experiments.lab.study.chaotic import APART
from experiments.lab.study.choices import Choice
from experiments.lab.study.score import Score
from experiments.lab.study.study import Study
from experiments.lab.study.verdict import Recommended, Verdict, shortened

if TYPE_CHECKING:
    from experiments.lab.study.comparison import Comparison

CERTAIN = 0.05  # the p below which a choice is said not to be the best
# How a choice's runs become one number, one and several of it, and how sure that is.
STATISTIC, STATISTICS = "mean", "means"
INTERVAL = "95 %, for the mean score on new rows: Student's t, plus what splits have in common"


def seed(study: Study) -> str:
    """What a seed draws, and so what all choices share on it."""
    if study.splits.fixed:
        return "A seed draws the initial weights and the batches; the split is the same for all."
    return "A seed draws the split of the rows, the initial weights and the batches."


def parts(study: Study) -> str:
    """Of which split the rows of each part are."""
    if study.splits.fixed:
        return "All seeds have these parts."
    return "Each seed has parts of its own; these are those of the first."


def verdict(found: Verdict, best: Choice, study: Study) -> str:
    """The verdict, and what it holds for, in sentences that someone can act on."""
    rates = best.rates if best.rates[0] < best.rates[1] else None
    used = Recommended(best.learning_rate, rates, best.test, best.interval)
    said = found.sentences(used, study.score.written(best.test), study.refine)
    if best.edge:
        said += f" Its best rate is the {best.edge} tried, so widen the range."
    return said


def standing(choice: Choice) -> str:
    """ "worse" where a choice is not the best with 95 % confidence, else "tie"."""
    return "worse" if choice.p < CERTAIN else "tie"


def between(choice: Choice | Compared, score: Score) -> str:
    """The interval, with its unit once."""
    low, high = score.ascending(choice.interval)
    return f"{score.show(low).removesuffix(' %')}–{score.show(high)}" if np.isfinite(low) else "–"


def may_be_best(choice: Choice) -> str:
    """Whether a choice may be the best, with its p."""
    if choice.p < CERTAIN:
        return f"no p={choice.p:.3f}"
    return f"maybe p={choice.p:.2f}" if choice.p < 1 else "maybe"


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


def importance(comparison: "Comparison") -> str:
    """What explains the differences between the cells of the grid asked for; empty for nothing."""
    found, score = comparison.importance, comparison.study.score
    if not found:
        return ""
    of = f"validation {score.title}"
    return found.sentence("cells of the grid", of, score.show_difference(found.spread))


def at_own_rate(comparison: "Comparison") -> str:
    """What explains the differences between the choices; empty for nothing."""
    found, score = comparison.at_own_rate, comparison.study.score
    if not found:
        return ""
    of = f"test {score.title}"
    cells = "choices, each at its own best rate,"
    return found.sentence(cells, of, score.show_difference(found.spread))


def listed(words: Sequence[str]) -> str:
    """Words with commas and a last "and".

    Example:
        >>> listed(["relu"]), listed(["relu", "elu", "tanh"])
        ('relu', 'relu, elu and tanh')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def nothing_trained(comparison: "Comparison") -> str:
    """That every run has failed, and what may help."""
    rates, runs = comparison.results["learning_rate"], len(comparison.results)
    low, every = rates.min(), f"all {runs:,} runs" if runs > 1 else "the only run"
    return (
        f"Nothing trained, so nothing is recommended: {every} failed at every rate; the lowest "
        f"tried was {low:.3g}. Lower ones may train, --learning-rate "
        f"{low / 1e4:.3g}:{low:.3g}:5; if not, look for extreme values in the data with --inspect."
    )


def chaotic(comparison: "Comparison") -> str:
    """At which recommended rates training is chaotic; empty for none."""
    who = [choice.label for choice in comparison.choices if choice.chaotic]
    if not who:
        return ""
    return (
        f"at the recommended rate of {shortened(who)} training is chaotic: weights that differ in "
        f"the last bit change the final validation loss by more than {100 * APART:.0f} %, so only "
        "the same command on the same machine repeats a run there; the mean over seeds is what "
        "counts"
    )


def undertrained(comparison: "Comparison") -> str:
    """That the training is too short for a verdict, though it was lengthened to its limit."""
    steps = comparison.study.steps
    return (
        f"Undertrained, no verdict: after {steps:,} updates, the most allowed, "
        f"{_unsettled(comparison)}; allow more with --most-steps {4 * steps}."
    )


def longer(comparison: "Comparison") -> str:
    """Why the training is repeated with more updates."""
    steps = comparison.study.steps
    return (
        f"after {steps:,} updates, {_unsettled(comparison)}: training again with {2 * steps:,} "
        f"updates (to stay with {steps:,}: --steps {steps})"
    )


def _unsettled(comparison: "Comparison") -> str:
    """Why more updates may change the verdict."""
    score, best = comparison.study.score, comparison.choices[0]
    if comparison.last_gain <= comparison.study.rules.margin:
        return "the leading choice still changed in the second half"
    gain = score.show_difference(comparison.last_gain)
    return (
        f"the validation {score.title} of {best.label}, which is ahead, still improved by {gain} "
        "in the last fifth"
    )


def scope(comparison: "Comparison", start: str = "This holds for networks") -> str:
    """What the verdict holds for, and what says that more updates may change it."""
    study, choices = comparison.study, comparison.choices
    structure = study.asked.structure
    rows = study.splits.training_rows(study.grid.seed_numbers[0])
    epochs = study.steps * study.batch_size(study.grid.structures[0]) / rows
    layers = (
        f"with {axes.layers_said(structure, 'units')}"
        if max(structure["depth"])
        else "without a hidden layer"
    )
    schedule = axes.schedule_said(structure)
    said = (
        f"{start} {layers}, trained on {rows:,} rows for {study.steps:,} updates "
        f"({epochs:.2g} epochs) with {axes.values(structure['optimizer'])} {schedule}"
    )
    if further := axes.said(structure):
        said += f"; {further}"
    falling = [choice.label for choice in choices if choice.improving]
    if falling:
        who = "every choice" if len(falling) == len(choices) > 1 else shortened(falling)
        said += f"; the validation loss of {who} was still falling at the end"
    changed = [then for then in comparison.earlier if not then.agrees]
    if changed:
        then = changed[0]
        said += (
            f"; after {then.steps:,} updates {choices[then.first].label} was ahead, so longer "
            "training may change the order again"
        )
    return said + "."

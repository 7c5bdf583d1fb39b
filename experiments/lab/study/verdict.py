"""The verdict: what to use, what else may be as good, by how much, and what more it would take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.study.best_set import FEWEST_BLOCKS, LEVEL, best_p, bound, equivalent
from experiments.lab.study.power import paired_spread, seeds_needed

LISTED = 3  # names in a row; of more, the rest are counted
MANY = 1000  # seeds; that it would take more is all that is said


@dataclass(frozen=True)
class Unit:
    """How a score and a difference of two scores are written.

    name: of the score. factor: what a value is multiplied by, negative for an error, of which lower
        is better. digits: after the point.
    sign: after a score. difference: after a difference.
    """

    name: str
    factor: float
    digits: int
    sign: str
    difference: str

    def score(self, value: float) -> str:
        """A score.

        Example:
            >>> ACCURACY.score(0.97), R2.score(0.5)
            ('97.0 %', '0.500')
        """
        return f"{self.factor * value + 0.0:,.{self.digits}f}{self.sign}"

    def interval(self, low: float, high: float) -> str:
        """An interval of scores, to be read after a score.

        Example:
            >>> ACCURACY.interval(0.963, 0.977), R2.interval(0.4, 0.5)
            ('[96.3, 97.7]', '[0.400, 0.500]')
        """
        ends = sorted((self.factor * low + 0.0, self.factor * high + 0.0))
        return f"[{', '.join(f'{end:,.{self.digits}f}' for end in ends)}]"

    def at_most(self, difference: float) -> str:
        """A difference, rounded up, so that what is said to be no larger is no larger.

        Example:
            >>> ACCURACY.at_most(0.0051), R2.at_most(0.005)
            ('0.6 points', '0.005 of R²')
        """
        scaled = round(difference * abs(self.factor) * 10**self.digits, 6)
        value = math.ceil(scaled) / 10**self.digits
        return f"{value:,.{self.digits}f}{self.difference}"


ACCURACY = Unit("accuracy", 100, 1, " %", " points")
R2 = Unit("R²", 1, 3, "", " of R²")


@dataclass(frozen=True)
class Recommended:
    """How the recommended choice is to be used, and what it scores on new rows.

    rates: the lowest and the highest learning rate that will do; None where only one was tried.
    score: mean test score. interval: of it on new rows; nan where it is unknown.
    """

    rate: float
    rates: tuple[float, float] | None
    score: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Verdict:
    """What the scores of a comparison say; a choice is its number.

    labels: of all choices.
    first: the recommended choice: validation data call it the best of those that may be.
    best: all that may be the best with 95 % confidence, in validation's order, so the first leads.
    p: of each choice being the best.
    bound: by which another choice is better than the first at most, with 95 % confidence; infinite
        where that is unknown.
    margin: the difference of scores that matters in practice.
    equivalent: all others whose score differs from the first's by less, in validation's order.
    seeds: of each choice.
    needed: seeds that it takes to tell a difference of the margin from the first apart with
        probability 0.8; None where nothing is left to tell apart.
    """

    labels: tuple[str, ...]
    first: int
    best: tuple[int, ...]
    p: tuple[float, ...]
    bound: float
    margin: float
    equivalent: tuple[int, ...]
    seeds: int
    needed: int | None

    @property
    def worse(self) -> tuple[int, ...]:
        """All that are not the best, with 95 % confidence."""
        return tuple(i for i in range(len(self.labels)) if i not in self.best)

    def sentences(self, used: Recommended, unit: Unit, refined: int = 0) -> str:
        """The verdict in words: at most three sentences.

        Args:
            refined: how many of the seeds were added at the best rates, by ``--refine``.
        """
        said = self._use(used, unit), self._best(unit), self._more(unit, refined)
        return " ".join(filter(None, said))

    def _use(self, used: Recommended, unit: Unit) -> str:
        """What to use, and what to expect of it."""
        rates = ""
        if used.rates and used.rates[0] < used.rates[1]:
            rates = f" (any from {used.rates[0]:.2g} to {used.rates[1]:.2g} will do)"
        if math.isfinite(used.interval[0]):
            spread = f" {unit.interval(*used.interval)}"
        else:
            spread = ", from one seed, which says nothing about the spread"
        return (
            f"Use {self.labels[self.first]} at learning rate {used.rate:.2g}{rates}: "
            f"test {unit.name} {unit.score(used.score)}{spread}."
        )

    def _best(self, unit: Unit) -> str:
        """Which choices may be the best, and how much better than the first they may be."""
        first, worse, count = self.labels[self.first], self.worse, len(self.labels)
        if count == 1:
            return ""
        if self.seeds < FEWEST_BLOCKS:
            seeds = f"{self.seeds} seed{'s' * (self.seeds > 1)}"
            return (
                f"With {seeds}, the choices cannot be told apart; that takes at least "
                f"{FEWEST_BLOCKS}."
            )
        if len(worse) == count - 1:
            p = f"p {_at_most(max(self.p[i] for i in worse))}"
            if count == 2:
                return f"{self._named(worse)} is not as good ({p})."
            return f"No other choice is as good (each {p})."
        but = "."
        if math.isfinite(self.bound):
            but = f", and none is better than {first} by more than {unit.at_most(self.bound)}."
            if len(self.best) == 2:
                other = self.labels[self.best[1]]
                but = f", and {other} is better by at most {unit.at_most(self.bound)}."
        if len(self.best) == 2:
            return f"With 95 % confidence, the best is {' or '.join(self._each(self.best))}{but}"
        if not worse:
            return f"Any of the {count} may be the best{but}"
        if len(self.best) > LISTED + 1 and len(worse) <= LISTED:
            is_not = "is not the best" if len(worse) == 1 else "are not the best"
            return (
                f"With 95 % confidence, {self._named(worse)} {is_not}; "
                f"any of the other {len(self.best)} may be{but}"
            )
        return f"With 95 % confidence, the best is among {self._named(self.best)}{but}"

    def _more(self, unit: Unit, refined: int) -> str:
        """What is equivalent in practice, and what it takes to tell more apart."""
        margin, said, first = unit.at_most(self.margin), [], self.labels[self.first]
        alike = [i for i in self.equivalent if len(self.best) == 1 or i in self.best]
        if alike:
            is_or_are = "is" if len(alike) == 1 else "are"
            if len(self.best) == 1:
                said.append(f"{self._named(alike)} {is_or_are} worse by less than {margin}")
            elif len(alike) == len(self.labels) - 1 > LISTED:
                said.append(f"All others are equivalent to {first} to within {margin}")
            else:
                said.append(
                    f"{self._named(alike)} {is_or_are} equivalent to {first} to within {margin}"
                )
        if self.needed is not None and self.needed > self.seeds:
            detecting = f"etecting a difference of {margin} would take"
            if self.needed > MANY:
                takes = f"more than {MANY:,} seeds"
            else:
                takes = f"about {self.needed} seeds: --refine {self.needed - self.seeds + refined}"
            said.append(f"{'d' if said else 'D'}{detecting} {takes}")
        return f"{'; '.join(said)}." if said else ""

    def _each(self, numbers: Sequence[int]) -> list[str]:
        return [self.labels[i] for i in numbers]

    def _named(self, numbers: Sequence[int]) -> str:
        return shortened(self._each(numbers))


def judge(
    labels: Sequence[str],
    scores: np.ndarray,
    validation: np.ndarray,
    margin: float,
    overlap: float = 0.0,
) -> Verdict:
    """Judge a comparison: who is recommended, and what else may be as good.

    The first is the one that validation data call the best among those that test data do not show
    to be worse than the best, so nobody is recommended whom the same data rule out.

    Args:
        labels: of the choices.
        scores: on test data, finite, shape (choices, blocks).
        validation: mean scores on validation data, shape (choices,); of equals, the earlier leads.
        margin: the difference that matters in practice, in units of the scores, above 0.
        overlap: test rows / training rows of a block; 0 if blocks share no row.

    Example:
        >>> scores = 0.9 + np.array([np.arange(6.0), [1, 0, 3, 2, 5, 4], np.arange(6) - 5]) / 100
        >>> found = judge(["tanh", "relu", "elu"], scores, np.array([0.9, 0.91, 0.95]), 0.005)
        >>> found.labels[found.first], found.best, found.worse
        ('relu', (1, 0), (2,))
    """
    order = np.argsort(-np.asarray(validation), kind="stable").tolist()
    p, seeds = best_p(scores, overlap), scores.shape[1]
    best = [i for i in order if p[i] >= 1 - LEVEL]
    first = best[0]
    alike = equivalent(scores, first, margin, overlap)
    undecided = [i for i in best if i != first and not alike[i]]
    needed = None
    if undecided and seeds > 1:
        # The median, since one choice that fails now and then would take any number of seeds.
        spread = float(np.median(paired_spread(scores, first)[undecided]))
        needed = _rounded_up(seeds_needed(spread, margin, len(best), overlap))
    return Verdict(
        labels=tuple(labels),
        first=first,
        best=tuple(best),
        p=tuple(p.tolist()),
        bound=bound(scores, first, overlap),
        margin=margin,
        equivalent=tuple(i for i in order if i != first and alike[i]),
        seeds=seeds,
        needed=needed,
    )


def shortened(words: Sequence[str]) -> str:
    """Words with commas and a last "and"; of a long list the first few, and how many more.

    Example:
        >>> shortened(["relu", "elu"]), shortened(["relu", "elu", "gelu", "silu", "selu"])
        ('relu and elu', 'relu, elu, gelu and 2 more')
    """
    words = list(words)
    if len(words) > LISTED + 1:
        words = [*words[:LISTED], f"{len(words) - LISTED} more"]
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def _at_most(p: float) -> str:
    """A p, rounded up to a thousandth."""
    return "< 0.001" if p < 0.001 else f"≤ {math.ceil(p * 1000) / 1000:.3f}"


def _rounded_up(count: int) -> int:
    """A count with two digits that matter.

    Example:
        >>> _rounded_up(38), _rounded_up(123)
        (38, 130)
    """
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit

"""How much each axis of a grid matters: functional ANOVA over all combinations of its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from experiments.lab.engine.outcome import Outcome
from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.choices import Choice, of_seeds
from experiments.lab.study.statistics import RESAMPLES
from experiments.lab.study.study import Study

RATE = "learning_rate"
SAID, LEAST = 3, 0.01  # effects in a sentence, and the least share that is said there


@dataclass(frozen=True)
class Effect:
    """What one axis, or several together, explain of the variance between cells.

    axes: one alone; two: what both explain together, beyond each alone; none: all that three or
        more explain together.
    share: of the variance between cells, from 0 to 1.
    interval: of it, 95 %; nan where there are too few seeds.
    """

    axes: tuple[str, ...]
    share: float
    interval: tuple[float, float]

    @property
    def name(self) -> str:
        """What to call it.

        Example:
            >>> Effect(("activation", "learning_rate"), 0.2, (0.1, 0.3)).name
            'activation × learning rate'
        """
        return " × ".join(map(_words, self.axes)) or "three or more together"

    @property
    def shown(self) -> str:
        """Its share and the interval.

        Example:
            >>> Effect(("width",), 0.712, (0.65, 0.768)).shown
            '71 % [65, 77]'
        """
        low, high = (f"{100 * end:.0f}" for end in self.interval)
        return f"{100 * self.share:.0f} %" + (f" [{low}, {high}]" if low != "nan" else "")


@dataclass(frozen=True)
class Importance:
    """What explains the variance of a score between the cells of a full factorial.

    effects: the largest first, that of three or more axes last; empty where the cells differ by no
        more than seeds make them.
    cells: how many.
    spread: standard deviation between cells, without what seeds make of it.
    seeds: of the variance of a single run, the share that is its seed's.
    """

    effects: tuple[Effect, ...]
    cells: int
    spread: float
    seeds: float

    def sentence(self, cells: str, of: str, spread: str) -> str:
        """What it says, in words.

        Args:
            cells: what they are called.
            of: the score's title.
            spread: as people read it.

        Example:
            >>> alone = Effect(("width",), 0.8, (0.7, 0.9))
            >>> Importance((alone,), 6, 0.02, 0.1).sentence("cells", "accuracy", "2.0 points")
            'The 6 cells differ by a standard deviation of 2.0 points ...explains 80 % [70, 90].'
        """
        if not self.effects:
            return f"The {self.cells:,} {cells} differ in {of} by no more than seeds make them."
        most = [each for each in self.effects if each.axes and each.share >= LEAST][:SAID]
        said = [
            f"the {_words(each.axes[0])}{' explains' * (number == 0)} {each.shown}"
            if len(each.axes) == 1
            else f"{' and '.join(map(_words, each.axes))} together, beyond each alone,"
            f"{' explain' * (number == 0)} {each.shown}"
            for number, each in enumerate(most)
        ] or ["three or more axes together explain all"]
        *head, last = said
        listed = f"{', '.join(head)} and {last}" if head else last
        return (
            f"The {self.cells:,} {cells} differ by a standard deviation of {spread} of {of}; of "
            f"this variance {listed}."
        )


def decompose(scores: np.ndarray, axes: Sequence[str]) -> Importance | None:
    """Decompose the variance between cells into what axes explain alone and in pairs.

    The effect of a set A of axes is f_A = Π_{i∈A} (1 − M_i) Π_{i∉A} M_i f, where M_i is the mean
    over axis i: effects add up to f and are orthogonal, so their mean squares add up to the
    variance. The mean square of a mean over seeds would contain some of the seeds' own variance; so
    the square is that of two different seeds, ⟨f_A(s), f_A(t)⟩, averaged over all pairs s ≠ t,
    whose expectation is that of the effect alone. One below 0 by chance counts as 0.

    The interval is a percentile bootstrap over seeds, also over pairs of different seeds. Measured
    coverage of a 95 % interval, on three made-up grids of 12 to 54 cells
    (``tests.helpers.importance_coverage``): 0.84 to 0.90 with 5 seeds, 0.91 to 0.94 with 10, 0.93
    to 0.96 with 20. With fewer than 5 there is none.

    Args:
        scores: finite, (values of the first axis, …, values of the last, seeds).
        axes: their names, without the seeds'.

    Returns:
        Importance; None for one seed, whose own variance nothing tells apart.

    Example:
        >>> rate, width = np.array([[0.0], [3.0]]), np.array([0.0, 4.0])
        >>> found = decompose((rate + width)[..., None] + np.arange(6.0), ["rate", "width"])
        >>> [(each.name, each.shown) for each in found.effects]
        [('width', '64 % [64, 64]'), ('rate', '36 % [36, 36]'), ('rate × width', '0 % [0, 0]')]
        >>> found.cells, found.spread
        (4, 2.5)

    Reference:
        Hutter, Hoos & Leyton-Brown 2014, ICML, section 3, on the cells themselves instead of a
        model of them.
    """
    seeds, cells = scores.shape[-1], scores[..., 0].size
    if seeds < 2:
        return None
    numbers = range(len(axes))
    sets = [*((number,) for number in numbers), *combinations(numbers, 2)]
    between = scores.reshape(cells, seeds)
    shifts = between.mean(axis=0)  # a seed that is better or worse in all cells
    parts = [*(effect(scores, each) for each in sets), between - shifts]
    products = np.array([part.T @ part / len(part) for part in parts])  # of each two seeds
    variance = _of_pairs(products, np.ones((1, seeds)))
    shares = _shares(variance)[0]
    ends = np.full((2, len(shares)), np.nan)
    explained = max(float(variance[0, -1]), 0.0)
    known = explained > 0 and bool(np.isfinite(shares).all())
    if known and seeds >= FEWEST_BLOCKS:
        drawn = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES)
        drawn = drawn[(drawn > 0).sum(axis=1) > 1]  # of the same seed alone, there is no pair
        ends = np.nanquantile(_shares(_of_pairs(products, drawn)), [0.025, 0.975], axis=0)
    found = [
        Effect(tuple(axes[number] for number in each), float(share), (float(low), float(high)))
        for each, share, low, high in zip([*sets, ()], shares, *ends, strict=True)
    ]
    *found, rest = found
    found.sort(key=lambda each: -each.share)
    own = float(between.var(axis=1, ddof=1).mean())
    return Importance(
        effects=tuple(found + [rest] * (len(axes) > 2)) if known else (),
        cells=cells,
        spread=explained**0.5,
        seeds=own / (own + explained) if own + explained else 0.0,
    )


def effect(scores: np.ndarray, of: Sequence[int]) -> np.ndarray:
    """What a set of axes adds to a score, beyond all smaller sets, by seed.

    Args:
        scores: (values of the first axis, …, values of the last, seeds).
        of: the numbers of the axes.

    Returns:
        (combinations of their values, seeds).

    Example:
        >>> effect(np.array([[[1.0], [2.0]], [[3.0], [8.0]]]), [0]).ravel().tolist()
        [-2.0, 2.0]
    """
    for number in sorted(range(scores.ndim - 1), key=lambda number: number in of):
        mean = scores.mean(axis=number, keepdims=True)
        scores = scores - mean if number in of else mean
    return scores.reshape(-1, scores.shape[-1])


def of_grid(study: Study, outcomes: Sequence[Outcome]) -> Importance | None:
    """Of the validation scores of the grid asked for, the learning rate being an axis of it.

    Rates that were added to it are left out: not every structure has them. A run counts as the
    trivial predictor at least, so that it does not matter how a failed run has failed.

    Returns:
        Importance; None where there is one rate, or no other axis with several values.
    """
    if len(study.asked.hyperparameters[RATE]) < 2:
        return None
    places = study.grid.find(study.asked)
    found = [study.final(outcome, "validation")[1][places] for outcome in outcomes]
    seeds = slice(len(study.asked.seed_numbers))  # the first of the grid that it has become
    trivial = of_seeds(study.score.trivial["validation"], seeds)
    axes = {**study.asked.structure, RATE: study.asked.hyperparameters[RATE]}
    return _of(np.fmax(found, trivial), axes)


def of_choices(study: Study, choices: Sequence[Choice]) -> Importance | None:
    """Of the test scores of the choices, each at its own learning rate, likewise."""
    by_number = sorted(choices, key=lambda choice: study.number(choice.structure))
    scores = np.array([choice.scores for choice in by_number])
    trivial = of_seeds(study.score.trivial["test"], slice(scores.shape[1]))
    return _of(np.fmax(scores, trivial), study.asked.structure)


def _of(scores: np.ndarray, axes: Mapping[str, Sequence]) -> Importance | None:
    """Of scores whose last axis is the seeds', the others being in the order of a grid."""
    several = {name: len(values) for name, values in axes.items() if len(values) > 1}
    if len(several) < 2:
        return None
    return decompose(scores.reshape(*several.values(), scores.shape[-1]), [*several])


def _of_pairs(products: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means over all pairs of different seeds.

    Args:
        products: (parts, seeds, seeds).
        counts: how often each seed is there, (samples, seeds).

    Returns:
        (samples, parts).
    """
    squares = counts**2
    pairs = counts.sum(axis=1) ** 2 - squares.sum(axis=1)
    sums = [((counts @ each) * counts).sum(axis=1) - squares @ np.diag(each) for each in products]
    return np.array(sums).T / pairs[:, None]


def _shares(variance: np.ndarray) -> np.ndarray:
    """Shares of each set of axes, and what is left, of variances with that between cells last.

    What is left is 0 up to rounding where there are two axes; nan where all are at most 0.
    """
    parts, between = variance[:, :-1], variance[:, -1]
    left = between - parts.sum(axis=1)
    left = np.where(np.abs(left) > 1e-12 * np.abs(between), left, 0.0)
    parts = np.maximum(np.column_stack([parts, left]), 0.0)
    total = parts.sum(axis=1, keepdims=True)
    return np.divide(parts, total, out=np.full_like(parts, np.nan), where=total > 0)


def _words(axis: str) -> str:
    return axis.replace("_", " ")

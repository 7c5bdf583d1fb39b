"""How often the intervals of ``lab.study.importance`` hold the true shares, on made-up grids.

    python -m tests.helpers.importance_coverage

The first grid is one of six activations and nine rates: a parabola in the rate, of other width for
each activation, and noise that grows at high rates. The others are of structure at its own best
rates: three axes, with effects as large as a run's noise, and a third of it.
"""

import numpy as np

from experiments.lab.study.importance import decompose, effect

SEEDS, REPEATS = (5, 10, 20), 200
NOISE = 0.01


def rates(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """True scores of activation × rate, and the noise of each cell."""
    rate = np.linspace(-1, 1, 9)
    curved = -0.6 * (1 + 0.3 * rng.standard_normal((6, 1))) * rate**2
    return curved + 0.03 * rng.standard_normal((6, 1)), 0.02 * (1 + 5 * (rate > 0.6))


def structure(rng: np.random.Generator, size: float) -> tuple[np.ndarray, np.ndarray]:
    """True scores of three axes, and the noise."""
    alone = 2 * rng.standard_normal((3, 1, 1))
    return size * NOISE * (rng.standard_normal((3, 2, 2)) + alone), np.array(NOISE)


def truth(scores: np.ndarray) -> dict[tuple[str, ...], float]:
    """The shares of single axes and of pairs, by their definition."""
    names, cells = "abc"[: scores.ndim], scores[..., None]
    sets = [(i,) for i in range(scores.ndim)]
    sets += [(i, j) for i, j in np.ndindex(scores.ndim, scores.ndim) if i < j]
    return {
        tuple(names[axis] for axis in axes): float((effect(cells, axes) ** 2).mean() / scores.var())
        for axes in sets
    }


def coverage(make, seeds: int) -> float:
    """Share of the intervals that hold the true share."""
    rng, held = np.random.default_rng(0), []
    for _ in range(REPEATS):
        scores, noise = make(rng)
        drawn = noise[..., None] * rng.standard_normal((*scores.shape, seeds))
        shifts = 2 * NOISE * rng.standard_normal(seeds)
        found = decompose(scores[..., None] + drawn + shifts, "abc"[: scores.ndim])
        expected = truth(scores)
        for each in found.effects if found else ():
            if each.axes:
                low, high = each.interval
                held.append(low - 1e-9 <= expected[each.axes] <= high + 1e-9)
    return float(np.mean(held))


if __name__ == "__main__":
    for name, make in {
        "activation × rate": rates,
        "structure, effects as large as noise": lambda rng: structure(rng, 1.0),
        "structure, effects a third of it": lambda rng: structure(rng, 0.3),
    }.items():
        found = ", ".join(f"{coverage(make, seeds):.2f} with {seeds} seeds" for seeds in SEEDS)
        print(f"{name}: {found}")

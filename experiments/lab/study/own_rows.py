"""Grids in which each seed has rows of its own, and every choice at its own best learning rate."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome
from jaxnn.program import Task, compile_program, segment_lengths
from jaxnn.segments import program_segments
from jaxnn.training import Training

Parts = Mapping[str, tuple[np.ndarray, np.ndarray]]
HELD_OUT = ("validation", "test")


class Updates(NamedTuple):
    """Of each run: how many steps, on how many rows each, and at how many points to evaluate."""

    steps: int
    batch_size: int
    points: int = 1


class Trained(NamedTuple):
    """What a grid found; (*axes, seeds) stand for the axes in the order of the call.

    steps: (points,), the updates made at each point.
    validation, test: metric -> (points, *axes, seeds); nan from where a run has diverged.
    train_loss: (points, *axes, seeds), the mean over the updates since the point before.
    diverged: bool (*axes, seeds).
    params: leaves (*axes, seeds, …); None unless they were asked for.
    """

    steps: np.ndarray
    validation: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]
    train_loss: np.ndarray
    diverged: np.ndarray
    params: Any = None


def train_own_rows(
    training: Training,
    axes: Mapping[str, Sequence[float]],
    rows: Callable[[int], Parts],
    seeds: Sequence[int],
    updates: Updates,
    *,
    count: Callable[[int], int] | None = None,
    keep_params: bool = False,
) -> Trained:
    """As jaxnn.train_grid, for one structure, with rows that are drawn anew for each seed.

    Args:
        training: of one run.
        axes: hyperparameter -> values; all combinations are trained.
        rows: from a seed to its parts "train", "validation" and "test", of the same shapes for all.
        seeds: which.
        updates: of each run.
        count: of a seed, how many of its training rows count, from the first on; all when absent.
            So parts of different sizes can be padded to one shape.
        keep_params: whether to return the trained parameters.

    Seven arguments, since this is a whole experiment in one call.

    Returns:
        What was found, on held-out rows at every point.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> def rows(seed):
        ...     x = np.random.default_rng(seed).normal(size=(30, 2)).astype(np.float32)
        ...     return dict.fromkeys(("train", "validation", "test"), (x, x[:, :1] + seed))
        >>> training = make_training(mlp((2, 1)), HEADS["regression"].loss, OPTIMIZERS["sgd"])
        >>> found = train_own_rows(
        ...     training, {"learning_rate": (0.1, 0.2)}, rows, range(3), Updates(400, 30)
        ... )
        >>> found.test["loss"].shape, bool(found.test["loss"].max() < 1e-6)
        ((1, 2, 3), True)
    """
    grid = jaxnn.Grid({}, axes, seeds)
    kept = lru_cache(maxsize=None)(rows)
    by_seed = jaxnn.DataBySeed(lambda seed: seed, kept, len(seeds), count)
    task = Task(
        kept(seeds[0]),
        segment_lengths(updates.steps, updates.points),
        updates.batch_size,
        each=HELD_OUT,
        last=(),
        by_seed=by_seed,
    )
    program = compile_program(training, grid, task)
    outcome = Outcome.empty(task.steps, grid.shape)
    params: Any = None
    sizes = [len(values) for values in axes.values()]
    for segment in program_segments(program, grid, task):
        outcome.add(segment)
        if keep_params and segment.done:
            params = _taken_over(params, segment)

    def named(part: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(f"{part}_"): values.reshape(len(values), *sizes, len(seeds))
            for name, values in outcome.curves.items()
            if name.startswith(part)
        }

    return Trained(
        task.steps,
        named("validation"),
        named("test"),
        outcome.curves["train_loss"].reshape(len(task.steps), *sizes, len(seeds)),
        (outcome.diverged_step >= 0).reshape(*sizes, len(seeds)),
        params and _split(params, sizes),
    )


def _taken_over(known: Any, segment: Any) -> Any:
    """The parameters of the runs that a segment ends, beside those of other waves."""
    found = segment.params()
    if known is None:
        return found
    cells, seeds = np.nonzero(segment.layout.runs)
    for into, values in zip(jax.tree.leaves(known), jax.tree.leaves(found), strict=True):
        into[cells, seeds] = values[cells, seeds]
    return known


def _split(params: Any, sizes: Sequence[int]) -> Any:
    return jax.tree.map(lambda leaf: leaf.reshape(*sizes, *leaf.shape[1:]), params)


class Best(NamedTuple):
    """A choice at its own best setting.

    index: of the setting, one number per axis that was chosen over.
    test: its test score, (seeds,).
    at_an_end: whether the last of these axes, the learning rate, is at its lowest or highest value.
    """

    index: tuple[int, ...]  # type: ignore[assignment]  # hides tuple.index
    test: np.ndarray
    at_an_end: bool


def own_best(validation: np.ndarray, test: np.ndarray) -> Best:
    """Choose by the mean validation score over seeds, and report the test score there.

    Args:
        validation: scores, the higher the better, (*settings, learning rates, seeds); a setting may
            be the point at which training stops. -inf or nan, diverged, is never chosen unless all
            are.
        test: likewise.

    Example:
        >>> validation = np.array([[0.2, 0.4], [0.9, 0.7], [np.nan, 1.0]])
        >>> found = own_best(validation, np.array([[0.1, 0.1], [0.8, 0.6], [1.0, 1.0]]))
        >>> found.index, found.test.tolist(), found.at_an_end
        ((1,), [0.8, 0.6], False)
    """
    mean = np.mean(np.where(np.isnan(validation), -np.inf, validation), axis=-1)
    index = tuple(int(i) for i in np.unravel_index(np.argmax(mean), mean.shape))
    return Best(index, test[index], index[-1] in (0, mean.shape[-1] - 1) and mean.shape[-1] > 1)

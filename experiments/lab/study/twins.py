"""Twins: a run of each cell once more, one bit away, to see at which rates training is chaotic.

Where sums are added up in another order, as on other devices or elsewhere in a grid, numbers differ
in the last bit. A stable run forgets that; an unstable rate amplifies it to everything. So the
first seed of every cell is trained again from initial parameters that differ in the last bit, by
the programs that are compiled already; ``chaotic`` has the rule.
"""

from collections.abc import Sequence
from copy import copy

import jax
import jax.numpy as jnp
import numpy as np
from rich.progress import Progress

from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.runner import Programs, run_grid
from experiments.lab.study import screen
from experiments.lab.study.study import Study
from jaxnn.training import Hyperparameters, State, Training
from jaxnn.types import Array, Key


def trained_again(
    study: Study, outcomes: Sequence[Outcome], programs: Programs | None = None
) -> np.ndarray:
    """Train the twin of the first seed of every cell.

    Args:
        study: what was asked.
        outcomes: in the order of the structures; what is done in them counts, and their steps.
        programs: that they were trained with.

    Returns:
        The twins' final validation losses, (structures, cells): infinite where a twin has diverged,
        nan where no run is trained.
    """
    runs = {number: outcome.done for number, outcome in enumerate(outcomes)}
    known = {}
    for number, mine in runs.items():
        # All runs are named, for which the programs were compiled, though one seed is to be done.
        known[number] = Outcome.empty(outcomes[number].steps, mine.shape)
        known[number].done[:, 1:] = mine[:, 1:]
    first = np.array([mine[:, 0] for mine in runs.values()])
    screen.console.print(
        f"training one seed at each learning rate once more ({first.sum():,} in all), from weights "
        "that differ in the last bit, to find chaotic rates"
    )
    with _Bar(len(runs)) as bar:
        found = run_grid(one_bit_away(study), runs, known, bar, programs)
    losses = [study.final(found[number], "validation")[0][:, 0] for number in runs]
    return np.where(first, losses, np.nan)


def one_bit_away(study: Study) -> Study:
    """The same study, with the same programs, whose runs start one bit away."""
    found = copy(study)
    # Where a cached property is kept.
    vars(found)["variants"] = tuple(
        variant._replace(training=nudged(variant.training)) for variant in study.variants
    )
    return found


def nudged(training: Training) -> Training:
    """The same training from initial parameters that are one unit in the last place higher.

    Zeros stay: the next number above is too small for most devices.
    """

    def higher(leaf: Array) -> Array:
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        return jnp.where(leaf == 0, leaf, jnp.nextafter(leaf, jnp.full_like(leaf, jnp.inf)))

    def init(key: Key, hyperparameters: Hyperparameters) -> State:
        state = training.init(key, hyperparameters)
        return state._replace(params=jax.tree.map(higher, state.params))

    return training._replace(init=init)


class _Bar:
    """On a terminal, how far the twins of all structures are."""

    def __init__(self, count: int):
        """Of so many structures."""
        shown = screen.console.is_interactive
        self._bar = Progress(console=screen.console, transient=True, disable=not shown)
        self._task, self._shares = self._bar.add_task("", total=count), dict[int, float]()

    def __enter__(self) -> "_Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, number: int, outcome: Outcome) -> None:
        """A structure's twins start to train."""
        self._bar.update(self._task, description=f"{number + 1} of {self._bar.tasks[0].total:.0f}")

    def advance(self, number: int, share: float) -> None:
        """This share of them is done."""
        self._shares[number] = share
        self._bar.update(self._task, completed=sum(self._shares.values()))

    def keep(self, number: int, outcome: Outcome) -> None:
        """They take too little time to be kept before all are done."""

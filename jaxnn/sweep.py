"""Grids: what to vary, and one run's Training as the same three functions of many runs at once.

Structure (activation, depth, …) changes the program: one program for each of its combinations. Hyperparameters
(learning rate, …) are traced numbers: all their combinations and all seeds are runs of one program.

The runs of a program lie in a rectangle of groups × members. A group is one seed, so its members share initial draws
and every batch (common random numbers: comparisons are paired, and the first layer of a group is one matrix product).
Groups are spread over the devices, and nothing passes between them. A CPU device trains a few groups at a time from start
to end of a segment, so that their parameters stay in its cache; an accelerator trains all of its groups at once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxnn.training import Training, batch_order
from jaxnn.types import Array, Key

CACHE_BYTES = 1 << 18  # of parameters and optimizer state; gradients and activations take a few times as much beside them


@dataclass(frozen=True)
class Grid:
    """What to vary: structure × hyperparameters × seeds.

    Args:
        structure: name -> choices that change the program, such as {"activation": ("relu", "tanh"), "depth": (2, 4)}.
        hyperparameters: name -> numbers that do not, such as {"learning_rate": (0.01, 0.1, 1.0)}.
        seeds: how many, from 0 on, or which.

    Raises:
        ValueError: an axis is empty, seeds is below 1, or a hyperparameter is not finite.

    Example:
        >>> grid = Grid({"activation": ("relu", "tanh")}, {"learning_rate": (0.01, 0.1, 1.0)}, seeds=4)
        >>> len(grid.structures), len(grid.cells), grid.runs
        (2, 3, 24)
    """

    structure: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    hyperparameters: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: int | Sequence[int] = 1

    def __post_init__(self):
        for name, values in {**self.structure, **self.hyperparameters}.items():
            if len(values) == 0:
                raise ValueError(f"the axis {name!r} is empty; give it at least one value")
        for name, values in self.hyperparameters.items():
            if not np.all(np.isfinite(np.asarray(values, float))):
                raise ValueError(f"the axis {name!r} has a value that is not finite: {tuple(values)}")
        if len(self.seed_numbers) == 0 or min(self.seed_numbers) < 0:
            raise ValueError(f"seeds is {self.seeds!r}; give a count of at least 1, or numbers of at least 0")

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)

    @property
    def structures(self) -> tuple[dict[str, Any], ...]:
        """Every combination of structure: one program each."""
        return tuple(dict(zip(self.structure, values, strict=True)) for values in product(*self.structure.values()))

    @property
    def cells(self) -> tuple[dict[str, float], ...]:
        """Every combination of hyperparameters."""
        return tuple(dict(zip(self.hyperparameters, values, strict=True)) for values in product(*self.hyperparameters.values()))

    @property
    def runs(self) -> int:
        """Networks that the whole grid trains."""
        return len(self.structures) * len(self.cells) * len(self.seed_numbers)


class Layout(NamedTuple):
    """Where each run of a program lies: groups of one seed, members of one group.

    seeds: (groups,), the seed of each group.
    hyperparameters: name -> (groups, members).
    place: (cells, seeds, 2), the group and member of each run; places beyond these are padding.
    """

    seeds: np.ndarray
    hyperparameters: Mapping[str, np.ndarray]
    place: np.ndarray

    @property
    def members(self) -> int:
        """Runs in a group, padding included."""
        return int(self.place[..., 1].max()) + 1

    def collect(self, values: Array) -> np.ndarray:
        """Values of shape (groups, members, …) as (cells, seeds, …), on the host and without the padding."""
        return np.asarray(values)[self.place[..., 0], self.place[..., 1]]


def arrange(grid: Grid, *, devices: int = 1, members: int | None = None) -> Layout:
    """Lay the runs of one program out so that the groups divide evenly among the devices.

    With fewer seeds than devices, or more cells than members, a seed's cells are split into several groups; the last is
    padded with repeats.

    Args:
        grid: what to vary; its structure plays no part.
        devices: how many will share the groups.
        members: most runs in a group; no limit when absent.

    Returns:
        The layout.

    Example:
        >>> layout = arrange(Grid({}, {"learning_rate": (1.0, 2.0, 3.0)}, seeds=1), devices=2)
        >>> layout.hyperparameters["learning_rate"].tolist()
        [[1.0, 2.0], [3.0, 3.0]]
        >>> layout.collect(layout.hyperparameters["learning_rate"])[:, 0].tolist()
        [1.0, 2.0, 3.0]
    """
    seeds, cells = grid.seed_numbers, grid.cells
    parts = devices // math.gcd(len(seeds), devices)
    most = min(members or len(cells), math.ceil(len(cells) / min(parts, len(cells))))
    # Of the sizes near the most, the one that pads least.
    members = min(range(most, most // 2, -1), key=lambda size: -len(cells) % size)
    parts = math.ceil(len(cells) / members)
    padded = np.minimum(np.arange(parts * members), len(cells) - 1).reshape(parts, members)
    cell_of = np.tile(padded, (len(seeds), 1))
    seed_of = np.repeat(seeds, parts)
    short = -len(seed_of) % devices
    cell_of, seed_of = (np.concatenate([a, np.repeat(a[-1:], short, axis=0)]) for a in (cell_of, seed_of))
    columns = {name: np.array([cell[name] for cell in cells], np.float32)[cell_of] for name in grid.hyperparameters}
    cell, seed = np.mgrid[:len(cells), :len(seeds)]
    place = np.stack([seed * parts + cell // members, cell % members], axis=-1)
    return Layout(seed_of, columns, place)


def run_key(seed: int | Array, purpose: str) -> Key:
    """The key of a seed for a purpose: a function of these two only, never of a place in a grid.

    Example:
        >>> bool(jax.random.key_data(run_key(3, "init"))[0] == jax.random.key_data(run_key(3, "order"))[0])
        False
    """
    return jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), int.from_bytes(purpose.encode()[:4], "big"))


def runs_at_once(training: Training, hyperparameters: Mapping[str, Any], device: jax.Device) -> int | None:
    """How many runs a device best trains at a time: those whose states stay in a CPU's cache; None, all, elsewhere.

    Measured on two cores, as fractions of their matrix-product peak: 64-64-64-10, batch 64: 4 at a time .55, 8 .50, 16 .47,
    1 .40; 784-128-128-10, batch 128: 1 at a time .80, 4 .73, 8 .68; 16-16-16-10, batch 64: 32 at a time .13, 8 .11.
    """
    if device.platform != "cpu":
        return None
    state = jax.eval_shape(training.init, jax.random.key(0), {name: jnp.float32(0) for name in hyperparameters})
    size = sum(leaf.size * 4 for leaf in jax.tree.leaves((state.params, state.optimizer)))
    return max(1, CACHE_BYTES // size)


class Sweep(NamedTuple):
    """A Training of many runs; arrays carry (groups, members) in front.

    init: ``init(layout) -> State``, laid over the devices.
    order: ``order(layout, examples=…, batch_size=…, steps=…, start=…)``, the batches, (groups, steps, batch_size).
    segment, evaluate: compiled; as in Training. segment takes over the state it is given: keep the one it returns.
    place: ``place(hyperparameters or x or y, shared=…)``, an array laid over the devices, or copied to each.
    shapes: ``shapes(pytree, shared=…)``, what ``place`` would return, without the numbers: to compile before they are there.
    """

    init: Any
    order: Any
    segment: Any
    evaluate: Any
    place: Any
    shapes: Any


def make_sweep(training: Training, *, devices: Sequence[jax.Device] | None = None, together: int | None = None) -> Sweep:
    """One run's Training, over many runs on many devices.

    Args:
        training: from make_training.
        devices: all there are, when absent; their number is the one ``arrange`` was given.
        together: groups that a device trains at a time; all of its groups when absent.

    Returns:
        Sweep(init, order, segment, evaluate, place, shapes).

    Example:
        >>> import optax
        >>> from jaxnn import losses, make_training, mlp
        >>> training = make_training(mlp((1, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"]))
        >>> layout = arrange(Grid({}, {"learning_rate": (0.01, 0.1)}, seeds=3))
        >>> sweep = make_sweep(training, devices=jax.devices()[:1])
        >>> x = jnp.linspace(-1, 1, 32)[:, None]
        >>> order = sweep.order(layout, examples=32, batch_size=8, steps=50)
        >>> state, metrics = sweep.segment(sweep.init(layout), layout.hyperparameters, x, 3 * x, order)
        >>> layout.collect(metrics["train_loss"]).shape
        (2, 3)
    """
    mesh = jax.make_mesh((len(devices or jax.devices()),), ("runs",), axis_types=(AxisType.Auto,), devices=devices)
    runs, everywhere = PartitionSpec("runs"), PartitionSpec()

    def sharding(shared: bool) -> NamedSharding:
        return NamedSharding(mesh, everywhere if shared else runs)

    def place(array, *, shared: bool = False):
        return jax.device_put(array, sharding(shared))

    def shapes(tree, *, shared: bool = False):
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding(shared)), tree)

    def over(function, own: tuple[bool, ...], shared_in_group: tuple[bool, ...], **options):
        """vmap over members, then groups, then devices; data (neither own nor in a group) are shared by all."""
        axes = tuple(0 if mine else None for mine in own)
        grouped = [a or b for a, b in zip(own, shared_in_group, strict=True)]

        def groups(*arguments):
            mine = [argument for argument, yes in zip(arguments, grouped, strict=True) if yes]
            data = [argument for argument, yes in zip(arguments, grouped, strict=True) if not yes]

            def one(mine):
                left, right = iter(mine), iter(data)
                every = tuple(next(left if yes else right) for yes in grouped)
                if len(jax.tree.leaves(every[0])[0]) > 1:
                    return jax.vmap(function, in_axes=axes)(*every)
                # A group of one without its axis: with it XLA:CPU transposes every slope of a matrix element by element.
                alone = (jax.tree.map(lambda leaf: leaf[0], part) if axis == 0 else part for part, axis in zip(every, axes, strict=True))
                return jax.tree.map(lambda leaf: leaf[None], function(*alone))

            held = len(jax.tree.leaves(mine)[0])
            # A divisor, since a remainder would be a second program.
            size = next(n for n in range(min(together or held, held), 0, -1) if held % n == 0)
            return jax.vmap(one)(mine) if size == held else jax.lax.map(one, mine, batch_size=size if size > 1 else None)

        specs = tuple(runs if yes else everywhere for yes in grouped)
        return jax.jit(jax.shard_map(groups, mesh=mesh, in_specs=specs, out_specs=runs, check_vma=False), **options)

    def init(layout: Layout):
        # Op by op and not compiled as a whole: JAX keeps each draw's program by shape, so the activations of a grid
        # share one compilation of the random numbers, which costs more than that of a training step.
        keys = jax.vmap(lambda seed: run_key(seed, "init"))(jnp.asarray(layout.seeds))
        members = jax.vmap(training.init, in_axes=(None, 0))
        return place(jax.vmap(members)(keys, jax.tree.map(jnp.asarray, dict(layout.hyperparameters))))

    def order(layout: Layout, **sizes):
        keys = jax.vmap(lambda seed: run_key(seed, "order"))(jnp.asarray(layout.seeds))
        return place(jax.vmap(lambda key: batch_order(key, **sizes))(keys))

    segment = over(training.segment, (True, True, False, False, False), (False, False, False, False, True), donate_argnums=0)
    evaluate = over(training.evaluate, (True, True, False, False), (False,) * 4)
    return Sweep(init, order, segment, evaluate, place, shapes)

"""Sweeps: one run's Training as the same three functions of many runs at once.

Structure (activation, depth, …) changes the program: one program per combination. Hyperparameters
(learning rate, …) are traced numbers: all their combinations and all seeds are runs of one program.

The runs of a program are a rectangle of groups × members. A group has one seed, so its members
share initial draws and every batch (common random numbers: comparisons are paired, and the first
layer of a group is one matrix product). Groups are spread over the devices, and nothing passes
between them. A CPU device trains a few groups at a time from the start to the end of a segment, so
that their parameters stay in its cache; an accelerator trains all of its groups at once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxnn.grid import LAST_SEED
from jaxnn.layout import Layout
from jaxnn.training import Metrics, State, Training
from jaxnn.training import batch_order as _batch_order
from jaxnn.types import Array, Key

# Of parameters and optimizer state; gradients and activations take a few times as much in addition.
CACHE_BYTES = 1 << 18
# Of what loops keep of each turn for the gradient, such as a recurrent layer's time steps. An Elman
# network of 8-32-10 over 32 steps, batch 64: 4 or 8 runs at a time 420 µs each, 32 runs 480.
KEPT_BYTES = 1 << 22
# Groups whose initial states are drawn at a time, with their bytes at most, and the groups up to
# which that is done: of more, a second compilation costs less than many draws.
BLOCK, BLOCK_BYTES, MOST_IN_BLOCKS = 32, 1 << 26, 64


def run_key(seed: int | Array, purpose: str) -> Key:
    """The key of a seed for a purpose: a function of these two only, never of a place in a grid.

    Args:
        seed: of the run, from 0 to 2³² − 1.
        purpose: what is drawn, such as "init" or "order"; different words give different keys.

    Returns:
        A typed threefry key.

    Raises:
        ValueError: the seed is not from 0 to 2³² − 1, where it is not traced, or the purpose is
            empty.

    Example:
        >>> init, order = (jax.random.key_data(run_key(3, use)) for use in ("init", "order"))
        >>> bool(init[0] == order[0])
        False
    """
    if not purpose:
        raise ValueError("a key needs a purpose, such as 'init'; got ''")
    if not isinstance(seed, jax.core.Tracer) and not 0 <= int(seed) <= LAST_SEED:
        raise ValueError(
            f"the seed is {int(seed)}; give a whole number from 0 to {LAST_SEED}, which is 2³² − 1"
        )
    key = jax.random.key(seed, impl="threefry2x32")
    word = purpose.encode()
    # Published results depend on the keys of these two, which are made of four bytes.
    if purpose in ("init", "order"):
        return jax.random.fold_in(key, _number(word[:4]))
    for number in (len(word), *(_number(word[i : i + 4]) for i in range(0, len(word), 4))):
        key = jax.random.fold_in(key, number)
    return key


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")


def batches(seeds: Sequence[int] | np.ndarray, **sizes: int) -> Array:
    """The batches of each seed's runs: example numbers.

    Args:
        seeds: any.
        sizes: examples, batch_size, steps and start of ``batch_order``.

    Returns:
        int32 of shape (seeds, steps, batch_size).

    Example:
        >>> batches((0, 3), examples=6, batch_size=2, steps=4).shape
        (2, 4, 2)
    """
    keys = jax.vmap(lambda seed: run_key(seed, "order"))(jnp.asarray(seeds))
    return jax.vmap(lambda key: _batch_order(key, **sizes))(keys)


def runs_at_once(
    training: Training,
    hyperparameters: Mapping[str, Any],
    batch: tuple[Any, Any] | None = None,
    shared: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    """How many runs a CPU best trains at a time: those whose states stay in its cache.

    Measured on two cores, as fractions of their matrix-product peak: 64-64-64-10, batch 64: 4 at a
    time .55, 8 .50, 16 .47, 1 .40; 784-128-128-10, batch 128: 1 at a time .80, 4 .73, 8 .68;
    16-16-16-10, batch 64: 32 at a time .13, 8 .11.

    Args:
        training: of one run.
        hyperparameters: by name; their values do not matter.
        batch: shapes of the x and y of an update. With them, what loops over the time steps of its
            rows keep counts too.
        shared: as of a Task.

    Returns:
        At least 1.
    """
    zeros = {name: jnp.float32(0) for name in hyperparameters}
    state = jax.eval_shape(training.init, jax.random.key(0), zeros)
    size = sum(leaf.size * 4 for leaf in jax.tree.leaves((state.params, state.optimizer)))
    most = CACHE_BYTES // size
    if batch is not None and len(batch[0].shape) > 2:  # a row has time steps to loop over
        order = jax.ShapeDtypeStruct((1, len(batch[0])), jnp.int32)
        update = jax.make_jaxpr(training.segment)(state, {**zeros, **shared}, *batch, order)
        most = min(most, KEPT_BYTES // max(1, _kept_by_loops(update.jaxpr)))
    return max(1, most)


def _kept_by_loops(jaxpr: Any, inside: bool = False) -> int:
    """Bytes that the loops inside a segment's own loop, over updates, keep of each turn."""
    kept = 0
    for equation in jaxpr.eqns:
        loop = equation.primitive.name == "scan"
        if loop and inside:
            turn = getattr(equation.params["jaxpr"], "jaxpr", equation.params["jaxpr"])
            kept += sum(
                every.aval.size * every.aval.dtype.itemsize
                for every, each in zip(equation.outvars, turn.outvars, strict=True)
                if every.aval.shape != each.aval.shape  # a stack, and not what is carried on
            )
        found = jax.tree.leaves(dict(equation.params), is_leaf=lambda each: hasattr(each, "eqns"))
        for inner in found:
            if hasattr(inner, "eqns"):
                kept += _kept_by_loops(getattr(inner, "jaxpr", inner), inside or loop)
    return kept


class Init(Protocol):
    """Draws the initial states of a layout's runs, on the devices."""

    def __call__(self, layout: Layout) -> State:
        """A State whose leaves have (groups, members) in front."""
        ...


class Order(Protocol):
    """Draws the batches of a layout's groups, on the devices."""

    def __call__(self, layout: Layout, **sizes: int) -> Array:
        """int32 (groups, steps, batch_size); sizes as in ``batch_order``."""
        ...


class Segment(Protocol):
    """Trains every run for some updates; compiled at the first call of each shape."""

    def __call__(
        self,
        state: State,
        hyperparameters: Mapping[str, Array],
        x: Array,
        y: Array,
        order: Array,
        split: Array | None = None,
    ) -> tuple[State, Metrics]:
        """The next State and "train_loss" (groups, members); the given state is used up.

        Hyperparameters are (groups, members), or fewer axes for one that all runs share.
        With split, int (groups,), x and y have (splits,) in front, and a group trains on its own.
        """
        ...

    def lower(self, *arguments: Any) -> jax.stages.Lowered:
        """For shapes in place of arrays: what ``.compile()`` makes the program of."""
        ...


class Evaluate(Protocol):
    """Evaluates every run; compiled at the first call of each shape."""

    def __call__(
        self,
        state: State,
        hyperparameters: Mapping[str, Array],
        x: Array,
        y: Array,
        split: Array | None = None,
    ) -> Metrics:
        """Name -> (groups, members, …); split as for a Segment."""
        ...

    def lower(self, *arguments: Any) -> jax.stages.Lowered:
        """For shapes in place of arrays: what ``.compile()`` makes the program of."""
        ...


class Place(Protocol):
    """Puts an array, or a pytree of arrays, on the devices."""

    def __call__(self, tree: Any, *, shared: bool = False) -> Any:
        """Groups spread over the devices, or with shared a copy on each device."""
        ...


class Shapes(Protocol):
    """What ``place`` would return, without the numbers: to compile before they are there."""

    def __call__(self, tree: Any, *, shared: bool = False) -> Any:
        """The pytree with a jax.ShapeDtypeStruct for each array."""
        ...


class Sweep(NamedTuple):
    """A Training of many runs; arrays carry (groups, members) in front.

    init: initial states, from a layout.
    order: batches, from a layout.
    segment, evaluate: as in Training, compiled. segment uses up the state that it is given: keep
        the one that it returns.
    place: puts hyperparameters, or with shared=True data, on the devices.
    shapes: the shapes that ``place`` would return.
    """

    init: Init
    order: Order
    segment: Segment
    evaluate: Evaluate
    place: Place
    shapes: Shapes


class _OfLiveState:
    """A compiled function of states, with a sentence for one that a segment has used up."""

    def __init__(self, shared: Any, own: Any, count: int):
        """Of data that all groups share, with so many arguments, and with one more: the split."""
        self._shared, self._own, self._count = shared, own, count

    def lower(self, *arguments: Any) -> jax.stages.Lowered:
        """As of a jitted function."""
        return self._function(arguments).lower(*arguments)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if any(getattr(leaf, "is_deleted", bool)() for leaf in jax.tree.leaves(arguments[0])):
            raise ValueError(
                "this state was used up by an earlier segment, which took over its memory; "
                "go on with the state that segment returned"
            )
        arguments = (*arguments, *(each for each in named.values() if each is not None))
        return self._function(arguments)(*arguments)

    def _function(self, arguments: tuple) -> Any:
        return self._shared if len(arguments) == self._count else self._own


def initial_states(
    training: Training, seeds: np.ndarray, hyperparameters: Mapping[str, Array | np.ndarray]
) -> State:
    """The states that runs start from.

    They are drawn op by op, and not as one program: JAX keeps each operation's program by shape, so
    all activations share one compilation of the random numbers, which costs more than that of a
    training step. A few groups are drawn in blocks of one size, so that grids share it too.

    Args:
        training: of one run.
        seeds: int (groups,).
        hyperparameters: name -> (groups, members).

    Returns:
        A State with NumPy arrays, (groups, members, …), and typed keys.

    Example:
        >>> from jaxnn import losses, make_training, mlp
        >>> from jaxnn.training import OPTIMIZERS
        >>> training = make_training(mlp((1, 1)), losses.squared_error, OPTIMIZERS["sgd"])
        >>> rates = {"learning_rate": np.array([[0.1, 0.2], [0.1, 0.2]], np.float32)}
        >>> initial_states(training, np.array([0, 3]), rates).params[0]["weight"].shape
        (2, 2, 1, 1)
    """
    # Without hyperparameters a group has one run.
    groups = size = len(seeds)
    members = next((values.shape[1] for values in hyperparameters.values()), 1)
    of_group = {name: jax.ShapeDtypeStruct((members,), jnp.float32) for name in hyperparameters}
    over_members = partial(jax.vmap, training.init, in_axes=(None, 0), axis_size=members)
    try:
        one = jax.eval_shape(over_members(out_axes=None), jax.random.key(0), of_group)
        alike = True
    except ValueError:  # vmap's, of an output that depends on the hyperparameters
        one, alike = jax.eval_shape(over_members(), jax.random.key(0), of_group), False
    if groups <= MOST_IN_BLOCKS:
        of_one = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(one))
        size = max(1, min(BLOCK, BLOCK_BYTES // of_one))

    def drawn(start: int) -> State:
        here = np.arange(start, start + size).clip(max=groups - 1)
        keys = jax.vmap(lambda seed: run_key(seed, "init"))(jnp.asarray(seeds[here]))
        if alike:  # whatever the numbers
            zeros = dict.fromkeys(hyperparameters, jnp.float32(0))
            return jax.vmap(training.init, in_axes=(0, None))(keys, zeros)
        mine = {name: jnp.asarray(values[here]) for name, values in hyperparameters.items()}
        return jax.vmap(over_members())(keys, mine)

    def joined(*leaves: Array) -> Array | np.ndarray:
        keys = jnp.issubdtype(leaves[0].dtype, jax.dtypes.prng_key)
        found = [np.asarray(jax.random.key_data(leaf) if keys else leaf) for leaf in leaves]
        whole = np.concatenate(found)[:groups]
        if alike:
            whole = np.repeat(whole[:, None], members, axis=1)
        return jax.random.wrap_key_data(jnp.asarray(whole), impl="threefry2x32") if keys else whole

    return jax.tree.map(joined, *map(drawn, range(0, groups, size)))


def initial(training: Training, place: Place) -> Init:
    """The function that draws the initial states of a training's runs.

    Args:
        training: from make_training.
        place: of the Sweep that trains them.
    """

    def init(layout: Layout) -> State:
        return place(initial_states(training, layout.seeds, layout.hyperparameters))

    return init


def make_sweep(
    training: Training,
    *,
    devices: Sequence[jax.Device] | None = None,
    together: int | None = None,
) -> Sweep:
    """One run's Training, over many runs on many devices.

    Args:
        training: from make_training.
        devices: all there are, when absent; the number of groups is a multiple of theirs.
        together: groups that a device trains at a time; all of its groups when absent.

    Returns:
        Sweep(init, order, segment, evaluate, place, shapes).

    Raises:
        ValueError: by segment and evaluate, where the state was used up by an earlier segment.

    Example:
        >>> import jaxnn, optax
        >>> from jaxnn import losses, make_training, mlp
        >>> training = make_training(
        ...     mlp((1, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"])
        ... )
        >>> layout = jaxnn.arrange(jaxnn.Grid({}, {"learning_rate": (0.01, 0.1)}, seeds=3))
        >>> sweep = make_sweep(training, devices=jax.devices()[:1])
        >>> x = jnp.linspace(-1, 1, 32)[:, None]
        >>> order = sweep.order(layout, examples=32, batch_size=8, steps=50)
        >>> state, metrics = sweep.segment(
        ...     sweep.init(layout), layout.hyperparameters, x, 3 * x, order
        ... )
        >>> layout.collect(metrics["train_loss"]).shape
        (2, 3)
    """
    mesh = jax.make_mesh(
        (len(devices or jax.devices()),), ("runs",), axis_types=(AxisType.Auto,), devices=devices
    )
    runs, everywhere = PartitionSpec("runs"), PartitionSpec()

    def sharding(shared: bool) -> NamedSharding:
        return NamedSharding(mesh, everywhere if shared else runs)

    def place(tree: Any, *, shared: bool = False) -> Any:
        return jax.device_put(tree, sharding(shared))

    def shapes(tree: Any, *, shared: bool = False) -> Any:
        def shape(leaf):
            return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding(shared))

        return jax.tree.map(shape, tree)

    def over(function: Callable, of_group: int = 0, **options: Any) -> Any:
        """vmap over members, then groups, then devices.

        State and hyperparameters belong to a run, x and y to all; further arguments, of_group in
        number, to a group. Hyperparameters without axes for groups and members belong to all too:
        they have no axis to map over, so that a ``lax.switch`` by one stays a branch.
        """
        axes = (0, 0, None, None, None, *[None] * of_group)
        grouped = (True, True, False, False, False, *[True] * of_group)

        def of_run(state, own, shared, *others):
            return function(state, {**own, **shared}, *others)

        def groups(*arguments):
            mine = [argument for argument, yes in zip(arguments, grouped, strict=True) if yes]
            data = [argument for argument, yes in zip(arguments, grouped, strict=True) if not yes]

            def one(mine):
                left, right = iter(mine), iter(data)
                every = tuple(next(left if yes else right) for yes in grouped)
                if len(jax.tree.leaves(every[0])[0]) > 1:
                    return jax.vmap(of_run, in_axes=axes)(*every)
                # A group of one without its axis: with it XLA:CPU transposes every gradient of a
                # matrix element by element.
                alone = (
                    jax.tree.map(lambda leaf: leaf[0], part) if axis == 0 else part
                    for part, axis in zip(every, axes, strict=True)
                )
                return jax.tree.map(lambda leaf: leaf[None], of_run(*alone))

            held = len(jax.tree.leaves(mine)[0])
            # A divisor, since a remainder would be a second program.
            most = min(together or held, held)
            size = next(n for n in range(most, 0, -1) if held % n == 0)
            if size == held:
                return jax.vmap(one)(mine)
            return jax.lax.map(one, mine, batch_size=size if size > 1 else None)

        specs = tuple(runs if yes else everywhere for yes in grouped)
        mapped = jax.shard_map(groups, mesh=mesh, in_specs=specs, out_specs=runs, check_vma=False)

        def every(state, hyperparameters, *others):
            own = {name: each for name, each in hyperparameters.items() if jnp.ndim(each) > 1}
            shared = {name: hyperparameters[name] for name in hyperparameters if name not in own}
            return mapped(state, own, shared, *others)

        # Without it JAX takes a leaf without numbers, as of no further layers, for a shared one.
        return jax.jit(every, out_shardings=sharding(shared=False), **options)

    def order(layout: Layout, **sizes: int) -> Array:
        return place(batches(layout.seeds, **sizes))

    def of_split(x, y, order, split):
        """The rows of one split among those of all, and all rows one below the other."""
        rows = order + split * x.shape[1]
        return *(array.reshape(-1, *array.shape[2:]) for array in (x, y)), rows

    def own_segment(state, hyperparameters, x, y, order, split):
        return training.segment(state, hyperparameters, *of_split(x, y, order, split))

    def own_evaluate(state, hyperparameters, x, y, split):
        return training.evaluate(state, hyperparameters, x[split], y[split])

    segment = over(training.segment, 1, donate_argnums=0)
    evaluate = over(training.evaluate)
    trains: Any = _OfLiveState(segment, over(own_segment, 2, donate_argnums=0), 5)
    judges: Any = _OfLiveState(evaluate, over(own_evaluate, 1), 4)
    return Sweep(initial(training, place), order, trains, judges, place, shapes)

"""Sweeps: one run's Training as the same three functions of many runs at once.

Structure (activation, depth, …) changes the program: one program for each of its combinations. Hyperparameters
(learning rate, …) are traced numbers: all their combinations and all seeds are runs of one program.

The runs of a program lie in a rectangle of groups × members. A group is one seed, so its members share initial draws
and every batch (common random numbers: comparisons are paired, and the first layer of a group is one matrix product).
Groups are spread over the devices, and nothing passes between them. A CPU device trains a few groups at a time from start
to end of a segment, so that their parameters stay in its cache; an accelerator trains all of its groups at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxnn.grid import Layout
from jaxnn.training import Training, batch_order
from jaxnn.types import Array, Key

CACHE_BYTES = (
    1 << 18
)  # of parameters and optimizer state; gradients and activations take a few times as much beside them


def run_key(seed: int | Array, purpose: str) -> Key:
    """The key of a seed for a purpose: a function of these two only, never of a place in a grid.

    Example:
        >>> bool(jax.random.key_data(run_key(3, "init"))[0] == jax.random.key_data(run_key(3, "order"))[0])
        False
    """
    return jax.random.fold_in(
        jax.random.key(seed, impl="threefry2x32"), int.from_bytes(purpose.encode()[:4], "big")
    )


def batches(seeds: Sequence[int], **sizes) -> Array:
    """The batches of each seed's runs, (seeds, steps, batch_size): example numbers.

    Args:
        seeds: any.
        sizes: examples, batch_size, steps and start of ``batch_order``.

    Example:
        >>> batches((0, 3), examples=6, batch_size=2, steps=4).shape
        (2, 4, 2)
    """
    keys = jax.vmap(lambda seed: run_key(seed, "order"))(jnp.asarray(seeds))
    return jax.vmap(lambda key: batch_order(key, **sizes))(keys)


def runs_at_once(
    training: Training, hyperparameters: Mapping[str, Any], device: jax.Device
) -> int | None:
    """How many runs a device best trains at a time: those whose states stay in a CPU's cache; None, all, elsewhere.

    Measured on two cores, as fractions of their matrix-product peak: 64-64-64-10, batch 64: 4 at a time .55, 8 .50, 16 .47,
    1 .40; 784-128-128-10, batch 128: 1 at a time .80, 4 .73, 8 .68; 16-16-16-10, batch 64: 32 at a time .13, 8 .11.
    """
    if device.platform != "cpu":
        return None
    state = jax.eval_shape(
        training.init, jax.random.key(0), {name: jnp.float32(0) for name in hyperparameters}
    )
    size = sum(leaf.size * 4 for leaf in jax.tree.leaves((state.params, state.optimizer)))
    return max(1, CACHE_BYTES // size)


class Sweep(NamedTuple):
    """A Training of many runs; arrays carry (groups, members) in front.

    init: ``init(layout) -> State``, laid over the devices.
    order: ``order(layout, examples=…, batch_size=…, steps=…, start=…)``, the batches, (groups, steps, batch_size), laid over
        the devices.
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


def make_sweep(
    training: Training, *, devices: Sequence[jax.Device] | None = None, together: int | None = None
) -> Sweep:
    """One run's Training, over many runs on many devices.

    Args:
        training: from make_training.
        devices: all there are, when absent; the number of groups is a multiple of theirs.
        together: groups that a device trains at a time; all of its groups when absent.

    Returns:
        Sweep(init, order, segment, evaluate, place, shapes).

    Example:
        >>> import jaxnn, optax
        >>> from jaxnn import losses, make_training, mlp
        >>> training = make_training(mlp((1, 1)), losses.squared_error, lambda h: optax.sgd(h["learning_rate"]))
        >>> layout = jaxnn.arrange(jaxnn.Grid({}, {"learning_rate": (0.01, 0.1)}, seeds=3))
        >>> sweep = make_sweep(training, devices=jax.devices()[:1])
        >>> x = jnp.linspace(-1, 1, 32)[:, None]
        >>> order = sweep.order(layout, examples=32, batch_size=8, steps=50)
        >>> state, metrics = sweep.segment(sweep.init(layout), layout.hyperparameters, x, 3 * x, order)
        >>> layout.collect(metrics["train_loss"]).shape
        (2, 3)
    """
    mesh = jax.make_mesh(
        (len(devices or jax.devices()),), ("runs",), axis_types=(AxisType.Auto,), devices=devices
    )
    runs, everywhere = PartitionSpec("runs"), PartitionSpec()

    def sharding(shared: bool) -> NamedSharding:
        return NamedSharding(mesh, everywhere if shared else runs)

    def place(array, *, shared: bool = False):
        return jax.device_put(array, sharding(shared))

    def shapes(tree, *, shared: bool = False):
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding(shared)),
            tree,
        )

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
                alone = (
                    jax.tree.map(lambda leaf: leaf[0], part) if axis == 0 else part
                    for part, axis in zip(every, axes, strict=True)
                )
                return jax.tree.map(lambda leaf: leaf[None], function(*alone))

            held = len(jax.tree.leaves(mine)[0])
            # A divisor, since a remainder would be a second program.
            size = next(n for n in range(min(together or held, held), 0, -1) if held % n == 0)
            return (
                jax.vmap(one)(mine)
                if size == held
                else jax.lax.map(one, mine, batch_size=size if size > 1 else None)
            )

        specs = tuple(runs if yes else everywhere for yes in grouped)
        return jax.jit(
            jax.shard_map(groups, mesh=mesh, in_specs=specs, out_specs=runs, check_vma=False),
            **options,
        )

    def init(layout: Layout):
        # Op by op and not compiled as a whole: JAX keeps each draw's program by shape, so the activations of a grid
        # share one compilation of the random numbers, which costs more than that of a training step.
        keys = jax.vmap(lambda seed: run_key(seed, "init"))(jnp.asarray(layout.seeds))
        members = jax.vmap(training.init, in_axes=(None, 0))
        return place(
            jax.vmap(members)(keys, jax.tree.map(jnp.asarray, dict(layout.hyperparameters)))
        )

    def order(layout: Layout, **sizes):
        return place(batches(layout.seeds, **sizes))

    segment = over(
        training.segment,
        (True, True, False, False, False),
        (False, False, False, False, True),
        donate_argnums=0,
    )
    evaluate = over(training.evaluate, (True, True, False, False), (False,) * 4)
    return Sweep(init, order, segment, evaluate, place, shapes)

"""The machine's own peak of float32 matrix products, reached by the fastest of a few ways."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

CPU_SIZES = (1024, 2048)
ACCELERATOR_SIZES = (4096, 8192)


class Way(NamedTuple):
    """A way to multiply two square matrices.

    flops: operations of one product. product: multiplies, and returns when it is done.
    """

    title: str
    flops: int
    product: Callable[[], object]


def ways(sizes: tuple[int, ...] | None = None) -> dict[str, Way]:
    """By rows over all devices; on CPU also on one device with all threads, and by NumPy's BLAS."""
    on_cpu = jax.default_backend() == "cpu"
    return {
        way.title: way
        for n in sizes or (CPU_SIZES if on_cpu else ACCELERATOR_SIZES)
        for way in ([_rows(n), _one_device(n), _numpy(n)] if on_cpu else [_rows(n)])
    }


def _rows(n: int) -> Way:
    devices = jax.device_count()
    rows = n // devices * devices
    mesh = jax.make_mesh((devices,), ("rows",), axis_types=(AxisType.Auto,))
    cut, whole = PartitionSpec("rows"), PartitionSpec()
    a = jax.device_put(_matrix(rows, n), NamedSharding(mesh, cut))
    b = jax.device_put(_matrix(n, n), NamedSharding(mesh, whole))
    product = (
        jax.jit(jax.shard_map(jnp.dot, mesh=mesh, in_specs=(cut, whole), out_specs=cut))
        .lower(a, b)
        .compile()
    )
    return Way(
        f"{n} × {n} by rows over {devices} JAX devices",
        2 * rows * n * n,
        lambda: product(a, b).block_until_ready(),
    )


def _one_device(n: int) -> Way:
    a = jax.device_put(_matrix(n, n), jax.devices()[0])
    product = (
        jax.jit(jnp.dot).lower(a, a).compile(compiler_options={"xla_cpu_multi_thread_eigen": True})
    )
    return Way(
        f"{n} × {n} on one JAX device, all threads",
        2 * n**3,
        lambda: product(a, a).block_until_ready(),
    )


def _numpy(n: int) -> Way:
    a, out = _matrix(n, n), np.empty((n, n), np.float32)
    return Way(f"{n} × {n} by NumPy", 2 * n**3, lambda: np.matmul(a, a, out=out))


def _matrix(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, columns), np.float32)

"""The devices of this machine; all are used, and set up before JAX makes its first array."""

import contextlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lab.io import limits
from experiments.lab.io.errors import UserError
from jaxnn.hardware import Hardware

# Bytes: each CPU device is taken for an accelerator of so much memory. It is there for tests, and
# to see on any machine what a grid would do on an accelerator.
AS_ACCELERATOR = "JAXNN_AS_ACCELERATOR"

CPU_DEVICES = "jax_num_cpu_devices"
PRECISION = "jax_default_matmul_precision"

# Grids compile many programs and run each briefly. On the default main job with two cores, the
# first two flags reduce the CPU time from 133 s to 112 s, and steps run as fast. With the third, a
# matrix product is not divided among threads, since each core is a device of its own:
# 784-128-128-10 reaches 0.69 of the peak instead of 0.58. The last is for GPUs: kernels that are
# chosen by timing them differ from run to run, and so do the bytes of the results. On an H100 the
# benchmark's six programs compile in 1.2 s instead of 3.5 s each, and none is more than 2 % slower.
OUR_FLAGS = (
    "--xla_cpu_parallel_codegen_split_count=2 "
    "--xla_cpu_multi_thread_eigen=false "
    "--xla_gpu_autotune_level=0"
)
if not importlib.metadata.entry_points(group="jax_plugins"):  # it is of other backends too
    OUR_FLAGS = f"--xla_backend_optimization_level=1 {OUR_FLAGS}"

# Settings of JAX that a job cannot run under, with the values that it can run under and why.
RUNS_UNDER: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "jax_enable_x64": ((False,), "numbers are float32 here, also where memory is planned"),
    "jax_default_prng_impl": (
        ("threefry2x32",),
        "others draw the numbers of a network by its place in the grid",
    ),
    "jax_debug_nans": ((False,), "a network that diverges is a result, not an error"),
    "jax_debug_infs": ((False,), "a network that diverges is a result, not an error"),
    "jax_disable_jit": ((False,), "a grid is one compiled program"),
    "jax_no_tracing": ((False,), "a grid is traced and compiled"),
    **{
        f"jax_transfer_guard{way}": ((None, "allow", "log"), "data go to the devices and back")
        for way in ("", "_host_to_device", "_device_to_device", "_device_to_host")
    },
}


def use_every_core() -> None:
    """Make each CPU core that this process may use a JAX device, and set XLA's flags.

    Where JAX has made an array before, it keeps the devices that it has.

    Raises:
        UserError: JAX has a setting under which nothing here can run, or XLA does not know a flag
            of XLA_FLAGS.
    """
    check_settings()
    _check_flags(frozenset(os.environ.get("XLA_FLAGS", "").split()) - {*OUR_FLAGS.split()})
    # The user's own flags come last, so they take precedence.
    os.environ["XLA_FLAGS"] = f"{OUR_FLAGS} {os.environ.get('XLA_FLAGS', '')}"
    each_core_a_device()


def each_core_a_device() -> None:
    """Make each CPU core that this process may use a JAX device, where JAX has not started yet."""
    with contextlib.suppress(RuntimeError):
        jax.config.update(CPU_DEVICES, cores())


def check_settings() -> None:
    """Raise a UserError where JAX has a setting under which nothing here can run."""
    for name, (values, why) in RUNS_UNDER.items():
        value = getattr(jax.config, name, values[0])
        if value not in values:
            raise UserError(
                f"{name.upper()}={value}: nothing can run under this setting of JAX, since {why}; "
                "unset it"
            )


@cache
def _check_flags(flags: frozenset[str]) -> None:
    """Let XLA read the user's flags in a process of its own, which one that it refuses ends."""
    if not flags:
        return
    read = "from jaxlib import xla_client; xla_client.CompileOptions()"
    tried = subprocess.run([sys.executable, "-c", read], capture_output=True)
    if tried.returncode and b"flag" in tried.stderr:
        raise UserError(
            f"XLA_FLAGS={os.environ['XLA_FLAGS']}: XLA does not know one of these flags or its "
            "value; correct or unset it"
        )


def cores() -> int:
    """The number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def hardware() -> Hardware:
    """The devices of this process, and what a program may take on each: half of its memory.

    Of a CPU, cores share the memory. With JAXNN_AS_ACCELERATOR=BYTES in the environment, CPU
    devices are taken for accelerators of so much memory: all runs of a chunk at once, and chunks
    that fit.

    Raises:
        UserError: BYTES is not a number above 0, or JAX finds no device.
    """
    try:
        found = Hardware.of()
    except RuntimeError as error:  # such as JAX_PLATFORMS=cuda without one
        raise UserError(f"JAX finds no device to run on: {str(error).splitlines()[0]}") from None
    if pretended := os.environ.get(AS_ACCELERATOR):
        return found._replace(memory=_bytes(pretended) / 2, accelerator=True)
    if found.accelerator:
        return found
    return found._replace(memory=limits.memory() / 2 / len(found.devices))


def _bytes(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UserError(
            f"{AS_ACCELERATOR}={text}: give each device's memory in bytes, such as 2e6, or unset it"
        )
    return found


def use_precision(name: str) -> None:
    """Compute matrix products of float32 numbers in this precision; "default" leaves it as it is.

    Args:
        name: a value of JAX's option jax_default_matmul_precision: default, high, highest, or an
            algorithm such as TF32_TF32_F32. A CPU computes in float32 whatever is asked for, where
            it does not refuse it.

    Raises:
        UserError: there is no such precision, or the device does not have it.
    """
    if name == "default":
        return
    try:
        jax.config.update(PRECISION, name)
        product_bits()
    except ValueError as error:
        jax.config.update(PRECISION, None)
        raise UserError(
            f"--precision {name}: {str(error).splitlines()[0].rstrip('.')}; give default, high, "
            "highest or the name of an algorithm, such as BF16_BF16_F32"
        ) from None


def product_bits() -> int:
    """How many significant bits of a number a matrix product uses on this device, measured.

    Returns:
        24 for float32, 11 for TF32, 8 for bfloat16.

    Example:
        >>> product_bits()
        24
    """
    numbers = 1 + 0.5 ** np.arange(24, dtype=np.float32)  # 2, and 1 with a bit further on
    a, b = np.zeros((256, 256), np.float32), np.zeros((256, 256), np.float32)
    a[: len(numbers), 0], b[0] = numbers, 1
    found = np.asarray(jax.jit(jnp.dot)(a, b))[: len(numbers), 0]
    return int(np.argmin(np.append(found == numbers, False)))

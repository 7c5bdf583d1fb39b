"""How a result was made, and the hash of what its numbers depend on."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp

import jaxnn
from experiments.lab.engine.devices import OUR_FLAGS, product_bits
from experiments.lab.io import files
from experiments.lab.io.command import program
from experiments.lab.io.text import without_secrets
from experiments.lab.results.code_hash import measuring_code

# Of JAX and of what compiles for it, all that can change a number; the versions have more of them.
SETTINGS = (
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_enable_x64",
    "jax_random_seed_offset",
    "jax_softmax_custom_jvp",
    "jax_threefry_partitionable",
)
ENVIRONMENT = ("LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE")
LIBRARIES = ("jax", "jaxlib", "optax", "numpy", "scipy", "scikit-learn")
_SAID: ContextVar[str | None] = ContextVar("what is asked for in place of a command", default=None)


def versions(*others: str) -> dict[str, str]:
    """Versions of what the numbers depend on, where installed."""
    found = {"jaxnn": jaxnn.__version__}  # its distribution has another name
    for name in (*LIBRARIES, *others):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def provenance() -> dict[str, Any]:
    """How a result was made: command, versions, device, precision and JAX's settings."""
    devices = jax.devices()
    return {
        "command": command(),
        "python": platform.python_version(),
        "versions": versions(),
        "devices": [f"{device.platform} {device.device_kind} {device.id}" for device in devices],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "precision": {
            "dtype": str(jnp.result_type(float)),
            "matmul": precision() or "backend's default",
            "matmul_bits": product_bits(),
        },
        "jax": settings(),
    }


def settings() -> dict[str, Any]:
    """The settings of JAX and the flags of XLA that can change a number.

    Example:
        >>> settings()["jax_threefry_partitionable"]
        True
    """
    found = {name: getattr(jax.config, name, None) for name in SETTINGS}
    found |= {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Of each flag the last counts; those that every job sets are part of the code.
    flags = os.environ.get("XLA_FLAGS", "").split()
    last = {flag.partition("=")[0]: flag for flag in flags}
    return found | {"XLA_FLAGS": sorted(set(last.values()) - set(OUR_FLAGS.split()))}


def precision() -> str | None:
    """Of matrix products, as asked for by a flag or JAX_DEFAULT_MATMUL_PRECISION; None: default."""
    config: Any = jax.config  # its type lacks the options, which are attributes
    return config.jax_default_matmul_precision


def command() -> str:
    """The command that this process was started with, without the secrets of URLs.

    Within ``called``, the call.
    """
    if said := _SAID.get():
        return said
    return f"{program()} {shlex.join(map(without_secrets, sys.argv[1:]))}".rstrip()


@contextlib.contextmanager
def called(call: str) -> Iterator[None]:
    """What is done here was asked for by a call in another program, and not by its command."""
    before = _SAID.set(call)
    try:
        yield
    finally:
        _SAID.reset(before)


def fingerprint(configuration: Mapping[str, Any], data_sha256: str, code: str | None = None) -> str:
    """The hash of what a run's numbers depend on.

    Configuration, data, code, library versions, and the settings of JAX.

    Args:
        configuration: the values of the flags that the numbers depend on, by name.
        data_sha256: the hash of the data; "" where the code and the configuration determine them.
        code: the hash of the code that the numbers come from, which `code_hash.measuring_code`
            gives for the functions that make them; by default of jaxnn, lab/engine and lab/data.

    Returns:
        16 hexadecimal digits.
    """
    what = {
        "configuration": files.plain(configuration),
        "data": data_sha256,
        "code": measuring_code() if code is None else code,
        "versions": {name: each for name, each in versions().items() if name != "jaxnn"},
        "jax": settings(),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]

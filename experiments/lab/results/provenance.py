"""How a result was made."""

import importlib.metadata
import os
import platform
import shlex
import sys
from typing import Any

import jax

import jaxnn
from experiments.lab.io.command import program

LIBRARIES = ("jax", "jaxlib", "optax", "numpy", "scipy", "scikit-learn")


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
    """How a result was made: command, versions, device and precision."""
    devices = jax.devices()
    return {
        "command": command(),
        "python": platform.python_version(),
        "versions": versions(),
        "devices": [f"{device.platform} {device.device_kind} {device.id}" for device in devices],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "precision": {
            "dtype": "float32",
            "matmul": jax.config.jax_default_matmul_precision or "backend's default",
        },
    }


def command() -> str:
    """The command that this process was started with."""
    return f"{program()} {shlex.join(sys.argv[1:])}".rstrip()

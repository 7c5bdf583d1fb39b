"""Compiled programs kept between runs, only for this user, these versions and this CPU."""

import hashlib
import importlib.metadata
import os
import platform
import stat
from pathlib import Path

import jax

import jaxnn

MOST_BYTES = 1 << 29  # of the folder; the programs that were used longest ago are deleted first
OPTIONS = {
    "jax_compilation_cache_dir": None,  # the folder
    "jax_compilation_cache_max_size": MOST_BYTES,
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


def use_compile_cache() -> Path | None:
    """Keep compiled programs in the user's cache folder.

    A cached program is machine code that will be run. So the folder is made with mode 0700, and it
    is not used if it belongs to someone else or others may write to it; programs are then compiled
    each time.

    Returns:
        The folder, or None where there is none to use.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    folder = home / "jaxnn" / _key()
    try:
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = made.stat()
            if hasattr(os, "getuid") and (
                found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            ):
                return None
    except OSError:
        return None
    for name, value in OPTIONS.items():
        jax.config.update(name, str(folder) if value is None else value)
    return folder


def _key() -> str:
    """A hash of the versions and the CPU, since machine code may not run on another CPU."""
    try:
        cpu = "".join(
            sorted(
                {
                    line
                    for line in Path("/proc/cpuinfo").read_text().splitlines()
                    if line.startswith(("model name", "flags"))
                }
            )
        )
    except OSError:
        cpu = platform.processor()
    versions = [jaxnn.__version__, *map(importlib.metadata.version, ("jax", "jaxlib"))]
    return hashlib.sha256("\n".join([*versions, platform.machine(), cpu]).encode()).hexdigest()[:16]

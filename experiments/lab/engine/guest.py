"""Train within another program: afterwards its settings of JAX are what they were."""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from experiments.lab.engine.compile_cache import OPTIONS, use_compile_cache
from experiments.lab.engine.devices import (
    PRECISION,
    RUNS_UNDER,
    check_settings,
    each_core_a_device,
    hardware,
)

CHANGED = (*RUNS_UNDER, *OPTIONS, PRECISION)


@contextlib.contextmanager
def guest(*, cached: bool = True) -> Iterator[None]:
    """Meanwhile JAX has the settings that a grid needs.

    One thing stays, since JAX cannot change it: where it has not started yet and nobody has said
    how many CPU devices it has, it starts with one for each core. XLA's flags, which would hold for
    all that the program compiles later, are left alone.

    Args:
        cached: keep compiled programs in the user's cache folder, unless JAX has another.

    Raises:
        UserError: JAX has a setting under which nothing here can run and that cannot be changed, or
            no device.
    """
    config: Any = jax.config
    before = {name: getattr(config, name) for name in CHANGED if hasattr(config, name)}
    try:
        for name, (values, _) in RUNS_UNDER.items():
            if getattr(config, name, values[0]) not in values:
                config.update(name, values[0])
        check_settings()
        if config.jax_num_cpu_devices < 0:
            each_core_a_device()
        hardware()
        if cached and not config.jax_compilation_cache_dir:
            use_compile_cache()
            compilation_cache.reset_cache()  # JAX looks only once whether there is one
        yield
    finally:
        cache = config.jax_compilation_cache_dir
        for name, value in before.items():
            if getattr(config, name) != value:
                config.update(name, value)
        if config.jax_compilation_cache_dir != cache:
            compilation_cache.reset_cache()

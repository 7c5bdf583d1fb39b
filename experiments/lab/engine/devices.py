"""The devices of this machine, used without being asked; before JAX makes its first array."""

import os

import jax

# Grids compile many programs and run each briefly. Measured on the default main job, two cores: the first two take the CPU time
# from 133 s to 112 s, and the steps run as fast. The third: each core is a device of its own, so a product of matrices need not
# be cut up among threads once more; 784-128-128-10 reaches .69 of the peak instead of .58.
COMPILE_SOON = "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=2 --xla_cpu_multi_thread_eigen=false"


def use_every_core() -> None:
    """One JAX device for each CPU core this process may use, and programs that compile soon."""
    os.environ["XLA_FLAGS"] = (
        f"{COMPILE_SOON} {os.environ.get('XLA_FLAGS', '')}"  # the user's own come last and win
    )
    jax.config.update("jax_num_cpu_devices", cores())


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory(device: jax.Device) -> float:
    """Bytes that a program may take of a device: half of what it has.

    Of a CPU it is half of what all its cores share; infinite where that is not known.
    """
    if device.platform != "cpu":
        return (device.memory_stats() or {}).get("bytes_limit", float("inf")) / 2
    if not hasattr(os, "sysconf"):
        return float("inf")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2

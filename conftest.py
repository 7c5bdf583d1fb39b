"""Strictness for every test and doctest: nothing is promoted, reused or warned about in silence."""

import os

# The suite compiles thousands of small programs and runs each once.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=1"

import jax  # noqa: E402

jax.config.update("jax_num_cpu_devices", 2)  # sharding is tested everywhere, on any machine
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_debug_key_reuse", True)

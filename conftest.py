"""Strictness for every test and doctest: nothing is promoted, reused or warned about in silence."""

import jax

jax.config.update("jax_num_cpu_devices", 2)  # sharding is tested everywhere, on any machine
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_debug_key_reuse", True)

"""Strictness for every test and doctest: no silent promotion, reuse of keys or warning."""

import os
import shutil
import subprocess
import sys
import tempfile

# The suite compiles thousands of small programs and runs each once. XLA aborts on a flag that it
# does not know, so the newer one, which saves a third of the time, is tried first in a process of
# its own; workers inherit what the controller has found.
FLAGS = (
    "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true "
    "--xla_cpu_parallel_codegen_split_count=1"
)
NEWER = "--xla_cpu_use_fusion_emitters=false"
if "PYTEST_XDIST_WORKER" not in os.environ:
    tried = subprocess.run(
        [sys.executable, "-c", "import jax; jax.devices()"],
        env=os.environ | {"XLA_FLAGS": NEWER},
        capture_output=True,
    )
    os.environ["XLA_FLAGS"] = FLAGS if tried.returncode else f"{FLAGS} {NEWER}"

# Tests and workers share what they compile, and neither read nor fill the user's cache; workers
# inherit the controller's folder.
CACHE = os.environ.setdefault("JAXNN_TESTS_CACHE", tempfile.mkdtemp(prefix="jaxnn-tests-"))
os.environ["XDG_CACHE_HOME"] = CACHE

import jax  # noqa: E402

jax.config.update("jax_num_cpu_devices", 2)  # sharding is tested everywhere, on any machine
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_debug_key_reuse", True)
jax.config.update("jax_compilation_cache_dir", os.path.join(CACHE, "xla"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


collect_ignore_glob = ["experiments/benchmark/peers/*"]  # their libraries may not be installed


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):  # the controller is the last to leave
        shutil.rmtree(CACHE, ignore_errors=True)

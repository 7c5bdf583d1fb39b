"""Flags are read before anything is imported that takes long."""

import json
import subprocess
import sys

import pytest

HEAVY = ("jax", "pandas", "scipy", "sklearn", "matplotlib", "plotly", "optax")

# What `python -m MODULE FLAGS` does, and then the names of what it has imported.
SAY = """
import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as stop:
    code = stop.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def imported(code, *words):
    found = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["activations", "predict", "find_rate", "benchmark"])
@pytest.mark.parametrize(("flag", "code"), [("--help", 0), ("--no-such-flag", 2)])
def test_help_and_wrong_flags_are_answered_before_anything_heavy_is_imported(name, flag, code):
    found, modules = imported(SAY, f"experiments.{name}", flag)
    assert (found or 0) == code
    assert set(HEAVY) & set(modules) == set()


@pytest.mark.slow
def test_a_job_imports_matplotlib_only_for_figures():
    modules = "sorted({name.partition('.')[0] for name in sys.modules})"
    found = imported(f"import json, sys, experiments.lab.job; print(json.dumps({modules}))")
    assert {"jax", "sklearn"} <= set(found)
    assert "matplotlib" not in found

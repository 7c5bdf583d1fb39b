"""The rules of the house: jaxnn/ is pure, rooms are small, and there is one training loop."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE = sorted((ROOT / "jaxnn").rglob("*.py"))
ALLOWED = {"jax", "jaxlib", "optax", "chex", "numpy", "jaxnn"}
# The modules of the standard library that reach the world: files, clock, screen, network,
# environment, other processes.
WORLD = {
    "io",
    "os",
    "sys",
    "pathlib",
    "time",
    "datetime",
    "socket",
    "urllib",
    "http",
    "subprocess",
    "random",
    "secrets",
    "threading",
    "multiprocessing",
    "logging",
    "shutil",
    "tempfile",
    "pickle",
}
WORLDLY_CALLS = {"open", "print", "input", "exec", "eval"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "jaxnn").split(".")[0]


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_jaxnn_is_pure(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(imported(tree))
    assert names - ALLOWED - (set(sys.stdlib_module_names) - WORLD) == set()
    calls = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls & WORLDLY_CALLS == set()


@pytest.mark.parametrize(
    "path",
    [*PURE, *sorted((ROOT / "experiments").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_rooms_are_small(path):
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}
    # Statements, not lines, so that long lines do not pay.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) <= 250


def names_imported(path):
    """Every module and name that a file imports, in dotted form."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


CONCLUDES = (
    "findings",
    "figure",
    "rules",
)  # and everything that begins so; the rest of a folder measures
MEASURING = [
    path
    for folder in sorted((ROOT / "experiments").glob("*/findings.py"))
    for path in sorted(folder.parent.rglob("*.py"))
    if not path.stem.startswith((*CONCLUDES, "__"))
]


@pytest.mark.parametrize("path", MEASURING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_measures_does_not_depend_on_what_concludes(path):
    # So that a changed rule or figure can conclude again from what was measured.
    own = f"experiments.{path.relative_to(ROOT / 'experiments').parts[0]}."
    inside = (name.removeprefix(own) for name in names_imported(path) if name.startswith(own))
    assert [name for name in inside if name.startswith(CONCLUDES)] == []


def test_there_is_one_training_loop():
    """Nothing trains a program's runs but the library's loop, which all else goes through."""
    callers = {
        str(path.relative_to(ROOT))
        for path in [*PURE, *sorted((ROOT / "experiments").rglob("*.py"))]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("segment", "segments")
    }
    # sweep makes one function of many runs of it, and trains none; grid_training traces one
    # segment, to see which hyperparameters are read; variants passes on to one training of many.
    assert callers == {
        "jaxnn/segments.py",
        "jaxnn/sweep.py",
        "jaxnn/grid_training.py",
        "jaxnn/variants.py",
    }

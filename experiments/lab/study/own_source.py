"""The files that a module of the user's consists of: its own, and those of what it imports."""

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import jaxnn

ELSEWHERE = {"site-packages", "dist-packages"}


def files_of(modules: Iterable[str]) -> list[Path]:
    """The files of these modules and of the user's own that they import, also within functions.

    What is installed, and what comes with Python, has its version instead.

    Args:
        modules: their names; they can be imported.
    """
    named = [name for name in modules if _file(name)]
    found, due = dict.fromkeys(named), named
    while due:
        name = due.pop(0)
        if not _installed(_file(name)):
            new = [each for each in _imported(name) if each not in found and _file(each)]
            new = [each for each in dict.fromkeys(new) if not _installed(_file(each))]
            found |= dict.fromkeys(new)
            due = [*due, *new]
    others = sorted(set(found) - set(named))
    return list(dict.fromkeys(_file(name) for name in (*named, *others)))


def _file(name: str) -> Path | None:
    """Of a module, whether it has been imported or not."""
    if loaded := getattr(sys.modules.get(name), "__file__", None):
        return Path(loaded)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # of what is imported in a branch not taken
        return None
    return Path(spec.origin) if spec and spec.has_location else None


@cache
def _installed(file: Path) -> bool:
    """Whether a file comes with Python or a package, or is of this project."""
    ours = Path(jaxnn.__file__).parent, Path(__file__).parents[2]
    python = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    inside = any(file.is_relative_to(root) for root in [*ours, *python])
    return inside or not ELSEWHERE.isdisjoint(file.parts)


def _imported(name: str) -> Iterator[str]:
    """The modules that a module imports, and the packages that they are in."""
    file = _file(name)
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # of a compiled module, for instance
        return
    for node in ast.walk(tree):
        paths = []
        if isinstance(node, ast.Import):
            paths = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            paths = [f"{origin}.{each.name}" for each in node.names]  # a name may be a module too
        for path in paths:
            parts = path.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))

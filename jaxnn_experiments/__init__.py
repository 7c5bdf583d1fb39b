"""The experiments as a library: `from jaxnn_experiments import compare`.

    compare               activation × learning rate × seed on arrays or a table, judged
    GridMLPClassifier,    scikit-learn estimators that choose an activation and a learning rate,
    GridMLPRegressor      and predict with an ensemble

In a checkout and in an installed wheel alike; what they need is imported when they are first used.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

__all__ = ["GridMLPClassifier", "GridMLPRegressor", "compare"]

NAME = "experiments"  # by which its modules import each other


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    _find_experiments()
    return getattr(importlib.import_module(f"{NAME}.lab.api"), name)


def _find_experiments() -> None:
    """Import the experiments: those of a wheel are in this folder, those of a checkout beside it.

    Nothing is put on Python's path, where other modules of the user's might be hidden by it.
    """
    here = Path(__file__).resolve().parent
    folder = next(path / NAME for path in (here, here.parent) if (path / NAME).is_dir())
    if known := sys.modules.get(NAME):
        other = next(iter(known.__path__), "")
        if Path(other).resolve() != folder:
            raise ImportError(
                f"another package called {NAME} is loaded, from {other}; rename it, or use "
                f"{__name__} in another process"
            )
        return
    spec = importlib.util.spec_from_file_location(NAME, folder / "__init__.py")
    sys.modules[NAME] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

"""Files written whole or not at all."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd  # what is not needed to write other files is not imported for them


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, also where the process is killed.

    Args:
        path: the file; another one there is replaced.
        text: written as UTF-8.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also where the process is killed.

    Args:
        path: the file; another one there is replaced.
        content: all of it.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all.

    Args:
        path: the file; another one there is replaced.
        value: made plain by ``plain``.
    """
    write_text(path, json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a CSV file, whole or not at all.

    Args:
        path: the file; another one there is replaced.
        table: written without its index; numbers have seven digits, which is all float32 has.
    """
    write_text(path, table.to_csv(index=False, float_format="%.7g", lineterminator="\n"))


def plain(value: Any) -> Any:
    """A value in the types that JSON has.

    Args:
        value: mappings, sequences, arrays, numbers, text, paths, bools and None, nested.

    Returns:
        Mappings as dictionaries by text, sequences and arrays as lists, paths as text; None for a
        number that is not finite, since JSON has none.

    Example:
        >>> plain({1: np.array([0.5, np.nan]), "at": Path("runs")})
        {'1': [0.5, None], 'at': 'runs'}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value

"""What an experiment has measured, kept apart from what is concluded from it.

One file of named arrays, which says how it was made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.io.files import plain
from experiments.lab.results.folder import CHECKSUM, checksum, read_arrays, write_arrays

FILE = "measured.safetensors"
DERIVED_FILE = "derived.safetensors"  # what takes long to work out from it, and is small
_MADE, _SECONDS = "made", "seconds"  # the file's metadata, as JSON

Arrays = Mapping[str, np.ndarray]
Found = Mapping[str, Arrays]


@dataclass(frozen=True)
class Measurement:
    """What the parts of an experiment have found.

    Args:
        found: part -> name -> array, in the order in which the parts were measured.
        seconds: part -> the time that it took.
        made: how it was made: its fingerprint, the hash of the code, configuration, command,
            versions, device and date.

    Example:
        >>> import tempfile
        >>> arrays, made = {"first": {"x": np.arange(3)}}, {"fingerprint": "4b"}
        >>> written = Measurement(arrays, {"first": 0.5}, made)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written.write(Path(folder) / FILE)
        ...     same = read(Path(folder) / FILE)
        >>> same.found, same.seconds, same.fingerprint
        ({'first': {'x': array([0, 1, 2])}}, {'first': 0.5}, '4b')
    """

    found: Found
    seconds: Mapping[str, float]
    made: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The hash of all that its numbers depend on."""
        return self.made["fingerprint"]

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for named in self.found.values() for array in named.values())

    def write(self, file: Path) -> None:
        """Write it whole or not at all."""
        arrays = {
            f"{part}/{name}": array
            for part, named in self.found.items()
            for name, array in named.items()
        }
        made = {_MADE: self.made, _SECONDS: self.seconds, CHECKSUM: checksum(arrays)}
        # One entry, since safetensors writes several in no fixed order.
        write_arrays(file, arrays, {"measurement": json.dumps(plain(made), ensure_ascii=False)})


def read(file: Path) -> Measurement | None:
    """The measurement in a file; None where there is none, or it is damaged or cannot be read."""
    try:
        arrays, said = read_arrays(file)
        about = json.loads(said["measurement"])
        if about.get(CHECKSUM, None) not in (None, checksum(arrays)):  # earlier files have none
            return None
        found: dict[str, dict[str, np.ndarray]] = {part: {} for part in about[_SECONDS]}
        for key, array in arrays.items():
            part, _, name = key.rpartition("/")
            found[part][name] = array
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None
    return Measurement(found, about[_SECONDS], about[_MADE])

"""A folder of results: plain files, written whole or not at all, that say how they were made."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io import files
from experiments.lab.io.errors import UserError
from experiments.lab.results import ownership
from experiments.lab.results.provenance import command

CHECKSUM = "sha256"


class RunFolder:
    """One experiment's folder, which no other process uses until it is left: a context manager.

    Attributes:
        steps: updates of the networks whose outcomes are kept and found; 0 where only one length is
            ever trained.

    What runs with another fingerprint have left, finished or not, is moved aside, never
    overwritten. What an interrupted run with the same fingerprint has finished is kept in
    ``unfinished/`` and not run again; a part of it that is damaged is set aside and run again.
    """

    def __init__(self, path: Path, fingerprint: str, part: str = "all"):
        """Open or make the folder.

        Args:
            path: of the folder.
            fingerprint: of what is run.
            part: the slice that this process runs; other slices may be run at the same time.

        Raises:
            UserError: the folder cannot be made or written to, or another process uses it; or the
                command has a name that files cannot hold.
        """
        self.path, self.fingerprint, self.steps = path, fingerprint, 0
        with files.only_utf8():
            f"{path} {command()}".encode()
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock, moved = ownership.claim(path, fingerprint, part)
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"--out {path}: the folder cannot be made ({files.reason(error)}); choose another"
            ) from None
        self._news = [moved] if moved else []

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        ownership.leave(self.path, self._lock)

    @property
    def _parts(self) -> Path:
        return self.path / ownership.UNFINISHED / self.fingerprint

    def news(self) -> list[str]:
        """What has been moved or set aside since this was last asked, a sentence each."""
        said, self._news = self._news, []
        return said

    def keep(self, number: int, outcome: Outcome, part: str = "all") -> None:
        """Keep what one program has found so far, in case the run is interrupted.

        part names the slice of its runs.
        """
        self.keep_arrays(f"{self.steps}.{number}.{part}", outcome.flat())

    def kept(self, part: str = "all") -> dict[int, Outcome]:
        """What earlier runs with the same fingerprint have left, by the number of their structure.

        Of all slices what is finished, and of this one also how far it is.
        """
        outcomes: dict[int, Outcome] = {}
        found = self.kept_arrays(f"{self.steps}.*")
        for name in sorted(found, key=lambda name: name.split(".")[2] != part):  # its own first
            _, number, whose = name.split(".")
            outcome = Outcome.of(found[name])
            if whose == part:
                outcomes[int(number)] = outcome
            else:
                empty = Outcome.empty(outcome.steps, outcome.done.shape)
                outcomes.setdefault(int(number), empty).join(outcome)
        return outcomes

    def keep_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep named arrays in case the run is interrupted."""
        self._parts.mkdir(parents=True, exist_ok=True)
        said = {CHECKSUM: self._checksum(name, arrays)}
        write_arrays(self._parts / f"{name}.safetensors", arrays, said)

    def kept_arrays(self, names: str = "*") -> dict[str, dict[str, np.ndarray]]:
        """The arrays that an interrupted run with the same fingerprint has left, by name.

        Args:
            names: a pattern that they match.
        """
        found = {}
        for file in sorted(self._parts.glob(f"{names}.safetensors")):
            try:
                arrays, said = read_arrays(file)
                if said.get(CHECKSUM) != self._checksum(file.stem, arrays):
                    raise ValueError
            except (OSError, ValueError):
                self._set_aside(file)
            else:
                found[file.stem] = arrays
        return found

    def finish(self) -> None:
        """The results are whole: the kept parts are not needed any more."""
        shutil.rmtree(self._parts)
        if not any(self._parts.parent.iterdir()):
            self._parts.parent.rmdir()

    def _checksum(self, name: str, arrays: Mapping[str, np.ndarray]) -> str:
        """Of arrays, and of whose they are, so that a file of another run is noticed too."""
        return checksum(arrays, f"{self.fingerprint}/{name}")

    def _set_aside(self, file: Path) -> None:
        """A kept part that is damaged, where the results are, which ``finish`` leaves."""
        aside = self.path / f"{file.name}.damaged"
        try:
            os.replace(file, aside)
        except OSError as error:
            raise UserError(
                f"{file}: this part of an interrupted run is damaged, and it cannot be moved "
                f"({files.reason(error)}); delete it"
            ) from None
        self._news.append(
            f"{file.name}, a part that an interrupted run has left, is damaged: it is trained "
            f"again, and the file is now {aside}"
        )


class Nowhere(RunFolder):
    """In place of a folder: nothing is kept, and nothing is found."""

    def __init__(self) -> None:
        """Of no path."""
        self.steps = 0

    def __exit__(self, *_: object) -> None:
        pass

    def news(self) -> list[str]:
        """None."""
        return []

    def keep(self, number: int, outcome: Outcome, part: str = "all") -> None:
        """Do nothing."""

    def kept(self, part: str = "all") -> dict[int, Outcome]:
        """None."""
        return {}

    def keep_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Do nothing."""

    def kept_arrays(self, names: str = "*") -> dict[str, dict[str, np.ndarray]]:
        """None."""
        return {}


def checksum(arrays: Mapping[str, np.ndarray], whose: str = "") -> str:
    """A hash of named arrays, with their dtypes and shapes.

    Example:
        >>> checksum({"x": np.zeros(2)}) == checksum({"x": np.zeros((2, 1))})
        False
    """
    digest = hashlib.sha256(whose.encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_arrays(
    file: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """A safetensors file of named arrays and texts, written whole or not at all.

    Raises:
        UserError: it cannot be written.
    """
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    files.write_bytes(file, save(plain, None if metadata is None else dict(metadata)))


def read_arrays(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and texts of a safetensors file, by name.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file, or it is damaged.
    """
    try:
        with safe_open(file, "numpy") as opened:
            # opened is no dictionary
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return arrays, opened.metadata() or {}
    except (SafetensorError, TypeError, KeyError, UnicodeError, OverflowError) as error:
        raise ValueError(str(error)) from None

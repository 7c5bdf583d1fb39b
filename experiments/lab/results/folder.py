"""A folder of results: plain files, written whole or not at all, that say how they were made."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io.errors import UserError


class RunFolder:
    """One experiment's folder.

    Attributes:
        steps: updates of the networks whose outcomes are kept and found; 0 where only one length is
            ever trained.

    A finished run with another fingerprint is moved aside, never overwritten. What an interrupted
    run with the same fingerprint has finished is kept in ``unfinished/`` and not run again.
    """

    def __init__(self, path: Path, fingerprint: str):
        """Open or make the folder.

        Raises:
            UserError: the folder cannot be made or written to.
        """
        self.path, self.fingerprint, self.steps = path, fingerprint, 0
        self.moved_to = None
        try:
            earlier = path / "config.json"
            if earlier.is_file() and _fingerprint_of(earlier) != fingerprint:
                self.moved_to = next(
                    aside
                    for n in range(1, 10**6)
                    if not (aside := path.with_name(f"{path.name}.{n}")).exists()
                )
                path.rename(self.moved_to)
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"--out {path}: the folder cannot be made ({error.strerror}); choose another"
            ) from None

    @property
    def _parts(self) -> Path:
        return self.path / "unfinished" / self.fingerprint

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
        own_first = sorted(
            self._parts.glob(f"{self.steps}.*.safetensors"),
            key=lambda file: file.name.split(".")[2] != part,
        )
        for file in own_first:
            _, number, whose, _ = file.name.split(".")
            found = Outcome.of(load_file(file))
            if whose == part:
                outcomes[int(number)] = found
            else:
                outcomes.setdefault(int(number), Outcome.empty(found.steps, found.done.shape)).join(
                    found
                )
        return outcomes

    def keep_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep named arrays in case the run is interrupted."""
        self._parts.mkdir(parents=True, exist_ok=True)
        write_arrays(self._parts / f"{name}.safetensors", arrays)

    def kept_arrays(self) -> dict[str, dict[str, np.ndarray]]:
        """The arrays that an interrupted run with the same fingerprint has left, by name."""
        return {file.stem: load_file(file) for file in sorted(self._parts.glob("*.safetensors"))}

    def finish(self) -> None:
        """The results are whole: the kept parts are not needed any more."""
        shutil.rmtree(self.path / "unfinished")


def write_arrays(
    file: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """A safetensors file of named arrays and texts, written whole or not at all."""
    temporary = file.with_suffix(".tmp")
    save_file(
        {name: np.asarray(array, order="C") for name, array in arrays.items()},
        temporary,
        None if metadata is None else dict(metadata),
    )
    os.replace(temporary, file)


def _fingerprint_of(config: Path) -> str | None:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("fingerprint")
    except (OSError, ValueError, AttributeError):
        return None

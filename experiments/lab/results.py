"""Where results live: a folder of plain files, written whole or not at all, that says how it was made."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from experiments.lab import files
from experiments.lab.errors import UserError
from experiments.lab.provenance import versions
from experiments.lab.runner import Outcome


class RunFolder:
    """One experiment's folder.

    A finished run of another configuration that lies there is moved aside, never overwritten. Programs finished by an
    interrupted run of the same configuration are kept in ``unfinished/`` and not run again.
    """

    def __init__(self, path: Path, fingerprint: str):
        """Open or make the folder.

        Raises:
            UserError: the folder cannot be made or written to.
        """
        self.path, self.fingerprint = path, fingerprint
        self.moved_to = None
        try:
            earlier = path / "config.json"
            if earlier.is_file() and _fingerprint_of(earlier) != fingerprint:
                self.moved_to = next(aside for n in range(1, 10**6) if not (aside := path.with_name(f"{path.name}.{n}")).exists())
                path.rename(self.moved_to)
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--out {path}: the folder cannot be made ({error.strerror}); choose another") from None

    @property
    def _parts(self) -> Path:
        return self.path / "unfinished" / self.fingerprint

    def keep(self, number: int, outcome: Outcome) -> None:
        """Keep one program's outcome in case the run is interrupted."""
        flat = {"steps": outcome.steps, "diverged_step": outcome.diverged_step,
                "seconds": np.array([outcome.compile_seconds, outcome.run_seconds]),
                **{f"curves/{name}": values for name, values in outcome.curves.items()},
                **{f"test/{name}": values for name, values in outcome.test.items()}}
        part = self._parts / f"{number}.npz"
        temporary = part.with_suffix(".tmp")
        with temporary.open("wb") as file:
            np.savez(file, **flat)
        os.replace(temporary, part)

    def kept(self) -> dict[int, Outcome]:
        """Outcomes that an interrupted run of the same configuration has left, by the number of their structure."""
        outcomes = {}
        for part in self._parts.glob("*.npz"):
            with np.load(part, allow_pickle=False) as flat:
                groups = {group: {name.split("/")[1]: flat[name] for name in flat.files if name.startswith(f"{group}/")}
                          for group in ("curves", "test")}
                outcomes[int(part.stem)] = Outcome(flat["steps"], groups["curves"], groups["test"], flat["diverged_step"],
                                                   *map(float, flat["seconds"]))
        return outcomes

    def write_text(self, name: str, text: str) -> None:
        """Write a file whole or not at all."""
        files.write_text(self.path / name, text)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """A CSV file; seven digits, which is all that float32 holds."""
        self.write_text(name, table.to_csv(index=False, float_format="%.7g", lineterminator="\n"))

    def write_json(self, name: str, value: Any) -> None:
        """A JSON file; a number that is not finite is null, since JSON has none."""
        files.write_json(self.path / name, value)

    def finish(self) -> None:
        """The results are whole: the kept parts are not needed any more."""
        shutil.rmtree(self.path / "unfinished")


def fingerprint(configuration: Mapping[str, Any], data_sha256: str) -> str:
    """What a run's numbers depend on: configuration, data, versions and devices."""
    what = {"configuration": files.plain(configuration), "data": data_sha256, **versions(), "devices": len(jax.devices())}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _fingerprint_of(config: Path) -> str | None:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("fingerprint")
    except (OSError, ValueError, AttributeError):
        return None

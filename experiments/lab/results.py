"""Where results live: a folder of plain files, written whole or not at all, that says how it was made."""

import hashlib
import importlib.metadata
import json
import math
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from experiments.lab.cli import UserError
from experiments.lab.outcome import Outcome


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

    def keep(self, number: int, outcome: Outcome, part: str = "all") -> None:
        """Keep what one program has found so far, in case the run is interrupted; part names the slice of its runs."""
        self._parts.mkdir(parents=True, exist_ok=True)
        file = self._parts / f"{number}.{part}.safetensors"
        temporary = file.with_suffix(".tmp")
        save_file(outcome.flat(), temporary)
        os.replace(temporary, file)

    def kept(self, part: str = "all") -> dict[int, Outcome]:
        """What earlier runs of the same configuration have left, by the number of their structure: of all slices what is
        finished, and of this one also where it stands."""
        outcomes: dict[int, Outcome] = {}
        own_first = sorted(self._parts.glob("*.safetensors"), key=lambda file: file.name.split(".")[1] != part)
        for file in own_first:
            number, whose, _ = file.name.split(".")
            found = Outcome.of(load_file(file))
            if whose == part:
                outcomes[int(number)] = found
            else:
                outcomes.setdefault(int(number), Outcome.empty(found.steps, found.done.shape)).join(found)
        return outcomes

    def write_text(self, name: str, text: str) -> None:
        """Write a file whole or not at all."""
        temporary = self.path / f"{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.path / name)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """A CSV file; seven digits, which is all that float32 holds."""
        self.write_text(name, table.to_csv(index=False, float_format="%.7g", lineterminator="\n"))

    def write_json(self, name: str, value: Any) -> None:
        """A JSON file; a number that is not finite is null, since JSON has none."""
        self.write_text(name, json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False) + "\n")

    def finish(self) -> None:
        """The results are whole: the kept parts are not needed any more."""
        shutil.rmtree(self.path / "unfinished")


def fingerprint(configuration: Mapping[str, Any], data_sha256: str) -> str:
    """What a run's numbers depend on: configuration, data and versions."""
    what = {"configuration": _plain(configuration), "data": data_sha256, **versions()}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {name: importlib.metadata.version(name) for name in ("jaxnn", "jax", "jaxlib", "optax", "numpy", "scikit-learn")}


def provenance() -> dict[str, Any]:
    """How a result was made: command, versions, device and precision."""
    devices = jax.devices()
    return {"command": command(), "python": platform.python_version(), "versions": versions(),
            "devices": [f"{device.platform} {device.device_kind} {device.id}" for device in devices],
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "precision": {"dtype": "float32", "matmul": jax.config.jax_default_matmul_precision or "backend's default"}}


def command() -> str:
    """The command that this process was started with."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    start = ["python", "-m", module.name] if module else ["python", sys.argv[0]]
    return shlex.join([*start, *sys.argv[1:]])


def _fingerprint_of(config: Path) -> str | None:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("fingerprint")
    except (OSError, ValueError, AttributeError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value

"""Files that are damaged, missing or somebody else's."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.helpers.faults.harness import (
    JOB,
    OTHER,
    Fault,
    expect,
    fault,
    killed,
    refused,
    run,
    same,
    trained,
)


@fault("results without config.json")
def without_config(folder: Path) -> str:
    """As where a run was killed while it wrote them."""
    (folder / "r").mkdir()
    (folder / "r" / "results.csv").write_text("of someone")
    said = run([*OTHER, "--out", folder / "r"])
    whole = (folder / "r.1" / "results.csv").read_text() == "of someone"
    expect("moved to" in said and whole, "they are overwritten")
    return "moved to r.1, and said"


def damaged(damage: Callable[[Path], object]) -> Fault:
    """A checkpoint is damaged: it is set aside, said, and trained again."""

    def do(folder: Path) -> str:
        file = killed(JOB, folder / "r")[0]
        damage(file)
        said = run([*JOB, "--out", folder / "r"])
        expect("is damaged: it is trained again" in said, "it is not said")
        expect((folder / "r" / f"{file.name}.damaged").exists(), "it is not set aside")
        same(folder / "r")
        return "set aside, said, and trained again to the same bytes"

    return do


def flipped(file: Path) -> None:
    """One bit in the middle of the numbers."""
    content = bytearray(file.read_bytes())
    content[len(content) * 3 // 4] ^= 16
    file.write_bytes(content)


for what, how in {
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: file.write_bytes(b""),
    "of another program": lambda file: save_file({"x": np.zeros(3)}, file),
    "one bit flipped": flipped,
}.items():
    fault(f"a checkpoint: {what}")(damaged(how))


@fault("model files: a bit flipped, other shapes, deep and foreign JSON")
def model(folder: Path) -> str:
    """Each is refused by predict."""
    said = []
    for name, damage in {
        "model.safetensors": flipped,
        "model.json": lambda file: file.write_text("[" * 10**6),
        "model.json ": lambda file: file.write_text(json.dumps({"architectures": ["Bert"]})),
        "model.json  ": lambda file: file.write_text(file.read_text().replace('": 8', '": 9', 1)),
        "model.safetensors ": lambda file: save_file(
            {name: leaf[..., :1] for name, leaf in load_file(file).items()}, file
        ),
    }.items():
        path = trained(folder)
        damage(path / name.strip())
        said.append(refused([path, "wine"], "predict"))
        shutil.rmtree(path)
    return said[0].replace(str(folder), "")

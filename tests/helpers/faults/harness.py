"""Commands as somebody would start them, in processes of their own, and what must be so."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
SMALL = "--data wine --activation relu tanh --learning-rate 0.01:0.1:2 --seeds 2 --width 8"
SMALL = f"{SMALL} --depth 1 --fixed-grid --single".split()
JOB, OTHER = [*SMALL, "--steps", "2000"], [*SMALL, "--steps", "20"]
LONG = [*SMALL, "--steps", "2000000"]
RESULTS = ("results.csv", "curves.csv", "summary.json")
KILLS = 20
WITHIN = 30.0  # seconds in which a process ends when another one of its job was killed
STARTED: list[subprocess.Popen] = []  # by the present fault
WORK = Path(tempfile.mkdtemp(prefix="jaxnn-faults-"))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

Fault = Callable[[Path], str]  # does it in a new folder, and says what happened
FAULTS: dict[str, Fault] = {}


class NotWellError(Exception):
    """What happened, where that is not well."""


def fault(name: str) -> Callable[[Fault], Fault]:
    """Add one to the table."""
    return lambda do: FAULTS.setdefault(name, do)


def start(
    flags: Sequence[object], module: str = "activations", **options: object
) -> subprocess.Popen:
    """A command that runs beside this."""
    command = [sys.executable, "-m", f"experiments.{module}", *map(str, flags)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    environment = os.environ | {"XDG_CACHE_HOME": str(WORK)} | options.pop("env", {})
    STARTED.append(subprocess.Popen(command, env=environment, text=True, **{"cwd": ROOT} | options))
    return STARTED[-1]


def run(flags: Sequence[object], module: str = "activations", **options: object) -> str:
    """A command that ends well; returns what it prints."""
    process = start(flags, module, **options)
    out, err = process.communicate(timeout=600)
    expect(process.returncode == 0, f"exit code {process.returncode}: {err.strip()[-300:]}")
    return out


def refused(flags: Sequence[object], module: str = "activations", **options: object) -> str:
    """A command that cannot go on; returns the sentence that says so."""
    process = start(flags, module, **options)
    _, err = process.communicate(timeout=600)
    return sentence(process.returncode, err)


def sentence(code: int, said: str) -> str:
    """The one sentence of a process that has ended with an error of the user's."""
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    expect(code == 2 and len(lines) == 1, f"exit code {code}: {said.strip()[-300:]}")
    expect("Traceback" not in said, f"a traceback: {said.strip()[-300:]}")
    return lines[0].removeprefix("error: ")


def expect(is_so: object, otherwise: str) -> None:
    """Raise NotWellError unless it is so."""
    if not is_so:
        raise NotWellError(otherwise)


def kept(folder: Path) -> list[Path]:
    """What unfinished runs have left in a folder."""
    return sorted(folder.glob("unfinished/*/*.safetensors"))


def killed(flags: Sequence[object], folder: Path, files: int = 1) -> list[Path]:
    """Kill a command as soon as it has kept so many files; returns them."""
    process = start([*flags, "--out", folder])
    await_(lambda: len(kept(folder)) >= files, process)
    process.kill()
    process.communicate()
    return kept(folder)


def await_(ready: Callable[[], bool], *processes: subprocess.Popen) -> None:
    """Wait until something is there; not well where the processes end before."""
    while not ready():
        expect(all(each.poll() is None for each in processes), "it ended before it was killed")
        time.sleep(0.02)


def same(folder: Path) -> None:
    """The results are those of an undisturbed run, to the last byte."""
    if not (WORK / "whole").exists():
        run([*JOB, "--out", WORK / "whole"])
    for name in RESULTS:
        ours, theirs = (each / name for each in (folder, WORK / "whole"))
        expect(ours.read_bytes() == theirs.read_bytes(), f"{name} differs from undisturbed")
    expect(not list(folder.glob("**/*.tmp")), "a .tmp is left")


def trained(folder: Path) -> Path:
    """The folder of a finished run, to be damaged."""
    if not (WORK / "whole").exists():
        run([*JOB, "--out", WORK / "whole"])
    return Path(shutil.copytree(WORK / "whole", folder / "r"))

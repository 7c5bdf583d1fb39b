"""Mixed jobs in one process for half an hour: memory, open files and threads stay as they are.

    python -m tests.helpers.soak [--minutes 30]

Each round trains classes and numbers, tables with gaps and arrays, several structures, a model that
predicts, an estimator, a job with a folder that is asked for twice, and asks for what is refused.
After the first rounds, in which programs are compiled, nothing may grow: of memory the median of
the last third of the rounds may be at most a tenth above that of the third before, and of files and
threads not above it at all. It ends with 1 where something grows.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from experiments.lab.api import GridMLPClassifier, compare

SMALL = {"learning_rate": [0.03, 0.3], "seeds": 2, "fixed_grid": True, "progress": False}


class Seen(NamedTuple):
    """Of this process after a round: resident memory in MiB, open files, threads."""

    memory: float
    files: int
    threads: int

    @classmethod
    def now(cls) -> "Seen":
        """As the kernel has it."""
        gc.collect()
        status = dict(
            line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()
        )
        memory, threads = (int(status[name].split()[0]) for name in ("VmRSS", "Threads"))
        return cls(memory / 1024, len(list(Path("/proc/self/fd").iterdir())), threads)


def table(rng: np.random.Generator) -> pd.DataFrame:
    """Prices, with a category and gaps; never twice the same."""
    area = rng.normal(100, 20, 120)
    frame = pd.DataFrame({"area": area, "town": rng.choice(["Uri", "Zug"], 120)})
    frame["price"] = 3 * area + rng.normal(0, 10, 120) + 50 * (frame["town"] == "Zug")
    frame.loc[::17, "area"] = np.nan
    return frame


def jobs(folder: Path, rng: np.random.Generator) -> Iterator[Callable[[], object]]:
    """Of one round."""
    seeds = SMALL | {"steps": int(rng.choice([20, 40]))}  # of further numbers JAX keeps programs
    yield lambda: compare("iris", activation=["relu", "tanh"], **seeds)
    yield lambda: compare(table(rng), target="price", activation="gelu", depth=[1, 2], **seeds)
    yield lambda: compare("wine", activation=["relu", "maxout"], width=8, single=True, **seeds)
    x = rng.normal(size=(90, 4)).astype(np.float32)
    yield lambda: compare(x, x[:, 0] > 0, activation="tanh", **seeds).model.predict(x)
    for _ in range(2):  # the second time it is there
        yield lambda: compare("iris", activation="elu", out=folder, steps=40, **SMALL)
    estimator = GridMLPClassifier(activation="relu", learning_rate=0.01, steps=20)
    yield lambda: estimator.fit(x, x[:, 1] > 0).predict_proba(x)
    yield lambda: refused(activation="rleu", **seeds)
    yield lambda: refused(learning_rate=-1.0, progress=False)


def refused(**flags: object) -> None:
    """Ask for what there is not."""
    try:
        compare("iris", **flags)
    except ValueError:
        return
    raise AssertionError(f"{flags} were not refused")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes, console = parser.parse_args().minutes, Console()
    rng, seen, began = np.random.default_rng(0), [], time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        while time.monotonic() - began < 60 * minutes or len(seen) < 9:
            round_of_jobs = list(jobs(Path(place) / "kept", rng))
            label = f"round {len(seen) + 1}"
            for job in track(round_of_jobs, label, console=console, transient=True):
                job()
            seen.append(Seen.now())
            spent = (time.monotonic() - began) / 60
            last = seen[-1]
            console.print(
                f"{label}, {spent:.1f} min: {last.memory:.0f} MiB, {last.files} open files, "
                f"{last.threads} threads"
            )
    third = len(seen) // 3
    before, after = (
        Seen(*np.median(np.array(part), axis=0)) for part in (seen[third:-third], seen[-third:])
    )
    grows = [
        name
        for name, most in (
            ("memory", 1.1 * before.memory),
            ("files", before.files),
            ("threads", before.threads),
        )
        if getattr(after, name) > most
    ]
    console.print(f"{len(seen)} rounds; what grows: {', '.join(grows) or 'nothing'}")
    return int(bool(grows))


if __name__ == "__main__":
    sys.exit(main())

"""The engine as it was at an earlier commit, as a contestant in a process of its own.

Its files are taken from the git history into a temporary folder. The process imports its engine
from there, calibrates it as it did then, and takes a turn for each line that it is sent.
"""

import atexit
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from experiments.benchmark.workloads import Workload
from experiments.lab.io.errors import UserError

COMMIT = "242c4fc"  # the last one before a grid became one program
NAME = "before"  # among the peers

# What both sides say: first the workload and the seconds of a turn; then "turn" or "check", each
# answered by a line.
_PROCESS = """
import json, sys
from experiments.lab.engine.devices import use_every_core
use_every_core()
import jax
from experiments.benchmark.engine import Engine
from experiments.benchmark.workloads import Workload
answers, sys.stdout = sys.stdout, sys.stderr
asked = json.loads(sys.stdin.readline())
workload = asked["workload"] | {"sizes": tuple(asked["workload"]["sizes"])}
precision = None if asked["precision"] == "default" else asked["precision"]
with jax.default_matmul_precision(precision):
    engine = Engine(Workload(**workload), asked["seconds"])
    found = {"steps": engine.steps, "compile_seconds": engine.compile_seconds}
    print(json.dumps(found), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(getattr(engine, line.strip())()), file=answers, flush=True)
"""


class Before:
    """An earlier engine on a workload; see Rival, whose attributes it has.

    first_seconds: how long its compilation took.
    """

    def __init__(self, folder: Path, precision: str, workload: Workload, seconds: float):
        """Start its process, and let it choose the steps of a turn.

        Args:
            folder: with the files of the commit.
            precision: of matrix products.
            workload: to train.
            seconds: of a turn.
        """
        self.title, self.runs = f"jaxnn before ({COMMIT})", workload.runs
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            text=True,
            start_new_session=True,  # an interruption is this process's to handle
        )
        asked = {"workload": workload._asdict(), "seconds": seconds, "precision": precision}
        found = self._ask(json.dumps(asked))
        self.steps, self.first_seconds = found["steps"], found["compile_seconds"]

    def turn(self) -> int:
        """Train one segment, from where the last one ended; returns the updates of all runs."""
        return self._ask("turn")

    def close(self) -> None:
        """Check that the work was done, and end the process.

        Raises:
            RuntimeError: it was not, or the process has ended by itself.
        """
        self._ask("check")
        self._process.communicate()

    def _ask(self, what: str):
        try:
            print(what, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except (BrokenPipeError, ValueError):  # it is closed
            answer = ""
        if not answer:
            raise RuntimeError(
                f"the engine of commit {COMMIT} has ended with exit code {self._process.wait()}; "
                "what it said is above, and --peers without before leaves it out"
            )
        return json.loads(answer)


def checked_out() -> Path:
    """A folder with the files of the commit, which is deleted when this process ends.

    Raises:
        UserError: there is no git history here that has the commit.
    """
    root = Path(__file__).parents[2]
    try:
        archive = subprocess.run(
            ["git", "-C", root, "archive", COMMIT, "jaxnn", "experiments"],  # noqa: S607
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        raise UserError(
            f"{NAME} needs commit {COMMIT}, which no git history here has; run the benchmark in a "
            "clone of the repository with its whole history"
        ) from None
    folder = Path(tempfile.mkdtemp(prefix="jaxnn-before-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder

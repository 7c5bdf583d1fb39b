"""More than one machine, as the README says it: slices under Slurm and Ray, and jax.distributed.

    python -m tests.helpers.machines [slurm] [ray] [distributed]

Its Slurm and Ray lines are run as they stand there, with a small job in place of MNIST and two
slices in place of eight: srun stands for running here, and Ray is installed from the package index
into a virtual environment of its own, where a cluster of two workers is started. Each way is run
once undisturbed, and once more with a process killed in the middle, after which the same lines are
given again: that must end in the same bytes, and in the numbers of one machine to 1e-4. It takes a
few minutes.
"""

import os
import re
import shlex
import signal
import site
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
JOB = "--data wine --activation relu tanh --learning-rate 0.01:0.1:3 --seeds 4 --steps 6000"
JOB = f"{JOB} --width 16 --fixed-grid --single".split()
FILES = ("results.csv", "curves.csv", "summary.json")

Command = Sequence[str]
Stages = Sequence[Sequence[Command]]  # the commands of a stage at the same time
Way = Callable[[Path], Stages]  # from the folder of the results


def slurm(out: Path) -> Stages:
    """The README's batch script as an array of two, and the line for when all are done."""
    script = re.search(r"```bash\n(#SBATCH.*?)```", README, re.DOTALL)[1]
    line = re.search(r"^srun (.*)$", script, re.MULTILINE)[1]
    last = re.search(r"^# when all are done, once: (.*)$", script, re.MULTILINE)[1]
    array = [
        f"export SLURM_ARRAY_TASK_ID={task} SLURM_ARRAY_TASK_COUNT=2; exec {_ours(line, out)}"
        for task in (1, 2)
    ]
    return [[["bash", "-c", line] for line in array], [["bash", "-c", _ours(last, out)]]]


def _ours(line: str, out: Path) -> str:
    """With this Python, the small job and this folder."""
    theirs = ("--data mnist", "--out runs/mnist", ".venv/bin/python")
    ours = (shlex.join(JOB), f"--out {shlex.quote(str(out))}", shlex.quote(sys.executable))
    return _replaced(line, theirs, ours)


def _replaced(text: str, theirs: Sequence[str], ours: Sequence[str]) -> str:
    for old, new in zip(theirs, ours, strict=True):
        if old not in text:
            raise RuntimeError(f"the README has no {old} in its lines: {text}")
        text = text.replace(old, new)
    return text


def ray(out: Path) -> Stages:
    """The README's lines on a cluster of two workers."""
    lines = re.search(r"```python\n(import ray.*?)```", README, re.DOTALL)[1]
    flags = ", ".join(map(repr, [*JOB, "--out", str(out)]))
    theirs = ('"--data", "mnist", "--out", "runs/mnist"', "{i}/8", "range(1, 9)")
    lines = _replaced(lines, theirs, (flags, "{i}/2", "range(1, 3)"))
    cluster = (
        "from ray.cluster_utils import Cluster\n"
        "cluster = Cluster()\n"
        "for _ in range(2):\n"
        "    cluster.add_node(num_cpus=2, include_dashboard=False)\n"
        "import ray\n"
        "ray.init(address=cluster.address)\n"
    )
    return [[[_ray_python(), "-c", cluster + lines]]]


def _ray_python() -> str:
    """A Python that has Ray, and all that this one has.

    Raises:
        RuntimeError: Ray cannot be installed here.
    """
    folder = WORK / "ray"
    python = folder / "bin" / "python"
    if not folder.exists():
        venv.create(folder, with_pip=True)
        packages = next(folder.glob("lib/python*/site-packages"))
        (packages / "this.pth").write_text("\n".join(site.getsitepackages()))
        found = subprocess.run(
            [python, "-m", "pip", "install", "-q", "ray"], capture_output=True, text=True
        )
        if found.returncode:
            raise RuntimeError(f"Ray cannot be installed: {found.stderr.strip().splitlines()[-1]}")
    return str(python)


def distributed(out: Path) -> Stages:
    """Two processes of one job."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    job = [sys.executable, "-m", "experiments.activations", *JOB, "--out", str(out)]
    job += ["--distributed", "--coordinator", f"127.0.0.1:{port}", "--processes", "2", "--process"]
    return [[[*job, "0"], [*job, "1"]]]


def run(stages: Stages, kill_in: Path | None = None) -> bool:
    """Run all stages, each command in a session of its own.

    Args:
        stages: of a way.
        kill_in: as soon as something is kept in this folder, one process that trains is killed, and
            with it what cannot go on without it.

    Returns:
        Whether all has ended well.
    """
    for commands in stages:
        started = [
            subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, start_new_session=True, **QUIET)
            for command in commands
        ]
        try:
            if kill_in:
                _kill_one(kill_in, started)
            # The other process of a job ends by itself.
            most = ENDS if kill_in and "--distributed" in commands[0] else None
            codes = [process.wait(most) for process in started]
        finally:
            for process in started:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if any(codes):
            return False
    return True


def _kill_one(folder: Path, started: Sequence[subprocess.Popen]) -> None:
    while not any(folder.glob("unfinished/*/*.safetensors")):
        if all(process.poll() is not None for process in started):
            raise RuntimeError("all ended before anything was kept: nothing could be killed")
        time.sleep(0.05)
    wanted = os.fsencode(str(folder))
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: -int(path.name)):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        # The process that trains, not a shell or a cluster that has started it.
        if words[1:3] == [b"-m", b"experiments.activations"] and wanted in words:
            os.kill(int(process.name), signal.SIGKILL)
            return
    raise RuntimeError("no process that trains was found")


def check(name: str, way: Way, alone: Path) -> None:
    """Undisturbed and killed, the way ends in the same bytes; and as on one machine, to rounding.

    Raises:
        RuntimeError: it does not.
    """
    began, whole, killed = time.monotonic(), WORK / f"{name}-whole", WORK / f"{name}-killed"
    if not run(way(whole)):
        raise RuntimeError(f"{name}: its lines fail")
    if run(way(killed), kill_in=killed):
        raise RuntimeError(f"{name}: a process was killed, and nobody noticed")
    kept = sorted(file.name for file in killed.glob("unfinished/*/*"))
    if (killed / "results.csv").exists() or not run(way(killed)):
        raise RuntimeError(f"{name}: after a kill the same lines do not go on")
    for file in FILES:
        if (whole / file).read_bytes() != (killed / file).read_bytes():
            raise RuntimeError(f"{name}: {file} differs after a kill")
    ours, theirs = (pd.read_csv(folder / "results.csv") for folder in (whole, alone))
    for column in ("train_loss", "validation_loss", "test_loss"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-4, err_msg=name)
    same = all((whole / file).read_bytes() == (alone / file).read_bytes() for file in FILES)
    print(
        f"{name}: killed when there was {', '.join(kept)}; gone on to the same bytes, which are "
        f"{'also those' if same else 'to 1e-4 the numbers'} of one machine; "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )


WAYS: dict[str, Way] = {"slurm": slurm, "ray": ray, "distributed": distributed}
ENDS = 30  # seconds
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="jaxnn-machines-") as folder:
        WORK = Path(folder)
        # Neither the user's compiled programs nor Ray's statistics are touched.
        ENVIRONMENT = os.environ | {"XDG_CACHE_HOME": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        job = [sys.executable, "-m", "experiments.activations", *JOB, "--out", str(WORK / "alone")]
        assert run([[job]])
        for name in sys.argv[1:] or WAYS:
            check(name, WAYS[name], WORK / "alone")

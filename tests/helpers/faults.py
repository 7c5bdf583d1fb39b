"""What can go wrong around a run, done to real runs from outside, and a table of what happened.

    python -m tests.helpers.faults [WORD…]

Each fault is done to the main job in small, in processes of their own; with words, only the faults
whose names have one of them. A fault is well where nobody lost anything, and everybody who could
not go on said so in one sentence. It takes some minutes, and ends with 1 where one is not well.
"""

import contextlib
import functools
import http.server
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).parents[2]
SMALL = "--data wine --activation relu tanh --learning-rate 0.01:0.1:2 --seeds 2 --width 8"
SMALL = f"{SMALL} --depth 1 --fixed-grid --single".split()
JOB, OTHER = [*SMALL, "--steps", "2000"], [*SMALL, "--steps", "20"]
LONG = [*SMALL, "--steps", "2000000"]
RESULTS = ("results.csv", "curves.csv", "summary.json")
STARTED: list[subprocess.Popen] = []  # by the present fault
KILLS = 20
WITHIN = 30.0  # seconds in which a process ends when another one of its job was killed

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


@fault("killed, and another command in the same folder")
def another(folder: Path) -> str:
    """The checkpoints of the first are moved aside, and it goes on there."""
    files = {file.name: file.read_bytes() for file in killed(JOB, folder / "r")}
    said = run([*OTHER, "--out", folder / "r"])
    expect("moved to" in said, "it is not said that anything was moved")
    aside = folder / "r.1"
    expect(files == {file.name: file.read_bytes() for file in kept(aside)}, "checkpoints are lost")
    run([*JOB, "--out", aside])
    same(aside)
    return "moved to r.1, and said; there it goes on to the same bytes"


@fault("killed at twenty moments within its time")
def twenty(folder: Path) -> str:
    """Spread over an undisturbed run's time; each is gone on with by the same command."""
    began = time.monotonic()
    run([*JOB, "--out", folder / "whole"])
    whole, found = time.monotonic() - began, 0
    for number in range(KILLS):
        out = folder / str(number)
        process = start([*JOB, "--out", out])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(whole * (number + 0.5) / KILLS)
        process.kill()
        process.communicate()
        found += bool(kept(out))
        run([*JOB, "--out", out])
        same(out)
    return f"{KILLS} times the same bytes, of a run of {whole:.0f} s; {found} had kept a part"


@fault("the data change between two slices")
def changed_data(folder: Path) -> str:
    """The slice of the first is moved aside."""
    rows = "\n".join(f"{i},{i % 7},{'ab'[i % 2]}" for i in range(60))
    data, flags = folder / "t.csv", ["--data", folder / "t.csv", "--target", "y", *OTHER[2:]]
    data.write_text(f"x,z,y\n{rows}\n")
    run([*flags, "--shard", "1/2", "--out", folder / "r"])
    data.write_text(f"x,z,y\n{rows}\n61,1,a\n")
    said = run([*flags, "--shard", "2/2", "--out", folder / "r"])
    expect("moved to" in said and kept(folder / "r.1"), "the first slice is lost")
    run([*flags, "--out", folder / "r"])
    expect(kept(folder / "r.1"), "the first slice is lost")
    return "the first slice is in r.1, and said; the second is used"


@fault("results without config.json")
def without_config(folder: Path) -> str:
    """As where a run was killed while it wrote them."""
    (folder / "r").mkdir()
    (folder / "r" / "results.csv").write_text("of someone")
    said = run([*OTHER, "--out", folder / "r"])
    whole = (folder / "r.1" / "results.csv").read_text() == "of someone"
    expect("moved to" in said and whole, "they are overwritten")
    return "moved to r.1, and said"


@fault("two processes in one folder")
def two(folder: Path) -> str:
    """The second is refused, and the first goes on undisturbed."""
    first = start([*LONG, "--out", folder / "r"])
    await_(lambda: kept(folder / "r"), first)
    said = [refused([*flags, "--out", folder / "r"]) for flags in (LONG, OTHER)]
    expect(all("another process is writing" in each for each in said), said[0])
    expect(first.poll() is None and kept(folder / "r"), "the first does not go on")
    first.kill()
    first.communicate()
    return said[0].replace(str(folder), "")


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


def trained(folder: Path) -> Path:
    """The folder of a finished run, to be damaged."""
    if not (WORK / "whole").exists():
        run([*JOB, "--out", WORK / "whole"])
    return Path(shutil.copytree(WORK / "whole", folder / "r"))


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


def limited(most: int) -> dict[str, object]:
    """Files of a command may have so many bytes."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))}


@fault("no room for a checkpoint (ulimit -f)")
def no_checkpoint(folder: Path) -> str:
    """What was kept before stays, and the same command goes on."""
    before = killed(JOB, folder / "r")[0].read_bytes()
    said = refused([*JOB, "--out", folder / "r"], **limited(1000))
    expect(kept(folder / "r")[0].read_bytes() == before, "what was kept before is lost")
    run([*JOB, "--out", folder / "r"])
    same(folder / "r")
    return said.replace(str(folder), "")


@fault("no room for the results (ulimit -f)")
def no_results(folder: Path) -> str:
    """All training is kept: the same command trains nothing again."""
    said = refused([*JOB, "--out", folder / "r"], **limited(100_000))
    expect("cannot be written (File too large)" in said, said)
    shown = run([*JOB, "--out", folder / "r"])
    expect("2 of 2 were finished before" in shown, "training is lost")
    same(folder / "r")
    return said.replace(str(folder), "")


@fault("a full disk")
def full_disk(folder: Path) -> str:
    """A file system of its own, where this user may mount one; else what /dev/full says."""
    disk = folder / "disk"
    disk.mkdir()
    mount, umount = shutil.which("mount") or "mount", shutil.which("umount") or "umount"
    small = [mount, "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk]
    if subprocess.run(small, capture_output=True).returncode:
        said = refused([trained(folder), "wine", "--out", "/dev/full"], "predict")
        expect(Path("/dev/full").is_char_device(), "the device is replaced")
        return f"(nothing can be mounted here) {said}"
    try:
        said = refused([*JOB, "--out", disk / "r"])
        expect("No space left on device" in said and not list(disk.rglob("*.tmp")), said)
        subprocess.run([mount, "-o", "remount,size=50m", disk], check=True)
        expect("finished before" in run([*JOB, "--out", disk / "r"]), "training is lost")
        same(disk / "r")
    finally:
        subprocess.run([umount, disk], check=True)
    return said.replace(str(folder), "")


@fault("the screen is /dev/full")
def full_screen(folder: Path) -> str:
    """A sentence, and the results, which need no screen."""
    with open("/dev/full", "w") as full:
        said = refused([*OTHER, "--out", folder / "r"], stdout=full)
    expect((folder / "r" / "report.html").exists(), "there is no report")
    return said


@fault("Ctrl-C: on importing, compiling and training")
def ctrl_c(folder: Path) -> str:
    took = []
    for moment in (0.3, 2.0, 5.0, 9.0):
        process = start([*LONG, "--no-compile-cache", "--out", folder / str(moment)])
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
        took.append(time.monotonic() - began)
        expect(process.returncode == 130, f"at {moment} s exit code {process.returncode}: {err}")
        expect("Traceback" not in err, f"at {moment} s a traceback: {err[-300:]}")
        expect(took[-1] <= 5, f"at {moment} s it took {took[-1]:.1f} s")
    return f"exit code 130 within {max(took):.1f} s"


@fault("the reader of the screen has gone")
def no_reader(folder: Path) -> str:
    process = start([*OTHER, "--out", folder / "r"])
    process.stdout.close()
    err = process.stderr.read()
    expect(process.wait() == 0, f"exit code {process.returncode}: {err[-300:]}")
    expect((folder / "r" / "report.html").exists(), "there is no report")
    return "the results are written"


@fault("names that would drive a terminal, or are markup")
def hostile(folder: Path) -> str:
    name = "a\x1b[31m[/b]<b>"
    rows = "\n".join(f"{i % 7},{i % 5},{i % 2}" for i in range(60))
    (folder / "t.csv").write_text(f"{name},b,y\n{rows}\n", encoding="utf-8")
    out = folder / "out[/x]"
    flags = ["--data", folder / "t.csv", "--target", "y", *OTHER[2:], "--out", out]
    said = run(flags)
    said += run(["--data", folder / "t.csv", "--target", "y", "--inspect"])
    expect("\x1b" not in said, "an escape sequence reaches the terminal")
    page = (out / "report.html").read_text(encoding="utf-8")
    expect("[/b]<b>" not in page, "a name is markup in the report")
    return "shown as text, and the results are in the folder of that name"


@fault("a password and a token in a URL")
def secrets(folder: Path) -> str:
    rows = "\n".join(f"{i % 7},{i % 5},{i % 2}" for i in range(60))
    (folder / "t.csv").write_text(f"a,b,y\n{rows}\n", encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://me:hunter2@127.0.0.1:{server.server_port}/t.csv?token=hunter3"
        flags = ["--data", url, "--target", "y", *OTHER[2:], "--out", folder / "r"]
        said = run(flags)
        said += refused([flag.replace("t.csv", "no.csv") for flag in map(str, flags)])
        server.shutdown()
    files = {file.name: file.read_bytes() for file in (folder / "r").rglob("*") if file.is_file()}
    shown = [name for name, content in files.items() if b"hunter" in content]
    expect(not shown and "hunter" not in said, f"shown on the screen or in {shown}")
    return f"in none of {len(files)} files, and not on the screen"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@fault("folders: a link, the one we are in, a narrow terminal, a name of 300 characters")
def folders(folder: Path) -> str:
    (folder / "real").mkdir()
    (folder / "link").symlink_to(folder / "real")
    run([*OTHER, "--out", folder / "link"], env={"COLUMNS": "20"})
    expect((folder / "real" / "report.html").exists(), "nothing where the link leads")
    (folder / "here").mkdir()
    run([*OTHER, "--out", "."], cwd=folder / "here", env={"PYTHONPATH": str(ROOT)})
    expect((folder / "here" / "report.html").exists(), "nothing in the folder we are in")
    return refused([*OTHER, "--out", folder / ("x" * 300)])[-60:]


@fault("names that UTF-8 cannot hold")
def names(folder: Path) -> str:
    """They are named before anything is trained."""
    file = folder / "caf\udce9.csv"
    file.write_text("x,y\n" + "\n".join(f"{i},{'ab'[i % 2]}" for i in range(60)))
    said = [
        refused(["--data", file, "--target", "y", *OTHER[2:], "--out", folder / "r"]),
        refused([*OTHER, "--out", folder / "r\udcff"]),
    ]
    expect(not any(folder.glob("*/results.csv")), "it was trained")
    return said[0].replace(str(folder), "")


@fault("settings of JAX that nothing can run under")
def settings(folder: Path) -> str:
    """Each is refused."""
    said = [
        refused([*OTHER, "--out", folder / "r"], env={name: value})
        for name, value in {
            "JAX_ENABLE_X64": "1",
            "JAX_DEFAULT_PRNG_IMPL": "rbg",
            "JAX_DEBUG_NANS": "1",
            "JAX_DISABLE_JIT": "1",
            "JAX_PLATFORMS": "none_such",
            "JAX_DEFAULT_MATMUL_PRECISION": "none_such",
        }.items()
    ]
    return said[0]


def together(folder: Path, flags: Sequence[object]) -> list[subprocess.Popen]:
    """Two processes of one job."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    job = [*flags, "--out", folder, "--distributed", "--coordinator", f"127.0.0.1:{port}"]
    return [start([*job, "--processes", 2, "--process", number]) for number in range(2)]


def peer(number: int) -> Fault:
    """A process of a job is killed: the other ends soon, both slices are kept, and it goes on."""

    def do(folder: Path) -> str:
        # Long enough to be killed in the middle of, and short enough to be finished afterwards.
        flags = [*SMALL, "--steps", "200000"]
        job = together(folder / "r", flags)
        await_(lambda: len(kept(folder / "r")) >= 2, *job)
        job[number].send_signal(signal.SIGKILL)
        began, other = time.monotonic(), job[1 - number]
        try:
            _, err = other.communicate(timeout=WITHIN)
        except subprocess.TimeoutExpired:
            raise NotWellError(f"the other still runs after {WITHIN:.0f} s") from None
        seconds = time.monotonic() - began
        said = sentence(other.returncode, err)
        expect(f"process {number} of this job has ended" in said, said)
        expect(len(kept(folder / "r")) == 2, "a slice is lost")
        for process in together(folder / "r", flags):
            process.communicate()
            expect(process.returncode == 0, "it does not go on")
        return f"both slices are kept; after {seconds:.1f} s: {said}"

    return do


for killed_one in (0, 1):
    fault(f"--distributed: process {killed_one} is killed")(peer(killed_one))


def main(words: Sequence[str]) -> int:
    """Do them and print the table; returns the exit code."""
    table = Table("fault", "what happened", "well", show_lines=True)
    well = True
    for name, do in FAULTS.items():
        if words and not any(word in name for word in words):
            continue
        folder = Path(tempfile.mkdtemp(dir=WORK))
        try:
            said, is_well = do(folder), "yes"
        except (NotWellError, OSError, subprocess.SubprocessError) as error:
            said, is_well, well = str(error), "NO", False
        finally:
            while STARTED:  # one that has not ended when it should would run for hours
                STARTED.pop().kill()
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{name}: {is_well}", flush=True)
        table.add_row(name, Text(said.encode("utf-8", "backslashreplace").decode()), is_well)
    with contextlib.suppress(BrokenPipeError):
        Console(width=100).print(table)
    return 0 if well else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="jaxnn-faults-") as work:
        WORK = Path(work)
        sys.exit(main(sys.argv[1:]))

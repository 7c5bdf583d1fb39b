"""Processes that are killed or interrupted, change their data, or share a folder."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.helpers.faults.harness import (
    JOB,
    KILLS,
    LONG,
    OTHER,
    SMALL,
    WITHIN,
    Fault,
    NotWellError,
    await_,
    expect,
    fault,
    kept,
    killed,
    refused,
    run,
    same,
    sentence,
    start,
)


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


@fault("Ctrl-C and SIGTERM: on importing, compiling and training")
def interruptions(folder: Path) -> str:
    took = []
    for number, moment in enumerate((0.3, 2.0, 5.0, 9.0, 2.0, 5.0, 9.0)):
        process = start(
            [*LONG, "--no-compile-cache", "--out", folder / str(number)],
            # A job in the background of a script is started with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        time.sleep(moment)
        process.send_signal(signal.SIGINT if number < 4 else signal.SIGTERM)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
        took.append(time.monotonic() - began)
        expect(process.returncode == 130, f"at {moment} s exit code {process.returncode}: {err}")
        expect("Traceback" not in err, f"at {moment} s a traceback: {err[-300:]}")
        expect(took[-1] <= 5, f"at {moment} s it took {took[-1]:.1f} s")
    return f"exit code 130 within {max(took):.1f} s"


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

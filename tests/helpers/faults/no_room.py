"""No room for files, and nobody who reads the screen."""

import resource
import shutil
import subprocess
from pathlib import Path

from tests.helpers.faults.harness import (
    JOB,
    OTHER,
    expect,
    fault,
    kept,
    killed,
    refused,
    run,
    same,
    start,
    trained,
)


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


@fault("the reader of the screen has gone")
def no_reader(folder: Path) -> str:
    process = start([*OTHER, "--out", folder / "r"])
    process.stdout.close()
    err = process.stderr.read()
    expect(process.wait() == 0, f"exit code {process.returncode}: {err[-300:]}")
    expect((folder / "r" / "report.html").exists(), "there is no report")
    return "the results are written"

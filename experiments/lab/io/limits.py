"""What a process may use: memory as the machine and its container allow, and a stated time."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
UNLIMITED = float("inf")
MOST_BYTES = 1 << 33  # of a file, whatever the memory


def memory(cgroups: Path = CGROUPS, of: Path = Path("/proc/self/cgroup")) -> float:
    """The bytes that this process may have: the least of machine, containers and ulimit.

    Args:
        cgroups: where the control groups of containers are mounted.
        of: the file that says in which of them this process is.

    Returns:
        Infinite where nothing is known.
    """
    found = [*_of_cgroups(cgroups, of)]
    if hasattr(os, "sysconf"):
        found.append(float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    with contextlib.suppress(ImportError):
        import resource  # of Unix only

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            found.append(float(soft))
    return min(found, default=UNLIMITED)


def file_bytes() -> int:
    """The most bytes that a file of data may have, decompressed: as a table it takes some more."""
    return int(min(MOST_BYTES, memory() / 4))


def said(size: float) -> str:
    """A number of bytes in words.

    Example:
        >>> said(8_589_934_592), said(2e13), said(3000)
        ('8.59 GB', '20 TB', '3 kB')
    """
    if size >= 1e15:
        return f"{size / 1e12:,.0f} TB"
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB")):
        if size >= 10**power:
            return f"{size / 10**power:,.3g} {unit}"
    return f"{size / 1000:.3g} kB"


def _of_cgroups(root: Path, of: Path) -> Iterator[float]:
    """The limits of the group of this process and of those around it, in version 2 and 1."""
    try:
        lines = of.read_text().splitlines()
    except (OSError, ValueError):
        lines = []
    for line in [*lines, "0::/", "0:memory:/"]:
        _, kinds, path = line.split(":", 2)
        if kinds in ("", "memory"):
            top = root / kinds
            file = "memory.limit_in_bytes" if kinds else "memory.max"
            group = top / path.strip("/")
            for place in (group, *group.parents):
                if place.is_relative_to(top):
                    with contextlib.suppress(OSError, ValueError):
                        yield float((place / file).read_text())  # "max", where there is none


class TimeUp(BaseException):
    """A stated time is over; not an Exception, which other people's code may catch."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Do something in Python for so long at most.

    It is not interrupted where the system has no alarm, and outside the main thread.

    Args:
        seconds: after which it is interrupted.

    Raises:
        TimeUp: the time is over.
    """
    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeUp

    before = signal.signal(alarm, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, before)

"""Standard streams: some are closed from the start, and some are closed by who reads them."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Output:
    """A stream for text whose reader may be gone: then nothing is written any more.

    Nobody waits for the rest of the lines, but the work goes on to its files.

    lost: why what was printed has no place, such as on a full disk; None where a reader has gone.
    """

    def __init__(self, stream: TextIO):
        """Write to a stream for as long as it takes what is written."""
        self._stream, self._open = stream, True
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, if anybody reads."""
        self._try(self._stream.flush)

    def _try(self, do: Any) -> None:
        if not self._open:
            return
        try:
            do()
        except OSError as error:  # a pipe that is closed, a full disk, a terminal that has hung up
            self._open = False
            self.lost = error if error.errno in NO_ROOM else None
            # What is still in its buffer would fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def careful() -> Iterator[Output]:
    """Standard streams that take every character, that exist, and whose end does not end the work.

    A terminal that has no × or ² shows ?. Yields standard output.
    """
    _open_streams()
    streams = sys.stdout, sys.stderr
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    output, sys.stderr = map(Output, streams)
    sys.stdout = output
    try:
        yield output
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = streams


def _open_streams() -> None:
    """Give a process that was started without standard streams some that lead nowhere.

    Otherwise the next files that it opens would get their numbers, and so what is printed.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(number)

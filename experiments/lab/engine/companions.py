"""The other processes of one job: when one of them dies, this one ends soon, with a sentence.

JAX notices it after a minute or two, and aborts. So each process holds a connection to process 0
besides, which the system closes when either end dies.
"""

import atexit
import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator

import numpy as np
from jax.experimental import multihost_utils

from experiments.lab.engine.processes import LOST, Share
from experiments.lab.io.errors import UserError

WELL = b"."  # the last byte of a process that has done its work
PATIENCE = 20.0  # seconds that connecting may take
# Of a connection whose other machine is silent: seconds before it is asked, and between questions,
# and how many are asked.
KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


@contextlib.contextmanager
def watched(part: Share, coordinator: str | None) -> Iterator[None]:
    """While the other processes of the job live; nothing where there are none.

    Args:
        part: of this process.
        coordinator: HOST:PORT of process 0, where it was given.
    """
    if not part.together or part.count == 1:
        yield
        return
    lines = _connected(part, coordinator)
    ending = threading.Event()
    for number, line in lines.items():
        threading.Thread(target=_listen, args=(number, line, ending), daemon=True).start()
    try:
        yield
    except BaseException as error:
        ending.set()
        _hang_up(lines)  # the others end now
        # Instead of waiting for them as JAX does, which aborts when they do not come.
        code = 130 if isinstance(error, KeyboardInterrupt) else 2
        atexit.register(_leave, code if isinstance(error, UserError | KeyboardInterrupt) else 1)
        raise
    for line in lines.values():
        with contextlib.suppress(OSError):
            line.sendall(WELL)
    ending.set()


def _connected(part: Share, coordinator: str | None) -> dict[int, socket.socket]:
    """Connections by the number of the process at the other end.

    Of process 0 to all, of the others to process 0; none to one that cannot be reached, of which
    JAX alone knows.
    """
    place = ""
    if part.index == 0:
        listener = socket.create_server(("", 0))
        host = coordinator.rpartition(":")[0] if coordinator else socket.getfqdn()
        place = f"{host} {listener.getsockname()[1]}"
    told = np.frombuffer(place.encode().ljust(300), np.uint8)
    host, port = multihost_utils.process_allgather(told)[0].tobytes().decode().split()
    lines = {}
    with contextlib.suppress(OSError):
        if part.index:
            line = socket.create_connection((host, int(port)), PATIENCE)
            line.sendall(part.index.to_bytes(4, "big"))
            lines[0] = line
        else:
            with listener:
                listener.settimeout(PATIENCE)
                while len(lines) < part.count - 1:
                    line, _ = listener.accept()
                    line.settimeout(PATIENCE)
                    lines[int.from_bytes(line.recv(4, socket.MSG_WAITALL), "big")] = line
    for line in lines.values():
        line.settimeout(None)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if option := getattr(socket, name, None):
                line.setsockopt(socket.IPPROTO_TCP, option, value)
    return lines


def _listen(number: int, line: socket.socket, ending: threading.Event) -> None:
    try:
        last = line.recv(1)
    except OSError:
        last = b""
    if last == WELL or ending.is_set():
        return
    end = "\x1b[?25h\n" * sys.stdout.isatty()  # a live view has hidden the cursor
    with contextlib.suppress(Exception):
        print(f"{end}error: {LOST.format(f'process {number}')}", file=sys.stderr, flush=True)
    _leave(2)


def _hang_up(lines: dict[int, socket.socket]) -> None:
    for line in lines.values():
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)

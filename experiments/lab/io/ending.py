"""How a command ends that is interrupted: within seconds and with a sentence, whatever it does.

Ctrl-C interrupts, and so does SIGTERM, which a batch system sends.

Python raises KeyboardInterrupt only between two of its own instructions, and a compilation is one
instruction of half a minute. So a thread watches for signals too and, where the main thread has not
ended after a while, ends the process. Files are written whole or not at all, so nothing is lost.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
GRACE = 3.0  # seconds that the main thread has to end by itself
CODE = 130
SAID = "\ninterrupted: what is finished is kept, and the same command continues from there\n"
SHOW_CURSOR = b"\x1b[?25h"

LAST: list[Callable[[], None]] = []  # done before the process ends at once

_watching, _asked, _said = False, False, False


def watch() -> None:
    """Watch for both signals from now on; a process that ignores one goes on doing so."""
    global _watching
    heard_of = [number for number, usual in SIGNALS.items() if signal.getsignal(number) is usual]
    if _watching or not heard_of:
        return
    _watching = True
    heard, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for number in heard_of:
        signal.signal(number, _interrupt)
    sys.excepthook, sys.unraisablehook = _uncaught, _unraisable
    threading.Thread(target=_end_in_time, args=(heard,), daemon=True).start()


def interrupted() -> None:
    """Say so, and end the process; or return, where it is not a command's, such as in a test."""
    _say()
    if _watching:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # At once: threads that compile would be waited for.
        _end()


def asked() -> bool:
    """Whether the user has asked for the end: then errors are its consequence."""
    return _asked


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first time; there is nothing to gain from the next."""
    global _asked
    if not _asked:
        _asked = True
        raise KeyboardInterrupt


def _end_in_time(heard: int) -> None:
    """In a thread of its own, which is told of signals at once."""
    while not {*os.read(heard, 64)} & {*SIGNALS}:
        pass
    time.sleep(GRACE)
    _say()
    if sys.stdout is not None and sys.stdout.isatty():
        os.write(sys.stdout.fileno(), SHOW_CURSOR)  # a progress bar has hidden it
    _end()


def _end() -> None:
    for each in LAST:
        each()
    os._exit(CODE)


def _say() -> None:
    global _said
    if not _said or not _watching:
        _said = True
        print(SAID, end="", file=sys.stderr, flush=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if _asked:
        interrupted()
    sys.__excepthook__(kind, error, trace)


def _unraisable(what: Any) -> None:
    if not _asked:
        sys.__unraisablehook__(what)

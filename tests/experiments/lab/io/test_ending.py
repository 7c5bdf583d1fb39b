"""How a command ends that a signal interrupts."""

import signal
import subprocess
import sys

import pytest

from experiments.lab.io import ending

START = """
import signal, sys, time
from experiments.lab.io import cli, ending
# A job in the background of a script, such as these tests may be, has SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
ending.GRACE = 0.3
ending.watch()
ending.LAST.append(lambda: print("last", flush=True))
def do():
    print("ready", flush=True)
    {}
    return 0
sys.exit(cli.exit_code(do))
"""
WAITS = "time.sleep(60)"
# As a callback does that swallows the interruption, or a compilation that does not notice it.
DEAF = """
    for _ in range(60):
        try:
            time.sleep(1)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("does", [WAITS, DEAF], ids=["waits", "deaf"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_with_a_sentence(number, does):
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(does)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (ending.CODE, "last\n", ending.SAID)

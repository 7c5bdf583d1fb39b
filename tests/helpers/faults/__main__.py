"""What can go wrong around a run, done to real runs from outside, and a table of what happened.

    python -m tests.helpers.faults [WORD…]

Each fault is done to the main job in small, in processes of their own; with words, only the faults
whose names have one of them. A fault is well where nobody lost anything, and everybody who could
not go on said so in one sentence. It takes some minutes, and ends with 1 where one is not well.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Each adds its own to the table.
from tests.helpers.faults import damaged, interrupted, no_room, outside  # noqa: F401
from tests.helpers.faults.harness import FAULTS, STARTED, WORK, NotWellError


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
    sys.exit(main(sys.argv[1:]))

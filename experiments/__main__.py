"""Every experiment: what it asks, how long it takes, and what it last found.

    python -m experiments
    python -m experiments all

all runs those whose results/ are not of their present defaults, one after the other, and writes LEDGER.md. Interrupted, the same
command goes on.
"""

import argparse
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import experiments
from experiments.lab import ledger, screen
from experiments.lab.experiment import Experiment
from experiments.lab.files import write_text


def main() -> int:
    """List them, or run all that must be run and write the ledger; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["list", "all"], default="list")
    parser.add_argument("--again", action="store_true", help="with all: run also those that are up to date")
    flags = parser.parse_args()
    every = found()
    if flags.what == "list":
        screen.show_experiments([(each.name, each.question, ledger.published(each.name)) for each in every])
        return 0
    for each in every:
        if flags.again or not ledger.is_current(each):
            screen.console.print(f"\n{each.name}", style="bold")
            folder = Path("runs") / each.name
            command = [sys.executable, "-m", f"experiments.{each.name}", "--out", str(folder), *["--again"] * flags.again]
            try:
                code = subprocess.call(command)
            except KeyboardInterrupt:
                return 130
            if code:
                return code
            ledger.publish(each, folder)
    write_text(ledger.LEDGER, ledger.ledger(every))
    screen.console.print(f"{ledger.LEDGER.relative_to(Path.cwd()) if ledger.LEDGER.is_relative_to(Path.cwd()) else ledger.LEDGER} is written")
    return 0


def found() -> list[Experiment]:
    """The experiments of all files in this folder that have one, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(experiments.__path__) if not module.ispkg and module.name != "__main__")
    modules = [importlib.import_module(f"experiments.{name}") for name in names]
    return [module.EXPERIMENT for module in modules if hasattr(module, "EXPERIMENT")]


if __name__ == "__main__":
    sys.exit(main())

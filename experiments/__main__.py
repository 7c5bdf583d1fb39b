"""Every experiment: what it asks, how long it takes, and what it last found.

    python -m experiments
    python -m experiments all

all runs those whose results/ are not of their present defaults, one after the other, and writes LEDGER.md. Interrupted, the same
command goes on.
"""

import argparse
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import experiments
from experiments.lab.evidence import ledger
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io.files import write_text
from experiments.lab.study import screen
from experiments.lab.study.wording import listed

LEFT = (
    Path("runs") / "again.json"
)  # the experiments that an interrupted `all --again` has still to run


def main() -> int:
    """List them, or run all that must be run and write the ledger; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["list", "all"], default="list")
    parser.add_argument(
        "--again",
        action="store_true",
        help="with all: run also those that are up to date, from the start",
    )
    flags = parser.parse_args()
    if flags.what == "list":
        screen.show_experiments(
            [
                (name, module.__doc__.splitlines()[0], ledger.published(name))
                for name, module in modules().items()
            ]
        )
        return 0
    every = found()
    code = run_all(every, flags.again)
    write_text(
        ledger.LEDGER, ledger.ledger(every)
    )  # what is published stands in it, whatever became of the rest
    screen.console.print(f"written: {os.path.relpath(ledger.LEDGER)}")
    return code


def run_all(every: list[Experiment], again: bool) -> int:
    """Run those that are not up to date, or with ``again`` each of them once, however often interrupted; returns the exit code."""
    due = [each.name for each in every if again or not ledger.is_current(each)]
    if again and LEFT.exists():
        due = json.loads(LEFT.read_text(encoding="utf-8"))
        screen.console.print(f"going on with {listed(due)}; without {LEFT} all would run")
    for experiment in [each for each in every if each.name in due]:
        if again:
            LEFT.parent.mkdir(exist_ok=True)
            write_text(LEFT, json.dumps(due))
        if code := run(experiment, again):
            return code
        due.remove(experiment.name)
    if again:
        LEFT.unlink(missing_ok=True)
    return 0


def run(experiment: Experiment, again: bool) -> int:
    """Run an experiment's defaults in a process of its own and publish what it found; returns its exit code."""
    screen.console.print(f"\n{experiment.name}", style="bold")
    folder = Path("runs") / experiment.name
    try:
        code = subprocess.call(
            [
                sys.executable,
                "-m",
                f"experiments.{experiment.name}",
                "--out",
                str(folder),
                *["--again"] * again,
            ]
        )
    except KeyboardInterrupt:
        return 130
    if not code:
        ledger.publish(experiment, folder)
    return code


def modules() -> dict[str, ModuleType]:
    """The questions of this folder, each a file or a folder, by name."""
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(experiments.__path__)
        if module.name not in ("lab", "__main__")
    )
    return {name: importlib.import_module(f"experiments.{name}") for name in names}


def found() -> list[Experiment]:
    """The experiments among them."""
    return [module.EXPERIMENT for module in modules().values() if hasattr(module, "EXPERIMENT")]


if __name__ == "__main__":
    sys.exit(main())

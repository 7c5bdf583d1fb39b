"""Every experiment: its question, how long it takes, what it last found, whether that is current.

    python -m experiments
    python -m experiments all
    python -m experiments conclude
    python -m experiments book

all measures again what was measured with earlier code or other flags, concludes again what was
concluded by an earlier rule, publishes both in experiments/results/ and writes LEDGER.md, and what
jaxnn.recommend says of them. Several run at a time, each on its share of the cores. Interrupted,
the same command goes on.

conclude concludes every experiment again from its published measurement, within a minute, and
publishes that; with --check it publishes nothing and says what differs.

book writes what is published as a static site, which works from the disk without a network.
"""

import argparse
import importlib
import json
import os
import pkgutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from filelock import FileLock, Timeout
from rich.text import Text

import experiments
from experiments.lab.evidence import book, ledger, published, running, screen, sentences
from experiments.lab.evidence.concluding import concluded_each
from experiments.lab.evidence.currency import CURRENT, currency
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io import cli, ending
from experiments.lab.io.command import INSTALLED, program
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import write_text
from experiments.lab.study.wording import listed

# The experiments that an interrupted `all --again` has still to run.
LEFT = Path("runs") / "again.json"

BOOK = Path("runs") / "book"


def main() -> int:
    """List them, or bring what is published up to date; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog=program("experiments"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="?", choices=["list", "all", "conclude", "book"], default="list"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="with all: run also those that are current, from the start",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="with conclude: publish nothing, and say what differs from what is published",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=BOOK,
        help=f"with book: the folder for the site ({BOOK})",
    )
    flags = parser.parse_args()
    if flags.again and flags.what != "all":
        parser.error("--again goes with all")
    if flags.check and flags.what != "conclude":
        parser.error("--check goes with conclude")
    if flags.out != BOOK and flags.what != "book":
        parser.error("--out goes with book")
    if flags.what == "list":
        show_list()
        return 0
    if INSTALLED and not flags.check:
        print(
            f"error: {flags.what} publishes results into the folder of the code, which here is an "
            "installed package; run it in a checkout, or one experiment by its name",
            file=sys.stderr,
        )
        return 2
    every = found()
    if flags.check:
        return check(every)
    if flags.what == "book":
        screen.console.print(f"written: {book.write(every, flags.out)}")
        return 0
    code = run_all(every, flags.again) if flags.what == "all" else conclude(every)
    # What is published is in the ledger, whatever became of the rest.
    for file, text in (
        (ledger.FILE, ledger.ledger(every)),
        (sentences.FILE, sentences.sentences(every)),
    ):
        write_text(file, text)
        screen.console.print(f"written: {os.path.relpath(file)}")
    if code == ending.CODE:
        ending.interrupted()
    return code


def show_list() -> None:
    """Each question with its command, its last verdicts and whether they are current."""
    rows = []
    for name, module in modules().items():
        experiment = getattr(module, "EXPERIMENT", None)
        state = str(currency(experiment)) if experiment else ""
        rows.append((name, module.__doc__.splitlines()[0], published.read(name), state))
    screen.show_experiments(rows)
    if {state for *_, state in rows} - {"", CURRENT}:
        again = f"{program('experiments')} all"
        screen.console.print(f"{again} brings up to date what is not current")


def run_all(every: Sequence[Experiment], again: bool) -> int:
    """Run those that are not current, or with ``again`` each once, however often interrupted.

    What one finds is published as it ends, whatever becomes of the others.

    Returns:
        The exit code: of the first that failed, or 0.

    Raises:
        UserError: another process does the same here.
    """
    LEFT.parent.mkdir(exist_ok=True)
    try:
        with FileLock(LEFT.with_name("all.lock"), timeout=0):
            return _run_due(every, again)
    except Timeout:
        raise UserError(
            f"another process runs all experiments here ({LEFT.parent}); wait until it ends"
        ) from None


def _run_due(every: Sequence[Experiment], again: bool) -> int:
    due = {each.name: "again" for each in every}
    if not again:
        states = {each.name: currency(each) for each in every}
        due = {name: str(state) for name, state in states.items() if any(state)}
    elif LEFT.exists():
        due = dict.fromkeys(json.loads(LEFT.read_text(encoding="utf-8")), "again")
        screen.console.print(f"going on with {listed(list(due))}; without {LEFT} all would run")

    def left() -> None:
        """Keep what is still to be run with ``again``."""
        if again and due:
            write_text(LEFT, json.dumps(list(due)))
        elif again:
            LEFT.unlink(missing_ok=True)

    left()
    screen.show_plan(list(due.items()))
    code = 0
    try:
        for ended in running.run_each([each for each in every if each.name in due], again):
            name = ended.experiment.name
            if ended.code:
                screen.console.print(Text(ended.said))
                code = code or ended.code
                continue
            published.publish(name, running.folder(ended.experiment))
            screen.show_words(published.read(name) or {"verdicts": ()})
            del due[name]
            left()
    except KeyboardInterrupt:
        return ending.CODE
    return code


def conclude(every: Sequence[Experiment]) -> int:
    """Conclude each from its published measurement and publish that.

    Returns:
        The exit code: 1 where one cannot be concluded, else 0.
    """
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        for experiment, why in concluded_each(every, Path(folder)):
            if why:
                screen.console.print(f"{experiment.name}: not concluded, since {why}")
                code = 1
                continue
            published.publish(experiment.name, Path(folder) / experiment.name)
            screen.console.print(f"{experiment.name}: concluded; {currency(experiment)}")
    return code


def check(every: Sequence[Experiment]) -> int:
    """Conclude each from its published measurement and compare.

    Returns:
        The exit code: 1 where a verdict differs or one cannot be concluded, else 0.
    """
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        for experiment, why in concluded_each(every, Path(folder)):
            name = experiment.name
            said, differs = (
                (f"not concluded, since {why}", True)
                if why
                else compare(name, Path(folder) / name, published.RESULTS / name)
            )
            screen.console.print(f"{name}: {said}")
            code = code or int(differs)
    return code


def compare(name: str, folder: Path, other: Path) -> tuple[str, bool]:
    """In words how two conclusions differ, and whether a verdict does."""

    def verdicts(where: Path) -> list[tuple[str, str, str]]:
        summary = json.loads((where / "summary.json").read_text(encoding="utf-8"))
        return [(each["claim"], each["verdict"], each["when"]) for each in summary["verdicts"]]

    ours, theirs = verdicts(folder), verdicts(other)
    changed = [
        f"{claim}: {verdict} {when}".rstrip()
        for claim, verdict, when in ours
        if (claim, verdict, when) not in theirs
    ]
    if ours != theirs:
        return f"other verdicts than published: {'; '.join(changed) or 'some are missing'}", True
    # config.json holds the hash of the code, which may differ though nothing else does.
    files = [
        file
        for file in published.files(name)
        if file != "config.json" and (folder / file).read_bytes() != (other / file).read_bytes()
    ]
    return f"the published verdicts; {listed(files) + ' differ' if files else 'same files'}", False


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
    sys.exit(cli.exit_code(main))

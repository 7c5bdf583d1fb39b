"""How much of this machine's own speed does jaxnn reach, and how much do others?

    python -m experiments.benchmark
    python -m experiments.benchmark --peers none --workloads digits mnist

Trains the networks of six workloads (experiments/benchmark/workloads.py) with jaxnn and with other
libraries, and multiplies large matrices to find the machine's peak. All of them take turns, so that
whatever else the machine does slows them alike. Every fraction and ratio is formed within one
round; the report gives their medians over the rounds. Needs jax, optax and chex; a peer needs its
library, the figure needs matplotlib. Takes ten minutes on two cores.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.benchmark.workloads import WORKLOADS
from experiments.lab.io.command import program
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import write_json, write_text
from experiments.lab.io.streams import careful
from experiments.lab.io.text import shown


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show the tables and write the files; returns the exit code.

    0: done. 2: the user can fix it; one sentence says how. 130: interrupted; what was measured is
    shown and written.
    """
    try:
        flags = parse(argv)
        with careful():
            return run(flags)
    except UserError as error:
        print(f"error: {shown(str(error))}", file=sys.stderr)
    except OSError as error:
        print(
            f"error: --out {shown(str(flags.out))}: it cannot be written ({error.strerror}); "
            "choose another folder",
            file=sys.stderr,
        )
    return 2


def run(flags: argparse.Namespace) -> int:
    """From the flags to the files; returns the exit code."""
    # Here, so that the flags and the peers can be imported without JAX.
    from experiments.benchmark.findings import report
    from experiments.benchmark.measure import measure
    from experiments.lab.engine.devices import use_every_core, use_precision

    use_every_core()
    use_precision(flags.precision)
    flags.out.mkdir(parents=True, exist_ok=True)
    measured = measure(flags)
    if measured.contests:
        asked = {"experiment": "benchmark", "question": __doc__.splitlines()[0]}
        write(asked | report(measured), flags.out)
    return 130 if measured.interrupted else 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The flags.

    Raises:
        UserError: a flag that is not known, or a value that it cannot take.
    """
    parser = argparse.ArgumentParser(
        prog=program(),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        exit_on_error=False,
    )
    parser.add_argument(
        "--workloads",
        nargs="+",
        metavar="NAME",
        help=f"workloads to train; by default all: {', '.join(WORKLOADS)}",
    )
    parser.add_argument(
        "--peers",
        nargs="+",
        default=["all"],
        metavar="NAME",
        help="other libraries, by the names of files in experiments/benchmark/peers, and before, "
        "jaxnn's own engine as it was at an earlier commit; all that are there (default); or none",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="turns that each contestant takes (5)"
    )
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="approximate length of a turn (1)"
    )
    parser.add_argument(
        "--scale",
        type=int,
        default=1,
        help="how many times as many seeds, such as 16 for an accelerator, which so few runs do "
        "not fill (1)",
    )
    parser.add_argument(
        "--precision",
        default="default",
        help="precision of JAX's matrix products: default, high, highest, or an algorithm such as "
        "TF32_TF32_F32; default is the device's own, float32 on CPU",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs") / "benchmark",
        help="folder for the results (runs/benchmark)",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="tiny networks, two rounds, one workload of each kind: shows in seconds that it works",
    )
    try:
        flags, unknown = parser.parse_known_args(argv)
    except argparse.ArgumentError as error:
        raise UserError(f"{error}; --help lists every flag and its values") from None
    for name in unknown:
        raise UserError(f"{name}: no such flag; --help lists every flag")
    flags.workloads = flags.workloads or (
        ["digits", "deep", "elman"] if flags.smoke else list(WORKLOADS)
    )
    for name in flags.workloads:
        if name not in WORKLOADS:
            raise UserError(f"--workloads {name}: no such workload; known: {', '.join(WORKLOADS)}")
    if flags.rounds < 1:
        raise UserError(f"--rounds {flags.rounds}: give a whole number of at least 1")
    if flags.scale < 1:
        raise UserError(f"--scale {flags.scale}: give a whole number of at least 1")
    if not 0 < flags.seconds < 3600:
        raise UserError(f"--seconds {flags.seconds:g}: give a number above 0, such as 1")
    if flags.smoke:
        flags.rounds, flags.seconds = min(flags.rounds, 2), min(flags.seconds, 1e-3)
    return flags


def write(report: Mapping[str, Any], folder: Path) -> None:
    """Show the tables, and write everything to files."""
    from experiments.benchmark import table

    text = "\n".join(table.lines(report))
    print(text, flush=True)
    write_json(folder / "benchmark.json", report)
    write_text(folder / "benchmark.txt", f"{text}\n")
    files = ["benchmark.json", "benchmark.txt"]
    try:
        from experiments.benchmark.figure import draw

        files += [path.name for path in draw(report, folder)]
    except ImportError as error:
        install = 'from the checkout, pip install -e ".[experiments]"'
        print(f"no figure: {error.name} cannot be imported; {install}")
    print(f"\nin {folder}: {', '.join(files)}")

"""How much of this machine's own speed does jaxnn reach, and how much do others?

    python -m experiments.benchmark
    python -m experiments.benchmark --peers none --workloads digits mnist

Trains the networks of six workloads (experiments/benchmark/workloads.py) with our engine and with other libraries, and multiplies
large matrices for the machine's peak. All take turns, so that whatever else the machine does slows them alike; numbers are
medians over rounds. Needs jax, optax and chex; a peer needs its library, the picture matplotlib. Ten minutes on two cores.
"""

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from experiments.benchmark import contest, engine, findings, peak, table
from experiments.benchmark.workloads import WORKLOADS, Workload
from experiments.lab.engine.devices import use_every_core
from experiments.lab.io.command import program
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import write_json, write_text
from experiments.lab.results.provenance import provenance, versions

PEAK_SHARE = 0.2  # of a turn's seconds, for each way to the peak
SHALLOW = 4  # hidden layers, to compare the compile time of the deep workload with
QUESTION = "How much of this machine's own speed does jaxnn reach, and how much do others?"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show the tables and write the files; returns the exit code.

    0: done. 2: the user can mend it. 130: interrupted; what was measured is shown and written.
    """
    try:
        flags = parse(argv)
        use_every_core()
        flags.out.mkdir(parents=True, exist_ok=True)
        with jax.default_matmul_precision(
            None if flags.precision == "default" else flags.precision
        ):
            return measure(flags)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(
            f"error: --out {flags.out}: it cannot be written ({error.strerror}); choose another folder",
            file=sys.stderr,
        )
    return 2


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The flags.

    Raises:
        UserError: one that is not known, or a value that it cannot take.
    """
    parser = argparse.ArgumentParser(
        prog=program(),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        exit_on_error=False,
    )
    parser.add_argument(
        "--workloads", nargs="+", metavar="NAME", help=f"all when absent: {', '.join(WORKLOADS)}"
    )
    parser.add_argument(
        "--peers",
        nargs="+",
        default=["all"],
        metavar="NAME",
        help="names of files in experiments/benchmark/peers; all, whose library is there (default); or none",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="about what a turn takes (1)")
    parser.add_argument(
        "--precision",
        choices=("default", "highest", "bfloat16"),
        default="default",
        help="of matrix products in JAX; default is the backend's own, float32 on CPU",
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
        help="tiny networks, two rounds, one workload a kind: shows in seconds that it works",
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
    if not 0 < flags.seconds < 3600:
        raise UserError(f"--seconds {flags.seconds:g}: give a number above 0, such as 1")
    if flags.smoke:
        flags.rounds, flags.seconds = min(flags.rounds, 2), min(flags.seconds, 1e-3)
    return flags


def measure(flags: argparse.Namespace) -> int:
    """All workloads, one after the other; returns the exit code."""
    began = time.perf_counter()
    peers, missing = find_peers(flags.peers)
    workloads = {
        name: small(WORKLOADS[name]) if flags.smoke else WORKLOADS[name]
        for name in dict.fromkeys(flags.workloads)
    }
    say("preparing the peak")
    products = {
        title: way_turn(way, PEAK_SHARE * flags.seconds)
        for title, way in peak.ways((64,) if flags.smoke else None).items()
    }
    report: dict[str, Any] = {
        "experiment": "benchmark",
        "question": QUESTION,
        **provenance(),
        "versions": versions("torch", "flax"),
        **surroundings(),
        "rounds": flags.rounds,
        "seconds_a_turn": flags.seconds,
        "smoke": flags.smoke,
        "missing_peers": missing,
    }
    code, measured = 0, {}
    try:
        for number, (name, workload) in enumerate(workloads.items()):
            say(f"{name}: {workload.title}, {workload.runs:,} runs")
            found, unable = contestants(workload, peers, flags.seconds)
            rounds: list[dict[str, float]] = []
            measured[name] = workload, found, unable, rounds
            for each in contest.rounds(
                products | {title: one.turn for title, one in found.items()}, flags.rounds
            ):
                rounds.append(each)
                left = (time.perf_counter() - began) * (
                    len(workloads) / (number + len(rounds) / flags.rounds) - 1
                )
                say(f"  round {len(rounds)} of {flags.rounds}; about {left:.0f} s left")
            found["ours"].check()
        if "deep" in workloads:
            say("compiling deep and shallow networks")
            report["compile_by_depth"] = compile_by_depth(
                workloads["deep"], 1 if flags.smoke else flags.rounds
            )
    except KeyboardInterrupt:
        say("interrupted: what is measured is kept")
        code = 130
    measured = {name: parts for name, parts in measured.items() if parts[-1]}
    if measured:
        report["peak"] = findings.of_peak(
            [each for *_, rounds in measured.values() for each in rounds], list(products)
        )
        report["workloads"] = {
            name: findings.of_workload(*parts, report["peak"]["way"])
            for name, parts in measured.items()
        }
        write(report | {"seconds": time.perf_counter() - began}, flags.out)
    return code


def write(report: Mapping[str, Any], folder: Path) -> None:
    """The tables on the screen, and all in files."""
    text = "\n".join(table.lines(report))
    print(text, flush=True)
    write_json(folder / "benchmark.json", report)
    write_text(folder / "benchmark.txt", f"{text}\n")
    files = ["benchmark.json", "benchmark.txt"]
    try:
        from experiments.benchmark.figure import draw

        files += [path.name for path in draw(report, folder)]
    except ImportError as error:
        print(
            f'no picture: {error.name} cannot be imported; from the checkout, pip install -e ".[experiments]"'
        )
    print(f"\nin {folder}: {', '.join(files)}")


def find_peers(names: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The peers asked for, and why others are missing; their libraries are imported here and only if asked for.

    Raises:
        UserError: one is not known, or asked for by name and not to be had.
    """
    if list(names) == ["none"]:
        return {}, {}
    from experiments.benchmark import peers

    if list(names) == ["all"]:
        found = peers.available()
        return (
            {name: peer for name, peer in found.items() if not isinstance(peer, str)},
            {name: why for name, why in found.items() if isinstance(why, str)},
        )
    return {name: peers.load(name) for name in names}, {}


def contestants(
    workload: Workload, peers: Mapping[str, Any], seconds: float
) -> tuple[dict[str, Any], dict[str, str]]:
    """Our engine and the peers, ready to take turns, and why the others are not."""
    found: dict[str, Any] = {"ours": engine.Engine(workload, seconds)}
    unable = {}
    if peers:
        from experiments.benchmark.peers import Unsupported
        from experiments.benchmark.rival import Rival

        for name, peer in peers.items():
            say(f"  preparing {name}")
            try:
                found[name] = Rival(peer, workload, seconds)
            except Unsupported as error:
                unable[name] = str(error)
    return found, unable


def way_turn(way: peak.Way, seconds: float) -> contest.Turn:
    """As many products as fit in the time; a turn returns their operations."""
    way.product()
    count = contest.calibrate(lambda count: [way.product() for _ in range(count)], seconds)

    def turn() -> float:
        for _ in range(count):
            way.product()
        return way.flops * count

    return turn


def compile_by_depth(workload: Workload, rounds: int) -> dict[str, Any]:
    """Seconds to compile the workload at two depths, each as often, in turns."""
    inputs, width, *_, outputs = workload.sizes
    depths = {
        depth: workload._replace(sizes=(inputs, *[width] * depth, outputs))
        for depth in (SHALLOW, len(workload.sizes) - 2)
    }
    seconds = [
        {
            depth: engine.make_program(each, engine.SHORTEST).seconds
            for depth, each in depths.items()
        }
        for _ in range(rounds)
    ]
    shallow, deep = depths
    return {
        "depths": list(depths),
        "seconds": {
            str(depth): contest.spread([each[depth] for each in seconds])._asdict()
            for depth in depths
        },
        "ratio": contest.ratio(seconds, deep, shallow)._asdict(),
    }


def small(workload: Workload) -> Workload:
    """The workload in a size that only shows that it works."""
    inputs, *hidden, outputs = workload.sizes
    sizes = (4, *[8] * min(len(hidden), 6), outputs)
    return workload._replace(
        sizes=sizes, batch_size=8, runs=4, seeds=2, examples=64, length=min(workload.length, 4)
    )


def surroundings() -> dict[str, Any]:
    """What else a speed depends on."""
    cpu = None
    with contextlib.suppress(OSError, StopIteration):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        cpu = next(
            line.split(":", 1)[1].strip()
            for line in text.splitlines()
            if line.startswith("model name")
        )
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": cpu,
        "load_average_before": load,
    }


def say(what: str) -> None:
    """Progress."""
    print(what, file=sys.stderr, flush=True)

"""The rounds of the benchmark: who takes turns on which workload, and what surrounds them."""

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.benchmark import contest, engine, peak
from experiments.benchmark.workloads import WORKLOADS, Workload
from experiments.lab.results.provenance import provenance, versions

PEAK_SHARE = 0.2  # of a turn's seconds, for each way to the peak
SHALLOW = 4  # hidden layers of the network whose compile time is compared with the deep workload's


class Contest(NamedTuple):
    """One workload.

    contestants: by name, jaxnn's engine as "ours" and the peers. unable: why other peers did not
    take part. rounds: work per second of every contestant and of every way to the peak.
    """

    workload: Workload
    contestants: Mapping[str, Any]
    unable: Mapping[str, str]
    rounds: list[Mapping[str, float]]


class Measured(NamedTuple):
    """All rounds.

    about: how, where and when they were measured. ways: names of the ways to the peak.
    contests: by workload, those with at least one round. compile_seconds: by depth, one mapping
    per round; empty if the deep workload was not asked for. interrupted: whether some are missing.
    seconds: in all.
    """

    about: Mapping[str, Any]
    ways: Sequence[str]
    contests: Mapping[str, Contest]
    compile_seconds: Sequence[Mapping[int, float]]
    interrupted: bool
    seconds: float


def measure(flags: argparse.Namespace) -> Measured:
    """All workloads, one after the other; what an interruption leaves is kept."""
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
    about = {
        **provenance(),
        "versions": versions("torch", "flax"),
        **surroundings(),
        "rounds": flags.rounds,
        "seconds_a_turn": flags.seconds,
        "smoke": flags.smoke,
        "missing_peers": missing,
    }
    interrupted, contests, compile_seconds = False, {}, []
    try:
        for number, (name, workload) in enumerate(workloads.items()):
            say(f"{name}: {workload.title}, {workload.runs:,} runs")
            here = Contest(workload, *contestants(workload, peers, flags.seconds), [])
            contests[name] = here
            turns = products | {title: one.turn for title, one in here.contestants.items()}
            for each in contest.rounds(turns, flags.rounds):
                here.rounds.append(each)
                done = number + len(here.rounds) / flags.rounds
                left = (time.perf_counter() - began) * (len(workloads) / done - 1)
                say(f"  round {len(here.rounds)} of {flags.rounds}; about {left:.0f} s left")
            here.contestants["ours"].check()
        if "deep" in workloads:
            say("compiling deep and shallow networks")
            compile_seconds = compile_by_depth(
                workloads["deep"], 1 if flags.smoke else flags.rounds
            )
    except KeyboardInterrupt:
        say("interrupted: what is measured is kept")
        interrupted = True
    return Measured(
        about,
        list(products),
        {name: one for name, one in contests.items() if one.rounds},
        compile_seconds,
        interrupted,
        time.perf_counter() - began,
    )


def find_peers(names: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The peers asked for, and why others are missing.

    Their libraries are imported here, and only if they are asked for.

    Raises:
        UserError: a peer is not known, or was asked for by name and cannot be imported.
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
    """jaxnn's engine and the peers, ready to take turns, and why the other peers are not."""
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
    """A turn of as many products as fit in the time; it returns their operations."""
    way.product()
    count = contest.calibrate(lambda count: [way.product() for _ in range(count)], seconds)

    def turn() -> float:
        for _ in range(count):
            way.product()
        return way.flops * count

    return turn


def compile_by_depth(workload: Workload, rounds: int) -> list[dict[int, float]]:
    """Seconds to compile the workload at two depths, SHALLOW first, which take turns."""
    inputs, width, *_, outputs = workload.sizes
    depths = {
        depth: workload._replace(sizes=(inputs, *[width] * depth, outputs))
        for depth in (SHALLOW, len(workload.sizes) - 2)
    }
    return [
        {depth: engine.compiled(each, engine.SHORTEST).seconds for depth, each in depths.items()}
        for _ in range(rounds)
    ]


def small(workload: Workload) -> Workload:
    """The workload in a size that only shows that it works."""
    _, *hidden, outputs = workload.sizes
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
    """Show progress."""
    print(what, file=sys.stderr, flush=True)

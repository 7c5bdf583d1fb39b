"""The rounds of the benchmark: who takes turns on which workload, and what surrounds them."""

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from experiments.benchmark import before, contest, engine, peak
from experiments.benchmark.workloads import WORKLOADS, Workload
from experiments.lab.io.errors import UserError
from experiments.lab.results.provenance import provenance, versions

PEAK_SHARE = 0.2  # of a turn's seconds, for each way to the peak
INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve")
Rivals = dict[str, Callable[[Workload, float], Any]]  # by name: from workload and seconds of a turn
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
    rivals, missing = find_rivals(flags.peers, flags.precision)
    workloads = {
        name: (small(WORKLOADS[name]) if flags.smoke else WORKLOADS[name]).scaled(flags.scale)
        for name in dict.fromkeys(flags.workloads)
    }
    say("preparing the peak")
    products = {
        title: way_turn(way, PEAK_SHARE * flags.seconds)
        for title, way in peak.ways((64,) if flags.smoke else None).items()
    }
    about = {
        **provenance(),
        "versions": versions("torch", "flax", "equinox"),
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
            here = Contest(workload, *contestants(workload, rivals, flags.seconds), [])
            contests[name] = here
            turns = products | {title: one.turn for title, one in here.contestants.items()}
            for each in contest.rounds(turns, flags.rounds):
                here.rounds.append(each)
                done = number + len(here.rounds) / flags.rounds
                left = (time.perf_counter() - began) * (len(workloads) / done - 1)
                say(f"  round {len(here.rounds)} of {flags.rounds}; about {left:.0f} s left")
            here.contestants["ours"].check()
            if before.NAME in here.contestants:
                here.contestants[before.NAME].close()
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


def find_rivals(names: Sequence[str], precision: str) -> tuple[Rivals, dict[str, str]]:
    """The peers and the earlier engine, as far as they are asked for, and why others are missing.

    Their libraries are imported here, and only if they are asked for.

    Args:
        names: of peers, or "before"; "all" for those that are there; "none".
        precision: of matrix products.

    Raises:
        UserError: one is not known, or was asked for by name and cannot be had.
    """
    if list(names) == ["none"]:
        return {}, {}
    from experiments.benchmark import peers
    from experiments.benchmark.rival import Rival

    every = list(names) == ["all"]
    found: Rivals = {}
    missing = {}
    for name in (before.NAME, *peers.NAMES) if every else names:
        try:
            if name == before.NAME:
                found[name] = partial(before.Before, before.checked_out(), precision)
            else:
                found[name] = partial(Rival, peers.load(name))
        except UserError as error:
            if not every:
                raise
            missing[name] = str(error)
    return found, missing


def contestants(
    workload: Workload, rivals: Rivals, seconds: float
) -> tuple[dict[str, Any], dict[str, str]]:
    """jaxnn's engine and its rivals, ready to take turns, and why other rivals are not."""
    found: dict[str, Any] = {"ours": engine.Engine(workload, seconds)}
    unable = {}
    for name, make in rivals.items():
        from experiments.benchmark.peers import Unsupported

        say(f"  preparing {name}")
        try:
            found[name] = make(workload, seconds)
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
    model, flags = None, set()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
            if name.strip() in ("flags", "Features"):
                flags |= set(value.split())
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "load_average_before": load,
    }


def say(what: str) -> None:
    """Show progress."""
    print(what, file=sys.stderr, flush=True)

"""What the rounds say: medians and spreads, as benchmark.json holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.benchmark.contest import ratio, spread
from experiments.benchmark.measure import Contest, Measured

Rounds = Sequence[Mapping[str, float]]


def report(measured: Measured) -> dict[str, Any]:
    """Everything: how it was measured, the peak, the workloads and the compile times."""
    found = dict(measured.about)
    if measured.compile_seconds:
        found["compile_by_depth"] = of_compiling(measured.compile_seconds)
    found["peak"] = of_peak(
        [each for one in measured.contests.values() for each in one.rounds], measured.ways
    )
    found["workloads"] = {
        name: of_workload(one, found["peak"]["way"]) for name, one in measured.contests.items()
    }
    return found | {"seconds": measured.seconds}


def of_peak(rounds: Rounds, ways: Sequence[str]) -> dict[str, Any]:
    """The peak: the way with the highest median over all rounds of all workloads."""
    speeds = {way: _spread([each[way] / 1e9 for each in rounds]) for way in ways}
    best = max(ways, key=lambda way: speeds[way]["median"])
    return {"way": best, "gflops": speeds[best], "ways": speeds}


def of_workload(contest: Contest, peak: str) -> dict[str, Any]:
    """One workload; fractions of the peak and ratios are formed within each round."""
    workload, contestants, unable, rounds = contest

    def speed(name: str) -> dict[str, Any]:
        return {
            "updates_per_second": _spread([each[name] for each in rounds]),
            "gflops": _spread([each[name] * workload.flops / 1e9 for each in rounds]),
            "fraction_of_peak": _spread(
                [each[name] * workload.flops / each[peak] for each in rounds]
            ),
        }

    ours, peers = (
        contestants["ours"],
        {name: peer for name, peer in contestants.items() if name != "ours"},
    )
    return {
        "title": workload.title,
        "kind": workload.kind,
        "sizes": workload.sizes,
        "batch_size": workload.batch_size,
        "length": workload.length,
        "runs": workload.runs,
        "seeds": workload.seeds,
        "flops_per_update": workload.flops,
        "ours": speed("ours")
        | {
            "compile_seconds": ours.compile_seconds,
            "memory_bytes": ours.program.memory,
            "groups": ours.program.program.plan.chunk,
            "members": ours.program.program.plan.members,
            "together": ours.program.program.plan.together,
            "steps_a_turn": ours.steps,
            "updates_of_each_run": ours.updates,
        },
        "peers": {
            name: speed(name)
            | {
                "title": peer.title,
                "seconds_per_update": _spread([1 / each[name] for each in rounds]),
                "ours_times_as_fast": ratio(rounds, "ours", name)._asdict(),
                "runs_a_turn": peer.runs,
                "steps_a_turn": peer.steps,
                "first_call_seconds": peer.first_seconds,
            }
            for name, peer in peers.items()
        },
        "unable": dict(unable),
        "rounds": list(rounds),
    }


def of_compiling(seconds: Sequence[Mapping[int, float]]) -> dict[str, Any]:
    """Compile times at a small and a large depth, and their ratio within each round."""
    shallow, deep = depths = list(seconds[0])
    return {
        "depths": depths,
        "seconds": {str(depth): _spread([each[depth] for each in seconds]) for depth in depths},
        "ratio": ratio(seconds, deep, shallow)._asdict(),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return spread(values)._asdict()

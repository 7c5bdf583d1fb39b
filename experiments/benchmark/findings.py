"""What the rounds say: medians and spreads, as benchmark.json holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.benchmark.contest import ratio, spread
from experiments.benchmark.workloads import Workload

Rounds = Sequence[
    Mapping[str, float]
]  # work a second of every contestant, and of every way to the peak


def of_peak(rounds: Rounds, ways: Sequence[str]) -> dict[str, Any]:
    """The peak: the way with the highest median over all rounds of all workloads."""
    speeds = {way: _spread([each[way] / 1e9 for each in rounds]) for way in ways}
    best = max(ways, key=lambda way: speeds[way]["median"])
    return {"way": best, "gflops": speeds[best], "ways": speeds}


def of_workload(
    workload: Workload,
    contestants: Mapping[str, Any],
    unable: Mapping[str, str],
    rounds: Rounds,
    peak: str,
) -> dict[str, Any]:
    """One workload; a fraction or ratio is formed in each round before the median is taken."""

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
            "groups": len(ours.program.layout.seeds),
            "members": ours.program.layout.members,
            "together": ours.program.together,
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


def _spread(values: Sequence[float]) -> dict[str, float]:
    return spread(values)._asdict()

"""The benchmark's report as plain text of at most 100 columns."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

OURS = "{:8} {:>6} {:>9} {:>16} {:>13} {:>11} {:>9}"
PEERS = "{:8} {:41} {:>9} {:>8} {:>17} {:>9}"


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The peak, jaxnn, and the peers."""
    peak = report["peak"]
    yield (
        f"\nPeak of float32 matrix products: {_number(peak['gflops']['median'])} GFLOP/s, "
        f"{_range(peak['gflops'])}"
    )
    yield f"  by {peak['way']}; medians and (lowest–highest) of {report['rounds']} rounds"
    yield (
        f"  {len(report['devices'])} × {report['devices'][0]}, precision "
        f"{report['precision']['matmul']} ({report['precision']['matmul_bits']} significant bits)"
    )
    yield from textwrap.wrap(
        f"{report['machine']}, {report['cpu'] or 'unknown processor'}, instructions "
        f"{' '.join(report['instructions']) or 'unknown'}; Python {report['python']}, "
        + ", ".join(f"{name} {version}" for name, version in report["versions"].items()),
        100,
        initial_indent="  ",
        subsequent_indent="  ",
    )
    yield (
        "\n"
        + OURS.format(
            "jaxnn", "runs", "GFLOP/s", "% of peak", "updates/s", "compile s", "MB"
        ).rstrip()
    )
    for name, each in report["workloads"].items():
        ours = each["ours"]
        fraction = {key: 100 * value for key, value in ours["fraction_of_peak"].items()}
        yield OURS.format(
            name,
            f"{each['runs']:,}",
            _number(ours["gflops"]["median"]),
            f"{_number(fraction['median'])} {_range(fraction)}",
            f"{ours['updates_per_second']['median']:,.0f}",
            f"{ours['compile_seconds']:.2f}",
            _number(ours["memory_bytes"] / 1e6),
        )
    if any(each["peers"] for each in report["workloads"].values()):
        yield "\n" + PEERS.format("", "peer", "µs/update", "jaxnn ×", "(lowest–highest)", "first s")
        for name, each in report["workloads"].items():
            for peer in sorted(
                each["peers"].values(), key=lambda peer: peer["ours_times_as_fast"]["median"]
            ):
                times = peer["ours_times_as_fast"]
                yield PEERS.format(
                    name,
                    peer["title"],
                    _number(1e6 * peer["seconds_per_update"]["median"]),
                    _number(times["median"]),
                    _range(times),
                    f"{peer['first_call_seconds']:.1f}",
                )
        yield "µs/update: per network. jaxnn ×: how many times as fast jaxnn is, within each round."
        yield (
            "A peer that trains run after run does only a few runs per turn: its time is linear in "
            "them."
        )
        yield "first s: first call, one step of all runs (run after run: of one), with compilation."
    for why in report["missing_peers"].values():
        yield f"not measured: {why}"
    if depth := report.get("compile_by_depth"):
        shallow, deep = depth["depths"]
        yield (
            f"\nCompiling depth {deep} takes {depth['ratio']['median']:.2f} "
            f"{_range(depth['ratio'])} times as long as depth {shallow}: "
            f"{depth['seconds'][str(deep)]['median']:.2f} s and "
            f"{depth['seconds'][str(shallow)]['median']:.2f} s"
        )


def _number(value: float) -> str:
    """Three significant digits, or all those before the decimal point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _range(spread: Mapping[str, float]) -> str:
    return f"({_number(spread['low'])}–{_number(spread['high'])})"

"""The benchmark measures what it says, in turns, with nothing but what jaxnn needs."""

import json
import math
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

import jaxnn
from experiments import benchmark
from experiments.benchmark import before, contest, findings, table
from experiments.benchmark.engine import make_training
from experiments.benchmark.workloads import WORKLOADS, Workload
from experiments.lab.engine import devices
from experiments.lab.io.errors import UserError

MLP = Workload("12-20-16-5, batch 32", "mlp", (12, 20, 16, 5), 32, runs=4, seeds=2, examples=64)


class Clock:
    """Time passes only in turns."""

    def __init__(self):
        self.now, self.log = 0.0, []

    def __call__(self):
        return self.now

    def turn(self, name, seconds, work):
        """A contestant whose n-th turn takes the n-th number of seconds."""
        left = iter(seconds)

        def act():
            self.log.append(name)
            self.now += next(left)
            return work

        return act


def test_contestants_take_turns_and_a_ratio_is_of_one_round():
    clock = Clock()
    turns = {
        "peak": clock.turn("peak", (1, 2, 4), 8),
        "ours": clock.turn("ours", (1, 2, 1), 2),
        "peer": clock.turn("peer", (2, 4, 10), 1),
    }
    measured = list(contest.rounds(turns, 3, clock))
    assert clock.log == ["peak", "ours", "peer"] * 3
    assert measured[2] == {"peak": 2.0, "ours": 2.0, "peer": 0.1}
    # 4, 4 and 20 in its rounds; the quotient of the medians would be 8.
    assert contest.ratio(measured, "ours", "peer") == (4, 4, pytest.approx(20))
    assert (
        findings.of_peak(
            [{"a": 1e9, "b": 3e9}, {"a": 9e9, "b": 3e9}, {"a": 2e9, "b": 3e9}], ["a", "b"]
        )["way"]
        == "b"
    )


def test_an_interrupted_round_leaves_those_before_it():
    clock = Clock()
    rounds = contest.rounds({"ours": clock.turn("ours", (1, 2), 2)}, 3, clock)
    assert [next(rounds), next(rounds)] == [{"ours": 2.0}, {"ours": 1.0}]


@pytest.mark.parametrize(("each", "expected"), [(0.01, 100), (5.0, 4), (1e-6, 1000)])
def test_calibration(each, expected):
    clock = Clock()

    def work(amount):
        clock.now += each * amount

    assert contest.calibrate(work, 1.0, least=4, most=1000, clock=clock) == expected


def test_operations_by_hand_and_as_xla_counts_them():
    # Forward, weight gradients and input gradients of 12·20, 20·16 and 16·5 weights; the first
    # layer's inputs need no gradient.
    assert MLP.flops == 2 * 32 * (3 * (240 + 320 + 80) - 240)
    elman = Workload("3-5-4, length 6", "elman", (3, 5, 4), 16, runs=4, seeds=2, length=6)
    assert elman.flops == 2 * 16 * (6 * (2 * 15 + 3 * 25) + 3 * 20)
    net = jaxnn.mlp(MLP.sizes)
    params = jax.eval_shape(net.init, jax.random.key(0))

    def gradient(params, x, y):
        return jax.grad(
            lambda params: jaxnn.cost(
                jaxnn.losses.softmax_cross_entropy, lambda x: net.apply(params, x), x, y
            )
        )(params)

    cost = (
        jax.jit(gradient)
        .lower(params, jnp.zeros((32, 12)), jnp.zeros(32, jnp.int32))
        .compile()
        .cost_analysis()
    )
    assert MLP.flops < cost["flops"] < 1.15 * MLP.flops


@pytest.mark.parametrize("name", ["mnist", "deep", "elman"])
def test_the_engine_trains_the_network_of_the_workload(name):
    workload = WORKLOADS[name]
    state = jax.eval_shape(
        make_training(workload).init, jax.random.key(0), {"learning_rate": jnp.float32(0.1)}
    )
    if workload.kind == "elman":
        inputs, width, outputs = workload.sizes
        expected = width * (inputs + width + 1) + outputs * (width + 1)
    else:
        expected = sum(
            b * (a + 1) for a, b in zip(workload.sizes, workload.sizes[1:], strict=False)
        )
    assert sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(state.params)) == expected


@pytest.mark.slow
def test_end_to_end(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(devices, "use_every_core", lambda: None)  # the devices are conftest's
    assert (
        benchmark.main(
            ["--smoke", "--peers", "none", "--workloads", "deep", "--out", str(tmp_path)]
        )
        == 0
    )
    report = json.loads((tmp_path / "benchmark.json").read_text())
    assert {
        "command",
        "versions",
        "devices",
        "precision",
        "date",
        "cpu",
        "load_average_before",
        "peak",
    } <= set(report)
    assert list(report["workloads"]) == ["deep"]
    for each in report["workloads"].values():
        ours = each["ours"]
        assert each["flops_per_update"] > 0 and len(each["rounds"]) == 2
        assert ours["fraction_of_peak"]["low"] > 0 and ours["compile_seconds"] > 0
        assert ours["updates_of_each_run"] >= 3 * ours["steps_a_turn"] >= 30
        assert ours["memory_bytes"] > each["runs"] * 4 * 8 * 8  # more than its weights
        assert ours["gflops"]["median"] == pytest.approx(
            ours["updates_per_second"]["median"] * each["flops_per_update"] / 1e9
        )
    assert (
        report["compile_by_depth"]["depths"] == [4, 6]
        and report["compile_by_depth"]["ratio"]["low"] > 0
    )
    shown = capsys.readouterr().out
    assert (
        "Peak of float32 matrix products" in shown
        and max(map(len, shown.split("\n\nin ")[0].splitlines())) <= 100
    )


def test_the_peers_table():
    spread = {"median": 2.0, "low": 1.5, "high": 1234.5}
    peer = {
        "title": "PyTorch, stacked by hand and compiled",
        "seconds_per_update": spread,
        "ours_times_as_fast": spread,
        "first_call_seconds": 22.6,
    }
    ours = dict.fromkeys(("gflops", "updates_per_second", "fraction_of_peak"), spread) | {
        "compile_seconds": 1.0,
        "memory_bytes": 2e7,
    }
    report = {
        "peak": {"gflops": spread, "way": "NumPy"},
        "rounds": 3,
        "devices": ["cpu cpu 0"],
        "precision": {"matmul": "highest", "matmul_bits": 24},
        "cpu": "Xeon",
        "instructions": ["avx2", "avx512f"],
        "machine": "Linux x86_64, 2 cores",
        "python": "3.12.1",
        "versions": {"jaxnn": "0.2.0", "jax": "0.10.2", "torch": "2.13.0"},
        "missing_peers": {"flax_nnx": "flax_nnx needs flax"},
        "workloads": {"digits": {"runs": 4096, "ours": ours, "peers": {"torch_compiled": peer}}},
    }
    text = "\n".join(table.lines(report))
    assert (
        "PyTorch, stacked by hand and compiled  " in text
        and "(1.5–1,234)" in text
        and "not measured: flax_nnx needs flax" in text
        and "Linux x86_64, 2 cores, Xeon, instructions avx2 avx512f" in text
        and "torch 2.13.0" in text
    )
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.slow
def test_the_engine_before_takes_turns_in_a_process_of_its_own():
    try:
        folder = before.checked_out()
    except UserError as error:
        pytest.skip(str(error))
    small = WORKLOADS["digits"]._replace(sizes=(4, 8, 3), batch_size=8, runs=4, seeds=2)
    then = before.Before(folder, "default", small, seconds=1e-3)
    assert then.title == "jaxnn before (242c4fc)" and then.first_seconds > 0
    assert [then.turn(), then.turn()] == [4 * then.steps] * 2
    then.close()
    with pytest.raises(RuntimeError, match="the engine of commit 242c4fc has ended with exit code"):
        then.turn()


def test_without_its_history_the_engine_before_is_left_out(monkeypatch):
    monkeypatch.setattr(before, "COMMIT", "0" * 12)
    with pytest.raises(UserError, match="before needs commit 0{12}, which no git history here has"):
        before.checked_out()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--workloads", "digit"], "--workloads digit: no such workload; known: digits, mnist"),
        (["--rounds", "0"], "--rounds 0: give a whole number of at least 1"),
        (["--scale", "0"], "--scale 0: give a whole number of at least 1"),
        (["--seconds", "nan"], "--seconds nan: give a number above 0"),
        (["--precision", "half"], "--precision half: "),
        (["--round", "3x"], "invalid int value: '3x'"),
        (["--what"], "--what: no such flag"),
        (["--peers", "keras"], "no such peer: keras"),
    ],
)
def test_what_is_wrong_is_one_sentence(flags, said, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(devices, "use_every_core", lambda: None)
    assert benchmark.main([*flags, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and error.startswith("error: ")


def imported_by(module):
    """What a module imports in a process of its own, beyond the standard library, jax, optax, chex
    and all that these import themselves."""
    code = (
        "import sys, jax, optax, chex; "
        "theirs = {name.split('.')[0] for name in sys.modules}; "
        f"import {module}; "
        "own = {name.split('.')[0] for name in sys.modules} - theirs; "
        "print(*sorted(own - set(sys.stdlib_module_names)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.split()


@pytest.mark.slow
def test_its_own_part_needs_only_what_jaxnn_needs():
    own = (
        "experiments.benchmark.measure, experiments.benchmark.findings, experiments.benchmark.table"
    )
    assert imported_by(own) == ["experiments", "jaxnn"]


def test_flags_and_peers_come_without_jax():
    code = (
        "import sys, experiments.benchmark.peers, experiments.benchmark.rival; "
        "print(*sorted({'jax', 'jaxnn', 'torch', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_an_interrupted_benchmark_keeps_its_rounds(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(devices, "use_every_core", lambda: None)
    spent = contest.rounds

    def interrupted(*arguments):
        yield next(spent(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(contest, "rounds", interrupted)
    flags = ["--smoke", "--peers", "none", "--workloads", "digits", "deep", "--out", str(tmp_path)]
    assert benchmark.main(flags) == 130
    report = json.loads((tmp_path / "benchmark.json").read_text())
    assert list(report["workloads"]) == ["digits"]
    assert len(report["workloads"]["digits"]["rounds"]) == 1
    assert "compile_by_depth" not in report and "interrupted" in capsys.readouterr().err

"""What devices have, and what is taken for an accelerator."""

import json
import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from experiments import activations
from experiments.lab.engine import devices, runner
from experiments.lab.io.errors import UserError
from experiments.lab.results.provenance import fingerprint, settings
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.tables import results_table
from tests.helpers.commands import exit_code
from tests.helpers.studies import trained

SMALL = ["--data", "wine", "--activation", "relu", "--learning-rate", "0.1"]
SMALL += ["--seeds", "2", "--width", "8", "--depth", "1", "--steps", "30"]
GRID = {
    "data": "wine",
    "activation": ("relu", "tanh"),
    "learning_rate": ("1e-3:1e3:4",),
    "fixed_grid": True,
    "seeds": 6,
    "width": (8,),
    "depth": (1,),
    "steps": 30,
}


def test_cores_share_the_memory_of_the_machine(monkeypatch):
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}.__getitem__)
    found = devices.hardware()
    assert not found.accelerator and list(found.devices) == jax.local_devices()
    assert found.memory * len(found.devices) == 4096 * 1000 / 2


def test_a_cpu_is_taken_for_an_accelerator_of_so_much_memory(monkeypatch):
    monkeypatch.setenv(devices.AS_ACCELERATOR, "3e6")
    assert devices.hardware()[1:] == (1.5e6, True)


@pytest.mark.parametrize("text", ["much", "0", "inf"])
def test_its_memory_is_a_number(text, monkeypatch):
    monkeypatch.setenv(devices.AS_ACCELERATOR, text)
    with pytest.raises(UserError, match=f"JAXNN_AS_ACCELERATOR={text}: give each device's memory"):
        devices.hardware()


@pytest.mark.slow
def test_the_grid_of_a_study_as_on_an_accelerator(monkeypatch):
    """All rates of a seed at once, in chunks that fit; the same numbers, to rounding."""
    plans, compiled = [], runner.compile_program

    def watched(*arguments, **options):
        program = compiled(*arguments, **options)
        plans.append(program.plan)
        return program

    monkeypatch.setattr(runner, "compile_program", watched)
    study = ask(StudyFlags(**GRID), "Which?")
    tables = {}
    for name, memory in (("cpu", ""), ("large", "1e9"), ("small", "6e4")):
        monkeypatch.setenv(devices.AS_ACCELERATOR, memory)
        tables[name] = results_table(study, [*trained(study).values()])
    cpu, large, small = plans  # two activations have one program
    assert large.members == 4 and large.together is None and cpu.together is not None
    assert small.chunk * small.members < large.chunk * large.members, (small, large)
    # Of rates that are stable: an unstable one amplifies rounding.
    stable = tables["cpu"]["learning_rate"] < 1
    for name in ("large", "small"):
        for column in ("train_loss", "validation_loss", "test_loss"):
            np.testing.assert_allclose(
                tables[name][column][stable], tables["cpu"][column][stable], rtol=1e-4
            )


@pytest.mark.slow
def test_precision_is_settable_recorded_and_part_of_the_fingerprint(tmp_path):
    before = fingerprint({}, "")
    flags = ["--single", "--fixed-grid", "--precision", "highest"]
    try:
        assert exit_code(activations, *SMALL, *flags, "--out", tmp_path / "r") == 0
        assert fingerprint({}, "") != before
    finally:
        jax.config.update("jax_default_matmul_precision", None)
    config = json.loads((tmp_path / "r" / "config.json").read_text())
    assert config["precision"] == {"dtype": "float32", "matmul": "highest", "matmul_bits": 24}
    assert config["configuration"]["precision"] == "highest"
    assert config["jax"]["jax_default_matmul_precision"] == "highest"
    assert fingerprint({}, "") == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jax_enable_x64", True),
        ("jax_default_prng_impl", "rbg"),
        ("jax_threefry_partitionable", False),
        ("jax_random_seed_offset", 1),
        ("jax_default_matmul_precision", "highest"),
    ],
)
def test_a_setting_of_jax_that_decides_numbers_is_recorded(name, value):
    was, before = getattr(jax.config, name), fingerprint({}, "")
    jax.config.update(name, value)
    try:
        assert settings()[name] == value and fingerprint({}, "") != before
    finally:
        jax.config.update(name, was)
    assert settings()[name] == was and fingerprint({}, "") == before


def test_flags_of_xla_are_recorded_but_for_those_that_every_job_sets(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")
    before = fingerprint({}, "")
    devices.use_every_core()
    assert settings()["XLA_FLAGS"] == [] and fingerprint({}, "") == before
    known = ["--xla_backend_optimization_level=3", "--xla_cpu_enable_fast_math=false"]
    monkeypatch.setenv("XLA_FLAGS", " ".join([*known, "--xla_cpu_enable_fast_math=true", *known]))
    devices.use_every_core()
    assert settings()["XLA_FLAGS"] == known
    assert fingerprint({}, "") != before


@pytest.mark.parametrize("flag", ["--unknown", "--xla_backend_optimization_level=abc"])
def test_a_flag_that_xla_would_abort_at_is_refused(flag, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", flag)
    with pytest.raises(UserError, match=f"^XLA_FLAGS={flag}: XLA does not know one of these flags"):
        devices.use_every_core()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("jax_enable_x64", True, "numbers are float32 here, also where memory is planned"),
        ("jax_default_prng_impl", "rbg", "others draw the numbers of a network by its place"),
        ("jax_debug_nans", True, "a network that diverges is a result, not an error"),
        ("jax_disable_jit", True, "a grid is one compiled program"),
    ],
)
def test_a_setting_of_jax_that_nothing_can_run_under_is_refused(name, value, why, tmp_path, capsys):
    was = getattr(jax.config, name)
    jax.config.update(name, value)
    try:
        assert exit_code(activations, *SMALL, "--out", tmp_path / "r") == 2
    finally:
        jax.config.update(name, was)
    said = capsys.readouterr().err
    start = f"error: {name.upper()}={value}: nothing can run under this setting of JAX, since {why}"
    assert said.startswith(start) and said.endswith("; unset it\n") and said.count("\n") == 1
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("JAX_ENABLE_X64=maybe", "invalid truth value 'maybe' for environment 'JAX_ENABLE_X64'"),
        ("JAX_PLATFORMS=no_such", "JAX finds no device to run on: Unable to initialize backend"),
    ],
)
def test_what_jax_itself_refuses_is_a_sentence(setting, said, tmp_path):
    name, value = setting.split("=")
    command = [sys.executable, "-m", "experiments.activations", "--out", tmp_path / "r"]
    found = subprocess.run(command, env=os.environ | {name: value}, capture_output=True, text=True)
    assert found.returncode == 2 and found.stderr.startswith(f"error: {said}")
    assert found.stderr.count("\n") == 1 and not (tmp_path / "r").exists()


@pytest.mark.parametrize("name", ["half", "TF32_TF32_F32"])
def test_a_precision_that_the_device_does_not_have(name, tmp_path, capsys):
    assert exit_code(activations, *SMALL, "--precision", name, "--out", tmp_path) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: --precision {name}: ") and said.count("\n") == 1
    assert "give default, high, highest" in said
    assert jax.config.jax_default_matmul_precision is None


def test_products_of_fewer_bits_are_noticed(monkeypatch):
    """As an accelerator would round what it multiplies: TF32 keeps 11 bits, bfloat16 8."""

    def rounded(bits):
        def dot(a, b):
            return jax.lax.reduce_precision(a, 8, bits - 1) @ b

        return dot

    for bits in (8, 11, 24):
        monkeypatch.setattr(devices.jnp, "dot", rounded(bits))
        assert devices.product_bits() == bits

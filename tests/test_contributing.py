"""The example in CONTRIBUTING.md is an experiment that runs, and whose test passes."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest

import experiments

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", TEXT, flags=re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of the example, where `experiments.saturation` is found."""
    root = tmp_path_factory.mktemp("example")
    for name, source in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source, encoding="utf-8")
    experiments.__path__.append(str(root / "experiments"))
    yield root
    experiments.__path__.pop()


def test_the_example_is_whole():
    assert [name.rpartition("/")[2] for name in FILES] == [
        "__init__.py",
        "__main__.py",
        "measure.py",
        "rules.py",
        "findings.py",
        "figure.py",
        "test_saturation.py",
    ]


def test_the_example_runs(folder):
    experiment = importlib.import_module("experiments.saturation").EXPERIMENT
    with pytest.raises(SystemExit) as stop:
        experiment.start(["--smoke", "--out", str(folder / "out")])
    assert stop.value.code == 0
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [verdict["claim"] for verdict in summary["verdicts"]] == ["A10"]
    # 2 depths × 2 activations × 2 rates, and a header.
    assert len((folder / "out" / "results.csv").read_text(encoding="utf-8").splitlines()) == 9
    assert (folder / "out" / "saturation.png").read_bytes().startswith(b"\x89PNG")


def test_the_test_of_the_example_passes(folder):
    name = folder / "tests" / "experiments" / "test_saturation.py"
    namespace = {}
    exec(compile(name.read_text(encoding="utf-8"), str(name), "exec"), namespace)  # noqa: S102
    (mark,) = namespace["test_the_verdict"].pytestmark
    for case in mark.args[1]:
        namespace["test_the_verdict"](*case)


def test_the_example_is_formatted(folder):
    ruff = pytest.importorskip("ruff").find_ruff_bin()
    command = [ruff, "format", "--check", "--line-length", "100", str(folder)]
    subprocess.run(command, check=True, capture_output=True)

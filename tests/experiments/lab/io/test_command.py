"""The console command, and the names of commands in help."""

import importlib
import re
import runpy
import sys
from pathlib import Path

import pytest

from experiments import __main__ as listing
from experiments.lab.io import cli, command

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", "before")


@pytest.fixture
def started(monkeypatch):
    """What main starts: the module and its arguments."""
    calls = []
    monkeypatch.setattr(
        runpy, "run_module", lambda module, **_: calls.append((module, sys.argv[1:]))
    )
    return calls


def test_its_experiments_are_those_of_the_list():
    assert command.names() == sorted(listing.modules())


@pytest.mark.parametrize(
    ("words", "module", "rest"),
    [
        (["bias", "--smoke"], "experiments.bias", ["--smoke"]),
        (["dying_relu"], "experiments.dying_relu", []),
        ([], "experiments", []),
        (["all", "--again"], "experiments", ["all", "--again"]),
        (["--help"], "experiments", ["--help"]),
    ],
)
def test_a_name_starts_its_module_and_everything_else_the_list(
    words, module, rest, started, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["jaxnn", *words])
    command.main()
    assert started == [(module, rest)]
    assert sys.path[0] == str(ROOT)


def test_processes_that_it_starts_find_the_experiments_too(started, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["jaxnn"])
    command.main()
    assert command.os.environ["PYTHONPATH"] == command.os.pathsep.join([str(ROOT), "before"])


def test_an_unknown_name_is_one_sentence(started, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["jaxnn", "dyingrelu"])
    with pytest.raises(SystemExit) as stop:
        command.main()
    said = capsys.readouterr().err
    assert stop.value.code == 2 and started == [] and said.count("\n") == 1
    assert said.startswith(
        "error: jaxnn dyingrelu: there is no such experiment; name one of these, nearest first: "
        "dying_relu, "
    )


def test_a_wheel_calls_experiments_by_the_console_command(monkeypatch):
    monkeypatch.setattr(command, "INSTALLED", True)
    assert command.program("experiments.depth") == "jaxnn depth"
    assert command.program("experiments") == "jaxnn"
    assert command.program("pytest") == "python -m pytest"


@pytest.mark.parametrize("name", ["", *command.names()])
def test_help_names_the_command_and_no_path_of_this_machine(name, monkeypatch, capsys):
    module = ".".join(filter(None, ["experiments", name]))
    spec = type("Spec", (), {"name": f"{module}.__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", spec)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "experiments" / "file.py"), "--help"])
    found = importlib.import_module(module) if name else listing
    with pytest.raises(SystemExit) as stop:
        if hasattr(found, "EXPERIMENT"):
            found.EXPERIMENT.start()
        elif hasattr(found, "Configuration"):
            cli.run(found.main, found.Configuration)
        else:
            sys.exit(found.main())
    said = capsys.readouterr().out
    assert stop.value.code == 0
    assert re.match(rf"usage: python -m {re.escape(module)} ", said)
    assert str(ROOT) not in said

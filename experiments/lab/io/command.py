"""The console command ``jaxnn``: ``jaxnn NAME …`` is ``python -m experiments.NAME …`` anywhere.

In a wheel, the folder experiments/ is in jaxnn_experiments/ (setup.py says why), which is on the
path of this command and of the processes it starts, and on no other path.
"""

import os
import runpy
import shlex
import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parents[2]
INSTALLED = EXPERIMENTS.parent.name == "jaxnn_experiments"  # from a wheel, not in a checkout
ENTRY = "jaxnn_experiments.experiments.lab.io.command"  # this module as the command imports it
OF_ALL = ("list", "all", "conclude")  # the actions of `python -m experiments`


def main() -> None:
    """Run the named experiment; without a name, do what ``python -m experiments`` does."""
    home = str(EXPERIMENTS.parent)
    sys.path.insert(0, home)
    # In a wheel experiments can be imported only now.
    from experiments.lab.io import ending
    from experiments.lab.io.text import nearest, shown

    ending.watch()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in names():
        del sys.argv[1]
        runpy.run_module(f"experiments.{name}", run_name="__main__", alter_sys=True)
    elif not name or name.startswith("-") or name in OF_ALL:
        runpy.run_module("experiments", run_name="__main__", alter_sys=True)
    else:
        said = f"jaxnn {name}: there is no such experiment; name one of these, nearest first: "
        print(f"error: {shown(said + nearest(name, names()))}", file=sys.stderr)
        sys.exit(2)


def names() -> list[str]:
    """The names of what can be run: the files and folders of experiments/, without the lab.

    Example:
        >>> "activations" in names(), "lab" in names()
        (True, False)
    """
    files = {path.stem for path in EXPERIMENTS.glob("[!_]*.py")}
    folders = {path.parent.name for path in EXPERIMENTS.glob("[!_]*/__main__.py")}
    return sorted(files | folders)


def program(module: str | None = None) -> str:
    """What a user types to start a module of the experiments, without flags.

    Args:
        module: its full name; None for what started this process.

    Returns:
        The command.

    Example:
        >>> program("experiments.depth")
        'python -m experiments.depth'
    """
    if module is None:
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        if spec is None:
            return f"python {shlex.quote(sys.argv[0])}"
        module = spec.name.removesuffix(".__main__")
    names = module.split(".")
    if names[0] == "experiments" and (INSTALLED or ENTRY in sys.modules):
        return " ".join(["jaxnn", *names[1:]])
    return f"python -m {module}"

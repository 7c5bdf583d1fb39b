"""What is installed: every module and data file, under a name of its own, with one version."""

import ast
import re
import tomllib
from pathlib import Path

import jaxnn

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PARENT = "jaxnn_experiments"


def test_every_file_that_the_code_reads_is_package_data():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    given = {
        file
        for package, globs in patterns.items()
        for pattern in globs
        for file in ROOT.joinpath(*package.removeprefix(f"{PARENT}.").split(".")).glob(pattern)
    }
    needed = {
        file
        for folder in ("jaxnn", "experiments/lab")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    assert needed - given == set()
    assert ROOT / "experiments" / "results" / "bias" / "summary.json" in given


def test_every_folder_of_modules_is_a_package():
    # What setup.py looks for; a folder without an __init__.py would be left out of the wheel.
    for folder in ("jaxnn", "experiments"):
        for file in (ROOT / folder).rglob("*.py"):
            assert (file.parent / "__init__.py").is_file(), file


def test_the_version_is_one():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "jaxnn.__version__"}
    # setuptools reads it without importing JAX only if it is a literal.
    statements = ast.parse((ROOT / "jaxnn" / "__init__.py").read_text(encoding="utf-8")).body
    assert any(ast.unparse(each) == f"__version__ = '{jaxnn.__version__}'" for each in statements)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changes, flags=re.MULTILINE)[1] == jaxnn.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {jaxnn.__version__}\n" in citation


def test_extras_name_this_distribution():
    name = PROJECT["project"]["name"]
    extras = PROJECT["project"]["optional-dependencies"]
    own = [each for every in extras.values() for each in every if each.startswith("jaxnn")]
    assert own and all(each.startswith(f"{name}[") for each in own)

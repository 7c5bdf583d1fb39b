"""The hash of the code that numbers come from: what changes it, and what does not."""

import importlib
import sys

import pytest

from experiments.lab.results import code_hash
from experiments.lab.results.code_hash import code_of, measuring_code, reached

FILES = {
    "__init__": '''
        """A package."""

        from ours.measure import measure
        from ours import rules

        def conclude(found):
            """Of what was found."""
            return rules.judge(found)
    ''',
    "measure": '''
        import numpy as np
        from ours.tables import TABLE, row
        import ours.whole

        SCALE, SHIFT = 2.0, 1.0
        _unused = 5

        def measure(x: float, *, times: int = 3) -> float:
            """A number."""
            scale: float = SCALE
            if times < 1:
                raise ValueError(f"times {times}: give at least 1")
            judge = row(TABLE, times)  # a local name, not the rule
            return judge * scale * getattr(ours.whole, "factor")

        def draw(x):
            return x + SHIFT
    ''',
    "rules": """
        from .tables import LIMIT

        def judge(found):
            from ours.late import word

            return word(found > LIMIT)
    """,
    "tables": """
        TABLE = [1, 2, 3]
        TABLE.append(4)
        LIMIT = 1

        def row(table, at):
            return table[at]

        if __name__ == "__main__":
            print(LIMIT)
    """,
    "late": """
        def word(yes):
            return "holds" if yes else "does not hold"
    """,
    "whole": """
        factor = 7
    """,
}


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """A package of these files, and a function: it edits one and hashes measure and conclude."""
    folder = tmp_path / "ours"
    folder.mkdir()
    for name, text in FILES.items():
        lines = [line[8:] for line in text.strip("\n").splitlines()]
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    package = importlib.import_module("ours")

    def edited(file="__init__", old="", new=""):
        path = folder / f"{file}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new) if old else text)
        return code_of(package.measure), code_of(package.conclude)

    yield edited
    for name in [name for name in sys.modules if name.partition(".")[0] == "ours"]:
        del sys.modules[name]


def test_what_a_function_reaches_is_followed_through_modules_and_nothing_else(ours):
    ours()
    package = sys.modules["ours"]
    assert sorted(reached(package.measure)) == [
        "ours.measure:SCALE",
        "ours.measure:measure",
        "ours.tables:",  # TABLE.append(4)
        "ours.tables:TABLE",
        "ours.tables:row",
        "ours.whole:factor",
    ]
    assert sorted(reached(package.conclude)) == [
        "ours.late:word",
        "ours.rules:judge",
        "ours.tables:",
        "ours.tables:LIMIT",
        "ours.tables:TABLE",
        "ours:conclude",
    ]


@pytest.mark.parametrize(
    "file, old, new, measure, conclude",
    [
        ("measure", "scale * getattr", "scale + getattr", True, False),
        ("measure", "SCALE, SHIFT = 2.0", "SCALE, SHIFT = 2.5", True, False),
        ("measure", "times: int = 3", "times: int = 4", True, False),
        ("measure", "ValueError(", "TypeError(", True, False),
        ("tables", "table[at]", "table[at - 1]", True, False),
        ("tables", "append(4)", "append(5)", True, True),
        ("whole", "7", "8", True, False),
        ("rules", "found > LIMIT", "found >= LIMIT", False, True),
        ("tables", "LIMIT = 1", "LIMIT = 2", False, True),
        ("late", "does not hold", "fails", False, True),
        ("measure", '"""A number."""', '"""Another\n\n    text."""', False, False),
        ("measure", "  # a local name, not the rule", "", False, False),
        ("measure", "x: float, *,", "x: int, *,", False, False),
        ("measure", "scale: float =", "scale =", False, False),
        ("measure", "give at least 1", "give a larger one", False, False),
        ("measure", "    scale: float", "\n\n    scale: float", False, False),
        ("measure", "x + SHIFT", "x - SHIFT", False, False),
        ("measure", "_unused = 5", "_unused = 6", False, False),
        ("tables", "print(LIMIT)", "print(TABLE)", False, False),
        ("__init__", '"""Of what was found."""', '"""The rule."""', False, False),
    ],
)
def test_an_edit_changes_the_hash_of_what_uses_it_alone(ours, file, old, new, measure, conclude):
    before = ours()
    after = ours(file, old, new)
    assert (before[0] != after[0], before[1] != after[1]) == (measure, conclude)


def test_a_package_that_is_hashed_whole_counts_whatever_is_edited_in_it(
    ours, tmp_path, monkeypatch
):
    monkeypatch.setattr(code_hash, "WHOLE", ("ours",))
    ours()
    package = sys.modules["ours"]

    def now():
        return measuring_code(package.conclude)

    first = now()
    assert not [name for name in reached(package.conclude) if name.startswith("ours.rules")]
    ours("measure", "_unused = 5", "_unused = 6")
    second = now()
    ours("measure", '"""A number."""', '"""The number."""')
    assert first != second == now()
    (tmp_path / "ours" / "table.csv").write_text("1,2\n")
    assert now() != second


def test_the_hash_is_the_same_in_every_version_of_python(ours, tmp_path):
    (tmp_path / "ours" / "late.py").write_text(
        'def word(yes, width=3):\n    return f"{yes!r:>{width}} {{}} {yes:.{width}f}"\n'
    )
    ours()
    word = importlib.import_module("ours.late").word
    assert code_of(word) == "3d38d1c5c84b0914"  # 3.12 has another tree for a nested format


nameless = lambda x: x  # noqa: E731


@pytest.mark.parametrize("start", [nameless, len, {"a": 1}])
def test_what_is_not_at_the_top_of_a_module_is_refused(start):
    with pytest.raises(ValueError, match="is not defined at the top of a module, where"):
        code_of(start)


def test_the_form_of_an_experiment_is_in_no_hash():
    from experiments import bias

    names = reached(bias.parts, bias.Configuration, bias.conclude, bias.draw)
    assert {"experiments.bias:output", "experiments.bias:conclude"} <= set(names)
    assert "experiments.lab.evidence.verdicts:Effect" in names  # it puts numbers into words
    assert not [name for name in names if name.startswith(("jaxnn", "experiments.lab.io"))]
    form = ("experiments.lab.evidence.experiment", "experiments.lab.evidence.claims")
    assert not [name for name in names if name.startswith(form)]

"""How results are kept current: what is measured again, and what only concluded again."""

import importlib
import json
import sys
from pathlib import Path

import pytest

import experiments
from experiments import __main__ as listing
from experiments import bias
from experiments.lab.evidence import book, ledger, measurement, published, running, sentences
from experiments.lab.evidence.currency import currency
from experiments.lab.results import provenance

FILES = {
    "__init__": '''
        """Does it grow?

            python -m experiments.growth

        Rules. N8 holds if it grows.
        """

        from dataclasses import dataclass

        from experiments.growth.figure import draw
        from experiments.growth.findings import conclude
        from experiments.growth.measure import grow
        from experiments.lab.evidence.experiment import Experiment, Flags, Part
        from experiments.lab.evidence.rules import Rule


        @dataclass(frozen=True)
        class Configuration(Flags):
            """Does it grow?"""

            start: float = 1.0
            """Where it starts."""


        def parts(configuration):
            """One."""
            return [Part("growth", lambda _: grow(configuration.start))]


        EXPERIMENT = Experiment(
            __file__,
            __doc__,
            Configuration,
            smoke={"start": 0.5},
            rules=(Rule("N8", "N8 holds if it grows.", conclude),),
            parts=parts,
            conclude=conclude,
            draw=draw,
        )
    ''',
    "measure": '''
        from pathlib import Path

        import numpy as np


        def grow(start):
            """Twice as much."""
            with Path(__file__).with_name("measured.txt").open("a") as file:
                file.write("measured\\n")
            return {"sizes": start * np.array([1.0, 2.0])}
    ''',
    "findings": '''
        import pandas as pd

        from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict


        def conclude(configuration, found):
            """By the ratio."""
            first, last = found["growth"]["sizes"]
            word = "holds" if last / first > 1.5 else "does not hold"
            verdict = Verdict("N8", word, (Effect("growth", last / first),), 1, "a test")
            finding = f"It grows {last / first:g} times."
            return Conclusion(finding, (verdict,), pd.DataFrame({"size": [first, last]}))
    ''',
    "figure": """
        from experiments.lab.drawing import style as drawing


        def draw(configuration, found, conclusion):
            with drawing.canvas(2, 2) as figure:
                figure.subplots().plot(found["growth"]["sizes"])
            return figure
    """,
}


class Growth:
    """A synthetic experiment, added as one folder, whose files can be edited."""

    def __init__(self, folder):
        self.folder = folder / "growth"
        self.folder.mkdir()
        for name, text in FILES.items():
            lines = [line[8:] for line in text.strip("\n").splitlines()]
            (self.folder / f"{name}.py").write_text("\n".join(lines) + "\n")

    @property
    def times_measured(self):
        file = self.folder / "measured.txt"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def edit(self, name, old, new):
        file = self.folder / f"{name}.py"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def loaded(self):
        """The experiment as a new process finds it."""
        return loaded("growth")


def loaded(name):
    forget(name)
    importlib.invalidate_caches()
    return {each.name: each for each in listing.found()}[name]


def forget(name):
    for module in [each for each in sys.modules if each.startswith(f"experiments.{name}")]:
        del sys.modules[module]
    vars(experiments).pop(name, None)


@pytest.fixture
def growth(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(experiments, "__path__", [*experiments.__path__, str(tmp_path)])
    monkeypatch.setattr(published, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(ledger, "FILE", tmp_path / "LEDGER.md")
    monkeypatch.setattr(sentences, "FILE", tmp_path / "findings.py")

    def run_each(due, again):  # in this process, which alone knows of the folder
        for each in due:
            code = start(growth.loaded(), "--out", running.folder(each), *["--again"] * again)
            yield running.Ended(each, code, "")

    monkeypatch.setattr(running, "run_each", run_each)
    growth = Growth(tmp_path)
    yield growth
    for name in ("growth", "neuron"):
        forget(name)


def start(experiment, *flags):
    with pytest.raises(SystemExit) as stop:
        experiment.start([str(flag) for flag in flags])
    return stop.value.code


def run_all(growth):
    assert listing.run_all([growth.loaded()], again=False) == 0
    return published.read("growth")


def test_an_edited_formula_is_measured_again(growth, capsys):
    assert str(currency(growth.loaded())) == "not measured"
    first = run_all(growth)
    assert first["finding"] == "It grows 2 times." and growth.times_measured == 1
    assert str(currency(growth.loaded())) == "current"
    growth.edit("measure", "2.0", "1.2")
    assert currency(growth.loaded()) == ("measured with earlier code", "")
    second = run_all(growth)
    assert second["finding"] == "It grows 1.2 times." and growth.times_measured == 2
    assert second["verdicts"][0]["verdict"] == "does not hold"
    assert second["fingerprint"] != first["fingerprint"]
    assert second["code"]["measurement"] != first["code"]["measurement"]
    assert second["code"]["conclusion"] == first["code"]["conclusion"]
    assert Path("runs/growth.1/measured.safetensors").is_file()  # nothing is overwritten
    assert "moved to runs/growth.1" in capsys.readouterr().out
    assert str(currency(growth.loaded())) == "current"


def test_the_same_command_measures_an_edited_formula_again(growth):
    assert start(growth.loaded(), "--out", "mine") == 0
    assert start(growth.loaded(), "--out", "mine") == 0 and growth.times_measured == 1
    growth.edit("measure", "2.0", "1.2")
    assert start(growth.loaded(), "--out", "mine") == 0 and growth.times_measured == 2
    assert "It grows 1.2 times." in Path("mine/summary.json").read_text()


@pytest.mark.parametrize("kept", [True, False])
def test_an_edited_rule_is_concluded_again_without_measuring(growth, kept):
    first = run_all(growth)
    growth.edit("findings", "> 1.5", "> 2.5")
    if not kept:  # as in a fresh clone, which has no runs/
        Path("runs").rename("elsewhere")
    assert currency(growth.loaded()) == ("", "concluded by an earlier rule")
    second = run_all(growth)
    assert growth.times_measured == 1
    assert second["verdicts"][0]["verdict"] == "does not hold"
    assert second["fingerprint"] == first["fingerprint"]
    for spent in ("seconds", "cpu_seconds"):
        assert second[spent] == first[spent] >= 0
    assert second["code"]["measurement"] == first["code"]["measurement"]
    assert second["code"]["conclusion"] != first["code"]["conclusion"]
    assert str(currency(growth.loaded())) == "current"


def test_an_edited_figure_is_drawn_again_without_measuring(growth):
    run_all(growth)
    before = (published.RESULTS / "growth" / "growth.svg").read_bytes()
    growth.edit("figure", '["sizes"])', '["sizes"], "o--")')
    assert currency(growth.loaded()) == ("", "concluded by an earlier rule")
    run_all(growth)
    assert growth.times_measured == 1
    assert (published.RESULTS / "growth" / "growth.svg").read_bytes() != before


def test_an_edited_docstring_needs_neither(growth):
    run_all(growth)
    for file, old, new in (
        ("measure", "Twice as much.", "As much as twice."),
        ("findings", "By the ratio.", "By the quotient."),
        ("__init__", "Where it starts.", "The first size."),
        ("__init__", "Rules. N8 holds if it grows.", "Rules. N8 holds if it grows at all."),
    ):
        growth.edit(file, old, new)
    assert str(currency(growth.loaded())) == "current"
    run_all(growth)
    assert growth.times_measured == 1


def test_other_defaults_are_measured_again_and_cannot_be_concluded_from(growth, capsys):
    run_all(growth)
    growth.edit("__init__", "start: float = 1.0", "start: float = 3.0")
    assert currency(growth.loaded()).measurement == (
        "measured with other flags than the present defaults"
    )
    assert listing.conclude([growth.loaded()]) == 1
    assert (
        "growth: not concluded, since it was measured with other flags" in capsys.readouterr().out
    )
    run_all(growth)
    assert growth.times_measured == 2


def test_other_versions_are_named_but_not_our_own(growth, monkeypatch):
    run_all(growth)
    real = provenance.versions

    def other(**changed):
        versions = {**real(), **changed}
        for module in (provenance, sys.modules[currency.__module__]):
            monkeypatch.setattr(module, "versions", lambda: versions)
        return str(currency(growth.loaded()))

    assert other(jaxnn="9.9.9") == "current"  # its code is hashed, which says more
    assert other(jax="9.9.9").startswith("measured with jax ")


def test_conclude_needs_no_runs_and_says_what_stays_out_of_date(growth, capsys):
    run_all(growth)
    stored = (published.RESULTS / "growth" / measurement.FILE).read_bytes()
    Path("runs").rename("elsewhere")
    growth.edit("findings", "> 1.5", "> 2.5")
    assert listing.conclude([growth.loaded()]) == 0
    assert published.read("growth")["verdicts"][0]["verdict"] == "does not hold"
    assert "growth: concluded; current" in capsys.readouterr().out
    growth.edit("measure", "2.0", "1.2")  # concluding measures nothing, and does not hide it
    assert listing.conclude([growth.loaded()]) == 0
    assert "growth: concluded; measured with earlier code" in capsys.readouterr().out
    assert "It grows 2 times." in published.read("growth")["finding"]
    assert growth.times_measured == 1
    assert (published.RESULTS / "growth" / measurement.FILE).read_bytes() == stored
    growth.edit("findings", 'found["growth"]["sizes"]', 'found["growth"]["lengths"]')
    assert listing.conclude([growth.loaded()]) == 1
    assert "its measurement by earlier code has no 'lengths'" in capsys.readouterr().out


def test_check_says_what_differs_and_publishes_nothing(growth, capsys):
    run_all(growth)
    folder = published.RESULTS / "growth"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def check():
        capsys.readouterr()
        return listing.check([growth.loaded()]), capsys.readouterr().out

    assert check() == (0, "growth: the published verdicts; same files\n")
    growth.edit("findings", "It grows", "It has grown")
    assert check() == (0, "growth: the published verdicts; summary.json differ\n")
    growth.edit("findings", "> 1.5", "> 2.5")
    assert check() == (1, "growth: other verdicts than published: N8: does not hold\n")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_large_measurement_is_not_committed_and_the_book_says_so(growth, monkeypatch, capsys):
    def page():
        book.write([growth.loaded()], Path("site"))
        return Path("site/n8.html").read_text()

    run_all(growth)
    assert 'href="data/growth/measured.safetensors"' in page()
    monkeypatch.setattr(published, "LARGEST", 10)
    growth.edit("measure", "2.0", "1.2e6")
    run_all(growth)
    assert not (published.RESULTS / "growth" / measurement.FILE).exists()
    assert "too large to be kept here" in page() and "measured.safetensors" not in page()
    assert listing.conclude([growth.loaded()]) == 0  # from runs/
    Path("runs").rename("elsewhere")
    assert listing.conclude([growth.loaded()]) == 1
    said = "growth: not concluded, since its measurement is not here; python -m experiments.growth "
    assert said in capsys.readouterr().out


@pytest.mark.slow
def test_bias_with_twice_the_output_is_measured_again(growth):
    """A single file: its formula is part of the measurement, its rule and figure are not."""
    file = growth.folder.with_name("neuron.py")
    text = Path(bias.__file__).read_text(encoding="utf-8")

    def output_with(old, new):
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        return start(loaded("neuron"), "--out", "mine"), Path("mine/summary.json").read_text()

    measured_with, formula = [], "return jaxnn.neuron("
    for old, new, number in (
        (formula, formula, "is 0.0474."),
        ("number:.4f", "number:.3f", "is 0.047."),
        (formula, f"return 2 * {formula[7:]}", "is 0.0949."),
    ):
        code, summary = output_with(old, new)
        assert code == 0 and number in summary
        measured_with.append(measurement.read(Path("mine") / measurement.FILE).fingerprint)
    assert measured_with[0] == measured_with[1] != measured_with[2]


def test_a_smoke_run_gives_no_verdict(growth, capsys):
    assert start(growth.loaded(), "--smoke", "--out", "small") == 0
    said = capsys.readouterr().out
    assert "smoke: no verdict" in said and "holds" not in said and "It grows" not in said
    for file in ("summary.json", "config.json"):
        assert json.loads(Path("small", file).read_text())["smoke"] is True


def test_an_experiment_is_found_by_its_folder_alone_and_needs_its_claims_line(growth):
    assert growth.loaded().question == "Does it grow?"
    growth.edit("__init__", 'Rule("N8",', 'Rule("Z1",')
    with pytest.raises(ValueError, match="claim 'Z1' has no line in .*claims.py; add one, or"):
        growth.loaded()


def test_verdicts_and_claims_must_agree(growth):
    rule = 'Rule("N8", "N8 holds if it grows.", conclude),'
    growth.edit("__init__", rule, f"{rule} {rule.replace('N8', 'G4')}")
    with pytest.raises(
        ValueError,
        match="experiment growth: conclude gives verdicts on N8, and its claims are G4, N8; name",
    ):
        growth.loaded().start(["--out", "mine"])

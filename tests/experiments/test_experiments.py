"""The form that every experiment takes, and the ledger that they write."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from matplotlib.figure import Figure

from experiments import __main__ as listing
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence import currency, ledger, published, running
from experiments.lab.evidence import experiment as experiment_module
from experiments.lab.evidence.claims import CLAIMS
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict
from experiments.lab.io import ending
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import plain

EVERY = {each.name: each for each in listing.found()}
each_experiment = pytest.mark.parametrize("name", EVERY)


def start(experiment, *flags):
    with pytest.raises(SystemExit) as stop:
        experiment.start([str(flag) for flag in flags])
    return stop.value.code


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name != "bias" else name for name in EVERY],
)
def test_smoke_gives_a_verdict_on_each_of_its_claims_and_a_figure(name, tmp_path):
    experiment = EVERY[name]
    assert start(experiment, "--smoke", "--out", tmp_path) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["smoke"] is True
    assert {verdict["claim"] for verdict in summary["verdicts"]} == set(experiment.claims)
    assert all(verdict["effects"] and verdict["setting"] for verdict in summary["verdicts"])
    assert len(pd.read_csv(tmp_path / "results.csv")) > 0
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG") and "<svg" in (
        tmp_path / f"{name}.svg"
    ).read_text()[:500]
    if name in ("bias", "heads"):  # the others go the same way
        files = {
            file: (tmp_path / file).read_bytes()
            for file in ("summary.json", "results.csv", f"{name}.png", f"{name}.svg")
        }
        assert start(experiment, "--smoke", "--out", tmp_path) == 0  # from what is on the disk
        assert [
            file for file, content in files.items() if (tmp_path / file).read_bytes() != content
        ] == []


@each_experiment
def test_the_docstring_has_question_and_command_and_no_pasted_result(name):
    experiment = EVERY[name]
    doc = re.sub(r"\s+", " ", experiment.doc)
    assert experiment.question.endswith("?")
    assert doc.startswith(f"{experiment.question} python -m experiments.{name} ")
    last = published.read(name)
    assert not (last and last["finding"] in doc) and " Result: " not in doc


@each_experiment
def test_what_is_published_is_of_the_present_defaults_and_claims(name):
    # Not of the present code, which is edited before it is run: `python -m experiments` shows that.
    experiment, last = EVERY[name], published.read(name)
    if not last:  # a new one, which the list and the ledger must say
        assert str(currency.currency(experiment)) == "not measured"
        assert not (published.RESULTS / name).exists()
        pytest.skip("not measured yet; python -m experiments all publishes a result")
    assert last["configuration"] == plain(experiment.settings(experiment.configuration()))
    assert {verdict["claim"] for verdict in last["verdicts"]} == set(experiment.claims)


def test_the_ledger_is_what_the_results_say():
    assert ledger.FILE.read_text(encoding="utf-8") == ledger.ledger(EVERY.values())
    assert all(f"| {claim} |" in ledger.FILE.read_text(encoding="utf-8") for claim in CLAIMS)


@pytest.mark.slow
def test_the_list_fits_a_pipe(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["experiments"])
    assert listing.main() == 0
    said = capsys.readouterr().out
    for name, each in EVERY.items():
        assert f"python -m experiments.{name}" in said and each.question in said
        assert str(currency.currency(each)) in said
    assert "\x1b" not in said


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """The experiments that `all` has run, with --again or not; codes says how each ends."""
    ran, codes = [], {}

    def run_each(due, again):
        for each in due:
            ran.append((each.name, again))
            if codes.get(each.name) == ending.CODE:
                raise KeyboardInterrupt
            yield running.Ended(each, codes.get(each.name, 0), "error: no such file")

    monkeypatch.setattr(listing, "LEFT", tmp_path / "runs" / "again.json")
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(running, "run_each", run_each)
    monkeypatch.setattr(published, "publish", lambda name, folder: ran.append(name))
    return ran, codes


def test_all_again_interrupted_goes_on_where_it_was(ran):
    (ran, codes), names = ran, list(EVERY)
    codes[names[2]] = ending.CODE
    assert listing.run_all(list(EVERY.values()), again=True) == ending.CODE
    assert ran == [(names[0], True), names[0], (names[1], True), names[1], (names[2], True)]
    ran.clear()
    codes.clear()
    assert listing.run_all(list(EVERY.values()), again=True) == 0
    assert ran[::2] == [(name, True) for name in names[2:]] and ran[1::2] == names[2:]
    assert not listing.LEFT.exists()


def test_two_at_a_time_are_refused(ran):
    with FileLock(listing.LEFT.with_name("all.lock")), pytest.raises(UserError, match="another"):
        listing.run_all(list(EVERY.values()), again=True)
    assert not ran[0]


@pytest.mark.parametrize("name", ["very_deep", "plasticity"])
def test_a_flag_without_values_is_refused(name, capsys):
    flag = {"very_deep": "--width", "plasticity": "--learning-rate"}[name]
    for flags in ([flag], ["--smoke", flag]):
        assert start(EVERY[name], *flags) == 2
        assert f"error: {flag}: give at least one value" in capsys.readouterr().err


def test_all_runs_what_is_not_current_and_says_why(ran, monkeypatch, capsys):
    (ran, _), names = ran, list(EVERY)
    states = dict.fromkeys(names, currency.Currency())
    states[names[1]] = currency.Currency("measured with earlier code")
    states[names[3]] = currency.Currency("", "concluded by an earlier rule")
    monkeypatch.setattr(listing, "currency", lambda each: states[each.name])
    assert listing.run_all(list(EVERY.values()), again=False) == 0
    assert ran[::2] == [(names[1], False), (names[3], False)]
    said = capsys.readouterr().out
    assert re.search(f"{names[1]} +measured with earlier code\n", said)
    assert re.search(f"{names[3]} +concluded by an earlier rule\n", said)


def test_one_that_fails_stops_no_other_and_is_run_again(ran, capsys):
    (ran, codes), names = ran, list(EVERY)
    codes[names[1]] = 2
    assert listing.run_all(list(EVERY.values()), again=True) == 2
    assert capsys.readouterr().out.count("error: no such file") == 1
    assert [each for each in ran if isinstance(each, str)] == [names[0], *names[2:]]
    assert json.loads(listing.LEFT.read_text()) == [names[1]]


@pytest.mark.parametrize(
    "flags, said",
    [(["--again"], "--again goes with all"), (["all", "--check"], "--check goes with conclude")],
)
def test_a_flag_that_its_command_does_not_take_is_refused(flags, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments", *flags])
    with pytest.raises(SystemExit):
        listing.main()
    assert said in capsys.readouterr().err


class Counting:
    """An experiment in two parts that counts what it measures; the second can be interrupted."""

    def __init__(self, tmp_path):
        self.ran, self.interrupt = [], False
        file = tmp_path / "counting.py"
        self.experiment = Experiment(
            str(file),
            "Does it count?",
            Flags,
            {},
            (Rule("N8", "N8 holds if it is asked.", self.conclude),),
            self.parts,
            self.conclude,
            self.draw,
        )

    def parts(self, configuration):
        def part(name):
            def run(found):
                if name == "second" and self.interrupt:
                    raise KeyboardInterrupt
                self.ran.append(name)
                return {"sum": np.array([1 + sum(arrays["sum"][0] for arrays in found.values())])}

            return Part(name, run)

        return [part("first"), part("second")]

    def conclude(self, configuration, found):
        verdict = Verdict(
            "N8",
            "holds only when",
            (Effect("|x|", float(found["second"]["sum"][0]), 1.5, 2.5),),
            3,
            "a test",
            when="it is | asked",
        )
        return Conclusion(
            "two.", (verdict,), pd.DataFrame({"sum": [each["sum"][0] for each in found.values()]})
        )

    def draw(self, configuration, found, conclusion):
        assert all(set(arrays) == {"sum"} for arrays in found.values())
        with drawing.canvas(2, 2) as figure:
            figure.subplots().plot([0, 1])
        assert isinstance(figure, Figure)
        return figure


def test_an_interrupted_experiment_measures_only_what_is_missing(tmp_path):
    counting = Counting(tmp_path)
    counting.interrupt = True
    assert start(counting.experiment, "--out", tmp_path / "r") == 130
    counting.interrupt = False
    assert start(counting.experiment, "--out", tmp_path / "r") == 0
    assert counting.ran == ["first", "second"]
    files = {
        name: (tmp_path / "r" / name).read_bytes()
        for name in ("summary.json", "results.csv", "counting.png", "counting.svg")
    }
    assert start(counting.experiment, "--out", tmp_path / "r") == 0 and counting.ran == [
        "first",
        "second",
    ]  # nothing is left to measure
    assert (
        start(counting.experiment, "--again", "--out", tmp_path / "r") == 0
        and counting.ran == ["first", "second"] * 2
    )
    assert {name: (tmp_path / "r" / name).read_bytes() for name in files} == files


def test_what_is_derived_is_worked_out_once_per_measurement(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment_module, "code_of", lambda *_: "code")
    monkeypatch.setattr(published, "RESULTS", tmp_path / "results")
    counting, worked = Counting(tmp_path), []

    def derive(configuration, found):
        worked.append(1)
        return {"twice": 2 * found["second"]["sum"]}

    def conclude(configuration, found):
        assert found["derived"]["twice"].tolist() == [4]
        return counting.conclude(configuration, {name: found[name] for name in ("first", "second")})

    def draw(configuration, found, conclusion):
        return counting.draw(configuration, {"first": found["first"]}, conclusion)

    experiment = replace(counting.experiment, derive=derive, conclude=conclude, draw=draw)
    for flags, times in (((), 1), ((), 1), (("--again",), 1)):
        assert start(experiment, *flags, "--out", tmp_path / "r") == 0
        assert len(worked) == times
    monkeypatch.setattr(experiment_module, "code_of", lambda *_: "other code")
    assert start(experiment, "--out", tmp_path / "r") == 0 and len(worked) == 2


def test_the_ledger_has_a_row_per_claim_and_says_what_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "RESULTS", tmp_path / "results")
    counting = Counting(tmp_path)
    assert ledger.ledger([counting.experiment]).count("not measured") == len(CLAIMS)
    assert start(counting.experiment, "--out", tmp_path / "r") == 0
    published.publish("counting", tmp_path / "r")
    said = ledger.ledger([counting.experiment])
    row = next(line for line in said.splitlines() if line.startswith("| N8 |"))
    assert r"| **holds only when** it is \| asked |  | \|x\| 2 [1.5, 2.5] |" in row
    assert row.endswith("| [counting](results/counting) |")
    assert said.count("not measured") == len(CLAIMS) - 1


def test_a_verdict_names_a_known_claim_and_its_condition():
    with pytest.raises(
        ValueError, match="claim 'Z9' has no line in .*claims.py; add one, or name .*: N3, "
    ):
        Verdict("Z9", "holds", (), 1, "")
    with pytest.raises(ValueError, match="N8: the verdict 'holds only when' lacks a condition; "):
        Verdict("N8", "holds only when", (), 1, "")
    with pytest.raises(ValueError, match="N8: the verdict 'holds' has a condition; "):
        Verdict("N8", "holds", (), 1, "", when="it is dark")


def test_an_edited_activation_of_the_user_is_another_measurement(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    experiment, found = EVERY["trainability"], []
    for factor in ("0.1", "0.2", "0.1"):
        (tmp_path / "bent_line.py").write_text(
            f"import jax.numpy as jnp\n\n\ndef bent(x):\n    return jnp.maximum(x, {factor} * x)\n"
        )
        configuration = experiment.configuration(activation="bent_line:bent")
        found.append(experiment.fingerprint(configuration))
    assert found[0] == found[2] != found[1]


def test_a_wrong_flag_is_one_sentence(capsys):
    assert start(EVERY["bias"], "--weight", "-1") == 2
    assert capsys.readouterr().err.startswith("error: --weight (-1.0,)")

"""Several experiments at a time, each in a process of its own."""

import importlib.metadata
import json
import os
import sys
import time
from types import SimpleNamespace

import pytest

from experiments.lab.evidence import published, running, screen
from experiments.lab.io.side_by_side import side_by_side

PARTS = """
print(" 50 % first; 1 s spent, about 1 s left", flush=True)
print("100 % second; 2 s spent, about 0 s left", flush=True)
"""
CORES = "import json, os; print(json.dumps(sorted(os.sched_getaffinity(0))))"
several = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two cores",
)


@pytest.fixture
def run(monkeypatch):
    """Runs scripts in place of experiments, two at a time; yields each as it ends."""

    def run(seconds=None, **scripts):
        monkeypatch.setattr(running, "side_by_side", lambda: 2)
        monkeypatch.setattr(
            running, "command", lambda each, again: [sys.executable, "-c", scripts[each.name]]
        )
        monkeypatch.setattr(published, "read", lambda name: (seconds or {}).get(name))
        return running.run_each([SimpleNamespace(name=name) for name in scripts], again=False)

    return run


@several
def test_each_has_cores_of_its_own(run):
    # The third takes the place of the first or the second.
    scripts = dict.fromkeys(("one", "two"), f"{CORES}; import time; time.sleep(1)")
    ended = {each.experiment.name: json.loads(each.said) for each in run(**scripts, three=CORES)}
    assert not {*ended["one"]} & {*ended["two"]}
    assert {*ended["one"], *ended["two"]} == os.sched_getaffinity(0)
    assert ended["three"] in (ended["one"], ended["two"])


def test_the_longest_starts_first_and_what_fails_stops_no_other(run, monkeypatch, tmp_path):
    order = tmp_path / "order.txt"

    def script(name, code):
        return f"open({str(order)!r}, 'a').write('{name} '); raise SystemExit({code})"

    seconds = {"b": {"cpu_seconds": 9.0, "seconds": 1.0}, "c": {"seconds": 3.0}}
    runs = run(seconds, c=script("c", 0), b=script("b", 2), a=script("a", 0))
    monkeypatch.setattr(running, "side_by_side", lambda: 1)
    assert {each.experiment.name: each.code for each in runs} == {"a": 0, "b": 2, "c": 0}
    assert order.read_text() == "a b c "  # one never measured is taken for a long one


def test_what_is_said_is_what_follows_the_last_part(run, capsys):
    ended = list(run(one=f"print('the plan')\n{PARTS}\nprint('holds')", two="print('error: no')"))
    assert {each.experiment.name: each.said for each in ended} == {
        "one": "holds",
        "two": "error: no",
    }
    said = capsys.readouterr().out
    assert ": done, 1 of 2\n" in said and ": done, 2 of 2\n" in said
    assert " 50 % of all; " in said and "100 % of all; " in said


def test_those_that_still_run_end_when_it_is_interrupted(run, monkeypatch, tmp_path):
    monkeypatch.setattr(running, "END", 0.1)
    began = time.monotonic()
    here = f"import os, time; open({str(tmp_path)!r} + '/' + str(os.getpid()), 'w')"
    sleep = f"{here}; time.sleep(60)"
    runs = run(fast=here, slow=sleep, later=sleep, last=f"{here}; open({str(tmp_path / 'no')!r})")
    assert next(runs).experiment.name == "fast"
    with pytest.raises(KeyboardInterrupt):
        runs.throw(KeyboardInterrupt)
    assert time.monotonic() - began < 30
    started = [int(file.name) for file in tmp_path.iterdir()]
    assert 1 <= len(started) <= 3  # the last one had no place yet
    for process in started:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_nothing_is_started_after_an_interruption_that_was_swallowed(run, monkeypatch, tmp_path):
    monkeypatch.setattr(running.ending, "asked", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        list(run(one=f"open({str(tmp_path / 'started')!r}, 'w')"))
    assert not list(tmp_path.iterdir())


def test_what_an_earlier_command_has_kept_took_no_time_now(capsys):
    with screen.Several({"kept": 80.0, "new": 20.0}) as watch:
        watch.start("kept")
        watch.go_on("kept", screen.KEPT, 1.0)
        assert capsys.readouterr().out == ""  # nothing says how long the rest takes
        watch.start("new")
        watch.go_on("new", "first", 0.5)
        assert " 90 % of all; 0 s spent, about 0 s left" in capsys.readouterr().out


def test_one_that_failed_is_no_part_of_the_work(capsys):
    with screen.Several({"long": 900.0, "short": 100.0}) as watch:
        watch.start("long")
        watch.end("long", 2)
        watch.start("short")
        watch.go_on("short", "first", 0.5)
    said = capsys.readouterr().out
    assert "long: ended with code 2, 1 of 2" in said and "90 %" not in said and " 50 %" in said


def test_an_accelerator_is_used_by_one_at_a_time(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [group])
    assert side_by_side() == 1

"""Which commit set a rule."""

import subprocess

import pytest

from experiments.lab.evidence.history import set_in

FIRST = '"""Is it?\n\nN8 holds if the slope\nis a quarter. No more is needed.\n"""\n'
LATER = 'WORDS = (\n    "N8 holds if the slope is "\n    "a quarter. It must \'stay\' so."\n)\n'


@pytest.fixture
def place(tmp_path):
    """A repository in which a rule goes from a docstring to a string, and gets a sentence more."""

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", "-C", tmp_path, *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    commits, folder = [], tmp_path / "slope"
    (tmp_path / "other.py").write_text(LATER)
    for file, text in (("slope.py", FIRST), ("slope/rules.py", LATER), ("slope/x.py", "X = 1")):
        folder.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
        git("add", file)
        git("commit", "-q", "-m", file)
        commits.append(git("rev-parse", "--short", "HEAD"))
    return folder, commits


def test_a_rule_is_set_where_all_its_sentences_stand_first(place):
    folder, (first, second, _) = place
    rules = [
        "N8 holds if the slope is a quarter.",
        "N8 holds if the slope is a quarter. It must 'stay' so.",
        "N8 holds if the slope is a half.",
    ]
    assert set_in(rules, folder) == [first, second, ""]
    assert set_in(rules, folder.with_suffix(".py")) == [first, second, ""]


def test_without_a_history_no_commit_is_named(tmp_path, monkeypatch):
    assert set_in(["It holds."], tmp_path / "slope") == [""]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert set_in(["It holds."], tmp_path / "slope") == [""]

"""Whose a folder of results is, and what is kept in it: nothing of anybody is lost or trusted."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from experiments.lab.engine.outcome import Outcome
from experiments.lab.io import files
from experiments.lab.io.errors import UserError
from experiments.lab.results.folder import RunFolder


def outcome(share: float = 0.5) -> Outcome:
    found = Outcome.empty(np.array([1, 2]), (2, 3))
    found.done[:, 0] = True
    found.curves["train_loss"] = np.full((2, 2, 3), share, np.float32)
    return found


def begun(path, fingerprint: str = "a", part: str = "all") -> None:
    """A run that was killed after its first checkpoint."""
    with RunFolder(path, fingerprint, part) as folder:
        folder.keep(0, outcome(), part=part)


def finished(path, fingerprint: str = "a") -> None:
    begun(path, fingerprint)
    (path / "results.csv").write_text(fingerprint)
    (path / "predictions-x.csv").write_text(fingerprint)
    files.write_json(path / "config.json", {"fingerprint": fingerprint})
    with RunFolder(path, fingerprint) as folder:
        folder.finish()


def contents(path) -> list[str]:
    names = (str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
    return sorted(name for name in names if not name.startswith(".lock"))


def test_an_unfinished_run_is_moved_aside_and_goes_on_there(tmp_path):
    path = tmp_path / "r"
    begun(path)
    with RunFolder(path, "b") as folder:
        assert folder.news() == [
            f"an unfinished run with other flags, data or code moved to {path}.1"
        ]
        assert folder.news() == [] and folder.kept() == {}
        folder.finish()
    assert contents(path) == []
    with RunFolder(tmp_path / "r.1", "a") as folder:
        assert folder.news() == [] and list(folder.kept()) == [0]


@pytest.mark.parametrize("left", ["results.csv", "model.json", "figures/a.png", "summary.json"])
def test_what_a_killed_run_has_written_is_moved_aside(left, tmp_path):
    path = tmp_path / "r"
    (path / left).parent.mkdir(parents=True)
    (path / left).write_text("whole")
    (path / "mine.csv").write_text("not of a run")
    with RunFolder(path, "b") as folder:
        assert folder.news() == [
            f"an unfinished run with other flags, data or code moved to {path}.1"
        ]
    assert contents(path) == ["mine.csv"] and contents(tmp_path / "r.1") == [left]


def test_finished_results_are_moved_aside_with_all_that_was_added(tmp_path):
    finished(tmp_path / "r")
    finished(tmp_path / "r", "b")
    finished(tmp_path / "r", "c")
    every = ["config.json", "predictions-x.csv", "results.csv"]
    for name, whose in (("r.1", "a"), ("r.2", "b"), ("r", "c")):
        assert contents(tmp_path / name) == every
        assert (tmp_path / name / "results.csv").read_text() == whose


def test_the_same_run_moves_nothing(tmp_path):
    path = tmp_path / "r"
    for prepare in (begun, finished, finished):
        prepare(path)
        with RunFolder(path, "a") as folder:
            assert folder.news() == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["r"]
    assert [entry.name for entry in path.glob(".*")] == [".lock"]


def test_a_folder_that_cannot_be_moved_itself(tmp_path, monkeypatch):
    """The one that we are in, or a link: what is in it is moved, beside it."""
    finished(tmp_path / "r")
    (tmp_path / "link").symlink_to(tmp_path / "r", target_is_directory=True)
    with RunFolder(tmp_path / "link", "b"):
        assert contents(tmp_path / "link.1") == ["config.json", "predictions-x.csv", "results.csv"]
    begun(tmp_path / "r", "b")
    monkeypatch.chdir(tmp_path / "r")
    with RunFolder(files.Path(), "c") as folder:
        assert folder.news()[0].endswith(f"moved to {tmp_path / 'r.1'}")
    assert len(contents(tmp_path / "r.1")) == 1


def test_a_slice_of_changed_data_is_moved_aside(tmp_path):
    path = tmp_path / "r"
    begun(path, "a", "1-of-2")
    begun(path, "b", "2-of-2")
    with RunFolder(path, "b") as folder:
        assert list(folder.kept()) == [0]
    with RunFolder(tmp_path / "r.1", "a") as folder:
        assert list(folder.kept()) == [0]


TAKEN = "another process is writing to this folder; wait until it ends, or give another --out"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a", "all"), ("a", "all")),
        (("a", "all"), ("b", "all")),
        (("a", "all"), ("a", "1-of-2")),
        (("a", "1-of-2"), ("a", "1-of-2")),
        (("a", "1-of-2"), ("a", "all")),
        (("a", "1-of-2"), ("b", "2-of-2")),  # it would move the other's parts away
    ],
)
def test_two_processes_do_not_use_one_folder(first, second, tmp_path):
    with RunFolder(tmp_path, *first) as folder:
        folder.keep(0, outcome(), part=first[1])
        kept = contents(tmp_path)
        with pytest.raises(UserError, match=f"^--out {tmp_path}: {TAKEN}$"):
            RunFolder(tmp_path, *second)
        assert contents(tmp_path) == kept
    with RunFolder(tmp_path, *second):
        pass


def test_slices_use_one_folder(tmp_path):
    with RunFolder(tmp_path, "a", "1-of-2") as one, RunFolder(tmp_path, "a", "2-of-2") as two:
        one.keep(0, outcome(), part="1-of-2")
        two.keep(1, outcome(), part="2-of-2")
    with RunFolder(tmp_path, "a") as both:
        assert list(both.kept()) == [0, 1]


def test_a_killed_process_holds_no_folder(tmp_path):
    code = "import sys, time; from experiments.lab.results.ownership import *; " + (
        "lock = claim(Path(sys.argv[1]), 'a', 'all'); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=TAKEN):
            RunFolder(tmp_path, "a")
        other.kill()
    with RunFolder(tmp_path, "a"):
        pass


def kept_file(path):
    begun(path)
    [file] = path.glob("unfinished/a/*.safetensors")
    return file


def changed(file, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << (place % 8)
    file.write_bytes(content)


DAMAGE = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "no such file": lambda file: file.write_text("PK\x03\x04 of something else"),
    "of others": lambda file: save_file({"x": np.zeros(3)}, file),
    "of others, alike": lambda file: save_file(outcome().flat(), file),
    "of another part": lambda file: shutil.copy(file.with_name("0.0.1-of-2.safetensors"), file),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a length": lambda file: file.write_bytes(b"\xff" * 8 + file.read_bytes()[8:]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_part_that_is_damaged_is_set_aside_and_run_again(damage, tmp_path):
    file = kept_file(tmp_path)
    with RunFolder(tmp_path, "a", "1-of-2") as other:
        other.keep(0, outcome(0.25), part="1-of-2")
        other.keep(1, outcome(0.25), part="1-of-2")
    damage(file)
    with RunFolder(tmp_path, "a") as folder:
        assert list(folder.kept()) == [0, 1]  # of the other slice
        aside = tmp_path / "0.0.all.safetensors.damaged"
        assert folder.news() == [
            "0.0.all.safetensors, a part that an interrupted run has left, is damaged: it is "
            f"trained again, and the file is now {aside}"
        ]
        assert aside.exists() and not file.exists()
        folder.keep(0, outcome())
        assert folder.kept()[0].done[:, 0].all() and folder.news() == []
        folder.finish()
    assert aside.exists()


@pytest.mark.slow
def test_every_bit_that_flips_is_noticed(tmp_path):
    file = kept_file(tmp_path)
    whole = file.read_bytes()
    for place in range(len(whole)):
        changed(file, place)
        with RunFolder(tmp_path, "a") as folder:
            assert folder.kept() == {}, place
        file.write_bytes(whole)
    with RunFolder(tmp_path, "a") as folder:
        assert list(folder.kept()) == [0]


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path):
    file = kept_file(tmp_path)
    whole = file.read_bytes()
    file.with_name(f"{file.name}.tmp").symlink_to("/dev/full")
    with RunFolder(tmp_path, "a") as folder, pytest.raises(UserError) as stop:
        folder.keep(0, outcome(0.125))
    assert str(stop.value) == (
        f"{file}: it cannot be written (No space left on device); make room or choose another "
        "folder, and the same command goes on from what it has kept"
    )
    assert file.read_bytes() == whole and not list(file.parent.glob("*.tmp"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match=r"the folder cannot be made \(Permission denied\)"):
        RunFolder(tmp_path / "r", "a")
    tmp_path.chmod(0o700)

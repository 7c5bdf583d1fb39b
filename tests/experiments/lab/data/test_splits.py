"""Splits: which rows each seed trains, validates and tests on, and what is fitted to them."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from experiments import activations
from experiments.lab.data import Preprocessing, Source, Splits, load, prepare
from experiments.lab.io.errors import UserError
from tests.helpers.commands import exit_code

SEEDS = range(6)
PARTS = ("train", "validation", "test")


def regression(rows, **special):
    """Rows that are told apart by their only input, which is their number."""
    numbers = np.arange(rows, dtype=np.float32)
    return Source("t", numbers[:, None], numbers.astype(float), "regression", "y", **special)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_each_seed_has_other_rows_of_the_same_number_from_each_class(name):
    source = load(name)
    splits = Splits(source)
    shares = np.unique(source.y, return_counts=True)[1] / len(source.y)
    seen = {part: set() for part in PARTS}
    for seed in SEEDS:
        rows = splits.rows(seed)
        every = np.concatenate([rows[part] for part in PARTS])
        assert sorted(every) == list(range(len(source.y)))
        for part, index in rows.items():
            counts = np.unique(source.y[index], return_counts=True)[1]
            np.testing.assert_allclose(counts, shares * len(index), atol=1)
            seen[part].add(tuple(index))
    for part in PARTS:
        assert len(seen[part]) == len(SEEDS)  # no two seeds have the same rows
        assert len(set(map(len, seen[part]))) == 1
    held_out = round(0.2 * len(source.y))
    assert {len(index) for part in PARTS[1:] for index in seen[part]} == {held_out}


def test_fixed_splits_are_all_that_of_seed_0_by_scikit_learn():
    source = load("wine")
    rest, held_out = np.arange(len(source.y)), {}
    for part in ("test", "validation"):
        rest, held_out[part] = train_test_split(
            rest, test_size=36, random_state=0, stratify=source.y[rest]
        )
    expected = {"train": rest, **held_out}
    fixed, own = Splits(source, fixed=True), Splits(source)
    for splits, seed in [(own, 0), *((fixed, seed) for seed in SEEDS)]:
        for part, index in splits.rows(seed).items():
            np.testing.assert_array_equal(index, np.sort(expected[part]))
    assert fixed.of(3) is fixed.of(0)
    for part, x in prepare(source).x.items():
        np.testing.assert_array_equal(x, fixed.of(5).x[part])


def test_nothing_is_fitted_on_rows_that_a_seed_does_not_train_on():
    frame = pd.DataFrame({"a": np.arange(40.0), "b": list("xy") * 20})
    frame.loc[::7, "a"] = np.nan
    splits = Splits(Source("t", frame, np.arange(40.0) ** 2, "regression", "y"))
    fitted = {}
    for seed in SEEDS:
        data, train = splits.of(seed), splits.rows(seed)["train"]
        np.testing.assert_allclose(data.x["train"][:, 0].mean(), 0, atol=1e-6)
        np.testing.assert_allclose(data.x["train"][:, 0].std(), 1, rtol=1e-5)
        np.testing.assert_allclose(data.y["train"].mean(), 0, atol=1e-6)
        number = data.preprocessing.columns[0]
        assert number.median == frame["a"][train].median()
        fitted[number] = data.preprocessing.scale
        # Other held-out rows change nothing of it.
        other = frame.copy()
        other.loc[~other.index.isin(train), ["a", "b"]] = 1e6, "z"
        other = Splits(splits.source._replace(x=other)).of(seed)
        np.testing.assert_array_equal(other.x["train"][:, :4], data.x["train"])
        assert other.x["train"].shape[1] == 5 and not other.x["train"][:, 4].any()  # the new z
        assert (other.x["test"][:, 0] > 100).all()
    assert len(fitted) == len(set(fitted.values())) == len(SEEDS)


def rare_category():
    """A table with a category, c, that only the last row has."""
    city = np.array(["a", "b"] * 14 + ["a", "c"])
    frame = pd.DataFrame({"size": np.arange(30.0), "city": city})
    return Source("t", frame, np.arange(30.0), "regression", "y")


def test_a_category_that_is_missing_among_training_rows_is_an_input_that_is_always_0():
    splits = Splits(rare_category())
    with_it = {seed: 29 in splits.rows(seed)["train"] for seed in range(20)}
    assert set(with_it.values()) == {True, False}
    for seed, known in with_it.items():
        data = splits.of(seed)
        assert splits.features == data.features == 4
        for part in PARTS:
            assert data.x[part].shape == (len(data.y[part]), 4)
            if not known:
                assert (data.x[part][:, 3] == 0).all()
        assert (data.x["train"][:, 1:].sum(axis=1) == 1).all()
        # A model of it encodes further rows likewise, also after a round trip through its file.
        again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
        assert again == data.preprocessing
        rows = splits.source.x.iloc[splits.rows(seed)["test"]]
        np.testing.assert_array_equal(again.apply(rows), data.x["test"])
    # By itself, a split has no inputs but its own.
    lacking = next(seed for seed, known in with_it.items() if not known)
    assert splits.single(lacking).features == 3


@pytest.mark.parametrize("name", ["diabetes", "wine", "breast_cancer"])
def test_the_targets_of_a_seed_are_those_of_its_split(name):
    splits = Splits(load(name))
    for seed in (0, 3):
        whole, targets = splits.of(seed), splits.targets(seed)
        assert targets.x == {} and (targets.head, targets.classes) == (whole.head, whole.classes)
        assert targets.preprocessing.scale == whole.preprocessing.scale
        for part, y in whole.y.items():
            np.testing.assert_array_equal(targets.y[part], y)


def test_test_rows_that_come_with_the_data_are_those_of_all_seeds():
    given = np.full((7, 1), 5, np.float32), np.arange(7.0)
    splits = Splits(regression(40, test=given))
    seen = set()
    for seed in SEEDS:
        data, rows = splits.of(seed), splits.rows(seed)
        mean, deviation, _ = data.preprocessing.unit
        np.testing.assert_allclose(data.x["test"] * deviation + mean, given[0], rtol=1e-5)
        assert set(rows) == {"train", "validation"} and len(rows["validation"]) == 7
        seen.add(tuple(rows["validation"]))
    assert len(seen) == len(SEEDS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=5, max_size=30), st.integers(0, 1000), st.booleans())
def test_rows_of_a_group_are_never_in_two_parts(sizes, seed, with_test):
    group = np.repeat([f"g{number}" for number in range(len(sizes))], sizes)
    given = (np.zeros((4, 1), np.float32), np.zeros(4)) if with_test else None
    splits = Splits(regression(len(group), group=group.astype(object), test=given))
    others = [splits.parts(other)["train"][0].shape for other in (seed, seed + 1, seed + 2)]
    rows, parts = splits.rows(seed), splits.parts(seed)
    used = [set(group[index]) for index in rows.values()]
    assert all(not a & b for i, a in enumerate(used) for b in used[:i])
    # A group is trained on as a whole, and no row twice.
    train = rows["train"]
    assert np.isin(group, group[train]).sum() == len(train) == len(set(train)) > 0
    assert len(train) == splits.training_rows(seed)
    held_out = {len(index) for part, index in rows.items() if part != "train"}
    assert len(held_out) == 1 and held_out.pop() >= 1
    # All seeds have the same shapes, padded with zeros.
    assert len(set(others)) == 1 and len(parts["train"][0]) >= len(train)
    assert not parts["train"][0][len(train) :].any() and not parts["train"][1][len(train) :].any()
    np.testing.assert_array_equal(parts["train"][0][: len(train)], splits.of(seed).x["train"])


def test_groups_differ_from_seed_to_seed_and_too_few_are_refused():
    splits = Splits(regression(60, group=np.repeat(np.arange(12), 5).astype(str).astype(object)))
    tested = {frozenset(splits.rows(seed)["test"]) for seed in SEEDS}
    assert len(tested) > 3 and all(len(rows) == 12 for rows in tested)
    four = np.repeat(list("abcd"), 5).astype(object)
    message = "--group: t has 4 groups, which are too few .* name a column with at least 5 values"
    with pytest.raises(UserError, match=message):
        Splits(regression(20, group=four))


def test_training_rows_come_before_validation_rows_and_these_before_test_rows():
    time = np.random.default_rng(0).permutation(50) // 2.0  # each time twice
    splits = Splits(regression(50, time=time))
    order, starts = np.argsort(time, kind="stable"), set()
    for seed in range(20):
        rows = splits.rows(seed)
        assert [len(rows[part]) for part in PARTS] == [24, 8, 8]  # of 80 % of 50
        for earlier, later in (("train", "validation"), ("validation", "test")):
            assert time[rows[earlier]].max() <= time[rows[later]].min()
        places = np.sort(np.argsort(order)[np.concatenate([rows[part] for part in PARTS])])
        np.testing.assert_array_equal(places, places[0] + np.arange(40))  # rows that follow
        starts.add(int(places[0]))
    assert len(starts) > 3 and starts <= set(range(11))


def test_the_hash_is_of_the_groups_and_times_too():
    plain, groups = regression(20), np.repeat(list("abcde"), 4).astype(object)
    found = [
        Splits(source).sha256
        for source in (
            plain,
            plain._replace(group=groups),
            plain._replace(group=groups[::-1]),
            plain._replace(time=np.arange(20.0)),
        )
    ]
    assert len(set(found)) == 4


def test_a_split_by_itself_has_notes_on_its_rows():
    frame = pd.DataFrame({"a": np.tile(np.arange(5.0), 6), "same": 1})
    source = Source("t", frame, np.tile(np.arange(5.0), 6), "regression", "y")
    splits = Splits(source)
    first, second = splits.single(0).notes
    assert first == "columns with only one value in the training rows are left out: same"
    assert second.startswith("test rows with the inputs and the target of a training or validation")
    padded = splits.of(0)
    assert splits.notes_on(0, padded.preprocessing) == (first, second) and padded.notes == ()


def test_rows_are_copies_as_found_and_not_as_encoded():
    """Most of 60 categories share the input of rare ones."""
    frame = pd.DataFrame({"a": [f"c{i}" for i in range(60)] * 2, "b": np.arange(120) // 60})
    target = np.tile(np.arange(60) % 2, 2).astype(float)
    source = Source("t", frame, target, "regression", "y")
    assert not any("copies" in note for note in Splits(source).single(0).notes)
    same = Source("t", frame.assign(b=np.tile([0, 1.0], 60)), target, "regression", "y")
    assert any("copies" in note for note in Splits(same).single(0).notes)


run = partial(exit_code, activations)
PATIENTS = "patient,day,dose,healed\n" + "\n".join(
    f"p{i // 4},2024-01-{i % 28 + 1:02},{i % 7},{i % 3}.5" for i in range(60)
)


@pytest.fixture
def patients(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text(PATIENTS)
    return path


@pytest.mark.parametrize(
    ("flag", "rows"),
    [
        (("--group", "patient"), "60: 36 training, 12 validation, 12 test\n"),
        (
            ("--time", "day"),
            "60: 28 training, 10 validation, 10 test, in the split of the first seed\n",
        ),
    ],
)
def test_the_column_that_splits_is_not_an_input(flag, rows, patients, capsys):
    assert run("--data", patients, "--target", "healed", *flag, "--inspect") == 0
    said = capsys.readouterr().out
    assert f"left out: {flag[0]}" in said
    assert f"rows     {rows}" in said
    source = load(str(patients), target="healed", **{flag[0].removeprefix("--"): flag[1]})
    assert flag[1] not in source.x and source.left_out == ((flag[1], flag[0]),)


def test_dates_and_numbers_are_times_and_groups_are_compared_as_text(patients, tmp_path):
    source = load(str(patients), target="healed", time="day")
    days = [f"2024-01-{i % 28 + 1:02}" for i in range(60)]
    assert np.argsort(source.time, kind="stable").tolist() == sorted(
        range(60), key=days.__getitem__
    )
    assert load(str(patients), target="healed", time="dose").time.tolist()[:8] == [
        *range(7),
        0,
    ]
    numbers = load(str(patients), target="healed", group="dose")
    assert numbers.group.tolist()[:3] == ["0", "1", "2"]
    # Rows whose target is not known are left out of it too.
    text = PATIENTS.replace("p0,2024-01-01,0,0.5", "p0,2024-01-01,0,")
    (tmp_path / "t.csv").write_text(text)
    assert len(load(str(tmp_path / "t.csv"), target="healed", group="patient").group) == 59


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--group", "patience"],
            "--group patience: {path} has no such column; name one of its columns, nearest first: "
            "patient, ",
        ),
        (["--time", "dat"], "--time dat: {path} has no such column; name one of its columns"),
        (
            ["--group", "healed"],
            "--group healed: this column is also given as --target; name it in only one of the two",
        ),
        (
            ["--time", "day", "--drop", "day"],
            "--time day: this column is also given as --drop; name it in only one of the two",
        ),
        (
            ["--group", "patient", "--time", "day"],
            "--group patient --time day: rows are split by group or by time; give only one of the "
            "two",
        ),
        (
            ["--group", "gap"],
            "--group gap: the cell in line 4 of {path} is empty; every row needs a value",
        ),
        (
            ["--time", "gap"],
            "--time gap: the cell in line 3 of {path} is empty, or neither a number nor a date; "
            "every row needs a value",
        ),
        (
            ["--group", "dose", "--drop", "patient", "day", "gap", "few"],
            "healed is its only column left",
        ),
        (["--group", "few"], "--group: patients has 3 groups, which are too few"),
        (["--splits", "other"], "--splits"),
    ],
)
def test_what_is_wrong_with_a_column_that_splits_is_one_sentence(flags, message, patients, capsys):
    frame = pd.read_csv(patients)
    frame["gap"] = ["2024-01-01", "x", None, *["2024-01-02"] * 57]
    frame["few"] = ["a", "b", "c"] * 20
    frame.to_csv(patients, index=False)
    assert run("--data", patients, "--target", "healed", *flags, "--inspect") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message.format(path=patients) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("flag", ["--group", "--time"])
def test_named_data_and_arrays_have_no_column_to_split_by(flag, tmp_path, capsys):
    assert run(flag, "x", "--inspect") == 2
    assert f"{flag} x: digits has its own columns; leave {flag} out" in capsys.readouterr().err
    np.savez(tmp_path / "t.npz", x=np.ones((9, 2)), y=np.arange(9))
    assert run("--data", tmp_path / "t.npz", flag, "x", "--inspect") == 2
    said = capsys.readouterr().err
    assert f"{flag} x: {tmp_path / 't.npz'} holds arrays, which have no named columns" in said

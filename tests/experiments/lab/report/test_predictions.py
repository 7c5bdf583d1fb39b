"""A model's predictions next to what is true: counts, errors, and what is left out said."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, mean_absolute_error, r2_score

from experiments.lab.report import figure_files
from experiments.lab.report.predictions import Predictions, against_true, confusion, predicted
from experiments.lab.results.write import _predictions as of_model

RNG = np.random.default_rng(0)


def test_cells_count_rows_and_are_shaded_by_their_share_of_the_true_class():
    classes = ("ape", "bee", "cat")
    true, found = (np.array(classes, object)[RNG.integers(0, 3, 60)] for _ in range(2))
    figure = confusion(true, found, classes, of="A model")
    cells = figure.views[0].series[0]
    counts = confusion_matrix(true, found, labels=classes)
    assert [int(text or 0) for text in cells.texts] == counts.ravel().tolist()
    shares = np.reshape(cells.shades, (3, 3))
    np.testing.assert_allclose(shares, counts / counts.sum(axis=1, keepdims=True))
    # The rows go down the page, so the true class of the first is on top.
    assert (cells.x[:3], cells.y[:3]) == ([0, 1, 2], [0, 0, 0]) and cells.y[-1] == -2
    assert cells.hover[1].startswith(f"ape\npredicted to be bee: {counts[0, 1]} of ")
    right, most = np.trace(counts), counts.sum(axis=1).max()
    assert f"A model: {right} of 60 right ({right / 0.6:.1f} %)" in figure.note
    assert f"would make {most} right ({most / 0.6:.1f} %)" in figure.note


def test_a_model_that_always_says_no_is_seen_to_do_so():
    true = np.array(["yes"] * 3 + ["no"] * 97, object)
    figure = confusion(true, np.full(100, "no", object), ("no", "yes"), of="A model")
    assert figure.views[0].series[0].shades == [1.0, 0.0, 1.0, 0.0]
    assert "97 of 100 right (97.0 %)" in figure.note
    assert "most frequent class, no, would make 97 right (97.0 %)" in figure.note


def test_a_class_without_rows_and_an_unknown_class():
    figure = confusion(["a"], ["b"], ("a", "b"), of="A model")
    assert figure.views[0].series[0].shades == [0.0, 1.0, 0.0, 0.0]
    with pytest.raises(ValueError, match=r"^the predicted class 'c' is not among the classes a, b"):
        confusion(["a"], ["c"], ("a", "b"), of="A model")


def test_of_many_classes_those_with_the_most_errors_are_drawn():
    classes = tuple(f"c{number}" for number in range(30))
    true = np.repeat(np.array(classes, object), 3)
    found = true.copy()
    found[-3:] = "c28"  # all of c29 are taken for c28
    figure = confusion(true, found, classes, of="A model")
    view = figure.views[0]
    assert len(view.y.ticks) == len(view.x.ticks) == 20 and len(view.series[0].x) == 400
    assert [name for _, name in view.y.ticks][-2:] == ["c28", "c29"]
    assert "Of 30 classes, the 20 with the most errors are drawn." in figure.note
    assert "87 of 90 right" in figure.note  # of all


def test_numbers_are_drawn_in_their_unit_with_their_errors():
    true = RNG.normal(100, 20, 50)
    found = true + RNG.normal(0, 5, 50)
    figure = against_true(true, found, "price", of="A model")
    against, error = (view.series[1] for view in figure.views)
    order = np.argsort(true)
    np.testing.assert_allclose(against.x, true[order])
    np.testing.assert_allclose(against.y, found[order])
    np.testing.assert_allclose(error.y, (found - true)[order])
    assert [view.x.title for view in figure.views] == ["true price", "predicted price"]
    assert f"R² {r2_score(true, found):.3f}" in figure.note
    assert f"mean absolute error {mean_absolute_error(true, found):.4g}" in figure.note
    line = figure.views[0].series[0]
    assert line.x == line.y and line.x[0] <= min(against.x) and line.x[1] >= max(against.y)


def test_of_many_rows_some_are_drawn_from_the_lowest_to_the_highest():
    true = RNG.normal(size=5000)
    figure = against_true(true, np.zeros(5000), "y", of="A model")
    drawn = figure.views[0].series[1].x
    assert len(drawn) == 2000 and (drawn[0], drawn[-1]) == (true.min(), true.max())
    assert "2,000 of 5,000 rows are drawn" in figure.note


def test_a_constant_target_has_no_r2():
    assert "R²" not in against_true([1.0, 1.0], [1.0, 2.0], "y", of="A model").note


def test_classes_decide_which_figure_it_is():
    numbers = Predictions(np.array([1.0, 2.0]), np.array([1.0, 3.0]), (), "price", "A model")
    names = Predictions(np.array(["a", "b"]), np.array(["a", "a"]), ("a", "b"), "kind", "A model")
    assert [predicted(each).name for each in (numbers, names)] == ["predicted", "confusion"]
    assert "1 of 2 right" in predicted(names).note and "price" in predicted(numbers).note


@pytest.mark.parametrize(
    ("scores", "words"), [((0.5, 0.75), " of, over 2 splits"), ((0.625,), " of")]
)
def test_what_is_shown_is_what_the_stated_score_of_the_model_is_of(scores, words):
    true, given = np.array(["a", "b"] * 4, object), np.array(["a", "b"] * 2 + ["b"] * 4, object)
    refit = SimpleNamespace(stated=SimpleNamespace(true=true, predicted=given, scores=scores))
    study = SimpleNamespace(data=SimpleNamespace(classes=("a", "b"), target="t"))
    found = of_model(refit, study)
    start = f"On the 8 test rows that the stated score of the model is{words}"
    assert found.true is true and found.predicted is given
    assert found.of == start and predicted(found).note.startswith(f"{start}: ")


@pytest.mark.slow
def test_both_are_files_too(tmp_path):
    classes = tuple(f"a class of number {number}" for number in range(6))
    true = np.repeat(np.array(classes, object), 4)
    figures = [
        confusion(true, np.roll(true, 1), classes, of="A model"),
        against_true(RNG.normal(size=30), RNG.normal(size=30), "price", of="A model"),
    ]
    written = figure_files.save(figures, tmp_path)
    assert [path.name for path in written if path.suffix == ".png"] == [
        "confusion.png",
        "predicted-1-predicted-against-true.png",
        "predicted-2-error-against-predicted.png",
    ]

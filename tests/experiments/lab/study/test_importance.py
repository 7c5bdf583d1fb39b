"""Importance: by hand, against least squares, its intervals; of a study, on its page and map."""

from itertools import combinations, product

import numpy as np
import pytest

from experiments.lab.report.importance import importance
from experiments.lab.report.rate_map import maps
from experiments.lab.study.ask import ask
from experiments.lab.study.comparison import compare
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.importance import decompose, effect
from tests.helpers.studies import trained


def shares(found):
    return {each.axes: each.share for each in found.effects}


def test_two_by_two_by_hand():
    # Means over seeds: 1 3 / 2 8, so main effects ±1.5 and ±2, together ±1; seeds alike.
    scores = np.array([[1.0, 3.0], [2.0, 8.0]])[..., None] + np.zeros(2)
    found = decompose(scores, ["a", "b"])
    total = 1.5**2 + 2**2 + 1**2
    expected = {("b",): 4 / total, ("a",): 2.25 / total, ("a", "b"): 1 / total}
    assert list(found.effects[0].axes) == ["b"]
    assert shares(found) == pytest.approx(expected)
    assert found.spread == pytest.approx(np.sqrt(total)) and found.seeds == 0
    assert all(np.isnan(each.interval).all() for each in found.effects)  # two seeds
    # What a seed adds to every cell alike is no difference between cells, but is a run's variance.
    shifted = decompose(scores + np.array([0.0, 2.0]), ["a", "b"])
    assert shares(shifted) == pytest.approx(expected)
    assert shifted.seeds == pytest.approx(2 / (2 + total))


def test_what_seeds_make_of_it_is_taken_out_on_average():
    # Two seeds, one axis of two values: mean square of their product, (3 · 1), not of their mean.
    scores = np.array([[[3.0, 1.0], [3.0, 1.0]], [[-3.0, -1.0], [-3.0, -1.0]]])
    assert decompose(scores, ["a", "b"]).spread ** 2 == pytest.approx(3)
    # Nothing but seeds: products of opposite signs.
    assert decompose(scores * [1, -1], ["a", "b"]).effects == ()


def test_sums_of_squares_are_those_of_least_squares():
    rng, sizes = np.random.default_rng(0), (2, 3, 4)
    scores = rng.standard_normal((*sizes, 1))
    rows = np.array([*product(*map(range, sizes))])
    y = scores.ravel()

    def residual(sets):
        # Dummy variables of each combination of values; rank-deficient, which lstsq allows.
        columns = [np.ones(len(y))]
        for axes in sets:
            for values in product(*(range(sizes[axis]) for axis in axes)):
                columns.append((rows[:, list(axes)] == values).all(axis=1).astype(float))
        x = np.stack(columns, axis=1)
        return ((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum()

    single = [(axis,) for axis in range(3)]
    for axes in single:
        others = [each for each in single if each != axes]
        squares = (effect(scores, axes) ** 2).mean() * len(y)
        assert squares == pytest.approx(residual(others) - residual(single))
    for axes in combinations(range(3), 2):
        squares = (effect(scores, axes) ** 2).mean() * len(y)
        assert squares == pytest.approx(residual(single) - residual([*single, axes]))


def test_shares_add_up_to_one_and_intervals_hold_them():
    rng = np.random.default_rng(1)
    scores = rng.standard_normal((2, 3, 4, 1)) + 0.3 * rng.standard_normal((2, 3, 4, 8))
    found = decompose(scores, ["a", "b", "c"])
    assert len(found.effects) == 3 + 3 + 1 and found.effects[-1].axes == ()
    assert sum(shares(found).values()) == pytest.approx(1)
    for each in found.effects:
        low, high = each.interval
        assert 0 <= low <= each.share <= high <= 1
    # The order of the seeds means nothing, and more noise makes intervals wider.
    assert shares(decompose(scores[..., ::-1], ["a", "b", "c"])) == pytest.approx(shares(found))
    noisy = decompose(scores + rng.standard_normal(scores.shape), ["a", "b", "c"])
    widths = [np.ptp([each.interval for each in one.effects], axis=1) for one in (found, noisy)]
    assert widths[1].sum() > widths[0].sum()


def test_one_seed_tells_nothing_and_equal_cells_differ_by_nothing():
    assert decompose(np.zeros((2, 2, 1)), ["a", "b"]) is None
    same = decompose(np.zeros((2, 2, 6)), ["a", "b"])
    assert same.effects == () and same.seeds == 0
    assert "by no more than seeds make them" in same.sentence("cells", "accuracy", "0")


@pytest.mark.slow
def test_a_study_its_page_and_its_map():
    study = ask(
        StudyFlags(
            data="iris",
            activation=("relu", "tanh"),
            weight_decay=(0.0, 0.3),
            learning_rate=("0.01", "0.1", "1000"),
            width=(6,),
            seeds=3,
            steps=8,
            fixed_grid=True,
            programs="one",
        ),
        "Which?",
    )
    found = trained(study)
    comparison = compare(study, [found[number] for number in sorted(found)])
    assert comparison.importance.cells == 12 and comparison.at_own_rate.cells == 4
    runs = comparison.results
    trivial = np.broadcast_to(study.score.trivial["validation"], (3,))[runs["seed"]]
    assert (runs["validation_accuracy"] < trivial).any()  # or nothing would count as trivial
    runs = runs.assign(score=np.fmax(runs["validation_accuracy"], trivial))
    axes = ["activation", "weight_decay", "learning_rate"]
    runs = runs.sort_values([*axes, "seed"])
    again = decompose(runs["score"].to_numpy().reshape(2, 2, 3, 3), axes)
    assert shares(again) == pytest.approx(shares(comparison.importance))
    page = importance(comparison)
    assert "The 12 cells of the grid differ by" in page and "weight decay" in page
    assert "Intervals take 5 seeds" in page
    (drawn,) = maps(comparison)
    assert [view.title for view in drawn.views] == ["relu", "tanh"]
    cells, points = drawn.views[1].series
    mine = runs[(runs["activation"] == "tanh") & (runs["weight_decay"] == 0.3)]
    means = mine.groupby("learning_rate")["score"].mean()
    assert cells.texts[3:] == [f"{100 * mean:.1f}" for mean in means]
    chosen = {choice.learning_rate for choice in comparison.choices}
    assert {round(10**x, 9) for x in points.x} <= chosen and len(points.x) == 2

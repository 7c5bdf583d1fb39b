"""What reference models say about networks, in numbers and in words."""

import numpy as np
import pytest
from scipy import stats

from experiments.lab.references.fit import Reference
from experiments.lab.references.outside import compared, outside, p_better, useful
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import ACCURACY, R2, RMSE

SPLITS = Rules(ACCURACY, overlap=1 / 3)


def reference(name, scores, *, asked=None, rows=(100, 100), fixed=False):
    count = len(scores)
    return Reference(
        name=name,
        seeds=np.arange(count),
        scores=np.asarray(scores, float),
        validation=np.asarray(scores, float),
        split=np.zeros(count, int) if fixed else np.arange(count),
        predictions=np.zeros((1 if fixed else count, 5, 2)),
        asked=asked or count,
        rows=rows,
        iterations=(200, 200),
    )


def test_p_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 8)) + np.array([[0.5], [0]])
    expected = stats.ttest_rel(ours, theirs, alternative="greater").pvalue
    assert p_better(ours, theirs) == pytest.approx(expected)
    assert p_better(ours, theirs) + p_better(theirs, ours) == pytest.approx(1)
    t = stats.ttest_rel(ours, theirs).statistic
    assert p_better(ours, theirs, 1 / 3) == pytest.approx(
        stats.t.sf(t / np.sqrt(1 + 8 / 3), 7)  # Nadeau & Bengio
    )


def test_p_of_scores_without_spread():
    same = np.full(10, 0.971)
    assert p_better(same, same) == 1
    assert p_better(same + 0.01, same) == 0
    assert p_better(same - 0.01, same) == 1
    assert p_better(np.nextafter(np.float32(same), 1), same) == 1  # rounding is no gain
    # All splits have the same test rows, 100 of them.
    assert p_better(same + 0.01, same, sampling=0.01**2) == pytest.approx(stats.t.sf(1, 9))
    assert np.isnan(p_better(same[:2], same[:2]))
    with pytest.raises(ValueError, match=r"2 and 10 scores cannot be paired; give scores of the"):
        p_better(same[:2], same)


@pytest.mark.slow
def test_false_claims_of_being_useful_are_rare():
    """Networks that are no better than the trivial model pass in at most 1 in 10 jobs of ten."""
    rng = np.random.default_rng(0)
    passed = [
        useful(rng.normal(size=(10, 10)) + common, common).any()
        for common in rng.normal(size=(200, 10))
    ]
    assert np.mean(passed) <= 0.12
    firsts = [useful(rng.normal(size=(10, 10)), np.zeros(10))[0] for _ in range(200)]
    assert np.mean(firsts) <= 0.08


def test_useful():
    trivial = np.array([0.62, 0.63, 0.63, 0.62])
    networks = np.array([trivial, trivial + np.array([0.3, 0.31, 0.29, 0.3]), trivial - 0.1])
    assert useful(networks, trivial, 1 / 3).tolist() == [False, True, False]
    assert useful(networks[:, :1], trivial[:1]).tolist() == [False, True, False]


def test_boosting_that_does_better_is_named_with_its_interval():
    scores = np.array([0.91, 0.912, 0.914, 0.912, 0.90])
    trivial = reference("most_frequent", [0.5] * 5)
    boosted = reference("boosting", [0.94, 0.941, 0.945], asked=5)
    linear = reference("logistic_regression", [0.93] * 5)
    found = outside([trivial, linear, boosted], ["tanh"], scores[None], SPLITS)
    assert found.useful == (True,) and not found.nothing_recommended
    against = found.models[1:][1]
    assert against.better and against.splits == 3
    assert (against.network, against.score) == pytest.approx((0.912, 0.942))
    half = stats.t.ppf(0.975, 2) * np.std(boosted.scores, ddof=1) * np.sqrt(1 / 3 + 1 / 3)
    assert against.interval == pytest.approx((0.942 - half, 0.942 + half))
    assert found.sentences(ACCURACY) == (
        "Gradient boosting does better: 94.2 % [93.3, 95.1] against 91.2 % for tanh "
        "(on 3 of 5 splits); so does logistic regression: 93.0 % [93.0, 93.0] against 91.0 %."
    )
    level = reference("boosting", [0.911, 0.911, 0.915, 0.912, 0.90])
    assert outside([trivial, level], ["tanh"], scores[None], SPLITS).sentences(ACCURACY) == ""


def test_an_error_is_better_where_it_is_lower():
    networks = np.array([[-12.0, -12.5, -11.8, -12.2]])
    models = reference("mean", [-20.0] * 4), reference("boosting", [-9.0, -9.4, -8.9, -9.2])
    assert outside(models, ["elu"], networks, Rules(RMSE, overlap=1 / 3)).sentences(RMSE) == (
        "Gradient boosting does better: 9.12 [8.59, 9.66] against 12.12 for elu."
    )


def test_one_split_counts_by_the_spread_of_the_network():
    scores = np.array([[0.50, 0.51, 0.49, 0.50]])
    trivial = reference("most_frequent", [0.1] * 4)
    rules = Rules(ACCURACY, overlap=0.0)
    far = outside([trivial, reference("boosting", [0.72], asked=4)], ["elu"], scores, rules)
    near = outside([trivial, reference("boosting", [0.52], asked=4)], ["elu"], scores, rules)
    assert far.models[1].better and not near.models[1].better
    assert far.sentences(ACCURACY) == (
        "Gradient boosting does better: 72.0 % against 50.0 % for elu (on 1 of 4 splits)."
    )
    boosted = reference("boosting", [0.72])
    assert not compared(boosted, {0: 0.5}, rules).better  # nothing says how much scores vary
    with pytest.raises(ValueError, match="no score of a seed on which gradient boosting was"):
        compared(boosted, {5: 0.5}, rules)


def test_the_same_test_rows_for_all_seeds_are_a_draw_too():
    scores = np.array([[0.50, 0.51, 0.49, 0.50]])
    models = [
        reference("most_frequent", [0.1] * 4, fixed=True),
        reference("boosting", [0.56] * 4, fixed=True),
    ]
    many, few = (
        outside(models, ["elu"], scores, Rules(ACCURACY, test_rows=rows)) for rows in (10000, 100)
    )
    assert many.models[1].better and not few.models[1].better
    widths = [found.models[1].interval[1] - found.models[1].interval[0] for found in (many, few)]
    assert widths[1] > 9 * widths[0]


def test_nothing_is_recommended():
    trivial = reference("most_frequent", [0.971] * 10)
    networks = np.stack([np.full(10, 0.970), np.full(10, 0.971)])
    found = outside([trivial], ["tanh", "relu"], networks, SPLITS)
    assert found.nothing_recommended
    assert found.sentences(ACCURACY) == (
        "No network is shown to be better than always answering the most frequent class (97.1 %; "
        "tanh, the first by validation data: 97.0 %), so nothing is recommended: with one class "
        "this frequent, accuracy says little; try --metric balanced_accuracy or --metric auc."
    )
    mean = reference("mean", [-0.01] * 4)
    scores = np.array([[0.2, -0.2, 0.3, -0.3]])
    assert outside([mean], ["relu"], scores, Rules(R2)).sentences(R2) == (
        "relu is not shown to be better than always predicting the mean of the training rows "
        "(-0.010, against 0.000), so nothing is recommended: the networks need more rows, inputs "
        "that say more about the target, or more steps."
    )
    with pytest.raises(ValueError, match="shorter|longer"):
        outside([trivial], ["relu"], scores, SPLITS)


def test_another_network_than_the_first_is_better_than_the_trivial_model():
    trivial = reference("most_frequent", [0.6] * 4)
    networks = np.array([[0.6, 0.5, 0.7, 0.6], [0.8, 0.79, 0.81, 0.8]])
    found = outside([trivial], ["elu", "tanh"], networks, SPLITS)
    assert found.useful == (False, True)
    assert found.sentences(ACCURACY) == (
        "elu is not shown to be better than always answering the most frequent class (60.0 %, "
        "against 60.0 %), though tanh is."
    )

"""What reference models say about networks, in numbers and in words."""

import numpy as np
import pytest
from scipy import stats

from experiments.lab.study.reference_verdict import (
    compared,
    does_better,
    nothing_better,
    p_better,
    useful,
)
from experiments.lab.study.references import Reference
from experiments.lab.study.score import ACCURACY, R2


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


def test_p_of_scores_without_spread_or_without_a_finite_value():
    same = np.full(10, 0.971)
    assert p_better(same, same) == 1
    assert p_better(same + 0.01, same) == 0
    assert p_better(same - 0.01, same) == 1
    ours = np.array([0.4, 0.5, 0.3, 0.6, 0.5, 0.4, 0.7])
    theirs = np.where(np.arange(7) == 3, -np.inf, ours - 0.1)
    assert p_better(ours, theirs) == 1 / 2**7
    assert p_better(theirs, ours) == 1 - 1 / 2**7
    assert np.isnan(p_better(ours[:2], theirs[:2]))
    with pytest.raises(ValueError, match=r"2 and 7 scores cannot be paired; give scores of the"):
        p_better(ours[:2], theirs)


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
    network = dict(enumerate([0.91, 0.912, 0.914, 0.912, 0.90]))
    boosted = compared(reference("boosting", [0.94, 0.941, 0.945], asked=5), network, 1 / 3)
    assert boosted.better and boosted.splits == 3
    assert boosted.network == pytest.approx(0.912)
    low, high = boosted.interval
    assert boosted.score == pytest.approx(0.942)
    assert low < boosted.score < high
    linear = compared(reference("logistic_regression", [0.93] * 5), network, 1 / 3)
    worse = compared(reference("most_frequent", [0.5] * 5), network, 1 / 3)
    assert does_better([worse, linear, boosted], "tanh", ACCURACY.show) == (
        "Gradient boosting does better: 94.2 % [93.3, 95.1] against 91.2 % for tanh "
        "(on 3 of 5 splits); so does logistic regression: 93.0 % [93.0, 93.0] against 91.0 %."
    )
    assert does_better([worse], "tanh", ACCURACY.show) == ""


def test_one_split_counts_by_the_spread_of_the_network():
    network = dict(enumerate([0.50, 0.51, 0.49, 0.50]))
    far = compared(reference("boosting", [0.72], asked=4), network)
    near = compared(reference("boosting", [0.52], asked=4), network)
    assert far.better and not near.better
    assert does_better([far], "elu", ACCURACY.show) == (
        "Gradient boosting does better: 72.0 % against 50.0 % for elu (on 1 of 4 splits)."
    )
    assert not compared(reference("boosting", [0.72], asked=4), {0: 0.5}).better
    with pytest.raises(ValueError, match="no score of a seed on which gradient boosting was"):
        compared(reference("boosting", [0.72]), {5: 0.5})


def test_a_fixed_split_gives_no_interval():
    network = dict(enumerate([0.50, 0.51, 0.49, 0.50]))
    found = compared(reference("boosting", [0.72] * 4, fixed=True), network)
    assert found.better and np.isnan(found.interval[0])


def test_nothing_is_recommended():
    trivial = reference("most_frequent", [0.971] * 10)
    assert nothing_better(trivial, ("tanh", 0.970), "accuracy", ACCURACY.show) == (
        "No network is shown to be better than always answering the most frequent class (97.1 %; "
        "tanh, which validation data call best: 97.0 %), so nothing is recommended: with one class "
        "this frequent, accuracy says little; try --metric balanced_accuracy or --metric auc."
    )
    mean = reference("mean", [-0.01] * 10)
    said = nothing_better(mean, ("relu", 0.002), "r2", R2.show, "give more rows")
    assert said == (
        "No network is shown to be better than always predicting the mean of the training rows "
        "(-0.010; relu, which validation data call best: 0.002), so nothing is recommended: give "
        "more rows."
    )

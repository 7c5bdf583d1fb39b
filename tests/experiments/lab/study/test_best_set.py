"""The set that holds the best, against enumeration, SciPy, and simulated studies."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from experiments.lab.study.best_set import FEWEST_BLOCKS, best_p, best_set, bound, equivalent
from experiments.lab.study.intervals import widening

# Whole numbers: sums are exact, so that a tie is one after shifting and scaling too.
SCORES = arrays.arrays(
    float, st.tuples(st.integers(2, 4), st.integers(1, 7)), elements=st.integers(-3, 3)
)


def one_step(scores, i, wide):
    """p of choice i being the best, by the definition, in plain loops."""
    apart = [row - scores[i] for j, row in enumerate(scores) if j != i]

    def largest(signs):
        return max(
            sum(s * x for s, x in zip(signs, d, strict=True)) / math.sqrt(sum(d * d))
            if any(d)
            else 0.0
            for d in apart
        )

    blocks = scores.shape[1]
    seen = largest([1] * blocks)
    if seen**2 < blocks - 1e-9:  # else Student's t is infinite
        t = seen * math.sqrt((blocks - 1) / (blocks - seen**2)) / wide
        seen = t * math.sqrt(blocks / (blocks - 1 + t**2)) if blocks > 1 else 0.0
    patterns = list(itertools.product([1, -1], repeat=blocks))
    return sum(largest(signs) >= seen - 1e-9 for signs in patterns) / len(patterns)


def all_steps(scores, level, wide):
    """p of each choice, step by step, without those that are left out."""
    p, left, least = {}, list(range(len(scores))), 0.0
    share = 0.9 if len(scores) > 2 else 1.0
    while True:
        for place, i in enumerate(left):
            p[i] = max(least, min(1.0, one_step(scores[left], place, wide) / share))
        out = [i for i in left if p[i] < 1 - level]
        if not out or len(left) - len(out) == 1:
            return [p[i] for i in range(len(scores))]
        least, left = max(p[i] for i in out), [i for i in left if i not in out]


@settings(max_examples=30, deadline=None)
@given(SCORES, st.sampled_from([0.95, 0.7, 0.5]), st.sampled_from([0.0, 0.3, 20.0]))
def test_p_is_that_of_all_patterns_of_signs(scores, level, overlap):
    expected = all_steps(scores, level, widening(scores.shape[1], overlap))
    np.testing.assert_allclose(best_p(scores, overlap, level), expected)
    np.testing.assert_array_equal(best_set(scores, overlap, level), np.array(expected) >= 1 - level)


def test_a_poor_choice_does_not_make_it_harder_to_tell_good_ones_apart():
    rng = np.random.default_rng(7)
    good = rng.normal([[0.8], [0.0]], 1.0, size=(2, 9))
    poor = rng.normal(-9.0, 1.0, size=(8, 9))
    alone, among = best_p(good), best_p(np.concatenate([good, poor]))
    assert alone[1] < 0.05
    assert one_step(np.concatenate([good, poor]), 1, 1.0) > 0.05 and (among[2:] < 0.05).all()
    assert among[1] == pytest.approx(max(alone[1] / 0.9, *among[2:]))


def test_of_two_choices_p_is_scipys_one_sided_permutation_test():
    scores = np.random.default_rng(0).normal(size=(2, 9))
    p = best_p(scores)
    for i, less in enumerate(("greater", "less")):
        found = stats.permutation_test(
            (scores[1] - scores[0],),
            lambda d, axis: np.mean(d, axis=axis),
            permutation_type="samples",
            vectorized=True,
            alternative=less,
            n_resamples=math.inf,
        )
        assert p[i] == pytest.approx(found.pvalue)


@settings(max_examples=20, deadline=None)
@given(SCORES, st.integers(1, 5), st.integers(-9, 9), st.randoms(use_true_random=False))
def test_order_unit_and_zero_point_do_not_matter(scores, factor, shift, random):
    p, first = best_p(scores), len(scores) - 1
    order = random.sample(range(len(scores)), len(scores))
    np.testing.assert_allclose(best_p(scores[order]), p[order])
    np.testing.assert_allclose(best_p(factor * scores + shift), p)
    # Luck that all choices of a block share does not matter either.
    np.testing.assert_allclose(best_p(scores + np.arange(scores.shape[1])), p)
    furthest = bound(scores, first)
    assert bound(scores[order], order.index(first)) == pytest.approx(furthest, abs=1e-4)
    assert bound(factor * scores + shift, first) == pytest.approx(factor * furthest, abs=1e-3)
    alike = equivalent(scores, first, 1.1)
    np.testing.assert_array_equal(equivalent(scores[order], order.index(first), 1.1), alike[order])


def test_with_fewer_blocks_than_the_least_number_nothing_is_left_out():
    far = np.array([[1.0], [0.0]])
    for blocks in range(1, FEWEST_BLOCKS):
        assert best_set(np.tile(far, blocks)).all()
        assert bound(np.tile(far, blocks), 0) == math.inf
    assert best_set(np.tile(far, FEWEST_BLOCKS)).tolist() == [True, False]
    assert 2.0**-FEWEST_BLOCKS < 0.05 <= 2.0 ** (1 - FEWEST_BLOCKS)


def test_one_choice_and_equal_choices_are_the_best():
    assert best_p(np.ones((1, 10))).tolist() == [1]
    assert best_p(np.ones((3, 10))).tolist() == [1, 1, 1]
    assert bound(np.ones((1, 10)), 0) == bound(np.ones((3, 10)), 0) == 0


def test_with_many_blocks_the_patterns_are_drawn_and_p_is_never_0():
    noise = np.random.default_rng(0).normal(0, 0.1, 40)
    p = best_p(np.stack([np.zeros(40), noise]))
    expected = stats.ttest_1samp(noise, 0, alternative="greater").pvalue
    np.testing.assert_allclose(p, [expected, 1 - expected], atol=0.02)
    assert best_p(np.stack([np.zeros(40), np.full(40, -1.0), noise]))[1] == pytest.approx(
        1 / 18_000
    )


def test_the_bound_is_the_set_turned_round():
    """Shifted by less than the bound, another choice may be the best; by more, none may."""
    scores = np.random.default_rng(2).normal([[0.5], [0.3], [0.0], [-3]], 0.4, size=(4, 10))
    furthest = bound(scores, 0)
    assert 0 < furthest < 2
    for factor, possible in ((0.999, True), (1.001, False)):
        shifted = scores.copy()
        shifted[0] += factor * furthest
        # The first itself is worse by that much than it may be: so compared, it is no rival.
        assert best_set(shifted)[1:].any() == possible
    only = np.random.default_rng(2).normal([[3.0], [0.0], [0.0]], 0.4, size=(3, 10))
    assert best_set(only).tolist() == [True, False, False] and bound(only, 0) == 0


def test_of_two_choices_the_bound_is_about_students():
    scores = np.random.default_rng(4).normal(size=(2, 13))
    found = stats.ttest_rel(scores[1], scores[0], alternative="less").confidence_interval(0.95)
    assert bound(scores, 0) == pytest.approx(found.high, rel=0.05)


def test_the_more_blocks_of_one_table_the_more_counts_what_they_have_in_common():
    assert widening(10, 0.0) == 1 < widening(10, 0.3) < widening(40, 0.3) < widening(40, 0.6)
    noise = np.random.default_rng(5).normal(size=40)
    scores = np.stack([np.zeros(40), noise - noise.mean() + 0.3])
    wide = widening(40, 0.3)
    for overlap, expected in ((0.0, 1.0), (0.3, wide)):
        t = stats.ttest_1samp(scores[1], 0).statistic / expected
        assert best_p(scores, overlap)[0] == pytest.approx(stats.t.sf(t, 39), abs=0.02)
        half = stats.sem(scores[1]) * expected * stats.t.ppf(0.95, 39)
        assert bound(scores, 0, overlap) == pytest.approx(0.3 + half, rel=0.05)
        assert equivalent(scores, 0, 0.3 + 1.01 * half, overlap).all()
        assert not equivalent(scores, 0, 0.3 + 0.99 * half, overlap).all()
    assert best_p(scores)[0] < 0.05 < best_p(scores, 20.0)[0]


def test_equivalence_is_two_one_sided_tests():
    rng = np.random.default_rng(0)
    for blocks, shift in itertools.product((4, 12), (0.0, 0.1, 0.25, 0.4)):
        scores = rng.normal([[0.0], [shift]], 0.2, size=(2, blocks))
        apart = scores[1] - scores[0]
        p = max(
            stats.ttest_1samp(apart, margin, alternative=less).pvalue
            for margin, less in ((0.4, "less"), (-0.4, "greater"))
        )
        assert equivalent(scores, 0, 0.4).tolist() == [True, p < 0.05]
    assert equivalent(np.array([[0.5], [0.5]]), 0, 0.4).tolist() == [True, False]


def studies(rng, count, means, blocks=10, common=1.0):
    """Scores of studies in which the choices of a block share its luck."""
    means = np.asarray(means)[:, None]
    for _ in range(count):
        yield means + common * rng.normal(size=blocks) + rng.normal(size=(len(means), blocks))


@pytest.mark.parametrize("means", [[0.0] * 5, [0.3, 0, 0, -0.3, -3]], ids=["equal", "near"])
def test_the_best_is_in_the_set_and_the_bound_holds(means):
    """Both together, in 95 of 100 studies; measured in 4,000: 95.1 (equal) and 97.0 (near)."""
    rng, right, count = np.random.default_rng(7), 0, 60
    for scores in studies(rng, count, means):
        kept = best_set(scores)
        first = int(np.argmax(scores.mean(axis=1)))  # chosen by the same scores, as a user might
        right += kept[0] and max(means) - means[first] <= bound(scores, first)
    assert stats.binomtest(right, count, 0.95, alternative="less").pvalue > 0.01


def test_a_truly_better_choice_is_told_apart():
    rng = np.random.default_rng(8)
    alone = [best_set(scores)[1:].sum() == 0 for scores in studies(rng, 50, [2.5, 0, 0, 0])]
    assert sum(alone) >= 45

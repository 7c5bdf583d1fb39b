"""What the verdict says of representative comparisons, sentence by sentence."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.study.best_set import FEWEST_BLOCKS
from experiments.lab.study.verdict import ACCURACY, R2, Recommended, Verdict, judge

NAMES = ("tanh", "relu", "elu", "gelu", "silu", "selu", "sigmoid", "linear")
USED = Recommended(0.5623, (0.316, 1.0), 0.97, (0.963, 0.977))
USE = "Use tanh at learning rate 0.56 (any from 0.32 to 1 will do): test accuracy 97.0 % "


def verdict(count, best, **other):
    """A verdict in which tanh is the first."""
    given = {"bound": 0.0056, "equivalent": (), "seeds": 10, "needed": None} | other
    p = tuple(0.5 if i in best else 0.0031 for i in range(count))
    return Verdict(NAMES[:count], 0, tuple(best), p, margin=0.005, **given)


def said(found, unit=ACCURACY, used=USED, refined=0):
    """All after the first sentence, which is the same for all."""
    use, rest = found.sentences(used, unit, refined).split("].", 1)
    assert use == USE + "[96.3, 97.7"
    return rest.strip()


def test_one_choice_is_used_and_compared_with_nothing():
    assert said(verdict(1, [0])) == ""


def test_a_rate_alone_and_a_seed_alone_are_said_so():
    used = Recommended(0.1, None, 0.5, (math.nan, math.nan))
    assert verdict(1, [0], seeds=1).sentences(used, R2) == (
        "Use tanh at learning rate 0.1: test R² 0.500, from one seed, which says nothing about the "
        "spread."
    )


def test_the_others_may_be_worse():
    assert said(verdict(2, [0])) == "relu is not as good (p ≤ 0.004)."
    assert said(verdict(5, [0])) == "No other choice is as good (each p ≤ 0.004)."
    sure = replace(verdict(2, [0]), p=(1.0, 0.0001))
    assert said(sure) == "relu is not as good (p < 0.001)."


def test_worse_by_less_than_matters_is_said_so():
    assert said(verdict(5, [0], equivalent=(2,))).endswith(
        ". elu is worse by less than 0.5 points."
    )
    assert said(verdict(5, [0], equivalent=(2, 1))).endswith(
        ". elu and relu are worse by less than 0.5 points."
    )


def test_two_may_be_the_best():
    either = "the best is tanh or relu, and relu is better by at most 0.6 points."
    assert said(verdict(2, [0, 1])) == f"With 95 % confidence, {either}"
    assert said(verdict(6, [0, 1])) == f"With 95 % confidence, {either}"


def test_some_may_be_the_best():
    none = "and none is better than tanh by more than 0.6 points."
    assert said(verdict(8, [0, 2, 1])) == (
        f"With 95 % confidence, the best is among tanh, elu and relu, {none}"
    )
    assert said(verdict(8, [0, 3, 2, 1])) == (
        f"With 95 % confidence, the best is among tanh, gelu, elu and relu, {none}"
    )
    # Where fewer are ruled out, those are named.
    assert said(verdict(8, range(6))) == (
        "With 95 % confidence, sigmoid and linear are not the best; "
        f"any of the other 6 may be, {none}"
    )
    assert said(verdict(8, range(7))).startswith("With 95 % confidence, linear is not the best; ")


def test_all_may_be_the_best():
    assert said(verdict(8, range(8))) == (
        "Any of the 8 may be the best, and none is better than tanh by more than 0.6 points."
    )
    assert said(verdict(8, range(8), bound=math.inf)) == "Any of the 8 may be the best."


def test_too_few_seeds_tell_nothing_apart():
    for seeds, words in ((1, "1 seed"), (3, "3 seeds")):
        assert said(verdict(3, range(3), bound=math.inf, seeds=seeds)) == (
            f"With {words}, the choices cannot be told apart; that takes at least {FEWEST_BLOCKS}."
        )


def test_equivalents_are_named_and_a_long_list_is_shortened():
    for equivalent, words in (
        ((1,), "relu is"),
        ((1, 2), "relu and elu are"),
        ((5, 4, 3, 2, 1), "selu, silu, gelu and 2 more are"),
        ((7, 6, 5, 4, 3, 2, 1), "All others are"),
    ):
        third = f". {words} equivalent to tanh to within 0.5 points."
        assert said(verdict(8, range(8), equivalent=equivalent)).endswith(third)
    # Who is ruled out is not called equivalent.
    assert "equivalent" not in said(verdict(8, [0, 1, 2], equivalent=(7,)))


def test_what_it_would_take_is_said_with_the_flag():
    detecting = "etecting a difference of 0.5 points would take"
    some = verdict(8, range(8), needed=40)
    assert said(some).endswith(f". D{detecting} about 40 seeds: --refine 30.")
    assert said(some, refined=4).endswith("--refine 34.")
    assert said(replace(some, equivalent=(1,))).endswith(
        ". relu is equivalent to tanh to within 0.5 points; "
        f"d{detecting} about 40 seeds: --refine 30."
    )
    assert said(replace(some, needed=4000)).endswith(f"D{detecting} more than 1,000 seeds.")
    assert "would take" not in said(replace(some, needed=10))


def test_differences_of_r2_have_its_unit():
    used = replace(USED, score=0.912, interval=(0.9, 0.92))
    assert verdict(8, range(8), bound=0.0123, needed=40).sentences(used, R2) == (
        "Use tanh at learning rate 0.56 (any from 0.32 to 1 will do): test R² 0.912 [0.900, 0.920]."
        " Any of the 8 may be the best, and none is better than tanh by more than 0.013 of R²."
        " Detecting a difference of 0.005 of R² would take about 40 seeds: --refine 30."
    )


def scores(means, blocks=10, noise=0.004):
    rng = np.random.default_rng(0)
    split = 0.01 * rng.normal(size=blocks)
    return np.array(means)[:, None] + split + noise * rng.normal(size=(len(means), blocks))


def test_nobody_is_recommended_whom_test_data_rule_out():
    # By validation, relu is best; test data rule it out.
    found = judge(NAMES[:3], scores([0.972, 0.90, 0.97]), np.array([0.95, 0.99, 0.96]), 0.005)
    assert found.first == 2 and found.best == (2, 0) and found.worse == (1,)
    assert found.p[1] < 0.05 <= min(found.p[0], found.p[2]) and found.bound < 0.01


def test_of_equals_validation_decides_and_then_the_order():
    alike = np.tile(scores([0.97]), (3, 1))
    assert judge(NAMES[:3], alike, np.array([0.9, 0.95, 0.95]), 0.005).best == (1, 2, 0)
    found = judge(NAMES[:3], alike, np.full(3, 0.9), 0.005)
    assert found.first == 0 and found.bound == 0
    assert found.equivalent == (1, 2) and found.needed is None


def test_what_is_not_told_apart_takes_more_seeds():
    found = judge(NAMES[:4], scores([0.97] * 4, noise=0.02), np.full(4, 0.9), 0.005)
    assert found.needed > 50 and not found.equivalent
    # The seeds it takes grow with the square of the noise.
    louder = judge(NAMES[:4], scores([0.97] * 4, noise=0.04), np.full(4, 0.9), 0.005)
    assert louder.needed == pytest.approx(4 * found.needed, rel=0.3)


def test_one_seed_and_one_choice_are_judged():
    found = judge(NAMES[:2], scores([0.9, 0.8], blocks=1), np.array([0.9, 0.8]), 0.005)
    assert (found.first, found.best, found.bound, found.needed) == (0, (0, 1), math.inf, None)
    found = judge(NAMES[:1], scores([0.9]), np.array([0.9]), 0.005)
    assert (found.best, found.bound, found.equivalent) == ((0,), 0, ())

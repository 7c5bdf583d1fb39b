"""The advice says what the lecture says, of activations that exist."""

import pytest

from jaxnn import ACTIVATIONS, HEADS, recommend


def names(advice):
    return [rung.activation for rung in advice.ladder]


def test_the_ladder_is_the_lectures():
    assert names(recommend("multiclass", depth=3)) == ["relu", "leaky_relu", "prelu", "maxout"]
    assert names(recommend("multiclass", depth=39)) == ["relu", "leaky_relu", "prelu", "maxout"]
    assert names(recommend("regression", depth=40)) == [
        "swish",
        "elu",
        "relu",
        "leaky_relu",
        "prelu",
        "maxout",
    ]
    assert names(recommend("regression", depth=1, recurrent=True)) == ["tanh"]
    assert names(recommend("binary", depth=0)) == []


def test_the_first_rung_is_the_choice():
    assert recommend("binary", depth=2).activation == "relu"
    assert recommend("binary", depth=50).activation == "swish"
    assert recommend("binary", depth=0).activation is None


@pytest.mark.parametrize(
    "task, output", [("regression", "linear"), ("binary", "sigmoid"), ("multiclass", "softmax")]
)
def test_the_output_activation_is_the_heads(task, output):
    advice = recommend(task, depth=1)
    assert advice.output_activation == output
    assert HEADS[task].activation.__name__ == output
    assert advice.output_reason


def test_every_task_with_a_head_has_advice_and_every_rung_exists_and_has_its_reason():
    for task in HEADS:
        for depth, recurrent in ((1, False), (40, False), (1, True)):
            for rung in recommend(task, depth=depth, recurrent=recurrent).ladder:
                assert rung.activation in ACTIVATIONS
                assert rung.reason


def test_evidence_is_none_until_an_experiment_has_spoken():
    silent = recommend("binary", depth=1, evidence={})
    assert silent.evidence is None
    assert all(rung.evidence is None for rung in silent.ladder)
    spoken = recommend(
        "binary", depth=1, evidence={"prelu": "best of 10", "sigmoid": "well calibrated"}
    )
    assert [rung.evidence for rung in spoken.ladder] == [None, None, "best of 10", None]
    assert spoken.evidence == "well calibrated"


def test_an_unknown_task_lists_the_valid_ones_nearest_first():
    with pytest.raises(
        ValueError, match=r"unknown task 'multi-class'; known, nearest first: multiclass, .*"
    ):
        recommend("multi-class", depth=1)


@pytest.mark.parametrize("depth, recurrent", [(-1, False), (0, True)])
def test_a_depth_that_cannot_be_raises(depth, recurrent):
    with pytest.raises(ValueError, match="number of hidden layers"):
        recommend("binary", depth=depth, recurrent=recurrent)

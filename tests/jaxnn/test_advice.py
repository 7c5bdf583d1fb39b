"""The advice says what the lecture says, of activations that exist."""

import pytest

from jaxnn import ACTIVATIONS, HEADS, recommend


def names(advice):
    return [rung.activation for rung in advice.ladder]


def test_the_ladder_is_the_lectures():
    feedforward = ["relu", "leaky_relu", "prelu", "maxout"]
    assert names(recommend("multiclass", depth=3)) == feedforward
    assert names(recommend("multiclass", depth=39)) == feedforward
    deep = recommend("regression", depth=40, findings={})
    assert names(deep) == ["swish", "elu", *feedforward]
    assert names(recommend("regression", depth=1, recurrent=True)) == ["tanh"]
    assert names(recommend("binary", depth=0)) == []


@pytest.mark.parametrize(
    "swish, elu, first, last",
    [
        ("holds", "holds", "swish", "maxout"),
        ("holds only when", "holds", "elu", "maxout"),
        ("does not hold", "holds", "elu", "swish"),
        ("does not hold", "does not hold", "relu", "elu"),
        ("undecided", "does not hold", "swish", "elu"),
    ],
)
def test_for_very_deep_networks_the_verdicts_order_the_ladder(swish, elu, first, last):
    findings = {
        (claim, "very_deep"): {"verdict": verdict, "when": "", "found": "", "do": ""}
        for claim, verdict in (("A6", swish), ("A4", elu))
    }
    advice = recommend("multiclass", depth=40, findings=findings)
    assert (advice.activation, names(advice)[-1]) == (first, last) and len(names(advice)) == 6


def test_of_equal_verdicts_the_one_that_holds_with_the_default_initialisation_is_first():
    said = {"verdict": "holds only when", "found": "", "do": ""}
    findings = {
        ("A6", "very_deep"): said | {"when": "the network has layer norm"},
        ("A4", "very_deep"): said | {"when": "the network has its own gain; layer norm"},
    }
    assert recommend("multiclass", depth=40, findings=findings).activation == "elu"
    assert recommend("multiclass", depth=40).activation == "elu"  # as was measured


def test_the_first_rung_is_the_choice():
    assert recommend("binary", depth=2).activation == "relu"
    assert recommend("binary", depth=50, findings={}).activation == "swish"
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
    silent = recommend("binary", depth=1, findings={})
    assert silent.evidence is None
    assert all(rung.evidence is None for rung in silent.ladder)
    said = {"verdict": "holds only when", "when": "it is wide"}
    said |= {"found": "None died.", "do": "Widen it."}
    spoken = recommend("binary", depth=1, findings={("A3", "dying_relu"): said})
    sentence = "A3 holds only when it is wide. None died. Widen it."
    assert [rung.evidence for rung in spoken.ladder] == [None, sentence, sentence, sentence]
    assert spoken.evidence is None


def test_an_unknown_task_lists_the_valid_ones_nearest_first():
    with pytest.raises(
        ValueError, match=r"unknown task 'multi-class'; known, nearest first: multiclass, .*"
    ):
        recommend("multi-class", depth=1)


@pytest.mark.parametrize("depth, recurrent", [(-1, False), (0, True)])
def test_a_depth_that_cannot_be_raises(depth, recurrent):
    with pytest.raises(ValueError, match="number of hidden layers"):
        recommend("binary", depth=depth, recurrent=recurrent)

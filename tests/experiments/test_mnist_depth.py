"""The rows, and the rules for every outcome."""

import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.lab.io.errors import UserError
from experiments.mnist_depth.images import rows
from experiments.mnist_depth.rules import ahead, judge_five, judge_settings

FAR, LITTLE, UNCLEAR, BEHIND = (
    Effect("", sum(ends) / 2, *ends) for ends in ((6, 9), (1, 3), (2, 8), (-3, -1))
)


def test_absent_images_are_one_sentence():
    with pytest.raises(UserError, match="--data no/such: there is no such folder; give one with"):
        rows("no/such")


def test_parts_do_not_overlap():
    parts = rows("digits")
    assert sum(len(x) for x, _ in parts.values()) == 1797
    assert [len(x) for x, _ in parts.values()] == [798, 200, 799]


def test_mish_is_ahead_of_both_or_not():
    words = [ahead({"swish": FAR, "relu": other}) for other in (FAR, LITTLE, UNCLEAR)]
    assert words == ["holds", "does not hold", "undecided"]
    assert judge_settings({"a": "holds", "b": "undecided"})[1] == "the setting is a"
    assert judge_settings({"a": "undecided", "b": "undecided"})[0] == "undecided"
    assert judge_settings({"a": "undecided", "b": "does not hold"})[0] == "does not hold"


@pytest.mark.parametrize(
    ("gaps", "word"),
    [
        ((LITTLE, FAR), "holds"),
        ((LITTLE, BEHIND), "holds only when"),
        ((BEHIND, BEHIND), "does not hold"),
        ((BEHIND, Effect("", 0, -1, 1)), "undecided"),
    ],
)
def test_the_verdict_on_five_layers(gaps, word):
    assert judge_five(dict(zip("ab", gaps, strict=True)))[0] == word

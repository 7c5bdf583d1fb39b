"""The rule on optimizers without a learning rate, for every outcome."""

import pytest

from experiments.lab.evidence.verdicts import Effect
from experiments.rate_free.rules import judge

GOOD, BAD, UNCLEAR = (Effect("", 0, *ends) for ends in ((-0.5, 0.5), (2, 3), (-1, 2)))


@pytest.mark.parametrize(
    ("prodigy", "dog", "expected"),
    [
        ([GOOD, GOOD], [GOOD, GOOD], ("holds", "")),
        ([GOOD, GOOD], [GOOD, BAD], ("holds only when", "the optimizer is Prodigy")),
        ([GOOD, BAD], [BAD, UNCLEAR], ("does not hold", "")),
        ([GOOD, UNCLEAR], [BAD, GOOD], ("undecided", "")),
    ],
)
def test_the_verdict(prodigy, dog, expected):
    assert judge({"Prodigy": prodigy, "DoG": dog}) == expected

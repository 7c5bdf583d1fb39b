"""What would not fit the memory is refused by a stated limit, before any of it is taken."""

import re

import pytest

from experiments.lab.io import limits
from experiments.lab.io.errors import UserError
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import StudyFlags

SMALL = {"data": "iris", "activation": ("relu",), "learning_rate": ("0.1",), "seeds": 1}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"seeds": 1_000_000_000}, "--seeds 1,000,000,000: give a whole number of at most 100,000"),
        ({"steps": 10**12}, "--steps 1,000,000,000,000: give a whole number of at most 1,000"),
        ({"width": (1_000_000,)}, "--width 1,000,000 --depth 2: a network of 1,000,009,000,003 "),
        ({"seeds": 100_000}, "the grid of 100,000 networks"),
        ({"steps": 10**9}, "--steps 1,000,000,000: the order of the rows between two points"),
    ],
)
def test_a_size_that_cannot_fit_is_named_with_what_there_is(flags, said, monkeypatch):
    monkeypatch.setattr(limits, "memory", lambda: 5e7)
    with pytest.raises(UserError, match=f"^{re.escape(said)}"):
        ask(StudyFlags(**(SMALL | flags)), "Which?")


def test_what_fits_is_not_refused():
    assert ask(StudyFlags(**SMALL), "Which?").steps == 200

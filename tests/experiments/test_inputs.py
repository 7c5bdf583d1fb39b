"""Generated files and flags: each is read right, or refused in one sentence."""

import pytest

from tests.helpers import inputs


@pytest.mark.parametrize("kind", [kind for kind in inputs.KINDS if kind != "a damaged model"])
def test_generated_inputs_are_right_or_refused_in_one_sentence(kind):
    """A few of those that ``python -m tests.helpers.inputs`` generates by the thousand."""
    for seed in range(60):
        what, said = inputs.outcome(kind, seed)
        assert what in ("right", "refused"), f"{kind}, --seed {seed}: {said}"

"""Rules: by what a claim is judged, set before its result is seen."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from experiments.lab.evidence.claims import known


@dataclass(frozen=True)
class Former:
    """A rule that was changed after a result had been seen.

    Args:
        words: the rule.
        verdict: what it gave, with its condition.
        commit: where it was set; empty where that is not known.
        why: why it was changed.
    """

    words: str
    verdict: str
    commit: str
    why: str


@dataclass(frozen=True)
class Rule:
    """How an experiment judges a claim.

    Args:
        claim: its id in CLAIMS.
        words: the rule in one or a few plain sentences, readable on their own.
        judge: the rule as a pure function from numbers to a word of `verdicts.Word`, or to this
            word and its condition.
        former: the rules that it replaced after a result had been seen, the first one first.

    Raises:
        ValueError: the claim is not in CLAIMS.
    """

    claim: str
    words: str
    judge: Callable[..., Any]
    former: tuple[Former, ...] = ()

    def __post_init__(self):
        known(self.claim)

    def said(self) -> dict[str, Any]:
        """All but the function, as it is published."""
        former = [asdict(each) for each in self.former]
        return {"claim": self.claim, "words": self.words, "former": former}

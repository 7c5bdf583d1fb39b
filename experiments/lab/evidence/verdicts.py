"""What an experiment concludes: for each claim a verdict, with the effect it rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from experiments.lab.evidence.claims import known

Word = Literal["holds", "holds only when", "does not hold", "undecided"]


@dataclass(frozen=True)
class Effect:
    """A measured number with its interval, of 95 % where its verdict says nothing else.

    Args:
        name: what was measured, as the ledger and the screen show it.
        value: the number.
        low: the interval's lower end; None where the number is exact.
        high: its upper end.
        unit: of all three; empty where there is none.

    Example:
        >>> str(Effect("best rate", 0.5512, 0.52, 0.6)), str(Effect("σ(−3)", 0.04742587))
        ('best rate 0.551 [0.52, 0.6]', 'σ(−3) 0.04743')
        >>> f"{Effect('best rate', 0.5512, 0.52, 0.6):.1f}"
        '0.6 [0.5, 0.6]'
        >>> str(Effect("lead", -7e-16, -2.0, 2.0))
        'lead 0 [-2, 2]'
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""

    def __format__(self, spec):
        if not spec:
            return str(self)
        # A difference that is 0 but for rounding, such as -7e-16 of points, is shown as 0.
        noise = 1e-12 * max(abs(self.low or 0), abs(self.high or 0))
        value = 0 if abs(self.value) <= noise else self.value
        return f"{value:{spec}}" + (
            f" [{self.low:{spec}}, {self.high:{spec}}]" if self.low is not None else ""
        )

    def __str__(self):
        return " ".join(
            filter(None, (self.name, f"{self:{'.4g' if self.low is None else '.3g'}}", self.unit))
        )


@dataclass(frozen=True)
class Tried:
    """A setting in which a claim was tried, and what it gave there.

    Args:
        setting: in a few words, such as "layer norm, width 128".
        word: the verdict there.
        effect: the number that it rests on there.
    """

    setting: str
    word: Word
    effect: Effect


@dataclass(frozen=True)
class Verdict:
    """What was found about one claim.

    Args:
        claim: its id in CLAIMS.
        verdict: one of four.
        effects: the numbers that it rests on.
        seeds: how many independent runs are behind each of these numbers.
        setting: networks, data and training in words.
        when: the condition of "holds only when"; empty for the other verdicts.
        note: what else a reader must know.
        differs: where the result differs from the published one: how, and the check that rules out
            our own error.
        found: what we found, in one plain sentence of at most 160 characters.
        do: what a practitioner should do, in one plain sentence of at most 120 characters.
        tried: the settings in which the claim was tried.
        level: of the effects' intervals; above 0.95 where several must hold together.

    Raises:
        ValueError: the claim is not in CLAIMS, "holds only when" lacks a condition, or another
            verdict has one.

    Example:
        >>> Verdict("G4", "holds only when", (), 12, "digits", when="the rate is above 1").words
        'holds only when the rate is above 1'
    """

    claim: str
    verdict: Word
    effects: tuple[Effect, ...]
    seeds: int
    setting: str
    when: str = ""
    note: str = ""
    differs: str = ""
    found: str = ""
    do: str = ""
    tried: tuple[Tried, ...] = ()
    level: float = 0.95

    def __post_init__(self):
        known(self.claim)
        if bool(self.when) != (self.verdict == "holds only when"):
            raise ValueError(
                f"{self.claim}: the verdict {self.verdict!r} "
                f"{'has' if self.when else 'lacks'} a condition; "
                "'holds only when' needs one, and no other verdict takes one"
            )

    @property
    def words(self) -> str:
        """The verdict and its condition."""
        return f"{self.verdict} {self.when}".strip()


@dataclass(frozen=True)
class Conclusion:
    """What an experiment found.

    Args:
        finding: one or two sentences with the numbers and their spread.
        verdicts: one per claim, or several where a claim is tested in several ways.
        table: what the figure shows, one row per cell; it becomes results.csv.
        data: name -> SHA-256 of the data sets that were used; or a function that gives this, which
            is not called where they are known of the measurement.
    """

    finding: str
    verdicts: tuple[Verdict, ...]
    table: pd.DataFrame
    data: Mapping[str, str] | Callable[[], Mapping[str, str]] = field(default_factory=dict)

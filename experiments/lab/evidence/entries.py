"""What is published about each claim, as the ledger and the book show it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from experiments.lab.evidence import published
from experiments.lab.evidence.claims import CLAIMS, JUDGES, WHY_NOT
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.evidence.verdicts import Effect

NOT_MEASURED = "not measured"


class Judged(NamedTuple):
    """An experiment's verdict on a claim.

    Args:
        experiment: its name.
        run: config.json and summary.json of its published run.
        verdict: the verdict's fields.
        rule: the rule's words and former rules.
    """

    experiment: str
    run: Mapping[str, Any]
    verdict: Mapping[str, Any]
    rule: Mapping[str, Any]

    @property
    def commit(self) -> str:
        """The commit that set the rule; empty where it is not known."""
        return self.run.get("rules_set_in", {}).get(self.verdict["claim"], "")

    @property
    def effects(self) -> list[Effect]:
        """The numbers that the verdict rests on, the main one first."""
        return [Effect(**effect) for effect in self.verdict["effects"]]

    @property
    def found(self) -> str:
        """What was found, in a sentence."""
        return self.verdict.get("found", "")

    @property
    def do(self) -> str:
        """What a practitioner should do, in a sentence."""
        return self.verdict.get("do", "")

    @property
    def tried(self) -> list[tuple[str, str, Effect]]:
        """Setting, verdict and number of each setting in which the claim was tried."""
        return [
            (each["setting"], each["word"], Effect(**each["effect"]))
            for each in self.verdict.get("tried", ())
        ]


class Entry(NamedTuple):
    """A claim with all that was found on it.

    Args:
        claim: its id.
        words: what it says.
        judged: the verdicts; none where it is not measured.
        why_not: why it is not measured; empty where it is, or no reason is known.
    """

    claim: str
    words: str
    judged: tuple[Judged, ...]
    why_not: str


def entries(experiments: Iterable[Experiment]) -> list[Entry]:
    """Every claim, in the order of CLAIMS."""
    found: dict[str, list[Judged]] = {claim: [] for claim in CLAIMS}
    for each in experiments:
        run = published.read(each.name)
        if run is None:
            continue
        rules = {rule["claim"]: rule for rule in run.get("rules", ())}
        for verdict in run["verdicts"]:
            claim = verdict["claim"]
            rule = rules.get(claim, {"claim": claim, "words": "", "former": []})
            if claim in each.claims:  # another experiment may judge it by now
                found[claim].append(Judged(each.name, run, verdict, rule))
    for claim, names in JUDGES.items():
        order = {name: number for number, name in enumerate(names)}
        found[claim].sort(key=lambda each, order=order: order.get(each.experiment, len(order)))
    return [
        Entry(claim, words, tuple(found[claim]), "" if found[claim] else WHY_NOT.get(claim, ""))
        for claim, words in CLAIMS.items()
    ]

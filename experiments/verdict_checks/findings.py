"""What follows: every figure with its target, and a verdict on each promise."""

from typing import Any

import pandas as pd

from experiments.lab.data import Splits, load
from experiments.lab.evidence.experiment import DERIVED, Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.verdict_checks.figures import Figure
from experiments.verdict_checks.findings_simulated import read

DO = {
    "VERDICT 1": "Read a job's interval as what new splits and new rows of the same kind would "
    "give.",
    "VERDICT 2": "Drop only what is outside the best set; the rest cannot be told apart.",
    "VERDICT 3": "Run a job once; another order of the rows hardly ever contradicts it.",
    "VERDICT 4": "Take a third more seeds than a job says it needs to tell half a point apart.",
    "VERDICT 5": "Leave the learning rate to the job: what it chooses is near the best, and safe.",
}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """All figures, and whether they meet their targets."""
    figures = read(found[DERIVED])
    verdicts = tuple(
        _verdict(claim, [each for each in figures if each.claim == claim], configuration)
        for claim in dict.fromkeys(each.claim for each in figures)
    )
    targets = [each for each in figures if each.judged]
    missed = [f"{each.check} ({each.where}): {each.value:.3g}" for each in targets if not each.met]
    finding = f"{len(targets) - len(missed)} of {len(targets)} figures meet their targets"
    finding += f"; not: {'; '.join(missed)}." if missed else "."
    data = {
        name: Splits(load(name)).sha256
        for name in dict.fromkeys((*configuration.data, "breast_cancer", "digits"))
    }
    return Conclusion(finding, verdicts, table(figures), data)


def table(figures: list[Figure]) -> pd.DataFrame:
    """One row per figure."""
    return pd.DataFrame(
        {
            **{
                name: [getattr(each, name) for each in figures]
                for name in ("claim", "check", "where", "value", "low", "high", "jobs")
            },
            "target_low": [each.target[0] for each in figures],
            "target_high": [each.target[1] for each in figures],
            "met": [str(each.met) if each.judged else "" for each in figures],
        }
    )


def _verdict(claim: str, figures: list[Figure], configuration: Any) -> Verdict:
    """One claim, from its figures."""
    judged_ones = [each for each in figures if each.judged]
    word, when = judge(judged_ones)
    effects = tuple(
        Effect(f"{each.check}, {each.where}", each.value, each.low, each.high)
        for each in judged_ones or figures
    )
    setting = (
        f"jobs of {configuration.job} seeds, each with its own split; {configuration.steps} steps "
        f"of {', '.join(configuration.activation)}, one hidden layer of {configuration.width} "
        "units; orders and rates: two of 64, rates of the main job's activations for twice as long"
    )
    jobs = min(each.jobs for each in judged_ones or figures)
    met = sum(each.met for each in judged_ones)
    worst = max(judged_ones, key=_beyond, default=None)
    return Verdict(
        claim,
        word,
        effects,
        jobs,
        setting,
        when=when,
        found=f"{met} of {len(judged_ones)} figures meet their targets"
        + (
            f"; {worst.check} on {worst.where}: {worst.value:.3g}."
            if worst and not worst.met
            else "."
        ),
        do=DO[claim],
        tried=tuple(
            Tried(each.where, "holds" if each.met else "does not hold", effect)
            for each, effect in zip(judged_ones, effects, strict=False)
        ),
    )


def _beyond(figure: Figure) -> float:
    """How far a figure is from its target."""
    return max(figure.target[0] - figure.value, figure.value - figure.target[1])


def judge(figures: list[Figure]) -> tuple[Word, str]:
    """The verdict on figures with targets, and its condition."""
    met = [each for each in figures if each.met]
    if not figures:
        return "undecided", ""
    if len(met) == len(figures):
        return "holds", ""
    if not met:
        return "does not hold", ""
    missed = "; ".join(f"{each.check} on {each.where}" for each in figures if not each.met)
    return "holds only when", f"this does not count: {missed}"

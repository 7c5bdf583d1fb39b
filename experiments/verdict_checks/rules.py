"""By what the checks of the main job judge."""

from experiments.lab.evidence.rules import Rule
from experiments.verdict_checks.findings import judge

EACH = (
    "Each figure is a share of jobs, or a mean over them, and meets its target or misses it; its "
    "interval, which the rules do not use, shows the error of the simulation. With 'recommended' "
    "is meant the choice that a job recommends. "
)
TOGETHER = (
    "Each claim holds if all its figures meet their targets, does not hold if none does, and "
    "otherwise holds only for those that do."
)

# Claim -> what is counted, with its target.
TARGETS = {
    "VERDICT 1": (
        "VERDICT 1: the interval of the recommended choice contains the mean over all other splits "
        "in 92 to 98 % of jobs, for each data set, and its interval for new rows contains the mean "
        "over tables drawn anew in at least 90 %, for each source of tables."
    ),
    "VERDICT 2": (
        "VERDICT 2: of choices that are equal (the same activation with other initial draws, or "
        "activations whose scores are shuffled in every block), any given one is outside the best "
        "set in at most 5 % of jobs, and so is the truly best of activations that differ; all "
        "choices of a job share their test rows."
    ),
    "VERDICT 3": (
        "VERDICT 3: of jobs on the same rows in other orders, at most 3 % of the pairs have "
        "disjoint intervals for new rows, and in no pair does one job exclude from its best set "
        "what the other recommends."
    ),
    "VERDICT 4": (
        "VERDICT 4: with the number of seeds that `seeds_needed` gives for half a point, a choice "
        "that is worse by half a point is left out with probability 0.75 to 0.85."
    ),
    "VERDICT 5": (
        "VERDICT 5: the expected accuracy at the chosen rates is at most 0.3 points below that at "
        "the best rates, averaged over activations, and no more than 1 in 50 runs of any "
        "activation fail at its chosen rate."
    ),
}

RULES = tuple(Rule(claim, f"{EACH}{target} {TOGETHER}", judge) for claim, target in TARGETS.items())

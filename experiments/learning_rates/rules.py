"""By what the experiment on learning rates judges; intervals are 95 % intervals."""

from experiments.lab.evidence.rules import Former, Rule
from experiments.learning_rates.findings_descent import judge_descent
from experiments.learning_rates.findings_finders import judge_finders
from experiments.learning_rates.findings_metalearning import judge_metalearning
from experiments.learning_rates.findings_rates import judge_rates, judge_ratio
from experiments.learning_rates.findings_sensitivity import judge_sensitivity

RULES = (
    Rule(
        "G3",
        "G3 holds if the gradient's signs are those of finite differences, and every step goes "
        "down at every rate tried; it holds only up to the rate at which some step first goes "
        "up.",
        judge_descent,
    ),
    Rule(
        "G4",
        "G4 holds for an optimizer if a tenth of the best rate ends higher in the same number "
        "of updates but within a point with more of them, and of the runs at ten times the best "
        "rate or more 95 % fail or end more than a point higher.",
        judge_rates,
    ),
    Rule(
        "EVIDENCE 5",
        "EVIDENCE 5 holds if, by every rule and from every start, 95 % of the metalearned rates "
        "end within 5 % of their own seed's best, and 0.62 is in the interval of the best rate "
        "of the mean loss; it holds only for a single seed if 0.62 is among 95 % of the seeds' "
        "own best rates.",
        judge_metalearning,
        former=(
            Former(
                "EVIDENCE 5 holds if, by every rule, 95 % of the metalearned rates are within 5 % "
                "of their own seed's best, whatever the start, and 0.62 is in the interval of the "
                "best rate of the mean loss; it holds only for some rules if only these end there.",
                "does not hold",
                "cfde85d",
                "The shares differ by the start, not by the rule, so each start is judged by "
                "itself.",
            ),
        ),
    ),
    Rule(
        "EVIDENCE 7",
        "EVIDENCE 7 holds for a tool if the interval of its suggestions' mean regret is above "
        "half a point.",
        judge_finders,
    ),
    Rule(
        "EVIDENCE 8",
        "EVIDENCE 8 holds if the interval of swish's best rate over ReLU's overlaps 0.7 to 0.8 "
        "and excludes 1, and does not hold if it does not overlap 0.7 to 0.8.",
        judge_ratio,
    ),
    Rule(
        "EVIDENCE 26",
        "Of every data set, optimizer and activation two numbers are taken: the mean excess of "
        "the validation loss, which counts as that of guessing at most, over the rates tried "
        "within a decade and a half of the best, and the decades of rates with a good validation "
        "error. EVIDENCE 26 holds if the interval over seeds of their rank correlation ends at "
        "−0.8 or below, does not hold if it is above −0.5, and is undecided otherwise.",
        judge_sensitivity,
    ),
)

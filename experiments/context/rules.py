"""By what the experiment on context neurons judges; intervals are 95 % intervals."""

from experiments.context.findings import (
    judge_context,
    judge_forecasts,
    judge_length,
    judge_tanh,
)
from experiments.lab.evidence.rules import Rule

RULES = (
    Rule(
        "N6",
        "N6 holds if networks with context succeed more often than those without (intervals "
        "apart).",
        judge_context,
    ),
    Rule(
        "EVIDENCE 17",
        "EVIDENCE 17 holds if at every length the tanh network's error is above 0.9 of that of "
        "answering the mean, and the GRU's below 0.1 of it; only from a length on if that is "
        "true of this and all longer ones.",
        judge_length,
    ),
    Rule(
        "N7",
        "N7 holds if the network that validation chooses has a lower RMSE than both rules; only "
        "against the naive rule if it beats that one alone.",
        judge_forecasts,
    ),
    Rule(
        "A9",
        "A9: in a task, tanh is behind if another activation of the same network is better at p "
        "< 0.05 (paired by seed, Holm's correction), ahead if it beats all of them, else level. "
        "A9 holds if tanh is ahead in some task and behind in none, only in the tasks in which "
        "it is ahead if it is behind in others, and not if it is behind in some and ahead in "
        "none.",
        judge_tanh,
    ),
)

"""What follows: what each head costs, and the rule on A8."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.heads.measure import BATCH, LAYERS, WIDTH
from experiments.heads.outputs import ALLOWED, OUTPUTS
from experiments.heads.tasks import TASKS
from experiments.lab.data import load, prepare
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict, Word
from experiments.lab.study.statistics import interquartile_mean, interval

AS_GOOD = 1.0  # points
A_LOT = 5.0


class Case(NamedTuple):
    """One comparison with the head that the lecture names."""

    task: str
    head: str
    steps: int


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The cost of every head, each at its own best learning rate."""
    costs, rows = {}, []
    for task, (kind, *_) in TASKS.items():
        for steps in configuration.steps:
            best, scores = tuned(**found[f"{task}-{steps}"])
            for number, head in enumerate(OUTPUTS[kind]):
                cost = scores[0] - scores[number]
                effect = Effect(
                    f"{head}, {task}, {steps} steps",
                    float(interquartile_mean(cost)),
                    *interval(cost),
                    "points",
                )
                if number:
                    costs[Case(task, head, steps)] = effect
                row = {"task": task, "steps": steps, "head": head}
                row |= {"score": float(interquartile_mean(scores[number]))}
                row |= {"cost": effect.value, "low": effect.low, "high": effect.high}
                rate = np.median(np.asarray(configuration.learning_rate)[best[number]])
                last = len(configuration.learning_rate) - 1
                at_end = np.isin(best[number], (0, last)).mean()
                rows.append(row | {"learning_rate": float(rate), "at_an_end": float(at_end)})
    verdict, when = judge(costs)
    sources = sorted({task.source for task in TASKS.values() if task.source})
    return Conclusion(
        finding(costs),
        (
            Verdict(
                "A8",
                verdict,
                tuple(sorted(costs.values(), key=lambda cost: -cost.value)),
                configuration.seeds,
                f"networks of {LAYERS} × {WIDTH} ReLU units, plain gradient descent on batches of"
                f" {BATCH}, {' and '.join(map(str, configuration.steps))} steps",
                when=when,
                note=note(costs),
                found=said(costs),
                do="Use softmax for classes and linear for numbers; bounded heads only for "
                "bounded targets.",
                tried=tried(costs),
            ),
        ),
        pd.DataFrame(rows),
        {source: prepare(load(source)).sha256 for source in sources},
    )


def tuned(validation: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best rate of every head and seed, and the test score there.

    Args:
        validation: scores, shape (heads, rates, seeds), at most 1; nan where diverged.
        test: likewise.

    Returns:
        The number of the rate, and the score in points, each (heads, seeds). Among rates that
        are best alike, it is the middle one.
    """
    validation, test = (np.maximum(np.nan_to_num(score), 0) for score in (validation, test))
    order = np.cumsum(tied := validation == validation.max(axis=1, keepdims=True), axis=1)
    middle = (tied.sum(axis=1, keepdims=True) + 1) // 2
    best = (tied & (order == middle)).argmax(axis=1)
    return best, 100 * np.take_along_axis(test, best[:, None], axis=1)[:, 0]


def word(cost: Effect) -> str:
    """What an interval says: "costs", "as good" or "unclear"."""
    if cost.low > 0:
        return "costs"
    return "as good" if cost.high < AS_GOOD else "unclear"


def allowed(case: Case) -> bool:
    """Whether the lecture allows this head."""
    return case.head in ALLOWED.get(TASKS[case.task].kind, ())


def judge(costs: Mapping[Case, Effect]) -> tuple[Word, str]:
    """The verdict and its condition, from the cost of every head."""
    said = {case: word(cost) for case, cost in costs.items()}
    wrong = [case for case in costs if not allowed(case)]
    costly = [case for case in wrong if said[case] == "costs"]
    if not costly:
        refuted = any(said[case] == "as good" for case in wrong)
        return ("does not hold" if refuted else "undecided"), ""
    if costly == wrong and all(said[case] == "as good" for case in costs if allowed(case)):
        return "holds", ""
    return "holds only when", f"the other head is {listed(costly, costs)}"


def listed(cases: list[Case], costs: Mapping[Case, Effect]) -> str:
    """Heads by task; the steps are named for a head that is not among the cases at all of them."""
    every = {case.steps for case in costs}
    tasks: dict[str, list[str]] = {}
    for task, head in dict.fromkeys((case.task, case.head) for case in cases):
        steps = [case.steps for case in cases if (case.task, case.head) == (task, head)]
        at = "" if set(steps) == every else f" at {' and '.join(map(str, steps))} steps"
        tasks.setdefault(task, []).append(f"{head}{at}")
    return "; ".join(f"{' or '.join(heads)} on {task}" for task, heads in tasks.items())


def note(costs: Mapping[Case, Effect]) -> str:
    """The heads that cost a lot, and those that are not as the lecture expects."""
    wrong = {case: cost for case, cost in costs.items() if not allowed(case)}
    groups = {
        f"more than {A_LOT:g} points worse": [
            case for case, cost in wrong.items() if cost.low > A_LOT
        ],
        "at least as good as the named head": [
            case for case, cost in wrong.items() if word(cost) == "as good"
        ],
        "unclear": [case for case, cost in costs.items() if word(cost) == "unclear"],
        "worse although allowed": [
            case for case, cost in costs.items() if allowed(case) and word(cost) == "costs"
        ],
    }
    return ". ".join(
        f"{what.capitalize()}: {listed(cases, costs)}" for what, cases in groups.items() if cases
    )


def finding(costs: Mapping[Case, Effect]) -> str:
    """How many heads cost something, and the one that costs most."""
    wrong = {case: cost for case, cost in costs.items() if not allowed(case)}
    number = sum(word(cost) == "costs" for cost in wrong.values())
    worst = max(wrong.values(), key=lambda cost: cost.value)
    return (
        f"Another head than the named one costs something in {number} of {len(wrong)} comparisons;"
        f" most by {worst:.1f} points ({worst.name})."
    )


def said(costs: Mapping[Case, Effect]) -> str:
    """The finding, in few words."""
    wrong = {case: cost for case, cost in costs.items() if not allowed(case)}
    number = sum(word(cost) == "costs" for cost in wrong.values())
    worst = max(wrong, key=lambda case: wrong[case].value)
    return (
        f"Another head costs something in {number} of {len(wrong)} comparisons, most "
        f"{worst.head} on {worst.task} ({wrong[worst].value:.0f} points)."
    )


def tried(costs: Mapping[Case, Effect]) -> tuple[Tried, ...]:
    """Each task and number of steps by itself, with the head that costs most there."""
    found = []
    for task, steps in dict.fromkeys((case.task, case.steps) for case in costs):
        here = {case: cost for case, cost in costs.items() if case[::2] == (task, steps)}
        most = max(here.values(), key=lambda cost: cost.value)
        found.append(Tried(f"{task}, {steps} steps", judge(here)[0], most))
    return tuple(found)

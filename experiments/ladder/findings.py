"""What follows: what each rung gains over ReLU, and the rule on A9's ladder."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.measurement import Arrays, Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.ladder.measure import MOMENTUM, RUNGS, TASKS, part_of
from experiments.ladder.rules import judge, pays

LEVEL = 1 - 0.05 / (len(RUNGS) - 1)  # of one interval, so that a task's three hold together


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Each activation at its own best rate, against ReLU."""
    c = configuration
    rates, rows = np.array(c.learning_rate), []
    gains: dict[str, dict[str, Effect]] = {}
    for task in c.task:
        scores = {}
        for name in RUNGS:
            best, scores[name] = at_own_rate(found[part_of(task, name)])
            gain = scores[name] - scores["relu"]
            low, high = interval(gain, LEVEL)
            effect = Effect(
                f"{name} minus relu, {task}", float(interquartile_mean(gain)), low, high, "points"
            )
            if name != "relu":
                gains.setdefault(task, {})[name] = effect
            rows.append(
                {
                    "task": task,
                    "activation": name,
                    "score": float(interquartile_mean(scores[name])),
                    "gain": effect.value,
                    "low": low,
                    "high": high,
                    "learning_rate": float(rates[best]),
                    "at_an_end": best in (0, len(rates) - 1),
                }
            )
    word, when = judge(gains)
    every = [effect for rungs in gains.values() for effect in rungs.values()]
    paying = [effect for effect in every if pays(effect) == "holds"]
    most = max(paying or every, key=lambda effect: effect.value)
    said = f"pays in {len(paying)} of {len(every)} comparisons"
    if paying:
        said += f", most {most:.1f} points ({most.name.replace(' minus relu', '')})"
    ends = [f"{row['activation']} on {row['task']}" for row in rows if row["at_an_end"]]
    verdict = Verdict(
        "A9",
        word,
        (most, *(effect for effect in every if effect is not most)),
        c.seeds,
        f"networks of {c.width} units per hidden layer (maxout narrower, about as many "
        f"parameters), gradient descent with momentum {MOMENTUM}, {c.steps} steps of "
        f"{c.batch_size} rows, each at its own best of {len(rates)} rates; every "
        "seed has a split of its own",
        when=when,
        note="The part on the ladder from ReLU to maxout. The best rate is an end of those tried "
        f"for: {', '.join(ends) or 'none'}",
        found=f"A rung above ReLU {said}.",
        do="Start with ReLU and tune its learning rate; climbing further is worth little.",
        tried=tuple(Tried(effect.name, pays(effect), effect) for effect in every),
        level=LEVEL,
    )
    sources = {TASKS[task][0] for task in c.task}
    return Conclusion(
        f"Each activation at its own best learning rate, a rung above ReLU {said}.",
        (verdict,),
        pd.DataFrame(rows),
        {source: prepare(load(source)).sha256 for source in sorted(sources)},
    )


def at_own_rate(found: Arrays) -> tuple[int, np.ndarray]:
    """The number of the rate with the highest mean validation score, and test scores in points.

    Args:
        found: validation and test scores, (rates, seeds).

    Example:
        >>> at_own_rate({"validation": np.array([[0.1], [0.3]]), "test": np.array([[0.9], [0.5]])})
        (1, array([50.]))
    """
    best = int(np.argmax(found["validation"].mean(axis=1)))
    return best, 100 * found["test"][best].astype(np.float64)

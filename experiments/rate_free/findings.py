"""What follows: the regret of every optimizer without a learning rate."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.data import load, prepare
from experiments.lab.evidence.effects import at_best, effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.rate_free.rules import judge, word


def conclude(configuration: Any, found: Found) -> Conclusion:
    """The verdict."""
    names = configuration.optimizer
    rows: list[dict[str, Any]] = []
    regrets: dict[str, list[Effect]] = {name: [] for name in names}
    pooled: dict[str, list[np.ndarray]] = {name: [] for name in names}
    against_sgd: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for data in configuration.data:
        best = {
            tuned: 100 * at_best(of["validation"], of["test"], 1)
            for tuned, of in ((tuned, found[f"{tuned} on {data}"]) for tuned in ("Adam", "SGD"))
        }
        for name in names:
            scores = 100 * np.nan_to_num(found[f"{name} on {data}"]["test"][:, 0])
            for k, activation in enumerate(configuration.activation):
                regret = effect(
                    f"regret of {name}, {activation}, {data}",
                    best["Adam"][k] - scores[k],
                    "points",
                )
                regrets[name].append(regret)
                row = {"data": data, "activation": activation, "optimizer": name}
                row |= {"accuracy": float(np.mean(scores[k])), "regret": regret.value}
                row |= {"low": regret.low, "high": regret.high}
                rows.append(
                    row | {"regret_against_sgd": float(np.mean(best["SGD"][k] - scores[k]))}
                )
            pooled[name].append(best["Adam"] - scores)
            against_sgd[name].append(best["SGD"] - scores)
    effects = {
        name: effect(f"regret of {name}, all", np.mean(np.concatenate(of), axis=0), "points")
        for name, of in pooled.items()
    }
    verdict, when = judge(regrets)
    low, high = (pick((each.value, name) for name, each in effects.items()) for pick in (min, max))
    sgd = {name: float(np.mean(of)) for name, of in against_sgd.items()}
    tried = []
    for of in regrets.values():
        worst = max(of, key=lambda each: each.value)
        tried.append(Tried(worst.name, word(worst), worst))
    said = (
        f"The regret against Adam at its best rate is from {low[0]:.1f} ({low[1]}) to "
        f"{high[0]:.1f} points ({high[1]})."
    )
    return Conclusion(
        said,
        (
            Verdict(
                "EVIDENCE 19",
                verdict,
                (*effects.values(), *(each for of in regrets.values() for each in of)),
                configuration.seeds,
                f"two hidden layers of {configuration.width} on {', '.join(configuration.data)}; "
                f"{', '.join(configuration.activation)}, {configuration.steps} updates on batches "
                "of 64, defaults of optax.contrib, Mechanic around Adam",
                when=when,
                note="Mean regret against SGD with momentum at its best rate: "
                + ", ".join(f"{name} {value:.1f}" for name, value in sgd.items()),
                found=said,
                do=f"Without time for a grid try {low[1]} first.",
                tried=tuple(tried),
            ),
        ),
        pd.DataFrame(rows),
        {data: prepare(load(data)).sha256 for data in configuration.data},
    )

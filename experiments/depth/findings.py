"""What follows from the experiment on depth: the verdicts, the finding and the table."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from experiments.depth import findings_before_training as random
from experiments.depth import findings_trained as trained
from experiments.depth.before_training import INITIALISATIONS, SELU_VARIANCES, weight_variances
from experiments.depth.depth_scale import depths
from experiments.depth.findings_before_training import Layers, Pair, before_training
from experiments.depth.findings_depth_scale import (
    PUBLISHED_SCALES,
    depth_scale,
    map_accuracy,
    map_depths,
    map_scales,
)
from experiments.depth.measure import INITIALISED
from experiments.depth.tasks import digits
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict

# The parts on which a claim depends, in addition to those of ReLU and tanh.
NEEDS = {
    "A7": ("ladder-sigmoid", "theory-sigmoid", "theory-tanh"),
    "A10": ("ladder-sigmoid",),
}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """One verdict per claim, and every number that the figure shows."""
    rows = before_training(configuration, found)
    c = configuration
    rules = {
        "EVIDENCE 2": partial(random.mean_field, c, rows),
        "EVIDENCE 14": partial(random.selu, c, found),
        "A7": partial(random.vanishing, c, found, rows),
        "EVIDENCE 3": partial(depth_scale, c, found),
        "A10": partial(trained.saturation, c, found),
        "EVIDENCE 13": partial(trained.initialisation, c, found),
        "Y3": partial(trained.more_layers, c, found),
    }
    measured = {*found, *(part.rpartition("-")[0] for part in found)}
    by_claim = {}
    for claim, rule in rules.items():
        missing = [part for part in NEEDS.get(claim, ()) if part not in measured]
        by_claim[claim] = _left_out(c, claim, missing) if missing else rule()
    return Conclusion(
        _finding(c, found, rows, by_claim),
        tuple(by_claim.values()),
        pd.DataFrame(
            [
                *_random_networks(c, rows),
                *_selu(c, found),
                *_trained(c, found),
                *_map(c, found),
                *_forward(c, found),
            ]
        ),
        data={"digits": digits().sha256},
    )


def _left_out(configuration: Any, claim: str, missing: list[str]) -> Verdict:
    """The verdict on a claim for which activations were not measured."""
    return Verdict(
        claim,
        "undecided",
        (Effect("measurements that the claim needs and that were left out", len(missing)),),
        configuration.seeds,
        trained.setting(configuration),
        note=f"Left out: {', '.join(missing)}",
    )


def _finding(
    configuration: Any,
    found: Found,
    rows: Mapping[Pair, Layers],
    by_claim: Mapping[str, Verdict],
) -> str:
    deepest = max(configuration.depth)
    best = trained.most_accurate(configuration, found, deepest)
    said = [
        f"{name} {trained.accuracy(found, f'ladder-{name}-{deepest}'):.3f}"
        for name in dict.fromkeys((best, "elu", "swish", "relu", "sigmoid"))
        if name in configuration.activation
    ]
    worst, scales = by_claim["EVIDENCE 2"].effects[0], by_claim["EVIDENCE 3"].effects[0]
    wide = random.wide_enough(configuration)
    followed = sum(not random.off(each, wide) for each in rows.values())
    return (
        f"At {deepest} hidden layers, each at its own best rate, test accuracy is "
        f"{', '.join(said)}. Before training, {followed} of {len(rows)} pairs of activation and "
        f"initialisation are at no layer shown to be more than {100 * random.TOLERANCE:g} % off "
        f"mean-field theory (largest deviation {abs(worst.value):.1f} %). "
        f"tanh networks train to a depth of about {scales:.1f} depth scales."
    )


def _random_networks(configuration: Any, rows: Mapping[Pair, Layers]) -> Iterator[dict[str, Any]]:
    for (name, init), each in rows.items():
        here = {
            "part": "before training",
            "activation": name,
            "initialisation": init,
            "weight_variance": weight_variances(name)[INITIALISATIONS.index(init)],
        }
        for layer, (factor, error, theory, given) in enumerate(
            zip(each.factor, each.error, each.theory, each.given, strict=True)
        ):
            yield here | {
                "depth": layer + 1,
                "quantity": "gradient_factor",
                "value": factor,
                "low": factor - 1.96 * error,
                "high": factor + 1.96 * error,
                "theory": theory,
                "given_its_variance": given,
            }
        low, middle, high = each.spread
        yield here | {
            "depth": configuration.theory_depth,
            "quantity": "log10_product",
            "value": middle,
            "low": low,
            "high": high,
            "theory": each.product_in_theory,
        }


def _selu(configuration: Any, found: Found) -> Iterator[dict[str, Any]]:
    unit = SELU_VARIANCES.index(1.0)
    for layer in range(configuration.theory_depth + 1):
        for name, target in (("mean", 0.0), ("variance", 1.0)):
            yield {
                "part": "selu",
                "activation": "selu",
                "initialisation": "computed",
                "weight_variance": 1.0,
                "depth": layer,
                "quantity": name,
                "value": found["selu"][name][:, unit, layer].mean(),
                "theory": target,
            }


def _trained(c: Any, found: Found) -> Iterator[dict[str, Any]]:
    parts = [
        ("ladder", name, "computed", depth, f"ladder-{name}-{depth}")
        for name in c.activation
        for depth in c.depth
    ]
    parts += [("initialisation", "relu", name, c.he_depth, f"init-{name}") for name in INITIALISED]
    parts += [
        ("spirals", "tanh", "computed", depth, f"spirals-{depth}") for depth in c.spiral_depth
    ]
    for part, name, init, depth, key in parts:
        score, one = trained.accuracy(found, key), found[key]
        yield {
            "part": part,
            "activation": name,
            "initialisation": init,
            "depth": depth,
            "quantity": "test_accuracy",
            "value": score.value,
            "low": score.low,
            "high": score.high,
            "rate": one["rate"].item(),
            "diverged": int(one["diverged"].sum()),
            "saturated": trained.saturated(found, key),
        }


def _map(c: Any, found: Found) -> Iterator[dict[str, Any]]:
    for variance, row, deepest, scale in zip(
        c.map_weight_variance,
        map_accuracy(c, found),
        map_depths(c, found),
        map_scales(c),
        strict=True,
    ):
        here = {"part": "map", "activation": "tanh", "weight_variance": variance}
        for depth, value in zip(depths(c.map_scale, variance), row, strict=True):
            yield here | {"depth": depth, "quantity": "train_accuracy", "value": value}
        yield here | {
            "quantity": "deepest_trained",
            "value": deepest,
            "theory": PUBLISHED_SCALES * scale,
        }


def _forward(c: Any, found: Found) -> Iterator[dict[str, Any]]:
    """Timings, the only rows that vary from run to run."""
    for depth, seconds in zip(c.forward_depth, trained.seconds_per_layer(c, found)[1], strict=True):
        yield {
            "part": "forward",
            "activation": "relu",
            "depth": depth,
            "quantity": "forward_timing_seconds",
            "value": seconds,
        }

"""What follows from the experiment on depth: a rule a claim, each able to come out otherwise."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from experiments.depth import trained
from experiments.depth.before_training import INITIALISATIONS, LEAST, weight_variances
from experiments.depth.tasks import digits
from experiments.depth.trained import accuracy, apart, setting
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict, Word
from jaxnn import meanfield

TOLERANCE = 0.02  # of a layer's factor against theory
SELU_TOLERANCE = 0.05  # of SELU's mean and variance
# EVIDENCE 2: (activation, σ_w²) and the published product over 40 layers.
PUBLISHED = {
    ("sigmoid", 1.0): 5.513e-51,
    ("tanh", 1 / 3): 2.826e-20,
    ("tanh", 1.0): 0.01794,
    ("tanh", 25 / 9): 2286,
    ("relu", 1.0): 2.0**-40,
    ("relu", 2.0): 1.0,
    ("relu", 1 / 3): 6.0**-40,
    ("elu", 1.0): 5.262e-3,
    ("selu", 1.0): 15.88,
    ("gelu", 2.0): 5.743e-11,
    ("swish", 2.0): 4.491e-12,
    ("mish", 2.0): 4.304e-5,
}

# Parts beside those of ReLU and tanh on which a claim rests.
NEEDS = {
    "A4": ("ladder-elu",),
    "A6": ("ladder-swish",),
    "A7": ("ladder-sigmoid", "theory-sigmoid", "theory-tanh"),
    "A10": ("ladder-sigmoid",),
}


class Layers(NamedTuple):
    """One activation and initialisation before training, a number a layer.

    factor, error: mean of the gradient's factor over the networks, and its standard error. theory: of infinite width.
    given, given_error: mean factor over theory's, given the variance that each layer got, minus 1, and its standard error;
    growth, growth_error: the same of the variance's growth; aligned, aligned_error: of the factor given the alignment too.
    alignment: mean squared cosine of the gradient with the signal. products: log10 of each network's product of all layers.
    resolved: whether the theory resolves every layer; a layer that it does not counts as no deviation.
    """

    factor: np.ndarray
    error: np.ndarray
    theory: np.ndarray
    given: np.ndarray
    given_error: np.ndarray
    growth: np.ndarray
    growth_error: np.ndarray
    aligned: np.ndarray
    aligned_error: np.ndarray
    alignment: np.ndarray
    products: np.ndarray
    resolved: bool = True

    @property
    def spread(self) -> np.ndarray:
        """2.5 %, 50 % and 97.5 % of the networks' products, log10."""
        return np.quantile(self.products, (0.025, 0.5, 0.975))


def layers(measured: Mapping[str, np.ndarray], init: int) -> Layers:
    """Compare one initialisation's networks with theory."""
    log_factor, variance = measured["log_factor"][init], measured["variance"][init]
    factor, resolved = np.exp(log_factor), measured["resolved"][init]
    given = np.where(resolved, factor / measured["factor_given"][init], 1.0)
    aligned = np.where(
        resolved, factor / (measured["factor_given"][init] + measured["factor_aligned"][init]), 1.0
    )
    held = (variance[:, 1:] > LEAST) & resolved[
        :, :-1
    ]  # by float32; what it does not hold counts as no deviation
    growth = np.where(
        held,
        variance[:, 1:]
        / np.maximum(variance[:, :-1], LEAST)
        / measured["growth_given"][init][:, :-1],
        1.0,
    )
    return Layers(
        factor.mean(0),
        _error(factor),
        measured["factor_theory"][init],
        given.mean(0) - 1,
        _error(given),
        growth.mean(0) - 1,
        _error(growth),
        aligned.mean(0) - 1,
        _error(aligned),
        measured["alignment"][init].mean(0),
        log_factor.sum(1) / math.log(10),
        bool(resolved.all()),
    )


def _error(samples: np.ndarray) -> np.ndarray:
    return samples.std(0, ddof=1) / math.sqrt(len(samples))


def before(configuration: Any, found: Found) -> dict[tuple[str, str], Layers]:
    """Every activation and initialisation before training."""
    return {
        (name, init): layers(found[f"theory-{name}"], number)
        for name in configuration.theory_activation
        for number, init in enumerate(INITIALISATIONS)
    }


def conclude(configuration: Any, found: Found) -> Conclusion:
    """A verdict a claim, and the table of every number that the figure shows."""
    rows = before(configuration, found)
    rules = {
        "EVIDENCE 2": partial(mean_field, rows=rows),
        "EVIDENCE 14": selu,
        "A7": partial(vanishing, rows=rows),
        "EVIDENCE 3": trained.depth_scale,
        "A4": partial(trained.very_deep, claim="A4", name="elu"),
        "A6": partial(trained.very_deep, claim="A6", name="swish"),
        "A10": trained.saturation,
        "EVIDENCE 13": trained.initialisation,
        "Y3": trained.more_layers,
    }
    measured = {*found, *(part.rpartition("-")[0] for part in found)}
    by_claim = {}
    for claim, rule in rules.items():
        missing = [part for part in NEEDS.get(claim, ()) if part not in measured]
        by_claim[claim] = (
            rule(configuration, found)
            if not missing
            else Verdict(
                claim,
                "undecided",
                (Effect("measurements that it needs and that were left out", len(missing)),),
                configuration.seeds,
                setting(configuration),
                note=f"Left out: {', '.join(missing)}",
            )
        )
    deepest = max(configuration.depth)
    best = max(
        configuration.activation, key=lambda name: accuracy(found, f"ladder-{name}-{deepest}").value
    )
    said = [
        f"{name} {accuracy(found, f'ladder-{name}-{deepest}'):.3f}"
        for name in dict.fromkeys((best, "elu", "swish", "relu", "sigmoid"))
        if name in configuration.activation
    ]
    worst, scales = by_claim["EVIDENCE 2"].effects[0], by_claim["EVIDENCE 3"].effects[0]
    followed = sum(not off(each, wide_enough(configuration)) for each in rows.values())
    finding = (
        f"At {deepest} hidden layers, each at its own best rate, test accuracy is {', '.join(said)}; "
        f"before training {followed} of {len(rows)} pairs of activation and initialisation are not shown to be more than "
        f"{100 * TOLERANCE:g} % off mean-field theory at any layer (largest deviation {abs(worst.value):.1f} %), and tanh "
        + (
            f"networks train to a depth of about {scales:.1f} depth scales."
            if scales.low is not None
            else "networks have shown no depth up to which they train."
        )
    )
    return Conclusion(
        finding,
        tuple(by_claim.values()),
        table(configuration, found, rows),
        data={"digits": digits().sha256},
    )


def wide_enough(configuration: Any) -> float:
    """Standard errors to either side that make 95 % intervals for the factor and the growth of all layers of all pairs together."""
    cells = (
        len(configuration.theory_activation)
        * len(INITIALISATIONS)
        * (2 * configuration.theory_depth - 1)
    )
    return float(stats.norm.ppf(1 - 0.025 / cells))


def off(each: Layers, wide: float, *, aligned: bool = False) -> bool:
    """Whether some layer's interval lies beyond TOLERANCE; of the factor, given the alignment too if asked for."""
    factor = (each.aligned, each.aligned_error) if aligned else (each.given, each.given_error)
    return any(
        np.any(np.abs(deviation) - wide * error > TOLERANCE)
        for deviation, error in (factor, (each.growth, each.growth_error))
    )


def mean_field(configuration: Any, found: Found, rows: Mapping[tuple[str, str], Layers]) -> Verdict:
    """EVIDENCE 2: a layer's factor and growth, given its variance, against theory's.

    A pair of activation and initialisation is off if some layer's interval lies beyond TOLERANCE, and on if all lie within. Holds if all
    are on, and every product within the networks' spread; holds only when, if some are off, none of them given the alignment of gradient
    and signal too, or some product lies outside; does not hold if one is off even then; else undecided.
    """
    wide = wide_enough(configuration)
    bad = [name for name, each in rows.items() if off(each, wide)]
    unexplained = [name for name in bad if off(rows[name], wide, aligned=True)]
    on = [
        name
        for name, each in rows.items()
        if all(
            np.all(np.abs(deviation) + wide * error <= TOLERANCE)
            for deviation, error in (
                (each.given, each.given_error),
                (each.growth, each.growth_error),
            )
        )
    ]
    worst = []
    for name, words in (
        ("given", "gradient factor, given its variance"),
        ("growth", "growth of the variance, given its variance"),
        (
            "aligned",
            "gradient factor, given its variance and the gradient's squared cosine with the signal",
        ),
    ):
        deviation, error = (
            100 * np.array([getattr(each, name + end) for each in rows.values()])
            for end in ("", "_error")
        )
        at = np.unravel_index(np.abs(deviation).argmax(), deviation.shape)
        where = (
            f"{' '.join(list(rows)[at[0]])}, layer {at[1] + 1}, standard error {error[at]:.2f} %"
        )
        worst.append(
            Effect(
                f"largest deviation of a layer's {words} ({where})",
                *(float(deviation[at] + shift * error[at]) for shift in (0, -wide, wide)),
                "%",
            )
        )
    outside = [
        name
        for name, each in rows.items()
        if each.resolved and not each.spread[0] <= np.log10(each.theory).sum() <= each.spread[2]
    ]
    beyond = [
        name
        for name, each in rows.items()
        if each.resolved and np.abs(each.factor / each.theory - 1).max() > TOLERANCE
    ]
    known = {
        at: product for at, product in PUBLISHED.items() if at[0] in configuration.theory_activation
    }
    closed = max(
        (
            abs(meanfield.gradient_product(at[0], 40, at[1]) / product - 1)
            for at, product in known.items()
        ),
        default=0,
    )
    turned = max((rows[name].alignment.max() for name in bad), default=0)
    across = max(
        (each.alignment.max() for name, each in rows.items() if name not in bad), default=0
    )
    effects = (
        *worst,
        Effect(
            "largest mean squared cosine of gradient and signal, of pairs that are off",
            float(turned),
        ),
        Effect("the same, of the others", float(across)),
        Effect(
            "activations × initialisations whose product lies outside the middle 95 % of the networks",
            len(outside),
        ),
        Effect(
            f"largest relative deviation of theory from {len(known)} published products", closed
        ),
    )
    word: Word = (
        "does not hold"
        if closed > TOLERANCE or unexplained
        else "holds only when"
        if bad or outside
        else "holds"
        if len(on) == len(rows)
        else "undecided"
    )
    waves = [name for name, each in rows.items() if not each.resolved]
    he = rows["relu", "He"].spread if ("relu", "He") in rows else None

    def names(pairs):
        return ", ".join(" ".join(pair) for pair in pairs)

    conditions = [
        f"the gradient does not turn along the signal, as it does with {names(bad)}"
    ] * bool(bad)
    conditions += [
        f"one network is not taken for the mean of many, from which it strays with {names(outside)}"
    ] * bool(outside)
    return Verdict(
        "EVIDENCE 2",
        word,
        effects,
        configuration.theory_networks,
        f"{len(rows)} pairs of activation and initialisation (σ_w² 2, 1, 1/3 and each activation's gain²), {configuration.theory_depth} "
        f"layers of {configuration.theory_width} units, first variance 1, no bias, random networks drawn exactly in law",
        when=" and ".join(conditions) if word == "holds only when" else "",
        note=(
            f"Brackets of the largest deviations hold for all layers together. {len(on)} of {len(rows)} pairs are surely within "
            f"{100 * TOLERANCE:g} % at every layer, {len(bad)} surely are not, of the rest the data cannot say. Against infinite width "
            f"alone, with no layer's measured variance, the mean is within {100 * TOLERANCE:g} % for {len(rows) - len(waves) - len(beyond)}"
            + (f"; not for {names(beyond)}" if beyond else "")
            + (
                f". ReLU with He's: 95 % of networks have a product from {10 ** he[0]:.2g} to {10 ** he[2]:.2g}"
                if he is not None
                else ""
            )
            + ". exponential and relu_squared are left out: their variance leaves float32"
            + (
                f"; of {names(waves)} the layers whose waves the theory's quadrature does not resolve"
                if waves
                else ""
            )
        ),
        differs=(
            f"Theory takes the gradient for independent of the signal. At {configuration.theory_width} units and "
            f"{configuration.theory_depth} layers it is not for {len(bad)} pairs; given the squared cosine of the two, "
            f"{len(bad) - len(unexplained)} of them follow theory. jaxnn's tests find these networks to have the law of ones with real weight "
            "matrices"
            if bad
            else ""
        ),
    )


def selu(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 14: holds if, from N(0, 1), the 95 % intervals of mean and variance lie within SELU_TOLERANCE of 0 and 1 at every layer.

    Does not hold if some interval lies beyond.
    """
    mean, variance = found["selu"]["mean"], found["selu"]["variance"]
    half = stats.t.ppf(0.975, len(mean) - 1)
    beyond = any(
        np.any(
            np.abs(samples[:, 1].mean(0) - target) - half * _error(samples[:, 1]) > SELU_TOLERANCE
        )
        for samples, target in ((mean, 0), (variance, 1))
    )

    def furthest(samples: np.ndarray, target: float) -> tuple[float, float, float]:
        middle, error = samples.mean(0), half * _error(samples)
        layer = int(np.argmax(np.abs(middle - target) + error))
        return (
            float(middle[layer]),
            float(middle[layer] - error[layer]),
            float(middle[layer] + error[layer]),
        )

    effects = [
        Effect("mean furthest from 0", *furthest(mean[:, 1], 0)),
        Effect("variance furthest from 1", *furthest(variance[:, 1], 1)),
    ]
    holds = all(
        max(abs(effect.low - target), abs(effect.high - target)) < SELU_TOLERANCE
        for effect, target in zip(effects, (0, 1), strict=True)
    )
    effects += [
        Effect(
            f"variance after {configuration.theory_depth} layers from {start:g}",
            *furthest(variance[:, number, -1:], 1),
        )
        for number, start in ((0, 0.5), (2, 2.0))
    ]
    word: Word = "holds" if holds else "does not hold" if beyond else "undecided"
    return Verdict(
        "EVIDENCE 14",
        word,
        tuple(effects),
        configuration.selu_networks,
        f"{configuration.theory_depth} SELU layers of {configuration.theory_width // 4} units with real weight matrices, "
        "variance 1 / fan-in, 64 random inputs",
    )


def vanishing(configuration: Any, found: Found, rows: Mapping[tuple[str, str], Layers]) -> Verdict:
    """A7: vanishing is a product below 1 for 97.5 % of the networks; preferred, a paired interval above 0 at each depth from 2 on."""
    vanishes = {
        name: [init for init in INITIALISATIONS if rows[name, init].spread[2] < 0]
        for name in ("sigmoid", "tanh")
    }
    larger = all(
        rows["tanh", init].spread[0] > rows["sigmoid", init].spread[2] for init in INITIALISATIONS
    )
    compared = [
        apart(found, f"ladder-tanh-{depth}", f"ladder-sigmoid-{depth}")
        for depth in configuration.depth
        if depth > 1
    ]
    preferred = all(effect.low > 0 for effect in compared)
    products = [
        Effect(
            f"log10 of the product over {configuration.theory_depth} layers, {name} {init}",
            *map(float, rows[name, init].spread[[1, 0, 2]]),
        )
        for name in ("sigmoid", "tanh")
        for init in ("Xavier", "He")
    ]
    if (
        len(vanishes["sigmoid"]) < len(INITIALISATIONS)
        or not larger
        or not any(effect.low > 0 for effect in compared)
    ):
        word: Word = "does not hold"
    else:
        word = (
            "holds"
            if len(vanishes["tanh"]) == len(INITIALISATIONS) and preferred
            else "holds only when"
        )
    variance = dict(zip(INITIALISATIONS, weight_variances("tanh"), strict=True))
    when = []
    if len(vanishes["tanh"]) < len(INITIALISATIONS):
        limit = max((variance[init] for init in vanishes["tanh"]), default=0)
        when.append(
            f"tanh's weights have variance × fan-in of at most {limit:g}: "
            f"with {' and '.join(init for init in INITIALISATIONS if init not in vanishes['tanh'])} its gradient grows"
        )
    if not preferred:
        when.append(
            "for the preference, hidden layers number "
            + ", ".join(
                str(depth)
                for depth, effect in zip(
                    [d for d in configuration.depth if d > 1], compared, strict=True
                )
                if effect.low > 0
            )
        )
    return Verdict(
        "A7",
        word,
        (*products, *compared),
        configuration.seeds,
        setting(configuration) + "; factors as under EVIDENCE 2",
        when="; ".join(when) if word == "holds only when" else "",
        note="Sigmoid's gradient vanishes with all four initialisations, tanh's is larger with each"
        if larger
        else "",
    )


def table(configuration: Any, found: Found, rows: Mapping[tuple[str, str], Layers]) -> pd.DataFrame:
    """Every number that the figure shows, one row each; the rows of quantity forward_timing_seconds vary from run to run."""
    c = configuration
    cells = []
    for (name, init), each in rows.items():
        by_layer = zip(each.factor, each.error, each.theory, each.given, strict=True)
        variance = weight_variances(name)[INITIALISATIONS.index(init)]
        here = {
            "part": "before training",
            "activation": name,
            "initialisation": init,
            "weight_variance": variance,
        }
        cells += [
            here
            | {
                "depth": layer + 1,
                "quantity": "gradient_factor",
                "value": factor,
                "low": factor - 1.96 * error,
                "high": factor + 1.96 * error,
                "theory": theory,
                "given_its_variance": given,
            }
            for layer, (factor, error, theory, given) in enumerate(by_layer)
        ]
        low, middle, high = each.spread
        cells.append(
            here
            | {
                "depth": c.theory_depth,
                "quantity": "log10_product",
                "value": middle,
                "low": low,
                "high": high,
                "theory": float(np.log10(each.theory).sum()),
            }
        )
    for layer in range(c.theory_depth + 1):
        cells += [
            {
                "part": "selu",
                "activation": "selu",
                "initialisation": "computed",
                "weight_variance": 1.0,
                "depth": layer,
                "quantity": name,
                "value": found["selu"][name][:, 1, layer].mean(),
                "theory": target,
            }
            for name, target in (("mean", 0.0), ("variance", 1.0))
        ]
    trained_parts = [
        ("ladder", name, "computed", depth, f"ladder-{name}-{depth}")
        for name in c.activation
        for depth in c.depth
    ]
    trained_parts += [
        ("initialisation", "relu", name, c.he_depth, f"init-{name}") for name in ("Xavier", "He")
    ]
    trained_parts += [
        ("spirals", "tanh", "computed", depth, f"spirals-{depth}") for depth in c.spiral_depth
    ]
    for part, name, init, depth, key in trained_parts:
        score, one = accuracy(found, key), found[key]
        cells.append(
            {
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
        )
    for variance, row, deepest in zip(
        c.map_weight_variance,
        trained.map_accuracy(c, found),
        trained.map_depths(c, found),
        strict=True,
    ):
        here = {"part": "map", "activation": "tanh", "weight_variance": variance}
        cells += [
            here | {"depth": depth, "quantity": "train_accuracy", "value": value}
            for depth, value in zip(c.map_depth, row, strict=True)
        ]
        cells.append(
            here
            | {
                "quantity": "deepest_trained",
                "value": deepest,
                "theory": 6 * trained.chaos_depth_scale(variance, trained.MAP_BIAS_VARIANCE),
            }
        )
    cells += [
        {
            "part": "forward",
            "activation": "relu",
            "depth": depth,
            "quantity": "forward_timing_seconds",
            "value": seconds,
        }
        for depth, seconds in zip(
            c.forward_depth, trained.seconds_per_layer(c, found)[1], strict=True
        )
    ]
    return pd.DataFrame(cells)

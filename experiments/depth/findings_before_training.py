"""What follows from the random networks: EVIDENCE 2, EVIDENCE 14 and A7."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from experiments.depth.before_training import (
    INITIALISATIONS,
    LEAST,
    SELU_ROWS,
    SELU_VARIANCES,
    weight_variances,
)
from experiments.depth.findings_trained import apart, setting
from experiments.lab.evidence.experiment import Arrays, Found
from experiments.lab.evidence.verdicts import Effect, Tried, Verdict, Word
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


class Layers(NamedTuple):
    """One pair of activation and initialisation before training; arrays have one number per layer.

    factor, error: mean of the gradient's factor over the networks, and its standard error.
    theory: the factor at infinite width.
    given, given_error: mean factor over theory's given the variance that each layer gets, minus 1,
    and its standard error. growth, growth_error: the same of the growth of the variance.
    aligned, aligned_error: the same of the factor, given the alignment as well.
    alignment: mean squared cosine of the gradient with the signal.
    products: log10 of each network's product over all layers, (networks,).
    resolved: whether the theory resolves every layer; a layer that it does not resolve counts as no
    deviation.
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
        """2.5 %, 50 % and 97.5 % quantiles of the networks' products, log10."""
        return np.quantile(self.products, (0.025, 0.5, 0.975))

    @property
    def product_in_theory(self) -> float:
        """The product over all layers at infinite width, log10."""
        return float(np.log10(self.theory).sum())


Pair = tuple[str, str]  # activation, initialisation


def layers(measured: Arrays, init: int) -> Layers:
    """Compare the networks of one initialisation, by its number, with theory."""
    log_factor, variance = measured["log_factor"][init], measured["variance"][init]
    factor, resolved = np.exp(log_factor), measured["resolved"][init]
    given = np.where(resolved, factor / measured["factor_given"][init], 1.0)
    aligned = np.where(
        resolved, factor / (measured["factor_given"][init] + measured["factor_aligned"][init]), 1.0
    )
    # A variance that float32 does not hold counts as no deviation.
    held = (variance[:, 1:] > LEAST) & resolved[:, :-1]
    growth = np.where(
        held,
        variance[:, 1:]
        / np.maximum(variance[:, :-1], LEAST)
        / measured["growth_given"][init][:, :-1],
        1.0,
    )
    return Layers(
        factor.mean(0),
        standard_error(factor),
        measured["factor_theory"][init],
        given.mean(0) - 1,
        standard_error(given),
        growth.mean(0) - 1,
        standard_error(growth),
        aligned.mean(0) - 1,
        standard_error(aligned),
        measured["alignment"][init].mean(0),
        log_factor.sum(1) / math.log(10),
        bool(resolved.all()),
    )


def standard_error(samples: np.ndarray) -> np.ndarray:
    """Of the mean over the first axis."""
    return samples.std(0, ddof=1) / math.sqrt(len(samples))


def before_training(configuration: Any, found: Found) -> dict[Pair, Layers]:
    """Every pair of activation and initialisation."""
    return {
        (name, init): layers(found[f"theory-{name}"], number)
        for name in configuration.theory_activation
        for number, init in enumerate(INITIALISATIONS)
    }


def wide_enough(configuration: Any) -> float:
    """How many standard errors to either side make simultaneous 95 % intervals.

    They hold for the factor and the growth of all layers of all pairs together (Bonferroni).
    """
    cells = (
        len(configuration.theory_activation)
        * len(INITIALISATIONS)
        * (2 * configuration.theory_depth - 1)
    )
    return float(stats.norm.ppf(1 - 0.025 / cells))


def off(each: Layers, wide: float, *, aligned: bool = False) -> bool:
    """Whether some layer's interval is beyond TOLERANCE; ``aligned``: given the alignment too."""
    factor = (each.aligned, each.aligned_error) if aligned else (each.given, each.given_error)
    return any(
        np.any(np.abs(deviation) - wide * error > TOLERANCE)
        for deviation, error in (factor, (each.growth, each.growth_error))
    )


def on(each: Layers, wide: float) -> bool:
    """Whether the intervals of all layers are within TOLERANCE."""
    return all(
        np.all(np.abs(deviation) + wide * error <= TOLERANCE)
        for deviation, error in ((each.given, each.given_error), (each.growth, each.growth_error))
    )


def mean_field(configuration: Any, rows: Mapping[Pair, Layers]) -> Verdict:
    """EVIDENCE 2: a layer's factor and growth, given its variance, against theory's.

    A pair is off if some layer's interval is beyond TOLERANCE, and on if all are within it.

    Holds if all pairs are on and every product is within the networks' spread. Holds only when, if
    some are off, but none of them given the alignment of gradient and signal too, or if some
    product is outside. Does not hold if one is off even then, or if theory is not the published
    one. Undecided otherwise.
    """
    wide = wide_enough(configuration)
    bad = [name for name, each in rows.items() if off(each, wide)]
    unexplained = [name for name in bad if off(rows[name], wide, aligned=True)]
    good = [name for name, each in rows.items() if on(each, wide)]
    outside = [
        name
        for name, each in rows.items()
        if each.resolved and not each.spread[0] <= each.product_in_theory <= each.spread[2]
    ]
    known = [at for at in PUBLISHED if at[0] in configuration.theory_activation]
    closed = max(map(_from_published, known), default=0)
    turned = max((rows[name].alignment.max() for name in bad), default=0)
    across = max(
        (each.alignment.max() for name, each in rows.items() if name not in bad), default=0
    )
    effects = (
        *_largest_deviations(rows, wide),
        Effect(
            "largest mean squared cosine of gradient and signal, of pairs that are off",
            float(turned),
        ),
        Effect(
            "largest mean squared cosine of gradient and signal, of the other pairs", float(across)
        ),
        Effect(
            "pairs of activation and initialisation whose theoretical product is outside the "
            "middle 95 % of the networks",
            len(outside),
        ),
        Effect(
            f"largest relative deviation of theory from {len(known)} published products", closed
        ),
    )
    word = judge_mean_field(
        closed,
        off=len(bad),
        unexplained=len(unexplained),
        outside=len(outside),
        unclear=len(rows) - len(bad) - len(good),
    )
    conditions = [f"the gradient is not aligned with the signal, as it is with {_names(bad)}"]
    conditions *= bool(bad)
    conditions += [
        "a single network is not what is predicted (theory's product is outside the middle 95 % of "
        f"the networks with {_names(outside)})"
    ] * bool(outside)
    return Verdict(
        "EVIDENCE 2",
        word,
        effects,
        configuration.theory_networks,
        f"{len(rows)} pairs of activation and initialisation (σ_w² 2, 1, 1/3 and each activation's "
        f"gain²), {configuration.theory_depth} layers of {configuration.theory_width} units, first "
        "variance 1, no bias, random networks drawn from their exact distribution",
        when=" and ".join(conditions) if word == "holds only when" else "",
        found=f"Theory is within {100 * TOLERANCE:g} % of the networks at each of "
        f"{configuration.theory_depth} layers for {len(rows) - len(bad)} of {len(rows)} pairs of "
        "activation and initialisation, as far as they can tell.",
        do="Compute a deep network's gradient from theory before you train it (jaxnn.meanfield).",
        note=(
            "The brackets of the largest deviations are simultaneous for all layers. "
            f"{len(good)} of {len(rows)} pairs are certainly within {100 * TOLERANCE:g} % at every "
            f"layer, {len(bad)} certainly are not, and for the rest the data do not decide. "
            + _without_variances(rows)
        ),
        differs=(
            "Theory assumes that the gradient is independent of the signal. At "
            f"{configuration.theory_width} units and {configuration.theory_depth} layers it is "
            f"not for {len(bad)} pairs; given the squared cosine of the two, "
            f"{len(bad) - len(unexplained)} of them follow theory. jaxnn's tests show that these "
            "networks have the same distribution as ones with real weight matrices"
            if bad
            else ""
        ),
    )


def judge_mean_field(
    closed: float, *, off: int, unexplained: int, outside: int, unclear: int
) -> Word:
    """The verdict on EVIDENCE 2, from numbers of pairs of activation and initialisation.

    Args:
        closed: largest relative deviation of theory from the published products.
        off: pairs with a layer that is beyond TOLERANCE.
        unexplained: those of them that are so given the alignment of gradient and signal too.
        outside: pairs whose product in theory is outside the middle 95 % of the networks.
        unclear: pairs that are neither off nor certainly within TOLERANCE.
    """
    if closed > TOLERANCE or unexplained:
        return "does not hold"
    if off or outside:
        return "holds only when"
    return "undecided" if unclear else "holds"


def _from_published(at: tuple[str, float]) -> float:
    """Relative deviation of theory's product over 40 layers from the published one."""
    return abs(meanfield.gradient_product(at[0], 40, at[1]) / PUBLISHED[at] - 1)


def _names(pairs: Iterable[Pair]) -> str:
    return ", ".join(" ".join(pair) for pair in pairs)


def _largest_deviations(rows: Mapping[Pair, Layers], wide: float) -> list[Effect]:
    """The largest over all pairs and layers, in percent, of the factor, the growth, and the factor
    given the alignment."""
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
        label = f"largest deviation of a layer's {words} ({where})"
        value, low, high = (float(deviation[at] + shift * error[at]) for shift in (0, -wide, wide))
        worst.append(Effect(label, value, low, high, "%"))
    return worst


def _without_variances(rows: Mapping[Pair, Layers]) -> str:
    """How the networks compare with infinite width alone, and what is left out."""
    waves = [name for name, each in rows.items() if not each.resolved]
    beyond = [
        name
        for name, each in rows.items()
        if each.resolved and np.abs(each.factor / each.theory - 1).max() > TOLERANCE
    ]
    said = (
        "Compared with infinite width alone, without each layer's measured variance, the mean "
        f"factor is within {100 * TOLERANCE:g} % for {len(rows) - len(waves) - len(beyond)} pairs"
    )
    if beyond:
        said += f"; it is not for {_names(beyond)}"
    if ("relu", "He") in rows:
        low, _, high = 10 ** rows["relu", "He"].spread
        said += (
            ". With ReLU and He's initialisation, 95 % of the networks have a product between "
            f"{low:.2g} and {high:.2g}"
        )
    said += ". exponential and relu_squared are left out, since their variance leaves float32"
    if waves:
        said += (
            f"; so are the layers of {_names(waves)} whose oscillation the theory's quadrature "
            "does not resolve"
        )
    return said


def selu(configuration: Any, found: Found) -> Verdict:
    """EVIDENCE 14: SELU's mean and variance, layer by layer, from inputs of N(0, 1).

    Holds if their 95 % intervals are within SELU_TOLERANCE of 0 and 1 at every layer; does not hold
    if some interval is beyond.
    """
    mean, variance = found["selu"]["mean"], found["selu"]["variance"]
    half = stats.t.ppf(0.975, len(mean) - 1)
    unit = SELU_VARIANCES.index(1.0)
    targets = (mean[:, unit], 0), (variance[:, unit], 1)
    layers = [
        (middle - half * error - target, middle + half * error - target)
        for samples, target in targets
        for middle, error in zip(samples.mean(0), standard_error(samples), strict=True)
    ]

    def furthest(samples: np.ndarray, target: float) -> tuple[float, float, float]:
        middle, error = samples.mean(0), half * standard_error(samples)
        layer = int(np.argmax(np.abs(middle - target) + error))
        return (
            float(middle[layer]),
            float(middle[layer] - error[layer]),
            float(middle[layer] + error[layer]),
        )

    effects = [
        Effect("mean furthest from 0", *furthest(*targets[0])),
        Effect("variance furthest from 1", *furthest(*targets[1])),
    ]
    effects += [
        Effect(
            f"variance after {configuration.theory_depth} layers from {start:g}",
            *furthest(variance[:, number, -1:], 1),
        )
        for number, start in enumerate(SELU_VARIANCES)
        if number != unit
    ]
    return Verdict(
        "EVIDENCE 14",
        judge_selu(layers),
        tuple(effects),
        configuration.selu_networks,
        f"{configuration.theory_depth} SELU layers of {configuration.theory_width // 4} units with "
        f"real weight matrices, variance 1 / fan-in, {SELU_ROWS} random inputs",
        found=f"In each of {configuration.theory_depth} layers SELU's mean is within "
        f"{abs(effects[0].value):.3f} of 0 and its variance within "
        f"{abs(effects[1].value - 1):.3f} of 1.",
        do="SELU with weights of variance 1 / fan-in needs no normalisation to keep its scale.",
    )


def judge_selu(layers: Iterable[tuple[float, float]]) -> Word:
    """The verdict on EVIDENCE 14.

    Args:
        layers: of each layer's mean and variance the interval, minus 0 and 1.
    """
    layers = list(layers)
    if all(max(-low, high) < SELU_TOLERANCE for low, high in layers):
        return "holds"
    beyond = any(low > SELU_TOLERANCE or high < -SELU_TOLERANCE for low, high in layers)
    return "does not hold" if beyond else "undecided"


def vanishing(configuration: Any, found: Found, rows: Mapping[Pair, Layers]) -> Verdict:
    """A7: whether sigmoid's and tanh's gradients vanish, and which of the two is preferred.

    A gradient vanishes if the product is below 1 for 97.5 % of the networks. tanh is preferred if
    its accuracy minus sigmoid's, paired, has an interval above 0 at each depth from 2 on.
    """
    vanishes = {
        name: [init for init in INITIALISATIONS if rows[name, init].spread[2] < 0]
        for name in ("sigmoid", "tanh")
    }
    larger = all(
        rows["tanh", init].spread[0] > rows["sigmoid", init].spread[2] for init in INITIALISATIONS
    )
    compared = {
        depth: apart(found, f"ladder-tanh-{depth}", f"ladder-sigmoid-{depth}")
        for depth in configuration.depth
        if depth > 1
    }
    better = [depth for depth, effect in compared.items() if effect.low > 0]
    preferred = len(better) == len(compared)
    products = [
        Effect(
            f"log10 of the product over {configuration.theory_depth} layers, {name} {init}",
            middle,
            low,
            high,
        )
        for name in ("sigmoid", "tanh")
        for init in ("Xavier", "He")
        for low, middle, high in [rows[name, init].spread.tolist()]
    ]
    always = {name: len(each) == len(INITIALISATIONS) for name, each in vanishes.items()}
    word = judge_vanishing(
        always["sigmoid"],
        always["tanh"],
        larger=larger,
        preferred=[depth in better for depth in compared],
    )
    variance = dict(zip(INITIALISATIONS, weight_variances("tanh"), strict=True))
    when = []
    if grows := [init for init in INITIALISATIONS if init not in vanishes["tanh"]]:
        limit = max((variance[init] for init in vanishes["tanh"]), default=0)
        when.append(
            f"tanh's weights have variance × fan-in of at most {limit:g}: with "
            f"{' and '.join(grows)} its gradient grows"
        )
    if not preferred:
        when.append(f"for the preference, there are {', '.join(map(str, better))} hidden layers")
    return Verdict(
        "A7",
        word,
        (*products, *compared.values()),
        configuration.seeds,
        setting(configuration) + "; products as under EVIDENCE 2",
        when="; ".join(when) if word == "holds only when" else "",
        found=_sigmoid_and_tanh(configuration, products, compared),
        do="Prefer tanh to sigmoid in hidden layers, from 5 layers on in any case.",
        tried=tuple(
            Tried(
                f"preference, {depth} layers",
                "holds" if effect.low > 0 else "does not hold" if effect.high < 0 else "undecided",
                effect,
            )
            for depth, effect in compared.items()
        ),
        note="With each of the four initialisations sigmoid's gradient vanishes and tanh's is "
        "larger"
        if larger and len(vanishes["sigmoid"]) == len(INITIALISATIONS)
        else "",
    )


def _sigmoid_and_tanh(
    configuration: Any, products: Sequence[Effect], compared: Mapping[int, Effect]
) -> str:
    """What was found on A7; products with Xavier's weights are the first and the third."""
    powers = [f"10^{products[at].value:.0f}".replace("-", "−") for at in (0, 2)]
    best = max(compared, key=lambda depth: compared[depth].value)
    return (
        f"Over {configuration.theory_depth} layers with Xavier's weights sigmoid's gradient "
        f"shrinks to {powers[0]}, tanh's to {powers[1]}; at {best} layers tanh is "
        f"{compared[best].value:.2f} more accurate."
    )


def judge_vanishing(sigmoid: bool, tanh: bool, *, larger: bool, preferred: Sequence[bool]) -> Word:
    """The verdict on A7.

    Args:
        sigmoid: whether its gradient vanishes with every initialisation.
        tanh: likewise.
        larger: whether tanh's gradient is larger with each.
        preferred: whether tanh is more accurate than sigmoid, at each depth.
    """
    if not sigmoid or not larger or not any(preferred):
        return "does not hold"
    return "holds" if tanh and all(preferred) else "holds only when"

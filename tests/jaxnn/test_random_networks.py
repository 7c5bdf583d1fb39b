"""Mean-field theory against random networks of finite width.

The whole comparison, every row at a width of 65,536 (about six minutes on two cores):

    PYTHONPATH=. python tests/jaxnn/test_random_networks.py --width 65536 --networks 128
"""

import argparse
import time
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import meanfield
from jaxnn.activations import resolve
from jaxnn.random_networks import draw, propagate, simulate

DEPTH = 40
ROWS = [
    ("sigmoid", 1),
    ("tanh", 1 / 3),
    ("tanh", 1),
    ("tanh", 25 / 9),
    ("relu", 1),
    ("relu", 2),
    ("relu", 1 / 3),
    ("elu", 1),
    ("selu", 1),
    ("gelu", 2),
    ("swish", 2),
    ("mish", 2),
]
TESTED = ROWS[::2]  # the command above compares all of them


@lru_cache
def noises(width, networks, chunk):
    """Common random numbers for every row, a chunk of networks at a time."""
    drawn = jax.jit(jax.vmap(partial(draw, width=width, depth=DEPTH)))
    for keys in jax.random.split(jax.random.key(2), networks).reshape(-1, chunk):
        yield drawn(keys)


@lru_cache
def compiled(activation):
    return jax.jit(
        jax.vmap(
            lambda noise, weight_variance: propagate(
                noise, activation, weight_variance=weight_variance
            ),
            in_axes=(0, None),
        )
    )


def deviations(samples, theory):
    """Relative deviation of the mean over networks from theory, and standard error, (layers,)."""
    ratios = samples / theory
    return ratios.mean(0) - 1, ratios.std(0, ddof=1) / len(ratios) ** 0.5


def compare(activation, weight_variance, signals):
    """(deviation, standard error) per layer of the variance, its growth and the gradient factor."""
    variance = np.concatenate([s.variance for s in signals]).astype(np.float64)
    factor = np.exp(np.concatenate([s.log_gradient_factor for s in signals]).astype(np.float64))
    theory = meanfield.trajectory(activation, DEPTH, weight_variance)
    growth = theory.variance[1:] / theory.variance[:-1]
    return {
        "variance": deviations(variance, theory.variance),
        "growth": deviations(variance[:, 1:] / variance[:, :-1], growth),
        "gradient factor": deviations(factor, theory.gradient_factor),
        "gradient product": deviations(
            factor.prod(1, keepdims=True), theory.gradient_factor.prod()
        ),
    }


@pytest.fixture(scope="module")
def signals():
    chunks = list(noises(4096, 32, 16))
    return {
        (name, w): [jax.device_get(compiled(name)(noise, float(w))) for noise in chunks]
        for name, w in TESTED
    }


@pytest.mark.slow
@pytest.mark.parametrize("activation, weight_variance", TESTED)
def test_growth_and_gradient_factor_of_40_layers_are_within_2_percent_of_32_wide_networks(
    signals, activation, weight_variance
):
    compared = compare(activation, weight_variance, signals[activation, weight_variance])
    assert np.abs(compared["growth"][0]).max() < 0.02
    assert np.abs(compared["gradient factor"][0]).max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("activation, weight_variance", TESTED)
def test_variance_of_each_of_40_layers_is_within_2_percent_and_3_standard_errors(
    signals, activation, weight_variance
):
    deviation, error = compare(activation, weight_variance, signals[activation, weight_variance])[
        "variance"
    ]
    assert (np.abs(deviation) < 0.02 + 3 * error).all()


def explicit(rng, activation, networks, width, depth, weight_variance, bias_variance):
    """The same networks with weight matrices in NumPy: (variance, log factor, alignment)."""
    phi, slope = activation
    z = rng.standard_normal((networks, width))
    variance, weights, slopes, signals = [], [], [], []
    for _ in range(depth):
        w = rng.standard_normal((networks, width, width)) * (weight_variance / width) ** 0.5
        variance.append((z**2).mean(1))
        weights.append(w)
        slopes.append(slope(z))
        signals.append(np.einsum("mij,mj->mi", w, phi(z)))
        z = signals[-1] + bias_variance**0.5 * rng.standard_normal((networks, width))
    delta = rng.standard_normal((networks, width))
    log_factor, alignment = [], []
    for w, s, u in zip(weights[::-1], slopes[::-1], signals[::-1], strict=True):
        alignment.append((u * delta).sum(1) ** 2 / (u**2).sum(1) / (delta**2).sum(1))
        below = s * np.einsum("mij,mi->mj", w, delta)
        log_factor.append(np.log((below**2).mean(1) / (delta**2).mean(1)))
        delta = below
    return np.stack(variance, 1), np.stack(log_factor[::-1], 1), np.stack(alignment[::-1], 1)


@pytest.mark.parametrize(
    "name, activation",
    [("tanh", (np.tanh, lambda z: np.cosh(z) ** -2.0)), ("linear", (lambda z: z, np.ones_like))],
)
def test_networks_without_matrices_have_the_law_of_networks_with_them(name, activation):
    # At a width of three the dependence between the two passes is large; wide networks hide it.
    networks, depth, options = 20000, 3, {"weight_variance": 2.0, "bias_variance": 0.1}
    run = jax.jit(jax.vmap(lambda key: simulate(key, name, width=3, depth=depth, **options)))
    signal = run(jax.random.split(jax.random.key(5), networks))
    ours = [
        np.log(np.asarray(signal.variance, np.float64)),
        np.asarray(signal.log_gradient_factor, np.float64),
        np.asarray(signal.alignment, np.float64),
    ]
    theirs = explicit(np.random.default_rng(6), activation, networks, 3, depth, **options)
    theirs = [np.log(theirs[0]), *theirs[1:]]
    for products in (
        lambda v, g, a: v,
        lambda v, g, a: g,
        lambda v, g, a: a,
        lambda v, g, a: v**2,
        lambda v, g, a: g**2,
        lambda v, g, a: v * g,
        lambda v, g, a: v[:, 1:] * g[:, :-1],
        lambda v, g, a: a[:, 1:] * g[:, :-1],
    ):
        a, b = products(*ours), products(*theirs)
        error = np.sqrt((a.var(0) + b.var(0)) / networks)
        assert (np.abs(a.mean(0) - b.mean(0)) < 4 * error).all()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: draw(jax.random.key(0), width=0, depth=3), "width=0"),
        (
            lambda: propagate(jnp.ones((4, 3, 5, 6)), "relu", weight_variance=1.0),
            "use draw and jax.vmap",
        ),
        (
            lambda: propagate(
                jnp.ones((3, 2, 4)),
                resolve("tanh")._replace(elementwise=False),
                weight_variance=1.0,
            ),
            "elementwise",
        ),
        (
            lambda: propagate(jnp.ones((3, 2, 4)), lambda z: z[:2], weight_variance=1.0),
            r"\(4,\), \(2,\).*must keep the shape of its input",
        ),
    ],
)
def test_a_wrong_argument_raises_and_names_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, default=65536)
    parser.add_argument("--networks", type=int, default=128)
    parser.add_argument(
        "--chunk", type=int, default=4, help="networks at a time; divides --networks"
    )
    args = parser.parse_args()
    began = time.perf_counter()
    collected = {row: [] for row in ROWS}
    for noise in noises.__wrapped__(args.width, args.networks, args.chunk):
        for name, w in ROWS:
            collected[name, w].append(jax.device_get(compiled(name)(noise, float(w))))
    print(
        f"width {args.width}, {args.networks} networks, {DEPTH} layers: worst relative deviation "
        "of the mean from the "
        "theory over the layers (its standard error, its layer)"
    )
    for (name, w), signals in collected.items():
        cells = []
        for quantity, (deviation, error) in compare(name, w, signals).items():
            worst = np.abs(deviation).argmax()
            layer = f", layer {worst + 1 + (quantity == 'growth')}" if len(deviation) > 1 else ""
            cells.append(f"{quantity} {deviation[worst]:+.4f} ({error[worst]:.4f}{layer})")
        print(f"{name:8s} {w:6.4f}  {'  '.join(cells)}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

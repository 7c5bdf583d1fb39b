"""Mean-field theory against random networks of finite width.

The whole comparison, every row at a width of 65,536 (about six minutes on two cores):

    PYTHONPATH=. python tests/test_random_networks.py --width 65536 --networks 128
"""

import argparse
import time
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import meanfield, mlp
from jaxnn.random_networks import draw, propagate, simulate

DEPTH = 40
ROWS = [("sigmoid", 1), ("tanh", 1 / 3), ("tanh", 1), ("tanh", 25 / 9), ("relu", 1), ("relu", 2), ("relu", 1 / 3),
        ("elu", 1), ("selu", 1), ("gelu", 2), ("swish", 2), ("mish", 2)]


@lru_cache
def noises(width, networks, chunk):
    """Common random numbers for every row, a chunk of networks at a time."""
    drawn = jax.jit(jax.vmap(partial(draw, width=width, depth=DEPTH)))
    for keys in jax.random.split(jax.random.key(2), networks).reshape(-1, chunk):
        yield drawn(keys)


@lru_cache
def compiled(activation):
    return jax.jit(jax.vmap(lambda noise, weight_variance: propagate(noise, activation, weight_variance=weight_variance),
                            in_axes=(0, None)))


def deviations(samples, theory):
    """Relative deviation of the mean over networks from the theory, and its standard error, both (layers,)."""
    ratios = samples / theory
    return ratios.mean(0) - 1, ratios.std(0, ddof=1) / len(ratios) ** 0.5


def compare(activation, weight_variance, signals):
    """For the variance, its growth from layer to layer, and the gradient factor: (deviation, standard error) a layer."""
    variance = np.concatenate([s.variance for s in signals]).astype(np.float64)
    factor = np.exp(np.concatenate([s.log_gradient_factor for s in signals]).astype(np.float64))
    theory = meanfield.trajectory(activation, DEPTH, weight_variance)
    growth = theory.variance[1:] / theory.variance[:-1]
    return {"variance": deviations(variance, theory.variance),
            "growth": deviations(variance[:, 1:] / variance[:, :-1], growth),
            "gradient factor": deviations(factor, theory.gradient_factor),
            "gradient product": deviations(factor.prod(1, keepdims=True), theory.gradient_factor.prod())}


@pytest.fixture(scope="module")
def signals():
    chunks = list(noises(4096, 32, 32))
    return {(name, w): [jax.device_get(compiled(name)(noise, float(w))) for noise in chunks] for name, w in ROWS}


@pytest.mark.parametrize("activation, weight_variance", ROWS)
def test_growth_and_gradient_factor_of_each_of_40_layers_are_within_2_percent_of_32_networks_of_width_4096(
        signals, activation, weight_variance):
    compared = compare(activation, weight_variance, signals[activation, weight_variance])
    assert np.abs(compared["growth"][0]).max() < 0.02
    assert np.abs(compared["gradient factor"][0]).max() < 0.02


@pytest.mark.parametrize("activation, weight_variance", ROWS)
def test_variance_of_each_of_40_layers_is_within_2_percent_and_3_standard_errors(signals, activation, weight_variance):
    deviation, error = compare(activation, weight_variance, signals[activation, weight_variance])["variance"]
    assert (np.abs(deviation) < 0.02 + 3 * error).all()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=65536)
    parser.add_argument("--networks", type=int, default=128)
    parser.add_argument("--chunk", type=int, default=4, help="networks at a time; divides --networks")
    args = parser.parse_args()
    began = time.perf_counter()
    collected = {row: [] for row in ROWS}
    for noise in noises.__wrapped__(args.width, args.networks, args.chunk):
        for name, w in ROWS:
            collected[name, w].append(jax.device_get(compiled(name)(noise, float(w))))
    print(f"width {args.width}, {args.networks} networks, {DEPTH} layers: worst relative deviation of the mean from the "
          "theory over the layers (its standard error, its layer)")
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

"""Two hidden layers in the standard and in the maximal update parametrisation (μP)."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax

import jaxnn
from jaxnn.training import Training
from jaxnn.types import Array, Network, Params

BASE = 32  # the width at which both parametrisations are the same
HEAD = jaxnn.HEADS["multiclass"]


def factors(optimizer: str, ratio: float) -> tuple[float, float, float, float]:
    """What μP multiplies a rate by, at a width of ratio times the base width.

    Args:
        optimizer: "adam" or "sgd".
        ratio: width / BASE.

    Returns:
        For the weights of the first, the hidden and the output layer, and for the biases of hidden
        layers.

    Example:
        >>> factors("adam", 4.0), factors("sgd", 4.0)
        ((1.0, 0.25, 0.25, 1.0), (4.0, 1.0, 0.25, 4.0))

    Reference:
        Yang et al. 2022, arXiv 2203.03466, table 3.
    """
    if optimizer == "adam":
        return 1.0, 1 / ratio, 1 / ratio, 1.0
    return ratio, 1.0, 1 / ratio, ratio


def network(inputs: int, width: int, maximal: Array | float) -> Network:
    """ReLU layers; in μP the output's weights have variance BASE / width² instead of 1 / width."""
    output = jnp.where(maximal > 0, (BASE / width) ** 0.5, 1.0)
    return jaxnn.serial(
        jaxnn.dense(inputs, width, activation="relu"),
        jaxnn.dense(width, width, activation="relu"),
        jaxnn.dense(width, 10, initializer=jaxnn.initializers.scaled_normal(output)),
    )


def training(inputs: int, width: int, optimizer: str) -> Training:
    """One run, whose hyperparameters are "learning_rate" and "maximal", 1 for μP and 0 for not."""

    def net(h: Mapping[str, Array]) -> Network:
        return network(inputs, width, h["maximal"])

    def descent(h: Mapping[str, Array]) -> optax.GradientTransformation:
        first, hidden, last, bias = (
            jnp.where(h["maximal"] > 0, factor, 1.0) for factor in factors(optimizer, width / BASE)
        )
        scales = (
            {"weight": first, "bias": bias},
            {"weight": hidden, "bias": bias},
            {"weight": last, "bias": jnp.ones(())},
        )

        def update(updates: Params, state: Params, params: Params = None) -> tuple[Params, Params]:
            return jax.tree.map(jnp.multiply, updates, scales), state

        scaled = optax.GradientTransformation(lambda params: optax.EmptyState(), update)
        return optax.chain(jaxnn.OPTIMIZERS[optimizer](h), scaled)

    return jaxnn.make_training(net, HEAD.loss, descent)

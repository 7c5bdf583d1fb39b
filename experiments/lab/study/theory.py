"""What mean-field theory expects of a network before training, to compare with measurements."""

from collections.abc import Sequence

from jaxnn import Activation, initializers, meanfield


def gradient_factor(phi: Sequence[str | Activation], depth: int) -> float | None:
    """E[(∂L/∂z)²] at the first hidden layer, divided by that at the last one, before training.

    For jaxnn.mlp as it is: hidden layers of one width, weights of variance gain² / fan-in with the
    activation's own gain, biases 0, inputs of mean square 1. The theory is of wide layers, so the
    width does not appear. Below 1 the gradient vanishes on its way back, above 1 it explodes.

    Args:
        phi: the activation of all hidden layers, by name or as an Activation, or one per layer.
        depth: how many hidden layers there are.

    Returns:
        The factor, 1 for a single hidden layer; None where there is no hidden layer, or no theory:
        for several activations, and for one that mixes its inputs.

    Example:
        >>> round(gradient_factor(["relu"], 10), 9)
        1.0
    """
    if len(phi) > 1 or not depth:
        return None
    if depth == 1:
        return 1.0
    try:
        variance = float(initializers.gain(phi[0])) ** 2
        return meanfield.gradient_product(phi[0], depth - 1, variance, q0=variance)
    except ValueError:
        return None

"""What mean-field theory expects of a network before it is trained, to lie beside what was measured."""

from jaxnn import Activation, initializers, meanfield


def gradient_factor(activation: str | Activation, depth: int) -> float | None:
    """Mean square of the gradient at the first hidden layer's sums over that at the last one's, at initialisation.

    For jaxnn.mlp as it stands: hidden layers of one width, weights of variance gain² / fan-in with the activation's own gain,
    biases 0, inputs of mean square 1. Theory is of wide layers, so the width does not appear. Below 1 the gradient vanishes on
    its way back, above 1 it explodes.

    Args:
        activation: by name, or as an Activation.
        depth: hidden layers.

    Returns:
        The factor, 1 for a single hidden layer; None where there is no hidden layer, or no theory (the activation mixes
        its inputs).

    Example:
        >>> round(gradient_factor("relu", 10), 9)
        1.0
    """
    if depth < 2:
        return 1.0 if depth else None
    try:
        variance = float(initializers.gain(activation)) ** 2
        return meanfield.gradient_product(activation, depth - 1, variance, q0=variance)
    except ValueError:
        return None

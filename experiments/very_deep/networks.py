"""Very deep networks that keep their signal in one of four ways, or do not."""

import jaxnn
from jaxnn import deep_mlp, dense, initializers, layer_norm, residual, serial
from jaxnn.layers import activation_layer, repeat
from jaxnn.types import Activation, Network

OWN, CRITICAL, NORMALISED, RESIDUAL = "own gain", "critical", "layer norm", "residual + norm"
SETTINGS = OWN, CRITICAL, NORMALISED, RESIDUAL


def network(
    activation: str | Activation, setting: str, *, in_dim: int, width: int, depth: int, out_dim: int
) -> Network:
    """A network of that many equal hidden layers.

    Six arguments: the four sizes of ``deep_mlp``, the activation and the setting.

    Args:
        activation: φ of the hidden layers.
        setting: one of SETTINGS: weights of variance gain² / fan-in; weights and biases at the
            edge of chaos; gain² and layer normalisation of every layer's sums; or the same with a
            skip around every layer, h + φ(norm(h W + b)), and a normalised last layer.

    Returns:
        A Network; those of the first two settings differ in their initial draws only.
    """
    if setting != RESIDUAL:
        return deep_mlp(
            in_dim,
            width,
            depth,
            out_dim,
            activation=activation,
            initializer="critical" if setting == CRITICAL else None,
            normalization="layer" if setting == NORMALISED else None,
        )

    def hidden(inputs: int) -> Network:
        draw = initializers.scaled_normal(jaxnn.initializers.gain(activation))
        phi = activation_layer(activation, width)
        return serial(dense(inputs, width, initializer=draw), layer_norm(width), phi)

    last = serial(layer_norm(width), dense(width, out_dim))
    return serial(hidden(in_dim), repeat(residual(hidden(width)), depth - 1), last)

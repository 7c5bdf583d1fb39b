"""Dead and saturated hidden units of a network in training, cheap enough to be counted at every point of its curve."""

from collections.abc import Callable, Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from experiments.lab.study.signals import SATURATED, curve, is_curve
from jaxnn import diagnostics
from jaxnn.types import Activation, Array, Params

ROWS = 128  # looked at: each costs a forward pass at every point of every run's curve


def counter(phi: Sequence[Activation]) -> Callable[[Params, Array], Mapping[str, Array]] | None:
    """What make_training takes as inside: the shares of hidden units, over all layers, that are dead and saturated.

    Args:
        phi: one activation for each hidden layer; the layers are of one width.

    Returns:
        A function of jaxnn.mlp's parameters and inputs (rows, in_dim), of which the first ROWS are looked at; None where there
        is nothing to count: no hidden layer, or one whose activation mixes its inputs.

    Example:
        >>> from jaxnn import ACTIVATIONS
        >>> params = ({"weight": jnp.array([[1.0, -1.0]])}, {"weight": jnp.ones((2, 1))})
        >>> found = counter((ACTIVATIONS["relu"],))(params, jnp.ones((3, 1)))
        >>> {name: float(share) for name, share in found.items()}
        {'dead': 0.5, 'saturated': 0.5}
    """
    if not phi or not all(map(is_curve, phi)):
        return None

    largest = {
        entry.function: np.abs(curve(entry).slope).max(keepdims=True)
        for entry in phi
        if not entry.learned
    }

    def count(params: Params, x: Array) -> Mapping[str, Array]:
        # All layers side by side, and no more looked for than must be: that is a third of diagnostics' compile time.
        slopes = jnp.abs(
            jnp.concatenate(
                diagnostics.activation_slopes(params, jnp.asarray(x[:ROWS]), phi), axis=1
            )
        )
        most = [
            jnp.broadcast_to(
                largest[entry.function]
                if entry.function in largest
                else diagnostics.largest_slopes(entry, layer["activation"]),
                layer["weight"].shape[1:],
            )
            for entry, layer in zip(phi, params, strict=False)
        ]
        return {
            "dead": jnp.mean(jnp.max(slopes, axis=0) == 0, dtype=jnp.float32),
            "saturated": jnp.mean(
                slopes < SATURATED * jnp.concatenate(most)[None, :], dtype=jnp.float32
            ),
        }

    return count

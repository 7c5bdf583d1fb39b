"""The identity and the rectifiers: piecewise linear with a corner at 0, or the square of that."""

import jax
import jax.numpy as jnp

from jaxnn.promotion import of_floats
from jaxnn.types import Array, Key


@of_floats
def linear(x: Array) -> Array:
    """Identity, f(x) = x, for a neuron without an activation function.

    Args:
        x: pre-activations, any shape and dtype.

    Returns:
        x itself.

    Example:
        >>> linear(jnp.array([-2.0, 3.0])).tolist()
        [-2.0, 3.0]

    Reference:
        Rosenblatt 1958, Psychological Review 65(6).
    """
    return x


@of_floats
def relu(x: Array) -> Array:
    """Rectified linear unit, f(x) = max(x, 0).

    Its derivative at 0 is 0, as in PyTorch, Keras and jax.nn.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [0, ∞).

    Example:
        >>> relu(jnp.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.0, 3.0]

    Reference:
        Nair & Hinton 2010, ICML; Fukushima 1969.
    """
    return _relu(x)


# jax.nn.relu selects between the gradient and 0, which XLA:CPU does number by number; a product is
# four times as fast. Under checkpoint what is kept for the gradient is one byte per number.
_relu = jax.custom_jvp(lambda x: jnp.maximum(x, 0))
_where = jax.checkpoint(lambda positive, y: y * jnp.where(positive, 1.0, 0.0), prevent_cse=False)
_relu.defjvps(lambda tangent, value, x: _where(x > 0, tangent))


@of_floats
def leaky_relu(x: Array, slope: float | Array = 0.01) -> Array:
    """Leaky ReLU, f(x) = x for x ≥ 0, slope·x for x < 0; its derivative at 0 is 1.

    So it is in jax.nn; in PyTorch the derivative at 0 is the slope, as if 0 were on the left.
    The default slope, 0.01, is that of the paper, PyTorch and jax.nn; it is 0.2 in
    keras.activations.leaky_relu and 0.3 in the layer keras.layers.LeakyReLU.

    Args:
        x: pre-activations, any shape, a float dtype.
        slope: the derivative for x < 0, dimensionless; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype.

    Example:
        >>> leaky_relu(jnp.array([-2.0, 3.0])).tolist()
        [-0.019999999552965164, 3.0]

    Reference:
        Maas, Hannun & Ng 2013, ICML workshop.
    """
    return jax.nn.leaky_relu(x, slope)


@of_floats
def relu6(x: Array) -> Array:
    """ReLU capped at 6, f(x) = min(max(x, 0), 6); its derivative at 0 and 6 is 0, as in PyTorch.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [0, 6].

    Example:
        >>> relu6(jnp.array([-1.0, 2.0, 9.0])).tolist()
        [0.0, 2.0, 6.0]

    Reference:
        Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".
    """
    return jax.nn.relu6(x)


@of_floats
def relu_squared(x: Array) -> Array:
    """Squared ReLU, f(x) = max(x, 0)².

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [0, ∞).

    Example:
        >>> relu_squared(jnp.array([-2.0, 3.0])).tolist()
        [0.0, 9.0]

    Reference:
        So et al. 2021, "Primer", arXiv 2109.08668.
    """
    positive = jax.nn.relu(x)
    return positive * positive


@of_floats
def rrelu(x: Array, *, key: Key | None = None, lower: float = 1 / 8, upper: float = 1 / 3) -> Array:
    """Randomised leaky ReLU, f(x) = x for x ≥ 0, a·x for x < 0, a ~ U(lower, upper).

    With a key (in training), each element has its own random slope a; without one, a is the mean,
    (lower + upper) / 2. The bounds 1/8 and 1/3 are PyTorch's; Keras and jax.nn have no RReLU. Its
    derivative at 0 is 1, in PyTorch a.

    Args:
        x: pre-activations, any shape, a float dtype.
        key: typed PRNG key of the slopes; without it nothing is random.
        lower: smallest slope, dimensionless.
        upper: largest slope, dimensionless.

    Returns:
        Same shape and dtype.

    Example:
        >>> rrelu(jnp.array([-24.0, 3.0])).tolist()
        [-5.5, 3.0]
        >>> y = rrelu(jnp.array([-24.0, 3.0]), key=jax.random.key(0))
        >>> bool(-8 <= y[0] <= -3), float(y[1])
        (True, 3.0)

    Reference:
        Xu, Wang, Chen & Li 2015, arXiv 1505.00853.
    """
    if key is None:
        return jax.nn.leaky_relu(x, (lower + upper) / 2)
    # Drawn in float32 whatever the dtype of x, so that runs in two precisions have the same slopes.
    slope = jax.random.uniform(key, jnp.shape(x), jnp.float32, lower, upper).astype(x.dtype)
    return jnp.where(x >= 0, x, slope * x)


@of_floats
def crelu(x: Array) -> Array:
    """Concatenated ReLU, f(x) = [max(x, 0), max(−x, 0)]: n pre-activations give 2n outputs.

    Args:
        x: pre-activations, shape (…, n), a float dtype.

    Returns:
        Shape (…, 2n), same dtype, in [0, ∞): all positive parts, then all negative parts.

    Raises:
        ValueError: x has no axis.

    Example:
        >>> crelu(jnp.array([-2.0, 3.0])).tolist()
        [0.0, 3.0, 2.0, 0.0]

    Reference:
        Shang, Sohn, Almeida & Lee 2016, arXiv 1603.05201.
    """
    if jnp.ndim(x) == 0:
        raise ValueError("crelu doubles the last axis, and got a scalar; give it a vector")
    return jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], axis=-1)

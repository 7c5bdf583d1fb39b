"""Bounded functions: sigmoids, their piecewise linear approximations, and bumps."""

import jax
import jax.numpy as jnp

from jaxnn.activations.limits import within
from jaxnn.promotion import of_floats
from jaxnn.types import Array


@of_floats
def sigmoid(x: Array) -> Array:
    """Logistic function, f(x) = 1 / (1 + e⁻ˣ).

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (0, 1).

    Example:
        >>> round(float(sigmoid(jnp.array(-3.0))), 4)
        0.0474

    Reference:
        Rumelhart, Hinton & Williams 1986, Nature 323.
    """
    return jax.nn.sigmoid(x)


@of_floats
def tanh(x: Array) -> Array:
    """Hyperbolic tangent, f(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) = 2σ(2x) − 1.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (−1, 1).

    Example:
        >>> round(float(tanh(jnp.array(1.0))), 4)
        0.7616

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop".
    """
    return _tanh(x)


# JAX keeps two arrays for the gradient, the value and 1 − the value; this keeps their product only,
# which a loop over time steps writes to memory for each of them.
_tanh = jax.custom_jvp(jax.nn.tanh)
_tanh.defjvps(lambda tangent, value, x: tangent * ((1 - value) * (1 + value)))


@of_floats
def lecun_tanh(x: Array) -> Array:
    """Scaled tanh, f(x) = 1.7159 tanh(2x/3); f(±1) = ±1, where |f″| is largest.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (−1.7159, 1.7159).

    Example:
        >>> round(float(lecun_tanh(jnp.array(1.0))), 4)
        1.0

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop", section 4.4.
    """
    return 1.7159 * jnp.tanh(x * (2 / 3))


@of_floats
def penalized_tanh(x: Array, slope: float | Array = 0.25) -> Array:
    """Penalised tanh, f(x) = tanh(x) for x > 0, a·tanh(x) for x ≤ 0; its derivative at 0 is a.

    The default a = 0.25 is that of the paper; PyTorch, Keras and jax.nn have none.

    Args:
        x: pre-activations, any shape, a float dtype.
        slope: a, dimensionless; a number, or an array of x's dtype.

    Returns:
        Same shape and dtype, in (−a, 1).

    Example:
        >>> [round(y, 4) for y in penalized_tanh(jnp.array([-1.0, 1.0])).tolist()]
        [-0.1904, 0.7616]

    Reference:
        Xu, Huang & Li 2016, "Revise saturated activation functions", arXiv 1602.05980.
    """
    y = jnp.tanh(x)
    return jnp.where(x > 0, y, slope * y)


@of_floats
def hard_tanh(x: Array) -> Array:
    """Clipped identity, f(x) = min(max(x, −1), 1).

    Its derivative at ±1 is 1, as in jax.nn; in PyTorch it is 0.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [−1, 1].

    Example:
        >>> hard_tanh(jnp.array([-3.0, 0.5, 2.0])).tolist()
        [-1.0, 0.5, 1.0]

    Reference:
        Collobert 2004, "Large scale machine learning", thesis, Paris 6.
    """
    return jax.nn.hard_tanh(x)


@of_floats
def hard_sigmoid(x: Array) -> Array:
    """Piecewise linear sigmoid, f(x) = min(max(x + 3, 0), 6) / 6.

    The slope of the linear part, 1/6, is that of PyTorch, Keras 3 and jax.nn; Keras 2 and the
    original have 0.2, from −2.5 to 2.5.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [0, 1].

    Example:
        >>> hard_sigmoid(jnp.array([-4.0, 0.0, 4.0])).tolist()
        [0.0, 0.5, 1.0]

    Reference:
        Courbariaux, Bengio & David 2015, arXiv 1511.00363; Howard et al. 2019, arXiv 1905.02244,
        for the slope 1/6.
    """
    return jax.nn.hard_sigmoid(x)


@of_floats
def softsign(x: Array) -> Array:
    """Softsign, f(x) = x / (1 + |x|).

    It has the shape of tanh, but its derivative falls like 1/x² instead of e⁻²ˣ.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (−1, 1).

    Example:
        >>> softsign(jnp.array([-3.0, 1.0])).tolist()
        [-0.75, 0.5]

    Reference:
        Bergstra, Desjardins, Lamblin & Bengio 2009, technical report 1337, Montréal.
    """
    return jax.nn.soft_sign(x)


@of_floats
def arctan(x: Array) -> Array:
    """Inverse tangent, f(x) = arctan x.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (−π/2, π/2), radians.

    Example:
        >>> round(float(arctan(jnp.array(1.0))), 4)
        0.7854

    Reference:
        Kamruzzaman & Aziz 2002, IJCNN.
    """
    return jnp.arctan(x)


@of_floats
def gaussian(x: Array) -> Array:
    """Gaussian, f(x) = exp(−x²), without the factor 1/2 in the exponent of the normal density.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in (0, 1].

    Example:
        >>> round(float(gaussian(jnp.array(1.0))), 4)
        0.3679

    Reference:
        Broomhead & Lowe 1988, Complex Systems 2.
    """
    near = within(x, 32)  # beyond it f is 0; the gradient at ±∞ would be inf·0
    return jnp.exp(-near * near)


@of_floats
def hat(x: Array) -> Array:
    """Hat, f(x) = max(1 − |x − 1|, 0), the linear B-spline: 0 outside (0, 2), 1 at 1.

    Its derivative at the corners 0, 1 and 2 is 0.

    Args:
        x: pre-activations, any shape, a float dtype.

    Returns:
        Same shape and dtype, in [0, 1].

    Example:
        >>> hat(jnp.array([-1.0, 0.5, 1.0, 1.75])).tolist()
        [0.0, 0.5, 1.0, 0.25]

    Reference:
        Hong, Siegel, Tan & Xu 2022, arXiv 2208.04924.
    """
    return jax.nn.relu(1 - jnp.abs(x - 1))

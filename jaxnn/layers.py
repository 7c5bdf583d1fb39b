"""Layers, each a Network for one example, and the ways to put them together."""

import math
from collections.abc import Callable
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn import initializers
from jaxnn.activations import resolve
from jaxnn.types import Activation, Array, Key, Network, Params


def neuron(params: Params, x: Array, activation: str | Callable | Activation = "linear") -> Array:
    """One neuron, f(x, θ) = φ(Σ θᵢ xᵢ + b): there are as many weights as inputs.

    Args:
        params: {"weight": (inputs,)}, with "bias": () where there is one; leave it out to switch it off. "activation"
            holds learned parameters of φ, each of shape (); those left out have their starting values.
        x: shape (inputs,), the dtype of params.
        activation: φ, by name or as a function of one array; absent, the sum itself.

    Returns:
        The neuron's value, shape ().

    Raises:
        ValueError: the shapes of weight and x differ or are no vectors; φ is unknown, or is no function of one sum.

    Example:
        >>> x = jnp.array([2.0])
        >>> round(float(neuron({"weight": jnp.array([1.0]), "bias": jnp.array(-5.0)}, x, "sigmoid")), 4)
        0.0474
        >>> float(neuron({"weight": jnp.array([1.0, 2.0])}, jnp.array([3.0, 4.0])))
        11.0

    Reference:
        McCulloch & Pitts 1943; Rosenblatt 1958.
    """
    entry, weight = resolve(activation), params["weight"]
    if weight.ndim != 1 or weight.shape != x.shape:
        raise ValueError(
            f"a neuron has one weight for each input: {weight.size} weights of shape {weight.shape} got "
            f"{x.size} inputs of shape {x.shape}; give vectors of one size, and use jax.vmap for a batch"
        )
    if not entry.elementwise or entry.units_in != 1:
        raise ValueError(
            "a neuron's activation is a function of one sum; this one mixes several: use a layer"
        )
    z = jnp.dot(weight, x)
    if "bias" in params:
        z = z + params["bias"]
    return entry.function(z, **{**entry.learned, **params.get("activation", {})})


def _units(entry: Activation, out_dim: int) -> int:
    """The pre-activations that a layer computes for out_dim outputs."""
    units = Fraction(entry.units_in) * out_dim
    if units.denominator != 1:
        raise ValueError(
            f"this activation makes {1 / Fraction(entry.units_in)} outputs of each unit; out_dim={out_dim} is no multiple"
        )
    return int(units)


def activation_layer(activation: str | Callable | Activation, out_dim: int) -> Network:
    """An activation as a layer, y = φ(z; learned): its learned parameters are the layer's, one value an output.

    Args:
        activation: φ, by name, as a function of one array, or as an Activation.
        out_dim: outputs.

    Returns:
        A Network from (out_dim × units_in,) to (out_dim,); params are {name: (out_dim,)}, empty where φ learns nothing.

    Raises:
        ValueError: φ is unknown, out_dim is below 1 or no multiple of what φ makes of a unit, or x has another shape.

    Example:
        >>> layer = activation_layer("prelu", 2)
        >>> params = layer.init(jax.random.key(0))
        >>> params["slope"].tolist(), layer.apply(params, jnp.array([-4.0, 4.0])).tolist()
        ([0.25, 0.25], [-1.0, 4.0])

    Reference:
        He et al. 2015, arXiv 1502.01852, for the first of them, PReLU.
    """
    entry = resolve(activation)
    if out_dim < 1:
        raise ValueError(f"an activation layer needs at least one output, got out_dim={out_dim}")
    units = _units(entry, out_dim)

    def init(key: Key) -> Params:
        return {name: jnp.full(out_dim, start) for name, start in entry.learned.items()}

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        if x.shape != (units,):
            raise ValueError(
                f"an activation layer of {units} units got one example of shape {x.shape}; "
                f"give shape ({units},), and use jax.vmap for a batch"
            )
        return entry.function(x, **params, **({"key": key} if entry.stochastic else {}))

    return Network(init, apply)


def dense(
    in_dim: int,
    out_dim: int,
    *,
    activation: str | Callable | Activation = "linear",
    bias: bool = True,
    initializer: Callable | None = None,
) -> Network:
    """Fully connected layer, y = φ(x W + b).

    Args:
        in_dim: inputs.
        out_dim: outputs.
        activation: φ, by name, as a function of one array, or as an Activation with learned parameters.
        bias: whether there is a b; it starts at 0.
        initializer: ``f(key, shape) -> W``; absent, normal of variance gain(φ)² / in_dim (PyTorch: uniform of variance
            1 / (3 in_dim); Keras: uniform of variance 2 / (in_dim + out_dim)).

    Returns:
        A Network from (in_dim,) to (out_dim,), in the dtype of params and x, which must be one; params are
        {"weight": (in_dim, units), "bias": (units,)} and, where φ learns, "activation". Units are out_dim × units_in.

    Raises:
        ValueError: in_dim or out_dim is below 1; the activation's name is unknown; or x is not of shape (in_dim,).

    Example:
        >>> layer = dense(3, 2, activation="relu")
        >>> jax.tree.map(jnp.shape, layer.init(jax.random.key(0)))
        {'bias': (2,), 'weight': (3, 2)}

    Reference:
        Rumelhart, Hinton & Williams 1986.
    """
    entry = resolve(activation)
    if in_dim < 1 or out_dim < 1:
        raise ValueError(
            f"a dense layer needs at least one input and one output, got in_dim={in_dim}, out_dim={out_dim}"
        )
    units, phi = _units(entry, out_dim), activation_layer(entry, out_dim)

    def init(key: Key) -> Params:
        draw = initializer or initializers.scaled_normal(initializers.gain(activation))
        params = {"weight": draw(key, (in_dim, units))}
        if bias:
            params["bias"] = jnp.zeros(units)
        if entry.learned:
            params["activation"] = phi.init(key)
        return params

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        weight = params["weight"]
        if x.shape != weight.shape[:1]:
            raise ValueError(
                f"a dense layer of {weight.shape[0]} inputs got one example of shape {x.shape}; "
                f"give shape {weight.shape[:1]}, and use jax.vmap for a batch"
            )
        z = x @ weight
        if "bias" in params:
            z = z + params["bias"]
        return phi.apply(params.get("activation", {}), z, key=key)

    return Network(init, apply)


def maxout_layer(
    in_dim: int,
    out_dim: int,
    *,
    pieces: int = 2,
    bias: bool = True,
    initializer: Callable | None = None,
) -> Network:
    """Maxout layer, yⱼ = maxₚ (x Wₚ + bₚ)ⱼ: each output is the largest of its linear pieces, and the pieces learn.

    With pieces (w, 0) it is ReLU of x·w; with pieces (w, 0.01 w) leaky ReLU.

    Args:
        in_dim: inputs.
        out_dim: outputs.
        pieces: p = 1 … pieces, linear functions an output; 1 is a linear layer.
        bias: whether the pieces have biases; they start at 0.
        initializer: ``f(key, shape) -> W``; absent, normal of variance 1 / (E[m²] in_dim) with m the largest of
            `pieces` independent N(0, 1), which keeps the mean square.

    Returns:
        A Network from (in_dim,) to (out_dim,); params are those of dense with pieces × out_dim units, laid out so that
        ``weight.reshape(in_dim, pieces, out_dim)[:, p]`` is piece p.

    Raises:
        ValueError: in_dim, out_dim or pieces is below 1, or x is not of shape (in_dim,).

    Example:
        >>> layer = maxout_layer(1, 1, pieces=2)
        >>> float(layer.apply({"weight": jnp.array([[1.0, -1.0]])}, jnp.array([-3.0]))[0])  # |x|
        3.0

    Reference:
        Goodfellow et al. 2013, arXiv 1302.4389.
    """
    if pieces < 1:
        raise ValueError(f"a maxout layer needs at least one piece, got pieces={pieces}")

    def largest(z: Array) -> Array:
        return jnp.max(z.reshape(*z.shape[:-1], pieces, -1), axis=-2)

    inf = float("inf")
    entry = Activation(
        largest,
        "Goodfellow et al. 2013",
        (-inf, inf),
        False,
        (False, False),
        pieces == 1,
        True,
        float("nan"),
        elementwise=False,
        units_in=pieces,
    )
    draw = initializer or initializers.scaled_normal(_mean_square_of_largest(pieces) ** -0.5)
    return dense(in_dim, out_dim, activation=entry, bias=bias, initializer=draw)


def _mean_square_of_largest(pieces: int) -> float:
    """E[max(z₁ … z_k)²] for independent z ~ N(0, 1), by the largest's density k φ(z) Φ(z)^(k−1)."""
    z, step = np.linspace(
        -12, 12, 4801, retstep=True
    )  # the trapezoid rule is exact to rounding for such a density
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in z])
    density = pieces * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * below ** (pieces - 1)
    return float(np.sum(z**2 * density) * step)


def dropout(rate: float | Array) -> Network:
    """Inverted dropout, y = x m / (1 − rate), m ~ Bernoulli(1 − rate): the mean stays, and without a key y = x.

    Args:
        rate: fraction DROPPED, in [0, 1); a number, or a traced scalar, which then never recompiles.

    Returns:
        A Network for any shape and float dtype, which it keeps; it has no params. For one key, what a rate drops a
        higher rate drops too.

    Raises:
        ValueError: rate is a number outside [0, 1); a traced rate cannot be checked.

    Example:
        >>> layer = dropout(0.5)
        >>> layer.apply({}, jnp.ones(4)).tolist()
        [1.0, 1.0, 1.0, 1.0]
        >>> sorted(set(layer.apply({}, jnp.ones(64), key=jax.random.key(0)).tolist()))
        [0.0, 2.0]

    Reference:
        Srivastava et al. 2014, JMLR 15; there the rate is the fraction kept, and the scaling is done in use.
    """
    if not isinstance(rate, jax.core.Tracer) and not 0 <= rate < 1:
        raise ValueError(f"a dropout rate is the fraction dropped, from 0 to below 1, got {rate}")

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        if key is None:
            return x
        # Drawn in float32 whatever x is: bfloat16's 256 numbers would round the rate.
        kept = 1 - jnp.asarray(rate, jnp.float32)
        return jnp.where(jax.random.bernoulli(key, kept, x.shape), x / kept.astype(x.dtype), 0)

    return Network(lambda key: {}, apply)


def layer_norm(dim: int, *, epsilon: float = 1e-5) -> Network:
    """Layer normalisation, y = scale (x − mean x) / √(var x + ε) + offset, over one example's values.

    Args:
        dim: values of an example.
        epsilon: ε, in the unit of x squared; PyTorch has 1e-5, Keras 1e-3, Flax 1e-6.

    Returns:
        A Network from (dim,) to (dim,), in the dtype of x; params are {"scale": (dim,), "offset": (dim,)}, from 1 and 0.
        The variance is the mean square deviation (÷ dim), and statistics are taken in float32 at least.

    Raises:
        ValueError: dim is below 1, epsilon is not above 0, or x is not of shape (dim,).

    Example:
        >>> layer = layer_norm(3)
        >>> layer.apply(layer.init(jax.random.key(0)), jnp.array([1.0, 2.0, 3.0])).round(3).tolist()
        [-1.225..., 0.0, 1.225...]

    Reference:
        Ba, Kiros & Hinton 2016, arXiv 1607.06450.
    """
    if dim < 1 or not epsilon > 0:
        raise ValueError(
            f"layer_norm needs dim of at least 1 and epsilon above 0, got dim={dim}, epsilon={epsilon}"
        )

    def init(key: Key) -> Params:
        return {"scale": jnp.ones(dim), "offset": jnp.zeros(dim)}

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        if x.shape != (dim,):
            raise ValueError(
                f"layer_norm of {dim} values got one example of shape {x.shape}; "
                f"give shape ({dim},), and use jax.vmap for a batch"
            )
        wide = x.astype(jnp.float32) if jnp.finfo(x.dtype).bits < 32 else x
        deviation = wide - jnp.mean(wide)
        normal = deviation * jax.lax.rsqrt(jnp.mean(deviation**2) + epsilon)
        return params["scale"] * normal.astype(x.dtype) + params["offset"]

    return Network(init, apply)


def residual(layer: Network) -> Network:
    """A layer with a shortcut, y = x + f(x): at f = 0 the identity, whatever the depth.

    Args:
        layer: f, whose output has its input's shape.

    Returns:
        A Network with the layer's params.

    Raises:
        ValueError: f(x) has another shape than x.

    Example:
        >>> block = residual(dense(3, 3, initializer=lambda key, shape: jnp.zeros(shape)))
        >>> block.apply(block.init(jax.random.key(0)), jnp.arange(3.0)).tolist()
        [0.0, 1.0, 2.0]

    Reference:
        He et al. 2016, arXiv 1512.03385.
    """

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        return x + _same_shape("residual", x, layer.apply(params, x, key=key))

    return Network(layer.init, apply)


def _same_shape(name: str, x: Array, y: Array) -> Array:
    if y.shape != x.shape:
        raise ValueError(
            f"{name} needs a layer that keeps its input's shape; this one makes {y.shape} of {x.shape}"
        )
    return y


def serial(*layers: Network) -> Network:
    """Layers one after the other, y = fₙ(… f₁(x)); params are a tuple with one entry a layer.

    Args:
        layers: f₁ … fₙ; none is the identity.

    Returns:
        A Network; layer i has the key fold_in(key, i), in init as in apply.

    Raises:
        ValueError: params have more or fewer entries than there are layers.

    Example:
        >>> net = serial(dense(4, 8, activation="tanh"), dense(8, 2))
        >>> net.apply(net.init(jax.random.key(0)), jnp.ones(4)).shape
        (2,)
    """

    def init(key: Key) -> Params:
        return tuple(layer.init(jax.random.fold_in(key, i)) for i, layer in enumerate(layers))

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        if len(params) != len(layers):
            raise ValueError(
                f"{len(layers)} layers in series got params of {len(params)}; give this network's own params"
            )
        for i, (layer, layer_params) in enumerate(zip(layers, params, strict=True)):
            x = layer.apply(
                layer_params, x, key=None if key is None else jax.random.fold_in(key, i)
            )
        return x

    return Network(init, apply)


def repeat(layer: Network, depth: int) -> Network:
    """The same layer depth times with params of its own each, y = f(… f(x; θ₁) …; θ_depth), scanned.

    The program holds the layer once, so it compiles in the same time at every depth. Params and randomness are those
    of ``serial(*[layer] * depth)``, stacked.

    Args:
        layer: f, whose output has its input's shape and dtype.
        depth: how often; 0 is the identity.

    Returns:
        A Network; params are the layer's, each leaf with a first axis of size depth.

    Raises:
        ValueError: depth is below 0, params have another depth, or f(x) has another shape than x.

    Example:
        >>> stack = repeat(dense(8, 8, activation="relu"), 100)
        >>> params = stack.init(jax.random.key(0))
        >>> params["weight"].shape, stack.apply(params, jnp.ones(8)).shape
        ((100, 8, 8), (8,))
    """
    if depth < 0:
        raise ValueError(f"a layer is repeated 0 times or more, got depth={depth}")

    def keys(key: Key) -> Key:
        return jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(depth))

    def init(key: Key) -> Params:
        return jax.vmap(layer.init)(keys(key))

    def apply(params: Params, x: Array, *, key: Key | None = None) -> Array:
        for leaf in jax.tree.leaves(params):
            if leaf.shape[:1] != (depth,):
                raise ValueError(
                    f"a layer repeated {depth} times got params of shape {leaf.shape}; its first axis is the depth"
                )

        def step(x: Array, each: tuple[Params, Key | None]) -> tuple[Array, None]:
            return _same_shape("repeat", x, layer.apply(each[0], x, key=each[1])), None

        return jax.lax.scan(step, x, (params, None if key is None else keys(key)), length=depth)[0]

    return Network(init, apply)

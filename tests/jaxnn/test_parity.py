"""What is said about PyTorch and Keras, where they are installed, and its numbers where not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import ACTIVATIONS, OPTIMIZERS, activations
from jaxnn.initializers import gain

POINTS = np.linspace(-6, 6, 97, dtype=np.float32) + np.float32(0.0137)  # no corner among them
TORCH = {  # by the names of torch.nn.functional
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "relu6": "relu6",
    "elu": "elu",
    "celu": "celu",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "hardsigmoid",
    "tanh": "tanh",
    "hard_tanh": "hardtanh",
    "softsign": "softsign",
    "gelu": "gelu",
    "swish": "silu",
    "hard_swish": "hardswish",
    "mish": "mish",
    "softplus": "softplus",
    "hard_shrink": "hardshrink",
    "soft_shrink": "softshrink",
    "tanh_shrink": "tanhshrink",
}
AT_0 = {"relu": 0.0, "relu6": 0.0, "leaky_relu": 0.01}  # PyTorch's derivative at a corner at 0
GAINS = {"linear": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": 2**0.5, "selu": 3 / 4}
OWN_GAINS = {"linear": 1, "sigmoid": 1.8462, "tanh": 1.5925, "relu": 2**0.5, "selu": 1}


def in_torch(name, x):
    """Values and derivatives."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(np.asarray(x), requires_grad=True)
    y = getattr(torch.nn.functional, TORCH[name])(x)
    y.sum().backward()
    return y.detach().numpy(), x.grad.numpy()


def own(name, x):
    y, pull = jax.vjp(ACTIVATIONS[name], jnp.asarray(x))
    return np.asarray(y), np.asarray(pull(jnp.ones_like(y))[0])


@pytest.mark.parametrize("name", TORCH)
def test_activations_and_their_derivatives_are_pytorchs(name):
    for ours, theirs in zip(own(name, POINTS), in_torch(name, POINTS), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", AT_0)
def test_derivatives_at_a_corner_are_as_the_docstrings_say_of_pytorch(name):
    assert own(name, np.zeros(1, np.float32))[1] == (1 if name == "leaky_relu" else 0)
    np.testing.assert_allclose(in_torch(name, np.zeros(1, np.float32))[1], AT_0[name], rtol=1e-6)


@pytest.mark.parametrize("name", GAINS)
def test_gains_differ_from_pytorchs_table_as_the_docstring_says(name):
    assert gain(name) == pytest.approx(OWN_GAINS[name], abs=5e-5)
    torch = pytest.importorskip("torch")
    assert torch.nn.init.calculate_gain(name) == pytest.approx(GAINS[name])


def descent(update, steps=30):
    """θ after each step on a fixed sequence of gradients."""
    draw, found = np.random.default_rng(0), []
    for _ in range(steps):
        found.append(update(np.float32(draw.normal(0, 0.1, 5))))
    return np.array(found)


def of_jaxnn(name, **h):
    transformation = OPTIMIZERS[name]({"learning_rate": 0.05, **h})
    theta = jnp.ones(5)
    state = transformation.init(theta)

    def update(gradient):
        nonlocal theta, state
        with jax.numpy_dtype_promotion("standard"):  # Optax's Adam takes a float to a whole power
            step, state = transformation.update(jnp.asarray(gradient), state, theta)
        theta = theta + step
        return np.asarray(theta)

    return descent(update)


def by_formula(name, decay=0.9, eps=1e-8, inside=True):
    """RMSProp as the docstring of jaxnn.optimizers writes it."""
    theta, v = np.ones(5), np.zeros(5)

    def update(g):
        nonlocal theta, v
        v = decay * v + (1 - decay) * np.float64(g) ** 2
        theta = theta - 0.05 * g / (np.sqrt(v + eps) if inside else np.sqrt(v) + eps)
        return theta

    return descent(update)


def test_rmsprop_is_its_formula_and_far_from_that_of_pytorch():
    ours = of_jaxnn("rmsprop")
    np.testing.assert_allclose(ours, by_formula("rmsprop"), rtol=1e-4)
    torchs = by_formula("rmsprop", decay=0.99, inside=False)
    assert np.max(np.abs(ours - torchs)) > 0.3
    near = of_jaxnn("rmsprop", decay=0.99, eps=0.0)  # ε inside the root matters at the start
    np.testing.assert_allclose(near, torchs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "theirs", "options", "own_options"),
    [
        ("sgd", "SGD", {}, {}),
        ("momentum", "SGD", {"momentum": 0.9}, {}),
        ("nesterov", "SGD", {"momentum": 0.9, "nesterov": True}, {}),
        ("rmsprop", "RMSprop", {"eps": 0.0}, {"decay": 0.99, "eps": 0.0}),
        ("adam", "Adam", {}, {}),
        ("adamw", "AdamW", {}, {"weight_decay": 1e-2}),
    ],
)
def test_optimizers_are_pytorchs_with_the_numbers_that_the_docstring_says(
    name, theirs, options, own_options
):
    torch = pytest.importorskip("torch")
    theta = torch.ones(5, requires_grad=True)
    optimizer = getattr(torch.optim, theirs)([theta], lr=0.05, **options)

    def update(gradient):
        theta.grad = torch.tensor(gradient)
        optimizer.step()
        return theta.detach().numpy().copy()

    np.testing.assert_allclose(of_jaxnn(name, **own_options), descent(update), rtol=1e-4, atol=1e-5)


def in_keras():
    """Keras on JAX; skipped where it is not installed, or runs on another library."""
    keras = pytest.importorskip("keras", exc_type=ImportError)
    if keras.backend.backend() != "jax":
        pytest.skip("Keras runs on another library: set KERAS_BACKEND=jax")
    return keras


@pytest.mark.parametrize(
    ("name", "theirs", "options", "own_options"),
    [
        ("sgd", "SGD", {}, {}),
        ("momentum", "SGD", {"momentum": 0.9}, {}),
        ("nesterov", "SGD", {"momentum": 0.9, "nesterov": True}, {}),
        ("rmsprop", "RMSprop", {}, {"eps": 1e-7}),
        ("adam", "Adam", {}, {}),
        ("adamw", "AdamW", {}, {"weight_decay": 4e-3}),
        ("lion", "Lion", {}, {"weight_decay": 0.0}),
    ],
)
def test_optimizers_are_keras_with_the_numbers_that_the_docstring_says(
    name, theirs, options, own_options
):
    keras = in_keras()
    optimizer = getattr(keras.optimizers, theirs)(learning_rate=0.05, **options)
    theta = keras.Variable(np.ones(5, np.float32))
    optimizer.build([theta])

    def update(gradient):
        with jax.numpy_dtype_promotion("standard"):
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [theta])
        return np.array(theta.value)

    # ε of Adam is used in another place, and is another.
    np.testing.assert_allclose(of_jaxnn(name, **own_options), descent(update), atol=5e-5)


def test_sparsemax_is_not_keras_whose_outputs_do_not_sum_to_1():
    x = np.array([[1.0, 0.5, -1.0]], np.float32)
    assert activations.sparsemax(x).tolist() == [[0.75, 0.25, 0.0]]
    keras = in_keras()
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        theirs = np.asarray(keras.activations.sparsemax(x))
    assert theirs.sum() < 0.9, "Keras is right now: say so in the docstring of sparsemax"

"""Training of one run against loops written in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxnn import HEADS, OPTIMIZERS, batch_order, initializers, losses, make_training, mlp
from jaxnn.training import Training

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2)
Y = (X @ np.array([[2.0], [-1.0]], np.float32)).astype(np.float32)


def compiled(training):
    return Training(*map(jax.jit, training))


def linear_training():
    return compiled(make_training(mlp((2, 1)), losses.squared_error, OPTIMIZERS["sgd"]))


def rate(value):
    return {"learning_rate": jnp.float32(value)}


@pytest.mark.parametrize(
    ("examples", "batch_size", "steps"), [(7, 7, 3), (7, 3, 9), (5, 12, 4), (1, 4, 2), (24, 5, 10)]
)
def test_each_example_comes_once_an_epoch_whatever_the_batch_size(examples, batch_size, steps):
    stream = np.asarray(
        batch_order(jax.random.key(1), examples=examples, batch_size=batch_size, steps=steps)
    ).ravel()
    assert len(stream) == batch_size * steps
    for epoch in range(len(stream) // examples):
        assert sorted(stream[epoch * examples : (epoch + 1) * examples]) == list(range(examples))


def test_the_order_does_not_depend_on_where_segments_are_cut():
    sizes = {"examples": 10, "batch_size": 4}
    whole = batch_order(jax.random.key(2), steps=12, **sizes)
    parts = [batch_order(jax.random.key(2), steps=4, start=start, **sizes) for start in (0, 4, 8)]
    np.testing.assert_array_equal(whole, jnp.concatenate(parts))


def test_epochs_are_shuffled_differently():
    epochs = batch_order(jax.random.key(0), examples=30, batch_size=30, steps=2)
    assert not np.array_equal(*epochs)


def test_a_segment_is_gradient_descent_written_in_numpy():
    training = linear_training()
    state = training.init(jax.random.key(0), rate(0.1))
    (layer,) = state.params
    w, b = np.asarray(layer["weight"], np.float64), np.asarray(layer["bias"], np.float64)
    order = batch_order(jax.random.key(1), examples=12, batch_size=5, steps=20)
    for rows in np.asarray(order):
        error = X[rows] @ w + b - Y[rows]
        w, b = w - 0.1 * 2 * X[rows].T @ error / 5, b - 0.1 * 2 * error.mean(0)
    state, metrics = training.segment(state, rate(0.1), X, Y, order)
    np.testing.assert_allclose(state.params[0]["weight"], w, rtol=1e-5)
    np.testing.assert_allclose(state.params[0]["bias"], b, atol=1e-6)
    assert int(state.step) == 20
    assert metrics["train_loss"] > training.evaluate(state, rate(0.1), X, Y)["loss"] > 0


def test_a_diverged_run_says_at_which_step_and_its_metrics_are_nan():
    training = linear_training()
    state = training.init(jax.random.key(0), rate(1e9))
    order = batch_order(jax.random.key(1), examples=12, batch_size=12, steps=40)
    middle, _ = training.segment(state, rate(1e9), X, Y, order[:3])
    assert int(middle.diverged_step) == -1
    end, metrics = training.segment(state, rate(1e9), X, Y, order)
    step = int(end.diverged_step)
    assert 3 <= step < 40
    before, _ = training.segment(state, rate(1e9), X, Y, order[:step])
    assert int(before.diverged_step) == -1
    assert np.isnan(metrics["train_loss"]) and np.isnan(
        training.evaluate(end, rate(1e9), X, Y)["loss"]
    )


def test_an_overflow_in_the_last_update_counts_as_diverged():
    training = compiled(make_training(mlp((2, 1)), losses.squared_error, optax.sgd(3e38)))
    state, _ = training.segment(
        training.init(jax.random.key(0), {}), {}, 1e3 * X, Y, jnp.arange(12)[None]
    )
    assert int(state.diverged_step) == 0


def test_evaluation_in_blocks_is_the_mean_over_all_rows():
    training = compiled(
        make_training(
            mlp((2, 3)),
            losses.softmax_cross_entropy,
            optax.sgd(0.1),
            correct=HEADS["multiclass"].correct,
        )
    )
    state = training.init(jax.random.key(0), {})
    x = jax.random.normal(jax.random.key(5), (2500, 2))
    y = jnp.arange(2500) % 3
    logits = jax.vmap(lambda x: mlp((2, 3)).apply(state.params, x))(x)
    found = training.evaluate(state, {}, x, y)
    np.testing.assert_allclose(
        found["accuracy"], np.mean(np.argmax(logits, axis=1) == y), rtol=1e-5
    )
    np.testing.assert_allclose(
        found["loss"], -np.mean(jax.nn.log_softmax(logits)[np.arange(2500), y]), rtol=1e-5
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_cost(name):
    training = compiled(make_training(mlp((2, 1)), losses.squared_error, OPTIMIZERS[name]))
    state, found = training.init(jax.random.key(0), rate(0.01)), []
    order = np.arange(12 * 40).reshape(40, 12) % 12
    with jax.numpy_dtype_promotion(
        "standard"
    ):  # Optax's Adam takes a float to the power of its integer count
        for _ in range(3):
            state, metrics = training.segment(state, rate(0.01), X, Y, order)
            found.append(float(metrics["train_loss"]))
    assert found[2] < found[1] < found[0]


def test_a_network_may_be_made_of_swept_numbers():
    def net(h):
        # A gain is a number of the host: it cannot be computed for a slope that is traced.
        return mlp(
            (2, 1),
            output_activation=lambda x: h["slope"] * x,
            initializer=initializers.scaled_normal(1.0),
        )

    training = make_training(net, losses.squared_error, optax.sgd(0.0))
    h = {"slope": jnp.array([0.0, 1.0])}
    losses_found = jax.vmap(
        lambda h: training.evaluate(training.init(jax.random.key(0), h), h, X, Y)["loss"]
    )(h)
    np.testing.assert_allclose(losses_found[0], np.mean(Y**2), rtol=1e-5)
    assert losses_found[1] != losses_found[0]


@pytest.mark.parametrize(
    "sizes", [dict(examples=0, batch_size=1, steps=1), dict(examples=1, batch_size=1, steps=0)]
)
def test_an_order_of_nothing_is_refused(sizes):
    with pytest.raises(ValueError, match="of at least 1"):
        batch_order(jax.random.key(0), **sizes)

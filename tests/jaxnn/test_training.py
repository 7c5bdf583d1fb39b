"""Training of one run against loops written in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optax import contrib

from jaxnn import (
    ACTIVATIONS,
    HEADS,
    METRICS,
    OPTIMIZERS,
    autoencoder,
    batch_order,
    deep_mlp,
    dense,
    dropout,
    elman,
    initializers,
    losses,
    make_training,
    mlp,
    recurrent_network,
    repeat,
    residual,
    serial,
)
from jaxnn.optimizers import KNOWN, RATE_FREE
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


@pytest.mark.slow
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
    usual = rate(1.0 if name in RATE_FREE else 0.01)
    state, found = training.init(jax.random.key(0), usual), []
    order = np.arange(12 * 40).reshape(40, 12) % 12
    with jax.numpy_dtype_promotion(
        "standard"
    ):  # Optax's Adam takes a float to the power of its integer count
        for _ in range(3):
            state, metrics = training.segment(state, usual, X, Y, order)
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


def trained(training, h, x=X, y=Y, order=((0, 1), (2, 3))):
    state = training.init(jax.random.key(0), h)
    return training.segment(state, h, x, y, np.array(order))


def linear(optimizer="sgd"):
    return make_training(mlp((2, 1)), losses.squared_error, optimizer)


TABLES = {
    "activation": ACTIVATIONS,
    "head": HEADS,
    "optimizer": OPTIMIZERS,
    "metric": METRICS,
    "initializer": initializers.INITIALIZERS,
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_name_that_a_table_does_not_have_is_a_sentence(kind):
    table = TABLES[kind]
    first = next(iter(table))
    with pytest.raises(KeyError) as error:
        table[first + "x"]
    assert isinstance(error.value, ValueError)
    assert str(error.value).startswith(f"unknown {kind} '{first}x'; known, nearest first: {first}")
    assert table.get("none of these") is None and "none of these" not in table


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_refuses_what_it_does_not_know_and_needs_its_rate(name):
    with pytest.raises(
        ValueError, match=rf"'{name}'\] has no hyperparameter 'weight_deacy'; it has"
    ):
        OPTIMIZERS[name]({"learning_rate": 0.1, "weight_deacy": 0.1})
    with pytest.raises(ValueError, match=rf"'{name}'\] reads the hyperparameter 'learning_rate'"):
        OPTIMIZERS[name]({})


@pytest.mark.parametrize("meant", KNOWN)
def test_a_misspelt_hyperparameter_of_a_training_is_refused(meant):
    if len(meant) < 5:  # one letter of "b1" is half of it
        pytest.skip("too short to be told from a name of one's own")
    swapped = meant[:-3] + meant[-2] + meant[-3] + meant[-1]
    with pytest.raises(ValueError, match=f"'{swapped}' is read by nobody; do you mean '{meant}'"):
        trained(linear(), {"learning_rate": jnp.float32(0.1), swapped: jnp.float32(0.1)})


EQUALS = {
    "momentum": ({"momentum": 0.5}, optax.sgd(0.1, momentum=0.5)),
    "nesterov": ({"momentum": 0.5}, optax.sgd(0.1, momentum=0.5, nesterov=True)),
    "rmsprop": ({"decay": 0.99, "eps": 1e-3}, optax.rmsprop(0.1, decay=0.99, eps=1e-3)),
    "adam": ({"b1": 0.5, "b2": 0.9, "eps": 0.1}, optax.adam(0.1, b1=0.5, b2=0.9, eps=0.1)),
    "adamw": ({"b1": 0.5, "weight_decay": 0.3}, optax.adamw(0.1, b1=0.5, weight_decay=0.3)),
    "lion": ({"b2": 0.5, "weight_decay": 0.3}, optax.lion(0.1, b2=0.5, weight_decay=0.3)),
    "sgd": ({}, optax.sgd(0.1)),
    "prodigy": ({}, contrib.prodigy(0.1)),
    "dog": ({}, contrib.dog(0.1)),
    "dowg": ({}, contrib.dowg(0.1)),
    "cocob": ({}, contrib.cocob(0.1)),
    "dadapt_adamw": ({}, contrib.dadapt_adamw(0.1)),
    "mechanic": ({}, contrib.mechanize(optax.adam(0.1))),
    "schedule_free": ({"b1": 0.5}, contrib.schedule_free_adamw(0.1, b1=0.5)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_hyperparameters_of_an_optimizer_are_optaxs_and_may_be_traced(name):
    own, expected = EQUALS[name]
    h = {
        "learning_rate": jnp.float32(0.1),
        **{key: jnp.float32(value) for key, value in own.items()},
    }
    with jax.numpy_dtype_promotion("standard"):  # Optax's Adam takes a float to an integer's power
        (found, _), (plain, _), (default, _) = jax.jit(
            lambda h: (
                trained(linear(name), h),
                trained(linear(expected), {}),
                trained(linear(name), {"learning_rate": jnp.float32(0.1)}),
            )
        )(h)
    for ours, optaxs in zip(*map(jax.tree.leaves, (found.params, plain.params)), strict=True):
        np.testing.assert_allclose(ours, optaxs, rtol=1e-5, atol=1e-7)
    if own:
        assert not np.allclose(found.params[0]["weight"], default.params[0]["weight"])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: linear("adm"), ValueError, "unknown optimizer 'adm'; known, .* adam, "),
        (lambda: linear(0.1), TypeError, "an optimizer is a name .* got float"),
        (lambda: make_training(mlp((2, 1)), "mse", "sgd"), TypeError, "a loss .* got 'mse'"),
        (
            lambda: trained(linear(lambda h: optax.sgd(h["learning_rate"])), {"rate": 0.1}),
            ValueError,
            "'learning_rate' is read, and there is only 'rate'; add it to the axes",
        ),
        (
            lambda: trained(linear(), {"learning_rate": 0.1}, y=Y[:9]),
            ValueError,
            "12 examples and 9",
        ),
        (
            lambda: linear().evaluate(trained(linear(), {"learning_rate": 0.1})[0], {}, X, Y[:9]),
            ValueError,
            "12 examples and 9 targets; give one target per example",
        ),
        (
            lambda: trained(linear(), {"learning_rate": 0.1}, order=[[0, 12]]),
            ValueError,
            "the order has the row 12, and the data have 12 rows, 0 to 11",
        ),
        (
            lambda: trained(linear(), {"learning_rate": 0.1}, order=[[0, -1]]),
            ValueError,
            "the order has the row -1",
        ),
    ],
)
def test_what_a_training_cannot_do_right_is_one_sentence(make, error, message):
    with pytest.raises(error, match=message) as found:
        make()
    assert "\n" not in str(found.value)


def test_where_they_are_traced_rows_and_labels_that_there_are_not_count_as_diverged():
    training = make_training(mlp((2, 3)), losses.softmax_cross_entropy, "sgd")
    h, y = {"learning_rate": jnp.float32(0.1)}, np.arange(12) % 3
    segment = jax.jit(training.segment)

    def diverged(y, order):
        state = training.init(jax.random.key(0), h)
        state, metrics = segment(state, h, X, y, np.array(order)[:, None])
        assert np.isnan(metrics["train_loss"]) == (state.diverged_step >= 0)
        return int(state.diverged_step)

    assert diverged(y, [0, 1, 11]) == -1
    assert diverged(y, [0, 12, 1]) == 2  # seen at the end of the segment
    assert diverged(y, [0, -1, 1]) == 2
    assert diverged(np.where(y == 2, 3, y), [0, 1, 2]) == 2
    with pytest.raises(ValueError, match="the class is 3, and there are 3 classes"):
        trained(training, h, y=np.where(y == 2, 3, y))
    with pytest.raises(ValueError, match="the class is -1, and there are 3 classes"):
        training.evaluate(training.init(jax.random.key(0), h), h, X, y - 1)


RANDOM = {
    "dropout": mlp((2, 3, 1), dropout=0.5),
    "rrelu": mlp((2, 3, 1), activation="rrelu"),
    "deep": deep_mlp(2, 3, 2, 1, dropout=0.5),
    "a series": serial(dense(2, 2), dropout(0.5), dense(2, 1)),
    "residual": serial(residual(serial(dense(2, 2), dropout(0.5))), dense(2, 1)),
    "repeated": serial(repeat(serial(dense(2, 2), dropout(0.5)), 2), dense(2, 1)),
    "recurrent": recurrent_network(elman(2, 3), mlp((3, 3, 1), dropout=0.5), last=True),
}
STEADY = {
    "mlp": mlp((2, 3, 1)),
    "dropout of nothing": mlp((2, 3, 1), dropout=0.0),
    "autoencoder": autoencoder((2, 1)).network,
    "recurrent": recurrent_network(elman(2, 3), dense(3, 1), last=True),
}


@pytest.mark.parametrize("name", RANDOM)
def test_a_random_network_is_trained_with_its_randomness_without_being_asked(name):
    net, h = RANDOM[name], {"learning_rate": jnp.float32(0.0)}
    assert net.stochastic
    x = X[:, None] if name == "recurrent" else X
    training = compiled(make_training(net, losses.squared_error, "sgd"))
    order = np.array([[0, 1, 2, 3]])
    with pytest.raises(ValueError, match="the network is random in training"):
        steady = make_training(net, losses.squared_error, "sgd", stochastic=False)
        jax.eval_shape(lambda h: trained(steady, h, x, Y, order), h)
    if name == "deep":  # JAX's check of keys takes its scan over a key per layer for one of one key
        return
    # The same rows twice, and the rate is 0.
    state, first = training.segment(training.init(jax.random.key(0), h), h, x, Y, order)
    _, second = training.segment(state, h, x, Y, order)
    assert first["train_loss"] != second["train_loss"]


@pytest.mark.parametrize("name", STEADY)
def test_other_networks_are_not_random(name):
    assert not STEADY[name].stochastic


def test_a_network_made_of_a_swept_rate_is_random():
    training = make_training(
        lambda h: mlp((2, 3, 1), dropout=h["rate"]), losses.squared_error, "sgd"
    )
    h = {"learning_rate": jnp.float32(0.0), "rate": jnp.float32(0.5)}
    segment, order = jax.jit(training.segment), np.array([[0, 1, 2, 3]])
    state, first = segment(training.init(jax.random.key(0), h), h, X, Y, order)
    _, second = segment(state, h, X, Y, order)
    assert first["train_loss"] != second["train_loss"]

"""Metrics against scikit-learn, their facts, and what training records of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn import metrics as reference

from jaxnn import HEADS, METRICS, OPTIMIZERS, losses, make_training, metrics, mlp
from jaxnn.training import EVALUATION_ROWS

ROWS = 500
COMPILED = {name: jax.jit(metric.function) for name, metric in METRICS.items()}
BY_HEAD = [(name, head) for name, metric in METRICS.items() for head in metric.heads]


def case(head, seed=0, rows=ROWS, coarse=False):
    """Outputs and targets as the head has them; coarse outputs have many ties."""
    rng = np.random.default_rng(seed)
    classes = {"binary": 2, "multiclass": 4, "regression": 1}[head]
    outputs = rng.normal(0, 2, (rows, HEADS[head].outputs(classes)))
    if coarse:
        outputs = outputs.round()
    if head == "regression":
        return outputs.astype(np.float32), rng.normal(1, 3, (rows, 1)).astype(np.float32)
    # Unequal classes, each of them related to the outputs.
    numbers = np.minimum(rng.geometric(0.5, rows) - 1, classes - 1)
    lifted = numbers - 1 if head == "binary" else np.eye(classes)[numbers]
    outputs = (outputs + np.reshape(lifted, (rows, -1))).astype(np.float32)
    return outputs, numbers[:, None].astype(np.float32) if head == "binary" else numbers


def of_sklearn(name, head, outputs, targets):
    outputs, targets = np.asarray(outputs, np.float64), np.asarray(targets)
    if head == "regression":
        function = {
            "r2": reference.r2_score,
            "rmse": reference.root_mean_squared_error,
            "mae": reference.mean_absolute_error,
        }[name]
        return function(targets, outputs)
    y = targets.ravel().astype(int)
    p = expit(outputs[:, 0]) if head == "binary" else softmax(outputs, axis=1)
    predicted = (outputs[:, 0] > 0).astype(int) if head == "binary" else p.argmax(axis=1)
    if name in ("accuracy", "balanced_accuracy"):
        return getattr(reference, f"{name}_score")(y, predicted)
    if name == "auc":
        return reference.roc_auc_score(y, p, multi_class="ovr", average="macro")
    return {"log_loss": reference.log_loss, "brier": reference.brier_score_loss}[name](y, p)


@pytest.mark.parametrize(("name", "head"), BY_HEAD)
@pytest.mark.parametrize("coarse", [False, True])
def test_a_metric_is_scikit_learns(name, head, coarse):
    for seed in range(3):
        # Equal logits of several classes need not be equal probabilities, to the last bit.
        coarse = coarse and (name, head) == ("auc", "binary")
        outputs, targets = case(head, seed, coarse=coarse)
        found = COMPILED[name](outputs, targets)
        np.testing.assert_allclose(
            found, of_sklearn(name, head, outputs, targets), rtol=2e-6, err_msg=f"seed {seed}"
        )


@pytest.mark.parametrize("seed", range(20))
def test_ties_count_half_whatever_the_sign(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, 40) * np.float32(0.5) * rng.choice([-1, 1], 40)
    scores[:2] = 0.0, -0.0  # one number with two patterns of bits
    y = np.arange(40) % 3 == 0
    pairs = scores[y][:, None] - scores[~y]
    expected = np.mean((pairs > 0) + (pairs == 0) / 2)
    found = COMPILED["auc"](scores[:, None].astype(np.float32), y[:, None].astype(np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(("name", "head"), BY_HEAD)
def test_the_facts_are_those_of_perfect_and_of_the_worst_predictions(name, head):
    metric = METRICS[name]
    _, targets = case(head)
    if head == "regression":
        perfect, bad = targets, targets + 1e6
    else:
        hot = np.eye(2 if head == "binary" else 4, dtype=np.float32)[targets.ravel().astype(int)]
        right = 1e4 * (2 * hot[:, 1:] - 1 if head == "binary" else hot)
        perfect, bad = right, -right if head == "binary" else np.roll(right, 1, axis=1)
    best, worst = (float(COMPILED[name](outputs, targets)) for outputs in (perfect, bad))
    assert best == pytest.approx(metric.best, abs=1e-6)
    assert (best > worst) == metric.higher_is_better
    if np.isinf(metric.worst):
        assert abs(worst) > 1e3
    elif name == "brier" and head == "binary":
        assert worst == pytest.approx(1.0)
    else:
        assert worst == pytest.approx(metric.worst, abs=0.4 if name == "auc" else 1e-6)


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS[name].higher_is_better])
def test_what_is_not_finite_is_never_good(name):
    head = METRICS[name].heads[-1]
    outputs, targets = case(head, rows=40)
    outputs[:20] = np.nan
    value, good = (float(COMPILED[name](z, targets)) for z in (outputs, case(head, rows=40)[0]))
    assert np.isnan(value) or value < good


def test_a_class_without_rows_is_left_out():
    outputs, targets = case("multiclass")
    kept = targets != 3
    few, y = outputs[kept], targets[kept]
    assert COMPILED["balanced_accuracy"](few, y) == pytest.approx(
        np.mean([(few[y == k].argmax(axis=1) == k).mean() for k in range(3)]), rel=1e-6
    )
    p = softmax(few.astype(np.float64), axis=1)
    expected = np.mean([reference.roc_auc_score(y == k, p[:, k]) for k in range(3)])
    assert COMPILED["auc"](few, y) == pytest.approx(expected, rel=1e-6)
    assert np.isnan(COMPILED["auc"](few, np.zeros(len(few), int)))


def test_shapes_that_do_not_belong_together_are_refused():
    outputs = np.zeros((6, 1), np.float32)
    with pytest.raises(ValueError, match=r"r2: outputs of shape \(6, 1\) and targets of shape"):
        metrics.r2(outputs, np.zeros((6, 2), np.float32))
    with pytest.raises(ValueError, match=r"mae: .*targets of shape \(6,\) differ"):
        metrics.mae(outputs, np.zeros(6, np.float32))
    with pytest.raises(ValueError, match=r"auc: .*are of no classification; give class numbers"):
        metrics.auc(outputs, np.zeros(6, int))
    with pytest.raises(ValueError, match="brier: .*dtype float32 are of no classification"):
        metrics.brier(np.zeros((6, 3), np.float32), np.zeros(6, np.float32))
    with pytest.raises(ValueError, match="one target per row"):
        metrics.log_loss(np.zeros((6, 3), np.float32), np.zeros(5, int))
    with pytest.raises(ValueError, match="there is no metric 'f1'; there are accuracy, balanced"):
        metrics.scores("auc", "f1")


def test_training_evaluates_them_on_all_rows_together():
    rng, head = np.random.default_rng(0), HEADS["binary"]
    rows = 2 * EVALUATION_ROWS + 5  # in blocks, the last of which is not full
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    y = (x[:, :1] + rng.normal(size=(rows, 1)) > 1).astype(np.float32)
    net, h = mlp((3, 4, 1)), {"learning_rate": jnp.float32(0.1)}

    def found(**options):
        training = make_training(net, head.loss, OPTIMIZERS["sgd"], correct=head.correct, **options)
        state = training.init(jax.random.key(0), h)
        return state, jax.jit(training.evaluate)(state, h, x, y)

    state, measured = found(scores=metrics.scores("auc", "log_loss", "balanced_accuracy"))
    _, plain = found()
    assert set(measured) - set(plain) == {"auc", "log_loss", "balanced_accuracy"}
    outputs = jax.vmap(lambda x: net.apply(state.params, x))(x)
    for name in ("auc", "balanced_accuracy"):
        expected = of_sklearn(name, "binary", outputs, y)
        np.testing.assert_allclose(measured[name], expected, rtol=1e-5)
    np.testing.assert_allclose(measured["log_loss"], plain["loss"], rtol=1e-5)
    np.testing.assert_array_equal(measured["accuracy"], plain["accuracy"])


def test_the_metrics_of_a_diverged_run_are_nan():
    training = make_training(
        mlp((1, 1)), losses.squared_error, OPTIMIZERS["sgd"], scores=metrics.scores("mae")
    )
    h, x = {"learning_rate": jnp.float32(1e20)}, jnp.linspace(-1, 1, 8)[:, None]
    state, _ = training.segment(
        training.init(jax.random.key(0), h), h, x, x, jnp.zeros((9, 4), int)
    )
    assert int(state.diverged_step) >= 0
    assert np.isnan(training.evaluate(state, h, x, x)["mae"])

"""Losses against their formulas in NumPy, in the tails, and against the heads they belong to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnn import HEADS, cost, encode_bipolar, losses

Z = np.array([1.5, -0.5, 3.0], np.float32)
Y = np.array([1.0, 0.0, -1.0], np.float32)
E = Z - Y
FORMULAS = {
    "squared_error": (Y, np.mean(E**2)),
    "absolute_error": (Y, np.mean(np.abs(E))),
    "huber": (Y, np.mean([0.125, 0.125, 3.5])),
    "hinge": (np.float32([1, -1, -1]), np.mean([0, 0.5, 4.0])),
    "sigmoid_cross_entropy": (np.float32([1, 0, 1]), np.mean(np.log1p(np.exp([-1.5, -0.5, -3.0])))),
    "softmax_cross_entropy": (np.float32([0, 0, 1]), np.log(np.sum(np.exp(Z))) - 3.0),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_is_its_formula(name):
    target, expected = FORMULAS[name]
    np.testing.assert_allclose(
        getattr(losses, name)(jnp.asarray(Z), jnp.asarray(target)), expected, rtol=1e-6
    )


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_of_other_shapes_than_its_target_raises_and_names_both(name):
    for shape in ((3, 1), (1,), (2,)):
        with pytest.raises(ValueError, match=rf"{name}.*\(3,\).*{str(shape)[1:-1]}"):
            getattr(losses, name)(jnp.ones(3), jnp.ones(shape))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_and_its_slope_are_finite_far_out(name):
    target = jnp.asarray(FORMULAS[name][0])
    for size in (1e4, 1e18):  # and 1e18 squared is still a float32
        value, slope = jax.value_and_grad(getattr(losses, name))(
            jnp.array([size, -size, 0.0]), target
        )
        assert np.isfinite(value)
        assert np.all(np.isfinite(slope))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_keeps_the_dtype(name):
    for dtype in (jnp.bfloat16, jnp.float32):
        struct = jax.ShapeDtypeStruct((3,), dtype)
        assert jax.eval_shape(getattr(losses, name), struct, struct).dtype == dtype


def test_a_class_number_is_its_one_hot():
    by_number = losses.softmax_cross_entropy(jnp.asarray(Z), jnp.array(2))
    np.testing.assert_allclose(by_number, FORMULAS["softmax_cross_entropy"][1], rtol=1e-6)
    with pytest.raises(ValueError, match="integer dtype, got float32"):
        losses.softmax_cross_entropy(jnp.asarray(Z), jnp.array(2.0))
    with pytest.raises(ValueError, match=r"ONE example.*\(2, 3\).*jax\.vmap"):
        losses.softmax_cross_entropy(jnp.ones((2, 3)), jnp.array(2))


LABELS = {  # the right targets, and wrong ones
    "softmax_cross_entropy": ((0, 2), (-1, 3, 10**6)),
    "sigmoid_cross_entropy": (([0.0], [0.3], [1.0]), ([2.0], [-1.0], [float("nan")])),
    "hinge": (([-1.0], [1.0]), ([0.0], [2.0], [float("nan")])),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LABELS)
def test_a_label_that_does_not_exist_is_refused_and_nan_where_it_is_traced(name, weighted):
    if weighted and name == "hinge":
        pytest.skip("class weights are of classes numbered from 0")
    loss, (right, wrong) = getattr(losses, name), LABELS[name]
    z = jnp.asarray(Z) if name == "softmax_cross_entropy" else jnp.asarray(Z[1:2])
    if weighted:
        loss = losses.class_weighted(loss, [1.0] * max(len(z), 2))
    traced = jax.jit(jax.value_and_grad(loss))
    for target in right:
        value, slope = traced(z, jnp.asarray(target))
        np.testing.assert_allclose(loss(z, target), value, rtol=1e-6)
        assert np.isfinite(value) and np.all(np.isfinite(slope)) and np.any(slope != 0)
    for target in wrong:
        with pytest.raises(ValueError, match=rf"{name}: the (class is|target of a neuron is)"):
            loss(z, target)
        value, slope = traced(z, jnp.asarray(target))
        assert np.isnan(value) and np.all(np.isnan(slope))


@pytest.mark.parametrize("name", LABELS)
def test_a_cost_refuses_labels_that_do_not_exist_among_its_data(name):
    loss, (right, wrong) = getattr(losses, name), LABELS[name]
    x = jnp.tile(Z[1:2] if name != "softmax_cross_entropy" else Z, (3, 1))
    for target in wrong:
        y = np.array([right[-1], target, right[-1]])
        with pytest.raises(ValueError, match=rf"{name}: the (class is|target of a neuron is)"):
            cost(loss, lambda x: x, x, y)
        assert np.isnan(jax.jit(lambda y: cost(loss, lambda x: x, x, y))(y))
    constant = np.array([right[0], right[-1], right[0]])
    assert np.isfinite(jax.jit(lambda x: cost(loss, lambda x: x, x, constant))(x))


def test_probabilities_that_do_not_sum_to_1_are_refused():
    with pytest.raises(ValueError, match=r"sum to 1, got \[0.0, 0.0, 0.0\]"):
        losses.softmax_cross_entropy(jnp.asarray(Z), jax.nn.one_hot(3, 3))


@pytest.mark.parametrize("soft", [False, True])
def test_a_class_of_probability_0_costs_nothing_unless_it_is_the_right_one(soft):
    loss = jax.value_and_grad(losses.softmax_cross_entropy)

    def of(number, z):
        return loss(z, jax.nn.one_hot(number, len(z), dtype=z.dtype) if soft else number)

    z, e = jnp.array([-jnp.inf, 0.0, 1.0]), np.e
    for number, expected in enumerate([np.inf, np.log(1 + e), np.log(1 + 1 / e)]):
        value, slope = of(number, z)
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        p = np.array([0, 1 / (1 + e), e / (1 + e)])
        np.testing.assert_allclose(slope, p - np.eye(3)[number], rtol=1e-5, atol=1e-7)
    far = jnp.array([4e4, -4e4], jnp.float16)
    assert [float(of(number, far)[0]) for number in (0, 1)] == [0, np.inf]  # 8e4 is beyond it
    assert of(0, far)[1].tolist() == [0, 0]


def test_binary_cross_entropy_has_its_limits_at_infinity():
    loss = jax.value_and_grad(losses.sigmoid_cross_entropy)
    for z, y, expected in (
        (1, 1, (0, 0)),
        (-1, 0, (0, 0)),
        (1, 0, (np.inf, 1)),
        (-1, 1, (np.inf, -1)),
    ):
        value, slope = loss(jnp.array([z * jnp.inf]), jnp.array([float(y)]))
        assert (float(value), float(slope[0])) == expected


def test_the_gradient_of_an_absolute_error_of_0_is_0():
    slope = jax.grad(losses.absolute_error)(jnp.array([0.0, 1.0, -1.0]), jnp.zeros(3))
    np.testing.assert_allclose(slope, np.array([0, 1, -1]) / 3, rtol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_loss_takes_lists_integers_and_numpy(name):
    target, expected = FORMULAS[name]
    for made in (list, np.asarray, lambda values: np.asarray(values, np.float64)):
        found = getattr(losses, name)(made(Z.tolist()), made(target.tolist()))
        assert found.dtype == jnp.float32
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    found = getattr(losses, name)(jnp.asarray(Z, jnp.bfloat16), target.astype(int).tolist())
    assert found.dtype == jnp.bfloat16


def test_hubers_slope_is_the_error_clipped():
    slope = jax.grad(lambda z: 3 * losses.huber(z, jnp.asarray(Y), delta=0.75))(jnp.asarray(Z))
    np.testing.assert_allclose(slope, np.clip(E, -0.75, 0.75), rtol=1e-6)


def test_hinge_takes_bipolar_targets_and_pushes_only_inside_the_margin():
    target = encode_bipolar(jnp.array([True, False, False]))
    slope = jax.grad(lambda z: 3 * losses.hinge(z, target))(jnp.asarray(Z))
    assert slope.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    "task, target, factor",
    [("regression", [0.3], 2), ("binary", [1.0], 1), ("multiclass", [0.0, 1.0, 0.0], 1)],
)
def test_a_heads_loss_belongs_to_its_activation(task, target, factor):
    # The sign of a matched pair: the gradient at the linear value is the output minus the target.
    head, z = HEADS[task], jnp.asarray(Z[: len(target)])
    gradient = jax.grad(head.loss)(z, jnp.array(target))
    np.testing.assert_allclose(
        gradient, factor * (head.activation(z) - jnp.array(target)), rtol=1e-5
    )


def test_a_wrong_or_nan_answer_is_not_correct():
    multiclass, binary = HEADS["multiclass"].correct, HEADS["binary"].correct
    assert [multiclass(jnp.asarray(Z), jnp.array(k)).item() for k in range(3)] == [0, 0, 1]
    assert multiclass(jnp.array([jnp.nan, 0.0, 1.0]), jnp.array(0)) == 0
    assert [binary(jnp.array([z]), jnp.array([1.0])).item() for z in (2.0, -2.0, float("nan"))] == [
        1,
        0,
        0,
    ]


def test_a_cost_is_the_mean_loss_over_the_data():
    x, y = jnp.arange(4.0)[:, None], jnp.array([[1.0], [0.0], [2.0], [-1.0]])
    np.testing.assert_allclose(
        cost(losses.squared_error, lambda x: 2 * x, x, y), np.mean(np.array([1, 4, 4, 49]))
    )
    with pytest.raises(ValueError, match="4 examples and 3 targets"):
        cost(losses.squared_error, lambda x: x, x, y[:3])


def test_class_weights_multiply_the_loss_of_a_row():
    weights = [0.5, 2.0, 7.0]
    loss = losses.class_weighted(losses.softmax_cross_entropy, weights)
    for number, weight in enumerate(weights):
        plain = losses.softmax_cross_entropy(jnp.asarray(Z), jnp.array(number))
        np.testing.assert_allclose(loss(jnp.asarray(Z), jnp.array(number)), weight * plain)
    two = losses.class_weighted(losses.sigmoid_cross_entropy, weights[:2])
    plain = losses.sigmoid_cross_entropy(jnp.ones(1), jnp.ones(1))
    np.testing.assert_allclose(two(jnp.ones(1), jnp.ones(1)), 2 * plain)
    with pytest.raises(ValueError, match=r"a target of shape \(2,\).* is no class of 2"):
        two(jnp.ones(2), jnp.ones(2))


@pytest.mark.slow
def test_balanced_class_weights_give_the_minimum_of_equally_many_rows():
    # 90 of 100 rows are of class 0: the constant logit with the least weighted loss is 0.
    y = (jnp.arange(100) >= 90).astype(jnp.float32)[:, None]
    loss = losses.class_weighted(losses.sigmoid_cross_entropy, [100 / 180, 100 / 20])
    slope = jax.grad(lambda z: cost(loss, lambda x: z, y, y))(jnp.zeros(1))
    np.testing.assert_allclose(slope, 0, atol=1e-6)

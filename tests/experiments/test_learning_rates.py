"""Learning rates: the finders' rules, the unrolled training, the findings on made-up numbers."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from experiments import learning_rates
from experiments.lab.finder.rules import debiased
from experiments.lab.io.errors import UserError
from experiments.learning_rates import (
    descent,
    findings_descent,
    findings_finders,
    findings_metalearning,
    findings_rates,
    metalearning,
)
from experiments.learning_rates.finders import (
    FASTAI_RATES,
    RANGE_TESTS,
    TORCH_LR_FINDER_RATES,
    lightning_rates,
)
from experiments.learning_rates.findings_finders import FINDERS
from experiments.learning_rates.findings_statistics import vertex_rate
from experiments.learning_rates.measure import Setting
from experiments.learning_rates.rate_sweep import Updates, initial_params, orders, sweep_rates
from experiments.learning_rates.unrolled import Learner, over_runs, unrolled_losses
from jaxnn.losses import squared_error
from jaxnn.training import OPTIMIZERS


def drop(at, size=1.0):
    """Losses of 2 that fall by size, once and for all."""
    return np.where(np.arange(100) < at, 2.0, 2.0 - size)


def test_the_steepest_slope_is_where_the_loss_drops():
    # Smoothed by .05 the drop is 1 − .95^n after n steps: central differences are largest at its
    # first step.
    assert findings_finders.torch_lr_finder(drop(40)) == TORCH_LR_FINDER_RATES[40]
    assert findings_finders.lightning(drop(60), per_step=True) == lightning_rates()[60]


def test_a_range_test_stops_where_the_loss_explodes():
    losses = np.where(np.arange(100) < 50, drop(30), 1e4)  # the fall at 80 is not seen any more
    losses[80:] = 0
    assert findings_finders.torch_lr_finder(losses) == TORCH_LR_FINDER_RATES[30]
    assert findings_finders.lightning(losses, per_step=True) == lightning_rates()[30]
    assert findings_finders.fastai(losses) < FASTAI_RATES[50]


def test_lightnings_first_smoothed_loss_is_half_the_true_one():
    assert debiased(np.ones(100), late=1)[0] == pytest.approx(0.02 / (1 - 0.98**2))
    assert debiased(np.ones(100)) == pytest.approx(np.ones(100))


def test_per_unit_of_rate_noise_at_the_lowest_rates_wins():
    noise = np.random.default_rng(0).normal(0, 0.3, (20, 100))
    losses = (
        np.concatenate(
            [np.full((20, 60), 2.3), np.linspace(2.3, 0.5, 40)[None].repeat(20, 0)], axis=1
        )
        + noise
    )
    assert all(findings_finders.lightning(each) < 1e-5 for each in losses)  # issue 21141
    assert np.median([findings_finders.lightning(each, per_step=True) for each in losses]) > 1e-3


def test_the_valley_of_hand_made_losses():
    # Longest falling subsequence 9 7 5 3 1 ends at 8: start 8 − 5 = 3, then 5/3 -> 1 and 5/6 -> 0.
    assert findings_finders.valley(np.array([9.0, 9.5, 7, 8, 5, 6, 3, 4, 1])) == 4
    assert findings_finders.valley(np.arange(5.0)) == 0


def test_what_nan_does_to_each_tool():
    losses = drop(40)
    losses[70:] = np.nan
    assert (
        findings_finders.torch_lr_finder(losses) == TORCH_LR_FINDER_RATES[69]
    )  # the gradient's first nan
    assert findings_finders.lightning(losses, per_step=True) == lightning_rates()[40]
    assert 10 <= np.flatnonzero(findings_finders.fastai(losses) == FASTAI_RATES)[0] < 70
    assert all(
        np.isnan(suggest(np.full(100, np.nan)))
        for name, suggest in FINDERS.items()
        if name != "torch-lr-finder"
    )


def test_every_tool_has_a_range_test_and_a_rule():
    assert list(RANGE_TESTS) == list(FINDERS)


def test_the_best_rate_of_a_parabola_is_its_vertex():
    rates = np.array([0.01, 0.03, 0.2, 0.5, 3.0])
    assert vertex_rate(rates, (np.log(rates) - np.log(0.17)) ** 2 + 1) == pytest.approx(0.17)
    assert vertex_rate(rates, np.array([1, 2, 3, 4, 5.0])) == 0.01
    assert vertex_rate(rates, np.array([3, 2, 1, np.inf, np.inf])) == 0.2


def test_unrolled_losses_of_one_weight_and_their_gradient_by_the_rate():
    start, rate, steps = 3.0, 0.1, 6
    learner = Learner(jaxnn.mlp((1, 1), bias=False), squared_error, OPTIMIZERS["sgd"])
    x, y, order = jnp.ones((1, 1)), jnp.zeros((1, 1)), jnp.zeros((steps, 1), int)

    def total(rate):
        losses = unrolled_losses(
            learner,
            ({"weight": jnp.full((1, 1), start)},),
            x,
            y,
            order,
            jnp.full(steps, rate),
        )
        return losses.sum(), losses

    gradient, losses = jax.jit(jax.grad(total, has_aux=True))(rate)
    t = np.arange(steps)  # w ← w − 2 rate w
    assert losses == pytest.approx(start**2 * (1 - 2 * rate) ** (2 * t), rel=1e-5)
    by_hand = np.sum(start**2 * 2 * t * (1 - 2 * rate) ** (2 * t - 1) * -2)
    assert gradient == pytest.approx(by_hand, rel=1e-5)


def test_the_grid_and_the_unrolled_training_are_one():
    """Two routes to the loss of the same seed, order and rate: the engine's, and metalearning's."""
    net, rates, x = jaxnn.mlp((1, 1), bias=False), (0.1, 0.3), jnp.linspace(-1, 1, 40)[:, None]
    training = jaxnn.make_training(net, squared_error, OPTIMIZERS["sgd"])
    found = sweep_rates(
        training,
        {"train": (x, 3 * x)},
        rates,
        range(2),
        Updates(steps=20, batch_size=10, points=2),
    )
    order = orders(range(2), examples=40, batch_size=10, steps=20)

    def losses(params, order):
        return jax.vmap(
            lambda rate: unrolled_losses(
                Learner(net, squared_error, OPTIMIZERS["sgd"]),
                params,
                x,
                3 * x,
                order,
                jnp.full(20, rate),
            )
        )(jnp.array(rates))

    alone = over_runs(losses, initial_params(training, rates, range(2)), order)
    assert np.asarray(alone).reshape(2, 2, 2, 10).mean(axis=3).transpose(2, 1, 0) == pytest.approx(
        found["train_loss"], rel=1e-4
    )


@pytest.mark.slow
def test_the_published_loss_with_the_published_draws():
    """1.716 at .62, from PyTorch's initial weights of seed 0 and the rows in file order.

    The weights are the low 24 bits of its Mersenne twister.
    """
    twister = np.random.RandomState(0)._bit_generator

    def draw(inputs, *shape):
        share = (twister.random_raw(int(np.prod(shape))) & 0xFFFFFF) / 2**24
        return jnp.asarray((2 * share - 1).reshape(shape) / np.sqrt(inputs), jnp.float32)

    params = tuple(
        {"weight": draw(inputs, outputs, inputs).T, "bias": draw(inputs, outputs)}
        for outputs, inputs in ((50, 40), (10, 50))
    )
    learner, _, x, y = metalearning.inner("mnist1d")
    order = jnp.asarray(np.arange(200 * 50).reshape(200, 50) % 4000)
    losses = jax.jit(unrolled_losses, static_argnums=0)(
        learner, params, x, y, order, jnp.full(200, 0.62)
    )
    assert float(losses.mean()) == pytest.approx(1.716, abs=0.0006)


def test_two_routes_to_the_loss_of_two_weights():
    weights = np.array([[0.4, -0.5], [2.0, 1.0], [-1.5, -1.2], [0, 0]], np.float32)
    values, gradients = map(
        np.asarray, jax.jit(jax.vmap(jax.value_and_grad(descent.by_network)))(weights)
    )
    assert values == pytest.approx(descent.by_hand(weights), abs=1e-6)
    assert gradients == pytest.approx(descent.gradient_by_differences(weights), abs=1e-5)
    assert gradients[-1].tolist() == [0, 0] and values[-1] > 0.9
    # Where tanh is flat in w, J is a parabola in v, whose curvature is 2 mean tanh².
    assert float(jax.jit(descent.safe_rate)(np.array([10, 3], np.float32))) == pytest.approx(
        1 / np.mean(np.tanh(10 * descent.X) ** 2), rel=1e-3
    )


@pytest.mark.parametrize(
    ("agree", "down", "word"),
    [(1, [1, 1, 1], "holds"), (1, [1, 1, 0], "holds only when"), (-1, [1, 1, 1], "does not hold")],
)
def test_the_verdict_on_descent(agree, down, word):
    found = {
        "slopes": np.ones((5, 2)) * agree,
        "differences": np.ones((5, 2)),
        "down": np.tile(np.array(down, bool), (5, 1)),
        "rates": np.array([0.1, 1.0, 10.0]),
        "safe_rate": np.full(5, 3.0),
    }
    verdict = findings_descent.descends(found, (0.1, 1.0, 10.0))
    assert verdict.verdict == word and ("at most 1 " in verdict.when) == (word == "holds only when")


RATES = np.geomspace(1e-3, 10, 9)  # the best is number 4, 0.1


def made_up(worst_high, late_low, swish=1.0):
    """A grid of four seeds: error .1 at the best rate, .5 at lower and worst_high at higher ones.

    With patience, low rates end at late_low.
    """
    noise = np.array([0, 0.001, -0.001, 0])
    error = (
        np.where(np.arange(9) < 4, 0.5, np.where(np.arange(9) == 4, 0.1, worst_high))[:, None]
        + noise
    )

    def setting(factor):
        smooth = np.log(RATES / (0.1 * factor))[:, None] ** 2 / 50 + 0.1 + noise
        return {
            "validation_error": np.stack([error] * 10),
            "test_error": error,
            "validation_loss": np.stack([smooth] * 10),
        }

    found = {f"d-sgd-{name}": setting(1.0) for name in ("relu", "swish")}
    late = np.full((20, 4, 4), late_low) + noise
    return found | {"patient-sgd": {"validation_error": late, "test_error": late[-1]}}, swish


@pytest.mark.parametrize(
    ("high", "late", "word"),
    [(0.9, 0.1, "holds"), (0.1, 0.1, "does not hold"), (0.9, 0.3, "does not hold")],
)
def test_the_verdict_on_too_low_and_too_high(high, late, word):
    configuration = SimpleNamespace(data=("d",), optimizer=("sgd",), steps=100, patience=2, seeds=4)
    found, _ = made_up(high, late)
    verdict, rows, words = findings_rates.too_low_too_high(
        configuration, found, RATES, "d, made up"
    )
    assert verdict.verdict == word and len(rows) == 3 and "0.1 with sgd" in words


@pytest.mark.parametrize(
    ("best", "learned", "off", "word"),
    [
        (0.62, 0.62, 1, "holds"),
        (0.66, 0.66, 1, "holds only when"),
        (0.62, 0.62, 2, "holds only when"),
        (0.62, 0.9, 1, "does not hold"),
        (2.0, 2.0, 1, "does not hold"),
    ],
)
def test_the_verdict_on_metalearning(best, learned, off, word):
    rates, spread = np.geomspace(0.1, 10, 401), np.exp(np.linspace(-0.1, 0.1, 41))
    losses = np.log(rates[:, None] / (best * spread)) ** 2
    configuration = SimpleNamespace(
        metalearning_start=(0.15,),
        metalearned_seeds=41,
        metalearning_data="d",
        metalearning_steps=1,
        published_steps=1,
    )
    ends = {
        f"metalearned-{rule}": {"rates": (learned * spread)[:, None, None] * off}
        for rule, off in (("bounded", off), ("published", 1))
    }
    verdict, _, words = findings_metalearning.metalearned(
        {"inner-0": {"mean_loss": losses}, **ends}, rates, configuration
    )
    assert ("published rule" in verdict.when) == (off != 1)
    assert (
        verdict.verdict == word
        and verdict.differs
        and f"the best rate for the mean loss is {best:.2f}" in words
    )


def test_metalearning_that_works_from_one_start_only_holds_for_that_start():
    rates = np.geomspace(0.1, 10, 401)
    losses = np.repeat(np.log(rates[:, None] / 0.62) ** 2, 3, axis=1)
    configuration = SimpleNamespace(
        metalearning_start=(0.15, 1.5), metalearned_seeds=3, metalearning_data="d"
    )
    ends = np.tile([[[0.62], [0.9]]], (3, 1, 1))
    found = {
        "inner-0": {"mean_loss": losses},
        "metalearned-bounded": {"rates": ends},
        "metalearned-published": {"rates": ends},
    }
    verdict, _, words = findings_metalearning.metalearned(found, rates, configuration)
    assert (verdict.verdict, verdict.when) == ("holds only when", "metalearning starts from 0.15")
    assert "in 100 % of runs from 0.15 and 0 % of runs from 1.5" in words
    found["metalearned-published"] = {"rates": ends[:, ::-1]}
    assert findings_metalearning.metalearned(found, rates, configuration)[0].when == (
        "metalearning is by the bounded rule from 0.15 or by the published rule from 1.5"
    )


@pytest.mark.parametrize(
    ("ratio", "word"), [(0.75, "holds"), (1.0, "does not hold"), (None, "undecided")]
)
def test_the_verdict_on_swish(ratio, word):
    ratios = np.full(8, ratio) if ratio else np.geomspace(0.35, 2.2, 8)
    each = {"relu": np.ones(8), "swish": ratios}
    found = {
        f"d-sgd-{name}": {
            metric: (np.log(RATES[:, None] / (0.1 * factor)) ** 2)[None]
            for metric in ("validation_error", "validation_loss")
        }
        for name, factor in each.items()
    }
    verdict, _, _ = findings_rates.swish_against_relu(
        found, RATES, [Setting("d", "sgd", "relu"), Setting("d", "sgd", "swish")], "made up"
    )
    assert verdict.verdict == word


@pytest.mark.parametrize(("at", "word"), [(None, "does not hold"), (1e-3, "holds")])
def test_the_verdict_on_finders(at, word, monkeypatch):
    found, _ = made_up(0.9, 0.1)
    found = {"d-sgd-relu": found["d-sgd-relu"] | {"range_losses": np.zeros((4, 1, 100))}}
    monkeypatch.setattr(findings_finders, "FINDERS", {"tool": lambda losses: at or RATES[4]})
    monkeypatch.setattr(findings_finders, "RANGE_TESTS", {"tool": np.ones(100)})
    verdict, rows, _ = findings_finders.finders_regret(
        found, RATES, [Setting("d", "sgd", "relu")], "made up"
    )
    assert verdict.verdict == word and rows["regret"].iloc[0] == pytest.approx(0.4 if at else 0)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"activation": ("relu",)}, "relu and swish are compared"),
        ({"steps": 15}, "a multiple of 10"),
        ({"data": ("wine",)}, "--data wine: no such data"),
        ({"metalearned_seeds": 101}, "give 2 to 100"),
        ({"descent_rate": (0.1,)}, "--descent-rate 0.1: give three rates above 0"),
        ({"metalearning_start": (0.1, -1.0)}, "--metalearning-start 0.1 -1.0: give at least one"),
        ({"optimizer": ()}, "give at least 1, 1, 3 and 3"),
    ],
)
def test_what_cannot_be_measured_is_said_first(flags, says):
    with pytest.raises(UserError, match=says):
        learning_rates.parts(learning_rates.Configuration(**flags))

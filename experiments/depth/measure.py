"""The parts of the experiment on depth: which networks each of them measures."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from experiments.depth import before_training
from experiments.depth.any_depth import Net, Shape, Start, apply, initial
from experiments.depth.depth_scale import MAP_BIAS_VARIANCE, depths
from experiments.depth.own_rate import Choice, at_own_rate
from experiments.depth.tasks import digits, spirals
from experiments.depth.training import Updates, train
from experiments.lab.evidence.experiment import Arrays

# σ_w² of the two initialisations with which a deep ReLU network is trained.
INITIALISED = {"Xavier": 1.0, "He": 2.0}
FORWARD_ROWS, PASSES = 256, 10


def random_networks(configuration: Any, activation: str) -> Arrays:
    """Random networks of one activation and every initialisation, beside mean-field theory."""
    return before_training.random_networks(
        activation,
        before_training.weight_variances(activation),
        depth=configuration.theory_depth,
        width=configuration.theory_width,
        networks=configuration.theory_networks,
    )


def selu(configuration: Any) -> Arrays:
    """SELU networks with real weight matrices, a quarter as wide."""
    return before_training.selu_signal(
        depth=configuration.theory_depth,
        width=configuration.theory_width // 4,
        networks=configuration.selu_networks,
    )


def ladder(configuration: Any, activation: str, depth: int) -> Arrays:
    """One activation and depth on the digits, at its own best learning rate."""
    return at_own_rate(
        Net(_shape(configuration, configuration.width), activation, depth),
        digits().parts,
        Updates(configuration.steps, configuration.batch_size),
        _choice(configuration),
    )


def initialised(configuration: Any, weight_variance: float) -> Arrays:
    """A deep ReLU network of that σ_w² on the digits, at its own best learning rate."""
    return at_own_rate(
        Net(
            _shape(configuration, configuration.he_width),
            "relu",
            configuration.he_depth,
            Start(weight_variance),
        ),
        digits().parts,
        Updates(configuration.steps, configuration.batch_size),
        _choice(configuration),
    )


def depth_map(configuration: Any, weight_variance: float) -> Arrays:
    """tanh networks of that σ_w²: training accuracy, (multiples of ξ, rates, seeds)."""
    c = configuration
    deepest = max(max(depths(c.map_scale, each)) for each in c.map_weight_variance)
    shape = _shape(c, c.map_width)._replace(activations=("tanh",), most=deepest)
    trained = [
        train(
            Net(shape, "tanh", depth, Start(weight_variance, MAP_BIAS_VARIANCE)),
            digits().parts,
            Updates(c.steps, c.batch_size, momentum=0.0),
            learning_rate=c.map_learning_rate,
            seeds=range(c.map_seeds),
        ).train
        for depth in depths(c.map_scale, weight_variance)
    ]
    return {"train": np.array(trained)}


def on_spirals(configuration: Any, depth: int) -> Arrays:
    """A tanh network of that depth on the two spirals, at its own best learning rate."""
    return at_own_rate(
        Net(_shape(configuration, configuration.width), "tanh", depth),
        spirals(),
        Updates(configuration.spiral_steps, configuration.batch_size),
        _choice(configuration),
    )


def no_hidden_layer() -> Arrays:
    """The test accuracy of logistic regression."""
    return {
        name: np.array([LogisticRegression(max_iter=1000).fit(*data["train"]).score(*data["test"])])
        for name, data in (("digits", digits().parts), ("spirals", spirals()))
    }


def forward_time(configuration: Any) -> Arrays:
    """Seconds of a batch's forward pass, (depths, repeats).

    The depths take turns, so that a busy moment of the machine slows all of them alike.
    """
    c = configuration
    shape = _shape(c, c.width)._replace(activations=("relu",), most=max(c.forward_depth))
    x = jax.device_put(digits().x["train"][:FORWARD_ROWS], jax.devices()[0])
    forward = jax.jit(partial(apply, shape, 0))
    params = jax.tree.map(
        lambda leaf: jnp.zeros(leaf.shape),
        jax.eval_shape(partial(initial, Net(shape, "relu", shape.most)), jax.random.key(0)),
    )
    forward(params, x, jnp.int32(1)).block_until_ready()
    depths = [jnp.int32(depth) for depth in c.forward_depth]
    seconds = np.empty((len(depths), c.repeats))
    for turn in range(c.repeats):
        for number, depth in enumerate(depths):
            began = time.perf_counter()
            for _ in range(PASSES):
                forward(params, x, depth).block_until_ready()
            seconds[number, turn] = (time.perf_counter() - began) / PASSES
    return {"forward_seconds": seconds}


def _shape(c: Any, width: int) -> Shape:
    return Shape(
        c.activation,
        digits().features,
        width,
        max(*c.depth, *c.spiral_depth, c.he_depth),
        len(digits().classes),
    )


def _choice(c: Any) -> Choice:
    return Choice(c.learning_rate, c.choosing, c.seeds)

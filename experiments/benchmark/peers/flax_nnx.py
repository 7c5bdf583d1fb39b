"""Flax NNX and Optax as their examples do it: one nnx.jit step in a Python loop, run after run."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.workloads import Workload

ACTIVATIONS = {"relu": nnx.relu, "tanh": nnx.tanh}


class Mlp(nnx.Module):
    """Dense layers, φ after every hidden one."""

    def __init__(self, sizes: tuple[int, ...], activation: str, *, rngs: nnx.Rngs):
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in itertools.pairwise(sizes)])
        self.activation = ACTIVATIONS[activation]

    def __call__(self, x: jax.Array) -> jax.Array:
        *hidden, output = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return output(x)

    @property
    def start(self) -> list[nnx.Param]:
        """The parameters in the order of ``start.initial``."""
        return [param for layer in self.layers for param in (layer.kernel, layer.bias)]


class Elman(nnx.Module):
    """A recurrent layer, and a linear head at its last step."""

    def __init__(self, sizes: tuple[int, ...], activation: str, *, rngs: nnx.Rngs):
        inputs, width, outputs = sizes
        self.recurrent = nnx.RNN(
            nnx.SimpleCell(inputs, width, activation_fn=ACTIVATIONS[activation], rngs=rngs)
        )
        self.head = nnx.Linear(width, outputs, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.head(self.recurrent(x)[:, -1])

    @property
    def start(self) -> list[nnx.Param]:
        """The parameters in the order of ``start.initial``."""
        cell = self.recurrent.cell
        return [
            cell.dense_i.kernel,
            cell.dense_h.kernel,
            cell.dense_i.bias,
            self.head.kernel,
            self.head.bias,
        ]


@nnx.jit
def train_step(
    model: nnx.Module, optimizer: nnx.Optimizer, x: jax.Array, y: jax.Array
) -> jax.Array:
    """One update, in place."""

    def cost(model: nnx.Module) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    loss, gradient = nnx.value_and_grad(cost)(model)
    optimizer.update(model, gradient)
    return loss


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    kinds: dict[str, type[Mlp] | type[Elman]] = {"mlp": Mlp, "deep": Mlp, "elman": Elman}
    if workload.kind not in kinds:
        raise Unsupported(f"Flax NNX does not train networks of kind {workload.kind}")
    starts = [start.initial(workload, seed) for seed in range(workload.seeds)]
    model = kinds[workload.kind](workload.sizes, workload.activation, rngs=nnx.Rngs(0))
    # The learning rate as a traced number: optax.sgd(0.1) would compile anew for each run.
    optimizer = nnx.Optimizer(
        model, optax.inject_hyperparams(optax.sgd)(learning_rate=0.0), wrt=nnx.Param
    )
    step = nnx.cached_partial(
        train_step, model, optimizer
    )  # walks the modules once, not at every step

    def train(runs: int, steps: int) -> Trained:
        losses = []
        for run in range(runs):
            seed = start.seed_of(workload, run)
            for param, value in zip(model.start, starts[seed], strict=True):
                param.set_value(jnp.asarray(value))
            optimizer.opt_state.hyperparams["learning_rate"].set_value(
                jnp.asarray(learning_rates[run])
            )
            for rows in start.order(workload, seed, steps):
                loss = step(x[rows], y[rows])
            losses.append(float(loss))
        return Trained(runs * steps, np.array(losses))

    return train


PEER = Peer("flax_nnx", "Flax NNX and Optax, run after run", together=False, prepare=prepare)

"""From a structure to its network, the loss that it is trained on, and its optimizer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxnn
from experiments.lab.data import Dataset, Preprocessing
from experiments.lab.io.errors import UserError
from experiments.lab.study import own_functions, own_networks
from experiments.lab.study.axes import NONE, NUMBERS, OF_OPTIMIZER, OWN_GAIN, layers
from experiments.lab.study.own_networks import Built
from jaxnn import losses
from jaxnn.losses import Head
from jaxnn.optimizers import RATE, Hyperparameters, Optimizer
from jaxnn.types import Activation, Array, Network

Structure = Mapping[str, Any]
Numbers = Mapping[str, Any]
Loss = Callable[[Array, Array], Array]


def numbers(structure: Structure, steps: int) -> dict[str, Any]:
    """What a structure's training reads that is a number, which may be told to its program.

    Args:
        structure: one.
        steps: updates that its schedule is made for.

    Returns:
        name -> a number; "schedule" -> what the rate of each update is multiplied by, (steps,).

    Example:
        >>> numbers({"activation": "relu", "dropout": 0.1, "gradient_clip": 0.0}, 100)
        {'gradient_clip': inf, 'dropout': 0.1}
    """
    found: dict[str, Any] = {
        name: float(structure[name]) for name in NUMBERS if name in structure and name != "warmup"
    }
    if found.get("gradient_clip") == 0:  # none
        found["gradient_clip"] = np.inf
    if "schedule" in structure:
        name = structure["schedule"]
        found["schedule"] = own_functions.factors(name, steps, structure.get("warmup"))
    return found


def network(
    structure: Structure,
    phi: Sequence[Activation],
    data: Dataset | Preprocessing,
    dropout: float | Array | None = None,
) -> Network:
    """The network of one structure, for the inputs and classes of the data.

    Args:
        structure: its activation, depth and width, and what else is asked for.
        phi: one activation, or one per hidden layer.
        data: what goes in and comes out.
        dropout: the rate, where it is trained.

    Raises:
        UserError: the activation cannot be used at this width, or the user's own network not at
            all.
    """
    if is_own(structure):
        return own(structure, phi, data).network
    outputs = jaxnn.HEADS[data.head].outputs(len(data.classes))
    sizes = (data.features, *layers(structure["width"], structure["depth"]), outputs)
    initializer, normalization = (structure.get(name) for name in ("initializer", "normalization"))
    try:
        return jaxnn.mlp(
            sizes,
            activation=phi if len(phi) > 1 else phi[0],
            bias=structure.get("bias") != "no",
            initializer=None if initializer == OWN_GAIN else initializer,
            dropout=dropout,
            normalization=None if normalization == NONE else normalization,
            residual=structure.get("residual") == "yes",
        )
    except ValueError as error:  # such as an odd width where two outputs are made of each unit
        raise UserError(
            f"--activation {structure['activation']} --width {structure['width']}: {error}"
        ) from None


def is_own(structure: Structure) -> bool:
    """Whether the network is made by a function of the user's."""
    return own_functions.is_own("network", structure.get("network"))


def own(structure: Structure, phi: Sequence[Activation], data: Dataset | Preprocessing) -> Built:
    """The user's own network of one structure, with arguments of ``network``."""
    outputs = jaxnn.HEADS[data.head].outputs(len(data.classes))
    widths = layers(structure["width"], structure["depth"])
    make = own_functions.find("network", structure["network"])
    return own_networks.built(make, structure, phi, widths, data.features, outputs)


def try_drawing(net: Network, structure: Structure) -> None:
    """Draw weights, without computing them.

    Raises:
        UserError: the initializer has none for the activation.
    """
    try:
        jax.eval_shape(net.init, jax.random.key(0))
    except ValueError as error:
        raise UserError(
            f"--initializer {structure['initializer']} --activation {structure['activation']}: "
            f"{error}"
        ) from None


def is_plain(structure: Structure) -> bool:
    """Whether a hidden layer is φ(x W + b): without normalisation or skip."""
    plain = structure.get("normalization", NONE) == NONE and structure.get("residual") != "yes"
    return plain and not is_own(structure)


def has_theory(structure: Structure) -> bool:
    """Whether mean-field theory is of such a network: plain, with the activations' own gains."""
    return is_plain(structure) and structure.get("initializer", OWN_GAIN) == OWN_GAIN


def loss(structure: Structure, head: Head, told: Numbers) -> Loss:
    """What one prediction is trained on; it is judged by the head's own loss all the same.

    Squared error of classes is that of their probabilities, as the Brier score's; Huber's loss has
    its bend at one standard deviation of the training targets, which numbers are given in.
    """
    chosen = structure.get("loss")
    if chosen == "squared_error" and head.correct:
        return _of_probabilities(head)
    if chosen in ("absolute_error", "huber"):
        return getattr(losses, chosen)
    if "label_smoothing" in told:
        return losses.label_smoothed(head.loss, told["label_smoothing"])
    return head.loss


def _of_probabilities(head: Head) -> Loss:
    def squared_error(prediction: Array, target: Array) -> Array:
        target = jnp.asarray(target)
        if not target.ndim:
            target = jax.nn.one_hot(target, prediction.shape[-1], dtype=prediction.dtype)
        return losses.squared_error(head.activation(prediction), target)

    return squared_error


def optimizer(structure: Structure, told: Numbers) -> Optimizer:
    """The optimizer of a structure, with what is told to it: numbers, schedule and clipping."""
    chosen = own_functions.optimizer(structure["optimizer"])
    read = {name: told[name] for name in OF_OPTIMIZER if name in told}
    if not read and not {"schedule", "gradient_clip"} & told.keys():
        return chosen

    def made(hyperparameters: Hyperparameters) -> optax.GradientTransformation:
        rate: Any = hyperparameters[RATE]
        if "schedule" in told:
            factors, peak = jnp.asarray(told["schedule"]), rate
            rate = lambda count: peak * factors[count]  # noqa: E731
        found = chosen({RATE: rate, **read})
        if "gradient_clip" not in told:
            return found
        return optax.chain(optax.clip_by_global_norm(told["gradient_clip"]), found)

    return made

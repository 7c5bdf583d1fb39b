"""Other libraries on the benchmark's workloads, each as its own users would write it well.

A peer is one small file that describes itself in ``PEER``. All start from the same parameters and
take the same batches (peers/start.py), so that all but scikit-learn, which draws its own, arrive at
the same numbers.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.benchmark.workloads import Workload
from experiments.lab.io.errors import UserError

NAMES = (
    "torch_compiled",
    "torch_stacked",
    "torch_func",
    "torch_loop",
    "jax_loop",
    "jax_vmap",
    "equinox_vmap",
    "flax_nnx",
    "sklearn_mlp",
)


class Unsupported(ValueError):
    """The peer does not train networks of this kind."""


class Trained(NamedTuple):
    """Proof that the work was done.

    updates: how many all runs together have made.
    loss: each run's cost over its last batch, before that batch's update, (runs,).
    """

    updates: int
    loss: np.ndarray


Train = Callable[[int, int], Trained]


class Peer(NamedTuple):
    """A library, and one way to train many networks with it.

    name: of its file.
    title: its name in tables.
    together: whether it trains all its runs at once; otherwise one after the other.
    prepare: ``prepare(workload, x, y, learning_rates) -> train``, where ``train(runs, steps) ->
        Trained`` trains the first ``runs`` of the workload's networks from their initial parameters
        and returns when they are done. The first call compiles; another with as many runs does not,
        however many steps it makes. ``prepare`` raises Unsupported for a kind that it cannot train.
    """

    name: str
    title: str
    together: bool
    prepare: Callable[[Workload, np.ndarray, np.ndarray, np.ndarray], Train]


def load(name: str) -> Peer:
    """One peer; imports its library.

    Raises:
        UserError: there is no such peer, or its library is not installed.
    """
    if name not in NAMES:
        raise UserError(f"no such peer: {name}; known: {', '.join(NAMES)}")
    try:
        return importlib.import_module(f"{__name__}.{name}").PEER
    except ImportError as error:
        raise UserError(
            f"{name} needs {error.name}, which cannot be imported; from the checkout, "
            'pip install -e ".[peers]"'
        ) from None


def available() -> dict[str, Peer | str]:
    """Every peer by name, or a sentence on why it is missing."""
    found: dict[str, Peer | str] = {}
    for name in NAMES:
        try:
            found[name] = load(name)
        except UserError as error:
            found[name] = str(error)
    return found

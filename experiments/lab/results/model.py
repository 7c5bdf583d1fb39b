"""An ensemble of trained networks as two plain files.

model.safetensors has its numbers, model.json all that turns them into predictions.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import safetensors.numpy
from safetensors import SafetensorError
from scipy.special import log_expit, log_softmax, logsumexp

import jaxnn
from experiments.lab.data import Preprocessing
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import plain
from experiments.lab.study import named_activations, own_functions
from experiments.lab.study.building import is_own, network
from experiments.lab.study.score import Score, score_for
from jaxnn.types import Array, Network, Params

PARAMETERS, DESCRIPTION = "model.safetensors", "model.json"
CHECKSUM = "sha256"  # of the rest of the description
ROWS = 1024  # go through the networks at a time: one program for any number of rows
PROGRAMS = 8  # compiled ones that are kept, of as many networks


@dataclass(frozen=True)
class Model:
    """An ensemble of networks, its members, and what it needs to predict.

    structure: the networks' activation, depth and width, and how they were trained.
    network: of that structure.
    preprocessing: from rows as found to inputs, and what the outputs mean.
    params: the members', NumPy arrays with (members,) in front.
    metric: how it is judged, a name in jaxnn.METRICS; None: accuracy or R².
    left_out: columns of the data that the networks were trained without.
    own_activations, own_functions: those of the user's that it has, as ``described`` of
        ``named_activations`` and ``own_functions``.
    """

    structure: Mapping[str, Any]
    network: Network
    preprocessing: Preprocessing
    params: Params
    metric: str | None = None
    left_out: tuple[str, ...] = ()
    own_activations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own_functions: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    @cached_property
    def judge(self) -> Score:
        """How it is judged."""
        return score_for(self.preprocessing, self.metric)

    @property
    def members(self) -> int:
        """How many networks it has."""
        return len(jax.tree.leaves(self.params)[0])

    def each(self, x: np.ndarray) -> np.ndarray:
        """Each member's linear outputs, float32 (members, rows, outputs), of x (rows, features)."""
        return each_of(self.network, self.params, x)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """The ensemble's linear outputs, float32 (rows, outputs), of x (rows, features)."""
        return self.pooled(self.each(x))

    def pooled(self, each: np.ndarray) -> np.ndarray:
        """The ensemble's linear outputs from those of its members; see ``pooled``."""
        return pooled(each, self.preprocessing.head)

    def without_diverged(self, x: np.ndarray) -> "Model":
        """Without the members that have an output for x that is not finite; there may be none."""
        if not self.members:
            return self
        finite = np.isfinite(self.each(x)).all(axis=(1, 2))
        return replace(self, params=jax.tree.map(lambda leaf: leaf[finite], self.params))

    def predictions(self, outputs: np.ndarray) -> pd.DataFrame:
        """One row per example: the prediction, and of classes the probability of each.

        A number is in the unit of the target, also where its logarithm was trained on.
        """
        names = np.array(self.preprocessing.classes, object)
        if not len(names):
            return pd.DataFrame({"prediction": self.preprocessing.decode(outputs[:, 0])})
        probabilities = self._probabilities(outputs)
        columns = {
            f"probability of {name}": probabilities[:, number] for number, name in enumerate(names)
        }
        return pd.DataFrame({"prediction": names[self._classes(outputs)], **columns})

    def targets(self, y: np.ndarray) -> np.ndarray:
        """What targets stand for: the name of a class, or a number in the unit of the target.

        Args:
            y: as Preprocessing.encode makes them.
        """
        names = np.array(self.preprocessing.classes, object)
        if len(names):
            return names[y.ravel().astype(int)]
        return self.predictions(y)["prediction"].to_numpy()

    def spread(self, each: np.ndarray) -> np.ndarray:
        """How far the members' predictions of a row are apart, (rows,).

        The standard deviation (with members − 1) over the members: of the probability of the class
        that the ensemble predicts, or of the number, in the unit of the target.

        Args:
            each: (members, rows, outputs).
        """
        if not self.preprocessing.classes:
            numbers = [self.predictions(one)["prediction"].to_numpy() for one in each]
            return np.std(numbers, axis=0, ddof=1)
        places = self._classes(self.pooled(each))[:, None]
        found = [np.take_along_axis(self._probabilities(one), places, axis=1)[:, 0] for one in each]
        return np.std(np.array(found, np.float64), axis=0, ddof=1)

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The score, higher is better; nan where the metric is not defined, see ``Score``.

        Args:
            outputs: (rows, outputs).
            targets: as Preprocessing.encode makes them.
        """
        return self.judge.evaluate(outputs, targets)

    def packed(self, about: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """The content of the two files: the parameters, and the description with their hash.

        Args:
            about: what else the description says, such as scores, versions and the command.
        """
        content = safetensors.numpy.save(
            {name: np.asarray(leaf, order="C") for name, leaf in flat(self.params).items()}
        )
        description = {
            "structure": self.structure,
            "task": self.preprocessing.head,
            "target": self.preprocessing.target,
            "classes": self.preprocessing.classes,
            "metric": self.judge.name,
            "members": self.members,
            **about,
            "own_activations": self.own_activations,
            "own_functions": self.own_functions,
            "left_out": self.left_out,
            "preprocessing": self.preprocessing.to_json(),
            "parameters_sha256": hashlib.sha256(content).hexdigest(),
        }
        return content, description | {CHECKSUM: _checksum(description)}

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Of each class, float32 (rows, classes)."""
        two = len(self.preprocessing.classes) == 2
        logits = np.concatenate([-outputs, outputs], axis=1) if two else outputs
        activation = jaxnn.HEADS[self.preprocessing.head].activation
        return np.asarray(jax.vmap(activation)(jnp.asarray(logits)))

    def _classes(self, outputs: np.ndarray) -> np.ndarray:
        return (
            np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(int)
        )


def each_of(network: Network, params: Params, x: np.ndarray) -> np.ndarray:
    """Each member's linear outputs, float32 (members, rows, outputs).

    Args:
        network: of the members.
        params: theirs, with (members,) in front.
        x: inputs, (rows, features).
    """
    pieces = np.pad(x, ((0, -len(x) % ROWS), (0, 0))).reshape(-1, ROWS, x.shape[1])
    applied = _program(network.apply)
    found = [applied(params, jnp.asarray(piece)) for piece in pieces]
    return np.concatenate(found, axis=1)[:, : len(x)]


@lru_cache(maxsize=PROGRAMS)
def _program(apply: Callable) -> Callable[[Params, Array], Array]:
    """``f(params, x)``, (members, rows, outputs); given up with what is compiled of it."""
    return jax.jit(jax.vmap(jax.vmap(apply, in_axes=(None, 0)), in_axes=(0, None)))


def pooled(each: np.ndarray, head: str) -> np.ndarray:
    """The linear outputs that stand for an ensemble's mean prediction.

    For classes, those whose probabilities are the mean of the members' probabilities; for a
    number, the mean of the members' outputs. Those of a single member are its own.

    Args:
        each: the members' outputs, (members, rows, outputs).
        head: a key of jaxnn.HEADS.

    Returns:
        float32 (rows, outputs).

    Example:
        >>> each = np.log([[[0.9, 0.1]], [[0.4, 0.6]]]).astype(np.float32)
        >>> np.exp(pooled(each, "multiclass")).astype(float).round(3).tolist()
        [[0.65, 0.35]]

    Reference:
        Lakshminarayanan, Pritzel & Blundell 2017, NeurIPS.
    """
    if len(each) == 1:
        return each[0]
    each = each.astype(np.float64)
    if head == "regression":
        return each.mean(axis=0).astype(np.float32)
    # By logarithms, since a probability that is 0 in float32 has one too.
    if head == "binary":
        found = logsumexp(log_expit(each), axis=0) - logsumexp(log_expit(-each), axis=0)
    else:
        found = logsumexp(log_softmax(each, axis=-1), axis=0) - np.log(len(each))
    return found.astype(np.float32)


def load(folder: Path) -> Model:
    """The model of a run's folder.

    Raises:
        UserError: there is none, its files do not belong together, or the source of an activation
            of the user's is not what it was.
    """
    try:
        said = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        content = (folder / PARAMETERS).read_bytes()
    except FileNotFoundError as error:
        raise UserError(
            f"{folder}: there is no {Path(error.filename).name}; give the folder of a finished "
            "run, such as runs/activations-digits"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{folder}: its model cannot be read ({error}); run the experiment again"
        ) from None
    if not isinstance(said, dict):
        raise UserError(f"{folder / DESCRIPTION}: it describes no model; run the experiment again")
    # Earlier versions had no checksum of it.
    checked = CHECKSUM not in said or said.pop(CHECKSUM) == _checksum(said)
    try:
        if not checked:
            raise ValueError("its checksum differs")
        structure, left_out = said["structure"], tuple(said["left_out"])
        preprocessing = Preprocessing.from_json(said["preprocessing"])
        sources, label, depth = said["own_activations"], structure["activation"], structure["depth"]
        own = {name: each["source_sha256"] for name, each in sources.items()}
        functions = said.get("own_functions", {})  # which earlier versions had not
        own |= {name: each["source_sha256"] for name, each in functions.get("network", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UserError(
            f"{folder / DESCRIPTION}: it is damaged, has been edited or is of another version of "
            f"jaxnn ({error}); run the experiment again"
        ) from None
    if hashlib.sha256(content).hexdigest() != said.get("parameters_sha256"):
        raise UserError(
            f"{folder}: {PARAMETERS} is not the one that {DESCRIPTION} describes; run the "
            "experiment again"
        )
    now = {name: one["source_sha256"] for name, one in named_activations.described([label]).items()}
    if is_own(structure):
        now |= own_functions.saved_source(structure["network"])
    for name, sha256 in now.items():
        if sha256 != own.get(name):
            raise UserError(
                f"{folder}: the source of {name} is not the one that the model was trained with; "
                "restore it, or run the experiment again"
            )
    try:
        found = safetensors.numpy.load(content)
        if "members" not in said:  # of an earlier version, which saved one network
            found = {name: leaf[None] for name, leaf in found.items()}
        # Before networks of any size are built.
        if not is_own(structure) and not depth < len(found):
            raise ValueError(f"{depth} hidden layers and {len(found)} arrays")
        net = network(structure, named_activations.find(label), preprocessing)
        expected = jax.eval_shape(net.init, jax.random.key(0))
        for name, leaf in flat(expected).items():
            shape = (said.get("members", 1), *leaf.shape)
            if found[name].shape != shape or found[name].dtype != leaf.dtype:
                raise ValueError(
                    f"{name} is {found[name].dtype} {found[name].shape}, not {leaf.dtype} {shape}"
                )
        params = jax.tree.unflatten(
            jax.tree.structure(expected), [found[name] for name in flat(expected)]
        )
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise UserError(
            f"{folder / PARAMETERS}: it does not have the parameters of {DESCRIPTION} ({error}); "
            "run the experiment again"
        ) from None
    metric = said.get("metric")  # earlier versions had none
    return Model(structure, net, preprocessing, params, metric, left_out, sources, functions)


def _checksum(description: Mapping[str, Any]) -> str:
    """Of all that a description says."""
    return hashlib.sha256(json.dumps(plain(description), sort_keys=True).encode()).hexdigest()


def flat(params: Params) -> dict[str, Any]:
    """Leaves by their place, in the order of jax.tree.leaves.

    Example:
        >>> list(flat(({"weight": 1, "bias": 2, "activation": {"beta": 3}}, {"weight": 4})))
        ['0.activation.beta', '0.bias', '0.weight', '1.weight']
    """
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    }

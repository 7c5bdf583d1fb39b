"""A trained network as two plain files.

model.safetensors has its numbers, model.json all that turns them into predictions.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import safetensors.numpy
from safetensors import SafetensorError

import jaxnn
from experiments.lab.data import Dataset, Preprocessing
from experiments.lab.io.errors import UserError
from experiments.lab.study import named_activations
from experiments.lab.study.score import Score, score_for
from experiments.lab.study.study import network
from jaxnn.types import Network, Params

PARAMETERS, DESCRIPTION = "model.safetensors", "model.json"
ROWS = 1024  # go through the network at a time: one program for any number of rows


@dataclass(frozen=True)
class Model:
    """A network and what it needs to predict.

    structure: the network's activation, depth and width, and how it was trained.
    network: of that structure.
    preprocessing: from rows as found to inputs, and what the outputs mean.
    params: the network's, as NumPy arrays.
    metric: how it is judged, a name in jaxnn.METRICS; None: accuracy or R².
    left_out: columns of the data that the network was trained without.
    own_activations: those of the user's that it has, as ``named_activations.described``.
    """

    structure: Mapping[str, Any]
    network: Network
    preprocessing: Preprocessing
    params: Params
    metric: str | None = None
    left_out: tuple[str, ...] = ()
    own_activations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def judge(self) -> Score:
        """How it is judged."""
        return score_for(self.preprocessing, self.metric)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """The output layer's linear values, float32 (rows, outputs), of x (rows, features)."""
        apply = jax.jit(jax.vmap(self.network.apply, in_axes=(None, 0)))
        pieces = np.pad(x, ((0, -len(x) % ROWS), (0, 0))).reshape(-1, ROWS, x.shape[1])
        return np.concatenate([apply(self.params, piece) for piece in pieces])[: len(x)]

    def predictions(self, outputs: np.ndarray) -> pd.DataFrame:
        """One row per example: the prediction, and of classes the probability of each.

        A number is in the unit of the target, also where its logarithm was trained on.
        """
        names = np.array(self.preprocessing.classes, object)
        if not len(names):
            return pd.DataFrame({"prediction": self.preprocessing.decode(outputs[:, 0])})
        logits = outputs if len(names) > 2 else np.concatenate([-outputs, outputs], axis=1)
        activation = jaxnn.HEADS[self.preprocessing.head].activation
        probabilities = np.asarray(jax.vmap(activation)(jnp.asarray(logits)))
        columns = {
            f"probability of {name}": probabilities[:, number] for number, name in enumerate(names)
        }
        return pd.DataFrame({"prediction": names[self._classes(outputs)], **columns})

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
        return content, {
            "structure": self.structure,
            "task": self.preprocessing.head,
            "target": self.preprocessing.target,
            "classes": self.preprocessing.classes,
            "metric": self.judge.name,
            **about,
            "own_activations": self.own_activations,
            "left_out": self.left_out,
            "preprocessing": self.preprocessing.to_json(),
            "parameters_sha256": hashlib.sha256(content).hexdigest(),
        }

    def scores(self, data: Dataset) -> dict[str, float]:
        """The score on each part of the data; all rows go through the network together."""
        parts = ("train", "validation", "test")
        outputs = self.outputs(np.concatenate([data.x[part] for part in parts]))
        cuts = np.cumsum([len(data.x[part]) for part in parts])[:-1]
        return {
            part: self.score(found, data.y[part])
            for part, found in zip(parts, np.split(outputs, cuts), strict=True)
        }

    def _classes(self, outputs: np.ndarray) -> np.ndarray:
        return (
            np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(int)
        )


def load(folder: Path) -> Model:
    """The model of a run's folder.

    Raises:
        UserError: there is none, its files do not belong together, or the source of an activation
            of the user's is not what it was.
    """
    try:
        plain = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        content = (folder / PARAMETERS).read_bytes()
    except FileNotFoundError as error:
        raise UserError(
            f"{folder}: there is no {Path(error.filename).name}; give the folder of a finished "
            "run, such as runs/activations-digits"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: its model cannot be read ({error}); run the experiment again"
        ) from None
    if hashlib.sha256(content).hexdigest() != plain.get("parameters_sha256"):
        raise UserError(
            f"{folder}: {PARAMETERS} is not the one that {DESCRIPTION} describes; run the "
            "experiment again"
        )
    try:
        structure, left_out = plain["structure"], tuple(plain["left_out"])
        preprocessing = Preprocessing.from_json(plain["preprocessing"])
        sources, label = plain["own_activations"], structure["activation"]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{folder / DESCRIPTION}: it has been edited or is of another version of jaxnn "
            f"({error}); run the experiment again"
        ) from None
    for name, now in named_activations.described([label]).items():
        if now["source_sha256"] != sources[name]["source_sha256"]:
            raise UserError(
                f"{folder}: the source of {name} is not the one that the model was trained with; "
                "restore it, or run the experiment again"
            )
    net = network(structure, named_activations.find(label), preprocessing)
    expected = jax.eval_shape(net.init, jax.random.key(0))
    try:
        found = safetensors.numpy.load(content)
        params = jax.tree.unflatten(
            jax.tree.structure(expected), [found[name] for name in flat(expected)]
        )
    except (KeyError, SafetensorError) as error:
        raise UserError(
            f"{folder / PARAMETERS}: it does not have the parameters of {DESCRIPTION} ({error}); "
            "run the experiment again"
        ) from None
    metric = plain.get("metric")  # earlier versions had none
    return Model(structure, net, preprocessing, params, metric, left_out, sources)


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

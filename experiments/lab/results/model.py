"""A trained network as two plain files: model.safetensors, its numbers, and model.json, all that turns them into predictions."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
import safetensors.numpy
from safetensors import SafetensorError

import jaxnn
from experiments.lab.data import Dataset, Preprocessing
from experiments.lab.io.cli import UserError
from experiments.lab.results.folder import RunFolder
from experiments.lab.study import own
from jaxnn.types import Network, Params

PARAMETERS, DESCRIPTION = "model.safetensors", "model.json"
ROWS = 1024  # that go through the network at a time: one program for any number of rows


class Model(NamedTuple):
    """A network and what it needs to predict.

    structure: the network's activation, depth and width, and how it was trained.
    preprocessing: from rows as found to inputs, and what the outputs mean.
    params: the network's, as NumPy arrays.
    left_out: columns of the data it was trained on that it does not look at.
    """

    structure: Mapping[str, Any]
    preprocessing: Preprocessing
    params: Params
    left_out: tuple[str, ...] = ()

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """The output layer's linear values, float32 (rows, outputs), for inputs (rows, features)."""
        apply = jax.jit(
            jax.vmap(network(self.structure, self.preprocessing).apply, in_axes=(None, 0))
        )
        pieces = np.pad(x, ((0, -len(x) % ROWS), (0, 0))).reshape(-1, ROWS, x.shape[1])
        return np.concatenate([apply(self.params, piece) for piece in pieces])[: len(x)]

    def predictions(self, outputs: np.ndarray) -> pd.DataFrame:
        """One row an example: the prediction, for a number in its own unit, for classes with the probability of each."""
        names = np.array(self.preprocessing.classes, object)
        if not len(names):
            mean, deviation = self.preprocessing.scale
            return pd.DataFrame({"prediction": outputs[:, 0].astype(np.float64) * deviation + mean})
        logits = outputs if len(names) > 2 else np.concatenate([-outputs, outputs], axis=1)
        activation = jaxnn.HEADS[self.preprocessing.head].activation
        probabilities = np.asarray(jax.vmap(activation)(logits))
        columns = {
            f"probability of {name}": probabilities[:, number] for number, name in enumerate(names)
        }
        return pd.DataFrame({"prediction": names[self._classes(outputs)], **columns})

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Accuracy, or R² of a number, against targets as Preprocessing.encode gives them; nan where all targets are one number."""
        if self.preprocessing.classes:
            return float(np.mean(self._classes(outputs) == targets.ravel()))
        outputs, targets = outputs.astype(np.float64), targets.astype(np.float64)
        spread = targets.var()
        return float(1 - np.mean((outputs - targets) ** 2) / spread) if spread else float("nan")

    def _classes(self, outputs: np.ndarray) -> np.ndarray:
        return (
            np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(int)
        )


def network(structure: Mapping[str, Any], data: Dataset | Preprocessing) -> Network:
    """The network of one structure for these inputs and classes.

    Raises:
        UserError: the activation cannot be used at this width.
    """
    outputs = jaxnn.HEADS[data.head].outputs(len(data.classes))
    phi = own.activations(structure["activation"])
    try:
        return jaxnn.mlp(
            (data.features, *[structure["width"]] * structure["depth"], outputs),
            activation=phi if len(phi) > 1 else phi[0],
        )
    except (
        ValueError
    ) as error:  # such as an odd width for an activation that makes two outputs of each unit
        raise UserError(
            f"--activation {structure['activation']} --width {structure['width']}: {error}"
        ) from None


def save(folder: RunFolder, model: Model, about: Mapping[str, Any]) -> None:
    """Write the two files; each knows the other, since the description has the parameters' hash.

    Args:
        folder: the run's.
        model: what to save.
        about: what else the description should say, such as scores, versions and the command.
    """
    content = safetensors.numpy.save(
        {name: np.asarray(leaf, order="C") for name, leaf in flat(model.params).items()}
    )
    temporary = folder.path / f"{PARAMETERS}.tmp"
    temporary.write_bytes(content)
    os.replace(temporary, folder.path / PARAMETERS)
    preprocessing = model.preprocessing
    folder.write_json(
        DESCRIPTION,
        {
            "structure": model.structure,
            "task": preprocessing.head,
            "target": preprocessing.target,
            "classes": preprocessing.classes,
            **about,
            "own_activations": own.described([model.structure["activation"]]),
            "left_out": model.left_out,
            "preprocessing": preprocessing.to_json(),
            "parameters_sha256": hashlib.sha256(content).hexdigest(),
        },
    )


def load(folder: Path) -> Model:
    """The model of a run's folder.

    Raises:
        UserError: there is none, its files do not belong together, or an own activation's source is not what it was.
    """
    try:
        plain = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        content = (folder / PARAMETERS).read_bytes()
    except FileNotFoundError as error:
        raise UserError(
            f"{folder}: there is no {Path(error.filename).name}; give the folder of a finished run, such as "
            "runs/activations-digits"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: its model cannot be read ({error}); run the experiment again"
        ) from None
    if hashlib.sha256(content).hexdigest() != plain.get("parameters_sha256"):
        raise UserError(
            f"{folder}: {PARAMETERS} is not the one that {DESCRIPTION} describes; run the experiment again"
        )
    try:
        structure, left_out = plain["structure"], tuple(plain["left_out"])
        preprocessing, sources = (
            Preprocessing.from_json(plain["preprocessing"]),
            plain["own_activations"],
        )
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{folder / DESCRIPTION}: it has been edited or is of another version of jaxnn ({error}); run the experiment "
            "again"
        ) from None
    for name, now in own.described([structure["activation"]]).items():
        if now["source_sha256"] != sources[name]["source_sha256"]:
            raise UserError(
                f"{folder}: the source of {name} is not the one that the model was trained with; restore it, or run the "
                "experiment again"
            )
    expected = jax.eval_shape(network(structure, preprocessing).init, jax.random.key(0))
    try:
        found = safetensors.numpy.load(content)
        params = jax.tree.unflatten(
            jax.tree.structure(expected), [found[name] for name in flat(expected)]
        )
    except (KeyError, SafetensorError) as error:
        raise UserError(
            f"{folder / PARAMETERS}: it does not hold the parameters of {DESCRIPTION} ({error}); run the experiment "
            "again"
        ) from None
    return Model(structure, preprocessing, params, left_out)


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

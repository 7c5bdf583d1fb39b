"""Preprocessing fitted to training rows: numbers and names that turn any such rows into inputs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.data.columns import Further
from experiments.lab.data.encoders import (
    Category,
    Date,
    Encoder,
    Number,
    encoded,
    fit_columns,
    float32,
    scaled,
)
from experiments.lab.io.errors import UserError

KINDS: Mapping[type, str] = {Number: "number", Category: "category", Date: "date"}


class Preprocessing(NamedTuple):
    """From rows as found to a network's inputs, and what its outputs mean; in plain values.

    target: the target's name.
    columns: how each column of a table is encoded, in the order of the inputs; empty for an array.
    unit: (mean, standard deviation, numbers per row) of an array whose numbers share one unit; None
        for a table.
    classes: the names of the classes in the order of the outputs; empty for regression.
    scale: (mean, standard deviation) of the training targets, in the target's unit, or of their
        logarithms; (0, 1) for classification.
    transform: "log" where the logarithm of the target is trained on; "none" elsewhere.
    missing: words that stand for no number or date; and everywhere: for nothing in any column.
    padding: further inputs that are always 0, so that a network of these rows has as many inputs as
        one of other rows of the same table, among which there are further categories or columns.

    Example:
        >>> rows = pd.DataFrame({"size": [50.0, 70.0, 60.0], "city": ["Ulm", "Bonn", None]})
        >>> fitted = fit(rows, np.array([1.0, 3.0, 2.0]), target="price")
        >>> again = Preprocessing.from_json(fitted.to_json())
        >>> again == fitted, again.apply(pd.DataFrame({"city": ["Ulm"], "size": [60.0]})).tolist()
        (True, [[0.0, 0.0, 1.0, 0.0]])
    """

    target: str
    columns: tuple[Encoder, ...]
    unit: tuple[float, float, int] | None
    classes: tuple[str, ...]
    scale: tuple[float, float]
    transform: str = "none"
    padding: int = 0
    missing: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The key of jaxnn.HEADS: "regression", "binary" or "multiclass"."""
        return {0: "regression", 2: "binary"}.get(len(self.classes), "multiclass")

    @property
    def features(self) -> int:
        """The number of the network's inputs."""
        if self.unit:
            return self.unit[2]
        return sum(column.features for column in self.columns) + self.padding

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that are used."""
        return tuple(column.name for column in self.columns)

    @property
    def further(self) -> Further:
        """How ``read_table`` reads further rows of the same table."""
        return Further({column.name: KINDS[type(column)] for column in self.columns}, self.missing)

    def apply(self, rows: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The network's inputs of these rows.

        Args:
            rows: a table with the columns in ``names``, where other columns are ignored, or, where
                ``unit`` is given, an array (rows, features).

        Returns:
            float32 (rows, features).

        Raises:
            UserError: a column is missing; a column of numbers holds something else or an infinite
                number; or an array has another number of values per row than the training rows.
        """
        if self.unit:
            mean, deviation, features = self.unit
            if rows.shape[1:] != (features,):
                raise UserError(
                    f"the rows have {rows.shape[1]} numbers each, but the training rows have "
                    f"{features}; give rows from the same data set"
                )
            return float32((rows - np.float64(mean)) / np.float64(deviation))
        missing = [column.name for column in self.columns if column.name not in rows]
        if missing:
            raise UserError(
                f"the rows lack the column{'s' * (len(missing) > 1)} {', '.join(missing)}; give a "
                "table with all columns that the model was trained on"
            )
        inputs = encoded(self.columns, rows)
        return np.pad(inputs, ((0, 0), (0, self.padding))) if self.padding else inputs

    def encode(self, y: Sequence[Any] | np.ndarray) -> np.ndarray:
        """Targets as the head takes them.

        Args:
            y: targets as found, (rows,).

        Returns:
            The number of the class, int32 (rows,), for several classes; 0 or 1, float32 (rows, 1),
            for two; the standardised target, or its standardised logarithm, float32 (rows, 1), for
            regression.

        Raises:
            UserError: a row has a class that no training row has; or, where logarithms are trained
                on, a target that is not positive.
        """
        if not self.classes:
            mean, deviation = self.scale
            found = transformed(np.asarray(y, np.float64), self.transform, self.target)
            return ((found - mean) / deviation).astype(np.float32)[:, None]
        numbers = pd.Index(self.classes).get_indexer([str(name) for name in y])
        if (numbers < 0).any():
            raise UserError(
                f"the test rows hold the class {y[int(np.argmax(numbers < 0))]}, which no training "
                "row has; use test rows from the same data set"
            )
        return (
            numbers.astype(np.float32)[:, None]
            if self.head == "binary"
            else numbers.astype(np.int32)
        )

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """From a network's outputs for a regression to numbers in the target's unit, float64.

        Args:
            outputs: any shape, as ``encode`` makes targets.
        """
        mean, deviation = self.scale
        values = np.asarray(outputs, np.float64) * deviation + mean
        return np.exp(values) if self.transform == "log" else values

    def to_json(self) -> dict[str, Any]:
        """Plain values, as json.dumps takes them."""
        columns = [{"kind": KINDS[type(column)], **column._asdict()} for column in self.columns]
        return self._asdict() | {"columns": columns}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Preprocessing":
        """The preprocessing from what ``to_json`` gave, directly or through a JSON file.

        Files of earlier versions have no ``transform`` and what follows it.
        """
        kinds = {kind: made for made, kind in KINDS.items()}
        columns = []
        for column in plain["columns"]:
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in column.items()
            }
            columns.append(kinds[values.pop("kind")](**values))
        unit = None if plain["unit"] is None else tuple(plain["unit"])
        return cls(
            plain["target"],
            tuple(columns),
            unit,
            tuple(plain["classes"]),
            tuple(plain["scale"]),
            plain.get("transform", "none"),
            plain.get("padding", 0),
            tuple(plain.get("missing", ())),
            tuple(plain.get("everywhere", ())),
        )


def fit(
    x: pd.DataFrame | np.ndarray,
    y: np.ndarray,
    *,
    target: str,
    classes: Sequence[str] = (),
    transform: str = "none",
    missing: Sequence[str] = (),
    everywhere: Sequence[str] = (),
) -> Preprocessing:
    """Fit the preprocessing to training rows.

    The columns of a table are fitted one by one, the numbers of an array together. A column with
    only one value, or none, is left out, since nothing can be learned from it.

    Args:
        x: a table, or an array (rows, features) of numbers that share one unit.
        y: targets as found, (rows,); numbers for regression.
        target: the target's name.
        classes: the names of the classes; none for regression.
        transform: of the target of a regression, "none" or "log".
        missing, everywhere: of a Source.

    Returns:
        The preprocessing; the scale of a regression is that of ``y``, or of its logarithm.

    Raises:
        UserError: no column is left; or as ``transformed``.
    """
    scale = (0.0, 1.0)
    if not classes:
        y = transformed(y, transform, target)
        ((_, mean, deviation),) = scaled(np.asarray(y, np.float64)[None])
        scale = (mean, deviation)
    if isinstance(x, np.ndarray):
        unit = (float(x.mean(dtype=np.float64)), float(x.std(dtype=np.float64)) or 1.0, x.shape[1])
        return Preprocessing(target, (), unit, tuple(classes), scale, transform)
    columns = fit_columns(x)
    if not columns:
        raise UserError(
            f"every column but {target} holds only one value in the training rows; give a table "
            f"with a column that {target} can be predicted from"
        )
    return Preprocessing(
        target,
        tuple(columns),
        None,
        tuple(classes),
        scale,
        transform,
        missing=tuple(missing),
        everywhere=tuple(everywhere),
    )


def transformed(y: np.ndarray, transform: str, target: str) -> np.ndarray:
    """The target as a regression trains on it, before it is standardised.

    Args:
        y: numbers, (rows,).
        transform: "none", or "log" for the natural logarithm.
        target: the target's name.

    Raises:
        UserError: a number has no logarithm.

    Example:
        >>> transformed(np.array([1.0, 10.0, 100.0]), "log", "price").round(2).tolist()
        [0.0, 2.3, 4.61]
    """
    if transform == "none":
        return y
    wrong = np.flatnonzero(~(y > 0))
    if len(wrong):
        row = int(wrong[0])
        raise UserError(
            f"--transform log: {target} is {y[row]:g} in row {row + 1:,} of {len(y):,}, and only a "
            "positive number has a logarithm; correct or leave out such rows, or leave --transform "
            "out"
        )
    return np.log(y)

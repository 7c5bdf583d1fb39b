"""What is fitted to the training rows: plain numbers and names that turn any rows of the same columns into inputs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiments.lab.io.cli import UserError

MAX_CATEGORIES = 50  # of one column; the rarer ones share the last


class Number(NamedTuple):
    """A column of numbers: a missing cell becomes the median, then (cell − mean) / scale."""

    name: str
    median: float
    mean: float
    scale: float

    @property
    def features(self) -> int:
        """Inputs that the column becomes."""
        return 1

    def apply(self, column: pd.Series) -> np.ndarray:
        """The column as float64 (rows, 1).

        Raises:
            UserError: a cell is no finite number.
        """
        wrong = unreadable(column)
        if wrong.any():
            raise UserError(
                f"column {self.name} holds {str(column.iloc[np.argmax(wrong)])!r}, which is no finite number as in the "
                "training rows; mend the cell or leave it empty"
            )
        cells = _as_numbers(column)
        return ((np.where(np.isnan(cells), self.median, cells) - self.mean) / self.scale)[:, None]


class Category(NamedTuple):
    """A column of categories: a missing cell becomes the most frequent one, then one input a category, 0 or 1.

    rare: whether one more input stands for all categories that are not listed; without it they are 0 everywhere.
    """

    name: str
    most_frequent: str
    categories: tuple[str, ...]
    rare: bool

    @property
    def features(self) -> int:
        """Inputs that the column becomes."""
        return len(self.categories) + self.rare

    def apply(self, column: pd.Series) -> np.ndarray:
        """The column as float64 (rows, categories)."""
        cells = as_text(column).fillna(self.most_frequent)
        places = pd.Index(self.categories).get_indexer(
            cells
        )  # −1 where it is none of them: the row's last place
        return np.eye(len(self.categories) + 1)[places][:, : self.features]


class Preprocessing(NamedTuple):
    """From rows as found to a network's inputs, and what its outputs mean; plain values all through, so that JSON holds it.

    target: the name of what is predicted.
    columns: of a table, in the order of the inputs.
    unit: (mean, standard deviation) of an array whose numbers share one unit, and its numbers a row; None for a table.
    classes: their names in the order of the outputs; empty for regression.
    scale: (mean, standard deviation) of the training targets, in the target's unit; (0, 1) for classes.

    Example:
        >>> rows = pd.DataFrame({"size": [50.0, 70.0, 60.0], "city": ["Ulm", "Bonn", None]})
        >>> fitted = fit(rows, np.array([1.0, 3.0, 2.0]), target="price")
        >>> again = Preprocessing.from_json(fitted.to_json())
        >>> again == fitted, again.apply(pd.DataFrame({"city": ["Ulm"], "size": [60.0]})).tolist()
        (True, [[0.0, 0.0, 1.0]])
    """

    target: str
    columns: tuple[Number | Category, ...]
    unit: tuple[float, float, int] | None
    classes: tuple[str, ...]
    scale: tuple[float, float]

    @property
    def head(self) -> str:
        """ "regression", "binary" or "multiclass": the key of jaxnn.HEADS."""
        return {0: "regression", 2: "binary"}.get(len(self.classes), "multiclass")

    @property
    def features(self) -> int:
        """Numbers that go into the network."""
        return self.unit[2] if self.unit else sum(column.features for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return tuple(column.name for column in self.columns)

    @property
    def texts(self) -> tuple[str, ...]:
        """Of them, those that are text in a file, whatever it looks like: read further rows with read_frame(file, text=these)."""
        return tuple(
            column.name
            for column in self.columns
            if isinstance(column, Category) and not {*column.categories} <= {"True", "False"}
        )

    def apply(self, rows: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The inputs of these rows, float32 (rows, features); a table's further columns are not looked at.

        Raises:
            UserError: a column is missing, a number's column holds something else, or an array has other numbers a row.
        """
        if self.unit:
            mean, deviation, features = self.unit
            if rows.shape[1:] != (features,):
                raise UserError(
                    f"the rows have {rows.shape[1]} numbers each and the training rows {features}; give rows of the "
                    "same set"
                )
            return ((rows - np.float64(mean)) / np.float64(deviation)).astype(np.float32)
        missing = [column.name for column in self.columns if column.name not in rows]
        if missing:
            raise UserError(
                f"the rows lack the column{'s' * (len(missing) > 1)} {', '.join(missing)}; give a table with every "
                "column that was trained on"
            )
        return np.concatenate(
            [column.apply(rows[column.name]) for column in self.columns], axis=1, dtype=np.float32
        )

    def encode(self, y: Sequence[Any] | np.ndarray) -> np.ndarray:
        """Targets as the head takes them: int32 (rows,) for several classes, float32 (rows, 1) otherwise.

        Raises:
            UserError: a row has a class that no training row has.
        """
        if not self.classes:
            mean, deviation = self.scale
            return ((np.asarray(y, np.float64) - mean) / deviation).astype(np.float32)[:, None]
        numbers = pd.Index(self.classes).get_indexer([str(name) for name in y])
        if (numbers < 0).any():
            raise UserError(
                f"the test rows hold the class {y[np.argmax(numbers < 0)]}, which no training row has; "
                "use test rows of the same set"
            )
        return (
            numbers.astype(np.float32)[:, None]
            if self.head == "binary"
            else numbers.astype(np.int32)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, such as json.dumps takes."""
        return self._asdict() | {"columns": [column._asdict() for column in self.columns]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Preprocessing":
        """What ``to_json`` gave, be it by way of a file or not."""
        columns = tuple(
            Category(**{**column, "categories": tuple(column["categories"])})
            if "categories" in column
            else Number(**column)
            for column in plain["columns"]
        )
        unit = None if plain["unit"] is None else tuple(plain["unit"])
        return cls(plain["target"], columns, unit, tuple(plain["classes"]), tuple(plain["scale"]))


def fit(
    x: pd.DataFrame | np.ndarray, y: np.ndarray, *, target: str, classes: Sequence[str] = ()
) -> Preprocessing:
    """Fit to the training rows: columns of a table one by one, an array's numbers together, a regression's target too.

    A column with one value only (or none) tells nothing and is left out.

    Raises:
        UserError: no column is left.
    """
    scale = (0.0, 1.0) if classes else (float(y.mean()), float(y.std()) or 1.0)
    if isinstance(x, np.ndarray):
        unit = (float(x.mean(dtype=np.float64)), float(x.std(dtype=np.float64)) or 1.0, x.shape[1])
        return Preprocessing(target, (), unit, tuple(classes), scale)
    telling = [name for name in x if x[name].nunique() > 1]
    if not telling:
        raise UserError(
            f"every column but {target} holds one value only in the training rows; there is nothing to predict it from"
        )
    x = x[telling]
    numbers = x.select_dtypes("number")
    texts = x.drop(columns=numbers.columns)
    return Preprocessing(
        target, (*_numbers(numbers), *_categories(texts)), None, tuple(classes), scale
    )


def unreadable(column: pd.Series) -> np.ndarray:
    """Where a column of numbers holds neither a finite number nor nothing: bool (rows,)."""
    cells = _as_numbers(column)
    return np.isinf(cells) | (np.isnan(cells) & column.notna().to_numpy())


def as_text(column: pd.Series) -> pd.Series:
    """Cells as text, missing ones as missing; a whole number has no decimals, whether missing cells made it a float or not."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return (
        column.astype(object)
        .map(str, na_action="ignore")
        .astype(object)
        .where(column.notna(), np.nan)
    )


def _as_numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").astype(np.float64).to_numpy(np.float64)


def _numbers(frame: pd.DataFrame) -> list[Number]:
    if frame.empty:
        return []
    imputer, scaler = SimpleImputer(strategy="median"), StandardScaler()
    scaler.fit(imputer.fit_transform(frame.astype(np.float64)))
    fitted = zip(
        frame,
        imputer.statistics_.tolist(),
        scaler.mean_.tolist(),
        scaler.scale_.tolist(),
        strict=True,
    )
    return [Number(*values) for values in fitted]


def _categories(frame: pd.DataFrame) -> list[Category]:
    if frame.empty:
        return []
    imputer = SimpleImputer(strategy="most_frequent")
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES)
    encoder.fit(imputer.fit_transform(frame.apply(as_text)))
    return [
        Category(
            name,
            most_frequent,
            tuple(found if rare is None else np.setdiff1d(found, rare)),
            rare is not None,
        )
        for name, most_frequent, found, rare in zip(
            frame,
            imputer.statistics_,
            encoder.categories_,
            encoder.infrequent_categories_,
            strict=True,
        )
    ]

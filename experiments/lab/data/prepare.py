"""From rows as found to arrays to train on: split first, then fit every transformation on the training rows only."""

import hashlib
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiments.lab.cli import UserError
from experiments.lab.data.source import Source

FRACTION = 0.2  # of the rows for testing, and as many for validation
MAX_CATEGORIES = 50  # of one column; the rarer ones share the last


class Dataset(NamedTuple):
    """Arrays to train on.

    head: "regression", "binary" or "multiclass": the key of jaxnn.HEADS.
    x, y: part ("train", "validation", "test") -> float32 (rows, features) and the head's targets.
    classes: their names; empty for regression.
    scale: (mean, standard deviation) of the training targets, in the target's unit; (0, 1) for classes.
    sha256: of the rows as found.
    """

    name: str
    head: str
    target: str
    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    classes: tuple[str, ...]
    scale: tuple[float, float]
    sha256: str
    notes: tuple[str, ...]

    @property
    def features(self) -> int:
        """Numbers that go into the network."""
        return self.x["train"].shape[1]


def prepare(source: Source, *, split_seed: int = 0) -> Dataset:
    """Split, encode and standardise.

    Numbers of a table are imputed (median) and standardised column by column, categories imputed (most frequent) and
    one-hot; numbers that share a unit (pixels) are standardised together; a regression's target is standardised.

    Raises:
        UserError: there are too few rows for the split, or for the classes.
    """
    classes: tuple[str, ...] = ()
    notes = list(source.notes)
    y, test_y = source.y, source.test[1] if source.test else None
    if source.task == "classification":
        names = np.unique(y)
        if test_y is not None and not np.isin(test_y, names).all():
            stray = test_y[~np.isin(test_y, names)][0]
            raise UserError(f"{source.name}: the test rows hold the class {stray}, which no training row has; "
                            "use test rows of the same set")
        if len(names) < 2:
            raise UserError(f"{source.name}: {source.target} holds one class only, {names[0]}; there is nothing to learn, "
                            "give data with at least two")
        if len(y) < 3 * len(names):
            raise UserError(f"{source.name}: {len(y)} rows are too few for the {len(names)} classes of {source.target}, of which "
                            "each needs at least 3 on average; give more rows, or another --target")
        classes = tuple(str(name) for name in names)
        y = np.searchsorted(names, y)
        test_y = None if test_y is None else np.searchsorted(names, test_y)
    if len(y) < 5:
        raise UserError(f"{source.name}: {len(y)} rows are too few to train, validate and test on; give at least 5")
    rows = _split(y, stratify=bool(classes), seed=split_seed, with_test=source.test is None, notes=notes,
                  held_out=len(test_y) if test_y is not None else None)
    x = {part: source.x.iloc[index] if isinstance(source.x, pd.DataFrame) else source.x[index] for part, index in rows.items()}
    targets = {part: y[index] for part, index in rows.items()}
    if source.test:
        x["test"], targets["test"] = source.test[0], test_y
    head, targets, scale = _encode_targets(targets, classes)
    return Dataset(source.name, head, source.target, _encode_inputs(x), targets, classes, scale, _hash(source), tuple(notes))


def _split(y, *, stratify, seed, with_test, notes, held_out) -> dict[str, np.ndarray]:
    """Row numbers of each part; the validation part is as large as the test part, so that one program evaluates both."""
    counts = np.bincount(y) if stratify else np.array([len(y)])
    if stratify and counts[counts > 0].min() < 3:
        notes.append("a class has fewer than 3 rows, so the split is not stratified")
        stratify = False
    rest = np.arange(len(y))
    size = max(1, round(FRACTION * len(y)), int(stratify) * len(counts))
    if held_out is not None and int(stratify) * len(counts) <= held_out <= len(y) / 3:
        size = held_out
    rows = {}
    for part in ("test", "validation") if with_test else ("validation",):
        rest, rows[part] = train_test_split(rest, test_size=size, random_state=seed, stratify=y[rest] if stratify else None)
    return {part: np.sort(index) for part, index in {"train": rest, **rows}.items()}


def _encode_inputs(x: dict) -> dict[str, np.ndarray]:
    if isinstance(x["train"], np.ndarray):
        mean, deviation = x["train"].mean(dtype=np.float64), x["train"].std(dtype=np.float64)
        return {part: ((values - mean) / (deviation or 1.0)).astype(np.float32) for part, values in x.items()}
    numbers = make_column_selector(dtype_include=["number"])
    categories = make_column_selector(dtype_exclude=["number"])
    encoder = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()), numbers),
        (make_pipeline(SimpleImputer(strategy="most_frequent", keep_empty_features=True),
                       OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)),
         categories))
    frames = {part: _plain(frame) for part, frame in x.items()}
    encoder.fit(frames["train"])
    with warnings.catch_warnings():  # a category that no training row has is encoded as rare, which is what we want
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        return {part: np.asarray(encoder.transform(frame), np.float32) for part, frame in frames.items()}


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Everything that is not a number as text or missing, the two kinds of cell that scikit-learn imputes."""
    number = frame.select_dtypes("number").columns
    text = {name: frame[name].astype(object).map(str, na_action="ignore").where(frame[name].notna(), np.nan)
            for name in frame.columns.difference(number)}
    return frame.assign(**text).astype({name: np.float64 for name in number})


def _encode_targets(y: dict, classes: tuple[str, ...]):
    if len(classes) > 2:
        return "multiclass", {part: values.astype(np.int32) for part, values in y.items()}, (0.0, 1.0)
    if classes:
        return "binary", {part: values.astype(np.float32)[:, None] for part, values in y.items()}, (0.0, 1.0)
    mean, deviation = float(y["train"].mean()), float(y["train"].std()) or 1.0
    return "regression", {part: ((v - mean) / deviation).astype(np.float32)[:, None] for part, v in y.items()}, (mean, deviation)


def _hash(source: Source) -> str:
    digest = hashlib.sha256()
    for x, y in [(source.x, source.y), *([source.test] if source.test else [])]:
        if isinstance(x, pd.DataFrame):
            digest.update(x.to_csv(index=False).encode())
        else:
            digest.update(np.ascontiguousarray(x).tobytes())
        digest.update("\n".join(map(str, y)).encode())
    return digest.hexdigest()

"""From rows as found to arrays to train on: split, then preprocessing fitted to training rows."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from experiments.lab.data.preprocessing import Preprocessing, fit
from experiments.lab.data.source import Source
from experiments.lab.io.cli import UserError

FRACTION = 0.2  # of the rows are for testing, and as many for validation


class Dataset(NamedTuple):
    """Arrays to train on.

    name: what to call the data in a report.
    x: part ("train", "validation", "test") -> inputs, float32 (rows, features).
    y: part -> targets as the head takes them: int32 (rows,) for several classes, float32 (rows, 1)
        otherwise.
    preprocessing: what turned the rows as found into x and y; fitted to the training rows.
    sha256: the hash of the rows as found.
    notes: what was decided while loading and preparing, for the screen and the report.
    """

    name: str
    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    preprocessing: Preprocessing
    sha256: str
    notes: tuple[str, ...]

    @property
    def parts(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Part -> (x, y), as in x and y."""
        return {part: (self.x[part], self.y[part]) for part in self.x}

    @property
    def head(self) -> str:
        """The key of jaxnn.HEADS: "regression", "binary" or "multiclass"."""
        return self.preprocessing.head

    @property
    def target(self) -> str:
        """The target's name."""
        return self.preprocessing.target

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for regression."""
        return self.preprocessing.classes

    @property
    def features(self) -> int:
        """The number of the network's inputs."""
        return self.preprocessing.features


def shortened(names: Sequence[str], most: int = 10) -> str:
    """The first names of a list, and how many more there are.

    Args:
        names: at least one.
        most: how many to name at most.

    Returns:
        One line of text.

    Example:
        >>> shortened(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    return ", ".join(names[:most]) + f" and {len(names) - most:,} more" * (len(names) > most)


def prepare(source: Source, *, split_seed: int = 0) -> Dataset:
    """Split the rows, fit the preprocessing to the training rows, and apply it to all.

    In a table, numbers are imputed (median) and standardised column by column, categories are
    imputed (most frequent) and one-hot encoded. Numbers that share a unit (pixels) are standardised
    together. The target of a regression is standardised.

    Args:
        source: the rows as found.
        split_seed: the seed of the split; another seed gives other training and validation rows,
            and other test rows unless the data come with them.

    Returns:
        Arrays to train on. 60 % of the rows are for training, 20 % for validation and 20 % for
        testing, stratified by class unless a class has fewer than 3 rows. Where the data come with
        test rows, the others are split into 80 % and 20 %, or so that there are as many validation
        as test rows, if the test rows are at most a third as many as the others.

    Raises:
        UserError: there are too few rows for the split or for the classes, or only one class; a
            test row has a class that no training row has; or as for fit and Preprocessing.apply.

    Example:
        >>> from experiments.lab.data import load
        >>> data = prepare(load("iris"))
        >>> data.x["train"].shape, data.y["test"].shape, data.head, data.classes
        ((90, 4), (30,), 'multiclass', ('0', '1', '2'))
    """
    classes: tuple[str, ...] = ()
    notes = list(source.notes)
    labels = source.y
    if source.task == "classification":
        names, labels = np.unique(source.y, return_inverse=True)
        if len(names) < 2:
            raise UserError(
                f"{source.name}: {source.target} has only one class, {names[0]}; "
                "give data with at least two"
            )
        if len(labels) < 3 * len(names):
            hint = (
                "; it looks like a quantity, so use --task regression"
                if _are_numbers(names)
                else ", not a column that identifies rows"
            )
            raise UserError(
                f"{source.name}: {len(labels)} rows are too few for the {len(names)} classes of "
                f"{source.target}, which need at least 3 rows each on average; give more rows, or "
                "another --target" + hint * (len(names) > len(labels) / 2)
            )
        classes = tuple(str(name) for name in names)
    if len(labels) < 5:
        raise UserError(
            f"{source.name}: {len(labels)} rows are too few to train, validate and test on; "
            "give at least 5"
        )
    stratify = bool(classes)
    if stratify and (counts := np.bincount(labels)).min() < 3:
        rare = [f"{classes[number]} ({counts[number]})" for number in np.flatnonzero(counts < 3)]
        notes.append(
            "the split is not stratified, since classes with fewer than 3 rows cannot be in every "
            f"part: {shortened(rare)}"
        )
        stratify = False
    rows = _split(
        labels,
        stratify=stratify,
        seed=split_seed,
        with_test=source.test is None,
        held_out=len(source.test[1]) if source.test else None,
    )
    x = {
        part: source.x.iloc[index] if isinstance(source.x, pd.DataFrame) else source.x[index]
        for part, index in rows.items()
    }
    y = {part: source.y[index] for part, index in rows.items()}
    if source.test:
        x["test"], y["test"] = source.test
    try:
        preprocessing = fit(
            x["train"],
            y["train"],
            target=source.target,
            classes=classes,
            transform=source.transform,
        )
        x = {part: preprocessing.apply(values) for part, values in x.items()}
        y = {part: preprocessing.encode(values) for part, values in y.items()}
    except UserError as error:
        raise UserError(f"{source.name}: {error}") from None
    if not preprocessing.unit and (
        constant := [name for name in source.x if name not in preprocessing.names]
    ):
        notes.append(
            f"columns with only one value in the training rows are left out: {shortened(constant)}"
        )
    if repeated := _repeated(x, y):
        notes.append(
            "test rows with the inputs and the target of a training or validation row: "
            f"{repeated:,} of {len(y['test']):,}; if they are copies, the test score is too good"
        )
    return Dataset(source.name, x, y, preprocessing, _hash(source), tuple(notes))


def _split(y, *, stratify, seed, with_test, held_out) -> dict[str, np.ndarray]:
    """Row numbers of each part.

    Validation and test part are equally large where they can be: then one program evaluates both.
    """
    counts = np.bincount(y) if stratify else np.array([len(y)])
    rest = np.arange(len(y))
    size = max(1, round(FRACTION * len(y)), int(stratify) * len(counts))
    if held_out is not None and int(stratify) * len(counts) <= held_out <= len(y) / 3:
        size = held_out
    rows = {}
    for part in ("test", "validation") if with_test else ("validation",):
        rest, rows[part] = train_test_split(
            rest, test_size=size, random_state=seed, stratify=y[rest] if stratify else None
        )
    return {part: np.sort(index) for part, index in {"train": rest, **rows}.items()}


def _repeated(x: dict, y: dict) -> int:
    """How many test rows another part has too."""
    rows = {
        part: [
            hash(inputs.tobytes() + target.tobytes())
            for inputs, target in zip(x[part], y[part], strict=True)
        ]
        for part in x
    }
    others = {*rows["train"], *rows["validation"]}
    return sum(row in others for row in rows["test"])


def _are_numbers(names: np.ndarray) -> bool:
    return not pd.to_numeric(pd.Series(names), errors="coerce").isna().any()


def _hash(source: Source) -> str:
    digest = hashlib.sha256()
    for x, y in [(source.x, source.y), *([source.test] if source.test else [])]:
        if isinstance(x, pd.DataFrame):
            digest.update(x.to_csv(index=False).encode())
        else:
            digest.update(np.ascontiguousarray(x).tobytes())
        digest.update("\n".join(map(str, y)).encode())
    return digest.hexdigest()

"""Splits: which rows each seed trains, validates and tests on, and its preprocessing."""

import hashlib
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from experiments.lab.data.dataset import Dataset, shortened
from experiments.lab.data.preprocessing import Preprocessing, fit
from experiments.lab.data.source import Source
from experiments.lab.io.errors import UserError

FRACTION = 0.2  # of the rows are for testing, and as many for validation
WINDOW = 0.8  # of the rows, in time order, are used by one seed
LINES = 1 << 16  # of text that are made at a time
KEPT_BYTES = 1 << 31  # of splits in memory; further ones are made again when they are needed


class Splits:
    """The rows of a source, split anew for each seed.

    60 % of the rows are for training, 20 % for validation and 20 % for testing, stratified by class
    unless a class has fewer than 3 rows. Where the data come with test rows, every seed has these,
    and the others are split into 80 % and 20 %, or so that there are as many validation as test
    rows, if the test rows are at most a third as many as the others.

    Where the source has groups, all rows of a group are in the same part: groups in random order
    fill the test part, then the validation part, of whose rows as many are used as without groups.
    Where it has times, a seed uses 80 % of the rows that follow each other, from a random row on:
    the first 60 % of them for training, then 20 % for validation, the last 20 % for testing.

    In a table, numbers are imputed (median) and standardised column by column, dates become their
    time and its place in the year, the week and the day, and categories are one-hot encoded; that a
    cell is missing is an input of its own. Numbers that share a unit (pixels) are standardised
    together. The target of a regression is standardised. All of this is fitted to the training rows
    of the seed. A seed with fewer inputs than others, since a category is not among its training
    rows, gets inputs that are always 0.

    Attributes:
        source: the rows as found.
        fixed: whether all seeds have the split of seed 0.
        classes: names of the classes; empty for regression.
        notes: what was decided while loading and splitting.
    """

    def __init__(self, source: Source, *, fixed: bool = False):
        """Check that the rows can be split.

        Args:
            source: the rows as found.
            fixed: all seeds have the split of seed 0.

        Raises:
            UserError: there are too few rows or groups for the split or for the classes, or only
                one class.

        Example:
            >>> from experiments.lab.data import load
            >>> splits = Splits(load("iris"))
            >>> [len(rows) for rows in splits.rows(0).values()], splits.classes
            ([90, 30, 30], ('0', '1', '2'))
            >>> bool((splits.rows(0)["test"] == splits.rows(1)["test"]).all())
            False
        """
        self.source, self.fixed = source, fixed
        self.classes, self._labels = _classes(source)
        self.notes = list(source.notes)
        count = len(self._labels)
        if count < 5:
            raise UserError(
                f"{source.name}: {count} rows are too few to train, validate and test on; "
                "give at least 5"
            )
        self._parts = ("test", "validation") if source.test is None else ("validation",)
        self._stratify = bool(self.classes) and source.group is None and source.time is None
        if self._stratify and (counts := np.bincount(self._labels)).min() < 3:
            few = np.flatnonzero(counts < 3)
            rare = [f"{self.classes[number]} ({counts[number]})" for number in few]
            self.notes.append(
                "the split is not stratified, since classes with fewer than 3 rows cannot be in "
                f"every part: {shortened(rare)}"
            )
            self._stratify = False
        if source.group is not None and (groups := len(np.unique(source.group))) < 5:
            raise UserError(
                f"--group: {source.name} has {groups} groups, which are too few to train, validate "
                "and test on; name a column with at least 5 values"
            )
        self._size = self._held_out()
        self._kept: dict[int, Dataset] = {}
        self._kept_bytes = 0
        self._training_rows: dict[int, int] = {}

    def number(self, seed: int) -> int:
        """Of a seed's split: seeds with the same number have the same one."""
        return 0 if self.fixed else int(seed)

    def rows(self, seed: int) -> dict[str, np.ndarray]:
        """Row numbers of the source in each part, without test rows that come with the data."""
        split = (
            self._in_groups
            if self.source.group is not None
            else self._in_time
            if self.source.time is not None
            else self._at_random
        )
        return {part: np.sort(index) for part, index in split(self.number(seed)).items()}

    def of(self, seed: int) -> Dataset:
        """The arrays of a seed.

        Raises:
            UserError: a test row has a class that no training row has; or as for fit and
                Preprocessing.apply.
        """
        number = self.number(seed)
        if number not in self._kept:
            made = self._made(number, padded=True)
            if self._kept_bytes > KEPT_BYTES:
                self._kept.clear()
                self._kept_bytes = 0
            self._kept[number] = made
            self._kept_bytes += sum(rows.nbytes for rows in made.x.values())
        return self._kept[number]

    def targets(self, seed: int) -> Dataset:
        """The same without inputs, which take most of the time and memory."""
        y = {part: self.source.y[index] for part, index in self.rows(seed).items()}
        if self.source.test:
            y["test"] = self.source.test[1]
        nothing = np.zeros((len(y["train"]), 1), np.float32)
        return self._encoded(self._fit(nothing, y["train"]), {}, y)

    def single(self, seed: int) -> Dataset:
        """The split of one seed by itself: its inputs without padding, and notes on its rows."""
        made = self._made(self.number(seed), padded=False)
        return made._replace(notes=self.notes_on(seed, made.preprocessing))

    def notes_on(self, seed: int, used: Preprocessing) -> tuple[str, ...]:
        """What was decided while loading and splitting, and what is odd about the split of a seed.

        Args:
            seed: of the split.
            used: what its training rows were fitted with.
        """
        notes = list(self.notes)
        names = set(used.names)
        if not used.unit and (constant := [name for name in self.source.x if name not in names]):
            notes.append(
                "columns with only one value in the training rows are left out: "
                f"{shortened(constant)}"
            )
        rows = self._rows_as_found
        test = (
            self._as_found(*self.source.test) if self.source.test else rows[self.rows(seed)["test"]]
        )
        others = pd.Index(rows[self.joined_rows(seed)])
        if repeated := int(pd.Index(test).isin(others).sum()):
            notes.append(
                "test rows with the inputs and the target of a training or validation row: "
                f"{repeated:,} of {len(test):,}; if they are copies, the test score is too good"
            )
        return tuple(notes)

    def _made(self, number: int, *, padded: bool) -> Dataset:
        return self._of_rows(self.rows(number), padded=padded)

    def _of_rows(self, rows: Mapping[str, np.ndarray], *, padded: bool = True) -> Dataset:
        """Of row numbers in each part; test rows that come with the data are added."""
        source = self.source
        x = {part: _taken(source.x, index) for part, index in rows.items()}
        y = {part: source.y[index] for part, index in rows.items()}
        if source.test:
            x["test"], y["test"] = source.test
        fitted = self._fit(x["train"], y["train"])
        if padded:
            fitted = fitted._replace(padding=self.features - fitted.features)
        return self._encoded(fitted, x, y)

    def whole(self) -> Dataset:
        """All rows as training rows; those that come with the data as test rows."""
        source = self.source
        x, y = {"train": source.x}, {"train": source.y}
        if source.test:
            x["test"], y["test"] = source.test
        return self._encoded(self._of_all, x, y)

    def joined(self, seed: int) -> Dataset:
        """A seed's training and validation rows as training rows, and its test rows.

        The preprocessing is fitted to the training rows.
        """
        test = {part: rows for part, rows in self.rows(seed).items() if part == "test"}
        return self._of_rows({"train": self.joined_rows(seed), **test})

    def joined_rows(self, seed: int) -> np.ndarray:
        """Row numbers of a seed's training and validation rows, each once."""
        used = np.zeros(len(self._labels), bool)
        for part, index in self.rows(seed).items():
            used[index] |= part != "test"
        return np.flatnonzero(used)

    def parts(self, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Part -> (x, y) of a seed, in the same shapes for all: the training part is padded."""
        found = self.of(seed).parts
        x, y = found["train"]
        more = self._most_training_rows - len(x)
        return found | {"train": (_padded(x, more), _padded(y, more))}

    def training_rows(self, seed: int) -> int:
        """How many rows a seed trains on: the same for all, unless whole groups are held out."""
        number = self.number(seed) if self.source.group is not None else 0
        if number not in self._training_rows:
            self._training_rows[number] = len(self.rows(number)["train"])
        return self._training_rows[number]

    @property
    def features(self) -> int:
        """The number of a network's inputs, of which a seed may use fewer."""
        return self._of_all.features

    @cached_property
    def sha256(self) -> str:
        """The hash of the rows as found."""
        return _hash(self.source)

    @cached_property
    def _rows_as_found(self) -> np.ndarray:
        return self._as_found(self.source.x, self.source.y)

    def _as_found(self, x: pd.DataFrame | np.ndarray, y: np.ndarray) -> np.ndarray:
        targets = [self.source.y, *([self.source.test[1]] if self.source.test else [])]
        numeric = all(each.dtype == np.float64 for each in targets)
        return _rows_as_found(x, y, numeric=numeric)

    @cached_property
    def _of_all(self) -> Preprocessing:
        return self._fit(self.source.x, self.source.y)

    @cached_property
    def _most_training_rows(self) -> int:
        if self.source.group is None:
            return self.training_rows(0)
        # More only where groups run out, before the held-out rows are as many as they should be.
        largest = int(np.unique(self.source.group, return_counts=True)[1].max())
        return max(len(self._labels) - self._size * len(self._parts), largest)

    def _fit(self, x, y: np.ndarray) -> Preprocessing:
        try:
            return fit(
                x,
                y,
                target=self.source.target,
                classes=self.classes,
                transform=self.source.transform,
                missing=self.source.missing,
                everywhere=self.source.everywhere,
            )
        except UserError as error:
            raise UserError(f"{self.source.name}: {error}") from None

    def _encoded(self, preprocessing: Preprocessing, x: Mapping, y: Mapping) -> Dataset:
        name = self.source.name
        try:
            return Dataset(
                name,
                {part: preprocessing.apply(values) for part, values in x.items()},
                {part: preprocessing.encode(values) for part, values in y.items()},
                preprocessing,
                self.sha256,
                tuple(self.notes),
            )
        except UserError as error:
            raise UserError(f"{name}: {error}") from None

    def _held_out(self) -> int:
        """Rows of the validation part, and of the test part: one program evaluates both."""
        count, least = len(self._labels), int(self._stratify) * len(self.classes)
        if self.source.test is not None:
            given = len(self.source.test[1])
            if least <= given <= count / 3:
                return given
        return max(1, round(FRACTION * count), least)

    def _at_random(self, seed: int) -> dict[str, np.ndarray]:
        rest, rows, labels = np.arange(len(self._labels)), {}, self._labels
        for part in self._parts:
            rest, rows[part] = train_test_split(
                rest,
                test_size=self._size,
                random_state=seed,
                stratify=labels[rest] if self._stratify else None,
            )
        return {"train": rest, **rows}

    def _in_groups(self, seed: int) -> dict[str, np.ndarray]:
        _, group = np.unique(self.source.group, return_inverse=True)
        random = np.random.default_rng(seed)
        sizes = np.bincount(group)
        order, rows = list(random.permutation(len(sizes))), {}
        for number, part in enumerate(self._parts):
            drawn: list[int] = []
            later = len(self._parts) - number  # parts that need a group of their own
            while sizes[drawn].sum() < self._size and len(order) > later:
                drawn.append(order.pop())
            found = np.flatnonzero(np.isin(group, drawn))
            # Rows of few small groups count several times.
            rows[part] = np.resize(random.permutation(found), self._size)
        return {"train": np.flatnonzero(np.isin(group, order)), **rows}

    def _in_time(self, seed: int) -> dict[str, np.ndarray]:
        order = np.argsort(self.source.time, kind="stable")
        count = max(5, round(WINDOW * len(order)))
        start = np.random.default_rng(seed).integers(len(order) - count + 1)
        window = order[start : start + count]
        size = max(1, round(FRACTION * count))
        cuts = [count - size * number for number in range(len(self._parts), 0, -1)]
        train, *others = np.split(window, cuts)
        return {"train": train, **dict(zip(reversed(self._parts), others, strict=True))}


def _padded(rows: np.ndarray, more: int) -> np.ndarray:
    return np.pad(rows, ((0, more), *[(0, 0)] * (rows.ndim - 1))) if more else rows


def _taken(x, index: np.ndarray):
    return x.iloc[index] if isinstance(x, pd.DataFrame) else x[index]


def _classes(source: Source) -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the classes, and the number of each row's; no names and y for regression."""
    if source.task != "classification":
        return (), source.y
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
    return tuple(str(name) for name in names), labels


def _are_numbers(names: np.ndarray) -> bool:
    return not pd.to_numeric(pd.Series(names), errors="coerce").isna().any()


def _rows_as_found(x: pd.DataFrame | np.ndarray, y: np.ndarray, *, numeric: bool) -> np.ndarray:
    """A number for each row and its target, the same for equal ones, before anything is fitted.

    Targets are compared as text unless they are numeric: float64 among all rows.
    """
    if isinstance(x, pd.DataFrame):
        numbers = x.select_dtypes("number").astype(np.float64)  # 1.0 equals 1 of another file
        plain = pd.concat([numbers, x.select_dtypes(exclude="number")], axis=1)
        inputs = _hashes(plain)
    else:
        inputs = np.array([hash(row.tobytes()) for row in x])
    return _hashes(pd.DataFrame({"x": inputs, "y": y if numeric else list(map(str, y))}))


def _hashes(rows: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(rows, index=False).to_numpy()


def _hash(source: Source) -> str:
    digest = hashlib.sha256()
    for x, y in [(source.x, source.y), *([source.test] if source.test else [])]:
        if isinstance(x, pd.DataFrame):
            digest.update("\n".join(map(str, x)).encode())
            digest.update(_hashes(x).tobytes())
        else:
            digest.update(np.ascontiguousarray(x).tobytes())
        _update(digest, y)
    for column in (source.group, source.time):
        if column is not None:  # it decides which rows are in which part
            _update(digest, column)
    return digest.hexdigest()


def _update(digest, values: np.ndarray) -> None:
    """With the values as text, one a line, a part at a time."""
    # Python's own numbers are written as NumPy's are, and several times as fast.
    plain = values.dtype == np.float64
    for start in range(0, len(values), LINES):
        part = values[start : start + LINES]
        digest.update(b"\n" * bool(start))
        digest.update("\n".join(map(str, part.tolist() if plain else part)).encode())

"""Tables of rows of one kind, drawn anew for each job, so that the truth on new rows is known."""

from functools import cache
from pathlib import Path

import numpy as np

from experiments.lab.data import Source, Splits, load
from experiments.lab.data.dataset import Dataset
from experiments.lab.data.idx import read_folder

KNOWN = ("generated_classes", "generated_numbers", "digits", "mnist")
ROWS = {"generated_classes": 250, "generated_numbers": 250, "digits": 300, "mnist": 500}
# Rows that are not in the table, for each of ten blocks; of the digits there are 1,797 in all.
FRESH = {"generated_classes": 200, "generated_numbers": 200, "digits": 140, "mnist": 200}
FEATURES = 8


def has_mnist(folder: str) -> bool:
    """Whether MNIST's files are there."""
    return Path(folder).is_dir()


def draw(name: str, mnist: str, random: np.random.Generator, count: int) -> Source:
    """So many rows of one kind; all different where they are of a data set.

    Args:
        name: one of ``KNOWN``.
        mnist: the folder with MNIST's files.
        random: what they are drawn with.
        count: of rows.
    """
    if name.startswith("generated"):
        return generated(name == "generated_classes", random, count)
    whole = load("digits") if name == "digits" else _mnist(mnist)
    rows = random.choice(len(whole.y), count, replace=False)
    return whole._replace(x=np.asarray(whole.x)[rows], y=whole.y[rows])


def generated(classes: bool, random: np.random.Generator, count: int) -> Source:
    """Rows from a generator: a curved function of four of eight inputs, with noise.

    Args:
        classes: two classes instead of a number.
    """
    x = random.normal(size=(count, FEATURES)).astype(np.float32)
    signal = 1.2 * x[:, 0] + np.sin(2 * x[:, 1]) + x[:, 2] * x[:, 3] / 2
    y = signal + (0.6 if classes else 0.8) * random.normal(size=count)
    if classes:
        return Source("generated", x, y > 0, "classification", "y")
    return Source("generated", x, y, "regression", "y")


@cache
def _mnist(folder: str) -> Source:
    """The 60,000 training images, each pixel the mean of four."""
    whole = read_folder(Path(folder))
    side = round(whole.x.shape[1] ** 0.5)
    images = whole.x.reshape(len(whole.x), side // 2, 2, side // 2, 2).mean(axis=(2, 4))
    return whole._replace(x=images.reshape(len(images), -1), test=None)


def blocks(
    name: str, mnist: str, number: int, count: int
) -> tuple[list[Dataset], tuple[int, int, int]]:
    """The splits of one table, with rows that are not in the table as validation rows.

    Args:
        number: of the table.
        count: of splits.

    Returns:
        The splits, and the number of training rows, of test rows, and of the table's rows.
    """
    random, rows, more = np.random.default_rng(number), ROWS[name], FRESH[name]
    drawn = draw(name, mnist, random, rows + more * count)
    table = drawn._replace(x=drawn.x[:rows], y=drawn.y[:rows])
    splits, found = Splits(table), []
    for block in range(count):
        split = splits.of(block)
        fresh = slice(rows + block * more, rows + (block + 1) * more)
        x = split.preprocessing.apply(drawn.x[fresh])
        y = split.preprocessing.encode(drawn.y[fresh])
        found.append(split._replace(x=split.x | {"validation": x}, y=split.y | {"validation": y}))
    return found, (len(found[0].x["train"]), len(found[0].x["test"]), rows)

"""One split of the rows, as arrays to train on."""

from experiments.lab.data.dataset import Dataset
from experiments.lab.data.source import Source
from experiments.lab.data.splits import Splits


def prepare(source: Source, *, split_seed: int = 0) -> Dataset:
    """Split the rows, fit the preprocessing to the training rows, and apply it to all.

    Args:
        source: the rows as found.
        split_seed: the seed of the split; another seed gives other training and validation rows,
            and other test rows unless the data come with them.

    Returns:
        Arrays to train on; see ``Splits`` for what is done.

    Raises:
        UserError: as for Splits and Splits.of.

    Example:
        >>> from experiments.lab.data import load
        >>> data = prepare(load("iris"))
        >>> data.x["train"].shape, data.y["test"].shape, data.head, data.classes
        ((90, 4), (30,), 'multiclass', ('0', '1', '2'))
    """
    return Splits(source).single(split_seed)

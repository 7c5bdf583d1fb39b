"""Tasks for networks with context: sequences whose targets depend on earlier inputs."""

import numpy as np


def temporal_xor(
    rng: np.random.Generator, sequences: int, triples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Streams of bits in which every third bit is the XOR of the two before it.

    The task is to predict the next bit.

    Args:
        rng: draws the free bits.
        sequences: number of streams.
        triples: number of triples of bits in each stream.

    Returns:
        x: (sequences, 3 triples − 1, 1), float32, all bits but the last.
        y: same shape, the bit after each. From the second one on, every third y is predictable
            (y[:, 1::3]); the others are coin flips.

    Example:
        >>> x, y = temporal_xor(np.random.default_rng(0), 1, 3)
        >>> x[0, :, 0].tolist(), y[0, 1::3, 0].tolist()
        ([1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0])

    Reference:
        Elman 1990, Cognitive Science 14, 179–211.
    """
    free = rng.integers(0, 2, (sequences, triples, 2))
    bits = (
        np.concatenate([free, free.sum(axis=2, keepdims=True) % 2], axis=2)
        .reshape(sequences, 3 * triples, 1)
        .astype(np.float32)
    )
    return bits[:, :-1], bits[:, 1:]


def adding(rng: np.random.Generator, sequences: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The adding problem: the sum of the two marked numbers of a sequence, one in each half.

    The numbers are uniform on [0, 1], so always answering the mean, 1, has a mean squared error
    of 1/6.

    Args:
        rng: draws numbers and marks.
        sequences: number of sequences.
        length: steps per sequence, at least 2.

    Returns:
        x: (sequences, length, 2), float32, number and mark (1 at two steps, else 0).
        y: (sequences, 1), float32, the sum of the two marked numbers.

    Example:
        >>> x, y = adding(np.random.default_rng(0), 3, 10)
        >>> bool(np.allclose((x[..., 0] * x[..., 1]).sum(axis=1), y[:, 0]))
        True
        >>> x[..., 1].sum(axis=1).tolist()
        [2.0, 2.0, 2.0]

    Reference:
        Hochreiter & Schmidhuber 1997, Neural Computation 9, in the form of Le, Jaitly & Hinton
        2015, arXiv 1504.00941.
    """
    numbers, marks = rng.random((sequences, length)), np.zeros((sequences, length))
    rows = np.arange(sequences)
    marks[rows, rng.integers(0, length // 2, sequences)] = 1
    marks[rows, rng.integers(length // 2, length, sequences)] = 1
    x = np.stack([numbers, marks], axis=2).astype(np.float32)
    return x, (numbers * marks).sum(axis=1, keepdims=True).astype(np.float32)

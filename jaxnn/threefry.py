"""The permutations of ``jax.random`` by NumPy, bit for bit, without compiling anything.

Batches are drawn on the host, and there the compiler would take far longer than the draw: it makes
a program for each number of examples. These are JAX's default keys (threefry2x32, partitionable).
"""

import math

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
ORDER = int.from_bytes(b"orde", "big")  # as sweep.run_key(seed, "order")
PARITY = np.uint32(0x1BD11BDA)


def threefry2x32(key: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The block cipher that all of JAX's random numbers come from.

    Args:
        key: uint32 (2, …).
        counts: uint32 (2, …), what is encrypted; both are broadcast beyond the first axis.

    Returns:
        uint32 (2, …).

    Example:
        >>> import jax
        >>> key = jax.random.key_data(jax.random.key(3))
        >>> folded = jax.random.key_data(jax.random.fold_in(jax.random.key(3), 5))
        >>> found = threefry2x32(np.asarray(key), np.array([0, 5], np.uint32))
        >>> bool((found == folded).all())
        True

    Reference:
        Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    keys = (key[0], key[1], key[0] ^ key[1] ^ PARITY)
    with np.errstate(over="ignore"):  # sums of uint32 wrap around
        left, right = counts[0] + keys[0], counts[1] + keys[1]
        for number in range(5):
            for turn in ROTATIONS[number % 2]:
                left = left + right
                right = ((right << np.uint32(turn)) | (right >> np.uint32(32 - turn))) ^ left
            left = left + keys[(number + 1) % 3]
            right = right + keys[(number + 2) % 3] + np.uint32(number + 1)
    return np.stack([left, right])


def fold_in(key: np.ndarray, numbers: np.ndarray | int) -> np.ndarray:
    """``jax.random.fold_in`` for many numbers.

    Args:
        key: uint32 (2, …).
        numbers: from 0 to 2³² − 1, broadcast with the axes of key beyond the first.

    Returns:
        Keys, uint32 (2, …).

    Example:
        >>> fold_in(np.zeros((2, 1), np.uint32), np.arange(3)).shape
        (2, 3)
    """
    low = np.asarray(numbers, np.uint32)
    return threefry2x32(key, np.stack([np.zeros_like(low), low]))


def permutations(key: np.ndarray, examples: int) -> np.ndarray:
    """``jax.random.permutation(key, examples)`` for many keys.

    Args:
        key: uint32 (2, keys).
        examples: how many numbers to permute.

    Returns:
        int32 (keys, examples).

    Example:
        >>> import jax
        >>> key = np.asarray(jax.random.key_data(jax.random.key(3)))[:, None]
        >>> found = permutations(key, 7)[0]
        >>> bool((found == jax.random.permutation(jax.random.key(3), 7)).all())
        True
    """
    counts = np.arange(examples, dtype=np.uint32)
    found = np.broadcast_to(counts.astype(np.int32), (key.shape[1], examples))
    # Sorted by random numbers, of which two may be equal, as often as makes that harmless.
    for _ in range(math.ceil(3 * math.log(max(1, examples)) / math.log(2**32 - 1))):
        key, own = fold_in(key, 0), fold_in(key, 1)  # as jax.random.split
        left, right = threefry2x32(
            own[:, :, None], np.stack([np.zeros_like(counts), counts])[:, None]
        )
        found = np.take_along_axis(found, np.argsort(left ^ right, axis=1, kind="stable"), axis=1)
    return found


def host_batches(
    seeds: np.ndarray, *, examples: int, batch_size: int, steps: int, start: int = 0
) -> np.ndarray:
    """What ``sweep.batches`` draws for these seeds.

    Args:
        seeds: int (seeds,).
        examples, batch_size, steps, start: of ``batch_order``.

    Returns:
        int32 (seeds, steps, batch_size).

    Example:
        >>> from jaxnn.sweep import batches
        >>> sizes = {"examples": 6, "batch_size": 4, "steps": 5, "start": 2}
        >>> bool((host_batches(np.arange(3), **sizes) == batches(range(3), **sizes)).all())
        True
    """
    low = np.asarray(seeds, np.uint32)
    key = fold_in(np.stack([np.zeros_like(low), low]), ORDER)
    first, skipped = divmod(start * batch_size, examples)
    epochs = -(-(skipped + steps * batch_size) // examples)
    keys = fold_in(key[:, :, None], first + np.arange(epochs))
    drawn = permutations(keys.reshape(2, -1), examples).reshape(len(low), -1)
    wanted = drawn[:, skipped : skipped + steps * batch_size]
    return wanted.reshape(len(low), steps, batch_size)

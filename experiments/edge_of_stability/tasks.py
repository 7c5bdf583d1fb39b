"""What is learnt: Chebyshev polynomials, a linear map, and odd against even digits."""

import numpy as np

from experiments.lab.data import load

DEGREES = (3, 4, 5)
ROWS = 64  # of the digits


def chebyshev() -> tuple[np.ndarray, np.ndarray]:
    """20 points of [−1, 1] and the polynomials of three degrees there, cos(n arccos x).

    Returns:
        x of shape (20, 1) and y of shape (3, 20, 1).

    Example:
        >>> x, y = chebyshev()
        >>> bool(np.allclose(y[0], 4 * x**3 - 3 * x, atol=1e-6))
        True
    """
    x = np.linspace(-1, 1, 20)[:, None]
    y = np.stack([np.cos(degree * np.arccos(x)) for degree in DEGREES])
    return x.astype(np.float32), y.astype(np.float32)


def linear_map(width: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """As many whitened inputs as dimensions, and a random linear map of them.

    Returns:
        x of shape (width, width) and y of shape (1, width, width).
    """
    draw = np.random.default_rng(0)
    x = np.sqrt(width) * np.linalg.qr(draw.normal(size=(width, width)))[0]
    y = x @ draw.normal(0, width**-0.5, (width, width))
    return x.astype(np.float32), y[None].astype(np.float32)


def parity(centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first digits with mean square 1, as they are or each pixel centred; ±1, odd or even.

    Returns:
        x of shape (64, 64) and y of shape (1, 64, 1).
    """
    source = load("digits")
    x, y = np.asarray(source.x[:ROWS], np.float64), np.asarray(source.y[:ROWS])
    x = x - x.mean(axis=0) if centred else x
    return (
        (x / np.sqrt(np.mean(x**2))).astype(np.float32),
        (2.0 * (y % 2) - 1)[None, :, None].astype(np.float32),
    )

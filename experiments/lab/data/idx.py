"""MNIST's idx files: a magic number with the type and the number of axes, their lengths, bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from experiments.lab.data.source import Source
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, *, axes: int) -> np.ndarray:
    """The array in an idx file of unsigned bytes.

    Args:
        path: the file; gzipped if its name ends in .gz.
        axes: how many axes the array must have.

    Returns:
        uint8, with that many axes.

    Raises:
        UserError: the file cannot be read or unzipped, is not an idx file of bytes with that many
            axes, or is shorter or longer than its header says.
    """
    try:
        most = limits.file_bytes()
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: it cannot be read ({error}); download the file again") from None
    if len(content) > most:
        raise UserError(f"{path}: it has more than {limits.said(most)}; give a smaller file")
    header = 4 + 4 * axes
    if len(content) < header:
        raise UserError(
            f"{path}: it has {len(content)} bytes and an idx header alone has {header}; "
            "download the file again"
        )
    zero, kind, found = int.from_bytes(content[:2], "big"), content[2], content[3]
    if zero != 0 or kind != UNSIGNED_BYTE or found != axes:
        raise UserError(
            f"{path}: its first four bytes are {content[:4].hex(' ')}, not 00 00 08 {axes:02x} as "
            f"in an idx file of bytes with {axes} {'axis' if axes == 1 else 'axes'}; check that "
            "images and labels are not swapped"
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", count=axes, offset=4))
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise UserError(
            f"{path}: its header promises {' × '.join(map(str, shape))} values in {expected} "
            f"bytes, but the file has {len(content)}; download the file again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _pair(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images_path, labels_path = (
        _find(folder, f"{part}-images", 3),
        _find(folder, f"{part}-labels", 1),
    )
    images, labels = read_idx(images_path, axes=3), read_idx(labels_path, axes=1)
    if len(images) != len(labels):
        raise UserError(
            f"{labels_path}: it has {len(labels)} labels for the {len(images)} images of "
            f"{images_path.name}; use images and labels from the same data set"
        )
    if len(images) == 0:
        raise UserError(f"{images_path}: it holds no images; download the file again")
    return images.reshape(len(images), -1).astype(np.float32), labels


def _find(folder: Path, stem: str, axes: int) -> Path:
    names = [f"{stem}{joint}idx{axes}-ubyte{end}" for joint in "-." for end in (".gz", "")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise UserError(
        f"--data {folder}: the folder has no {names[0]}; give a folder of MNIST idx files, with "
        "the images and the labels of train and t10k"
    )


def read_folder(folder: Path) -> Source:
    """The four MNIST files of a folder; the t10k pair is the test set.

    Args:
        folder: its files are named as MNIST's are, such as train-images-idx3-ubyte.gz, gzipped or
            not.

    Returns:
        One row per image: x is float32 (rows, pixels), from 0 to 255.

    Raises:
        UserError: a file is missing, empty or cannot be read; images and labels differ in number;
            or train and t10k differ in pixels.
    """
    x, y = _pair(folder, "train")
    x_test, y_test = _pair(folder, "t10k")
    if x.shape[1] != x_test.shape[1]:
        raise UserError(
            f"--data {folder}: train images have {x.shape[1]} pixels, but t10k images have "
            f"{x_test.shape[1]}; use files from the same data set"
        )
    return Source(folder.name, x, y, "classification", "label", test=(x_test, y_test))

"""A file at a path or URL: its bytes, and what its name says about them."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from experiments.lab.io.cli import UserError

SCHEMES = ("http://", "https://", "file://")
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zip": "zip", ".xz": "xz"}  # as pandas calls them
SECONDS = 30  # without an answer


class File(NamedTuple):
    """A file as found.

    where: its path or URL, as the user gave it.
    name: its name without folder and endings.
    kind: its ending in lower case and without the dot, such as csv, in front of a compression's.
    compression: the name of the compression, as pandas has it; None where there is none.
    content: its bytes, still compressed.
    """

    where: str
    name: str
    kind: str
    compression: str | None
    content: bytes


def is_url(text: str) -> bool:
    """Whether the text is the URL of a file and not its path.

    Example:
        >>> is_url("https://example.org/t.csv"), is_url("folder/t.csv")
        (True, False)
    """
    return text.lower().startswith(SCHEMES)


def read_file(where: str) -> File:
    """The file at a path or URL.

    Args:
        where: a path, where ~ is the home folder, or an http, https or file URL.

    Returns:
        The file; for a URL, its name is the last part of the URL's path.

    Raises:
        UserError: it cannot be read or fetched.
    """
    path: PurePath
    try:
        if is_url(where):
            path = PurePosixPath(urllib.parse.unquote(urllib.parse.urlsplit(where).path))
            with urllib.request.urlopen(where, timeout=SECONDS) as answer:  # noqa: S310 (is_url)
                content = answer.read()
        else:
            path = local = Path(where).expanduser()
            content = local.read_bytes()
    except urllib.error.HTTPError as error:
        raise UserError(
            f"{where}: the server answers {error.code} ({error.reason}); check the address"
        ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = " ".join(
            str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error).split()
        )
        raise UserError(
            f"{where}: it cannot be fetched ({reason}); check the address and the network, or give "
            "the path of a file"
            if is_url(where)
            else f"{where}: it cannot be read ({reason}); give the path of a file"
        ) from None
    compression = COMPRESSED.get(path.suffix.lower())
    inner = path.with_suffix("") if compression else path
    return File(
        where,
        inner.stem or inner.name or "data",
        inner.suffix.lower().removeprefix("."),
        compression,
        content,
    )

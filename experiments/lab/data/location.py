"""A file at a path or URL: its bytes, and what its name says about them."""

import base64
import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NamedTuple

from experiments.lab.io import limits
from experiments.lab.io.errors import UserError

SCHEMES = ("http://", "https://", "file://")
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zip": "zip", ".xz": "xz"}  # as pandas calls them
SECONDS = 30  # without an answer
SLOWEST = 1000  # bytes per second
PIECE = 1 << 20  # bytes that are read at a time


class File(NamedTuple):
    """A file as found.

    where: its path or URL, as the user gave it.
    name: its name without folder and endings.
    kind: its ending in lower case and without the dot, such as csv, in front of a compression's.
    compression: the name of the compression, as pandas has it; None where there is none.
    content: its bytes, still compressed.
    held: in place of bytes, what a program hands over: a table, or arrays by name of kind "npz".
    """

    where: str
    name: str
    kind: str
    compression: str | None
    content: bytes
    held: Any = None


def is_url(text: str) -> bool:
    """Whether the text is the URL of a file and not its path.

    Example:
        >>> is_url("https://example.org/t.csv"), is_url("folder/t.csv")
        (True, False)
    """
    return text.lower().startswith(SCHEMES)


def public(where: str) -> str:
    """A path, or a URL without user, password, query and fragment.

    Example:
        >>> public("https://me:key@example.org/t.csv?token=a b"), public("what?.csv")
        ('https://example.org/t.csv?…', 'what?.csv')
    """
    if not is_url(where):
        return where
    scheme, _, rest = where.partition("://")
    address, *secret = re.split("[?#]", rest, maxsplit=1)
    host, slash, path = address.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}{'?…' * bool(secret)}"


def is_file(where: str) -> bool:
    """Whether there is a file at a path; no name is an error."""
    return os.path.isfile(os.path.expanduser(where))


def is_folder(where: str) -> bool:
    """Whether there is a folder at a path; no name is an error."""
    return os.path.isdir(os.path.expanduser(where))


def _fetched(url: str, where: str, most: int) -> bytes:
    """What a server sends, up to one byte more than it may.

    Raises:
        UserError: it does not answer, or sends too little per second or less than it promises.
    """
    user, at, host = urllib.parse.urlsplit(url).netloc.rpartition("@")
    address = url.replace(f"{user}{at}{host}", host, 1)
    request = urllib.request.Request(address)  # noqa: S310 (is_url)
    if at:
        key = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {key}")
    try:
        with limits.within(SECONDS):
            answer = urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310
    except limits.TimeUp:
        raise UserError(f"{where}: no answer within {SECONDS} seconds; try again") from None
    pieces, size, began = [], 0, time.monotonic()
    with answer:
        promised = answer.headers.get("Content-Length", "")
        while size <= most and (piece := answer.read1(PIECE)):
            pieces.append(piece)
            size += len(piece)
            seconds = time.monotonic() - began
            if seconds > SECONDS and size < SLOWEST * seconds:
                raise UserError(
                    f"{where}: the server sends {limits.said(size / seconds)} per second, less "
                    f"than {limits.said(SLOWEST)}; download the file, and give its path"
                )
    if promised.isdecimal() and size < min(int(promised), most):
        raise UserError(
            f"{where}: the server ends after {size:,} of {int(promised):,} bytes; try again"
        )
    return b"".join(pieces)


def read_file(where: str | File) -> File:
    """The file at a path or URL.

    Args:
        where: a path, where ~ is the home folder, or an http, https or file URL; or the file, where
            it is there already.

    Returns:
        The file; for a URL, its name is the last part of the URL's path.

    Raises:
        UserError: it cannot be read or fetched.
    """
    if isinstance(where, File):
        return where
    path: PurePath
    url, where, most = where, public(where), limits.file_bytes()
    try:
        if is_url(url):
            path = PurePosixPath(urllib.parse.unquote(urllib.parse.urlsplit(url).path))
            content = _fetched(url, where, most)
        else:
            path = local = Path(where).expanduser()
            with local.open("rb") as stream:
                content = stream.read(most + 1)
    except http.client.InvalidURL:  # whose message has all of it
        raise UserError(
            f"{where}: it is no address, since it has a space or a port that is no number; correct "
            "it"
        ) from None
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
    if len(content) > most:
        raise UserError(f"{where}: it has more than {limits.said(most)}; give a smaller file")
    compression = COMPRESSED.get(path.suffix.lower())
    inner = path.with_suffix("") if compression else path
    return File(
        where,
        inner.stem or inner.name or "data",
        inner.suffix.lower().removeprefix("."),
        compression,
        content,
    )

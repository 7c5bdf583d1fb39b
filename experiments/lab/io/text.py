"""Text from outside (names, cells, paths, answers of servers) on its way to a terminal or file."""

import difflib
import re
from collections.abc import Iterable

MOST = 2000  # characters of a line; of a longer one the middle is left out
NAMED = 5  # names in a list of the nearest ones
COMPARED = 100  # characters of a name by which it is compared with others

# What drives a terminal, ends a line, or turns the direction of writing.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_ALL = re.compile(f"[{_UNSEEN}]")
_BUT_NEWLINES = re.compile(rf"(?!\n)[{_UNSEEN}]")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?(?P<rest>[^\s?#]*)(?P<secret>[?#]\S*)?", re.I
)
_AFTER = "'\"),.:;"  # of a sentence, at the end of what looks like a URL


def shown(text: str, most: int = MOST) -> str:
    """Text as one line that a terminal shows as it is, without the secrets of URLs.

    Args:
        text: anything.
        most: about how many characters are shown; of a longer text, the middle is left out.

    Returns:
        The line; what would drive the terminal, such as the start of an escape sequence, a newline
        or a mark that turns the direction of writing, is written as in Python.

    Example:
        >>> shown("a\\x1b[31mb\\nc"), shown("x" * 9_000, most=10)
        ('a\\\\x1b[31mb\\\\nc', 'xxxxxx… (8,992 more characters) …xx')
    """
    line = _ALL.sub(_written, without_secrets(text))
    if len(line) <= most:
        return line
    # Most of the beginning, but also the end, where a message has its remedy.
    first, last = most * 3 // 5, most // 5
    return f"{line[:first]}… ({len(line) - first - last:,} more characters) …{line[-last:]}"


def harmless(text: str) -> str:
    """Text of several lines without what would drive a terminal.

    Example:
        >>> harmless("a\\x07\\nb")
        'a\\\\x07\\nb'
    """
    return _BUT_NEWLINES.sub(_written, text)


def _written(found: re.Match) -> str:
    """A character as in Python."""
    return found[0].encode("unicode_escape", "surrogatepass").decode()


def without_secrets(text: str) -> str:
    """Text whose URLs have no user, password, query and fragment, which may be keys to the data.

    Example:
        >>> without_secrets("https://me:key@example.org/t.csv?token=1: not found")
        'https://example.org/t.csv?…: not found'
    """
    return _URL.sub(_public, text) if "://" in text else text


def _public(url: re.Match) -> str:
    secret = url["secret"] or ""
    after = secret[len(secret.rstrip(_AFTER)) :]
    return f"{url['scheme']}{url['rest']}{'?…' * bool(secret)}{after}"


def nearest(value: str, known: Iterable[str]) -> str:
    """The names that are nearest to one that is not known, and how many others there are.

    Example:
        >>> nearest("ages", ["wage", "age", "sex", "height", "weight", "name", "city"])
        'age, wage, name, sex, weight and 2 more'
    """
    known = list(known)
    short = {name[:COMPARED]: name for name in reversed(known)}
    found = difflib.get_close_matches(value[:COMPARED], short, n=NAMED, cutoff=0)
    more = len(known) - len(found)
    return ", ".join(short[name] for name in found) + f" and {more:,} more" * (more > 0)

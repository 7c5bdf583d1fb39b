"""The words of a command line by their flags: what is given twice, and what cannot be read."""

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from experiments.lab.io.errors import UserError
from experiments.lab.io.text import nearest

LARGEST = 2**53  # up to here a float is the whole number that was written


class Given(NamedTuple):
    """A flag and the words after it, up to the next flag."""

    flag: str
    words: tuple[str, ...]


def by_flag(words: Sequence[str]) -> tuple[tuple[str, ...], list[Given]]:
    """The words before the first flag, and those after each.

    Example:
        >>> by_flag(["run", "--seeds=3", "--depth", "1", "2"])
        (('run',), [Given(flag='--seeds', words=('3',)), Given(flag='--depth', words=('1', '2'))])
    """
    found = [Given("", ())]
    for word in words:
        flag, sign, value = word.partition("=")
        if flag.startswith("--") and flag[2:3].isalpha():
            found.append(Given(flag.replace("_", "-"), (value,) if sign else ()))
        else:
            found[-1] = found[-1]._replace(words=(*found[-1].words, word))
    return found[0].words, found[1:]


def as_words(configuration: type, values: Mapping[str, Any]) -> list[str]:
    """The words of a command line that gives these values; a value that is None is not given.

    Args:
        configuration: the dataclass of the flags.
        values: by the names of its fields; a flag of several values takes a single one too.

    Raises:
        UserError: a flag that is on or off is given something else, or one of one value several.

    Example:
        >>> from experiments.activations import Configuration
        >>> values = {"seeds": 3, "learning_rate": (0.1, 1), "single": True, "target": None}
        >>> as_words(Configuration, values)
        ['--seeds', '3', '--learning-rate', '0.1', '1', '--single']
    """
    kinds, found = _kinds(configuration), list[str]()
    for name, value in values.items():
        flag = f"--{name.strip('_').replace('_', '-')}"
        if value is None:
            continue
        if kinds.get(flag) is not bool:
            several = isinstance(value, Iterable) and not isinstance(value, str)
            if several and not _several(kinds.get(flag, tuple[str, ...])):
                raise UserError(f"{flag} {value}: give one value")
            yes_or_no = {"yes", "no"} <= set(_parts(kinds.get(flag)))
            each = value if several else [value]
            found += [flag, *(_word(one, yes_or_no) for one in each)]
        elif not isinstance(value, bool):
            raise UserError(f"{flag} {value}: give True or False")
        elif value:
            found.append(flag)
        elif not name.startswith("no_"):  # such a flag has no opposite
            found.append(flag.replace("--", "--no-", 1))
    return found


def _word(value: Any, yes_or_no: bool) -> str:
    return ("no", "yes")[value] if yes_or_no and isinstance(value, bool) else str(value)


def joined(configuration: type, words: Sequence[str]) -> list[str]:
    """The words with what is given by the same flag more than once behind one flag.

    Args:
        configuration: the dataclass of the flags.
        words: after the command.

    Raises:
        UserError: a flag that takes one value is given more than once.
    """
    before, given = by_flag(words)
    if len({each.flag for each in given}) == len(given):
        return list(words)
    kinds, found = _kinds(configuration), dict[str, tuple[str, ...]]()
    for flag, more in given:
        earlier = found.get(flag)
        several = _several(kinds.get(flag))
        if earlier is not None and earlier != more and not several:
            both = " and ".join(" ".join(each) or "nothing" for each in (earlier, more))
            raise UserError(f"{flag} is given more than once, as {both}; give it once")
        found[flag] = (*(earlier or ()), *more) if several else more
    return [*before, *(word for flag, more in found.items() for word in (flag, *more))]


def unreadable(configuration: type, words: Sequence[str]) -> str | None:
    """What is wrong with the first value that is not of its flag's kind; None for nothing."""
    kinds = _kinds(configuration)
    for flag, values in by_flag(words)[1]:
        known = _parts(kinds.get(flag))
        for value in values[: None if _several(kinds.get(flag)) else 1]:
            if value == "None" and type(None) in known:
                continue
            if int in known and not _is(whole, value):
                return f"{flag} {value}: give a whole number, such as 100"
            if float in known and not _is(float, value):
                return f"{flag} {value}: give a number, such as 0.5"
            choices = [each for each in known if isinstance(each, str)]
            if choices and value not in choices:
                return f"{flag} {value}: give one of {nearest(value, choices)}"
    return None


def whole(text: str) -> int:
    """A whole number as people write it.

    Raises:
        ValueError: it is none, or too large to be exact.

    Example:
        >>> whole("1e2"), whole("100"), whole("-3")
        (100, 100, -3)
    """
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not (abs(number) <= LARGEST and number == int(number)):
            raise ValueError(f"{text} is no whole number") from None
        return int(number)


def _is(kind: Any, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _kinds(configuration: type) -> dict[str, Any]:
    """Flag -> the type of its field."""
    types_of = get_type_hints(configuration)
    return {
        f"--{each.name.strip('_').replace('_', '-')}": types_of[each.name]
        for each in fields(configuration)
    }


def _several(kind: Any) -> bool:
    """Whether a flag of this type takes several words."""
    return tuple in (get_origin(kind), *map(get_origin, get_args(kind)))


def _parts(kind: Any) -> tuple[Any, ...]:
    """The types and words that make up a type."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) in (tuple, Union, types.UnionType):
        return tuple(part for each in get_args(kind) for part in _parts(each))
    return (kind,)

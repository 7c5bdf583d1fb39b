"""Tables by name, which say what there is where a name is unknown."""

import difflib
from collections.abc import Iterable
from typing import TypeVar

Value = TypeVar("Value")


class UnknownName(KeyError, ValueError):
    """A name that a table does not have; its message lists those that it has, nearest first."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError puts its message into quotation marks


def nearest(name: object, known: Iterable[str]) -> str:
    """The known names as a list for a sentence, the most similar first.

    Args:
        name: what was asked for.
        known: the names that there are.

    Returns:
        Such as "relu, relu6, elu".

    Example:
        >>> nearest("weight_deacy", ("learning_rate", "weight_decay"))
        'weight_decay, learning_rate'
    """
    known = list(known)
    return ", ".join(difflib.get_close_matches(str(name), known, n=max(len(known), 1), cutoff=0))


class Names(dict[str, Value]):
    """A dictionary whose missing name is a sentence.

    Example:
        >>> Names("head", {"binary": 1, "multiclass": 2})["multi_class"]
        Traceback (most recent call last):
        jaxnn.names.UnknownName: unknown head 'multi_class'; known, nearest first: multiclass, ...
    """

    def __init__(self, kind: str, values: dict[str, Value]):
        """Of this kind, such as "activation"."""
        super().__init__(values)
        self.kind = kind

    def __missing__(self, name: str) -> Value:
        raise UnknownName(
            f"unknown {self.kind} {name!r}; known, nearest first: {nearest(name, self)}"
        )

"""Code of the user's own, named as my_module:my_function: imported, called, and hashed."""

import contextlib
import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np

from experiments.lab.io.errors import UserError
from experiments.lab.io.limits import TimeUp, within
from experiments.lab.io.text import nearest
from experiments.lab.study.own_source import files_of

SECONDS = 30  # that the user's code may take, with the imports of large libraries
UNTRACEABLE = (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError)


class Noted(Mapping):
    """What a function of the user's is called with; it notes which names are read."""

    def __init__(self, values: Mapping[str, Any]):
        """Of these values."""
        self._values, self.read = dict(values), set[str]()

    def __getitem__(self, name: str) -> Any:
        """The value, which is read."""
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many."""
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


@contextlib.contextmanager
def within_time(flag: str, name: str, doing: str) -> Iterator[None]:
    """Run the user's code, which may not end, or end everything.

    Args:
        flag: that names it, without dashes.
        name: as it is named.
        doing: what is done with it, for the message.

    Raises:
        UserError: it takes more than SECONDS, or ends the program.
    """
    try:
        with within(SECONDS):
            yield
    except TimeUp:
        raise UserError(
            f"--{flag} {name}: {doing} takes more than {SECONDS} seconds, as an endless loop "
            "does; make it end sooner"
        ) from None
    except SystemExit:
        raise UserError(
            f"--{flag} {name}: {doing} ends the program (SystemExit); leave out the call of "
            'exit, or write it under if __name__ == "__main__"'
        ) from None


def module_of(flag: str, name: str) -> tuple[ModuleType, str]:
    """The module of module:attribute, from the current folder or installed, and the attribute.

    Raises:
        UserError: it is no such name, or the module cannot be imported.
    """
    said = f"--{flag} {name}"
    if ".py:" in name:
        raise UserError(
            f"{said}: name the module as Python imports it, such as folder.my_module:my_function"
        )
    module, _, attribute = name.partition(":")
    if not module or not attribute.isidentifier():
        raise UserError(f"{said}: write your own {flag} as my_module:my_function")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with within_time(flag, name, f"importing {module}"):
            return importlib.import_module(module), attribute
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise UserError(
                f"{said}: {module} imports {error.name}, which is not installed; install it"
            ) from None
        raise UserError(
            f"{said}: there is no module {module} in the current folder or among the "
            f"installed; start in the folder that has {module.split('.')[0]}.py"
        ) from None
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{said}: importing {module} fails ({brief(error)}); make it importable"
        ) from None


def imported(flag: str, name: str, usable: Callable[[Any], bool], wanted: str) -> Any:
    """What module:attribute names.

    Args:
        flag: that names it, without dashes.
        name: as it is named.
        usable: whether a value is of the kind that is wanted.
        wanted: that kind in words.

    Raises:
        UserError: as ``module_of``; or the module has no such attribute, or one of another kind.
    """
    module, attribute = module_of(flag, name)
    if not hasattr(module, attribute):
        others = [
            known for known, value in vars(module).items() if known[0] != "_" and usable(value)
        ]
        raise UserError(
            f"--{flag} {name}: {module.__name__} has no {attribute}; "
            f"it has, nearest first: {nearest(attribute, others) or 'nothing'}"
        )
    found = getattr(module, attribute)
    if not usable(found):
        raise UserError(f"--{flag} {name} is of type {type(found).__name__}; give {wanted}")
    return found


def source_hash(flag: str, name: str, function: Callable) -> str:
    """The hash of the file that was named, of that with the function, and of what they import."""
    module, _ = module_of(flag, name)
    modules = dict.fromkeys([module.__name__, getattr(function, "__module__", None)])
    files = files_of(each for each in modules if each)
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def brief(error: Exception) -> str:
    """The error's kind and the first line of its message."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])


def program_text(function: Callable, *arguments: Any) -> str:
    """What a function computes, as text: its program, without addresses, and its constants."""
    made = jax.make_jaxpr(function)(*arguments)
    constants = [np.asarray(each).tobytes().hex() for each in made.consts]
    return re.sub(r" at 0x[0-9a-f]+", "", "".join([str(made), *constants]))


def returned(value: object) -> str:
    """What kind of value a function has returned, in words."""
    return "nothing" if value is None else f"a {type(value).__name__}"

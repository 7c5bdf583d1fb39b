"""From a command line to an experiment: flags, and one clear sentence for whatever is wrong."""

import contextlib
import io
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import dropwhile, pairwise, takewhile
from typing import Any, NoReturn

import tyro

from experiments.lab.io import config_file, ending
from experiments.lab.io.command import program
from experiments.lab.io.errors import UserError
from experiments.lab.io.streams import NO_ROOM, careful
from experiments.lab.io.text import nearest, shown
from experiments.lab.io.words import by_flag, joined, unreadable, whole

MOST_VALUES = 10_000  # of a range


def run(
    main: Callable[..., None],
    configuration: type,
    argv: Sequence[str] | None = None,
    default: Any = None,
) -> NoReturn:
    """Parse the flags of a frozen dataclass, run ``main(configuration)``, and exit.

    The exit code is 0 if it ends well; 2 for an error that the user can fix, as one sentence says;
    130 if it is interrupted, when the same command continues from there.

    Args:
        main: what to run.
        configuration: the dataclass.
        argv: the words after the command; None for those that this process was started with.
        default: an instance of the dataclass, for flags that are absent; None for the defaults of
            the dataclass.

    Raises:
        SystemExit: always, with the exit code.
    """

    def do() -> int:
        main(parse(configuration, argv, default))
        return 0

    sys.exit(exit_code(do))


def exit_code(do: Callable[[], int]) -> int:
    """Do something to the standard streams, and say its errors.

    Args:
        do: it returns an exit code.

    Returns:
        The exit code.
    """
    with careful() as output:
        try:
            code = do()
            output.flush()
            if output.lost:
                return _refused(
                    f"what this prints: it cannot be written ({output.lost.strerror}); make room"
                )
            return code
        except UserError as error:
            return _refused(str(error))
        except KeyboardInterrupt:
            ending.interrupted()
            return ending.CODE
        except Exception as error:
            if ending.asked():  # half an import, for instance
                ending.interrupted()
                return ending.CODE
            if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)[:100]:
                return _refused(
                    "there is not enough memory for this; give fewer rows, or smaller or fewer "
                    "networks"
                )
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                return _refused(
                    f"{error.filename or 'a file'}: it cannot be written ({error.strerror}); make "
                    "room"
                )
            if isinstance(error, ValueError) and _of_settings(error):
                return _refused(f"{error}; correct it in the environment, or unset it")
            raise


def _refused(why: str) -> int:
    print(f"error: {shown(why)}", file=sys.stderr)
    return 2


def _of_settings(error: ValueError) -> bool:
    """Whether it is from JAX's reading of its environment variables, while it is imported."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return bool(trace) and trace.tb_frame.f_globals.get("__name__") == "jax._src.config"


def parse(configuration: type, argv: Sequence[str] | None = None, default: Any = None):
    """An instance of the dataclass, from flags; tyro's boxed error messages become one sentence.

    Args:
        configuration: the dataclass.
        argv: the words after the command; None for those that this process was started with.
        default: an instance of the dataclass, for flags that are absent; None for the defaults of
            the dataclass.

    Raises:
        UserError: a flag is unknown, cannot take its value, or is given twice and takes one value.
        SystemExit: after --help.
    """
    given = joined(configuration, sys.argv[1:] if argv is None else argv)
    complaint = io.StringIO()
    if default is None and (before := config_file.words_of_file(configuration, given)):
        try:
            default = parse(configuration, before)
        except UserError as error:
            file = dict(by_flag(given)[1])[config_file.FLAG][0]
            raise UserError(f"{config_file.FLAG} {file}: {error}") from None
    try:
        with contextlib.redirect_stderr(complaint), _NUMBERS:
            return tyro.cli(
                configuration,
                prog=program(),
                args=given,
                **({} if default is None else {"default": default}),
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        if why := unreadable(configuration, given):
            raise UserError(why) from None
        what, alike = _unbox(complaint.getvalue())
        remedy = (
            f"perhaps you meant {alike}; --help lists every flag"
            if alike
            else "--help lists every flag and its values"
        )
        raise UserError(f"{what.rstrip('.')}; {remedy}") from None


_NUMBERS = tyro.constructors.ConstructorRegistry()


@_NUMBERS.primitive_rule
def _whole(info: Any) -> tyro.constructors.PrimitiveConstructorSpec | None:
    """Whole numbers may be written as 1e6."""
    if info.type is not int:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="INT",
        instance_from_str=lambda words: whole(words[0]),
        is_instance=lambda value: isinstance(value, int),
        str_from_instance=lambda value: [str(value)],
    )


def _unbox(complaint: str) -> tuple[str, str | None]:
    """Tyro's text between the title of its box and the first rule, and the nearest known flag."""
    lines = [line.strip("│ ") for line in complaint.splitlines()[1:]]
    said = takewhile(lambda line: not _is_rule(line), dropwhile(_is_rule, lines))
    after = (line for before, line in pairwise(lines) if before.startswith("Perhaps you meant"))
    return " ".join(said) or "the flags could not be read", next(
        (line.split()[0] for line in after), None
    )


def _is_rule(line: str) -> bool:
    return not line.strip("─-╰╯")


def numbers(values: Sequence[str], flag: str) -> tuple[float, ...]:
    """Numbers, given one by one or as ``low:high:count``, evenly spaced on a log scale.

    Args:
        values: what the user gave.
        flag: the flag that they were given to, for error messages.

    Returns:
        The numbers, ascending, each of them once.

    Raises:
        UserError: there is no value; one is not a number, not finite or not above 0; or a range is
            not of that form or has more values than MOST_VALUES.

    Example:
        >>> numbers(["0.5", "0.01:1:3"], "--learning-rate")
        (0.01, 0.1, 0.5, 1.0)
    """
    found: set[float] = set()
    for text in values:
        parts = text.split(":")
        try:
            if len(parts) == 1:
                new = [float(text)]
            else:
                low, high, count = float(parts[0]), float(parts[1]), whole(parts[2])
                if len(parts) != 3 or not 0 < low < high < math.inf or count < 2:
                    raise ValueError
                if count > MOST_VALUES:
                    raise UserError(
                        f"{flag} {text}: that is {count:,} values; give a count of at most "
                        f"{MOST_VALUES:,}"
                    )
                step = math.log10(high / low) / (count - 1)
                # Rounded, so that 1e-4:10:13 holds 0.1 and not 0.09999999999999998.
                new = [float(f"{low * 10 ** (step * i):.12g}") for i in range(count)]
        except (ValueError, IndexError):
            raise UserError(
                f"{flag} {text}: give a number, or low:high:count with 0 < low < high and a count "
                "of at least 2, such as 1e-4:10:13"
            ) from None
        bad = [value for value in new if not 0 < value < math.inf]
        if bad:
            raise UserError(
                f"{flag} {text}: {bad[0]:g} is not a finite number above 0; give one such as 0.1"
            )
        found.update(new)
    if not found:
        raise UserError(
            f"{flag} has no value; give at least one, or low:high:count such as 1e-4:10:13"
        )
    return tuple(sorted(found))


def one_of(known: Iterable[str], value: str, what: str) -> None:
    """Check that a name is known.

    Args:
        known: the names there are.
        value: the name to check.
        what: the name of its flag, without dashes.

    Raises:
        UserError: the name is unknown; the message has those that are nearest, and what was
            probably meant.
    """
    known = list(known)
    if value not in known:
        raise UserError(
            f"--{what} {value}: no such {what}; "
            + (_meant(known, value, what) or f"known, nearest first: {nearest(value, known)}")
        )


def _meant(known: Sequence[str], value: str, what: str) -> str:
    """What was probably meant: the same in another case, or several names."""
    names = [name for name in re.split(r"[,;\s]+", value) if name]
    alike = {name.lower(): name for name in known}
    found = [alike.get(name.lower().replace("-", "_")) for name in names]
    if not found or None in found:
        return ""
    return f"perhaps you meant --{what} {' '.join(map(str, found))}"


def at_most(maximum: int, values: Sequence[int] | int, flag: str) -> None:
    """Check that whole numbers are not so large that memory or time would never do.

    Args:
        maximum: the most that each may be.
        values: one number or several.
        flag: the flag that they were given to, for error messages.

    Raises:
        UserError: one is above the maximum.
    """
    for value in (values,) if isinstance(values, int) else values:
        if value > maximum:
            raise UserError(f"{flag} {value:,}: give a whole number of at most {maximum:,}")


def at_least(minimum: int, values: Sequence[int] | int, flag: str) -> None:
    """Check that whole numbers are not too small.

    Args:
        minimum: the least that each may be.
        values: one number or several.
        flag: the flag that they were given to, for error messages.

    Raises:
        UserError: there is no number, or one is below the minimum.
    """
    values = (values,) if isinstance(values, int) else values
    if not values:
        raise UserError(
            f"{flag} has no value; give at least one whole number of at least {minimum}"
        )
    for value in values:
        if value < minimum:
            raise UserError(f"{flag} {value}: give a whole number of at least {minimum}")

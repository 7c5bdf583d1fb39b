"""Activations as a command names them.

A name is the table's or the user's own, as my_module:my_function; a label is one name, or one per
hidden layer, as relu/tanh/relu. The user's own is a function of one array, or a jaxnn.Activation,
which says what it learns. It is tried out before anything is trained, so that whatever is wrong
with it is said in one sentence. A program may hand over the function itself; its name is then the
function's own.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.study.own_code import (
    UNTRACEABLE,
    brief,
    imported,
    module_of,
    source_hash,
    within_time,
)
from jaxnn.activations import ALIASES, measure, resolve
from jaxnn.initializers import gain
from jaxnn.types import Activation

KNOWN = (*jaxnn.ACTIVATIONS, *ALIASES)
ORDINARY = np.linspace(-10, 10, 2001, dtype=np.float32)  # pre-activations of any network; has 0
FAR = 10  # times as far: what training may lead to
FLAG = "activation"
# What the program that this runs in has handed over, by the names of the functions.
_HANDED: dict[str, Activation] = {}


def handed_over(found: Activation | Callable) -> str:
    """The name of an activation that is given as itself; from now on, the name stands for it.

    Args:
        found: a function of one array, or a jaxnn.Activation; it may be one of the table.

    Raises:
        UserError: it has no name or that of another activation, or it cannot be used.

    Example:
        >>> handed_over(jaxnn.ACTIVATIONS["relu"]), handed_over(jax.nn.silu)
        ('relu', 'swish')
    """
    if not _is_activation(found):
        raise UserError(
            f"--activation {found!r}: give a name, a function of one array or a jaxnn.Activation"
        )
    entry = resolve(found)
    for name, known in jaxnn.ACTIVATIONS.items():
        if known is entry or known.function is entry.function:
            return name
    name = getattr(entry.function, "__name__", "")
    if not name.isidentifier():
        raise UserError(
            f"--activation {name or found!r}: it has no name to be called by; write it as a "
            "function with def"
        )
    entry = _tried(name, _with_numbers(name, entry))
    if name in KNOWN:
        if _values(entry) != _values(resolve(name)):
            raise UserError(f"--activation {name}: the table has another of this name; rename it")
        return canonical(name)
    _HANDED[name] = entry
    return name


def _values(entry: Activation) -> list[float]:
    """What an activation makes of ordinary pre-activations, to five digits."""
    found = entry.function(jnp.asarray(ORDINARY), **entry.learned)
    return np.asarray(found, float).round(5).tolist()


def canonical(text: str) -> str:
    """The label of what was typed: second names are replaced by the table's.

    Example:
        >>> canonical("silu/my_module:wave")
        'swish/my_module:wave'
    """
    return "/".join(ALIASES.get(name, name) for name in text.split("/"))


def find(label: str, depths: Sequence[int] = ()) -> tuple[Activation, ...]:
    """What a label names: one activation, or one per hidden layer.

    Args:
        label: names with a slash between them; each is the table's, or module:attribute.
        depths: numbers of hidden layers of the networks that will use it.

    Raises:
        UserError: a name is unknown, an activation of the user's cannot be used, or there are
            several names and not one per hidden layer.

    Example:
        >>> [entry.reference for entry in find("tanh/relu", (2,))]
        ['LeCun et al. 1998', 'Nair & Hinton 2010']
    """
    if ".py:" in label:
        module_of(FLAG, label)  # which says what to write, before the path is cut at its slashes
    names = label.split("/")
    for depth in depths:
        if len(names) not in (1, depth):
            raise UserError(
                f"--activation {label} names {len(names)} hidden layers and --depth {depth} has "
                f"{depth}; give one name, or one for each hidden layer"
            )
    return tuple(map(_find, names))


def described(labels: Iterable[str]) -> dict[str, dict[str, str]]:
    """The user's own activations among these labels, as results depend on them.

    Returns:
        name -> the hash of its source ("source_sha256") and its measured facts ("facts").
    """
    every = dict.fromkeys(name for label in labels for name in label.split("/"))
    names = [name for name in every if ":" in name or name in _HANDED]
    return {name: {"source_sha256": _source(name), "facts": facts(_find(name))} for name in names}


def facts(entry: Activation) -> str:
    """A measured activation in one line.

    Example:
        >>> facts(resolve("relu")).split(", ")[-2:]
        ['derivative 0 at 0', 'gain 1.41421']
    """
    said = []
    if not entry.elementwise:
        said.append("an output of several inputs, so there is no curve to measure")
    else:
        low, high = entry.range
        sides = [side for side, yes in zip(("left", "right"), entry.saturates, strict=True) if yes]
        said.append(
            "nan far from 0"
            if math.isnan(low) or math.isnan(high)
            else f"range {low:.4g} to {high:.4g}"
        )
        said.append(f"saturates {' and '.join(sides)}" if sides else "does not saturate")
        said += [
            name if yes else f"not {name}"
            for name, yes in (
                ("monotone", entry.monotone),
                ("zero-centred", entry.zero_centred),
                ("smooth", entry.smooth),
            )
        ]
        said.append(f"derivative {entry.slope_at_0:.4g} at 0")
    said.append(f"gain {gain(entry):.6g}")
    said += [f"learns {name} from {start:.4g}" for name, start in entry.learned.items()]
    return ", ".join(said)


def _find(name: str) -> Activation:
    """The table's entry, or the user's own activation, tried out and measured."""
    if name in _HANDED:
        return _HANDED[name]
    if ":" not in name and "." not in name:
        cli.one_of(KNOWN, name, "activation")
        return resolve(name)
    return _found(name)


@cache
def _found(name: str) -> Activation:
    return _tried(name, _imported(name))


def _tried(name: str, entry: Activation) -> Activation:
    with within_time(FLAG, name, "calling it"):
        _try(name, entry)
        return _measured(name, entry)


def _measured(name: str, entry: Activation) -> Activation:
    """The entry with what is measured of its function."""
    try:
        entry = measure(entry)
        gain(entry)
    except ValueError:
        raise UserError(
            f"--activation {name} has no gain to scale its weights by: its mean square for "
            "standard normal inputs is 0 or not finite; give a function that is not 0 everywhere"
        ) from None
    except Exception as error:
        raise UserError(
            f"--activation {name} fails on float64, in which it is measured ({brief(error)}); "
            "give its constants the dtype of x"
        ) from None
    return entry


def _imported(name: str) -> Activation:
    wanted = "a function of one array or a jaxnn.Activation"
    return _with_numbers(name, resolve(imported(FLAG, name, _is_activation, wanted)))


def _with_numbers(name: str, entry: Activation) -> Activation:
    """The entry with its learned parameters' starting values as numbers."""
    try:
        return entry._replace(
            learned={known: float(start) for known, start in entry.learned.items()}
        )
    except (AttributeError, TypeError, ValueError):
        raise UserError(
            f"--activation {name} learns {entry.learned!r}; give starting values as numbers, such "
            'as {"beta": 1.0}'
        ) from None


def _is_activation(value: object) -> bool:
    return isinstance(value, Activation) or (callable(value) and not isinstance(value, type))


def _try(name: str, entry: Activation) -> None:
    """One layer of it, forward and backward, on ordinary pre-activations."""
    said = f"--activation {name}"
    ratio = Fraction(entry.units_in).limit_denominator(1000)
    x, units = jnp.asarray(np.tile(ORDINARY, ratio.numerator)), len(ORDINARY) * ratio.denominator
    layer = jaxnn.activation_layer(entry, units)
    params = layer.init(jax.random.key(0))

    def f(params, x):
        return layer.apply(params, x, key=jax.random.key(1))

    def pull(params, x):
        y, pull_back = jax.vjp(f, params, x)
        return y, pull_back(jnp.ones_like(y))

    try:
        made = jax.eval_shape(f, params, x)
    except Exception as error:
        if _is_untraceable(error, entry):
            raise UserError(
                f"{said} cannot be traced by JAX: it uses NumPy, or Python's if or math on an "
                "array; use jax.numpy, and jnp.where instead of if"
            ) from None
        raise UserError(
            f"{said} fails on an array of shape {x.shape} ({brief(error)}); an activation is a "
            'function of one array, and jaxnn.Activation(f, learned={"beta": 1.0}) names what it '
            "learns"
        ) from None
    if not isinstance(made, jax.ShapeDtypeStruct):
        returned = "nothing" if made is None else f"a {type(made).__name__}"
        raise UserError(f"{said} returns {returned}; return one array")
    if made.shape != (units,):
        wanted = "the shape of x" if ratio == 1 else (units,)
        raise UserError(f"{said} makes shape {made.shape} of shape {x.shape}; return {wanted}")
    if made.dtype != x.dtype:
        raise UserError(
            f"{said} makes {made.dtype} of {x.dtype}; return the dtype of x, such as by "
            "y.astype(x.dtype)"
        )
    try:
        run = jax.jit(pull)
        y, (learned, derivative) = jax.device_get(run(params, x))
        far = jax.device_get(run(params, FAR * x)[0])
    except Exception as error:
        raise UserError(
            f"{said} cannot be differentiated by JAX ({brief(error)}); build it from jax.numpy "
            "alone"
        ) from None
    for what, values in (
        ("value", y),
        ("derivative", derivative),
        *((f"derivative in {known}", value) for known, value in learned.items()),
    ):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise UserError(
                f"{said} is not finite: its {what} at x = {ORDINARY[bad[0] % len(ORDINARY)]:g} is "
                f"{values[bad[0]]}; replace such x by jnp.where inside the function, before it "
                "divides or takes a root"
            )
    bad = np.flatnonzero(np.isnan(far))
    if len(bad):
        first = FAR * min((ORDINARY[i % len(ORDINARY)] for i in bad), key=abs)
        raise UserError(
            f"{said} is nan at x = {first:g}, and pre-activations grow so far where training is "
            "fast: a run that meets it counts as diverged; write it so that it is a number up to "
            f"|x| = {FAR * ORDINARY[-1]:g}, such as by jnp.where inside the function"
        )


def _is_untraceable(error: Exception, entry: Activation) -> bool:
    """Whether JAX's tracers are what failed.

    An if on one number raises an error that says so; an if on several says that their truth is
    ambiguous, so the function is tried again on one.
    """
    if isinstance(error, UNTRACEABLE):
        return True
    try:
        jax.eval_shape(entry.function, jnp.float32(1), **entry.learned)
    except Exception as alone:
        return isinstance(alone, UNTRACEABLE)
    return False


def _source(name: str) -> str:
    """The hash of the file that was named, of that with the function, and of what they import.

    Of a function that was handed over, which may be in no file, of what it computes.
    """
    if entry := _HANDED.get(name):
        made = jax.make_jaxpr(entry.function)(jnp.asarray(ORDINARY), **entry.learned)
        constants = [np.asarray(each).tobytes() for each in made.consts]
        said = f"{made}{entry.learned}{entry.units_in}{entry.elementwise}".encode()
        return hashlib.sha256(b"\0".join([said, *constants])).hexdigest()
    return source_hash(FLAG, name, _imported(name).function)

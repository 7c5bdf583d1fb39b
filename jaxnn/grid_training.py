"""train_grid: from axes, seeds and arrays to results with named axes."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.grid import Grid
from jaxnn.hardware import Hardware
from jaxnn.optimizers import Run
from jaxnn.outcome import Outcome
from jaxnn.program import POINTS, Program, Task, compile_program, segment_lengths
from jaxnn.segments import Batches, Segment, program_segments
from jaxnn.training import Training
from jaxnn.types import Array, Params
from jaxnn.variants import Variant, by_activation

Axes = Mapping[str, Sequence[Any]]
Pair = tuple[Array | np.ndarray, Array | np.ndarray]
BATCH_SIZE = "batch_size"  # the one axis of structure that is the training loop's own
ACTIVATION = "activation"  # the one whose values can share a program


@dataclass(frozen=True)
class GridResult:
    """What a grid has found so far; the arrays' axes are named by ``axes``.

    axes: name -> values, in the order of the arrays' axes: those of the call, then "seed".
    steps: (points,), the updates made at each point of the curves.
    curves: "train", "validation" and "test" -> name -> (points, *axes); "test" has none.
    train, validation, test: name -> (*axes), such as validation["accuracy"]: at the end, or at the
        last point that a run has reached; nan where it has diverged or not begun.
    diverged_step: (*axes), the step at which a run's cost was not finite, or after which its loss
        or score on held-out rows was not; -1 where they never were.
    params: of every structure, in the order of the product of its axes, the parameters of its
        runs with (*hyperparameters, seeds) in front; None unless they were asked for.
    """

    axes: Mapping[str, tuple]
    steps: np.ndarray
    curves: Mapping[str, Mapping[str, np.ndarray]]
    train: Mapping[str, np.ndarray]
    validation: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]
    diverged_step: np.ndarray
    params: tuple[Params, ...] | None = None

    def at(self, **values: Any) -> tuple:
        """What to index an array with axes ``axes`` by, for the runs with these values.

        Args:
            values: of some of the axes.

        Returns:
            A tuple with an integer for each axis that is named and a full slice for the others.

        Raises:
            ValueError: there is no such axis, or it has no such value.

        Example:
            >>> axes = {"activation": ("relu", "tanh"), "seed": (0, 1, 2)}
            >>> result = GridResult(axes, np.array([1]), {}, {}, {}, {}, np.full((2, 3), -1))
            >>> result.diverged_step[result.at(activation="tanh")].tolist()
            [-1, -1, -1]
        """
        for name, value in values.items():
            if name not in self.axes:
                raise ValueError(f"there is no axis {name!r}; there are {', '.join(self.axes)}")
            if value not in self.axes[name]:
                raise ValueError(f"the axis {name!r} has no {value!r}; it has {self.axes[name]}")
        return tuple(
            known.index(values[name]) if name in values else slice(None)
            for name, known in self.axes.items()
        )


@dataclass(frozen=True)
class GridSegment:
    """What one segment has brought to the runs of one structure.

    structure: name -> choice.
    step: updates that these runs have made.
    share: of the whole grid's work that is done, from 0 to 1.
    record: of all that has been found.
    """

    structure: Mapping[str, Any]
    step: int
    share: float
    record: "Record"

    @property
    def result(self) -> GridResult:
        """All that is known by now."""
        return self.record.result()


class Record:
    """The outcomes of all structures, and how they become arrays with named axes."""

    def __init__(self, order: Sequence[str], grid: Grid, steps: np.ndarray, keep_params: bool):
        """Empty.

        Args:
            order: of the axes in the arrays, seeds excepted, which come last.
            grid: what is varied.
            steps: the updates made at each point of the curves.
            keep_params: whether to keep the trained parameters.
        """
        self._order, self._grid, self.steps = (*order, "seed"), grid, steps
        self._outcomes = [Outcome.empty(steps, grid.shape) for _ in grid.structures]
        self._params: list[Params] | None = [None] * len(self._outcomes) if keep_params else None

    def add(self, number: int, segment: Segment) -> None:
        """Take in a segment of a structure."""
        self._outcomes[number].add(segment)
        if self._params is None or not segment.done:
            return
        params, known = segment.params(), self._params[number]
        if known is not None:  # of other waves
            cells, seeds = np.nonzero(segment.layout.runs)
            for into, values in zip(jax.tree.leaves(known), jax.tree.leaves(params), strict=True):
                into[cells, seeds] = values[cells, seeds]
            params = known
        self._params[number] = params

    def result(self) -> GridResult:
        """All that is known by now."""
        grid, diverged = self._grid, [each.diverged_step >= 0 for each in self._outcomes]
        curves, latest = {}, {}
        for part in ("train", "validation"):
            found = [_of_part(each.curves, part) for each in self._outcomes]
            curves[part] = self._named(found, len(self.steps))
            latest[part] = self._named(
                [
                    {name: np.where(lost, np.nan, _latest(values)) for name, values in each.items()}
                    for each, lost in zip(found, diverged, strict=True)
                ]
            )
        every = {**grid.structure, **grid.hyperparameters, "seed": grid.seed_numbers}
        params = self._params and tuple(jax.tree.map(self._split, each) for each in self._params)
        return GridResult(
            axes={name: tuple(every[name]) for name in self._order},
            steps=self.steps,
            curves=curves,
            **latest,
            test=self._named([_of_part(each.final, "test") for each in self._outcomes]),
            diverged_step=self._stacked([each.diverged_step for each in self._outcomes]),
            params=params or None,
        )

    def _named(self, found: Sequence[Mapping], *points: int) -> dict[str, np.ndarray]:
        """Every metric that some structure has, nan for the others."""
        empty = np.full((*points, *self._grid.shape), np.nan, np.float32)
        names = dict.fromkeys(name for each in found for name in each)
        return {name: self._stacked([each.get(name, empty) for each in found]) for name in names}

    def _stacked(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """From (…, cells, seeds) of each structure to (…, *axes)."""
        grid = self._grid
        stacked = np.stack(arrays, axis=arrays[0].ndim - 2)  # (…, structures, cells, seeds)
        points = stacked.shape[:-3]
        shape = [
            len(values) for values in (*grid.structure.values(), *grid.hyperparameters.values())
        ]
        split = stacked.reshape(*points, *shape, len(grid.seed_numbers))
        names = [*grid.structure, *grid.hyperparameters, "seed"]
        order = [len(points) + names.index(name) for name in self._order]
        return split.transpose(*range(len(points)), *order)

    def _split(self, leaf: np.ndarray) -> np.ndarray:
        """From (cells, seeds, …) to (*hyperparameters, seeds, …)."""
        sizes = [len(values) for values in self._grid.hyperparameters.values()]
        return leaf.reshape(*sizes, *leaf.shape[1:])


def train_grid(
    make: Callable[..., Training],
    axes: Axes,
    *,
    seeds: int | Sequence[int] = 1,
    train: Pair,
    validation: Pair | None = None,
    test: Pair | None = None,
    steps: int,
    batch_size: int | None = None,
    points: int = POINTS,
    keep_params: bool = False,
    devices: Sequence[jax.Device] | None = None,
    one_program: bool | None = None,
) -> GridResult:
    """Train activation × learning rate × … × seed: one program per structure, on all devices.

    What ``make`` takes is structure, one compiled program per combination; every other axis is a
    hyperparameter, a number that the training reads and that never recompiles. The values of an
    axis "activation" share one program too, as far as they are elementwise, learn nothing and are
    not random: ``make`` is then also called with an Activation that stands for all of them. A
    function of your own joins in as ``activations.measure(function)``. Runs of one seed
    share their initial draws and batches. A run depends on its seed and its own numbers only, up to
    the rounding of sums, which an unstable learning rate amplifies. The arguments are more than
    six, since this is a whole experiment in one call.

    Args:
        make: from choices of structure, as named arguments, to the Training of one run.
        axes: name -> values, such as {"activation": ("relu", "gelu"), "learning_rate": (0.1, 1)};
            "batch_size" may be among them.
        seeds: how many, from 0 on, or which.
        train: (x, y), rows first.
        validation: (x, y), evaluated at every point of the curves; nothing when absent.
        test: (x, y), evaluated at the end; nothing when absent.
        steps: updates of each run.
        batch_size: examples per update; all training rows when absent.
        points: most points of the curves.
        keep_params: whether the result has the trained parameters.
        devices: to train on; all that this process has when absent.
        one_program: whether activations share one compiled program, as above; when absent, as
            ``jaxnn.hardware`` says: always on CPUs, for short runs on accelerators.

    Returns:
        The GridResult. With 1 and with 2 devices it agrees to 1e-4, relative, for stable runs.

    Raises:
        ValueError: an axis is read neither by make nor by the training, make has an argument that
            is no axis and has no default, an axis is empty, or the arrays or numbers do not fit.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> head = HEADS["multiclass"]
        >>> def make(activation):
        ...     net = mlp((4, 16, 3), activation=activation)
        ...     return make_training(net, head.loss, OPTIMIZERS["sgd"], correct=head.correct)
        >>> x = np.random.default_rng(0).normal(size=(90, 4))
        >>> y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
        >>> axes = {"activation": ("relu", "tanh"), "learning_rate": (0.01, 0.1, 1.0)}
        >>> result = train_grid(
        ...     make, axes, seeds=4, train=(x[:60], y[:60]), validation=(x[60:], y[60:]),
        ...     steps=40, batch_size=20,
        ... )
        >>> result.validation["accuracy"].shape, tuple(result.axes)
        ((2, 3, 4), ('activation', 'learning_rate', 'seed'))

        Your own Optax optimizer, and a network of your own with a swept number:

        >>> import optax
        >>> from jaxnn import Network
        >>> def make():
        ...     def net(h):
        ...         return Network(
        ...             lambda key: h["scale"] * jax.random.normal(key, (4, 3)),
        ...             lambda params, x, *, key=None: x @ params,
        ...         )
        ...     return make_training(net, head.loss, optax.adam(0.01), correct=head.correct)
        >>> train_grid(make, {"scale": (0.1, 1.0)}, train=(x, y), steps=5).train["loss"].shape
        (2, 1)

        Deep networks, whose layers are scanned:

        >>> from jaxnn import deep_mlp
        >>> def make(depth):
        ...     return make_training(deep_mlp(4, 8, depth, 3), head.loss, OPTIMIZERS["momentum"])
        >>> axes = {"depth": (20,), "learning_rate": (0.01,), "momentum": (0.5, 0.9)}
        >>> train_grid(make, axes, train=(x, y), steps=5).train["loss"].shape
        (1, 1, 2, 1)

        Recurrent networks, here with one target per sequence:

        >>> from jaxnn import dense, elman, losses, recurrent_network
        >>> def make(activation):
        ...     cell = elman(1, 8, activation=activation)
        ...     net = recurrent_network(cell, dense(8, 1), last=True)
        ...     return make_training(net, losses.squared_error, OPTIMIZERS["adam"])
        >>> xs = x[:, :, None]  # 90 sequences of 4 steps
        >>> axes = {"activation": ("tanh",), "learning_rate": (0.01,)}
        >>> train_grid(make, axes, train=(xs, x[:, :1]), steps=5).train["loss"].shape
        (1, 1, 1)
    """
    segments = grid_segments(
        make,
        axes,
        seeds=seeds,
        train=train,
        validation=validation,
        test=test,
        steps=steps,
        batch_size=batch_size,
        points=points,
        keep_params=keep_params,
        devices=devices,
        one_program=one_program,
    )
    for segment in segments:  # noqa: B007 (the last one is returned)
        pass
    return segment.result


def grid_segments(
    make: Callable[..., Training],
    axes: Axes,
    *,
    seeds: int | Sequence[int] = 1,
    train: Pair,
    validation: Pair | None = None,
    test: Pair | None = None,
    steps: int,
    batch_size: int | None = None,
    points: int = POINTS,
    keep_params: bool = False,
    devices: Sequence[jax.Device] | None = None,
    one_program: bool | None = None,
) -> Iterator[GridSegment]:
    """The training of train_grid, segment by segment: to watch it, and to stop it.

    Arguments are those of train_grid.

    Yields:
        A GridSegment after each segment; the last one's result is train_grid's.

    Raises:
        ValueError: as train_grid.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> head, x, y = HEADS["multiclass"], np.eye(6, dtype=np.float32), np.arange(6) % 3
        >>> def make():
        ...     return make_training(mlp((6, 3)), head.loss, OPTIMIZERS["sgd"])
        >>> axes = {"learning_rate": (0.5, 1.0)}
        >>> for segment in grid_segments(make, axes, train=(x, y), steps=100, points=10):
        ...     if segment.result.train["loss"].min() < 0.5:
        ...         break
        >>> segment.step < 100
        True
    """
    data = _data({"train": train, "validation": validation, "test": test})
    rows = len(data["train"][0])
    grid = _grid(make, axes, seeds, batch_size)
    own = [_made(make, structure) for structure in grid.structures]
    lengths = segment_lengths(_whole(steps, "steps"), _whole(points, "points"))
    tasks = [
        Task(
            data,
            lengths,
            _batch_size(structure.get(BATCH_SIZE, batch_size), rows),
            each=tuple(part for part in ("validation",) if part in data),
            last=tuple(part for part in ("test",) if part in data),
        )
        for structure in grid.structures
    ]
    _check_read(grid, own, data)
    variants = [Variant(training) for training in own]
    hardware = Hardware.of(devices)
    if hardware.one_program(steps) if one_program is None else one_program:
        variants = _together(make, grid, own, data["train"])
    draws = {task.batch_size: Batches(rows, task.batch_size) for task in tasks}
    record = Record(tuple(axes), grid, np.cumsum(lengths), keep_params)
    programs: dict[Callable, Program] = {}  # those that are used again
    for number, ((training, shared), task) in enumerate(zip(variants, tasks, strict=True)):
        task = task._replace(shared=shared)
        program = programs.get(training.segment)
        if program is None:
            program = compile_program(training, grid, task, hardware=hardware)
            programs |= {training.segment: program} if shared else {}
        draw = draws[task.batch_size]
        for segment in program_segments(program.of(training), grid, task, draw=draw):
            record.add(number, segment)
            step = int(record.steps[max(segment.number, 1) - 1])
            share = (number + segment.share) / len(variants)
            yield GridSegment(grid.structures[number], step, share, record)


def _data(arrays: Mapping[str, Pair | None]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The parts that are there, in the dtypes that JAX computes in."""
    found = {}
    for part, pair in arrays.items():
        if pair is None:
            continue
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(f"{part} is a pair (x, y) of arrays, got {type(pair).__name__}")
        x, y = (np.asarray(array) for array in pair)
        if x.ndim < 1 or y.ndim < 1 or len(x) != len(y) or not len(x):
            raise ValueError(
                f"{part}: x of shape {x.shape} and y of shape {y.shape} need as many rows, "
                "at least one"
            )
        for name, array in (("x", x), ("y", y)):
            if not jnp.issubdtype(array.dtype, np.number) and array.dtype != bool:
                raise ValueError(
                    f"{part}: {name} has dtype {array.dtype}; give numbers, and classes as integers"
                )
        x, y = (array.astype(jax.dtypes.canonicalize_dtype(array.dtype)) for array in (x, y))
        found[part] = x, y
    return found


def _grid(make: Callable, axes: Axes, seeds: int | Sequence[int], batch_size: int | None) -> Grid:
    """The axes as structure, which make takes, and hyperparameters."""
    if not isinstance(axes, Mapping):
        raise ValueError(f"axes are a mapping from names to values, got {type(axes).__name__}")
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(make).parameters
    taken = {name: each for name, each in parameters.items() if each.kind in named}
    for name, each in taken.items():
        if name not in axes and each.default is inspect.Parameter.empty:
            raise ValueError(
                f"make takes {name!r}, which is no axis; add it to the axes, such as "
                f"{{{name!r}: (…,)}}, or give it a default"
            )
    for name, values in axes.items():
        is_array = isinstance(values, np.ndarray | jax.Array) and values.ndim == 1
        if isinstance(values, str) or not (is_array or isinstance(values, Sequence)):
            what = f"of shape {np.shape(values)}" if hasattr(values, "shape") else repr(values)
            raise ValueError(f"the axis {name!r} is {what}; give a sequence of values")
        if name == "seed":
            raise ValueError("seeds are no axis of the mapping; give seeds=…")
    if BATCH_SIZE in axes and BATCH_SIZE not in taken:
        if batch_size is not None:
            raise ValueError("batch_size is an axis and an argument; give one of the two")
        taken[BATCH_SIZE] = inspect.Parameter(BATCH_SIZE, inspect.Parameter.KEYWORD_ONLY)
    structure = {name: tuple(values) for name, values in axes.items() if name in taken}
    hyperparameters = {
        name: tuple(_plain(value) for value in values)
        for name, values in axes.items()
        if name not in taken
    }
    for name, values in hyperparameters.items():
        if any(isinstance(value, str) or callable(value) for value in values):
            raise ValueError(
                f"the axis {name!r} has values that are no numbers, so it is structure, and make "
                f"does not take it; write make({', '.join([*taken, name])})"
            )
    return Grid(structure, hyperparameters, seeds)


def _plain(value: Any) -> Any:
    """A NumPy or JAX scalar as Python's."""
    return value.item() if isinstance(value, np.generic | np.ndarray | jax.Array) else value


def _made(make: Callable, structure: Mapping[str, Any]) -> Training:
    """The Training of a structure; the batch size is the loop's, unless make takes it too."""
    taken = inspect.signature(make).parameters
    training = make(**{name: value for name, value in structure.items() if name in taken})
    if not isinstance(training, Training):
        raise ValueError(
            f"make returned {type(training).__name__}; return a Training, as make_training makes it"
        )
    return training


def _whole(value: int, name: str) -> int:
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} is {value!r}; give a whole number of at least 1")
    return int(value)


def _batch_size(size: int | None, rows: int) -> int:
    """Examples per update: all rows when absent."""
    size = rows if size is None else _whole(size, BATCH_SIZE)
    if size > rows:
        raise ValueError(f"batch_size is {size}, and there are {rows} training rows; give fewer")
    return size


def _together(make: Callable, grid: Grid, own: Sequence[Training], train: Pair) -> list[Variant]:
    """The trainings of all structures, those that differ in a plain activation as variants."""
    variants = [Variant(training) for training in own]
    if ACTIVATION not in grid.structure:
        return variants
    sizes = [len(values) for values in grid.structure.values()]
    place = list(grid.structure).index(ACTIVATION)
    numbers = np.moveaxis(np.arange(len(own)).reshape(sizes), place, -1)
    for alike in numbers.reshape(-1, sizes[place]).tolist():

        def made(phi: Any, others: Mapping[str, Any] = grid.structures[alike[0]]) -> Training:
            return _made(make, {**others, ACTIVATION: phi})

        found = by_activation(
            [own[number] for number in alike],
            grid.structure[ACTIVATION],
            made,
            lambda variant: _trace(
                variant.training, grid, train, lambda h: {**h, **variant.shared}
            ),
        )
        for number, variant in zip(alike, found, strict=True):
            variants[number] = variant
    return variants


def _trace(
    training: Training,
    grid: Grid,
    train: Pair,
    seen: Callable[[dict[str, Any]], Mapping[str, Any]],
    evaluated: Pair | None = None,
) -> None:
    """Trace one update and evaluation, which see hyperparameters as this function returns them.

    Rows to evaluate are not traced if given, so that labels that the loss does not know are refused
    here; programs could not see them.
    """

    def every(h, order, x, y):
        h = seen(h)
        state, metrics = training.segment(training.init(jax.random.key(0), h), h, x, y, order)
        return metrics, training.evaluate(state, h, *(evaluated or (x, y)))

    one = {name: jax.ShapeDtypeStruct((), jnp.float32) for name in grid.hyperparameters}
    order = jax.ShapeDtypeStruct((1, 1), jnp.int32)
    jax.eval_shape(every, one, order, *(array[:1] for array in train))


def _extremes(data: Mapping[str, Pair]) -> Pair | None:
    """The rows of the smallest and the largest target of each part, where targets are numbers."""
    found = [
        (x[rows], y[rows])
        for x, y in data.values()
        if y.shape in ((len(y),), (len(y), 1))
        for rows in [np.array([np.argmin(y), np.argmax(y)])]
    ]
    if not found or len({x.shape for x, _ in found}) > 1:
        return None
    x, y = (np.concatenate(each) for each in zip(*found, strict=True))
    return x, y


def _check_read(grid: Grid, trainings: Sequence[Training], data: Mapping[str, Pair]) -> None:
    """Refuse an axis that nobody reads: it would train every network as often as it has values."""
    read: set[str] = set()
    extremes = _extremes(data)
    for number, training in enumerate(trainings):
        if number and read >= set(grid.hyperparameters):
            break
        _trace(training, grid, data["train"], lambda h: Run(h, read), extremes)
    unread = [name for name in grid.hyperparameters if name not in read]
    if unread:
        raise ValueError(
            f"the axis {unread[0]!r} is read neither by make nor by the training, so all its "
            "values would train the same networks; leave it out, or use it (plain SGD has no "
            "momentum)"
        )


def _of_part(metrics: Mapping[str, np.ndarray], part: str) -> dict[str, np.ndarray]:
    start = f"{part}_"
    return {name.removeprefix(start): v for name, v in metrics.items() if name.startswith(start)}


def _latest(curve: np.ndarray) -> np.ndarray:
    """From (points, cells, seeds) the last point that each run has, (cells, seeds)."""
    last = len(curve) - 1 - np.argmax(~np.isnan(curve[::-1]), axis=0)
    return np.take_along_axis(curve, last[None], axis=0)[0]

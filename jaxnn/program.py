"""One structure's program: its runs planned into chunks that fit the memory, and compiled."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnn.data_by_seed import DataBySeed
from jaxnn.grid import Grid
from jaxnn.hardware import Hardware
from jaxnn.layout import Layout, arrange, group_size
from jaxnn.sweep import Sweep, initial, make_sweep, runs_at_once
from jaxnn.training import Metrics, State, Training
from jaxnn.types import Array

POINTS = 20  # of a training curve
CHUNKS = 5  # about as many per program: diverged runs are left out chunk by chunk
MOST = 64  # groups of a chunk, or up to twice as many: more would only take memory
WAVE_BYTES = 1 << 25  # of states that a CPU holds at a time: more chunks at once gain nothing
# Of states that fill an accelerator: on an H100 with networks of 64-64-64-10, an update of 32 runs
# takes 62 µs, of 128 runs 70, of 512 runs 143, and from there on the time grows with the runs.
FULL_BYTES = 1 << 25


class Task(NamedTuple):
    """What every run of a program trains on, for how long, and where it is evaluated.

    data: part -> (x, y); "train" is trained on. With ``by_seed``, that of any seed: its shapes
        count.
    lengths: of the segments, in updates.
    batch_size: examples per update.
    each, last: parts that are evaluated after each segment, and only at the end; "train" in each
        replaces the mean loss of a segment's updates by the loss on all examples after them.
    from_start: whether the parts in ``each`` are also evaluated before the first update.
    by_seed: the data of each seed, where they differ; None, all runs share ``data``.
    shared: name -> what all runs have in common, of at most one axis, which the training reads
        among the hyperparameters; see ``jaxnn.variants``.
    """

    data: Mapping[str, tuple[Array | np.ndarray, Array | np.ndarray]]
    lengths: Sequence[int]
    batch_size: int
    each: Sequence[str] = ("validation",)
    last: Sequence[str] = ("test",)
    from_start: bool = False
    by_seed: DataBySeed | None = None
    shared: Mapping[str, np.ndarray] = MappingProxyType({})

    @property
    def batch(self) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
        """Shapes of the x and y of an update."""
        x, y = (
            jax.ShapeDtypeStruct((self.batch_size, *each.shape[1:]), each.dtype)
            for each in self.data["train"]
        )
        return x, y

    @property
    def steps(self) -> np.ndarray:
        """Updates made after each segment, (segments,)."""
        return np.cumsum(self.lengths)


def segment_lengths(steps: int, points: int = POINTS) -> list[int]:
    """Steps cut into segments, equal but for the last.

    Args:
        steps: updates in all, at least 1.
        points: most segments.

    Returns:
        The updates of each segment.

    Example:
        >>> segment_lengths(300) == [15] * 20, segment_lengths(7), segment_lengths(41)[-2:]
        (True, [1, 1, 1, 1, 1, 1, 1], [3, 2])
    """
    length = -(-steps // points)
    full, rest = divmod(steps, length)
    return [length] * full + ([rest] if rest else [])


class Plan(NamedTuple):
    """How a program's runs are cut up.

    devices: how many share a chunk's groups.
    members: runs per group.
    together: groups that a device trains at a time; None, all.
    chunk: groups per call.
    wave: groups whose states are held at a time.
    """

    devices: int
    members: int
    together: int | None
    chunk: int
    wave: int

    @classmethod
    def whole(cls, layout: Layout, devices: int, together: int | None = None) -> "Plan":
        """All groups of a layout in one call."""
        return cls(devices, layout.members, together, layout.groups, layout.groups)

    def layout(self, grid: Grid, runs: np.ndarray) -> Layout:
        """The runs, of this grid or of a wider one, in whole chunks."""
        return arrange(
            grid.program(),
            devices=self.devices,
            exactly=self.members,
            runs=runs,
            multiple=self.chunk,
        )


class Program(NamedTuple):
    """The functions of a chunk of runs.

    state: shapes of a chunk's State.
    segments: compiled, by their length; another length is compiled when it is first called.
    evaluations: compiled, by the part of the data; another likewise.
    """

    plan: Plan
    sweep: Sweep
    state: State
    segments: Mapping[int, Callable] = {}
    evaluations: Mapping[str, Callable] = {}

    def of(self, training: Training) -> "Program":
        """The same functions for a training that differs in its initial draws only."""
        return self._replace(sweep=self.sweep._replace(init=initial(training, self.sweep.place)))

    def compiled(self, grid: Grid, task: Task) -> "Program":
        """The same program, compiled ahead for every segment and part of a task."""
        segments, evaluations = _compile(self.sweep, self.state, grid, task)
        return self._replace(segments=segments, evaluations=evaluations)

    def segment(self, length: int, *arguments: Any) -> tuple[State, Metrics]:
        """Train a chunk for so many updates."""
        return self.segments.get(length, self.sweep.segment)(*arguments)

    def evaluate(self, part: str, *arguments: Any) -> Metrics:
        """Evaluate a chunk on a part of the data."""
        return self.evaluations.get(part, self.sweep.evaluate)(*arguments)


def plan_runs(
    grid: Grid,
    training: Training,
    hardware: Hardware | None = None,
    *,
    runs: np.ndarray | None = None,
    members: int | None = None,
    later: Sequence[tuple[int, int]] = (),
) -> Plan:
    """The plan that keeps a CPU's cache warm and an accelerator full, all groups in one call.

    Args:
        grid: what to vary.
        training: of one run.
        hardware: to train on; the devices of this process when absent.
        runs: bool (cells, seeds), those to train; all when absent.
        members: most runs per group, and of a CPU at a time; when absent, those that its cache
            holds, and on an accelerator no limit.
        later: (cells, seeds) of runs that the same program trains after these, at a time. On a CPU,
            groups and chunks are such that padding takes little of their time too.

    Returns:
        The plan.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> training = make_training(mlp((4, 8, 3)), HEADS["multiclass"].loss, OPTIMIZERS["sgd"])
        >>> grid = Grid({}, {"learning_rate": (0.1, 0.2, 0.3)}, seeds=4)
        >>> plan_runs(grid, training, Hardware.of(jax.devices()[:1])).members
        3
    """
    hardware = hardware or Hardware.of()
    at_once = None
    if not hardware.accelerator:
        at_once = members or runs_at_once(training, grid.hyperparameters)
    devices, members = len(hardware.devices), members or at_once
    size = None
    if later and not hardware.accelerator:
        cells, seeds = grid.shape
        of_seed = [count for count, _ in later]
        size = group_size(cells, seeds, devices=devices, members=members, later=of_seed)
    layout = arrange(grid.program(), devices=devices, members=members, exactly=size, runs=runs)
    together = None if at_once is None else max(1, at_once // layout.members)
    return Plan.whole(layout, devices, together)


def make_program(
    training: Training, grid: Grid, plan: Plan, devices: Sequence[jax.Device] | None = None
) -> Program:
    """A program whose functions are compiled when they are first called.

    Args:
        training: of one run.
        grid: what to vary.
        plan: from plan_runs, or your own.
        devices: to train on; all of this process when absent.

    Returns:
        The program.
    """
    sweep = make_sweep(training, devices=devices or jax.local_devices(), together=plan.together)
    return Program(plan, sweep, _shapes(sweep, _one(training, grid), plan.chunk, plan.members))


def compile_program(
    training: Training,
    grid: Grid,
    task: Task,
    *,
    hardware: Hardware | None = None,
    runs: np.ndarray | None = None,
    later: Sequence[tuple[int, int]] = (),
) -> Program:
    """Plan and compile a program whose chunks fit the memory.

    Where a chunk of one group per device does not fit, its members are made fewer, down to one run.

    Args:
        training: of one run.
        grid: what to vary.
        task: shapes of the data, lengths of the segments, parts to evaluate.
        hardware: to train on; the devices of this process when absent.
        runs: bool (cells, seeds), those to train; all when absent.
        later: as for ``plan_runs``.

    Returns:
        The program, compiled for every length of a segment and every part that is evaluated.
    """
    hardware, one = hardware or Hardware.of(), _one(training, grid)
    devices, members = len(hardware.devices), None
    if hardware.accelerator:
        later = ()
    else:
        members = runs_at_once(training, grid.hyperparameters, task.batch, task.shared)
    plan = plan_runs(grid, training, hardware, runs=runs, members=members, later=later)
    sweep = make_sweep(training, devices=hardware.devices, together=plan.together)
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(one))
    full = FULL_BYTES // (size * plan.members) if hardware.accelerator else 1
    groups = [-(-cells // plan.members) * seeds for cells, seeds in later]
    chunk = chunk_of(plan.chunk, devices, full, groups)
    if task.by_seed:  # so that a chunk, however many its seeds, needs no more splits than are held
        chunk = max(1, min(chunk, task.by_seed.held) // devices) * devices
    while True:
        state = _shapes(sweep, one, chunk, plan.members)
        program = Program(plan, sweep, state).compiled(grid, task)
        need = max(map(_bytes, (*program.segments.values(), *program.evaluations.values())))
        if need <= hardware.memory or (chunk == devices and plan.members == 1):
            break
        if chunk > devices:
            chunk = max(1, chunk // devices // 2) * devices
        else:
            fewer = plan.members // 2
            plan = plan_runs(grid, training, hardware, runs=runs, members=fewer, later=later)
    room = min(hardware.memory, WAVE_BYTES)
    if hardware.accelerator:
        room = max(0, hardware.memory - need) * devices
    most = room / (size * plan.members * chunk)
    wave = chunk * (max(1, int(most)) if np.isfinite(most) else -(-plan.chunk // chunk))
    return program._replace(plan=plan._replace(chunk=chunk, wave=wave))


def chunk_of(groups: int, devices: int, full: int = 1, later: Sequence[int] = ()) -> int:
    """Groups of a chunk: a multiple of the devices that pads little.

    It is one to two times a CHUNKS-th of all groups or MOST, whichever is less; where a device is
    full with ``full`` groups only, as many, or all. With ``later``, the groups that are trained
    after these at a time, it may be down to half of that.

    Example:
        >>> chunk_of(20, 2), chunk_of(3, 2), chunk_of(1000, 2), chunk_of(20, 2, 30)
        (4, 2, 100, 20)
        >>> chunk_of(70, 2), chunk_of(70, 2, later=[20])
        (14, 10)
    """
    shares = [-(-each // devices) for each in (groups, *later)]
    near = max(1, min(shares[0] // CHUNKS, MOST // devices), min(shares[0], full))
    least = -(-near // 2) if later else near
    return devices * min(
        range(least, 2 * near + 1), key=lambda size: (sum(-each % size for each in shares), size)
    )


def _one(training: Training, grid: Grid) -> State:
    """The shapes of one run's State."""
    hyperparameters = {name: jax.ShapeDtypeStruct((), np.float32) for name in grid.hyperparameters}
    return jax.eval_shape(training.init, jax.random.key(0), hyperparameters)


def _shapes(sweep: Sweep, tree: Any, *shape: int) -> Any:
    """With axes of these sizes in front of every leaf."""
    return sweep.shapes(
        jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((*shape, *leaf.shape), leaf.dtype), tree)
    )


def _compile(
    sweep: Sweep, state: State, grid: Grid, task: Task
) -> tuple[dict[int, Callable], dict[str, Callable]]:
    """Segments by length and evaluations by part, for a chunk's state."""
    chunk, members = state.step.shape
    number = jax.ShapeDtypeStruct((), np.float32)
    h = _shapes(sweep, dict.fromkeys(grid.hyperparameters, number), chunk, members)
    h |= {name: sweep.shapes(np.asarray(each), shared=True) for name, each in task.shared.items()}
    data, split = _data_shapes(sweep, task, chunk)
    segments: dict[int, Callable] = {}
    evaluations: dict[str, Callable] = {}
    for length in set(task.lengths):
        order = jax.ShapeDtypeStruct((length, task.batch_size), np.int32)
        order = _shapes(sweep, order, chunk)
        segments[length] = sweep.segment.lower(state, h, *data["train"], order, *split).compile()
    compiled: dict[str, Callable] = {}
    for part in dict.fromkeys((*task.each, *task.last)):
        shape = str(jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), data[part]))
        if shape not in compiled:
            compiled[shape] = sweep.evaluate.lower(state, h, *data[part], *split).compile()
        evaluations[part] = compiled[shape]
    return segments, evaluations


def _data_shapes(
    sweep: Sweep, task: Task, chunk: int
) -> tuple[dict[str, tuple[Any, Any]], tuple[Any, ...]]:
    """Of each part as it is on the devices, and, where seeds differ, of their splits."""
    held = (task.by_seed.held,) if task.by_seed else ()
    data = {
        part: tuple(
            sweep.shapes(jax.ShapeDtypeStruct((*held, *array.shape), array.dtype), shared=True)
            for array in arrays
        )
        for part, arrays in task.data.items()
    }
    split = (_shapes(sweep, jax.ShapeDtypeStruct((), np.int32), chunk),) if held else ()
    return data, split


def _bytes(function: Any) -> int:
    """That a call takes on a device, as far as the compiler says."""
    found = function.memory_analysis()
    if not found:
        return 0
    return sum(
        getattr(found, f"{what}_size_in_bytes", 0) for what in ("argument", "output", "temp")
    )

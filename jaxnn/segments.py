"""The training loop: the runs of one program, segment by segment, in waves that fit the memory.

It is the only one: train_grid, the experiments, the benchmark and the refit of a model use it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnn.grid import Grid
from jaxnn.layout import Layout
from jaxnn.optimizers import evaluated_at
from jaxnn.program import Program, Task
from jaxnn.sweep import Sweep, batches
from jaxnn.training import State
from jaxnn.types import Array

Draw = Callable[[np.ndarray, int, int], np.ndarray]


class Stand(NamedTuple):
    """Where the training of a wave is, to go on from there.

    wave: its number.
    segment: segments done.
    runs: bool (cells, seeds), those that still train.
    leaves: of their State, (groups, members, …), in the order of jax.tree.leaves.
    """

    wave: int
    segment: int
    runs: np.ndarray
    leaves: Sequence[np.ndarray]


class Segment(NamedTuple):
    """What one segment has brought to the runs of a wave.

    wave: the wave's number, from 0.
    number: segments done; 0 before the first, where the task evaluates there.
    share: of all the program's work that is done, from 0 to 1.
    done: whether these runs have ended, after all updates or since all have diverged.
    runs: bool (cells, seeds), the wave's runs, those included that have diverged.
    layout: where the runs that still train are in metrics, final, diverged_step and states.
    metrics: name -> (groups, members, …), on the host: "train_loss", the mean of the segment, and
        "PART_loss" and the like of each part evaluated; nan where a run has diverged.
    final: the same of the parts that are evaluated at the end; empty before.
    diverged_step: (groups, members); -1 where a run has not diverged.
    states: the chunks' states, on the devices; the next segment uses them up.

    Raises:
        ValueError: by params and stand, where the next segment has been asked for.
    """

    wave: int
    number: int
    share: float
    done: bool
    runs: np.ndarray
    layout: Layout
    metrics: Mapping[str, np.ndarray]
    final: Mapping[str, np.ndarray]
    diverged_step: np.ndarray
    states: Sequence[State]

    def params(self) -> Any:
        """Parameters of the runs, with (cells, seeds) in front; nan where a run is elsewhere."""
        _check_there(self.states)
        tree = jax.tree.structure(self.states[0])
        state = jax.tree.unflatten(tree, host_leaves(self.states))
        params = evaluated_at(state.optimizer, state.params)
        return jax.tree.map(lambda leaf: self.layout.collect(np.asarray(leaf)), params)

    def stand(self) -> Stand:
        """What to go on from, also in another process."""
        _check_there(self.states)
        return Stand(self.wave, self.number, self.layout.runs, host_leaves(self.states))


class Batches:
    """The batches of each seed; kept for the next program, whose seeds draw the same ones."""

    def __init__(
        self, examples: int | Callable[[int], int], batch_size: int, most_bytes: int = 1 << 24
    ):
        """For that many examples, or for those of a seed, in batches of one size.

        About so many bytes are kept.
        """
        self._examples, self._batch_size, self._most_bytes = examples, batch_size, most_bytes
        self._drawn: dict[tuple, np.ndarray] = {}

    def __call__(self, seeds: np.ndarray, start: int, steps: int) -> np.ndarray:
        """int32 (seeds, steps, batch_size) from update ``start`` on."""
        wanted = (seeds.tobytes(), start, steps)
        if wanted not in self._drawn:
            if sum(array.nbytes for array in self._drawn.values()) > self._most_bytes:
                self._drawn.clear()
            self._drawn[wanted] = self._draw(seeds, start, steps)
        return self._drawn[wanted]

    def _draw(self, seeds: np.ndarray, start: int, steps: int) -> np.ndarray:
        examples = np.array(
            [self._examples(seed) for seed in seeds.tolist()]
            if callable(self._examples)
            else [self._examples] * len(seeds)
        )
        found = np.empty((len(seeds), steps, self._batch_size), np.int32)
        for number in np.unique(examples):
            sizes = {"examples": int(number), "batch_size": self._batch_size}
            mine = examples == number
            found[mine] = batches(seeds[mine].tolist(), steps=steps, start=start, **sizes)
        return found


def program_segments(
    program: Program,
    grid: Grid,
    task: Task,
    *,
    runs: np.ndarray | None = None,
    done: np.ndarray | None = None,
    stand: Stand | None = None,
    draw: Draw | None = None,
) -> Iterator[Segment]:
    """Train the runs of one program, and yield after each segment: the training loop.

    Diverged runs are left out as soon as that saves a chunk. To stop, ask for no more. There are
    seven arguments, since what is trained, what is known of it and where batches come from have
    nothing in common.

    Args:
        program: from make_program or compile_program.
        grid: what to vary; its hyperparameters and seeds count.
        task: what to train on, for how long, and what to evaluate.
        runs: bool (cells, seeds), those to train; all when absent.
        done: bool (cells, seeds), those that are not trained again; none when absent.
        stand: where an interrupted wave goes on; a stand that no longer fits is left out.
        draw: ``draw(seeds, start, steps)``, the batches of ascending seeds from update ``start``
            on, int of shape (seeds, steps, batch_size); ``Batches`` when absent.

    Yields:
        A Segment for each wave and segment; the last one of a wave is ``done``.

    Example:
        >>> from jaxnn import HEADS, OPTIMIZERS, make_training, mlp
        >>> from jaxnn.program import make_program, plan_runs
        >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)
        >>> training = make_training(mlp((4, 8, 4)), HEADS["multiclass"].loss, OPTIMIZERS["sgd"])
        >>> grid = Grid({}, {"learning_rate": (0.1, 1.0)}, seeds=3)
        >>> program = make_program(training, grid, plan_runs(grid, training))
        >>> task = Task({"train": (x, y)}, [5, 5], batch_size=2, each=("train",), last=())
        >>> for segment in program_segments(program, grid, task):
        ...     loss = segment.layout.collect(segment.metrics["train_loss"])
        ...     print(segment.number, loss.shape, segment.done)
        1 (2, 3) False
        2 (2, 3) True
    """
    plan, total = program.plan, len(task.lengths)
    by_seed = task.by_seed
    examples = by_seed.examples if by_seed else len(task.data["train"][0])
    draw, data = draw or Batches(examples, task.batch_size), _Data(program.sweep, task)
    whole = plan.layout(grid, np.ones(grid.shape, bool) if runs is None else runs)
    cuts = (
        list(by_seed.waves(whole, plan.wave, plan.chunk))
        if by_seed
        else [(first, first + plan.wave) for first in range(0, whole.groups, plan.wave)]
    )
    for wave, cut in enumerate(cuts):
        planned = whole.part(*cut)
        todo, seeds = planned.runs, np.unique(planned.seeds)
        if done is not None:
            todo &= ~done
        if not todo.any():
            continue
        held, begun = _Held(program, grid, data, todo), 0
        if stand and stand.wave == wave and held.fits(stand):
            held.restore(stand)
            begun = stand.segment
        else:
            held.start()
        shares = (wave + np.arange(total + 1) / total) / len(cuts)
        if task.from_start and not begun:
            yield held.segment(wave, 0, shares[0], held.evaluate(task.each))
        for number in range(begun, total):
            if number and not held.leave_diverged():
                yield held.segment(wave, number, shares[-1], {}, held.evaluate(task.last))
                break
            start, length = sum(task.lengths[:number]), task.lengths[number]
            metrics = held.train(length, seeds, draw(seeds, start, length), task.each)
            final = held.evaluate(task.last) if number + 1 == total else None
            yield held.segment(wave, number + 1, shares[number + 1], metrics, final)


class _Data:
    """The data of a wave, on the devices."""

    def __init__(self, sweep: Sweep, task: Task):
        """Placed at once where all seeds share them."""
        self._place, self._by_seed = sweep.place, task.by_seed
        self._numbers = np.empty(0, int)
        self.shared = {name: self._place(each, shared=True) for name, each in task.shared.items()}
        self.parts = {} if task.by_seed else self._placed(task.data)

    def hold(self, seeds: np.ndarray) -> None:
        """Place the splits of a wave's seeds, where they are not there yet."""
        if self._by_seed is None:
            return
        numbers = np.unique(self._by_seed.numbers(seeds))
        if not np.isin(numbers, self._numbers).all():
            self._numbers, self.parts = numbers, {}  # the earlier ones' memory is free first
            self.parts = self._placed(self._by_seed.stacked(numbers))

    def split(self, seeds: np.ndarray) -> tuple[Array, ...]:
        """Where each group's split is among those held; nothing where all seeds share the data."""
        if self._by_seed is None:
            return ()
        places = np.searchsorted(self._numbers, self._by_seed.numbers(seeds))
        return (self._place(places.astype(np.int32)),)

    def _placed(self, parts: Mapping[str, tuple]) -> dict[str, tuple[Array, ...]]:
        return {
            part: tuple(self._place(array, shared=True) for array in arrays)
            for part, arrays in parts.items()
        }


class _Held:
    """The runs of a wave, whose states are on the devices chunk by chunk.

    Chunks have one shape whatever the stage or wave, since each shape is compiled anew.
    """

    layout: Layout
    chunks: Sequence[Layout]
    rates: Sequence[Mapping[str, Array]]
    _split: Sequence[tuple[Array, ...]]
    states: list[State]

    def __init__(self, program: Program, grid: Grid, data: _Data, runs: np.ndarray):
        """Of these runs, bool (cells, seeds)."""
        self._program, self._grid, self._data, self._runs = program, grid, data, runs
        data.hold(np.asarray(grid.seed_numbers)[runs.any(axis=0)])

    def start(self) -> None:
        """From their initial draws."""
        self._arrange(self._program.plan.layout(self._grid, self._runs))
        self.states = [self._program.sweep.init(chunk) for chunk in self.chunks]

    def fits(self, stand: Stand) -> bool:
        """Whether a stand's runs can go on; other devices cut the runs up differently."""
        if (stand.runs & ~self._runs).any():
            return False
        layout = self._program.plan.layout(self._grid, stand.runs)
        return stand.leaves[0].shape[:2] == layout.cells.shape

    def restore(self, stand: Stand) -> None:
        """A stand's runs, with the states that they had."""
        self._arrange(self._program.plan.layout(self._grid, stand.runs))
        self._place(stand.leaves)

    def leave_diverged(self) -> bool:
        """Go on with the runs that have not diverged, where that saves a chunk.

        Returns:
            Whether there are any.
        """
        diverged = self.layout.collect(self._diverged_step(), np.full(self.layout.shape, -1))
        alive = self.layout.runs & (diverged < 0)
        if not alive.any():
            return False
        smaller = self._program.plan.layout(self._grid, alive)
        if smaller.groups < self.layout.groups:
            places = self.layout.places(smaller)
            leaves = [
                leaf.reshape(-1, *leaf.shape[2:])[places] for leaf in host_leaves(self.states)
            ]
            self._arrange(smaller)
            self._place(leaves)
        return True

    def train(
        self, length: int, seeds: np.ndarray, drawn: np.ndarray, parts: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Train for so many updates, and evaluate on these parts."""
        found = []
        for i, chunk in enumerate(self.chunks):  # all are dispatched before one is waited for
            order = self._program.sweep.place(drawn[np.searchsorted(seeds, chunk.seeds)])
            self.states[i], metrics = self._program.segment(
                length,
                self.states[i],
                self.rates[i],
                *self._data.parts["train"],
                order,
                *self._split[i],
            )
            found.append({**metrics, **self._evaluate(i, parts)})
        return _on_host(found)

    def evaluate(self, parts: Sequence[str]) -> dict[str, np.ndarray]:
        """Evaluate on these parts."""
        return _on_host([self._evaluate(i, parts) for i in range(len(self.chunks))])

    def segment(
        self, wave: int, number: int, share: float, metrics: Mapping, final: Mapping | None = None
    ) -> Segment:
        """What is to be said of a segment; the last one has a final part, be it empty."""
        return Segment(
            wave=wave,
            number=number,
            share=share,
            done=final is not None,
            runs=self._runs,
            layout=self.layout,
            metrics=metrics,
            final=final or {},
            diverged_step=self._diverged_step(),
            states=tuple(self.states),
        )

    def _arrange(self, layout: Layout) -> None:
        chunk, place = self._program.plan.chunk, self._program.sweep.place
        self.layout = layout
        self.chunks = [layout.part(i, i + chunk) for i in range(0, layout.groups, chunk)]
        self.rates = [
            {name: place(values) for name, values in chunk.hyperparameters.items()}
            | self._data.shared
            for chunk in self.chunks
        ]
        self._split = [self._data.split(chunk.seeds) for chunk in self.chunks]

    def _place(self, leaves: Sequence[np.ndarray]) -> None:
        """States from their leaves on the host."""
        shapes, tree = jax.tree.flatten(self._program.state)

        def place(shape, leaf):
            if jnp.issubdtype(shape.dtype, jax.dtypes.prng_key):
                leaf = jax.random.wrap_key_data(jnp.asarray(leaf), impl="threefry2x32")
            return self._program.sweep.place(leaf)

        cut = [np.split(leaf, len(self.chunks)) for leaf in leaves]
        self.states = [
            jax.tree.unflatten(tree, [place(*pair) for pair in zip(shapes, chunk, strict=True)])
            for chunk in zip(*cut, strict=True)
        ]

    def _evaluate(self, i: int, parts: Sequence[str]) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for part in parts:
            metrics = self._program.evaluate(
                part, self.states[i], self.rates[i], *self._data.parts[part], *self._split[i]
            )
            found |= {f"{part}_{name}": value for name, value in metrics.items()}
        return found

    def _diverged_step(self) -> np.ndarray:
        return np.concatenate([np.asarray(state.diverged_step) for state in self.states])


def host_leaves(states: Sequence[State]) -> list[np.ndarray]:
    """The leaves of all chunks' states as NumPy arrays, (groups, members, …); keys as their data.

    Args:
        states: of chunks, one after the other.

    Returns:
        Arrays in the order of jax.tree.leaves.
    """

    def host(*leaves):
        keys = jnp.issubdtype(leaves[0].dtype, jax.dtypes.prng_key)
        return np.concatenate([np.asarray(jax.random.key_data(x) if keys else x) for x in leaves])

    return [host(*leaves) for leaves in zip(*map(jax.tree.leaves, states), strict=True)]


def _check_there(states: Sequence[State]) -> None:
    if any(leaf.is_deleted() for leaf in jax.tree.leaves(states)):
        raise ValueError(
            "the next segment has used up this one's states; ask for its params or stand before "
            "asking for the next segment"
        )


def _on_host(found: Sequence[Mapping[str, Array]]) -> dict[str, np.ndarray]:
    """Chunks' metrics, one after the other."""
    return {name: np.concatenate([np.asarray(each[name]) for each in found]) for name in found[0]}

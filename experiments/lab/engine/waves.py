"""Train the runs of one program: in waves that fit the memory, chunk by chunk, diverged runs left behind."""

import time
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

import jaxnn
from experiments.lab.engine.outcome import Outcome, Stand
from experiments.lab.engine.program import Data, Plan, Program
from jaxnn.grid import Layout
from jaxnn.sweep import Sweep

ORDER_BYTES = (
    1 << 24
)  # of batches' orders kept for the next program, whose seeds draw the same ones
CHECKPOINT_SECONDS = 5.0


class Orders:
    """The batches of each seed, drawn once for all programs."""

    def __init__(self, examples: int):
        """Of that many examples."""
        self._examples, self._drawn = examples, {}

    def draw(self, seeds: np.ndarray, **sizes: int) -> np.ndarray:
        """int32 (seeds, steps, batch_size)."""
        wanted = (seeds.tobytes(), *sorted(sizes.items()))
        if wanted not in self._drawn:
            if sum(array.nbytes for array in self._drawn.values()) > ORDER_BYTES:
                self._drawn.clear()
            self._drawn[wanted] = np.asarray(
                jaxnn.sweep.batches(seeds, examples=self._examples, **sizes)
            )
        return self._drawn[wanted]


def train(
    program: Program,
    grid: jaxnn.Grid,
    outcome: Outcome,
    runs: np.ndarray,
    data: Data,
    *,
    lengths: Sequence[int],
    batch_size: int,
    orders: Orders,
    on_segment: Callable[[float], None],
    on_stand: Callable[[], None],
) -> None:
    """Train runs and write what they find into the outcome.

    Args:
        program: compiled.
        grid: what to vary.
        outcome: what is known; its finished runs are not trained again, and its unfinished wave goes on where it stands.
        runs: bool (cells, seeds), those to train.
        data: shared by all.
        lengths: of the segments, in updates.
        batch_size: examples an update.
        orders: of the batches.
        on_segment: told the share of the work that is done, after each segment.
        on_stand: told to keep the outcome, every few seconds and after each wave.
    """
    sweep, plan = program.sweep, program.plan
    parts = {
        part: (sweep.place(data.x[part], shared=True), sweep.place(data.y[part], shared=True))
        for part in data.x
    }
    whole = plan.layout(grid, runs)
    waves = [
        whole.part(start, start + plan.wave) for start in range(0, len(whole.seeds), plan.wave)
    ]
    began, kept = time.perf_counter(), time.perf_counter()
    before = outcome.run_seconds

    def keep(stand: Stand | None) -> None:
        outcome.stand, outcome.run_seconds = stand, before + time.perf_counter() - began
        on_stand()

    for number, wave in enumerate(waves):
        todo = wave.runs & ~outcome.done
        if not todo.any():
            continue
        seeds = np.unique(wave.seeds)
        stand = (
            outcome.stand
            if outcome.stand and _fits(outcome.stand, number, wave, plan, grid)
            else None
        )
        layout = plan.layout(grid, stand.runs if stand else todo)
        chunks = _cut(layout, plan.chunk)
        # Chunk by chunk, of one shape whatever the stage or wave, since each shape of a draw is compiled anew.
        states = (
            _placed(sweep, program, stand.leaves, len(chunks))
            if stand
            else [sweep.init(chunk) for chunk in chunks]
        )
        rates = _hyperparameters(sweep, chunks)
        for segment in range(stand.segment if stand else 0, len(lengths)):
            drawn = orders.draw(
                seeds, batch_size=batch_size, steps=lengths[segment], start=sum(lengths[:segment])
            )
            found = []
            for i, chunk in enumerate(chunks):  # all are dispatched before the first is waited for
                order = sweep.place(drawn[np.searchsorted(seeds, chunk.seeds)])
                states[i], metrics = program.segments[lengths[segment]](
                    states[i], rates[i], *parts["train"], order
                )
                validation = program.evaluate["validation"](
                    states[i], rates[i], *parts["validation"]
                )
                found.append(
                    metrics | {f"validation_{name}": value for name, value in validation.items()}
                )
            for chunk, state, metrics in zip(chunks, states, found, strict=True):
                for name, values in metrics.items():
                    chunk.collect(values, outcome.curve(name)[segment])
                chunk.collect(state.diverged_step, outcome.diverged_step)
            on_segment((number + (segment + 1) / len(lengths)) / len(waves))
            alive = layout.runs & (outcome.diverged_step < 0)
            if not alive.any():
                break
            smaller = _smaller(plan, grid, alive, layout)
            if smaller is not layout:
                states = _placed(
                    sweep,
                    program,
                    _leaves(states, layout.places(smaller)),
                    len(smaller.seeds) // plan.chunk,
                )
                layout, chunks = smaller, _cut(smaller, plan.chunk)
                rates = _hyperparameters(sweep, chunks)
            if time.perf_counter() - kept > CHECKPOINT_SECONDS:
                keep(Stand(number, segment + 1, layout.runs, _leaves(states)))
                kept = time.perf_counter()
        for chunk, state, rate in zip(chunks, states, rates, strict=True):
            for name, values in program.evaluate["test"](state, rate, *parts["test"]).items():
                chunk.collect(values, outcome.last(f"test_{name}"))
        outcome.done |= todo
        keep(None)


def _fits(stand: Stand, number: int, wave: Layout, plan: Plan, grid: jaxnn.Grid) -> bool:
    """Whether the wave can go on from there: a machine with other devices cuts the runs up differently, and starts it again."""
    here = stand.wave == number and not (stand.runs & ~wave.runs).any()
    return here and stand.leaves[0].shape[:2] == plan.layout(grid, stand.runs).cells.shape


def _smaller(plan: Plan, grid: jaxnn.Grid, alive: np.ndarray, layout: Layout) -> Layout:
    """The layout of the runs that are alive, where it takes fewer chunks."""
    smaller = plan.layout(grid, alive)
    return smaller if len(smaller.seeds) < len(layout.seeds) else layout


def _cut(layout: Layout, chunk: int) -> list[Layout]:
    return [layout.part(start, start + chunk) for start in range(0, len(layout.seeds), chunk)]


def _hyperparameters(sweep: Sweep, chunks: Sequence[Layout]) -> list[dict[str, jax.Array]]:
    return [
        {name: sweep.place(values) for name, values in chunk.hyperparameters.items()}
        for chunk in chunks
    ]


def _leaves(states: Sequence, places: np.ndarray | None = None) -> list[np.ndarray]:
    """The leaves of all chunks' states on the host, (groups, members, …); with places, those that lie there, in their order."""

    def host(*leaves):
        raw = [
            np.asarray(
                jax.random.key_data(leaf)
                if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
                else leaf
            )
            for leaf in leaves
        ]
        every = np.concatenate(raw)
        return every if places is None else every.reshape(-1, *every.shape[2:])[places]

    return [host(*leaves) for leaves in zip(*map(jax.tree.leaves, states), strict=True)]


def _placed(sweep: Sweep, program: Program, leaves: Sequence[np.ndarray], chunks: int) -> list:
    """Chunks' states from their leaves on the host."""
    shapes, tree = jax.tree.flatten(program.state)

    def device(shape, leaf):
        key = jnp.issubdtype(shape.dtype, jax.dtypes.prng_key)
        return sweep.place(
            jax.random.wrap_key_data(jnp.asarray(leaf), impl="threefry2x32") if key else leaf
        )

    cut = [np.split(leaf, chunks) for leaf in leaves]
    return [
        jax.tree.unflatten(
            tree, [device(shape, leaf[i]) for shape, leaf in zip(shapes, cut, strict=True)]
        )
        for i in range(chunks)
    ]

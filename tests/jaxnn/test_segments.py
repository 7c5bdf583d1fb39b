"""Chunks, waves, interruptions and slices change when a run is trained, never what it finds."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxnn import HEADS, OPTIMIZERS, Grid, Outcome, arrange, make_training, mlp, program
from jaxnn.data_by_seed import DataBySeed
from jaxnn.hardware import Hardware
from jaxnn.program import Task, chunk_of, compile_program, make_program, plan_runs
from jaxnn.segments import program_segments

RATES = (0.01, 0.1, 0.2, 0.5, 1e30, 1e31, 1e32, 1e33)  # the upper half diverges at once
GRID, HEAD = Grid({}, {"learning_rate": RATES}, seeds=6), HEADS["multiclass"]


@pytest.fixture(scope="module")
def task():
    x = np.asarray(jax.random.normal(jax.random.key(9), (40, 4)))
    y = (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0)
    parts = dict.fromkeys(("train", "validation", "test"), (x, y))
    return Task(parts, [3, 3, 2], batch_size=8)


@pytest.fixture(scope="module")
def training():
    net = mlp((4, 8, 3), activation="relu")
    return make_training(net, HEAD.loss, OPTIMIZERS["sgd"], correct=HEAD.correct)


@pytest.fixture(scope="module")
def compiled(training, task):
    """Groups of 2, so that half of a seed's groups can be left out; waves of 3 chunks of 4."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "runs_at_once", lambda *_: 2)
        patch.setattr(program, "WAVE_BYTES", 0)
        built = compile_program(training, GRID, task)
    return built._replace(plan=built.plan._replace(wave=3 * built.plan.chunk))


def trained(compiled, task, runs=None, outcome=None, stand=None, stop=None):
    """The outcome, the stand after the last segment, and the segments; after stop it ends."""
    outcome = outcome or Outcome.empty(task.steps, GRID.shape)
    count = 0
    for segment in program_segments(
        compiled, GRID, task, runs=runs, done=outcome.done.copy(), stand=stand
    ):
        outcome.add(segment)
        count += 1
        if count == stop:
            return outcome, None if segment.done else segment.stand(), count
    return outcome, None, count


@pytest.fixture(scope="module")
def whole(compiled, task):
    return trained(compiled, task)[0]


def same(ours, theirs):
    for kind in ("curves", "final"):
        a, b = getattr(ours, kind), getattr(theirs, kind)
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    np.testing.assert_array_equal(ours.diverged_step, theirs.diverged_step)
    np.testing.assert_array_equal(ours.done, theirs.done)


@pytest.mark.slow
def test_diverged_runs_are_recorded_and_the_others_finished(whole):
    assert whole.done.all()
    assert (whole.diverged_step[4:] >= 0).all() and (whole.diverged_step[:4] == -1).all()
    loss, test = whole.curves["train_loss"], whole.final["test_loss"]
    assert np.isfinite(loss[:, :4]).all() and np.isnan(loss[1:, 4:]).all()
    assert np.isfinite(test[:4]).all() and np.isnan(test[4:]).all()


def test_diverged_runs_are_left_out(compiled, task, whole, monkeypatch):
    calls = []
    counted = {
        length: lambda *a, f=function: calls.append(1) or f(*a)
        for length, function in compiled.segments.items()
    }
    same(trained(compiled._replace(segments=counted), task)[0], whole)
    # In each of two waves 12 groups of three chunks, then the 6 that are left, of two.
    assert len(calls) == 2 * (3 + 2 + 2)
    monkeypatch.setattr("jaxnn.segments._Held.leave_diverged", lambda self: True)
    calls.clear()
    same(trained(compiled._replace(segments=counted), task)[0], whole)
    assert len(calls) == 2 * (3 + 3 + 3)


def test_a_wave_whose_runs_have_all_diverged_ends(compiled, task, whole):
    runs = np.zeros(GRID.shape, bool)
    runs[4:] = True
    found, _, segments = trained(compiled, task, runs=runs)
    assert found.done[4:].all() and not found.done[:4].any()
    assert segments == 2 * 1  # of one wave: the first segment, and the end
    np.testing.assert_array_equal(found.diverged_step[4:], whole.diverged_step[4:])


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_an_interrupted_program_goes_on_to_the_same_bytes(compiled, task, whole, stop):
    outcome, stand, _ = trained(compiled, task, stop=stop)
    assert not outcome.done.all()
    again, _, segments = trained(compiled, task, outcome=outcome, stand=stand)
    same(again, whole)
    assert segments == 2 * len(task.lengths) - stop


def test_a_stand_that_no_longer_fits_is_trained_anew(compiled, task, whole):
    _, stand, _ = trained(compiled, task, stop=1)
    other = stand._replace(leaves=[leaf[:2] for leaf in stand.leaves])
    again, _, segments = trained(compiled, task, stand=other)
    same(again, whole)
    assert segments == 2 * len(task.lengths)


@pytest.mark.slow
def test_slices_join_to_the_whole(compiled, task, whole):
    joined = Outcome.empty(task.steps, GRID.shape)
    first = np.random.default_rng(0).random(GRID.shape) < 0.5
    for runs in (first, ~first):
        joined.join(trained(compiled, task, runs=runs)[0])
    same(joined, whole)


def test_a_program_that_is_not_compiled_ahead_finds_the_same(training, task, whole):
    plan = plan_runs(GRID, training)
    found, _, _ = trained(make_program(training, GRID, plan), task)
    np.testing.assert_allclose(found.final["test_loss"], whole.final["test_loss"], rtol=1e-4)


def test_it_looks_before_the_first_update_where_asked(compiled, training, task, whole):
    asked = task._replace(from_start=True, last=())
    segments = program_segments(compiled, GRID, asked)
    first = next(segments)
    assert first.number == 0 and set(first.metrics) == {"validation_accuracy", "validation_loss"}
    params = first.params()[0]["weight"]
    assert params.shape == (*GRID.shape, 4, 8) and np.isnan(params).any()  # of the other wave
    assert [segment.number for segment in segments if segment.wave == 0] == [1, 2, 3]
    with pytest.raises(ValueError, match="the next segment has used up this one's states"):
        first.params()


def test_params_are_those_of_each_run(compiled, task):
    *_, last = program_segments(compiled, GRID, task)
    params = last.params()
    head = params[-1]["weight"]
    cell, seed = np.argwhere(last.layout.runs)[0]
    alone = Grid({}, {"learning_rate": (RATES[cell],)}, seeds=(int(seed),))
    training = make_training(mlp((4, 8, 3), activation="relu"), HEAD.loss, OPTIMIZERS["sgd"])
    plan = plan_runs(alone, training, Hardware.of(jax.local_devices()[:1]))
    single = make_program(training, alone, plan, jax.local_devices()[:1])
    *_, end = program_segments(single, alone, task)
    np.testing.assert_allclose(end.params()[-1]["weight"][0, 0], head[cell, seed], rtol=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 8))
def test_chunks_pad_little(groups, devices):
    chunk = chunk_of(groups, devices)
    assert chunk % devices == 0
    assert -groups % chunk < max(devices, 0.1 * groups + devices)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 60), st.integers(1, 20), st.integers(1, 4))
def test_rates_between_fill_groups_and_chunks_that_were_planned_with_them(cells, seeds, devices):
    grid = Grid({}, {"learning_rate": tuple(np.logspace(-4, 0, cells))}, seeds=seeds)
    training = make_training(mlp((4, 8, 3)), HEAD.loss, OPTIMIZERS["sgd"])
    hardware = Hardware(jax.local_devices()[:1] * devices, 1e9, False)

    def slots(later):
        """Runs that a chunk's calls compute, padding included, for all cells and then for four."""
        plan = plan_runs(grid, training, hardware, later=later)
        groups = [-(-each // plan.members) * seeds for each in (cells, 4)]
        chunk = chunk_of(groups[0], devices, later=groups[1:] if later else ())
        return sum(-(-each // chunk) * chunk * plan.members for each in groups)

    assert slots([(4, seeds)]) <= 1.1 * slots([])


@pytest.mark.slow
def test_chunks_fit_the_memory(training, task, whole):
    little = Hardware.of()._replace(memory=1.0)
    tight = compile_program(training, GRID, task, hardware=little)
    assert tight.plan.chunk == tight.plan.devices <= plan_runs(GRID, training).chunk
    found = trained(tight, task)[0].final["test_loss"]
    np.testing.assert_allclose(found, whole.final["test_loss"], rtol=1e-4)


def needed(compiled):
    """Bytes that its calls take on a device."""
    return max(
        program._bytes(each)
        for each in (*compiled.segments.values(), *compiled.evaluations.values())
    )


@pytest.mark.slow
def test_an_accelerator_trains_all_runs_at_once_in_chunks_that_fit(training, task, whole):
    """A CPU that is taken for one, whose memory is said to be less and less."""
    accelerator = Hardware.of()._replace(accelerator=True)
    free = compile_program(training, GRID, task, hardware=accelerator)
    assert free.plan.members == len(RATES) and free.plan.together is None
    assert free.plan.chunk == len(GRID.seed_numbers), "what does not fill it is one call"
    plans = [free.plan]
    for memory in (0.8 * needed(free), 0.2 * needed(free)):
        tight = compile_program(training, GRID, task, hardware=accelerator._replace(memory=memory))
        assert needed(tight) <= memory
        chunks = tight.plan.wave // tight.plan.chunk
        held = sum(leaf.size * 4 for leaf in jax.tree.leaves(tight.state)) / tight.plan.devices
        assert chunks == 1 or needed(tight) + chunks * held <= memory
        plans.append(tight.plan)
        found = trained(tight, task)[0]
        for name in ("test_loss", "test_accuracy"):
            np.testing.assert_allclose(found.final[name], whole.final[name], rtol=1e-4)
    assert len({(plan.chunk, plan.members) for plan in plans}) == 3


def test_a_program_takes_over_the_memory_of_its_states(training, task):
    """Donated: else a grid that fills an accelerator would need twice its memory."""
    accelerator = Hardware.of()._replace(accelerator=True)
    compiled = compile_program(training, GRID, task, hardware=accelerator)
    state = sum(leaf.size * 4 for leaf in jax.tree.leaves(compiled.state.params))
    for segment in compiled.segments.values():
        assert segment.memory_analysis().alias_size_in_bytes >= state / len(accelerator.devices)


def own_splits(task, held):
    """Seeds 0 to 5 with the splits 0, 0, 1, 1, 2, 2, whose rows differ; the last are padded."""
    x, y = task.data["train"]

    def data(number):
        rolled = np.roll(x, 5 * number, axis=0), np.roll(y, 5 * number, axis=0)
        padded = tuple(np.concatenate([each, np.zeros_like(each[:3])]) for each in rolled)
        shown = slice(number, number + 20)
        return {"train": padded} | dict.fromkeys(("validation", "test"), (x[shown], y[shown]))

    return DataBySeed(lambda seed: seed // 2, data, held, rows=lambda number: 40 - number)


@pytest.fixture(scope="module")
def alone(task, training):
    """What seeds of each split find when their split is the only data."""
    by_seed, found = own_splits(task, 3), {}
    for seed in (0, 3, 5):
        parts, rows = by_seed.data(seed // 2), by_seed.examples(seed)
        grid = Grid({}, {"learning_rate": RATES}, seeds=(seed,))
        one = Task(
            {**parts, "train": tuple(each[:rows] for each in parts["train"])}, task.lengths, 8
        )
        program = make_program(training, grid, plan_runs(grid, training))
        found[seed] = Outcome.empty(one.steps, grid.shape)
        for segment in program_segments(program, grid, one):
            found[seed].add(segment)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("held", [2, 3])  # a chunk has as many groups as devices, which are two
def test_each_seed_trains_and_is_evaluated_on_its_own_split(task, training, alone, held):
    """As if its split were the only data; however many splits are held at a time."""
    by_seed = own_splits(task, held)
    asked = task._replace(data=by_seed.data(0), by_seed=by_seed)
    found, _, _ = trained(compile_program(training, GRID, asked), asked)
    for seed, single in alone.items():
        for name, values in single.final.items():
            np.testing.assert_allclose(
                found.final[name][:, seed], values[:, 0], rtol=2e-5, atol=1e-6, err_msg=name
            )


def test_waves_hold_no_more_splits_than_fit(task):
    by_seed = own_splits(task, held=2)
    layout = arrange(GRID, members=2)  # 4 groups per seed, 24 in all
    assert list(by_seed.waves(layout, 24, 2)) == [(0, 16), (16, 24)]
    assert list(by_seed.waves(layout, 6, 2)) == [(0, 6), (6, 12), (12, 18), (18, 24)]

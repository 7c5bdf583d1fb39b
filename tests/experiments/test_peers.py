"""The benchmark's peers do the work for which they are timed: the same updates, counted."""

import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxnn
from experiments.benchmark import peers
from experiments.benchmark.peers import start
from experiments.benchmark.workloads import Workload
from experiments.lab.io.cli import UserError

SMALL = Workload("6-8-3, batch 16", "mlp", (6, 8, 3), 16, runs=4, seeds=2, examples=64)
ELMAN = Workload(
    "3-5-4, length 6",
    "elman",
    (3, 5, 4),
    16,
    runs=4,
    seeds=2,
    length=6,
    examples=64,
    activation="tanh",
)
RATES = np.array([0.1, 0.3, 0.1, 0.3], np.float32)


def prepared(name, workload):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what the libraries say of each other while they are imported
            peer = peers.load(name)
    except UserError as missing:
        pytest.skip(str(missing))
    return peer.prepare(workload, *workload.data(), RATES)


@pytest.fixture(scope="module")
def ours():
    """jaxnn's training of SMALL's networks from the same start.

    Each run's cost over its first batch and over its 48th.
    """
    x, y = map(jnp.asarray, SMALL.data())
    training = jaxnn.make_training(
        jaxnn.mlp(SMALL.sizes), jaxnn.losses.softmax_cross_entropy, jaxnn.OPTIMIZERS["sgd"]
    )
    segment = jax.jit(training.segment)
    first, last = [], []
    for run in range(SMALL.runs):
        arrays = [jnp.asarray(array) for array in start.initial(SMALL, start.seed_of(SMALL, run))]
        h = {"learning_rate": jnp.asarray(RATES[run])}
        state = training.init(jax.random.key(0), h)
        state = state._replace(
            params=tuple(
                {"weight": w, "bias": b} for w, b in zip(arrays[::2], arrays[1::2], strict=True)
            )
        )
        for rows in jnp.asarray(start.order(SMALL, start.seed_of(SMALL, run), 48).astype(np.int32))[
            :, None
        ]:
            state, metrics = segment(state, h, x, y, rows)
            last.append(float(metrics["train_loss"]))
        first.append(last[-48])
    return np.array(first), np.array(last[47::48])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "torch_stacked",
        "torch_func",
        "torch_loop",
        "jax_loop",
        "jax_vmap",
        "equinox_vmap",
        "flax_nnx",
    ],
)
def test_same_numbers_as_ours(name, ours):
    train = prepared(name, SMALL)
    for steps, expected in zip((1, 48), ours, strict=True):
        trained = train(SMALL.runs, steps)
        assert trained.updates == SMALL.runs * steps
        np.testing.assert_allclose(trained.loss, expected, rtol=1e-4)
    assert np.all(ours[1] < ours[0])
    np.testing.assert_allclose(
        train(3, 48).loss, ours[1][:3], rtol=1e-4
    )  # two of one seed and one of another


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch_stacked", "torch_loop", "jax_vmap", "equinox_vmap"])
def test_elman_same_numbers_as_plain_jax(name):
    train = prepared(name, ELMAN)
    plain = prepared("jax_loop", ELMAN)
    np.testing.assert_allclose(train(4, 20).loss, plain(4, 20).loss, rtol=1e-4)
    assert np.all(plain(4, 20).loss < plain(4, 1).loss)


def test_scikit_learn_counts_whole_epochs():
    train = prepared("sklearn_mlp", SMALL)
    short, long = train(4, 1), train(4, 41)
    assert (short.updates, long.updates) == (4 * 4, 4 * 40)
    assert long.loss.shape == (4,) and np.all(long.loss < short.loss)


@pytest.mark.parametrize("name", peers.NAMES)
def test_unsupported_kinds(name):
    with pytest.raises(peers.Unsupported, match="of kind transformer"):
        prepared(name, SMALL._replace(kind="transformer"))


def test_missing_library_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "experiments.benchmark.peers.torch_loop", raising=False)
    monkeypatch.delattr(peers, "torch_loop", raising=False)
    with pytest.raises(
        UserError,
        match="torch_loop needs torch, which cannot be imported; from the checkout, "
        r'pip install -e "\.\[peers\]"',
    ):
        peers.load("torch_loop")
    assert peers.load("jax_loop").title == "JAX and Optax, run after run"
    with pytest.raises(
        UserError, match="no such peer: keras; known: torch_compiled, torch_stacked"
    ):
        peers.load("keras")

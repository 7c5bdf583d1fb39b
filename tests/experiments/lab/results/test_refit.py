"""The model that is kept: what it was trained on, and what its stated score is of."""

import json
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, softmax
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.preprocessing import StandardScaler

from experiments import activations
from experiments.lab.data import Splits, load
from experiments.lab.results.ensembles import Blocks, Trained
from experiments.lab.results.estimate import estimate
from experiments.lab.results.refit import refitted
from experiments.lab.study.ask import ask
from experiments.lab.study.comparison import compare
from experiments.lab.study.flags import StudyFlags
from experiments.lab.study.train import train
from jaxnn.sweep import batches, run_key
from tests.helpers.commands import exit_code

SEEDS, STEPS = 3, 20


@cache
def comparison(data, **flags):
    """Of one activation at one rate."""
    asked = {"activation": ("tanh",), "learning_rate": ("0.5",), "seeds": SEEDS, "width": (4,)}
    whole = StudyFlags(**{"data": data, "depth": (1,), "steps": STEPS, **asked, **flags})
    study = ask(whole, "?")
    alone = SimpleNamespace(alone=False, follows=True, together=False, index=0, count=1)
    return compare(study, train(study, alone, {}))


@cache
def saved(data, single=False):
    return refitted(comparison(data), single=single)


def trained_alone(study, x, y, seed, member):
    """One network, without a grid: its linear outputs, and its parameters."""
    structure = study.grid.structures[0]
    training, h = study.make(structure), {"learning_rate": np.float32(0.5)}
    size = {"examples": len(x), "batch_size": study.batch_size(structure), "steps": STEPS}
    state = training.init(run_key(seed, "init"), h)
    state, _ = jax.jit(training.segment)(state, h, x, y, batches([member], **size)[0])
    return jax.vmap(study.network(structure).apply, (None, 0)), state.params


TABLES = {"wine": load_wine, "breast_cancer": load_breast_cancer, "diabetes": load_diabetes}


@pytest.mark.slow
@pytest.mark.parametrize("data", TABLES)
def test_the_stated_score_is_that_of_single_networks_averaged_by_hand(data):
    study, refit = comparison(data).study, saved(data)
    raw, labels = TABLES[data](return_X_y=True)
    scores = []
    for split in range(SEEDS):
        test = study.splits.rows(split)["test"]
        trained = np.setdiff1d(np.arange(len(raw)), test)
        scaler = StandardScaler().fit(raw[trained])
        x = scaler.transform(raw).astype(np.float32)
        y, mean, deviation = labels.astype(np.int32), 0.0, 1.0
        if data != "wine":
            y = labels[:, None].astype(np.float32)
        if data == "diabetes":
            mean, deviation = labels[trained].mean(), labels[trained].std()
        outputs = []
        for member in range(SEEDS):
            seed = (split + 1) * SEEDS + member
            apply, params = trained_alone(
                study, x[trained], ((y - mean) / deviation).astype(y.dtype)[trained], seed, member
            )
            outputs.append(np.asarray(apply(params, x[test]), np.float64))
        if data == "diabetes":
            found = np.mean(outputs, axis=0)[:, 0] * deviation + mean
            scores.append(r2_score(labels[test], found))
        elif data == "wine":
            found = softmax(outputs, axis=2).mean(axis=0).argmax(axis=1)
            scores.append(accuracy_score(labels[test], found))
        else:
            found = expit(outputs).mean(axis=0)[:, 0] > 0.5
            scores.append(accuracy_score(labels[test], found))
    np.testing.assert_allclose(refit.stated.scores, scores, atol=1e-4)
    assert refit.stated.score == pytest.approx(np.mean(scores), abs=1e-4)
    true = labels[np.concatenate([study.splits.rows(split)["test"] for split in range(SEEDS)])]
    if data == "diabetes":
        np.testing.assert_allclose(refit.stated.true, true, rtol=1e-5)
    else:
        assert (refit.stated.true.astype(int) == true).all()
        right = accuracy_score(refit.stated.true, refit.stated.predicted)
        assert right == pytest.approx(refit.stated.score)


@pytest.mark.slow
def test_the_model_is_trained_on_all_rows():
    study, model = comparison("wine").study, saved("wine").model
    raw, labels = load_wine(return_X_y=True)
    x = StandardScaler().fit_transform(raw).astype(np.float32)
    np.testing.assert_allclose(model.preprocessing.apply(load("wine").x), x, atol=1e-6)
    for seed in range(SEEDS):
        apply, params = trained_alone(study, x, labels.astype(np.int32), seed, seed)
        np.testing.assert_allclose(model.each(x)[seed], apply(params, x), atol=1e-4)


@pytest.mark.slow
def test_the_interval_is_the_one_for_new_rows_whose_whole_variance_is_common():
    refit, rows = saved("wine"), len(load("wine").y)
    scores = np.array(refit.stated.scores)
    mean, train = scores.mean(), rows - 36
    share = (mean * rows + 2) / (rows + 4)
    variance = max(scores.var(ddof=1) * (1 / SEEDS + 36 / train), share * (1 - share) / rows)
    half = stats.t.ppf(0.975, SEEDS - 1) * np.sqrt(variance)
    expected = np.clip([mean - half, mean + half], 0, 1)
    np.testing.assert_allclose(refit.stated.interval, expected)


def test_it_is_the_same_to_the_last_bit_again():
    again = refitted(comparison("wine"))
    assert again.parameters == saved("wine").parameters
    assert again.about == saved("wine").about


@pytest.mark.slow
def test_a_single_network_is_the_first_member_and_has_the_score_of_such():
    one, all_members = saved("wine", single=True), saved("wine")
    x = all_members.model.preprocessing.apply(load("wine").x)
    assert one.model.members == 1 and one.about["is"].startswith("one network, trained on all 178")
    np.testing.assert_allclose(one.model.each(x)[0], all_members.model.each(x)[0], atol=1e-4)
    assert len(one.stated.scores) == SEEDS
    assert len(one.stated.predicted) == SEEDS * 36


@pytest.mark.slow
def test_another_metric_is_that_of_the_mean_probabilities():
    refit, plain = refitted(comparison("wine", metric="log_loss")), saved("wine").model
    labels = load_wine().target
    x = refit.model.preprocessing.apply(load("wine").x)
    mean = softmax(plain.each(x).astype(np.float64), axis=2).mean(axis=0)
    score = refit.model.score(refit.model.outputs(x), labels.astype(np.int32))
    assert -score == pytest.approx(log_loss(labels, mean), rel=1e-4)
    low, high = refit.about["test_log_loss_interval"]
    assert 0 <= low < refit.about["test_log_loss"] < high
    assert refit.about["test_log_loss"] == pytest.approx(-refit.stated.score)


def test_members_that_diverge_are_left_out():
    study, model = comparison("wine").study, saved("wine").model
    blocks = Blocks(study.splits, (0,))
    weights = jax.tree.map(lambda leaf: np.stack([leaf, leaf]), model.params)
    finite = np.array([[True] * SEEDS, [True, False, False]])
    some = estimate(study, model, Trained(weights, finite), blocks)
    broken = jax.tree.map(lambda leaf: leaf.copy(), weights)
    for leaf in jax.tree.leaves(broken):
        leaf[1, 2] = np.inf
    # One of them by its outputs alone, which were not looked at in training.
    late = estimate(
        study, model, Trained(broken, np.array([[True] * 3, [True, False, True]])), blocks
    )
    assert some.scores == late.scores
    x = blocks.data(1).x["test"]
    alone = replace(model, params=jax.tree.map(lambda leaf: leaf[:1], model.params))
    expected = np.array(["0", "1", "2"])[alone.each(x)[0].argmax(axis=1)]
    assert (some.predicted == expected).all()
    none = estimate(study, model, Trained(weights, finite & [[True], [False]]), blocks)
    assert none.scores == (0.0,) and len(none.predicted) == 0


@pytest.mark.slow
def test_there_is_no_model_where_all_diverge(tmp_path, capsys):
    flags = ["--activation", "linear", "--learning-rate", "1e30", "--depth", "1", "--width", "2"]
    more = ["--data", "wine", "--seeds", "2", "--steps", "5", "--out", tmp_path / "r"]
    assert exit_code(activations, *flags, *more) == 0
    said = capsys.readouterr().out
    assert (
        "\n\nNothing trained, so nothing is recommended: all 2 runs failed at every rate; the "
        "lowest tried was 1e+30. Lower ones may train, --learning-rate 1e+26:1e+30:5; if not, look "
        "for extreme values in the data with --inspect.\n\n"
    ) in said
    assert "no model is saved" in said and "next" not in said and "decades" not in said
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert summary["verdict"].startswith("Nothing trained") and summary["model"] is None
    assert summary["target"]["validation"] is None
    assert summary["table"][0]["steps_to_target"] is None
    page = (tmp_path / "r" / "report.html").read_text()
    assert "<b>0 of 2</b> networks trained" in page and "What to do next" not in page
    assert not (tmp_path / "r" / "model.json").exists()


@pytest.mark.slow
def test_with_one_split_the_interval_is_that_of_its_test_rows():
    refit = refitted(comparison("wine", splits="fixed"))
    [score] = refit.stated.scores
    share = (36 * score + 2) / 40
    half = stats.norm.ppf(0.975) * np.sqrt(share * (1 - share) / 36)
    np.testing.assert_allclose(refit.stated.interval, np.clip([score - half, score + half], 0, 1))
    assert "trained on 80 % of the rows, on the test rows of one split" in refit.stated.what


@pytest.mark.slow
def test_test_rows_that_come_with_the_data_are_scored_by_the_model_itself(tmp_path):
    table = load_wine(as_frame=True).frame.sample(frac=1, random_state=0)
    table[:120].to_csv(tmp_path / "a.csv", index=False)
    table[120:].to_csv(tmp_path / "b.csv", index=False)
    files = {"data": str(tmp_path / "a.csv"), "test_data": str(tmp_path / "b.csv")}
    refit = refitted(comparison(**files, target="target", task="classification"))
    assert refit.about["rows"] == 120 and refit.stated.what.endswith("that came with the data")
    x = refit.model.preprocessing.apply(table)
    found = refit.model.predictions(refit.model.outputs(x))["prediction"].astype(int)
    assert refit.stated.score == accuracy_score(table["target"][120:], found[120:])
    assert (refit.stated.predicted.astype(int) == found[120:]).all()
    scaler = StandardScaler().fit(table[:120].drop(columns="target"))
    np.testing.assert_allclose(
        x, scaler.transform(table.drop(columns="target")), rtol=1e-4, atol=1e-5
    )
    low, high = refit.stated.interval
    assert low < refit.stated.score <= high


@pytest.mark.slow
def test_groups_and_categories_that_a_split_lacks(tmp_path):
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], 60).astype(object)
    kind[5] = "rare"
    table = pd.DataFrame(
        {
            "size": rng.normal(size=60),
            "kind": kind,
            "who": np.arange(60) // 4,
            "y": rng.normal(size=60),
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    source = load(str(tmp_path / "t.csv"), target="y", group="who")
    splits = Splits(source)
    for seed in range(6):
        held_out, joined = splits.rows(seed)["test"], splits.joined_rows(seed)
        assert set(source.group[held_out]).isdisjoint(source.group[joined])
        assert splits.joined(seed).features == splits.features == splits.of(seed).features
    lacking = [seed for seed in range(6) if splits.joined(seed).preprocessing.padding]
    assert lacking and not splits.joined(lacking[0]).x["test"][:, 4].any()
    refit = refitted(
        comparison(str(tmp_path / "t.csv"), target="y", group="who", seeds=max(lacking) + 1)
    )
    assert "who" in refit.model.left_out  # so that predict takes the same table
    assert refit.about["rows"] == 60 and np.isfinite(refit.stated.score)

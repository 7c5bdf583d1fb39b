"""The atlas: ranks over data sets, the choice of a rate, the page, and a row that is added."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from experiments import atlas
from experiments.atlas import figure_page, findings, plan
from experiments.atlas.datasets import GENERATED, source
from experiments.atlas.findings_ranks import OnData, on_data, ranking
from experiments.lab.data import Splits
from experiments.lab.evidence import measurement
from experiments.lab.evidence.measurement import Measurement
from experiments.lab.io.errors import UserError

SMALL = atlas.Configuration(**atlas.SMOKE, smoke=True)
RATES = (0.01, 0.1, 1.0)


def a_set(points):
    """A data set with these test scores, (activations,), the same for three seeds."""
    points = np.repeat(np.asarray(points, float)[:, None], 3, axis=1)
    nothing = np.zeros(len(points))
    return OnData(nothing.astype(int), points, 0, nothing, nothing, nothing.astype(bool))


def measured(seed, seeds=2):
    """What might be measured of the activations of SMALL."""
    draw = np.random.default_rng(seed)
    shape = len(SMALL.only), 3, seeds
    found = {name: draw.uniform(0.5, 1, shape) for name in ("validation_score", "test_score")}
    found["validation_loss"] = 1.2 - found["validation_score"]
    classes = np.array(3 * (seed == 0))
    trivial = {"trivial_loss": np.ones(seeds), "trivial_score": np.full(seeds, 0.4)}
    return found | trivial | {"classes": classes}


def test_the_critical_difference_is_that_of_demsars_example():
    draw = np.random.default_rng(0)
    found = ranking({str(number): a_set(draw.normal(size=4)) for number in range(14)})
    assert found.critical == pytest.approx(1.25, abs=5e-3)  # JMLR 7, section 3.2.2
    assert found.mean.mean() == pytest.approx(2.5)


def test_who_is_always_worse_is_not_in_the_set_and_equal_ones_share_a_rank():
    draw = np.random.default_rng(1)
    each = {}
    for number in range(12):
        score = draw.normal(80, 5)
        each[str(number)] = a_set([score, score, score - draw.uniform(1, 2)])
    found = ranking(each)
    assert found.mean.tolist() == [1.5, 1.5, 3] and found.in_set.tolist() == [True, True, False]
    assert found.friedman < 0.001
    assert found.stability == pytest.approx(np.ones(12))


def test_a_rate_is_chosen_on_validation_and_judged_on_test_rows_but_not_below_guessing():
    loss = np.array([[[0.5, 0.5], [0.4, np.inf], [0.6, 0.6]], [[9.0, 9.0]] * 3])
    score = 1 - np.minimum(np.nan_to_num(loss, posinf=1), 1)
    test = np.array([[[0.1, 0.7], [1.0, 1.0], [0.9, 0.9]], [[0.2, 0.2]] * 3])
    found = on_data(
        {
            "validation_loss": loss,
            "validation_score": score,
            "test_score": test,
            "trivial_loss": np.ones(2),
            "trivial_score": np.full(2, 0.3),
        },
        RATES,
    )
    # A run that diverges counts as guessing: 0.7 at the second rate, 0.5 at the first.
    assert found.best.tolist() == [0, 0] and found.reference == 0
    assert found.points.round(9).tolist() == [[30, 70], [30, 30]]
    assert found.costs.round(9).tolist() == [[0, 0], [0, 40]]
    # Three decades hold all rates: (0.5 + 0.7 + 0.6) / 3 − 0.5.
    assert found.sensitivity == pytest.approx([0.1, 0])


def test_the_page_has_the_numbers_of_the_table():
    found = {data: measured(number) for number, data in enumerate(SMALL.data)}
    conclusion = findings.conclude(SMALL, found)
    html = figure_page.page(SMALL, found, conclusion)
    data = json.loads(re.search(r'id="data">(.*?)</script>', html)[1])
    assert [row["name"] for row in data["rows"]] == list(SMALL.only)
    assert [each["target"] for each in data["sets"]] == ["class", "number"]
    table = conclusion.table.set_index(["activation", "data"])
    for row in data["rows"]:
        cost = table.loc[(row["name"], SMALL.data[1]), "cost"]
        assert row["costs"][1] == pytest.approx(cost, abs=0.051)
    assert "$" not in html.partition("<script>")[0]


def test_a_kind_of_target_that_no_data_set_has_leaves_its_default_undecided():
    classes = replace(SMALL, data=("iris", "wine"))
    found = {data: measured(0) for data in classes.data}
    defaults, _ = findings.conclude(classes, found).verdicts
    assert [each.word for each in defaults.tried][1] == "undecided" and defaults.verdict != "holds"


@pytest.mark.slow
def test_a_reader_sorts_and_filters_the_page(tmp_path, shown):
    found = {data: measured(number) for number, data in enumerate(SMALL.data)}
    html = figure_page.page(SMALL, found, findings.conclude(SMALL, found))
    (tmp_path / "atlas.html").write_text(html, encoding="utf-8")
    first = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[0].textContent.trim())"
    shown.open(tmp_path / "atlas.html", width=390)
    shown.value("document.querySelector('thead button').click()")
    names = [name.split()[0] for name in shown.value(first)]
    assert names == sorted(SMALL.only)
    shown.value("document.querySelector('thead button').click()")
    assert [name.split()[0] for name in shown.value(first)] == names[::-1]
    shown.value("(find.value = 'not monotone sw', find.dispatchEvent(new Event('input')))")
    assert [name.split()[0] for name in shown.value(first)] == ["swish"]
    shown.value("(task.value = 'number', task.dispatchEvent(new Event('input')))")
    assert shown.value("document.querySelector('thead th:last-child').textContent") == "sine"
    assert shown.value("document.documentElement.scrollWidth") == 390
    assert shown.complaints == []


def test_a_further_activation_gets_its_row_and_the_others_are_not_trained_again(
    monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    stored = {data: measured(number) for number, data in enumerate(SMALL.data)}
    mark = atlas.EXPERIMENT.fingerprint(SMALL)
    made = {"fingerprint": mark, "configuration": {"activation": []}}
    (tmp_path / "runs" / "atlas").mkdir(parents=True)
    file = tmp_path / "runs" / "atlas" / measurement.FILE
    Measurement(stored, dict.fromkeys(stored, 1.0), made).write(file)
    trained = []

    def train(data, activations, size, mnist):
        trained.append((data, activations))
        return {name: each[-1:] if each.ndim else each for name, each in measured(7).items()}

    monkeypatch.setattr(plan, "train", train)
    more = replace(SMALL, activation=("hat", "relu"))
    found = {part.name: part.run({}) for part in atlas.parts(more)}
    assert trained == [(data, ("hat",)) for data in SMALL.data]
    joined = plan.joined(more, found, SMALL.data[0])
    np.testing.assert_array_equal(joined["test_score"][:-1], stored[SMALL.data[0]]["test_score"])
    assert joined["test_score"].shape[0] == len(plan.activations(more)) == len(SMALL.only) + 1


@pytest.mark.parametrize("name", GENERATED)
def test_every_generated_set_can_be_split_and_is_finite(name):
    rows = Splits(source(name)).of(0)
    assert all(np.isfinite(each).all() for each in (*rows.x.values(), *rows.y.values()))
    assert len(rows.y["test"]) >= 30


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"data": ("iris",)}, "--data iris: give at least two data sets"),
        ({"only": ("relu",)}, "must be among them"),
        ({"mnist": "nowhere"}, "--mnist nowhere: there is no such folder"),
        ({"learning_rate": ("0.1",)}, "give at least three rates"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(flags, said):
    with pytest.raises(UserError, match=said):
        atlas.parts(replace(SMALL, **flags))

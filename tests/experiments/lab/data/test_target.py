"""The target: its logarithm, forth and back, and when a score of it says little."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.lab.data import Preprocessing, Source, cautions, look, prepare, with_transform
from experiments.lab.data.preprocessing import fit
from experiments.lab.data.target import heavy_tail, imbalance
from experiments.lab.io.errors import UserError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3)).astype(np.float32)


def prices(count=400):
    return np.exp(RNG.normal(3, 2, count))


def source(y, task="regression", **options):
    return Source("mine", X[: len(y)], y, task, "price", **options)


def test_the_logarithm_is_undone():
    y = prices()
    data = prepare(with_transform(source(y), "log"))
    fitted = data.preprocessing
    assert fitted.transform == "log"
    encoded = fitted.encode(y)
    np.testing.assert_allclose(fitted.decode(encoded[:, 0]), y, rtol=1e-5)
    np.testing.assert_allclose(
        np.log(y), encoded[:, 0] * fitted.scale[1] + fitted.scale[0], atol=1e-5
    )
    assert abs(data.y["train"].mean()) < 1e-5 and data.y["train"].std() == pytest.approx(
        1, abs=1e-5
    )


def test_the_first_look_shows_the_target_itself():
    y = prices()
    asked = with_transform(source(y), "log")
    shown = {row[0]: row[1] for row in look(asked, prepare(asked)).targets}
    assert float(shown["highest"]) == pytest.approx(y.max(), rel=1e-3)


def test_preprocessing_comes_back_from_json_also_from_earlier_files():
    fitted = fit(X, prices(), target="price", transform="log")
    plain = json.loads(json.dumps(fitted.to_json()))
    assert Preprocessing.from_json(plain) == fitted
    del plain["transform"]
    assert Preprocessing.from_json(plain) == fitted._replace(transform="none")


def test_what_has_no_logarithm_is_refused_with_its_row():
    y = prices()
    y[16] = -3
    with pytest.raises(UserError, match=r"--transform log: price is -3 in row 17 of 400, and only"):
        with_transform(source(y), "log")
    with pytest.raises(
        UserError, match=r"the test rows: --transform log: price is 0 in row 2 of 5"
    ):
        test = (X[:5], np.array([1.0, 0.0, 2.0, 1.0, 1.0]))
        with_transform(source(prices(), test=test), "log")
    with pytest.raises(UserError, match="--transform log: price of mine has classes"):
        with_transform(source(np.array(["a", "b"] * 10), task="classification"), "log")


def test_one_class_in_more_than_four_fifths_of_the_rows_is_said():
    y = np.array(["no"] * 1456 + ["yes"] * 44)
    assert imbalance(y) == (
        "97 % of the rows are 'no': accuracy says little; --metric balanced_accuracy or auc, and "
        "--class-weights balanced, count the rare ones too"
    )
    assert imbalance(np.array([0] * 9999 + [1])).startswith("99.9 % of the rows are '0'")
    assert imbalance(np.array([True] * 80 + [False] * 20)) == ""
    assert cautions(source(y[-400:], task="classification")) == (imbalance(y[-400:]),)


def test_one_row_with_a_tenth_of_the_variance_is_said():
    y = np.append(RNG.normal(50, 1, 399), 300.0)
    found = heavy_tail(y, "price")
    assert found.startswith("one row has 99.") and "use --transform log or --metric mae" in found
    assert heavy_tail(y - 100, "price").endswith("by it; use --metric mae")
    assert cautions(source(y)) == (found,)
    # Of the logarithm, one row does not decide.
    y = prices()
    assert len(cautions(source(y))) == 1 and cautions(with_transform(source(y), "log")) == ()


@pytest.mark.parametrize("count", [12, 30, 100, 300, 3000])
def test_normal_targets_and_equal_ones_are_no_case(count):
    draws = np.random.default_rng(1).normal(0, 1, (50, count))
    assert sum(bool(heavy_tail(y, "price")) for y in draws) <= 1
    assert heavy_tail(np.ones(count), "price") == ""


def test_a_table_is_predicted_in_the_unit_of_its_target():
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    y = np.exp(X[:, 0].astype(float))
    fitted = fit(table, y, target="price", transform="log")
    assert fitted.decode(np.zeros(1)) == pytest.approx(np.exp(np.log(y).mean()))

"""The report in a real browser, from disk."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from experiments.lab import report
from experiments.lab.comparison import ACCURACY, choose
from experiments.lab.words import verdict

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "<script>alert(1)</script>"


def tables():
    rows = [{"activation": name, "learning_rate": rate, "seed": seed, "validation_loss": 0.5, "test_loss": 0.5,
             "validation_accuracy": 0.9 - abs(np.log10(rate)) / 10, "test_accuracy": 0.8 + seed / 100, "diverged_step": None}
            for name in (HOSTILE, "tanh") for rate in (0.1, 1.0, 10.0) for seed in range(4)]
    results = pd.DataFrame(rows).astype({"diverged_step": "Int64"})
    results.loc[results["learning_rate"] == 10, ["test_accuracy", "diverged_step"]] = 0, 3
    curves = results[results["seed"] == 0].assign(step=10)[["activation", "learning_rate", "step", "validation_loss"]]
    return results, curves


@pytest.fixture(scope="module")
def page():
    results, curves = tables()
    choices = choose(results, ["activation"], ACCURACY)
    config = {"command": f"python -m experiments.activations --target '{HOSTILE}'", "data": {"classes": [HOSTILE]}}
    return report.page("Which?", verdict(choices, ACCURACY), choices, ACCURACY, results, curves, config)


def test_nothing_is_loaded_from_anywhere(page):
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=[\"'](?!data:)", markup)
    assert "@import" not in markup and "url(" not in markup


def test_the_best_rate_is_the_one_of_highest_validation_score():
    results, _ = tables()
    assert [choice.learning_rate for choice in choose(results, ["activation"], ACCURACY)] == [1.0, 1.0]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
def test_a_browser_draws_every_figure_and_shows_a_hostile_name_as_text(page, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    found = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
         "--virtual-time-budget=10000", "--dump-dom", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True)
    assert not [line for line in found.stderr.splitlines() if "CONSOLE" in line and re.search("error|Uncaught", line, re.I)]
    dom = found.stdout
    for figure in ("rates", "curves"):
        assert re.search(rf'id="{figure}"[^>]*class="figure js-plotly-plot|class="figure js-plotly-plot"[^>]*id="{figure}"', dom)
    body = dom[:dom.index("<script>")]
    assert body.count("class=\"trace scatter") >= 4
    assert "<script" not in body and "&lt;script&gt;alert(1)" in body

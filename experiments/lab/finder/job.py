"""The command find_rate: from its flags to range tests, suggestions, files and screen."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from experiments.lab.drawing import style as drawing
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import hardware, use_every_core
from experiments.lab.finder.figure import draw
from experiments.lab.finder.measure import (
    RangeTest,
    RateGrid,
    range_test,
    rate_grid,
    regret_shown,
    shown,
)
from experiments.lab.io import cli, files
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.folder import RunFolder
from experiments.lab.results.provenance import fingerprint, provenance
from experiments.lab.study import screen
from experiments.lab.study.ask import ask
from experiments.lab.study.flags import DataFlags, StudyFlags
from experiments.lab.study.study import Study

if TYPE_CHECKING:  # it imports this module
    from experiments.find_rate import Configuration

QUESTION = "Which learning rate do the rules of a range test suggest, and how good are these?"
FEWEST = 20  # updates of a range test, which rules on slopes need


def run(configuration: Configuration) -> None:
    """Measure, show and write."""
    began, c = time.perf_counter(), configuration
    use_every_core()
    if c.compile_cache:
        use_compile_cache()
    hardware()  # without a device nothing below can be done
    rates = cli.numbers(c.learning_rate, "--learning-rate")
    steps = np.diff(np.log(rates))
    if len(rates) < FEWEST or np.ptp(steps) > 1e-6:
        raise cli.UserError(
            f"--learning-rate {' '.join(c.learning_rate)}: give low:high:count with a count of at "
            f"least {FEWEST}, since the rate of a range test rises by the same factor each time"
        )
    cli.at_least(2, c.seeds, "--seeds")
    study = asked(c)
    path = c.out or Path("runs") / f"find_rate-{study.data.name}"
    settings = {
        **study.settings,
        "range": rates,
        "grid": c.grid,
        "optimizer": c.optimizer,
    }
    mark = fingerprint(settings, study.data.sha256, measuring_code(range_test, rate_grid))
    with RunFolder(path, mark) as folder:
        for said in folder.news():
            screen.console.print(said)
        screen.show_plan(_plan(study, c, rates))
        tests, grids = {}, {}
        for label, structure in zip(study.labels, study.grid.structures, strict=True):
            tests[label] = range_test(study, structure, rates)
            if c.grid:
                grids[label] = rate_grid(study, structure)
        table = suggestions(tests, grids)
        _write(folder, table, tests, grids, {"settings": settings, "fingerprint": mark})
        folder.finish()
    _show(table, grids)
    screen.console.print(
        f"{time.perf_counter() - began:.0f} s; figure: {path / 'find_rate.png'}", soft_wrap=True
    )


def asked(c: Configuration) -> Study:
    """The study whose networks are trained; its rates are those of the grid.

    Raises:
        UserError: a flag has a value that cannot be used, or the data cannot be read.
    """
    cli.numbers(c.grid_rate, "--grid-rate")
    cli.at_least(1, c.grid_steps, "--grid-steps")
    data = {field.name: getattr(c, field.name) for field in fields(DataFlags)}
    study = ask(
        StudyFlags(
            **data,
            activation=c.activation,
            learning_rate=c.grid_rate,
            fixed_grid=True,
            seeds=c.seeds,
            depth=(c.depth,),
            width=(c.width,),
            steps=c.grid_steps,
            batch_size=(c.batch_size,),
            optimizer=(c.optimizer,),
        ),
        QUESTION,
    )
    study.try_out()
    return study


def suggestions(tests: dict[str, RangeTest], grids: dict[str, RateGrid]) -> pd.DataFrame:
    """One row per activation, part, rule and seed; the regret only where there is a grid."""
    rows = []
    for label, test in tests.items():
        for (part, rule), suggested in test.suggestions().items():
            regret = grids[label].regret(suggested) if grids else np.full(len(suggested), np.nan)
            rows += [
                {
                    "activation": label,
                    "loss": part,
                    "rule": rule,
                    "seed": seed,
                    "suggestion": rate,
                    "regret": cost,
                }
                for seed, (rate, cost) in enumerate(zip(suggested, regret, strict=True))
            ]
    return pd.DataFrame(rows)


def curves(tests: dict[str, RangeTest], grids: dict[str, RateGrid]) -> pd.DataFrame:
    """Median and middle half over seeds of every curve, a diverged run being infinite."""
    every = [
        (label, part, test.rates, losses)
        for label, test in tests.items()
        for part, losses in test.losses.items()
    ]
    every += [(label, "grid", grid.rates, grid.losses) for label, grid in grids.items()]
    rows = []
    for label, what, rates, losses in every:
        known = np.where(np.isfinite(losses), losses, np.inf)
        # An order statistic, since between an infinite loss and a finite one there is none.
        cuts = np.quantile(known, (0.25, 0.5, 0.75), axis=1, method="nearest").T
        rows += [
            {
                "activation": label,
                "loss": what,
                "learning_rate": rate,
                "low": low,
                "median": middle,
                "high": high,
            }
            for rate, (low, middle, high) in zip(rates, cuts, strict=True)
        ]
    return pd.DataFrame(rows)


def _plan(study: Study, c: Configuration, rates: tuple[float, ...]) -> list[tuple[str, str]]:
    lines = [
        ("question", QUESTION),
        (
            "data",
            f"{study.data.name}: {len(study.source.y):,} rows, {study.splits.features} inputs",
        ),
        *(("note", note) for note in study.data.notes),
        (
            "network",
            f"{', '.join(study.labels)}; {c.depth} × {c.width}, {c.optimizer}, batches of "
            f"{c.batch_size}",
        ),
        (
            "test",
            f"{len(rates)} updates, from rate {rates[0]:g} to {rates[-1]:g}, {c.seeds} seeds, each "
            "with its own split",
        ),
    ]
    if c.grid:
        grid = study.grid.hyperparameters["learning_rate"]
        lines.append(
            ("grid", f"{len(grid)} rates from {grid[0]:g} to {grid[-1]:g}, {study.steps} updates")
        )
    return lines


def _show(table: pd.DataFrame, grids: dict[str, RateGrid]) -> None:
    """A row per rule and loss: the median suggestion, its middle half, and the regret."""
    for label, of_label in table.groupby("activation", sort=False):
        said = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        titles = [f"{label}: rule", "loss", "suggests", "middle half"]
        if grids:
            titles += ["regret", "95 % interval"]
        for place, title in enumerate(titles):
            said.add_column(Text(title), justify="right" if place > 1 else "left", no_wrap=True)
        for (rule, part), rows in of_label.groupby(["rule", "loss"], sort=False):
            middle, low, high = shown(rows["suggestion"].to_numpy())
            cells = [rule, part, f"{middle:.2g}", f"{low:.2g} to {high:.2g}"]
            if np.isnan(middle):
                cells[2:] = ["none", ""]
            if grids:
                cost, low, high = regret_shown(rows["regret"].to_numpy())
                cells += [f"{cost:.3f}", f"{low:.3f} to {high:.3f}"]
            said.add_row(*(Text(cell) for cell in cells))
        screen.console.print()
        screen.console.print(said)
        if grids:
            grid = grids[label]
            screen.console.print(
                f"the grid's best rate is {grid.best:.3g}, with a validation loss of "
                f"{grid.losses.mean(axis=1).min():.3f}; guessing has {grid.trivial.mean():.3f}"
            )
    screen.console.print()


def _write(
    folder: RunFolder,
    table: pd.DataFrame,
    tests: dict[str, RangeTest],
    grids: dict[str, RateGrid],
    made: dict[str, Any],
) -> None:
    """The tables and the figure; config.json last."""
    curve = curves(tests, grids)
    for name, rows in (("suggestions.csv", table), ("curve.csv", curve)):
        files.write_text(folder.path / name, rows.to_csv(index=False, lineterminator="\n"))
    drawing.write(draw(curve, table), folder.path, "find_rate")
    files.write_json(folder.path / "config.json", {**made, **provenance()})

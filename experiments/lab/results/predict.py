"""Predictions of a model that was saved, for rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments.lab.data import read_rows
from experiments.lab.data.encoders import as_text
from experiments.lab.data.location import public
from experiments.lab.engine.devices import hardware, use_every_core
from experiments.lab.io import cli, files
from experiments.lab.results.model import Model, load
from experiments.lab.study import screen

if TYPE_CHECKING:  # it imports this module
    from experiments.predict import Configuration


def run(configuration: Configuration) -> None:
    """Read the model and the rows, and write the predictions."""
    use_every_core()
    hardware()  # without a device nothing below can be done
    model = load(configuration.run)
    rows = read_rows(
        configuration.data,
        model.preprocessing,
        left_out=model.left_out,
        drop=configuration.drop,
        keep=configuration.keep,
    )
    where = public(configuration.data)
    out = configuration.out or configuration.run / f"predictions-{rows.name}.csv"
    if out.resolve() == Path(configuration.data).expanduser().resolve():
        raise cli.UserError(f"--out {out}: it is the file to predict for; name another")
    try:
        x = model.preprocessing.apply(rows.x)
    except cli.UserError as error:
        raise cli.UserError(f"{where}: {error}") from None
    table, outputs, lost = predicted(model, x)
    table = _with_rows(table, rows.kept)
    with files.replacing(out, "--out", "name a file in a folder that exists") as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    target = model.preprocessing.target
    lines = [
        ("model", f"{configuration.run}: {target} by {_named(model)}"),
        ("data", f"{where}: {len(x):,} rows"),
        *(("note", note) for note in rows.notes),
    ]
    if model.members > 1:
        of = "the probability of the predicted class" if model.preprocessing.classes else target
        lines.append(("spread", f"standard deviation of {of} over the {model.members} networks"))
    if lost.any():
        first = int(np.argmax(lost)) + 1
        lines.append(
            (
                "note",
                f"{lost.sum():,} rows have no prediction, the first of them row {first}: their "
                "inputs are so far from those trained on that an output is not finite",
            )
        )
    if rows.y is not None:
        lines += compared(model, outputs, rows.y, lost)
    screen.show_plan([*lines, ("written", str(out))])


def predicted(model: Model, x: np.ndarray) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The predictions of a model, with their spread where it has several members.

    Args:
        model: the ensemble.
        x: inputs as its preprocessing makes them, (rows, features).

    Returns:
        The table; the linear outputs, (rows, outputs); and bool (rows,), those whose prediction is
        not finite, and missing in the table.
    """
    each = model.each(x)
    lost = ~np.isfinite(each).all(axis=(0, 2))
    each[:, lost] = 0.0
    outputs = model.pooled(each)
    table = model.predictions(outputs)
    if model.members > 1:
        table["spread"] = model.spread(each)
    lost |= ~_finite(table)
    table.loc[lost] = np.nan
    return table, outputs, lost


def _with_rows(table: pd.DataFrame, kept: pd.DataFrame | None) -> pd.DataFrame:
    """The predictions behind the number of each row and the columns that are kept."""
    table.insert(0, "row", np.arange(1, len(table) + 1))
    for place, name in enumerate(kept if kept is not None else (), start=1):
        if name in table:
            raise cli.UserError(
                f"--keep {name}: the predictions have a column of that name; rename it in the data"
            )
        table.insert(place, name, kept[name].to_numpy())
    return table


def _finite(table: pd.DataFrame) -> np.ndarray:
    """The rows all of whose numbers are."""
    return np.isfinite(table.select_dtypes("number")).all(axis=1).to_numpy()


def _named(model: Model) -> str:
    activation = model.structure["activation"]
    return activation if model.members == 1 else f"{model.members} networks with {activation}"


def compared(
    model: Model, outputs: np.ndarray, y: pd.Series, lost: np.ndarray | bool = False
) -> list[tuple[str, str]]:
    """How the predictions compare with the targets that are known, for the screen.

    Args:
        model: that they are of.
        outputs: (rows, outputs).
        y: the targets, (rows,); missing where they are not known.
        lost: bool (rows,), those without a prediction, which are left out.
    """
    known = y.notna().to_numpy() & ~np.asarray(lost)
    if not known.any():
        return []
    y, notes = y[known], []
    classes, score = model.preprocessing.classes, model.judge
    if not classes:
        value = model.score(outputs[known], model.preprocessing.encode(pd.to_numeric(y)))
    else:
        y = as_text(y)
        new = ~y.isin(classes).to_numpy()
        if new.any():
            names = ", ".join(y[new].unique()[:10])
            how = "counted as wrong" if score.name == "accuracy" else "left out of the score"
            text = f"{new.sum():,} rows of classes that no training row has, {how}"
            notes.append(("note", f"{text}: {names}"))
        value = 0.0 if score.name == "accuracy" else float("nan")
        if not new.all():
            encoded = model.preprocessing.encode(y[~new].to_numpy())
            value = model.score(outputs[known][~new], encoded)
            value *= float(np.mean(~new)) if score.name == "accuracy" else 1
    rows = "one row" if len(y) == 1 else f"{len(y):,} rows"
    known_rows = f"the {rows} whose {model.preprocessing.target} is known"
    if np.isnan(value):
        why = "there is only one" if len(y) == 1 else "they are all the same"
        return [*notes, (score.title, f"not defined on {known_rows}, since {why}")]
    return [
        *notes,
        (
            score.title,
            f"{score.show(value)} ({score.own(value):.7g}) on {known_rows}",
        ),
    ]

"""Finished results in TensorBoard, MLflow or Weights & Biases: one run there per choice."""

import importlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.lab.io.errors import UserError
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.score import Score
from experiments.lab.study.tables import rows_of


class Record(NamedTuple):
    """What a tracker calls a run: a choice at its best rate.

    parameters: everything that was set, as plain values.
    scores: after training, over seeds; finite numbers only.
    curve: name -> [(step, value)], the training curves, medians over seeds; finite numbers only.
    """

    name: str
    parameters: Mapping[str, Any]
    scores: Mapping[str, float]
    curve: Mapping[str, Sequence[tuple[int, float]]]


def records(comparison: Comparison) -> list[Record]:
    """One record per choice; a choice's own axes take the place of the ones that were varied."""
    study = comparison.study
    single = {
        name: value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
        for name, value in study.settings.items()
    }
    return [
        Record(
            choice.label,
            {
                name: value if isinstance(value, (int, float, str)) else str(value)
                for name, value in {**single, **choice.cell}.items()
                if value not in (None, (), {})
            },
            _scores(choice, study.score),
            _curve(rows_of(comparison.curves, choice.cell)),
        )
        for choice in comparison.choices
    ]


def _scores(choice: Choice, score: Score) -> dict[str, float]:
    """The final ones over seeds, where they are finite; the metric with its own sign."""
    name, (low, high) = score.name, score.ascending(choice.interval)
    scores = {
        f"validation_{name}": score.own(choice.validation),
        f"test_{name}": score.own(choice.test),
        f"test_{name}_low": score.own(low),
        f"test_{name}_high": score.own(high),
        "test_loss": choice.test_loss,
        "diverged_runs": choice.diverged_runs,
    }
    return {name: float(value) for name, value in scores.items() if np.isfinite(value)}


def _curve(rows: pd.DataFrame) -> dict[str, list[tuple[int, float]]]:
    """The points of each curve, where they are finite."""
    return {
        name: [
            (int(step), float(value))
            for step, value in zip(rows["step"], rows[name], strict=True)
            if np.isfinite(value)
        ]
        for name in rows
        if name.startswith(("train_", "validation_")) and not name.endswith(("_low", "_high"))
    }


def check(names: Sequence[str]) -> None:
    """Import the packages of these trackers.

    Raises:
        UserError: one cannot be imported.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UserError(
                f"--{name}: its package cannot be imported ({error}); install it with "
                f'pip install -e ".[{name}]"'
            ) from None


def send(name: str, folder: Path, found: Sequence[Record]) -> str:
    """Write the records to one tracker, and say where they are.

    Args:
        name: a key of TRACKERS.
        folder: the study's; the tracker's runs are grouped by its name.
        found: the records.

    Raises:
        UserError: the tracker fails; the results in the folder are whole all the same.
    """
    try:
        return TRACKERS[name](folder, found)
    except Exception as error:  # whatever it is: a server that is down, a key that is missing
        raise UserError(
            f"--{name}: it fails ({' '.join(f'{type(error).__name__}: {error}'.split())}); the "
            f"results are in {folder}, and the same command sends them again and trains nothing "
            "anew"
        ) from None


def _by_step(record: Record) -> Iterator[tuple[int, dict[str, float]]]:
    for step in sorted({step for points in record.curve.values() for step, _ in points}):
        yield (
            step,
            {
                name: dict(points)[step]
                for name, points in record.curve.items()
                if step in dict(points)
            },
        )


def _tensorboard(folder: Path, found: Sequence[Record]) -> str:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    place = folder / "tensorboard"
    # Those of an earlier call would be drawn over these.
    shutil.rmtree(place, ignore_errors=True)
    for record in found:
        writer = EventFileWriter(str(place / record.name.replace("/", "-").replace(":", ".")))
        last = max((step for step, _ in _by_step(record)), default=0)
        scores = {f"final/{name}": value for name, value in record.scores.items()}
        writer.add_event(
            Event(wall_time=time.time(), step=0, summary=hparams_pb(dict(record.parameters)))
        )
        for step, values in [*_by_step(record), (last, scores)]:
            summary = Summary(
                value=[
                    Summary.Value(tag=name, simple_value=value) for name, value in values.items()
                ]
            )
            writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        writer.close()
    return f"tensorboard --logdir {place}"


def _mlflow(folder: Path, found: Sequence[Record]) -> str:
    import mlflow

    mlflow.set_experiment(folder.name)
    for record in found:
        with mlflow.start_run(run_name=record.name):
            mlflow.log_params(dict(record.parameters))
            for step, values in _by_step(record):
                mlflow.log_metrics(values, step=step)
            mlflow.log_metrics({f"final_{name}": value for name, value in record.scores.items()})
    return f"MLflow experiment {folder.name} at {mlflow.get_tracking_uri()}"


def _wandb(folder: Path, found: Sequence[Record]) -> str:
    import wandb

    for record in found:
        with wandb.init(
            project="jaxnn",
            group=folder.name,
            name=record.name,
            config=dict(record.parameters),
            dir=folder,
        ) as run:
            for step, values in _by_step(record):
                run.log(values, step=step)
            run.summary.update({f"final_{name}": value for name, value in record.scores.items()})
    return f"Weights & Biases project jaxnn, group {folder.name}"


TRACKERS: Mapping[str, Callable[[Path, Sequence[Record]], str]] = MappingProxyType(
    {"tensorboard": _tensorboard, "mlflow": _mlflow, "wandb": _wandb}
)

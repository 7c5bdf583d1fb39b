"""The files of a finished study: tables, summary, model, report, and how they were made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab import report
from experiments.lab.io import config_file, files
from experiments.lab.report.figure import Figure
from experiments.lab.results.code_hash import measuring_code
from experiments.lab.results.model import DESCRIPTION, PARAMETERS
from experiments.lab.results.provenance import provenance
from experiments.lab.results.refit import Refit
from experiments.lab.study import wording
from experiments.lab.study.choices import Choice
from experiments.lab.study.comparison import Comparison
from experiments.lab.study.score import Score
from experiments.lab.study.study import Study
from experiments.lab.study.tables import as_written
from experiments.lab.study.twins import trained_again

if TYPE_CHECKING:  # it imports this module
    from experiments.lab.job import Job

About = Mapping[str, Any] | None
# Fields of a choice, and of its comparison with the baseline, that are scores or their differences.
SCORES = {"validation", "test", "middle", "scores", "interval", "splits_interval"}
SCORES |= {"difference", "difference_interval"}


def described(comparison: Comparison, refit: Refit | None, job: Job) -> dict[str, Any]:
    """What was asked and how it was done: the content of config.json."""
    return {
        "experiment": "activations",
        "question": comparison.study.question,
        "fingerprint": job.fingerprint,
        "code": measuring_code(Study, trained_again),
        **provenance(),
        **_asked(comparison, job),
        "model": refit.about if refit else None,
        "seconds": {
            "compile": sum(outcome.compile_seconds for outcome in comparison.outcomes),
            "run": sum(outcome.run_seconds for outcome in comparison.outcomes),
            "total": time.perf_counter() - job.began,
        },
    }


def write(
    path: Path,
    comparison: Comparison,
    refit: Refit | None,
    config: Mapping[str, Any],
    *,
    figures: bool,
) -> Path:
    """Write every file, each whole or not at all.

    Args:
        path: of the folder.
        comparison: what was found.
        refit: the model to keep; None where there is none.
        config: from ``described``.
        figures: write each figure of the report as PNG and SVG too.

    Returns:
        The file with one row per run: results.csv, or results.parquet where that would be too
        large.
    """
    summary = _summary(comparison, refit.about if refit else None)
    drawn = drawn_figures(comparison, refit)
    results = files.write_table(
        path / "results.csv", as_written(comparison.results, comparison.study.score)
    )
    files.write_table(path / "curves.csv", comparison.curves)
    files.write_json(path / "summary.json", summary)
    if refit:
        files.write_bytes(path / PARAMETERS, refit.parameters)
        files.write_json(path / DESCRIPTION, refit.description)
    files.write_text(path / "report.html", report.page(comparison, drawn, config))
    if figures:
        from experiments.lab.report import figure_files  # Matplotlib, which nothing else needs

        figure_files.save(drawn, path / "figures")
    files.write_json(path / "config.json", config)
    return results


def drawn_figures(comparison: Comparison, refit: Refit | None) -> list[Figure]:
    """The figures of the report."""
    stated = refit is not None and len(refit.stated.true)  # no row where those models all diverge
    return report.figures(comparison, _predictions(refit, comparison.study) if stated else None)


def _predictions(refit: Refit, study: Study) -> report.Predictions:
    """Those that the stated score of the model comes from."""
    stated, data = refit.stated, study.data
    of = f"On the {len(stated.true):,} test rows that the stated score of the model is of"
    if len(stated.scores) > 1:
        of += f", over {len(stated.scores)} splits"
    return report.Predictions(stated.true, stated.predicted, data.classes, data.target, of)


def _asked(comparison: Comparison, job: Job) -> Mapping[str, Any]:
    """What was asked, and of which data."""
    study, data = comparison.study, comparison.study.data
    file = job.configuration.config
    return {
        "configuration": {**study.settings, **config_file.further(job.configuration)},
        **({"config": {"file": str(file), "changed": job.changed}} if file else {}),
        "steps": study.steps,
        "runs": len(comparison.results),
        "programs": study.programs,
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "target": data.target,
            "head": data.head,
            "features": data.features,
            "rows": {part: len(rows) for part, rows in data.x.items()},
            "classes": data.classes,
            "notes": data.notes,
        },
    }


def _row(choice: Choice, score: Score) -> dict[str, Any]:
    """A choice as the summary has it: the metric and its differences with its own sign."""
    row = asdict(choice) | choice.structure
    del row["rows"]  # of a table in memory
    for values in filter(None, (row, row["versus"])):
        for name in SCORES & values.keys():
            found = values[name]
            if "interval" in name:
                found = score.ascending(found)
            values[name] = (
                tuple(map(score.own, found)) if isinstance(found, tuple) else score.own(found)
            )
    return row


def _references(comparison: Comparison) -> list[dict[str, Any]]:
    """Models that are no networks, in the metric's own sign."""
    score = comparison.study.score
    return [
        {
            "model": model.reference.title,
            "test": score.own(model.score),
            "interval": [score.own(end) for end in score.ascending(model.interval)],
            "first_on_the_same_splits": score.own(model.network),
            "p_not_better": model.p,
            "note": model.reference.note,
        }
        for model in (comparison.outside.models if comparison.outside else ())
    ]


def _importance(comparison: Comparison) -> dict[str, Any]:
    """What each axis explains, of all rates and at each choice's own; null where there is none."""
    return {
        "is": "functional ANOVA: shares of the variance between cells, of one axis alone and of "
        "two together beyond each alone; of no axes: of three or more together. 95 % intervals by "
        "bootstrap over seeds. seeds: share of the variance of a single run",
        "validation_of_the_grid_asked_for": asdict(comparison.importance)
        if comparison.importance
        else None,
        "test_at_own_rates": asdict(comparison.at_own_rate) if comparison.at_own_rate else None,
    }


def _summary(comparison: Comparison, about: About) -> Mapping[str, Any]:
    """The verdict and the table, each number with what it is."""
    study, choices = comparison.study, comparison.choices
    return {
        "verdict": comparison.verdict,
        "metric": study.score.name,
        "selected_on": "validation",
        "reported_on": "test",
        "rates_chosen_on": f"validation, the first {len(study.asked.seed_numbers)} seeds",
        "widened_to": comparison.widened_to,
        "statistic": f"{wording.STATISTIC} over seeds",
        "interval": wording.INTERVAL,
        "p": "of the choice being the best: sign flips of paired differences from it, corrected "
        "for all choices",
        "failed": "test score at most half-way from the trivial predictor's to the best choice's",
        "versus": "paired differences from the baseline, P(better) with ties ½, p of sign flips "
        "with Holm's correction",
        "good_rates": f"validation error ({study.score.error_title}) at most 1.25 × the best "
        "rate's + 0.01; linear in log rate between rates",
        "target": {
            "validation": study.score.own(comparison.target),
            "is": "the error that is good, by that rule, for the baseline's best",
            "steps": "first point of the validation curve at the target, median over seeds; null: "
            "missed",
        },
        "theory_gradient_factor": "mean square gradient at the first hidden layer over the "
        "last's, wide layers, before training",
        "not_told_apart_from_first": [
            choice.label for choice in choices[1:] if choice.p >= wording.CERTAIN
        ],
        "table": [
            _row(choice, study.score) | {"theory_gradient_factor": factor}
            for choice, factor in zip(choices, comparison.gradient_factors, strict=True)
        ],
        "importance": _importance(comparison),
        "references": _references(comparison),
        "model": about,
        "performance_profile": comparison.profile.to_dict("list"),
    }

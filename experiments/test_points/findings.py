"""What follows: wrong choices by number of points, and the rule on D5."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.lab.evidence.effects import effect
from experiments.lab.evidence.experiment import Found
from experiments.lab.evidence.verdicts import Conclusion, Effect, Tried, Verdict
from experiments.lab.study.statistics import interquartile_mean, interval
from experiments.test_points.closed_form import points_needed
from experiments.test_points.measure import FIXED, FLIPPED, TRAINING
from experiments.test_points.rules import RULE, Choices, word

CRITERIA = {"right": "number of points that are right", "loss": "mean log-loss"}


def conclude(configuration: Any, found: Found) -> Conclusion:
    """Shares of wrong choices, and accuracy on the points trained on and on new ones."""
    settings = {
        f"between {pair} by the {words}": choices(found[pair], pair, criterion)
        for pair in configuration.pairs
        for criterion, words in CRITERIA.items()
    }
    verdict, when = RULE.judge(settings)
    gaps = {pair: gap(found[pair], pair) for pair in configuration.pairs}
    most, rows = max(configuration.points), configuration.training_rows
    new, own = (
        effect(
            f"{name}, {max(rows):,} training points minus {min(rows):,}",
            found["fit"][key][-1] - found["fit"][key][0],
            "points",
        )
        for name, key in (("new points right", "new"), ("own points right", "trained_on"))
    )
    usual = configuration.pairs[0]
    one = settings[f"between {usual} by the {CRITERIA['right']}"]
    return Conclusion(
        f"One point chooses the worse of two networks ({usual}) in {100 * one.one.value:.0f} % of "
        f"choices, {most:,} points in {100 * one.all.value:.1f} %. From {min(rows):,} to "
        f"{max(rows):,} training points, a network of {FIXED} units has {own:+.1f} points more of "
        f"its own points right, and {new:+.1f} of new ones.",
        (
            Verdict(
                "D5",
                verdict,
                (
                    *(effect for each in settings.values() for effect in (each.one, each.all)),
                    *gaps.values(),
                    own,
                    new,
                ),
                configuration.seeds,
                f"networks of one tanh layer, {TRAINING} training rows, {100 * FLIPPED:g} % of "
                f"labels flipped; {configuration.repeats:,} choices for each number of points; the "
                f"truth from {configuration.pool:,} points",
                when=when,
                note=f"{fits(configuration, found)} {needed(configuration, found)} "
                "More points are harder to predict only for those that a network of fixed size is "
                "trained on; new ones get easier.",
                found=f"One point picks the worse of two networks in {100 * one.one.value:.0f} % "
                f"of choices, {most:,} points in {100 * one.all.value:.1f} % ({usual}).",
                do="Work out the points that a gap δ needs: n = (1.64 σ / δ)², 5 % wrong choices.",
                tried=tuple(
                    Tried(setting, word(each), each.all) for setting, each in settings.items()
                ),
            ),
        ),
        table(configuration, found),
    )


def choices(found: Any, pair: str, criterion: str) -> Choices:
    """Shares of wrong choices by one point, and by the most."""
    setting, shares = f"{pair}, {CRITERIA[criterion]}", found[criterion]
    return Choices(
        effect(f"wrong choices by the fewest points, {setting}", shares[0]),
        effect(f"wrong choices by the most points, {setting}", shares[-1]),
        effect(f"fewest − twice the most, {setting}", shares[0] - 2 * shares[-1]),
    )


def gap(found: Any, pair: str) -> Effect:
    """The better network's lead in points of accuracy."""
    lead = 100 * np.abs(found["only_better"] - found["only_worse"])
    return effect(f"lead of the better network, {pair}", lead, "points")


def fits(configuration: Any, found: Found) -> str:
    """How far wrong choices are from their closed forms, in words."""
    said = []
    for criterion, form in (("right", "binomial"), ("loss", "normal")):
        apart = [
            np.abs(found[pair][criterion].mean(1) - found[pair][f"{criterion}_form"].mean(1)).max()
            for pair in configuration.pairs
        ]
        said.append(f"{100 * max(apart):.1f} points from the {form} form")
    return f"Wrong choices are at most {' and '.join(said)}, mean over seeds."


def needed(configuration: Any, found: Found) -> str:
    """The points that a choice takes, in words."""
    said = []
    for pair in configuration.pairs:
        shares = zip(found[pair]["only_better"], found[pair]["only_worse"], strict=True)
        count = np.median([points_needed(max(two), min(two)) for two in shares])
        said.append(f"{count:,.0f} ({pair})")
    return f"For 5 % wrong choices by the points that are right it takes {', '.join(said)}, median."


def table(configuration: Any, found: Found) -> pd.DataFrame:
    """One row per pair, criterion and number of points; and per number of training points."""
    rows = []
    for pair in configuration.pairs:
        for criterion in CRITERIA:
            for number, points in enumerate(configuration.points):
                share = found[pair][criterion][number]
                rows.append(
                    _row(pair, criterion, points, share)
                    | {"closed_form": float(found[pair][f"{criterion}_form"][number].mean())}
                )
    for name in ("trained_on", "new"):
        for number, count in enumerate(configuration.training_rows):
            rows.append(_row("fit", name, count, found["fit"][name][number]))
    return pd.DataFrame(rows)


def _row(pair: str, what: str, points: int, values: np.ndarray) -> dict[str, Any]:
    low, high = interval(values)
    mean = {"mean": float(np.mean(values)), "value": float(interquartile_mean(values))}
    return {"pair": pair, "what": what, "points": points, **mean, "low": low, "high": high}

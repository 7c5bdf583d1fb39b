"""Every figure of a report, in the order in which they are read."""

from experiments.lab.report import compared, inside
from experiments.lab.report.figure import Figure
from experiments.lab.study.comparison import Comparison


def figures(comparison: Comparison) -> list[Figure]:
    """Those figures for which the comparison has something to show."""
    found = [
        compared.learning_rates(comparison),
        compared.training_curves(comparison),
        compared.side_by_side(comparison),
        compared.seeds(comparison),
        compared.profiles(comparison),
        inside.signals(comparison),
        inside.units_over_time(comparison),
        inside.units_at_start(comparison),
        inside.activations(comparison),
        compared.cost(comparison),
    ]
    return [figure for figure in found if any(view.series for view in figure.views)]

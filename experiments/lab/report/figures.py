"""Every figure of a report, in the order in which they are read."""

from experiments.lab.report import compared, inside, rate_map
from experiments.lab.report.figure import Figure
from experiments.lab.report.predictions import Predictions, predicted
from experiments.lab.study.comparison import Comparison


def figures(comparison: Comparison, found: Predictions | None = None) -> list[Figure]:
    """Those figures for which the comparison has something to show.

    Args:
        comparison: what was found.
        found: what the model that is kept predicts; None where there is none.
    """
    drawn = [
        compared.learning_rates(comparison),
        *rate_map.maps(comparison),
        compared.training_curves(comparison),
        compared.side_by_side(comparison),
        compared.seeds(comparison),
        *([predicted(found)] if found else []),
        compared.profiles(comparison),
        inside.signals(comparison),
        inside.units_over_time(comparison),
        inside.units_at_start(comparison),
        inside.activations(comparison),
        compared.cost(comparison),
    ]
    return [figure for figure in drawn if any(view.series for view in figure.views)]

"""Every figure of a report, in the order in which they are read."""

from experiments.lab.report import compared, inside
from experiments.lab.report.chart import Figure
from experiments.lab.report.evidence import Evidence


def figures(evidence: Evidence) -> list[Figure]:
    """Those figures that the evidence has something for."""
    results, choices, _, profile = evidence.comparison
    found = [
        compared.learning_rates(results, choices, evidence.score),
        compared.training_curves(evidence.curves, choices),
        compared.side_by_side(choices, evidence.score),
        compared.seeds(results, choices, evidence.score),
        compared.profiles(profile, choices),
        inside.signals(choices, evidence.layers),
        inside.units_over_time(choices, evidence.curves),
        inside.units_at_start(choices, evidence.layers),
        inside.shapes(choices, evidence.activations),
        compared.cost(
            choices, evidence.programs, [layers.parameters for layers in evidence.layers]
        ),
    ]
    return [figure for figure in found if any(view.series for view in figure.views)]

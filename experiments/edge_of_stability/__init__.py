"""How large a rate does the curvature allow, and where does the curvature go?

    python -m experiments.edge_of_stability

Full-batch gradient descent on small problems, with rates in units of the curvature at the start.
λ₀ is the largest eigenvalue of the Gauss–Newton matrix, which is the neural tangent kernel's; on
the linearised network descent is unstable above 2 / λ₀. Below that rate the sharpness is recorded
during training, for Chebyshev polynomials on 20 points and a linear network of 20 layers of 50
neurons. The published runs have PyTorch's initialisation, and here biases that begin at 0; ours, by
gain, is the other setting. Above that rate the largest multiple of 1 / λ₀ at which training still
converges is searched for, for every elementwise activation of the table that learns nothing.
"""

from dataclasses import dataclass

from experiments.edge_of_stability import measure
from experiments.edge_of_stability.figure import draw
from experiments.edge_of_stability.findings import conclude
from experiments.edge_of_stability.rules import PUBLISHED, RULES
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io.cli import at_least


@dataclass(frozen=True)
class Configuration(Flags):
    """How large a rate does the curvature allow, and where does the curvature go?"""

    activation: tuple[str, ...] = ("tanh", "relu", "gelu", "swish", "elu", "softplus")
    """Activations whose sharpness is followed; with our own initialisation the first three."""
    init: tuple[str, ...] = tuple(measure.INITIALIZERS)
    """Initialisations there."""
    share: tuple[float, ...] = (0.3, 0.6, 0.9)
    """Rates there, as shares of 2 / λ₀."""
    steps: int = 8000
    """Updates of each network on the polynomials."""
    linear_steps: int = 600
    """Updates of each deep linear network; 0 leaves it out."""
    table: tuple[str, ...] = measure.EVERY
    """Activations whose largest converging rate is searched for; linear and relu are needed."""
    setting: tuple[str, ...] = tuple(measure.SETTINGS)
    """Settings of that search; the whole table is searched in the first."""
    multiple: tuple[float, ...] = tuple(round(2 * 2 ** (k / 4), 4) for k in range(17))
    """Rates of that search, as multiples of 1 / λ₀, ascending."""
    catapult_steps: int = 150
    """Updates of each network of that search."""
    seeds: int = 5
    """Initial draws of each network."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per network."""
    at_least(2, configuration.seeds, "--seeds")
    at_least(measure.POINTS, (configuration.steps,), "--steps")
    names = {"published init": configuration.activation, "own init": configuration.activation[:3]}
    edges = [
        Part(
            f"edge; {init}; {name}",
            lambda _, init=init, name=name: measure.edge(init, name, configuration),
            4,
        )
        for init, activations in names.items()
        if init in configuration.init
        for name in activations
    ]
    linear = Part("edge; deep linear; linear", lambda _: measure.deep_linear(configuration), 4)
    main, *others = configuration.setting
    cases = [(main, name) for name in configuration.table]
    cases += [(setting, name) for setting in others for name in PUBLISHED]
    searches = [
        Part(
            f"catapult; {setting}; {name}",
            lambda _, setting=setting, name=name: measure.catapult(
                setting, name, configuration.seeds, configuration
            ),
        )
        for setting, name in cases
    ]
    return [*edges, *[linear] * (configuration.linear_steps > 0), *searches]


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={
        "activation": ("tanh",),
        "init": ("own init",),
        "share": (0.9,),
        "steps": 20,
        "linear_steps": 0,
        "table": ("linear", "relu"),
        "setting": ("one layer of 128",),
        "multiple": (2.0, 8.0),
        "catapult_steps": 5,
        "seeds": 2,
    },
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"EVIDENCE 4": 0, "EVIDENCE 20": 1},
)

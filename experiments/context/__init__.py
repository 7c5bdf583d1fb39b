"""What do context neurons add, and is tanh right for them?

    python -m experiments.context

Models are Elman networks, named by their activation; irnn, an Elman network with ReLU whose context
weights start as the identity; gru; and none, a network without context. Each is trained on three
tasks, at its own best learning rate of Adam, with gradients clipped to norm 1.

Temporal XOR (Elman 1990): a 1-2-1 network predicts the next bit of a stream in which every third
bit is the XOR of the two before; it succeeds if it predicts all of these correctly on a fresh
stream. The adding problem: the sum of the two marked numbers of a sequence, for several lengths.
Yearly sunspots: next year's number, compared with the naive rule (this year's number) and with a
linear rule of past years (AR), split by time.
"""

from dataclasses import dataclass

from experiments.context.figure import draw
from experiments.context.findings import conclude
from experiments.context.measure import MODELS, QUARTERS, STOPS, Budget, add, forecast, solve_xor
from experiments.context.rules import RULES
from experiments.lab.evidence.experiment import Experiment, Flags, Part
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError


@dataclass(frozen=True)
class Configuration(Flags):
    """What do context neurons add, and is tanh right for them?"""

    xor_models: tuple[str, ...] = (
        "tanh",
        "sigmoid",
        "elu",
        "gelu",
        "swish",
        "relu",
        "linear",
        "none",
    )
    """Models on temporal XOR: tanh, others, and "none" (without context) for a verdict on N6."""
    adding_models: tuple[str, ...] = ("tanh", "relu", "irnn", "gru")
    """Models on the adding problem: tanh, others, and gru for a verdict on EVIDENCE 17."""
    sunspot_models: tuple[str, ...] = ("tanh", "sigmoid", "relu", "swish", "linear", "gru")
    """Models on the sunspots: tanh and others."""
    seeds: int = 1000
    """Networks per model on temporal XOR."""
    pilot: int = 100
    """Additional networks per model and learning rate on temporal XOR, which choose the rate."""
    passes: int = 48
    """Passes over the 3,000 training bits of temporal XOR, a multiple of 4."""
    xor_rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    """Learning rates to try on temporal XOR."""
    lengths: tuple[int, ...] = (10, 30, 100)
    """Steps per sequence of the adding problem, in rising order."""
    adding_seeds: int = 5
    """Networks per model, length and learning rate on the adding problem."""
    adding_rates: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    """Learning rates to try on the adding problem."""
    adding_steps: int = 500
    """Updates of each network on the adding problem, in batches of 32 sequences."""
    adding_width: int = 24
    """Hidden units on the adding problem."""
    sunspot_seeds: int = 20
    """Networks per model and learning rate on the sunspots."""
    sunspot_rates: tuple[float, ...] = (0.01, 0.03, 0.1)
    """Learning rates to try on the sunspots."""
    sunspot_steps: int = 400
    """Updates of each network on the sunspots, each on all training years, a multiple of 20."""
    sunspot_width: int = 8
    """Hidden units on the sunspots."""


def parts(configuration: Configuration) -> list[Part]:
    """One part per model on temporal XOR and the sunspots, and per model and length on adding."""
    _check(configuration)
    c = configuration
    adding = Budget(c.adding_rates, c.adding_seeds, c.adding_steps, c.adding_width)
    sunspots = Budget(c.sunspot_rates, c.sunspot_seeds, c.sunspot_steps, c.sunspot_width)

    def xor(name):
        return lambda _: solve_xor(
            name, rates=c.xor_rates, pilot=c.pilot, seeds=c.seeds, passes=c.passes
        )

    return [
        *(Part(f"xor-{name}", xor(name), 10) for name in c.xor_models),
        *(
            Part(
                f"adding-{name}-{length}",
                lambda _, name=name, length=length: add(name, length, adding),
                3 + length * (0.3 if name == "gru" else 0.1),
            )
            for length in c.lengths
            for name in c.adding_models
        ),
        *(
            Part(f"sunspots-{name}", lambda _, name=name: forecast(name, sunspots), 6)
            for name in c.sunspot_models
        ),
    ]


def _check(configuration: Configuration) -> None:
    for field in ("xor_models", "adding_models", "sunspot_models"):
        flag, models = field.replace("_", "-"), getattr(configuration, field)
        for name in models:
            cli.one_of(MODELS, name, flag)
        if "tanh" not in models:
            raise UserError(
                f"--{flag} {' '.join(models)}: add tanh, with which the others are compared"
            )
    for field, least in (
        ("seeds", 2),
        ("pilot", 1),
        ("lengths", 2),
        ("adding_seeds", 2),
        ("adding_steps", 1),
        ("adding_width", 1),
        ("sunspot_seeds", 2),
        ("sunspot_width", 1),
    ):
        cli.at_least(least, getattr(configuration, field), f"--{field.replace('_', '-')}")
    for field, unit in (("passes", QUARTERS), ("sunspot_steps", STOPS)):
        value = getattr(configuration, field)
        if value < 1 or value % unit:
            raise UserError(f"--{field.replace('_', '-')} {value}: give a multiple of {unit}")
    for field in ("xor_rates", "adding_rates", "sunspot_rates"):
        rates = [str(rate) for rate in getattr(configuration, field)]
        cli.numbers(rates, f"--{field.replace('_', '-')}")


# A model takes seconds to compile whatever its size, so each task has one.
SMOKE = {
    "xor_models": ("tanh",),
    "adding_models": ("tanh",),
    "sunspot_models": ("tanh",),
    "seeds": 2,
    "pilot": 2,
    "passes": 4,
    "xor_rates": (0.1,),
    "lengths": (4,),
    "adding_seeds": 2,
    "adding_rates": (0.01,),
    "adding_steps": 4,
    "adding_width": 2,
    "sunspot_seeds": 2,
    "sunspot_rates": (0.01,),
    "sunspot_steps": 20,
    "sunspot_width": 2,
}
EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke=SMOKE,
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
    panels={"N6": 0, "EVIDENCE 17": 1, "N7": 3, "A9": 0},
)

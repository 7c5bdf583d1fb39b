"""What does a neuron's bias do that its weight cannot?

    python -m experiments.bias

The curves of sigmoid neurons with one input, σ(w₀ x + w₁), are differentiated by jax.grad and by
differences.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import jaxnn
from experiments.lab.drawing import style as drawing
from experiments.lab.evidence.experiment import Experiment, Flags, Found, Part
from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Conclusion, Effect, Verdict, Word
from experiments.lab.io.errors import UserError

STEP = 1e-3  # of x, for slopes by differences


@dataclass(frozen=True)
class Configuration(Flags):
    """What does a neuron's bias do that its weight cannot?"""

    weight: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)
    """Weights w₀ of σ(w₀ x)."""
    bias: tuple[float, ...] = (-5.0, -2.0, 0.0, 2.0, 5.0)
    """Biases w₁ of σ(x + w₁)."""
    at: float = 2.0
    """The input x at which outputs are compared."""
    points: int = 401
    """Points of each curve, from −10 to 10."""


def parts(configuration: Configuration) -> list[Part]:
    """One part: both families of curves, each differentiated by jax.grad and by differences."""
    if not configuration.weight or not configuration.bias or min(configuration.weight) <= 0:
        raise UserError(
            f"--weight {configuration.weight} --bias {configuration.bias}: give at least one of "
            "each, weights above 0"
        )
    if configuration.points < 2:
        raise UserError(f"--points {configuration.points}: give a whole number of at least 2")

    def measure(_: Found):
        x = jnp.linspace(-10, 10, configuration.points)
        families = {
            "weight": [(w, 0.0) for w in configuration.weight],
            "bias": [(1.0, b) for b in configuration.bias],
        }
        arrays = {"x": np.asarray(x)}
        for name, neurons in families.items():
            weights, biases = map(jnp.array, zip(*neurons, strict=True))
            curves = jax.vmap(jax.vmap(output, (None, None, 0)), (0, 0, None))
            centre = -biases / weights  # where a neuron's sum is 0
            arrays |= {
                f"{name}_curves": curves(weights, biases, x),
                f"{name}_at": jax.vmap(output, (0, 0, None))(weights, biases, configuration.at),
                f"{name}_middle": jax.vmap(output)(weights, biases, centre),
                f"{name}_slope": jax.vmap(jax.grad(output, 2))(weights, biases, centre),
                f"{name}_slope_by_differences": (
                    jax.vmap(output)(weights, biases, centre + STEP)
                    - jax.vmap(output)(weights, biases, centre - STEP)
                )
                / (2 * STEP),
            }
        return arrays

    return [Part("curves", measure)]


def output(weight, bias, x):
    """Of a sigmoid neuron with one input."""
    return jaxnn.neuron({"weight": weight[None], "bias": bias}, jnp.asarray(x)[None], "sigmoid")


def conclude(configuration: Configuration, found: Found) -> Conclusion:
    """Slope w₀/4 whatever the bias, middle where w₀ x + w₁ = 0, and the number at x = 2."""
    curves = found["curves"]
    weights, biases = np.array(configuration.weight), np.array(configuration.bias)
    steepness = np.abs(curves["weight_slope"] / (weights / 4) - 1).max()
    by_differences = np.abs(
        curves["weight_slope_by_differences"] / curves["weight_slope"] - 1
    ).max()
    shifted = max(np.abs(curves[f"{name}_middle"] - 0.5).max() for name in ("weight", "bias"))
    unbiased = np.ptp(curves["bias_slope"])
    closed = 1 / (1 + np.exp(-(configuration.at + biases.astype(np.float64))))
    apart = np.abs(curves["bias_at"] - closed).max()
    rows = [
        {
            "varied": name,
            "value": value,
            f"output_at_{configuration.at:g}": at,
            "slope_at_middle": slope,
        }
        for name, values in (("weight", weights), ("bias", biases))
        for value, at, slope in zip(
            values, curves[f"{name}_at"], curves[f"{name}_slope"], strict=True
        )
    ]
    lowest = int(np.argmin(biases))
    number = float(curves["bias_at"][lowest])
    finding = (
        "The weight sets the slope (w₀/4 in the middle) and the bias where the middle lies "
        f"(−w₁/w₀), without changing the slope; with bias −{-biases[lowest]:g} the output at x = "
        f"{configuration.at:g} is {number:.4f}. No spread: a closed form."
    )
    verdict = Verdict(
        "N8",
        judge(max(steepness, shifted, unbiased, apart), by_differences),
        (
            Effect(f"output at x = {configuration.at:g} with bias {biases[lowest]:g}", number),
            Effect("largest distance from 1 / (1 + exp(−z)) in float64", float(apart)),
            Effect("largest relative distance of the slope from w₀/4", float(steepness)),
        ),
        1,
        "one sigmoid neuron with one input, float32",
        found="The weight sets the slope, w₀/4 in the middle, and the bias shifts it to −w₁/w₀; "
        f"at x = {configuration.at:g} and bias −{-biases[lowest]:g} the output is {number:.4f}.",
        do="Keep biases: a neuron without one has its middle at 0, whatever its weights.",
        note="A neuron's middle is at −w₁/w₀: the larger the weight, the less a bias shifts it.",
    )
    return Conclusion(finding, (verdict,), pd.DataFrame(rows))


def judge(largest: float, by_differences: float) -> Word:
    """The verdict on N8.

    Args:
        largest: deviation of the slopes from w₀/4 and from each other, of the middles from one
            half, and of the outputs from the closed form.
        by_differences: relative deviation of the slopes from those by differences.
    """
    return "holds" if largest < 1e-5 and by_differences < 1e-2 else "does not hold"


RULES = (
    Rule(
        "N8",
        "N8 holds if, up to rounding, the slope in the middle is w₀/4 whatever the bias, the middle"
        " is at −w₁/w₀, and the outputs at the input --at are those of 1 / (1 + exp(−z)) in "
        "float64.",
        judge,
    ),
)


def draw(configuration: Configuration, found: Found, conclusion: Conclusion) -> Figure:
    """σ(w₀ x) beside σ(x + w₁)."""
    curves = found["curves"]
    with drawing.canvas(12, 5.2) as figure:
        axes = figure.subplots(1, 2, sharey=True)
        for ax, name, values, title in zip(
            axes,
            ("weight", "bias"),
            (configuration.weight, configuration.bias),
            ("σ(w₀ x): the weight sets the steepness", "σ(x + w₁): the bias shifts the curve"),
            strict=True,
        ):
            sign = "w₀" if name == "weight" else "w₁"
            for number, (value, curve) in enumerate(
                zip(values, curves[f"{name}_curves"], strict=True)
            ):
                ax.plot(
                    curves["x"],
                    curve,
                    **drawing.look(number),
                    markevery=40,
                    label=f"{sign} = {value:g}".replace("-", "−"),
                )
            ax.axvline(configuration.at, color="black", linewidth=1, linestyle=":")
            ax.set(title=title, xlabel="input x")
            ax.legend(loc="upper left")
        lowest = int(np.argmin(configuration.bias))
        at = float(curves["bias_at"][lowest])
        axes[1].annotate(
            f"x = {configuration.at:g}: {at:.4f}",
            (configuration.at, at),
            (4.6, 0.2),
            arrowprops={"arrowstyle": "->"},
        )
        axes[0].set_ylabel("output of the neuron")
    return figure


EXPERIMENT = Experiment(
    __file__,
    __doc__,
    Configuration,
    smoke={"points": 11},
    rules=RULES,
    parts=parts,
    conclude=conclude,
    draw=draw,
)

if __name__ == "__main__":
    EXPERIMENT.start()

"""What follows from the descents on two weights: G3."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.lab.evidence.verdicts import Effect, Verdict, Word
from experiments.learning_rates import descent

CLEAR = 1e-5  # a partial derivative below which its sign by differences is rounding


def descends(found: Mapping[str, np.ndarray], drawn: Sequence[float]) -> Verdict:
    """G3: gradient descent follows the slope down the loss.

    Holds if every sign is that of the differences and every step of every rate goes down; only up
    to a rate, if all steps at lower rates go down.
    """
    gradient, differences = found["slopes"].astype(float), found["differences"]
    clear = np.abs(differences) > CLEAR
    agree = float((np.sign(gradient) == np.sign(differences))[clear].mean())
    down, rates = found["down"].mean(axis=0), found["rates"]
    safe = float(rates[np.argmax(down < 1) - 1]) if down.min() < 1 else float(rates[-1])
    foreseen = rates < found["safe_rate"][:, None]
    verdict = judge_descent(agree, down)
    flat = float(descent.by_hand(np.zeros(2)))
    return Verdict(
        "G3",
        verdict,
        (
            Effect(
                "partial derivatives whose sign agrees with finite differences",
                100 * agree,
                unit="%",
            ),
            Effect("largest rate at which every step goes down", safe),
            *(
                Effect(
                    f"steps that go down at rate {rate:g}",
                    100 * float(np.interp(rate, rates, down)),
                    unit="%",
                )
                for rate in drawn
            ),
            Effect(
                "steps that rate < 2 / curvature predicts correctly (down or not)",
                100 * float((foreseen == found["down"]).mean()),
                unit="%",
            ),
        ),
        len(gradient),
        "v tanh(w x) fitted to 21 points; one full step from random weights in [−3, 3]², 81 rates "
        "0.001 to 10",
        when=f"the rate is at most {safe:.2g} here" if verdict == "holds only when" else "",
        found=f"A step against the gradient goes down at every rate up to {safe:.2g} here; at "
        f"rate 10 in only {100 * down[-1]:.0f} % of cases.",
        do="If the loss goes up from one step to the next, lower the rate first.",
        note="A gradient of zero does not mean that the weights do not matter: at w = v = 0 it is "
        f"zero, and the loss is {flat:.2f} instead of 0 at its minimum.",
    )


def judge_descent(agree: float, down: np.ndarray) -> Word:
    """The verdict on G3.

    Args:
        agree: share of the partial derivatives whose sign is that of finite differences.
        down: share of the steps that go down, at rates in rising order.
    """
    if agree < 0.999 or down[0] < 1:
        return "does not hold"
    return "holds" if np.min(down) == 1 else "holds only when"

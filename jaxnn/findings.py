"""What experiments found on the claims that the advice rests on, one sentence each.

Written by `python -m experiments all` from the files in experiments/results/; never by hand.
"""

from collections.abc import Mapping
from types import MappingProxyType

FINDINGS: Mapping[tuple[str, str], Mapping[str, str]] = MappingProxyType(
    {
        ("A3", "dying_relu"): {
            "verdict": "holds only when",
            "when": (
                "the learning rate is at most 0.215 for prelu, 0.0464 for maxout and layers are "
                "wider than 2 units"
            ),
            "found": (
                "Their units keep a gradient, but networks still fail at high rates: 19 "
                "leaky_relu, 29 prelu, 49 maxout, of 80 runs each."
            ),
            "do": (
                "An activation without dead units does not allow a higher learning rate: tune the "
                "rate."
            ),
        },
        ("A4", "very_deep"): {
            "verdict": "holds only when",
            "when": (
                "the network has its own gain; critical initialisation; layer norm, and 'from 40 "
                "layers on' is read as from 5 layers on"
            ),
            "found": (
                "ELU is better than ReLU in 4 of 5 settings (by up to 0.52), level in 1 and worse "
                "in 0. With its own gain it leads from 5 layers on."
            ),
            "do": "Without skips, prefer ELU to ReLU from about 5 layers on.",
        },
        ("A6", "very_deep"): {
            "verdict": "holds only when",
            "when": (
                "the network has critical initialisation (64 units × 300 updates, 64 units × 900 "
                "updates and 128 units × 300 updates); layer norm; layer norm and skips (64 units "
                "× 300 updates)"
            ),
            "found": (
                "Swish is better than ReLU in 6 of 12 settings (by up to 0.37), level in 2 and "
                "worse in 4 (by up to 0.62)."
            ),
            "do": (
                "With 40 layers use skips and layer norm (accuracy 0.95 or more with each); "
                "without them ELU."
            ),
        },
        ("A8", "heads"): {
            "verdict": "holds only when",
            "when": (
                "the other head is sigmoid per class at 30 steps or linear or softmax with "
                "squared error at 30 steps on digits; ReLU on breast_cancer; sigmoid or ReLU or "
                "tanh at 30 steps on diabetes; ReLU or sigmoid at 300 steps on waves; ReLU at 300 "
                "steps or tanh at 300 steps on positive_diabetes"
            ),
            "found": (
                "Another head costs something in 16 of 26 comparisons, most ReLU on waves (37 "
                "points)."
            ),
            "do": (
                "Use softmax for classes and linear for numbers; bounded heads only for bounded "
                "targets."
            ),
        },
        ("A9", "ladder"): {
            "verdict": "holds only when",
            "when": "the task is digits, 10 layers (prelu, maxout); diabetes (leaky_relu)",
            "found": (
                "A rung above ReLU pays in 3 of 15 comparisons, most 2.6 [0.6, 5.3] points "
                "(maxout, digits, 10 layers)."
            ),
            "do": "Start with ReLU and tune its learning rate; climbing further is worth little.",
        },
        ("A9", "context"): {
            "verdict": "does not hold",
            "when": "",
            "found": (
                "Against the other activations of an Elman network tanh is behind in temporal XOR "
                "and sunspots; level in adding."
            ),
            "do": (
                "In a recurrent network try several activations, and a GRU; tanh is no safe choice."
            ),
        },
    }
)

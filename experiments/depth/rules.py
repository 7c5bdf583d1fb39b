"""By what the experiment on depth judges; an interval is a 95 % interval."""

from experiments.depth.findings_before_training import (
    judge_mean_field,
    judge_selu,
    judge_vanishing,
)
from experiments.depth.findings_depth_scale import judge_depth_scale
from experiments.depth.findings_trained import (
    judge_initialisation,
    judge_layers,
    judge_saturation,
)
from experiments.lab.evidence.rules import Former, Rule

RULES = (
    Rule(
        "EVIDENCE 2",
        "EVIDENCE 2 holds if the gradient factor and the variance's growth of every layer, "
        "given the variance that the layer gets, are within 2 % of theory for every pair of "
        "activation and initialisation, and every product over all layers is within the middle "
        "95 % of the networks. It holds only when some pairs are off, but not once the "
        "alignment of gradient and signal is given, or when some product is outside. It does "
        "not hold if a pair is off even then.",
        judge_mean_field,
        former=(
            Former(
                "EVIDENCE 2 holds only when some pairs are off, each by less than half as much at "
                "four times the width, or when some product is outside. It does not hold if a "
                "pair is off there too.",
                "does not hold",
                "5a0be9a",
                "The pairs that were off stayed so at four times the width; the cause, the "
                "alignment of gradient and signal, was found and measured afterwards.",
            ),
        ),
    ),
    Rule(
        "EVIDENCE 14",
        "EVIDENCE 14 holds if SELU's intervals of mean and variance are within 0.05 of 0 and 1 "
        "in every layer, and does not hold if one of them is beyond.",
        judge_selu,
    ),
    Rule(
        "A7",
        "A7: a gradient vanishes if the product over all layers is below 1 for 97.5 % of the "
        "networks. The claim holds if sigmoid's and tanh's do with every initialisation, tanh's "
        "is larger with each, and tanh is more accurate than sigmoid at every depth from 2 on.",
        judge_vanishing,
    ),
    Rule(
        "EVIDENCE 3",
        "EVIDENCE 3 holds if the interval of the deepest trained depth over theory's depth "
        "scale is within 3 to 12, the two grow together over the weight variances (rank "
        "correlation, p < .05), and at most a quarter of the ratios are beyond the depths tried, "
        "which are 2 to 13 depth scales. It does not hold if the interval is outside of 3 to 12.",
        judge_depth_scale,
        (
            Former(
                "EVIDENCE 3 holds if the interval of the deepest trained depth over theory's depth "
                "scale is within 3 to 12, and the two grow together; weight variances at which "
                "every depth tried trains, or none, are left out.",
                "holds",
                "fcf2f07",
                "The depths tried, 5 to 80, ended below 6 depth scales near the edge of chaos, so "
                "that the grid bounded the answer; what is beyond it now counts.",
            ),
        ),
    ),
    Rule(
        "A10",
        "A10 holds if ReLU is more accurate than sigmoid and tanh at every depth, and the other "
        "is the more saturated at each.",
        judge_saturation,
    ),
    Rule(
        "EVIDENCE 13",
        "EVIDENCE 13 holds if Xavier's interval ends at 0.2 or below and He's begins at 0.5 or "
        "above.",
        judge_initialisation,
    ),
    Rule(
        "Y3",
        "Y3 holds if time grows with depth, and on both tasks the best depth is more accurate "
        "than the least, with no loss from there to the deepest.",
        judge_layers,
    ),
)

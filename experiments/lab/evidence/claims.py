"""The claims that experiments test. A new one is one line here.

A letter and a number name a claim of an introductory lecture, EVIDENCE and a number one of a paper,
VERDICT and a number one that the main job's own verdict makes.
"""

CLAIMS = {
    "N3": "bipolar inputs (−1, 1) learn faster than binary ones (0, 1)",
    "N6": "context neurons hold state: the same input can give different outputs",
    "N7": "context neurons serve time series: they forecast better than naive and linear rules",
    "N8": (
        "the weight sets a sigmoid's steepness, the bias shifts it; at x = 2 a bias of −5 gives "
        "about 0 (0.0474)"
    ),
    "Y3": "more hidden layers: slower output, more complex problems solved",
    "A2": "ReLU units can die and never come back; large rates make it worse",
    "A3": "leaky ReLU, PReLU and maxout do not die",
    "A4": "ELU is useful from 40 layers on",
    "A5": "maxout generalises ReLU and is made for dropout",
    "A6": "swish is smooth, dips to −0.278 and is good in very deep networks",
    "A7": (
        "sigmoid's and tanh's gradients vanish with depth; tanh's are larger, and it is preferred"
    ),
    "A8": "the head must match the task: linear, sigmoid or softmax",
    "A9": (
        "start with ReLU, then try leaky ReLU, last PReLU or maxout; swish for very deep networks; "
        "tanh in recurrent ones"
    ),
    "A10": "ReLU trains better than sigmoid and tanh since it does not saturate",
    "G3": "gradient descent follows the slope down the loss",
    "G4": (
        "too low a rate (of 0.1, 0.01, 0.001) is slow, too high a one fails or ends at a higher "
        "error"
    ),
    "L1": "an output becomes yes above ½ and no below",
    "D1": "layers build more and more useful representations",
    "D2": "hand-made interactions are not needed",
    "D3": "deep models keep improving with data where older methods flatten",
    "D4": "networks can learn from unlabelled data",
    "D5": "a model is judged on all points, not on one",
    "EVIDENCE 1": (
        "a ReLU network of width N and L layers is born dead with probability 1 − (1 − 2^−N)^L "
        "(Lu et al. 2019; Rister & Rubin 2020)"
    ),
    "EVIDENCE 2": (
        "the gradient's variance after 40 layers is the product of each layer's factor, as "
        "mean-field theory computes it"
    ),
    "EVIDENCE 3": (
        "tanh networks train to a depth of about 6 depth scales of mean-field theory (Schoenholz "
        "et al. 2017)"
    ),
    "EVIDENCE 4": (
        "sharpness of full-batch gradient descent settles just above 2 / rate (Cohen et al. 2021)"
    ),
    "EVIDENCE 5": (
        "a metalearned rate converges to 0.62, the grid's optimum (Greydanus & Kobak 2024)"
    ),
    "EVIDENCE 6": (
        "the boundary of trainability is fractal: box-counting dimension 1.17 to 1.98 "
        "(Sohl-Dickstein 2024)"
    ),
    "EVIDENCE 7": (
        "learning-rate finders are naive: their suggestions cost something against the true optimum"
    ),
    "EVIDENCE 8": "swish wants a rate 20–30 % lower than ReLU (minigo's authors)",
    "EVIDENCE 9": "the best rate moves with width, and stays in μP (Yang et al. 2022)",
    "EVIDENCE 10": "with depth 15 to 25 Mish stays accurate where swish and ReLU fail (Misra 2019)",
    "EVIDENCE 11": (
        "sigmoid 2.21, tanh 1.76, softsign 1.64 % error on MNIST with five layers (Glorot & "
        "Bengio 2010)"
    ),
    "EVIDENCE 12": (
        "dropout and maxout reach 1.06 % and 0.94 % error on MNIST without its geometry "
        "(Goodfellow et al. 2013)"
    ),
    "EVIDENCE 13": (
        "a 30-layer ReLU network stalls with Xavier's init and trains with He's (He et al. 2015)"
    ),
    "EVIDENCE 14": "SELU keeps mean 0 and variance 1 over 40 layers (Klambauer et al. 2017)",
    "EVIDENCE 15": (
        "MNIST-1D accuracy: logistic 32, MLP 68, CNN 94, GRU 91 % (Greydanus & Kobak 2024)"
    ),
    "EVIDENCE 16": (
        "test error peaks at a width, then falls again: double descent on MNIST-1D (Greydanus & "
        "Kobak 2024)"
    ),
    "EVIDENCE 17": (
        "on long sequences a tanh recurrent network does no better than the mean, a GRU solves "
        "them (Bai et al. 2018)"
    ),
    "EVIDENCE 18": (
        "loss of plasticity: on a slowly changing task the error rises over time with every "
        "activation, beyond that of a linear learner (Dohare et al. 2024)"
    ),
    "EVIDENCE 19": (
        "an optimizer without a learning rate is about as good as Adam at its best rate "
        "(Mishchenko & Defazio 2024)"
    ),
    "EVIDENCE 20": (
        "the largest rate that converges is about 4 / λ₀ for linear and 12 / λ₀ for ReLU networks "
        "(Lewkowycz et al. 2020)"
    ),
    "EVIDENCE 21": (
        "the best rate falls with the number of layers L as L to the power −3/2 (Jelassi et al. "
        "2023)"
    ),
    "EVIDENCE 22": (
        "on tables SELU for classes and Mish for numbers are better defaults than ReLU (Holzmüller "
        "et al. 2024)"
    ),
    "EVIDENCE 23": (
        "swish, GELU and Mish are better than ReLU over many data sets (Ramachandran et al. 2017; "
        "Misra 2019)"
    ),
    "EVIDENCE 24": "ensembles of trees are better than networks on tables (Grinsztajn et al. 2022)",
    "EVIDENCE 25": (
        "very deep swish and GELU networks without normalisation are better with critical "
        "initialisation than with their own gain (mean-field theory)"
    ),
    "EVIDENCE 26": (
        "the sensitivity to the learning rate, a mean excess loss (Wortsman et al. 2023), says the "
        "same as the decades of good rates"
    ),
    "VERDICT 1": (
        "the 95 % intervals of a job contain the expected score: the mean over splits of the rows, "
        "and the score on new rows of the same kind"
    ),
    "VERDICT 2": "the truly best choice is in a job's best set with 95 % confidence",
    "VERDICT 3": "jobs on the same rows in another order do not contradict each other",
    "VERDICT 4": "the seeds that a job says it takes tell half a point apart with probability 0.8",
    "VERDICT 5": "the learning rates that a job chooses are as good as the best, and safe",
}

# Experiments in the order in which a claim speaks of them, where it is not that of their names.
JUDGES = {"A9": ("ladder", "very_deep", "context")}

# Why a claim is not measured; one without a verdict that is not here waits for its experiment.
WHY_NOT = {
    "EVIDENCE 12": (
        "one such run is a million updates of 3 × 1024 units, 14 hours on a small GPU, and a "
        "verdict needs many; nothing shorter would test the published numbers"
    ),
}

# Where the lecture's own words are wrong, and what is right.
CORRECTIONS = (
    "“ReLU, introduced in 2000 by Teh & Hinton”: their paper of 2000 is on rate-coded restricted "
    "Boltzmann machines. Fukushima used the function in 1969, Hahnloser and others gave it a "
    "biological reading in 2000, and Nair & Hinton brought it into deep learning in 2010.",
)

# Chapter -> the beginning of its claims' ids; the first that fits.
CHAPTERS = {
    "Neurons": ("N",),
    "Layers": ("Y",),
    "Activation functions": ("A", "L1"),
    "Forward propagation": ("F",),
    "Learning": ("G", "L"),
    "What deep learning is for": ("D",),
    "Beyond the lecture": tuple(f"EVIDENCE {number}" for number in range(18, 100)),
    "Published numbers": ("EVIDENCE",),
    "The verdict of the main job": ("VERDICT",),
}


def chapter(claim: str) -> str:
    """The chapter that a claim belongs to.

    Example:
        >>> chapter("N8"), chapter("EVIDENCE 2"), chapter("EVIDENCE 18")
        ('Neurons', 'Published numbers', 'Beyond the lecture')
    """
    return next(name for name, begins in CHAPTERS.items() if claim.startswith(begins))


def slug(claim: str) -> str:
    """A claim's id as the name of a file.

    Example:
        >>> slug("EVIDENCE 2")
        'evidence-2'
    """
    return claim.lower().replace(" ", "-")


def known(claim: str) -> None:
    """Check that a claim is one of these.

    Raises:
        ValueError: it is not.
    """
    if claim not in CLAIMS:
        raise ValueError(
            f"claim {claim!r} has no line in experiments/lab/evidence/claims.py; add one, or name "
            f"one of those there: {', '.join(CLAIMS)}"
        )

"""jaxnn trains whole grids of neural networks at once.

It answers which activation function and which learning rate to use, and why.
"""

from jaxnn import (
    activations,
    advice,
    backprop,
    criticality,
    curvature,
    data_by_seed,
    description,
    diagnostics,
    encoding,
    expectations,
    grid,
    grid_training,
    initializers,
    layers,
    layout,
    losses,
    meanfield,
    metrics,
    names,
    networks,
    optimizers,
    outcome,
    program,
    promotion,
    quadrature,
    random_networks,
    recurrent,
    schedules,
    segments,
    sweep,
    training,
    types,
)
from jaxnn.activations import ACTIVATIONS
from jaxnn.advice import recommend
from jaxnn.data_by_seed import DataBySeed
from jaxnn.description import describe
from jaxnn.encoding import decode_binary, decode_bipolar, encode_binary, encode_bipolar
from jaxnn.grid import Grid
from jaxnn.grid_training import GridResult, GridSegment, grid_segments, train_grid
from jaxnn.layers import (
    activation_layer,
    dense,
    dropout,
    layer_norm,
    maxout_layer,
    neuron,
    repeat,
    residual,
    rms_norm,
    serial,
)
from jaxnn.layout import arrange
from jaxnn.losses import HEADS, cost
from jaxnn.metrics import METRICS
from jaxnn.networks import autoencoder, deep_mlp, mlp
from jaxnn.outcome import Outcome
from jaxnn.recurrent import elman, gru, jordan, recurrent_network, unroll
from jaxnn.schedules import SCHEDULES
from jaxnn.sweep import make_sweep
from jaxnn.training import OPTIMIZERS, State, Training, batch_order, make_training, training_of_cost
from jaxnn.types import Activation, Array, Cell, Key, Network, Params

__version__ = "0.2.0"

__all__ = [
    "ACTIVATIONS",
    "HEADS",
    "METRICS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Activation",
    "Array",
    "Cell",
    "DataBySeed",
    "Grid",
    "GridResult",
    "GridSegment",
    "Key",
    "Network",
    "Outcome",
    "Params",
    "State",
    "Training",
    "activation_layer",
    "activations",
    "advice",
    "arrange",
    "autoencoder",
    "backprop",
    "batch_order",
    "cost",
    "criticality",
    "curvature",
    "data_by_seed",
    "decode_binary",
    "decode_bipolar",
    "deep_mlp",
    "dense",
    "describe",
    "description",
    "diagnostics",
    "dropout",
    "elman",
    "encode_binary",
    "encode_bipolar",
    "encoding",
    "expectations",
    "grid",
    "grid_segments",
    "grid_training",
    "gru",
    "initializers",
    "jordan",
    "layer_norm",
    "layers",
    "layout",
    "losses",
    "make_sweep",
    "make_training",
    "maxout_layer",
    "meanfield",
    "metrics",
    "mlp",
    "names",
    "networks",
    "neuron",
    "optimizers",
    "outcome",
    "program",
    "promotion",
    "quadrature",
    "random_networks",
    "recommend",
    "recurrent",
    "recurrent_network",
    "repeat",
    "residual",
    "rms_norm",
    "schedules",
    "segments",
    "serial",
    "sweep",
    "train_grid",
    "training",
    "training_of_cost",
    "types",
    "unroll",
]

"""jaxnn: train whole grids of neural networks at once, to find which activation and learning rate to use, and why."""

from jaxnn import activations, criticality, curvature, diagnostics, initializers, layers, losses, meanfield, networks
from jaxnn import random_networks, sweep, training, types
from jaxnn.activations import ACTIVATIONS
from jaxnn.layers import dense, serial
from jaxnn.losses import HEADS, cost
from jaxnn.networks import mlp
from jaxnn.sweep import Grid, arrange, make_sweep
from jaxnn.training import OPTIMIZERS, batch_order, make_training
from jaxnn.types import Activation, Array, Cell, Key, Network, Params

__version__ = "0.1.0"

__all__ = ["ACTIVATIONS", "HEADS", "OPTIMIZERS", "Activation", "Array", "Cell", "Grid", "Key", "Network", "Params",
           "activations", "arrange", "batch_order", "cost", "criticality", "curvature", "dense", "diagnostics",
           "initializers", "layers", "losses", "make_sweep", "make_training", "meanfield", "mlp", "networks",
           "random_networks", "serial", "sweep", "training", "types"]

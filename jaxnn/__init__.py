"""jaxnn: train whole grids of neural networks at once, to find which activation and learning rate to use, and why."""

from jaxnn import activations, initializers, layers, losses, networks, quadrature, sweep, training, types
from jaxnn.activations import ACTIVATIONS
from jaxnn.layers import dense, serial
from jaxnn.losses import HEADS, cost
from jaxnn.networks import mlp
from jaxnn.sweep import Grid, arrange, make_sweep
from jaxnn.training import OPTIMIZERS, batch_order, make_training
from jaxnn.types import Activation, Array, Cell, Key, Network, Params

__version__ = "0.1.0"

__all__ = ["ACTIVATIONS", "HEADS", "OPTIMIZERS", "Activation", "Array", "Cell", "Grid", "Key", "Network", "Params",
           "activations", "arrange", "batch_order", "cost", "dense", "initializers", "layers", "losses", "make_sweep",
           "make_training", "mlp", "networks", "quadrature", "serial", "sweep", "training", "types"]

"""PyTorch, run after run: nn.Module, optim.SGD and F.cross_entropy in a Python loop."""

import contextlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.peers.torch_device import placed, use_same_precision
from experiments.benchmark.workloads import Workload

# Operations of a network's largest product below which one thread is faster than two.
SMALL = 10_000_000
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class Elman(nn.Module):
    """A recurrent layer, and a linear head at its last step."""

    def __init__(self, inputs: int, width: int, outputs: int, activation: str):
        super().__init__()
        self.recurrent = nn.RNN(inputs, width, nonlinearity=activation, batch_first=True)
        self.head = nn.Linear(width, outputs)
        # PyTorch's second bias adds to the first: a network with one leaves it at 0.
        nn.init.zeros_(self.recurrent.bias_hh_l0).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def build(workload: Workload) -> nn.Module:
    """The workload's network, its parameters in the order of ``start.initial``."""
    if workload.kind == "elman":
        inputs, width, outputs = workload.sizes
        return Elman(inputs, width, outputs, workload.activation)
    layers = []
    for a, b in zip(workload.sizes, workload.sizes[1:], strict=False):
        layers += [nn.Linear(a, b), ACTIVATIONS[workload.activation]()]
    return nn.Sequential(*layers[:-1])


@contextlib.contextmanager
def threads(workload: Workload):
    """One thread for a small network, PyTorch's own choice otherwise.

    Time of one thread as a multiple of the time of two, medians of five turns each on two cores:
    0.96 on digits, 0.63 on tiny, 0.5 on deep, 0.3 on elman, 1.3 on mnist. Two threads vary much:
    their best turn beat one thread's on tiny, and in an earlier run on deep and elman.
    """
    before = torch.get_num_threads()
    largest = (
        2
        * workload.batch_size
        * max(a * b for a, b in zip(workload.sizes, workload.sizes[1:], strict=False))
    )
    torch.set_num_threads(1 if largest < SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    if workload.kind not in ("mlp", "deep", "elman"):
        raise Unsupported(f"PyTorch's loop does not train networks of kind {workload.kind}")
    use_same_precision()
    x, y = placed(x), placed(y).long()
    starts = [
        [placed(array.T) for array in start.initial(workload, seed)]
        for seed in range(workload.seeds)
    ]
    epoch = workload.examples // workload.batch_size
    model = build(workload).to(x.device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    @threads(workload)
    def train(runs: int, steps: int) -> Trained:
        losses = []
        for run in range(runs):
            seed = start.seed_of(workload, run)
            with torch.no_grad():
                for parameter, value in zip(trained, starts[seed], strict=True):
                    parameter.copy_(value)
            optimizer = torch.optim.SGD(trained, lr=float(learning_rates[run]), fused=True)
            for rows in placed(start.order(workload, seed, steps)).split(epoch):
                for batch, classes in zip(x[rows], y[rows], strict=True):  # gathered once per epoch
                    loss = F.cross_entropy(model(batch), classes)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    optimizer.step()
            losses.append(loss.item())
        return Trained(runs * steps, np.array(losses))

    return train


PEER = Peer("torch_loop", "PyTorch, run after run", together=False, prepare=prepare)

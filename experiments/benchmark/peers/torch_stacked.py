"""PyTorch, all runs at once, stacked by hand.

Products are by bmm, and SGD has one learning rate per run.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.peers.torch_device import placed, use_same_precision
from experiments.benchmark.workloads import Workload

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}


def mlp(phi: Callable, params: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """(runs, rows, in_dim) to (runs, rows, out_dim)."""
    weight, bias, *others = params
    z = torch.baddbmm(bias, x, weight)
    for weight, bias in zip(others[::2], others[1::2], strict=True):
        z = torch.baddbmm(bias, phi(z), weight)
    return z


def elman(phi: Callable, params: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """(runs, rows, length, inputs) to (runs, rows, outputs)."""
    weight, context, bias, head_weight, head_bias = params
    runs, rows, length, _ = x.shape
    inputs = torch.baddbmm(
        bias, x.transpose(1, 2).flatten(1, 2), weight
    )  # of all time steps in one product
    first, *others = inputs.view(runs, length, rows, -1).unbind(1)
    h = phi(first)
    for z in others:
        h = phi(torch.baddbmm(z, h, context))
    return torch.baddbmm(head_bias, h, head_weight)


def prepare(
    workload: Workload,
    x: np.ndarray,
    y: np.ndarray,
    learning_rates: np.ndarray,
    wrap: Callable = lambda cost: cost,
):
    """See Peer; ``wrap`` may replace the cost of all runs by a faster one.

    Each run gets a copy of its seed's batch. One product per seed, of the weights of all its runs
    side by side, took 1.05 to 2.2 times as long on the five workloads where it was tried, once.
    Training a few runs at a time made no consistent difference.
    """
    if workload.kind not in ("mlp", "deep", "elman"):
        raise Unsupported(f"stacked PyTorch does not train networks of kind {workload.kind}")
    use_same_precision()
    x, y, rates = placed(x), placed(y).long(), placed(learning_rates).view(-1, 1, 1)
    starts = [
        [placed(np.atleast_2d(array)) for array in start.initial(workload, seed)]
        for seed in range(workload.seeds)
    ]
    starts = [
        torch.stack(arrays) for arrays in zip(*starts, strict=True)
    ]  # weights (seeds, in_dim, out_dim), biases (seeds, 1, out_dim)
    forward = elman if workload.kind == "elman" else mlp
    phi = ACTIVATIONS[workload.activation]

    def costs(params: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """(runs,), from the groups' batches: x (groups, batch_size, …), y (groups, batch_size)."""
        members = len(params[0]) // len(x)
        logits = forward(phi, params, x.repeat_interleave(members, dim=0))
        each = F.cross_entropy(
            logits.flatten(0, 1), y.repeat_interleave(members, dim=0).flatten(), reduction="none"
        )
        return each.view(len(params[0]), -1).mean(1)

    costs = wrap(costs)

    def train(runs: int, steps: int) -> Trained:
        seeds, members = start.groups(workload, runs)
        params = [
            array[seeds].repeat_interleave(members, dim=0).requires_grad_() for array in starts
        ]
        for rows in placed(
            np.stack([start.order(workload, seed, steps) for seed in seeds], axis=1)
        ):
            loss = costs(params, x[rows], y[rows])
            gradients = torch.autograd.grad(loss.sum(), params)
            with torch.no_grad():
                for param, gradient in zip(params, gradients, strict=True):
                    param.addcmul_(gradient, rates[:runs], value=-1)
        return Trained(runs * steps, loss.detach().cpu().numpy())

    return train


PEER = Peer("torch_stacked", "PyTorch, all runs stacked by hand", together=True, prepare=prepare)

"""PyTorch, all runs at once, by torch.func.

The network and its gradient are written for one run and mapped over all.
"""

import numpy as np
import torch
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional as F

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.peers.torch_device import placed, use_same_precision
from experiments.benchmark.peers.torch_loop import build
from experiments.benchmark.workloads import Workload


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer."""
    if workload.kind not in ("mlp", "deep"):
        raise Unsupported(
            f"torch.func does not train networks of kind {workload.kind}: vmap has no rule for "
            "nn.RNN"
        )
    use_same_precision()
    x, y, rates = placed(x), placed(y).long(), placed(learning_rates)
    model = build(workload).to("meta")  # what to compute; the numbers come from params
    names = [name for name, _ in model.named_parameters()]
    drawn = [
        [placed(array.T) for array in start.initial(workload, seed)]
        for seed in range(workload.seeds)
    ]
    starts = [torch.stack(arrays).contiguous() for arrays in zip(*drawn, strict=True)]

    def cost(params: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(functional_call(model, params, (x,)), y)

    # Members of a group share the batch, groups do not.
    gradients_of_all = vmap(vmap(grad_and_value(cost), in_dims=(0, None, None)))

    def train(runs: int, steps: int) -> Trained:
        seeds, members = start.groups(workload, runs)
        params = {
            name: array[seeds].unsqueeze(1).repeat(1, members, *[1] * (array.dim() - 1))
            for name, array in zip(names, starts, strict=True)
        }
        rate = {
            name: rates[:runs].view(len(seeds), members, *[1] * (value.dim() - 2))
            for name, value in params.items()
        }
        orders = placed(np.stack([start.order(workload, seed, steps) for seed in seeds], axis=1))
        with torch.no_grad():
            for rows in orders:
                gradients, loss = gradients_of_all(params, x[rows], y[rows])
                for name, value in params.items():
                    value.addcmul_(gradients[name], rate[name], value=-1)
        return Trained(runs * steps, loss.flatten().cpu().numpy())

    return train


PEER = Peer("torch_func", "PyTorch, all runs by torch.func", together=True, prepare=prepare)

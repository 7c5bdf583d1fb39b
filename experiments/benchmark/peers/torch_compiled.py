"""PyTorch, all runs at once: the stacked cost through torch.compile.

It needs a C++ compiler and some patience. On a GPU it replays CUDA graphs.
"""

from collections.abc import Callable
from functools import partial

import torch

from experiments.benchmark.peers import Peer, torch_stacked
from experiments.benchmark.peers.torch_device import ON_GPU


def compiled(cost: Callable) -> Callable:
    """The cost, compiled for one shape of its arguments."""
    return torch.compile(cost, dynamic=False, mode="reduce-overhead" if ON_GPU else None)


PEER = Peer(
    "torch_compiled",
    "PyTorch, stacked by hand and compiled",
    together=True,
    prepare=partial(torch_stacked.prepare, wrap=compiled),
)

"""PyTorch, all runs at once: the stacked cost through torch.compile.

It needs a C++ compiler and some patience.
"""

from functools import partial

import torch

from experiments.benchmark.peers import Peer, torch_stacked

PEER = Peer(
    "torch_compiled",
    "PyTorch, stacked by hand and compiled",
    together=True,
    prepare=partial(torch_stacked.prepare, wrap=partial(torch.compile, dynamic=False)),
)

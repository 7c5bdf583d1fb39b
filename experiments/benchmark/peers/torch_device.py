"""PyTorch on the device that JAX uses, with matrix products as precise as JAX's are there."""

import jax
import numpy as np
import torch

from experiments.lab.engine.devices import product_bits

PRECISIONS = {24: "highest", 11: "high", 8: "medium"}  # PyTorch's names, by significant bits
ON_GPU = jax.default_backend() == "gpu" and torch.cuda.is_available()


def use_same_precision() -> None:
    """Let PyTorch's products of float32 numbers use as many bits of them as JAX's do."""
    torch.set_float32_matmul_precision(PRECISIONS.get(product_bits(), "highest"))


def placed(array: np.ndarray) -> torch.Tensor:
    """The array as a tensor on the device."""
    tensor = torch.from_numpy(array)
    return tensor.cuda() if ON_GPU else tensor

"""Counts of a network's input, hidden, output, context and bias neurons, from its parameters."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax

from jaxnn.types import Cell, Network, Params


class LayerDescription(NamedTuple):
    """One layer, or several equal layers stacked.

    role: "hidden" or "output".
    layers: the number of equal layers; more than 1 where a network stacks and scans them.
    inputs: inputs per neuron, without context and bias.
    neurons: neurons per layer.
    context: context neurons that feed each layer.
    bias: bias neurons per layer, 0 or 1.
    """

    role: str
    layers: int
    inputs: int
    neurons: int
    context: int
    bias: int


class Description(NamedTuple):
    """The numbers of a network's neurons by kind, and its layers; ``print`` shows them as a table.

    input: input neurons, one per input of the network.
    hidden: neurons of the hidden layers.
    output: neurons of the last layer.
    context: neurons that hold a value from one time step to the next.
    bias: neurons whose value is always 1, one per layer that has biases.
    parameters: trained numbers, including those of normalisation and learned activations.
    layers: hidden and output layers, in order.
    """

    input: int
    hidden: int
    output: int
    context: int
    bias: int
    parameters: int
    layers: tuple[LayerDescription, ...]

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("layer", "layers", "inputs", "neurons", "context", "bias")]
        rows += [tuple(map(str, layer)) for layer in self.layers]
        table = "\n".join("  ".join(f"{cell:>7}" for cell in row) for row in rows)
        return (
            f"neurons: {self.input} input, {self.hidden} hidden, {self.output} output, "
            f"{self.context} context, {self.bias} bias; {self.parameters} parameters\n{table}"
        )


def describe(network: Network | Cell | Params) -> Description:
    """Count a network's neurons by kind: input, hidden, output, context and bias.

    A neuron is one weighted sum, which is one column of a leaf named "weight": a maxout unit of k
    pieces counts as k neurons, and the gates of a GRU are hidden neurons. Layers are taken in the
    order of the params, each fed by the previous one; the last one is the output. The neurons of a
    recurrent cell without readout count as output neurons.

    Args:
        network: a Network or a Cell built from the layers of jaxnn, or its params. No random
            numbers are drawn and nothing is computed.

    Returns:
        A Description.

    Raises:
        ValueError: no layer of the params has a leaf named "weight".

    Example:
        >>> from jaxnn import mlp
        >>> print(describe(mlp((784, 128, 10))))
        neurons: 784 input, 128 hidden, 10 output, 0 context, 2 bias; 101770 parameters
          layer   layers   inputs  neurons  context     bias
         hidden        1      784      128        0        1
         output        1      128       10        0        1
    """
    if isinstance(network, (Network, Cell)):
        network = jax.eval_shape(network.init, jax.random.key(0))
    layers = [layer for layer in _layers(network, "output") if layer.layers]
    if not layers:
        raise ValueError(
            'there is no layer with a "weight" in these params; describe counts the neurons of '
            "networks built from the layers of jaxnn"
        )
    last = max(i for i, layer in enumerate(layers) if layer.role == "output")
    layers = [
        layer._replace(role="output" if i == last else "hidden") for i, layer in enumerate(layers)
    ]
    return Description(
        input=layers[0].inputs,
        hidden=sum(layer.layers * layer.neurons for layer in layers if layer.role == "hidden"),
        output=layers[last].neurons,
        context=sum(layer.layers * layer.context for layer in layers),
        bias=sum(layer.layers * layer.bias for layer in layers),
        parameters=sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(network)),
        layers=tuple(layers),
    )


def _layers(params: Params, role: str) -> Iterator[LayerDescription]:
    """The layers in the order of the params; "gates" share the context neurons of their layer."""
    if isinstance(params, Mapping) and "weight" in params:
        if "gates" in params:
            for gates in _layers(params["gates"], "hidden"):
                yield gates._replace(context=0)
        *stacked, inputs, neurons = params["weight"].shape
        context = params["context"].shape[-2] if "context" in params else 0
        yield LayerDescription(
            role, math.prod(stacked), inputs, neurons, context, int("bias" in params)
        )
    elif isinstance(params, (tuple, list, Mapping)):
        for part in params.values() if isinstance(params, Mapping) else params:
            yield from _layers(part, role)

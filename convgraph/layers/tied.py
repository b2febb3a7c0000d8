"""A layer given by its connections: for tyings that come from a group, a matrix or a graph."""

from __future__ import annotations

from dataclasses import dataclass, field

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Tying
from convgraph.core.wiring import Wiring
from convgraph.layers.spec import Layer

__all__ = ["Tied"]


@dataclass(frozen=True, eq=False)
class Tied(Layer):
    """Any wiring under any tying, between an input and an output of fixed shapes.

    It composes as every spec does; a network of it alone is `Tied(...).network()`.
    """

    title: str
    inputs: tuple[Size, ...]
    outputs: tuple[Size, ...]
    wiring: Wiring = field(repr=False)
    tying: Tying = field(repr=False)
    bias: tuple[Wiring, Tying] | None = field(default=None, repr=False)
    channels: tuple[bool, bool] = (False, False)
    """Whether the first axis of the input, and of the output, counts channels."""

    def bind(self, *tensors: Tensor) -> Bound:
        if tensors[0].shape != self.inputs:
            raise ConvgraphError(
                f"shape={tensors[0].shape}: {self.title} has an input of the shape {self.inputs}"
            )
        joint = self.wiring, self.tying
        return Bound(self.outputs, (joint,), SUM, self.bias, self.channels[1])

    def network(self) -> Network:
        """The network of this one layer."""
        x = Tensor(self.inputs, self.channels[0])
        return Network(x, self(x))

    def __repr__(self) -> str:
        return self.title

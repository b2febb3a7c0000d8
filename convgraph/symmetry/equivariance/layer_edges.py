"""The edges of one layer, cut out of a network's edge table."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.reduction import Reduction
from convgraph.core.tying import Constant, Mean

__all__ = ["LayerEdges", "every_layer", "segments"]

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class LayerEdges:
    """The edges into the units of a layer: unit i has those from `start[i]` to `start[i + 1]`.

    `first` is the number of the layer's first unit among all units, as are those in `source`.
    `bias` holds a label for each unit, or -1 where it has none.
    """

    layer: Layer
    first: int
    start: NDArray[np.int64]
    source: Integers
    label: Integers
    bias: NDArray[np.int64] | None
    one: int
    """The number of the label 1, or -1 if the network has no such label."""

    @property
    def reduction(self) -> Reduction:
        """What its units do with what their edges bring."""
        return self.layer.reduction

    @property
    def units(self) -> int:
        """The number of units of the layer."""
        return len(self.start) - 1

    @property
    def fan_in(self) -> NDArray[np.int64]:
        """The number of edges into each unit."""
        return np.diff(self.start)

    @property
    def learned(self) -> bool:
        """Whether edges may carry anything but numbers."""
        return any(not isinstance(j.tying, Constant | Mean) for j in self.layer.joints)

    def of(self, units: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(where each unit's edges start in the selection, the positions of the edges)."""
        return segments(self.start, units)


def segments(
    start: NDArray[np.int64], units: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the segments that `start` bounds, those of some units, laid end to end."""
    counts = start[units + 1] - start[units]
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    position = np.arange(begins[-1]) + np.repeat(start[units] - begins[:-1], counts)
    return begins, position


def layer_edges(network: Network, layer: Layer, one: int, zero: int) -> LayerEdges:
    """The edges of a layer of a network whose labels 1 and 0 have these numbers."""
    edges = network.edges
    first = network.offsets[layer.target.name]
    bounds = edges.start[first : first + int(layer.target.size) + 1]
    part = slice(int(bounds[0]), int(bounds[-1]))
    bias = None
    if layer.bias is not None:
        bias = network.bias_numbers(layer).astype(np.int64)
        bias = np.where(bias == zero, -1, bias) if zero >= 0 else bias
    start = bounds - bounds[0]
    return LayerEdges(layer, first, start, edges.source[part], edges.label[part], bias, one)


def every_layer(network: Network, rows: AbstractSet[str]) -> list[LayerEdges]:
    """The edges of the layers that compute some rows, in order of computation."""
    labels = network.labels
    numbers = {value: labels.parameters + i for i, value in enumerate(labels.numbers)}
    one, zero = numbers.get(1, -1), numbers.get(0, -1)
    return [
        layer_edges(network, layer, one, zero)
        for layer in network.layers
        if layer.target.name in rows
    ]

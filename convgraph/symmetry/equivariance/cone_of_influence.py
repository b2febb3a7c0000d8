"""The part of a network on which some units depend, as arrays for repeated evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.reduction import Reduction
from convgraph.symmetry.equivariance.layer_edges import LayerEdges

__all__ = ["Cone", "ConeLayer", "cone_of"]

Integers = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConeLayer:
    """The units of a layer that matter, and their edges: unit i has those from start[i] on."""

    units: Any
    """Their numbers among all units: an array, or a slice."""
    start: Ints
    source: Integers
    label: Integers
    bias: Ints | None
    reduction: Reduction

    @cached_property
    def fan_in(self) -> Ints:
        """The number of edges into each unit."""
        return np.diff(self.start)

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """The units that have edges."""
        return self.fan_in > 0

    @cached_property
    def begins(self) -> Ints:
        """Where the edges of those units start."""
        return self.start[:-1][self.filled]

    @cached_property
    def counts(self) -> Ints:
        """How many edges those units have."""
        return self.fan_in[self.filled]

    @cached_property
    def single(self) -> bool:
        """Whether every unit has exactly one edge."""
        return bool((self.fan_in == 1).all())


@dataclass(frozen=True, eq=False)
class Cone:
    """Layers in order of computation, cut down to the units on which some units depend."""

    layers: tuple[ConeLayer, ...]

    @property
    def edges(self) -> int:
        """The number of edges in it."""
        return sum(len(layer.source) for layer in self.layers)


def cone_of(layers: Sequence[LayerEdges], units: Ints, total: int) -> Cone:
    """The cone of some units, given by their numbers among the `total` units of a network."""
    needed = np.zeros(total, bool)
    needed[units] = True
    found = []
    for layer in reversed(layers):
        part = slice(layer.first, layer.first + layer.units)
        own = np.flatnonzero(needed[part])
        if not len(own):
            continue
        bias = layer.bias
        if len(own) * 2 > layer.units:
            where: Any = part
            start, source, label = layer.start, layer.source, layer.label
        else:
            where = own + layer.first
            start, position = layer.of(own)
            source, label = layer.source[position], layer.label[position]
            bias = bias[own] if bias is not None else None
        needed[source] = True
        reduction = layer.layer.reduction
        found.append(ConeLayer(where, start, source, label, bias, reduction))
    return Cone(tuple(reversed(found)))

"""The edges of one layer, or of some of its units, cut out of a network's edge table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.reduction import Reduction
from convgraph.core.tying import Constant, Mean

__all__ = ["Cone", "LayerEdges", "cone_of", "edge_count", "every_layer", "path_counts", "segments"]

Integers = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LayerEdges:
    """The edges into units of a layer: unit i has those from `start[i]` to `start[i + 1]`.

    `where` has the numbers of these units among all (a slice, or an array), as are those in
    `source`; `first` is that of the layer's first unit. `bias` holds a label for each unit, or -1
    where it has none.
    """

    layer: Layer
    first: int
    where: Any
    start: Ints
    source: Integers
    label: Integers
    bias: Ints | None
    one: int
    """The number of the label 1, or -1 if the network has no such label."""

    @property
    def reduction(self) -> Reduction:
        """What its units do with what their edges bring."""
        return self.layer.reduction

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.start) - 1

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
    def single(self) -> bool:
        """Whether every unit has exactly one edge."""
        return bool((self.fan_in == 1).all())

    @property
    def learned(self) -> bool:
        """Whether edges may carry anything but numbers."""
        return any(not isinstance(j.tying, Constant | Mean) for j in self.layer.joints)

    def of(self, units: Ints) -> tuple[Ints, Ints]:
        """(where each unit's edges start in the selection, the positions of the edges)."""
        return segments(self.start, units)

    def reduced(self, ufunc: np.ufunc, values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """One value for each unit from those of its edges; `empty` where it has none."""
        result = np.full(self.units, empty, values.dtype)
        if len(self.begins):
            result[self.filled] = ufunc.reduceat(values, self.begins)
        return result

    def multiplied(self, result: Any, terms: Any, times: Callable[[Any, Any], Any]) -> Any:
        """Each unit's value in `result` times what its edges bring, one edge after the other."""
        for k in range(int(self.fan_in.max(initial=0))):
            there = self.fan_in > k
            result[there] = times(result[there], terms[self.start[:-1][there] + k])
        return result

    def cut(self, units: Ints) -> LayerEdges:
        """The edges into some of the layer's units."""
        start, position = self.of(units)
        return replace(
            self,
            where=units + self.first,
            start=start,
            source=self.source[position],
            label=self.label[position],
            bias=None if self.bias is None else self.bias[units],
        )


def segments(start: Ints, units: Ints) -> tuple[Ints, Ints]:
    """Of the segments that `start` bounds, those of some units, laid end to end."""
    counts = start[units + 1] - start[units]
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    position = np.arange(begins[-1]) + np.repeat(start[units] - begins[:-1], counts)
    return begins, position


def every_layer(network: Network, rows: AbstractSet[str]) -> list[LayerEdges]:
    """The edges of the layers that compute some rows, in order of computation."""
    labels, edges = network.labels, network.edges
    numbers = {value: labels.parameters + i for i, value in enumerate(labels.numbers)}
    one, zero = numbers.get(1, -1), numbers.get(0, -1)
    found = []
    for layer in network.layers:
        if layer.target.name not in rows:
            continue
        first = network.offsets[layer.target.name]
        where = slice(first, first + int(layer.target.size))
        bounds = edges.start[first : where.stop + 1]
        part = slice(int(bounds[0]), int(bounds[-1]))
        bias = None
        if layer.bias is not None:
            bias = network.bias_numbers(layer).astype(np.int64)
            bias = np.where(bias == zero, -1, bias) if zero >= 0 else bias
        start, source, label = bounds - bounds[0], edges.source[part], edges.label[part]
        found.append(LayerEdges(layer, first, where, start, source, label, bias, one))
    return found


Cone: TypeAlias = "tuple[LayerEdges, ...]"
"""Layers in order of computation, cut down to the units on which some units depend."""


def cone_of(layers: Sequence[LayerEdges], units: Ints, total: int) -> Cone:
    """The layers cut down to what some units depend on, for repeated evaluation.

    The units are given by their numbers among the `total` units of a network.
    """
    needed = np.zeros(total, bool)
    needed[units] = True
    found = []
    for layer in reversed(layers):
        own = np.flatnonzero(needed[layer.where])
        if not len(own):
            continue
        part = layer if len(own) * 2 > layer.units else layer.cut(own)
        needed[part.source] = True
        found.append(part)
    return tuple(reversed(found))


def path_counts(layers: Iterable[LayerEdges], total: int) -> NDArray[np.float64]:
    """How many paths lead to each of `total` units from what is in none of the layers."""
    paths = np.ones(total)
    for layer in layers:
        paths[layer.where] = layer.reduced(np.add, paths[layer.source], 0)
    return paths


def edge_count(layers: Iterable[LayerEdges]) -> int:
    """The number of edges of some layers."""
    return sum(len(layer.source) for layer in layers)

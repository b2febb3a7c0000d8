"""Rows of units in order of computation, the layers between them, and the edge table of both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.arrays import Array, Loose, check_letters
from convgraph.core.calls import Checked
from convgraph.core.edges import EdgeTable, interleaved, joint_edges
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.labels import Labels, arrays_of, labels_of
from convgraph.core.layer import Layer, Row
from convgraph.core.sizes import Size

__all__ = ["RowsAndLayers"]


class RowsAndLayers(metaclass=Checked):
    """What a network consists of; `Network` has the attributes in words, and what can be asked."""

    rows: tuple[Row, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[Row, ...]
    outputs: tuple[Row, ...]
    weights: Mapping[str, Any] = MappingProxyType({})
    """Values of parameter arrays by letter, where a model brought them; `evaluate` uses them."""
    caveats: tuple[str, ...] = ()
    """What of a model could not be read exactly, in sentences."""
    notes: tuple[str, ...] = ()
    """What an importer took to be so where nobody had said it, in sentences."""
    modules: Mapping[str, str] = MappingProxyType({})
    """The module in which a model computes a row: `layer1.0` for a sum within that block."""

    def _set(
        self,
        rows: Sequence[Row],
        layers: Sequence[Layer],
        inputs: Sequence[Row],
        outputs: Sequence[Row],
    ) -> None:
        names = [row.name for row in rows]
        if len(set(names)) < len(names):
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise ConvgraphError(f"rows={doubled}: each row has a name of its own")
        check_letters(tying for layer in layers for tying in layer.arrays)
        self.rows, self.layers = tuple(rows), tuple(layers)
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)

    # -- rows and units ------------------------------------------------------------------------

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    @cached_property
    def _layer_of(self) -> dict[str, Layer]:
        return {layer.target.name: layer for layer in self.layers}

    @cached_property
    def results(self) -> dict[str, Row]:
        """The last row that each module computes, by the module's name."""
        found = {}
        for row in self.rows:
            parts = self.modules.get(row.name, "").split(".")
            for end in range(1, len(parts) + 1):
                found[".".join(parts[:end])] = row
        found.pop("", None)
        return found

    def row(self, name: str) -> Row:
        """The row of this name, or the last one that the module of this name computes."""
        if isinstance(name, str):
            row = self._by_name.get(name) or self.results.get(name)
            if row is not None:
                return row
        known = [*self._by_name, *(n for n in self.results if n not in self._by_name)]
        raise ConvgraphError(f"row={name!r}: no row of this network{nearest(str(name), known)}")

    def layer(self, row: str) -> Layer:
        """The layer that computes a row."""
        found = self._layer_of.get(self.row(row).name)
        if found is None:
            raise ConvgraphError(f"row={row!r}: an input row is not computed by any layer")
        return found

    def find(self, unit: str) -> tuple[Row, tuple[int, ...]]:
        """The row of a unit and its zero-based index there."""
        for row in self.rows:
            index = row.find(unit) if isinstance(unit, str) else None
            if index is not None:
                return row, index
        # a name alike is looked for among few: each is held against the one that was given
        few = [name for row in self.rows if row.size <= 1000 for name in row.units()]
        hint = nearest(str(unit), few) if few else ""
        shapes = ", ".join(f"{row.name}{list(row.shape)}" for row in self.rows[:6])
        raise ConvgraphError(f"unit={unit!r}: no unit of this network with the rows {shapes}{hint}")

    @cached_property
    def offsets(self) -> dict[str, int]:
        """The number of each row's first unit, when the units of all rows are counted through."""
        offsets, at = {}, 0
        for row in self.rows:
            offsets[row.name] = at
            at += math.prod(row.numbers())
        return offsets

    @cached_property
    def symbolic(self) -> bool:
        """Whether a size is a symbol, of a row or of a kernel."""
        return any(row.symbolic for row in self.rows) or any(
            layer.symbolic for layer in self.layers
        )

    # -- labels --------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Labels:
        """Everything that can label an edge: parameters, then numbers."""
        return labels_of(self.layers, self._arrays)

    @cached_property
    def _arrays(self) -> list[Array | Loose]:
        return arrays_of(self.layers)

    def bias_labels(self, row: str) -> list[sp.Expr] | None:
        """The bias of each unit of a row, or None where the row has none."""
        layer = self._layer_of.get(row)
        if layer is None or layer.bias is None:
            return None
        return self.labels.pick(self.bias_numbers(layer))

    def bias_numbers(self, layer: Layer) -> NDArray[np.integer[Any]]:
        """The label of each unit's bias, for a layer that has one."""
        assert layer.bias is not None
        wiring, tying = layer.bias.wiring, layer.bias.tying
        return joint_edges(wiring, tying, self.labels, 0, np.int64, np.int64)[2]

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """The parameters of all layers as sympy symbols, arrays in order of the layers."""
        memory.require("parameters", self.labels.parameters, 600)
        return tuple(self.labels[: self.labels.parameters])

    @property
    def parameter_count(self) -> Size:
        """How many parameters there are; arrays that layers share count once.

        Arrays that a model holds and does not learn (a buffer) have symbols, and do not count.
        """
        sizes: dict[str | None, Size] = {}
        without: dict[str | None, Size] = {}  # what has a name of its own and counts otherwise
        for tying in (tying for layer in self.layers for tying in layer.arrays):
            if not tying.fixed:
                sizes.update(tying.counted)
            if tying.fixed or tying.counts:
                without[tying.letter] = tying.size
        if self.symbolic:
            return sum(sizes.values())
        for array in self._arrays:
            if array.letter not in without:
                sizes[array.letter] = len(array)
        return sum(int(size) for size in sizes.values())

    @cached_property
    def connection_count(self) -> Size:
        """How many connections there are, without those to biases."""
        total: Size = 0
        for layer in self.layers:
            total = total + layer.connections
        return total

    # -- edges and graph -----------------------------------------------------------------------

    @cached_property
    def edges(self) -> EdgeTable:
        """The edge table: arrays of (source, target, label) over all connections."""
        units = sum(math.prod(row.numbers()) for row in self.rows)
        labels = self.labels
        source_type = np.int32 if units < 2**31 else np.int64
        label_type = np.min_scalar_type(max(len(labels) - 1, 0))
        count = int(self.connection_count)
        several = 2 if len(self.layers) > 1 else 1  # parts, and what they are joined into
        each = np.dtype(source_type).itemsize + label_type.itemsize
        memory.require("edges", count, several * each)
        memory.require("units", units, 3 * 8)  # how many edges each has, and where they start
        parts = []
        for layer in self.layers:
            pieces = [
                joint_edges(
                    j.wiring, j.tying, labels, self.offsets[j.source.name], source_type, label_type
                )
                for j in layer.joints
            ]
            if not pieces:  # a row of constants reads nothing
                none = np.zeros(int(layer.target.size), np.int64)
                pieces = [(none, np.empty(0, source_type), np.empty(0, label_type))]
            parts.append(pieces[0] if len(pieces) == 1 else interleaved(pieces))
        fan_in = np.zeros(units, np.int64)
        for layer, (counts, _, _) in zip(self.layers, parts, strict=True):
            first = self.offsets[layer.target.name]
            fan_in[first : first + len(counts)] = counts
        start = np.concatenate([[0], np.cumsum(fan_in)])
        source = _joined([part[1] for part in parts], source_type)
        label = _joined([part[2] for part in parts], label_type)
        return EdgeTable(start, source, label, labels)


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    if not parts:
        return np.empty(0, dtype)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)

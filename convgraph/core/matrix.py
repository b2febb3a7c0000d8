"""A linear network as one sympy matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError

if TYPE_CHECKING:
    from convgraph.core.layer import Layer, Row
    from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = ["matrix"]

# Entries of a matrix that is written out with its zeros, some 2 MB; a larger one is a SparseMatrix,
# which has the same methods, and of which a convolution fills a small share.
DENSE_AT_MOST = 250_000


def matrix(network: RowsAndLayers) -> sp.Matrix:
    """See `Network.matrix`."""
    for layer in network.layers:
        if not layer.reduction.linear:
            raise ConvgraphError(
                f"{layer.spec}: a network with the reduction {layer.reduction.name!r} "
                "has no matrix; only sums and means are linear"
            )
    memory.require("matrix entries", len(network.edges), 400)
    columns = sum(int(row.size) for row in network.inputs)
    known: dict[str, Any] = {}
    at = 0
    for row in network.inputs:
        size = int(row.size)
        known[row.name] = sp.SparseMatrix(size, columns, {(i, at + i): 1 for i in range(size)})
        at += size
    for layer in network.layers:
        total = sp.SparseMatrix.zeros(int(layer.target.size), columns)
        # all connections from a row at once, since a layer may read it twice (x + x)
        sources = {joint.source.name: joint.source for joint in layer.joints}
        for name, source in sources.items():
            own = _layer_matrix(network, layer, source)
            alone = len(sources) == 1 and _is_first(network, name)
            total = own if alone else total + own * known[name]
        known[layer.target.name] = total
    result = sp.SparseMatrix.vstack(*[known[row.name] for row in network.outputs])
    return sp.Matrix(result) if result.rows * result.cols <= DENSE_AT_MOST else result


def _is_first(network: RowsAndLayers, row: str) -> bool:
    return len(network.inputs) == 1 and network.inputs[0].name == row


def _layer_matrix(network: RowsAndLayers, layer: Layer, source: Row) -> sp.SparseMatrix:
    """The matrix of all of a layer's connections from one of the rows that it reads."""
    edges = network.edges
    first = network.offsets[layer.target.name]
    start = edges.start[first : first + int(layer.target.size) + 1]
    memory.require("matrix entries", int(start[-1] - start[0]), 400)
    low, high = network.offsets[source.name], network.offsets[source.name] + int(source.size)
    entries: dict[tuple[int, int], sp.Expr] = {}
    for i in range(int(layer.target.size)):
        part = slice(int(start[i]), int(start[i + 1]))
        for j, label in zip(edges.source[part].tolist(), edges.label[part].tolist(), strict=True):
            if low <= j < high:
                at = (i, j - low)
                entries[at] = (
                    entries[at] + edges.labels[label] if at in entries else edges.labels[label]
                )
    return sp.SparseMatrix(int(layer.target.size), int(source.size), entries)

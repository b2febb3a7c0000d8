"""A linear network as one sympy matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError

if TYPE_CHECKING:
    from convgraph.core.layer import Layer
    from convgraph.core.network import Network

__all__ = ["layer_matrix", "matrix"]

DENSE_AT_MOST = 250_000  # entries; a larger matrix is a sympy SparseMatrix


def matrix(network: Network) -> sp.Matrix:
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
        for position, joint in enumerate(layer.joints):
            own = layer_matrix(network, layer, position)
            source = known[joint.source.name]
            total = (
                own
                if _is_first(network, joint.source.name) and len(layer.joints) == 1
                else total + own * source
            )
        known[layer.target.name] = total
    result = sp.SparseMatrix.vstack(*[known[row.name] for row in network.outputs])
    return sp.Matrix(result) if result.rows * result.cols <= DENSE_AT_MOST else result


def _is_first(network: Network, row: str) -> bool:
    return len(network.inputs) == 1 and network.inputs[0].name == row


def layer_matrix(network: Network, layer: Layer, joint: int = 0) -> sp.SparseMatrix:
    """The matrix of one layer's connections from one of its source rows."""
    source = layer.joints[joint].source
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

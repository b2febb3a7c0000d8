"""The networkx graph of a network: a read-only view of its edge table.

networkx lets a graph's adjacency be any Mapping (its own subgraph views use this), so the graph
holds no edges: a row of neighbours is made when an algorithm asks for it, and the label of an edge
when somebody reads its attributes. Counts come from the arrays.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.edges import EdgeTable
from convgraph.core.graph_answers import answers
from convgraph.core.graph_rows import Attributes, UnitEdges
from convgraph.core.read_only import ReadOnly

if TYPE_CHECKING:
    from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = ["graph_of"]


class Names:
    """The units' names in order, and their numbers."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.number = {name: i for i, name in enumerate(names)}


@dataclass
class RowOfNodes:
    """What the nodes of a row share, and the number of the label of each one's bias."""

    name: str
    shape: tuple[int, ...]
    first: int
    reduction: str
    bias: NDArray[np.integer[Any]] | None


class Nodes(Mapping[str, ReadOnly]):
    """Node attributes: the row, the zero-based index there, the reduction, and the bias if any."""

    def __init__(self, names: Names, network: RowsAndLayers) -> None:
        computed = {layer.target.name: layer for layer in network.layers}
        self._names, self._labels, self._rows = names, network.labels, []
        for row in network.rows:
            layer = computed.get(row.name)
            bias = network.bias_numbers(layer) if layer and layer.bias else None
            reduction = layer.reduction.name if layer else "input"
            first = network.offsets[row.name]
            self._rows.append(RowOfNodes(row.name, row.numbers(), first, reduction, bias))
        self._firsts = [row.first for row in self._rows]

    def __getitem__(self, name: str) -> ReadOnly:
        number = self._names.number[name]
        row = self._rows[bisect_right(self._firsts, number) - 1]
        flat, index = number - row.first, []
        for size in reversed(row.shape):
            flat, i = divmod(flat, size)
            index.append(i)
        attributes = {"row": row.name, "index": tuple(index[::-1]), "reduction": row.reduction}
        if row.bias is not None:
            attributes["bias"] = self._labels[int(row.bias[number - row.first])]
        return ReadOnly(attributes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.names)

    def __len__(self) -> int:
        return len(self._names.names)


# Neighbours in rows that are kept, per direction: algorithms of networkx come back to the same
# rows, and a graph of a hundred million edges must not stay in memory once it was walked through.
# When they are more, all are dropped and made again as they are asked for.
CACHED = 1 << 15


class Adjacency(Mapping[str, UnitEdges]):
    """unit -> {neighbour: {key: attributes}}, each row a real dict made on request.

    The rows made last are kept: algorithms come back to the same units.
    """

    def __init__(
        self,
        names: Names,
        start: NDArray[np.int64],
        neighbour: NDArray[Any],
        label: NDArray[Any],
        attributes: Attributes,
    ) -> None:
        self._prepare(names, attributes)
        self._start, self._neighbour, self._label = start, neighbour, label

    def _prepare(self, names: Names, attributes: Attributes) -> None:
        self._names, self._attributes = names, attributes
        self._made: dict[str, UnitEdges] = {}
        self._room = CACHED

    def __getitem__(self, name: str) -> UnitEdges:
        row = self._made.get(name)
        if row is None:
            row = self._row(name)
            self._room -= len(row) + 1
            if self._room < 0:
                self._made.clear()
                self._room = CACHED - len(row) - 1
            self._made[name] = row
        return row

    def _row(self, name: str) -> UnitEdges:
        number = self._names.number[name]
        lo, hi = self._start.item(number), self._start.item(number + 1)
        return UnitEdges(self._named(lo, hi), self._label[lo:hi].tolist(), self._attributes)

    def _named(self, lo: int, hi: int) -> list[str]:
        return [self._names.names[n] for n in self._neighbour[lo:hi].tolist()]

    def count(self, name: str) -> int:
        """How many edges a unit has in this direction."""
        number = self._names.number[name]
        return self._start.item(number + 1) - self._start.item(number)

    def counts(self) -> NDArray[np.int64]:
        """The same of all units, in their order."""
        return np.diff(self._start)

    def by_unit(self) -> Iterator[tuple[str, list[str], list[int]]]:
        """Each unit with its neighbours and the labels of the edges, as they lie in the arrays."""
        starts = self._start.tolist()
        for name, lo, hi in zip(self._names.names, starts[:-1], starts[1:], strict=True):
            yield name, self._named(lo, hi), self._label[lo:hi].tolist()

    def __contains__(self, name: object) -> bool:
        return name in self._names.number

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.names)

    def __len__(self) -> int:
        return len(self._names.names)


class Successors(Adjacency):
    """The same edges by source; the arrays are sorted when first asked for."""

    def __init__(self, names: Names, edges: EdgeTable, attributes: Attributes) -> None:
        self._prepare(names, attributes)
        self._edges = edges

    def __getattr__(self, field: str) -> Any:
        if field not in ("_start", "_neighbour", "_label"):
            raise AttributeError(field)
        import scipy.sparse as sparse

        edges = self._edges
        units, count = len(edges.start) - 1, len(edges)
        position = np.int32 if count < 2**31 else np.int64
        by_target = sparse.csr_array(
            (np.arange(count, dtype=position), edges.source, edges.start.astype(position)),
            (units, units),
        )
        by_source = by_target.tocsc()  # a stable counting sort: edges of one pair keep their order
        self._start = by_source.indptr.astype(np.int64)
        self._neighbour = by_source.indices
        self._label = edges.label[by_source.data]
        return self.__dict__[field]


def graph_of(network: RowsAndLayers) -> nx.MultiDiGraph:
    """The frozen connectivity graph of a network, reading its edge table."""
    edges = network.edges
    memory.require("units", len(edges.start) - 1, 200)  # names, and their places in a dict
    names = Names([unit for row in network.rows for unit in row.units()])
    attributes = Attributes(edges.labels)
    graph = nx.MultiDiGraph()
    graph._node = Nodes(names, network)
    graph._adj = graph._succ = Successors(names, edges, attributes)
    graph._pred = Adjacency(names, edges.start, edges.source, edges.label, attributes)
    graph.graph["rows"] = tuple(row.name for row in network.rows)
    vars(graph).update(answers(graph, edges))
    return nx.freeze(graph)

"""What a network's graph answers from its arrays, where networkx would make every edge first.

networkx counts edges by passing over all of them, and copies a graph by adding them one by one.
These answers stand in the graph's own namespace, as those that `networkx.freeze` puts there, so
that its class stays networkx's and its views and copies are ordinary ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
from networkx.classes import reportviews

from convgraph.core import memory
from convgraph.core.edges import EdgeTable

__all__ = ["answers"]


def answers(graph: nx.MultiDiGraph, edges: EdgeTable) -> dict[str, Any]:
    """The methods and views of a graph that its arrays answer, by their names."""
    whole = Whole(graph, edges)
    leaving = OutEdges(graph)
    return {
        "number_of_edges": whole.number_of_edges,
        "size": whole.size,
        "copy": whole.copy,
        "edges": leaving,
        "out_edges": leaving,
        "in_edges": InEdges(graph),
        "degree": Degree(graph),
        "in_degree": InDegree(graph),
        "out_degree": OutDegree(graph),
    }


class Whole:
    """Answers about all edges of a graph."""

    def __init__(self, graph: nx.MultiDiGraph, edges: EdgeTable) -> None:
        self._graph, self._edges = graph, edges

    def number_of_edges(self, u: str | None = None, v: str | None = None) -> int:
        """The number of all edges, or of those between two units."""
        if u is None:
            return len(self._edges)
        return int(nx.MultiDiGraph.number_of_edges(self._graph, u, v))

    def size(self, weight: str | None = None) -> Any:
        """The number of edges, or the sum of an attribute."""
        if weight is None:
            return len(self._edges)
        return nx.MultiDiGraph.size(self._graph, weight)

    def copy(self, as_view: bool = False) -> nx.MultiDiGraph:
        """An ordinary, writable graph of the same units and edges; each has a dict of its own."""
        if as_view:
            return nx.MultiDiGraph.copy(self._graph, as_view=True)
        graph = nx.MultiDiGraph()
        graph.graph.update(self._graph.graph)
        graph.add_nodes_from((name, data.copy()) for name, data in self._graph._node.items())
        with memory.growing():
            self._fill(graph)
        return graph

    def _fill(self, graph: nx.MultiDiGraph) -> None:
        labels = self._edges.labels
        used = np.zeros(len(labels), bool)
        used[self._edges.label] = True
        numbers = np.flatnonzero(used)
        symbol = dict(zip(numbers.tolist(), labels.pick(numbers), strict=True))
        succ, pred = graph._succ, graph._pred
        for source, neighbours, numbered in self._graph._succ.by_unit():
            row = succ[source]
            for target, label in zip(neighbours, numbered, strict=True):
                data = {"parameter": symbol[label]}
                if target in row:
                    row[target][len(row[target])] = data
                else:
                    row[target] = pred[target][source] = {0: data}


class OutEdges(reportviews.OutMultiEdgeView):
    """The edges by their sources."""

    __slots__ = ()

    def __len__(self) -> int:
        return int(self._graph.number_of_edges())


class InEdges(reportviews.InMultiEdgeView):
    """The edges by their targets."""

    __slots__ = ()

    def __len__(self) -> int:
        return int(self._graph.number_of_edges())


class Counted:
    """Degrees as the difference of where each unit's edges start."""

    _directions: tuple[str, ...]

    def __getitem__(self: Any, name: str) -> Any:
        if self._weight is not None:
            return super().__getitem__(name)  # type: ignore[misc]
        return sum(getattr(self, direction).count(name) for direction in self._directions)

    def __iter__(self: Any) -> Iterator[tuple[str, Any]]:
        if self._weight is not None:
            return iter(super().__iter__())  # type: ignore[misc]
        if self._nodes is not self._succ:
            return iter([(name, self[name]) for name in self._nodes])
        counts = sum(getattr(self, direction).counts() for direction in self._directions)
        return zip(self._nodes, counts.tolist(), strict=True)


class Degree(Counted, reportviews.DiMultiDegreeView):
    """How many edges enter and leave each unit."""

    _directions = ("_succ", "_pred")


class InDegree(Counted, reportviews.InMultiDegreeView):
    """How many edges enter each unit."""

    _directions = ("_pred",)


class OutDegree(Counted, reportviews.OutMultiDegreeView):
    """How many edges leave each unit."""

    _directions = ("_succ",)

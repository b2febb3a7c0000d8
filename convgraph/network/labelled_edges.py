"""The edges of a graph that a user brings, read once into arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory

__all__ = ["LabelledEdges", "given_label"]

Integers = NDArray[np.int64]


def given_label(data: Mapping[str, Any]) -> Any:
    """What the attributes of an edge say is its label, or None."""
    label = data.get("parameter")
    return data.get("weight") if label is None else label  # networkx's own name


@dataclass(frozen=True)
class LabelledEdges:
    """The edges of a graph, by target and as networkx lists them there; nodes are numbers.

    `label` numbers the different `expressions`.
    """

    nodes: list[Any]
    source: Integers
    target: Integers
    label: Integers
    expressions: list[sp.Expr]

    @classmethod
    def of(
        cls, graph: nx.DiGraph, label: Callable[[Any, Any, dict[str, Any]], sp.Expr]
    ) -> LabelledEdges:
        """The edges, whose labels a function makes of (source, target, data).

        It is asked once for each object that is somewhere a label, since many edges share
        few of them or, where they do not, looking at each is what takes the time.
        """
        nodes = list(graph)
        number = {node: n for n, node in enumerate(nodes)}
        sources, labels, fan_in = [], [], np.zeros(len(nodes), np.int64)
        numbered: dict[int, tuple[int, Any]] = {}  # by identity, with the object to keep that
        different: dict[sp.Expr, int] = {}
        with memory.growing():
            for target, node in enumerate(nodes):
                for source, _, data in graph.in_edges(node, data=True):
                    given = given_label(data)
                    known = numbered.get(id(given))
                    if known is None:
                        expression = label(source, node, data)
                        known = different.setdefault(expression, len(different)), given
                        numbered[id(given)] = known
                    sources.append(number[source])
                    labels.append(known[0])
                fan_in[target] = len(sources)
        fan_in[1:] -= fan_in[:-1].copy()
        arrays = np.array(sources, np.int64), np.repeat(np.arange(len(nodes)), fan_in)
        return cls(nodes, *arrays, np.array(labels, np.int64), list(different))

    def depths(self) -> list[int] | None:
        """The length of the longest path to each node, or None where there is a cycle."""
        waiting = np.bincount(self.target, minlength=len(self.nodes)).tolist()
        order = np.argsort(self.source, kind="stable")
        reached = self.target[order].tolist()
        ends = np.cumsum(np.bincount(self.source, minlength=len(self.nodes))).tolist()
        depth = [0] * len(self.nodes)
        ready = [node for node, count in enumerate(waiting) if not count]
        for node in ready:  # grows meanwhile
            below = depth[node] + 1
            for other in reached[ends[node - 1] if node else 0 : ends[node]]:
                depth[other] = max(depth[other], below)
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
        return depth if len(ready) == len(self.nodes) else None

    def into(self, targets: Integers) -> Integers:
        """The places of the edges that enter some nodes."""
        start = np.searchsorted(self.target, targets)
        count = np.searchsorted(self.target, targets, side="right") - start
        offsets = np.repeat(start - np.cumsum(count) + count, count)
        return offsets + np.arange(int(count.sum()))

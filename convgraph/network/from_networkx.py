"""A network from a labelled graph that a user brings."""

from __future__ import annotations

from numbers import Rational
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from convgraph.core.assembly import default_row_names
from convgraph.core.errors import ConvgraphError
from convgraph.core.escape import plain
from convgraph.core.functions import reduction
from convgraph.core.layer import Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM, Reduction
from convgraph.network.listed import listed_layer

__all__ = ["from_networkx"]

REDUCTIONS = {r.name: r for r in (SUM, MEAN, MAX, PRODUCT)}
REDUCTIONS["relu"] = reduction("relu")
NO_NUMBERS = (sp.nan, sp.I, sp.oo, -sp.oo, sp.zoo)


def from_networkx(graph: nx.DiGraph) -> Network:
    """A network over a directed acyclic graph whose edges are labelled.

    Parameters
    ----------
    graph
        A DiGraph or MultiDiGraph. Each edge has an attribute `parameter`: a sympy expression, a
        string (it becomes a symbol) or a whole or rational number. Nodes may have the attributes
        `row` (the name of their row), `reduction` ("sum", "mean", "max", "product", "relu") and
        `bias`. Without rows, a node's row is the length of the longest path that leads to it.

    Returns
    -------
    Network
        Its units are named as the nodes, in their order. Its outputs are the rows that nothing
        reads; where rows are lengths of paths, those with a unit that nothing reads.

    Raises
    ------
    ConvgraphError
        If the graph is undirected, empty, has a cycle or an edge without a label, if a node and a
        parameter have one name, or if the nodes of one row differ in their reduction.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph(
    ...     [("left", "sum", {"parameter": "a"}), ("right", "sum", {"parameter": "a"})]
    ... )
    >>> from_networkx(graph).expressions()
    {'sum': a*left + a*right}
    """
    if not isinstance(graph, nx.Graph) or not graph.is_directed():
        raise ConvgraphError(f"graph={graph!r}: a networkx DiGraph or MultiDiGraph")
    if not graph:
        raise ConvgraphError(f"graph={graph}: a network has units")
    try:
        cycle = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        pass
    else:
        raise ConvgraphError(
            f"graph: a network has no cycles, and this has {[e[:2] for e in cycle]}"
        )
    row_of = _rows(graph)
    members: dict[str, list[Any]] = {}
    for node in graph:
        members.setdefault(row_of[node], []).append(node)
    order = _order(graph, row_of, list(members))
    names = {node: _name(node) for node in graph}
    if len(set(names.values())) < len(names):
        raise ConvgraphError("graph: two nodes have the same name as strings")
    both = sorted(set(names.values()) & _symbols(graph))
    if both:
        raise ConvgraphError(f"graph: {both[0]!r} is a node and a parameter; a name stands for one")
    rows = {
        name: Row(name, (len(members[name]),), given=tuple(names[n] for n in members[name]))
        for name in order
    }
    position = {node: i for row in members.values() for i, node in enumerate(row)}
    layers = [
        _layer(graph, rows, row_of, members[name], position, name)
        for name in order
        if any(graph.in_degree(n) for n in members[name])
    ]
    computed = {layer.target.name for layer in layers}
    # in rows that a user gives, a unit that nothing reads does not make the row an output
    unread = all if nx.get_node_attributes(graph, "row") else any
    outputs = [
        rows[name]
        for name in order
        if name in computed and unread(not graph.out_degree(n) for n in members[name])
    ]
    if not outputs:
        raise ConvgraphError("graph: a network has edges")
    inputs = [rows[name] for name in order if name not in computed]
    return Network.of([rows[n] for n in order], layers, inputs, outputs)


def _name(node: Any) -> str:
    """A node's name, a label's or a row's, on one or more lines of printable characters."""
    return plain(str(node), keep="\n")


def _symbols(graph: nx.DiGraph) -> set[str]:
    """The names of the symbols in the labels of a graph."""
    labels = {_label(a, b, data) for a, b, data in graph.edges(data=True)}
    labels |= {_as_label(f"node {n!r}", bias) for n, bias in graph.nodes(data="bias", default=0)}
    return {str(symbol) for label in labels for symbol in label.free_symbols}


def _rows(graph: nx.DiGraph) -> dict[Any, str]:
    given = nx.get_node_attributes(graph, "row")
    if len(given) == len(graph):
        return {node: _name(row) for node, row in given.items()}
    if given:
        without = next(node for node in graph if node not in given)
        raise ConvgraphError(f"graph: node {without!r} has no row; all nodes have one, or none has")
    depth: dict[Any, int] = {}
    for node in nx.topological_sort(graph):
        depth[node] = 1 + max((depth[p] for p in graph.predecessors(node)), default=-1)
    names = default_row_names(1, max(depth.values()))
    return {node: names[depth[node]] for node in graph}


def _order(graph: nx.DiGraph, row_of: dict[Any, str], names: list[str]) -> list[str]:
    """The rows in order of computation."""
    between = nx.DiGraph()
    between.add_nodes_from(names)
    between.add_edges_from((row_of[a], row_of[b]) for a, b in graph.edges())
    position = {name: i for i, name in enumerate(names)}
    try:
        order = list(nx.lexicographical_topological_sort(between, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        raise ConvgraphError(
            "graph: its rows depend on each other in a cycle; edges run from row to row"
        ) from None
    return sorted(order, key=lambda name: bool(between.in_degree(name)))


def _layer(
    graph: nx.DiGraph,
    rows: dict[str, Row],
    row_of: dict[Any, str],
    targets: list[Any],
    position: dict[Any, int],
    name: str,
) -> Layer:
    connections = [
        (i, rows[row_of[source]], position[source], _label(source, node, data))
        for i, node in enumerate(targets)
        for source, _, data in graph.in_edges(node, data=True)
    ]
    return listed_layer(
        "from_networkx",
        rows[name],
        connections,
        _reduction(graph, targets, name),
        [_as_label(f"node {node!r}", graph.nodes[node].get("bias", 0)) for node in targets],
    )


def _label(source: Any, target: Any, data: dict[str, Any]) -> sp.Expr:
    if "parameter" not in data or data["parameter"] is None:
        weight = ""
        if "weight" in data:
            weight = (
                f"; its weight={data['weight']!r} is not taken for one, often a float: "
                "set 'parameter' to a symbol's name or an exact number"
            )
        raise ConvgraphError(
            f"graph: the edge {source!r} -> {target!r} has no label; "
            f"every edge has an attribute 'parameter'{weight}"
        )
    return _as_label(f"the edge {source!r} -> {target!r}", data["parameter"])


def _as_label(where: str, label: Any) -> sp.Expr:
    if isinstance(label, sp.Expr):
        if label.has(*NO_NUMBERS):
            raise ConvgraphError(
                f"graph: {where} has the label {label}; a label is real and finite"
            )
        return label
    if isinstance(label, float | np.floating):
        raise ConvgraphError(
            f"graph: {where} has the label {label!r}, a float; a label is exact: "
            "fractions.Fraction('0.1') is a tenth, and Fraction(0.1) what the float holds"
        )
    if isinstance(label, str) and label:
        return sp.Symbol(_name(label))
    if not isinstance(label, bool) and isinstance(label, Rational | np.integer):
        return sp.Rational(int(label.numerator), int(label.denominator))
    raise ConvgraphError(
        f"graph: {where} has the label {label!r}; a label is a sympy expression, a string, "
        "or a whole or rational number"
    )


def _reduction(graph: nx.DiGraph, targets: list[Any], row: str) -> Reduction:
    given = [graph.nodes[node].get("reduction", "sum") for node in targets]
    for name in given:
        if not isinstance(name, str) or name not in REDUCTIONS:
            raise ConvgraphError(
                f"reduction={name!r}: a reduction is one of {', '.join(REDUCTIONS)}"
            )
    found = sorted(set(given))
    if len(found) > 1:
        raise ConvgraphError(f"graph: row {row!r} has the reductions {found}; a row has one")
    return REDUCTIONS[found[0]]

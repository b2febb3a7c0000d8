"""A network from a labelled graph that a user brings."""

from __future__ import annotations

import math
from numbers import Rational
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from convgraph.core import escape
from convgraph.core.assembly import default_row_names
from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import reduction
from convgraph.core.layer import Layer, Row
from convgraph.core.names import check_printed
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM, Reduction
from convgraph.network.labelled_edges import LabelledEdges, given_label
from convgraph.network.listed_layers import bias_joint, in_order_met, listed_joint

__all__ = ["from_networkx"]

REDUCTIONS = {r.name: r for r in (SUM, MEAN, MAX, PRODUCT)}
REDUCTIONS["relu"] = reduction("relu")
NO_NUMBERS = (sp.nan, sp.I, sp.oo, -sp.oo, sp.zoo)


def from_networkx(graph: nx.DiGraph) -> Network:
    """A network over a directed acyclic graph whose edges are labelled.

    Parameters
    ----------
    graph
        A DiGraph or MultiDiGraph. Each edge has an attribute `parameter`, or else `weight`, as
        networkx has it: a sympy expression, a string (it becomes a symbol) or a number. Numbers are
        exact: a float is taken if it is the decimal that it is written as (0.5, but not 0.1). Nodes
        may have the attributes `row` (the name of their row), `reduction` ("sum", "mean", "max",
        "product", "relu") and `bias`. Without rows, a node's row is the length of the longest path
        that leads to it.

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
    edges = LabelledEdges.of(graph, _label)
    depths = edges.depths()
    if depths is None:
        cycle = [edge[:2] for edge in nx.find_cycle(graph)]
        raise ConvgraphError(f"graph: a network has no cycles, and this has {cycle}")
    names = [_name(node) for node in graph]
    if len(set(names)) < len(names):
        raise ConvgraphError("graph: two nodes have the same name as strings")
    biases = [_as_label(f"node {n!r}", bias) for n, bias in graph.nodes(data="bias", default=0)]
    both = sorted(set(names) & _symbols([*edges.expressions, *dict.fromkeys(biases)]))
    if both:
        raise ConvgraphError(f"graph: {both[0]!r} is a node and a parameter; a name stands for one")
    return _network(graph, edges, names, biases, depths)


def _network(
    graph: nx.DiGraph,
    edges: LabelledEdges,
    names: list[str],
    biases: list[sp.Expr],
    depths: list[int],
) -> Network:
    given = _given_rows(graph)
    of_node = given or [default_row_names(1, max(depths))[depth] for depth in depths]
    members: dict[str, list[int]] = {}
    for n, row in enumerate(of_node):
        members.setdefault(row, []).append(n)
    order = _order(edges, of_node, list(members))
    rows = {
        name: Row(name, (len(members[name]),), given=tuple(names[n] for n in members[name]))
        for name in order
    }
    number = {name: r for r, name in enumerate(order)}
    row_of = np.array([number[row] for row in of_node])
    place = np.zeros(len(names), np.int64)
    for own_nodes in members.values():
        place[own_nodes] = np.arange(len(own_nodes))
    layers = []
    for name in order:
        into = edges.into(np.array(members[name]))
        if not len(into):
            continue
        joints = []
        for r in in_order_met(row_of[edges.source[into]])[0].tolist():
            own = into[row_of[edges.source[into]] == r]
            pairs = place[edges.target[own]], place[edges.source[own]]
            source = rows[order[r]]
            labels = edges.label[own], edges.expressions
            joints.append(listed_joint(source, rows[name], *pairs, *labels))
        reduction = _reduction(graph, [edges.nodes[n] for n in members[name]], name)
        bias = bias_joint(rows[name], [biases[n] for n in members[name]])
        layers.append(Layer("from_networkx", tuple(joints), rows[name], reduction, bias))
    computed = {layer.target.name for layer in layers}
    read = np.bincount(edges.source, minlength=len(names)) > 0
    # in rows that a user gives, a unit that nothing reads does not make the row an output
    unread = all if given else any
    outputs = [rows[name] for name in order if name in computed and unread(~read[members[name]])]
    if not outputs:
        raise ConvgraphError("graph: a network has edges")
    inputs = [rows[name] for name in order if name not in computed]
    return Network.of([rows[n] for n in order], layers, inputs, outputs)


def _name(node: Any) -> str:
    """A node's name, a label's or a row's, on one or more lines of printable characters."""
    name = escape.log(str(node))
    check_printed(name)
    return name


def _symbols(labels: list[sp.Expr]) -> set[str]:
    """The names of the symbols in labels."""
    found = {symbol for label in labels for symbol in label.free_symbols}
    return {s.name if type(s) is sp.Symbol else str(s) for s in found}


def _given_rows(graph: nx.DiGraph) -> list[str] | None:
    """The name of each node's row, where nodes say it."""
    given = nx.get_node_attributes(graph, "row")
    if len(given) == len(graph):
        return [_name(row) for row in given.values()]
    if given:
        without = next(node for node in graph if node not in given)
        raise ConvgraphError(f"graph: node {without!r} has no row; all nodes have one, or none has")
    return None


def _order(edges: LabelledEdges, of_node: list[str], names: list[str]) -> list[str]:
    """The rows in order of computation."""
    position = {name: i for i, name in enumerate(names)}
    row = np.array([position[name] for name in of_node])
    pairs = np.unique(row[edges.source] * len(names) + row[edges.target])
    between = nx.DiGraph()
    between.add_nodes_from(names)
    between.add_edges_from(
        (names[a], names[b]) for a, b in zip(*divmod(pairs, len(names)), strict=True)
    )
    try:
        order = list(nx.lexicographical_topological_sort(between, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        raise ConvgraphError(
            "graph: its rows depend on each other in a cycle; edges run from row to row"
        ) from None
    return sorted(order, key=lambda name: bool(between.in_degree(name)))


def _label(source: Any, target: Any, data: dict[str, Any]) -> sp.Expr:
    given = given_label(data)
    if given is None:
        raise ConvgraphError(
            f"graph: the edge {source!r} -> {target!r} has no label; "
            "every edge has an attribute 'parameter' or 'weight'"
        )
    return _as_label(f"the edge {source!r} -> {target!r}", given)


def _as_label(where: str, label: Any) -> sp.Expr:
    if isinstance(label, sp.Symbol):
        return label
    if isinstance(label, sp.Expr):
        if label.has(*NO_NUMBERS):
            raise ConvgraphError(
                f"graph: {where} has the label {label}; a label is real and finite"
            )
        floats = {number: _decimal(where, label, number) for number in label.atoms(sp.Float)}
        return label.xreplace(floats)
    if isinstance(label, float | np.floating):
        if not math.isfinite(label):
            raise ConvgraphError(
                f"graph: {where} has the label {label!r}; a label is real and finite"
            )
        return _decimal(where, label, float(label))
    if isinstance(label, str) and label:
        return sp.Symbol(_name(label))
    if not isinstance(label, bool) and isinstance(label, Rational | np.integer):
        return sp.Rational(int(label.numerator), int(label.denominator))
    raise ConvgraphError(
        f"graph: {where} has the label {label!r}; a label is a sympy expression, a string, "
        "or a real number"
    )


def _decimal(where: str, label: Any, number: float | sp.Float) -> sp.Rational:
    """A float, if it is the decimal number as which it is written.

    0.75 is; 0.1 is not: a float holds a number of about 55 digits instead.
    """
    written = str(number)
    if sp.Rational(written) != sp.Rational(number):
        raise ConvgraphError(
            f"graph: {where} has the label {label!r}: a label is exact, and no float is {written}; "
            f"write fractions.Fraction('{written}') for that number, "
            f"or Fraction({written}) for the one that the float holds"
        )
    return sp.Rational(written)


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

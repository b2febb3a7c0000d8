"""Labelled graphs that users bring: there and back, answers on them, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

import convgraph as cg
from tests.strategies import LINEAR, networks, units, values

KNOWN = (*LINEAR, "MaxPool", "GlobalMaxPool", "ReLU", "Residual", "Parallel")


def edges(graph: nx.MultiDiGraph) -> list[Any]:
    return sorted((a, b, str(label)) for a, b, label in graph.edges(data="parameter"))


def round_trip(net: cg.Network) -> cg.Network:
    """The network of the network's own graph; a computed row without edges would be an input."""
    assume(all(layer.connections for layer in net.layers))
    read = {joint.source.name for layer in net.layers for joint in layer.joints}
    assume(not any(row.name in read for row in net.outputs))
    return cg.from_networkx(net.graph.copy())


@given(networks(KNOWN), st.data())
def test_a_networks_graph_gives_back_the_network(net: cg.Network, data: st.DataObject) -> None:
    again = round_trip(net)
    assert edges(again.graph) == edges(net.graph)
    assert {row.name for row in again.rows} == {row.name for row in net.rows}
    assert {row.name for row in again.inputs} == {row.name for row in net.inputs}
    row = data.draw(st.sampled_from(net.rows))
    unit, source = data.draw(units(row)), net.inputs[0].name
    assert cg.receptive_field(again, unit, source) == set(cg.receptive_field(net, unit, source))
    end = net.outputs[0].name
    assert cg.projective_field(again, unit, end) == set(cg.projective_field(net, unit, end))
    fields = cg.receptive_fields(again, row.name, source)
    assert fields[unit] == set(cg.receptive_field(net, unit, source))


@given(networks(KNOWN), st.data())
def test_values_survive_the_round_trip(net: cg.Network, data: st.DataObject) -> None:
    again = round_trip(net)
    x, parameters = data.draw(values(net))
    named = {
        array.symbol(i).name: value
        for array in net.labels.arrays
        for i, value in enumerate(parameters[array.letter].ravel())
    }
    used = {name: value for name, value in named.items() if again.labels.find(name) is not None}
    flat = {name: array.ravel() for name, array in x.items()}
    ours, theirs = net.evaluate(x, parameters), again.evaluate(flat, used)
    if not isinstance(ours, dict):
        ours, theirs = {net.outputs[0].name: ours}, {again.outputs[0].name: theirs}
    for row in again.outputs:
        # a maximum of nothing times 0 is not a number in both; sums of means round in their order
        np.testing.assert_allclose(theirs[row.name], ours[row.name].ravel(), 1e-12, 1e-12)


@st.composite
def graphs(draw: st.DrawFn) -> nx.DiGraph:
    """A directed acyclic graph with labels of every kind, over nodes of any hashable kind."""
    nodes = [draw(st.sampled_from([f"n{i}", i, ("t", i)])) for i in range(draw(st.integers(2, 7)))]
    graph = nx.DiGraph()
    graph.add_nodes_from(draw(st.permutations(nodes)))
    label = st.sampled_from(["a", "b", sp.Symbol("c"), 2, sp.Rational(1, 3), sp.Symbol("a") + 1])
    for i, j in draw(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1)):
        if i < j < len(nodes):
            graph.add_edge(nodes[i], nodes[j], parameter=draw(label))
    assume(graph.size())
    return graph


@given(graphs())
def test_any_acyclic_graph_computes_what_its_edges_say(graph: nx.DiGraph) -> None:
    net = cg.from_networkx(graph)
    assert set(net.graph) == {str(node) for node in graph}
    assert nx.is_directed_acyclic_graph(net.graph)
    known = {}
    for node in nx.topological_sort(graph):
        terms = [
            (sp.Symbol(p) if isinstance(p, str) else sp.sympify(p)) * known[a]
            for a, _, p in graph.in_edges(node, data="parameter")
        ]
        known[node] = sp.expand(sp.Add(*terms)) if terms else sp.Symbol(str(node))
    isolated = {str(node) for node in graph if not graph.in_degree(node)}
    for row in net.outputs:
        for unit, expression in net.expressions(row.name).items():
            if unit not in isolated:
                node = next(node for node in graph if str(node) == unit)
                assert sp.expand(expression) == known[node]


def test_rows_reductions_and_biases_are_read_from_the_nodes() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("in", row="input")
    graph.add_node("top", row="output", reduction="max")
    graph.add_nodes_from(["a", "b"], row="hidden", bias="shared")
    graph.add_edges_from([("in", "a", {"parameter": "u"}), ("in", "b", {"parameter": 2})])
    graph.add_edges_from([("a", "top", {"parameter": 1}), ("b", "top", {"parameter": 1})])
    net = cg.from_networkx(graph)
    assert [row.name for row in net.rows] == ["input", "hidden", "output"]
    assert str(net.expressions()["top"]) == "Max(2*in + shared, in*u + shared)"
    assert net.evaluate([3], {"u": 5, "shared": 1}).tolist() == [16]
    assert net.graph.nodes["a"]["bias"] == sp.Symbol("shared")


def labelled(*pairs: tuple[Any, Any], **nodes: dict[str, Any]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes.items())
    graph.add_edges_from(pairs, parameter="w")
    return graph


BAD = {
    "a directed acyclic": ([("a", "b")], "a networkx DiGraph or MultiDiGraph"),
    "undirected": (nx.Graph([("a", "b")]), "a networkx DiGraph or MultiDiGraph"),
    "empty": (nx.DiGraph(), "a network has units"),
    "cycle": (
        labelled(("a", "b"), ("b", "a")),
        r"no cycles, and this has \[\('a', 'b'\), \('b', 'a'\)\]",
    ),
    "loop": (labelled(("a", "a")), r"no cycles, and this has \[\('a', 'a'\)\]"),
    "no label": (nx.DiGraph([("a", "b")]), "the edge 'a' -> 'b' has no label"),
    "label None": (nx.DiGraph([("a", "b", {"parameter": None})]), "'a' -> 'b' has no label"),
    "label of a float": (
        nx.DiGraph([("a", "b", {"parameter": 0.1})]),
        r"the edge 'a' -> 'b' has the label 0\.1: .* no float is 0\.1; .*Fraction\('0\.1'\)",
    ),
    "label of numpy's floats": (
        nx.DiGraph([("a", "b", {"parameter": np.float32(0.1)})]),
        r"'a' -> 'b' has the label .* no float is 0\.1000000",
    ),
    "label of sympy's floats": (
        nx.DiGraph([("a", "b", {"parameter": sp.Float(0.1) * sp.Symbol("p")})]),
        r"has the label 0\.1\d*\*p: .* no float is 0\.1",
    ),
    "weight of a float": (nx.DiGraph([("a", "b", {"weight": 1 / 3})]), "no float is 0.33333"),
    "float that is no number": (
        nx.DiGraph([("a", "b", {"weight": float("nan")})]),
        "the label nan; a label is real and finite",
    ),
    "infinite float": (
        nx.DiGraph([("a", "b", {"weight": np.float64("-inf")})]),
        "inf.*; a label is real and finite",
    ),
    "complex number": (nx.DiGraph([("a", "b", {"weight": 1j})]), "has the label 1j; a label is"),
    "not a number": (nx.DiGraph([("a", "b", {"parameter": sp.nan})]), "nan; a label is real"),
    "infinite": (nx.DiGraph([("a", "b", {"parameter": -sp.oo})]), "-oo; a label is real"),
    "imaginary": (
        nx.DiGraph([("a", "b", {"parameter": sp.I * sp.Symbol("p")})]),
        r"I\*p; a label is real",
    ),
    "reduction of a list": (labelled(("a", "b"), b={"reduction": [1]}), r"reduction=\[1\]: a red"),
    "no reduction": (labelled(("a", "b"), b={"reduction": None}), "reduction=None: a reduction"),
    "label of a bool": (nx.DiGraph([("a", "b", {"parameter": True})]), "has the label True"),
    "empty label": (nx.DiGraph([("a", "b", {"parameter": ""})]), "has the label ''"),
    "bias of a float": (labelled(("a", "b"), b={"bias": 0.3}), "node 'b' has the label 0.3"),
    "no edges": (labelled(a={}, b={}), "a network has edges"),
    "row missing": (labelled(("a", "b"), a={"row": "x"}), "node 'b' has no row"),
    "rows in a cycle": (
        labelled(("a", "b"), ("c", "d"), a={"row": 1}, b={"row": 2}, c={"row": 2}, d={"row": 1}),
        "rows depend on each other in a cycle",
    ),
    "edge within a row": (
        labelled(("a", "b"), a={"row": "x"}, b={"row": "x"}),
        "rows depend on each other in a cycle",
    ),
    "reductions differ": (
        labelled(("a", "b"), ("a", "c"), b={"reduction": "max"}),
        r"row 's' has the reductions \['max', 'sum'\]; a row has one",
    ),
    "unknown reduction": (
        labelled(("a", "b"), b={"reduction": "median"}),
        "reduction='median': a reduction is one of sum, mean, max, product, relu",
    ),
    "same name": (labelled((1, "1")), "two nodes have the same name as strings"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_graph_that_is_no_network_is_refused(what: str) -> None:
    graph, rule = BAD[what]
    with pytest.raises(cg.ConvgraphError, match=rule):
        cg.from_networkx(graph)


@given(st.integers(-(10**6), 10**6), st.integers(0, 6), st.sampled_from(["parameter", "weight"]))
def test_floats_that_are_decimals_are_labels(mantissa: int, power: int, attribute: str) -> None:
    exact = Fraction(mantissa, 10**power)
    number = mantissa / 10**power
    graph = nx.DiGraph([("a", "b", {attribute: number})])
    if exact.denominator & (exact.denominator - 1):  # no binary fraction
        with pytest.raises(cg.ConvgraphError, match="a label is exact"):
            cg.from_networkx(graph)
        return
    for same in (number, sp.Float(number), np.float64(number), exact):
        graph["a"]["b"][attribute] = same
        (expression,) = cg.from_networkx(graph).expressions().values()
        assert expression == sp.Rational(exact.numerator, exact.denominator) * sp.Symbol("a")


def test_a_parameter_comes_before_a_weight() -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "c", weight=2)
    graph.add_edge("b", "c", weight=3, parameter="p")
    graph.add_edge("d", "c", weight=5)
    assert str(cg.from_networkx(graph).expressions()["c"]) == "2*a + b*p + 5*d"

"""The graph that reads the edge table, against an ordinary networkx graph of the same edges."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
import sympy as sp
from hypothesis import given, settings
from networkx.algorithms import bipartite, dag, isomorphism

import convgraph as cg
from tests import oracle
from tests.strategies import networks

NETWORKS = {
    "conv": cg.Conv(3, padding="same").on(6),
    "channels": cg.Conv((2, 2), 2, bias=True).on((2, 3, 3)),
    "wrapped": cg.Conv(4, padding=2, padding_mode="circular").on(3),
    "reflected": cg.Conv(3, padding="same", padding_mode="reflect").on(4),
    "replicated": cg.Conv(5, padding="same", padding_mode="replicate").on(3),
    "deep": (cg.Conv(3, 2, padding="same") >> cg.ReLU() >> cg.MaxPool(2) >> cg.Dense(2)).on(4),
    "residual": cg.Residual(cg.Conv(3, padding="same", padding_mode="circular")).on(4),
    "strided": cg.Conv(1, stride=2).on(5),
    "apart": cg.Conv((1, 1), 4, groups=2).on((4, 2, 2)),
}


def as_text(value: Any) -> Any:
    """Labels as text, since the plain graph has them as text; indices as lists."""
    if isinstance(value, sp.Basic):
        return str(value)
    if isinstance(value, dict | nx.classes.coreviews.AtlasView) or hasattr(value, "items"):
        return {as_text(key): as_text(entry) for key, entry in value.items()}
    if isinstance(value, set | frozenset):
        return frozenset(map(as_text, value))
    if isinstance(value, list | tuple):
        return [as_text(entry) for entry in value]
    return value


def edges(graph: nx.Graph) -> list[Any]:
    return sorted(map(as_text, graph.edges(data=True, keys=True)), key=str)


def first(graph: nx.Graph) -> str:
    return next(iter(graph))


def last(graph: nx.Graph) -> str:
    return list(graph)[-1]


def parameter(graph: nx.Graph, a: str, b: str) -> list[str]:
    return sorted(str(data["parameter"]) for data in graph.get_edge_data(a, b, default={}).values())


# What networkx is asked; an answer on our graph equals that on the plain one.
CALLS: dict[str, Callable[[nx.MultiDiGraph], Any]] = {
    "nodes": list,
    "len": len,
    "number_of_edges": nx.number_of_edges,
    "size": lambda g: g.size(),
    "edges with keys and data": edges,
    "edges of one attribute": lambda g: sorted(map(as_text, g.edges(data="parameter")), key=str),
    "in_edges": lambda g: sorted(g.in_edges(last(g))),
    "out_edges": lambda g: sorted(g.out_edges(first(g))),
    "node data": lambda g: as_text(dict(g.nodes(data=True))),
    "one attribute of nodes": lambda g: nx.get_node_attributes(g, "row"),
    "edge attributes": lambda g: as_text(list(nx.get_edge_attributes(g, "parameter").items())),
    "has_node": lambda g: (first(g) in g, g.has_node("nobody"), "nobody" in g.succ),
    "has_edge": lambda g: [g.has_edge(a, b) for a in g for b in g],
    "get_edge_data": lambda g: [parameter(g, a, b) for a in g for b in g],
    "multiplicity": lambda g: [g.number_of_edges(a, b) for a in g for b in g],
    "successors": lambda g: {unit: set(g.successors(unit)) for unit in g},
    "predecessors": lambda g: {unit: set(g.predecessors(unit)) for unit in g},
    "neighbors": lambda g: {unit: set(nx.all_neighbors(g, unit)) for unit in g},
    "in_degree": lambda g: dict(g.in_degree()),
    "out_degree": lambda g: dict(g.out_degree()),
    "degree": lambda g: dict(g.degree()),
    "degrees of some": lambda g: [sorted(g.degree([last(g), first(g)])), g.in_degree(last(g))],
    "degrees of a view": lambda g: dict(g.reverse(copy=False).in_degree()),
    "degrees of a subgraph": lambda g: dict(g.subgraph(list(g)[::2]).degree()),
    "counted edges": lambda g: [len(g.edges), len(g.in_edges), len(g.out_edges)],
    "weights": lambda g: [g.size("weight"), dict(g.degree(weight="weight"))],
    "in-weights": lambda g: dict(g.in_degree(weight="weight")),
    "out-weights": lambda g: dict(g.out_degree(weight="weight")),
    "copy as a view": lambda g: edges(g.copy(as_view=True)),
    "json": lambda g: as_text(sorted(nx.node_link_data(g, edges="edges")["edges"], key=str)),
    "degree_histogram": nx.degree_histogram,
    "density": nx.density,
    "isolates": lambda g: set(nx.isolates(g)),
    "ancestors": lambda g: {unit: nx.ancestors(g, unit) for unit in g},
    "descendants": lambda g: {unit: nx.descendants(g, unit) for unit in g},
    "has_path": lambda g: [nx.has_path(g, first(g), b) for b in g],
    "shortest paths": lambda g: dict(nx.single_source_shortest_path_length(g, first(g))),
    "is_directed_acyclic_graph": nx.is_directed_acyclic_graph,
    "longest_path_length": dag.dag_longest_path_length,
    "topological_generations": lambda g: list(map(set, nx.topological_generations(g))),
    "lexicographical sort": lambda g: list(nx.lexicographical_topological_sort(g)),
    "is_bipartite": nx.is_bipartite,
    "weak components": lambda g: {frozenset(c) for c in nx.weakly_connected_components(g)},
    "strong components": nx.number_strongly_connected_components,
    "transitive_closure": lambda g: set(nx.transitive_closure(nx.DiGraph(g)).edges),
    "transitive_reduction": lambda g: set(nx.transitive_reduction(nx.DiGraph(g)).edges),
    "adjacency matrix": lambda g: nx.to_numpy_array(g, nodelist=sorted(g)).tolist(),
    "sparse matrix": lambda g: nx.to_scipy_sparse_array(g, nodelist=sorted(g)).toarray().tolist(),
    "dict of dicts": lambda g: as_text(nx.to_dict_of_dicts(nx.DiGraph(g))).keys(),
    "to_undirected": lambda g: edges(g.to_undirected()),
    "reverse": lambda g: edges(g.reverse()),
    "reverse view": lambda g: edges(g.reverse(copy=False)),
    "subgraph": lambda g: edges(g.subgraph(list(g)[::2])),
    "edge_subgraph": lambda g: edges(g.edge_subgraph(sorted(g.edges(keys=True))[::2])),
    "subgraph_view": lambda g: edges(nx.subgraph_view(g, filter_node=lambda n: n != first(g))),
    "line_graph": lambda g: nx.line_graph(nx.DiGraph(g)).number_of_edges(),
    "compose": lambda g: edges(nx.compose(g, nx.MultiDiGraph([("a", "b", {"parameter": 1})]))),
    "relabel": lambda g: edges(nx.relabel_nodes(g, {first(g): "renamed"})),
    "matching": lambda g: len(nx.max_weight_matching(nx.Graph(g), maxcardinality=True)),
    "cut": lambda g: nx.minimum_edge_cut(nx.DiGraph(g), first(g), last(g)) is not None,
    "self loops": nx.number_of_selfloops,
    "bfs": lambda g: {frozenset(layer) for layer in nx.bfs_layers(g, first(g))},
    "dominators": lambda g: nx.immediate_dominators(g, first(g)),
    "core number": lambda g: nx.core_number(nx.Graph(g)),
    "copy": lambda g: edges(g.copy()),
    "DiGraph": lambda g: sorted(nx.DiGraph(g).edges),
}


@pytest.fixture(scope="module", params=list(NETWORKS))
def graphs(request: pytest.FixtureRequest) -> tuple[nx.MultiDiGraph, nx.MultiDiGraph]:
    net = NETWORKS[request.param]
    return net.graph, oracle.plain_graph(net)


@pytest.mark.parametrize("call", CALLS)
def test_networkx_answers_as_on_a_plain_graph(
    graphs: tuple[nx.MultiDiGraph, nx.MultiDiGraph], call: str
) -> None:
    ours, plain = graphs
    assert CALLS[call](ours) == CALLS[call](plain)


@settings(max_examples=25)
@given(networks())
def test_the_graph_of_any_network_is_the_plain_one(net: cg.Network) -> None:
    plain = oracle.plain_graph(net)
    attributes = {unit: dict(data) for unit, data in net.graph.nodes(data=True)}
    assert as_text(attributes) == as_text(dict(plain.nodes(data=True)))
    for unit in plain:
        assert {a: len(keys) for a, keys in net.graph.pred[unit].items()} == {
            a: len(keys) for a, keys in plain.pred[unit].items()
        }
        assert {b: parameter(net.graph, unit, b) for b in net.graph.succ[unit]} == {
            b: parameter(plain, unit, b) for b in plain.succ[unit]
        }


# -- both directions, several edges, one dict a label ---------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_both_directions_give_an_edge_the_same_key_and_data(name: str) -> None:
    graph = NETWORKS[name].graph
    for a in graph:
        for b, keys in graph.succ[a].items():
            assert list(keys) == list(range(len(keys)))
            assert dict(keys) == dict(graph.pred[b][a])
            assert all(graph.edges[a, b, key] is keys[key] for key in keys)


def test_wrapping_twice_onto_a_unit_gives_two_edges() -> None:
    graph = NETWORKS["wrapped"].graph
    assert graph.number_of_edges("x2", "s1") == 2
    assert [data["parameter"].name for data in graph["x2"]["s1"].values()] == ["w_1", "w_4"]
    net = cg.Conv(3, padding="same", padding_mode="reflect").on(2)
    assert as_text(net.graph["x2"]["s1"]) == {0: {"parameter": "w_1"}, 1: {"parameter": "w_3"}}


def test_edges_of_one_parameter_share_one_dict() -> None:
    graph = NETWORKS["conv"].graph
    assert graph.edges["x1", "s1", 0] is graph.edges["x5", "s5", 0]
    assert graph.edges["x1", "s1", 0]["parameter"] == sp.Symbol("w_2")


# -- frozen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g.add_edge("x1", "s1"),
        lambda g: g.add_edges_from([("x1", "s1")]),
        lambda g: g.add_node("new"),
        lambda g: g.remove_node("x1"),
        lambda g: g.remove_edge("x1", "s1"),
        lambda g: g.clear(),
    ],
)
def test_the_graph_is_frozen(change: Callable[[nx.MultiDiGraph], Any]) -> None:
    graph = NETWORKS["conv"].graph
    assert nx.is_frozen(graph)
    with pytest.raises(nx.NetworkXError, match=r"(?i)frozen"):
        change(graph)


@pytest.mark.parametrize("name", ["conv", "wrapped"])
def test_attributes_are_read_only_rather_than_lost(name: str) -> None:
    graph = NETWORKS[name].graph
    before = edges(graph)
    with pytest.raises(TypeError, match="read-only"):
        graph.nodes["x1"]["colour"] = "grey"
    with pytest.raises(TypeError, match="read-only"):
        graph.edges["x1", "s1", 0]["parameter"] = 0
    with pytest.raises((AttributeError, TypeError)):
        nx.set_edge_attributes(graph, 1, "weight")
    assert edges(graph) == before


def test_a_copy_is_writable_and_leaves_the_graph_alone() -> None:
    graph = NETWORKS["deep"].graph
    before = edges(graph)
    for own in (graph.copy(), nx.MultiDiGraph(graph), copy.deepcopy(graph.copy())):
        assert not nx.is_frozen(own)
        own.add_edge("x1", "new", parameter=1)
        own.nodes["x1"]["colour"] = "grey"
        own.remove_node("x2")
        nx.set_edge_attributes(own, 1, "weight")
        assert "colour" not in graph.nodes["x1"]
    assert edges(graph) == before


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_and_pickles_hold_the_same_edges(
    name: str, through: Callable[[nx.MultiDiGraph], nx.MultiDiGraph]
) -> None:
    graph = NETWORKS[name].graph
    again = through(graph)
    assert edges(again) == edges(graph)
    assert list(again) == list(graph)
    assert nx.is_frozen(again)
    assert {a: as_text(again.nodes[a]) for a in again} == {
        a: as_text(graph.nodes[a]) for a in graph
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copied_network_gives_the_same_graph(name: str) -> None:
    net = NETWORKS[name]
    assert edges(copy.deepcopy(net).graph) == edges(net.graph)
    spec, x = net.layers[0].spec, net.inputs[0]
    again = pickle.loads(pickle.dumps(spec)).on(x.shape)
    assert edges(again.graph) == edges(spec.on(x.shape).graph)


def test_attributes_of_an_edge_behave_as_a_dict() -> None:
    data = NETWORKS["conv"].graph.edges["x1", "s1", 0]
    symbol = sp.Symbol("w_2")
    assert dict(data) == {**data} == data.copy() == data == {"parameter": symbol}
    assert list(data) == ["parameter"]
    assert "weight" not in data
    assert [data.get("weight", 7), data.get("parameter")] == [7, symbol]
    assert [repr(data), type(data.copy())] == ["{'parameter': w_2}", dict]
    with pytest.raises(KeyError):
        data["weight"]


def test_very_many_labels_are_those_made_one_by_one() -> None:
    x = cg.Input((2, 182))
    labels = cg.Network(x, cg.Add()(cg.AvgPool(2)(x), cg.Dense((2, 91))(x))).labels
    sizes = [range(1, n + 1) for n in (2, 91, 2, 182)]
    names = ["w_" + "_".join(map(str, index)) for index in itertools.product(*sizes)]
    assert list(map(str, labels[: len(names)])) == names
    assert labels.pick(range(len(labels) - 1, -1, -1)) == [*labels][::-1]
    assert labels[len(names) :] == [sp.Rational(1, 2), sp.S.One]


# -- algorithms on labels -------------------------------------------------------------------------


def test_the_graph_is_isomorphic_to_the_plain_one_label_by_label() -> None:
    net = NETWORKS["conv"]
    plain = oracle.plain_graph(net)
    for graph in (plain, nx.relabel_nodes(plain, {f"x{i}": f"y{i}" for i in range(1, 7)})):
        match = isomorphism.MultiDiGraphMatcher(
            net.graph,
            graph,
            edge_match=lambda a, b: (
                sorted(str(d["parameter"]) for d in a.values())
                == sorted(str(d["parameter"]) for d in b.values())
            ),
        )
        assert match.is_isomorphic()
    assert not nx.is_isomorphic(net.graph, oracle.plain_graph(cg.Conv(3, padding=2).on(4)))


def test_one_layer_is_bipartite_with_its_rows_as_sides() -> None:
    net = NETWORKS["channels"]
    sides = bipartite.sets(net.graph, top_nodes=net.inputs[0].units())
    assert sides == (set(net.inputs[0].units()), set(net.outputs[0].units()))


def test_node_attributes_tell_where_a_unit_is() -> None:
    net = NETWORKS["deep"]
    for row in net.rows:
        for unit in row.units():
            data = net.graph.nodes[unit]
            assert data["row"] == row.name
            assert row.unit(data["index"]) == unit
    assert NETWORKS["channels"].graph.nodes["s2,1,1"]["bias"] == sp.Symbol("b_2")
    assert "bias" not in NETWORKS["channels"].graph.nodes["x1,1,1"]
    with pytest.raises(KeyError):
        net.graph.nodes["nobody"]

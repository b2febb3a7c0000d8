"""Tyings from matrices and graphs, compared, and as constraints on a dense layer."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.errors import ConvgraphError
from tests.strategies import fitting

SPECS = [
    cg.Conv(2),
    cg.TiledConv(2, tiles=2),
    cg.TiledConv(2, tiles=3),
    cg.TiledConv(2, tiles=4),
    cg.LocallyConnected(2),
]


def classes(net: cg.Network) -> Any:
    """The sets of connections (source, target, number among those) that share a label."""
    found = {}
    for a, b, key, data in net.graph.edges(data=True, keys=True):
        found.setdefault(str(data["parameter"]), set()).add((a, b, key))
    return set(map(frozenset, found.values()))


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SPECS, SPECS)), ids=repr)
def test_comparisons_agree_with_sets_of_connections(a: Any, b: Any) -> None:
    one, other = a.on(9), b.on(9)
    finer = all(any(part <= whole for whole in classes(other)) for part in classes(one))
    assert bool(cg.same_wiring(one, other))
    assert bool(cg.refines(one, other)) == finer
    assert bool(cg.same_tying(one, other)) == (classes(one) == classes(other))


def test_figures_9_14_and_9_16() -> None:
    """Local, tiled and ordinary convolution: one wiring, each tying coarser than the one before."""
    local, tiled, conv = (
        spec.on(5) for spec in (cg.LocallyConnected(2), cg.TiledConv(2, tiles=2), cg.Conv(2))
    )
    chain = [local, tiled, conv]
    for fine, coarse in itertools.pairwise(chain):
        assert cg.refines(fine, coarse)
        assert not cg.refines(coarse, fine)
        assert not cg.same_tying(fine, coarse)
    full = cg.Dense(4).on(5)
    assert not cg.same_wiring(full, conv)
    assert cg.same_wiring(full, conv).reason == "s1 reads x3 in the first only"
    assert cg.same_wiring(conv, full).reason == "s1 reads x3 in the second only"


def test_biases_count_as_connections() -> None:
    with_bias, without = cg.Conv(2, bias=True).on(5), cg.Conv(2).on(5)
    assert cg.same_wiring(with_bias, without).reason == "s1 reads 1 in the first only"
    own = cg.equivariant_layer(cg.Group.trivial(4), bias=True)
    shared = cg.Conv(1, bias=True).on(4)
    mask = np.eye(4, dtype=bool)
    apart = cg.equivariant_layer(cg.Group.trivial(4), wiring=mask, bias=True)
    assert not cg.same_wiring(own, shared)
    assert cg.refines(apart, shared)
    assert not cg.refines(shared, apart)


def test_several_connections_of_one_pair() -> None:
    ring = cg.Conv(3, padding="same", padding_mode="circular").on(2)
    assert cg.same_wiring(ring, ring)
    other = cg.Conv(2, padding=((0, 1),), padding_mode="circular").on(2)
    assert cg.same_wiring(ring, other).reason == "s1 reads x2 in the first only"


def test_tyings_of_another_wiring_are_not_compared() -> None:
    with pytest.raises(ConvgraphError, match=r"tyings of one wiring .* s1 reads x3 in the second"):
        cg.refines(cg.Conv(2).on(5), cg.Dense(4).on(5))
    with pytest.raises(ConvgraphError, match="sizes"):
        cg.refines(cg.Conv(2).on(5), cg.Conv(2).on(6))
    assert "sizes [5, 4] and [6, 5]" in cg.same_tying(cg.Conv(2).on(5), cg.Conv(2).on(6)).reason


# -- matrices and graphs ---------------------------------------------------------------------


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
        lambda shape: st.lists(
            st.lists(st.sampled_from([0, 1, -2, 2.5]), min_size=shape[1], max_size=shape[1]),
            min_size=shape[0],
            max_size=shape[0],
        )
    )
)
@settings(max_examples=25, deadline=None)
def test_numbers_become_parameters_in_order_of_appearance(rows: tuple[Any, ...]) -> None:
    order = list(dict.fromkeys(v for row in rows for v in row if v))
    expected = sp.Matrix(
        [[sp.Symbol(f"w_{order.index(v) + 1}") if v else 0 for v in row] for row in rows]
    )
    for given_as in (rows, np.array(rows), sp.Matrix([[sp.nsimplify(v) for v in r] for r in rows])):
        assert cg.tied_from_matrix(given_as).matrix() == expected


def test_a_matrix_of_symbols_keeps_them() -> None:
    a, b = sp.symbols("a b")
    matrix = sp.Matrix([[a, b, 0], [2 * a, a + b, 3]])
    net = cg.tied_from_matrix(matrix)
    assert net.matrix() == matrix
    assert set(net.parameters) == {a, b}


@pytest.mark.parametrize("spec", SPECS)
def test_a_layer_comes_back_from_its_matrix(spec: Any) -> None:
    net = spec.on(7)
    assert cg.same_tying(cg.tied_from_matrix(net.matrix()), net)
    numbers = {p: i + 1 for i, p in enumerate(net.parameters)}
    assert cg.same_tying(cg.tied_from_matrix(net.matrix().subs(numbers)), net)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([1, 2], ["matrix of shape (2,)", "outputs x inputs"]),
        ([[[1]]], ["matrix of shape (1, 1, 1)"]),
        (np.zeros((0, 3)), ["matrix of shape (0, 3)"]),
        ([[1, 2], [3]], ["rows of equal length"]),
        ([["a", "b"]], ["matrix of type"]),
        ([[1, float("nan")]], ["matrix of type", "numbers"]),
        ([[1, object()]], ["numbers or sympy expressions"]),
    ],
)
def test_what_is_no_matrix_is_named(matrix: Any, words: list[str]) -> None:
    with pytest.raises(ConvgraphError) as raised:
        cg.tied_from_matrix(matrix)
    for word in words:
        assert word in str(raised.value)


def test_graphs_as_layers() -> None:
    graph = nx.Graph()
    graph.add_edge("a", "b", label="strong")
    graph.add_edge("b", "c", label="weak")
    graph.add_edge("a", "a", label="weak")
    net = cg.tied_from_networkx(graph)
    w1, w2 = sp.symbols("w_1 w_2")
    assert net.matrix() == sp.Matrix([[w1, w2, 0], [w2, 0, w1], [0, w1, 0]])
    assert net.rows[0].units() == ["x:a", "x:b", "x:c"]
    directed = nx.MultiDiGraph([(0, 1), (0, 1), (1, 2)])
    assert cg.tied_from_networkx(directed).matrix() == sp.Matrix(
        [[0, 0, 0], [2 * w1, 0, 0], [0, w1, 0]]
    )
    assert len(cg.tied_from_networkx(directed).edges) == 3


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (nx.Graph(), ["with edges"]),
        ({"a": "b"}, ["networkx graph"]),
        (nx.Graph([(1, "1")]), ["same name"]),
        (nx.Graph([(1, 2, {"label": []})]), ["hashable"]),
    ],
)
def test_what_is_no_graph_is_named(graph: Any, words: list[str]) -> None:
    with pytest.raises(ConvgraphError) as raised:
        cg.tied_from_networkx(graph)
    for word in words:
        assert word in str(raised.value)


# -- constrained dense layers ----------------------------------------------------------------


def degrees_of_freedom(net: cg.Network) -> Any:
    """The dimension of the space of dense layers that the layer can be, from its matrix."""
    entries = [*net.matrix(), *(net.bias_labels(net.rows[1].name) or [])]
    symbols = sorted({s for e in entries for s in e.free_symbols}, key=str)
    if not symbols:
        return 0
    return sp.Matrix([[sp.expand(e).coeff(s) for s in symbols] for e in entries]).rank()


@given(
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from(["zeros", "circular", "reflect", "replicate"]),
    st.integers(1, 2),
    st.booleans(),
    st.sampled_from([cg.Conv, cg.LocallyConnected]),
)
@settings(max_examples=20, deadline=None)
def test_constraints_add_up_and_leave_the_degrees_of_freedom(
    n: int, k: int, mode: str, stride: int, bias: bool, kind: Any
) -> None:
    net = fitting(
        lambda: kind(k, padding="same", padding_mode=mode, stride=stride, bias=bias).on(n)
    )
    prior = cg.constrained_dense(net)
    outputs = int(net.rows[1].size)
    assert prior.weights == n * outputs + (outputs if bias else 0)
    assert prior.free == degrees_of_freedom(net)
    assert prior.zeros == sum(e == 0 for e in net.matrix())
    assert prior.weights == (
        prior.zeros + prior.fixed + prior.equalities + prior.relations + prior.free
    )
    listed = [
        prior.zero_constraints(),
        prior.fixed_constraints(),
        prior.equality_constraints(),
        prior.relation_constraints(),
    ]
    counts = [prior.zeros, prior.fixed, prior.equalities, prior.relations]
    equations = [list(each) for each in listed]
    assert [len(each) for each in equations] == counts
    # the layer's own weights satisfy all of them
    dense = {f"w_{i + 1}_{j + 1}": net.matrix()[i, j] for i in range(outputs) for j in range(n)}
    dense |= {f"b_{i + 1}": b for i, b in enumerate(net.bias_labels("s") or [])}
    for equation in itertools.chain(*equations):
        held = equation.lhs - equation.rhs
        assert sp.expand(held.subs({sp.Symbol(name): e for name, e in dense.items()})) == 0


def test_the_book_s_convolution_as_a_dense_layer() -> None:
    prior = cg.constrained_dense(cg.Conv(3, padding="same").on(5))
    assert prior.to_dict() == {
        "weights": 25, "zeros": 12, "fixed": 0, "equalities": 10, "relations": 0, "free": 3
    }  # fmt: skip
    ring = cg.constrained_dense(cg.Conv(3, padding="same", padding_mode="circular").on(2))
    assert (ring.free, ring.equalities, ring.relations) == (2, 2, 0)
    pool = cg.constrained_dense(cg.AvgPool(2).on(4))
    assert repr(pool) == "ConstrainedDense(8 weights: 4 zero, 4 fixed, 0 equal to another, 0 free)"
    dense = cg.constrained_dense(cg.Dense(4, bias=True).on(3))
    assert (dense.weights, dense.free, dense.zeros) == (16, 16, 0)


def test_sums_of_parameters_leave_relations() -> None:
    a, b = sp.symbols("a b")
    prior = cg.constrained_dense(cg.tied_from_matrix(sp.Matrix([[a, b], [a + b, 0]])))
    assert (prior.free, prior.relations) == (2, 1)
    (relation,) = prior.relation_constraints()
    assert relation.free_symbols == set(sp.symbols("w_1_1 w_1_2 w_2_1"))


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (cg.MaxPool(2).on(4), ["MaxPool(2)", "'max' is not linear"]),
        ((cg.Conv(2) >> cg.Conv(2)).on(4), ["one layer"]),
        (cg.Conv(2).on(sp.Symbol("n", integer=True, positive=True)), ["needs numbers"]),
    ],
)
def test_what_is_no_linear_layer_is_named(net: cg.Network, words: list[str]) -> None:
    with pytest.raises(ConvgraphError) as raised:
        cg.constrained_dense(net)
    for word in words:
        assert word in str(raised.value)

"""Uses of parameters and tied weights against the labels of the graph."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

import convgraph as cg
from tests.oracle import plain_graph
from tests.strategies import CONVOLUTIONS, networks, single_layers
from tests.sums import in_numbers
from tests.test_levels import closed_forms

n, k, j = sp.symbols("n k j", integer=True, positive=True)


def labelled(plain: Any) -> Any:
    """The edges by label, and how many units have which bias."""
    edges = {}
    for source, target, label in plain.edges(data="parameter"):
        edges.setdefault(str(label), []).append((source, target))
    biases = Counter(bias for _, bias in plain.nodes(data="bias") if bias is not None)
    return edges, biases


@given(networks())
def test_uses_are_the_edges_with_that_label(net: cg.Network) -> None:
    edges, biases = labelled(plain_graph(net))
    for symbol in net.parameters[:40]:
        found = cg.uses(net, symbol.name)
        assert Counter(found.edges) == Counter(edges.get(symbol.name, []))
        assert found.count == len(edges.get(symbol.name, [])) + biases[symbol.name]
        assert found.parameter == symbol
        targets = {target for _, target in found.edges}
        if symbol.name not in biases:
            assert targets == {unit for units in found.units for unit in units}


@given(networks())
def test_tied_weights_count_all_labels(net: cg.Network) -> None:
    edges, biases = labelled(plain_graph(net))
    counts = [len(edges.get(s.name, [])) + biases[s.name] for s in net.parameters]
    found = cg.tied_weights(net)
    assert [u for array in found.arrays for u in array.uses.ravel().tolist()] == counts
    assert found.total == sum(counts)
    assert found.factor == (sp.Rational(sum(counts), len(counts)) if counts else 0)
    for array in found.arrays:
        for index in list(np.ndindex(array.uses.shape))[:30]:
            assert array.uses_of(*index) == array.uses[index]


@given(single_layers(["Conv"]))
def test_a_parameter_of_a_convolution_is_used_everywhere_but_where_it_is_missing(
    net: cg.Network,
) -> None:
    spec, target = net.layers[0].spec, net.outputs[0]
    for symbol in net.parameters[:10]:
        if symbol.name.startswith("b"):
            continue
        found = cg.uses(net, symbol)
        missing = {unit for each in found.missing for unit in each.units}
        using = {unit for _, unit in found.edges}
        assert not missing & using
        head = symbol.name.split("_")[1] if target.channels else None
        its_filter = {u for u in target.units() if head is None or u[1:].split(",")[0] == head}
        assert missing | using == its_filter
        if spec.padding_mode != "zeros":
            assert not missing


def assert_closed_form(net: cg.Network, form: Any, symbols: Any) -> None:
    for array, number in zip(
        cg.tied_weights(form).arrays, cg.tied_weights(net).arrays, strict=True
    ):
        assert in_numbers(array.total, symbols.values) == number.total
        assert in_numbers(array.factor, symbols.values) == number.factor
        for index in list(np.ndindex(number.uses.shape))[:6]:
            assert in_numbers(array.uses_of(*index), symbols.values) == number.uses[index]


@settings(max_examples=3)  # sympy takes its time over maxima of floors
@given(closed_forms())
def test_closed_forms_are_the_uses_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


@pytest.mark.exhaustive
@settings(max_examples=100)
@given(closed_forms())
def test_many_closed_forms_are_the_uses_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


def uses_of_taps(**arguments: Any) -> Any:
    array = cg.tied_weights(cg.Conv(**arguments).on(n))["w"]
    return [array.uses_of(0, 0, tap) for tap in range(array.shape[-1])]


def test_the_uses_of_each_element_depend_on_the_boundary() -> None:
    """Book 9.2: every position, "except perhaps some of the boundary pixels"."""
    assert uses_of_taps(kernel=5) == [n - 4] * 5
    assert uses_of_taps(kernel=5, padding="full") == [n] * 5
    assert uses_of_taps(kernel=5, padding="same", padding_mode="circular") == [n] * 5
    assert uses_of_taps(kernel=3, padding="same") == [n - 1, n, n - 1]
    at_seven = [in_numbers(u, {n: 7}) for u in uses_of_taps(kernel=5, padding="same")]
    assert at_seven == [5, 6, 7, 6, 5]
    valid = cg.tied_weights(cg.Conv(k).on(n))["w"]
    assert valid.uses_of(0, 0, j) == valid.factor == n - k + 1
    assert valid.total == sp.expand(k * (n - k + 1))


def test_the_central_element() -> None:
    """Figure 9.5: at all 5 positions in the convolution, once in the dense layer."""
    same, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)
    assert cg.uses(same, "w_2").edges == tuple((f"x{i}", f"s{i}") for i in range(1, 6))
    assert cg.uses(dense, "w_3_3").edges == (("x3", "s3"),)
    assert set(cg.tied_weights(dense)["w"].uses.ravel()) == {1}


def test_the_slides() -> None:
    """16 connections under four weights, each used four times; the dense counterpart has 36."""
    tied = cg.tied_weights(cg.Conv((2, 2)).on((3, 3)))
    assert (tied["w"].uses.ravel().tolist(), tied.factor, tied.total) == ([4] * 4, 4, 16)
    assert cg.tied_weights(cg.Dense((2, 2)).on((3, 3))).factor == 1


def test_why_a_parameter_is_not_used() -> None:
    (top, right) = cg.uses(cg.Conv((3, 3), padding="same").on((3, 4)), "w_1_3").missing
    assert (top.side, top.axis, top.units) == ("before", 0, {f"s1,{c}" for c in range(1, 5)})
    assert (right.side, right.axis, right.units) == ("behind", 1, {f"s{r},4" for r in (1, 2, 3)})
    (between,) = cg.uses(cg.ConvTranspose(3, stride=2, padding=1).on(4), "w_2").missing
    assert (between.side, between.units) == ("between", {"s2", "s4", "s6"})
    wide = cg.uses(cg.Conv(2, padding=3).on(2), "w_1")
    assert [(m.side, set(m.units)) for m in wide.missing] == [
        ("before", {"s1", "s2", "s3"}),
        ("behind", {"s6", "s7"}),
    ]
    losses = cg.tied_weights(cg.Conv(3, stride=2, padding=(2, 0), flip=True).on(7))["w"].losses
    assert [(loss.tap, loss.before, loss.behind) for loss in losses] == [(1, 1, 0), (2, 1, 0)]


def test_letters_tie_layers() -> None:
    same = {"padding": "same", "letter": "w"}
    net = (cg.Conv(3, **same) >> cg.ReLU() >> cg.Conv(3, **same)).on(5)
    found = cg.uses(net, "w_1")
    assert (found.count, [place.row for place in found.places]) == (8, ["h1", "s"])
    assert cg.tied_weights(net)["w"].uses.ravel().tolist() == [8, 10, 8]
    form = cg.tied_weights((cg.Conv(3, **same) >> cg.Conv(3, **same)).on(n))
    assert form["w"].uses_of(0, 0, 0) == 2 * n - 2


def test_biases_are_used_by_every_output_of_their_filter() -> None:
    net = cg.Conv((3, 3), 2, bias=True).on((4, 5))
    assert (cg.uses(net, "b_2").count, cg.uses(net, "b_2").edges) == (6, ())
    assert cg.uses(net, "b_2").units == ({f"s2,{r},{c}" for r in (1, 2) for c in (1, 2, 3)},)


def test_classes_of_tied_connections_divide_the_edges() -> None:
    net = cg.TiledConv(2, tiles=2).on(5)
    classes = list(cg.tied_weights(net)["w"].classes())
    assert [len(each.edges) for each in classes] == [2, 2, 2, 2]
    assert sorted(edge for each in classes for edge in each.edges) == sorted(net.graph.edges())


def test_labels_of_a_graph_that_a_user_brought() -> None:
    graph = nx.DiGraph()
    graph.add_edge("x", "y", parameter=sp.Symbol("a") * sp.Symbol("b"))
    graph.add_edge("x", "z", parameter="a")
    graph.add_node("z", bias="b")
    net = cg.from_networkx(graph)
    assert cg.uses(net, "a").edges == (("x", "y"), ("x", "z"))
    assert (cg.uses(net, "b").count, cg.uses(net, "b").edges) == (2, (("x", "y"),))
    traced = cg.trace(lambda x, w: np.correlate(x, w, "full"), x=4, w=2)
    assert cg.tied_weights(traced)["w"].uses.tolist() == [4, 4]


def test_three_hundred_million_parameters_cost_nothing() -> None:
    tied = cg.tied_weights(cg.Dense((1, 100, 100)).on((3, 100, 100)))
    assert (tied.total, tied.factor) == (300_000_000, 1)
    assert tied["w"].uses_of(0, 99, 99, 2, 99, 99) == 1


def test_plain_data_text_and_errors() -> None:
    net = cg.Conv(3, padding="same").on(5)
    data = json.loads(json.dumps(cg.uses(net, "w_1").to_dict()))
    assert data["edges"][0] == ["x1", "s2"]
    assert data["missing"] == [{"side": "before", "axis": 0, "count": 1}]
    tied = json.loads(json.dumps(cg.tied_weights(net).to_dict()))
    assert tied["factor"] == "13/3"
    assert tied["arrays"][0]["losses"][1]["behind"] == 1
    with pytest.raises(cg.ConvgraphError, match=r"parameter='w_4'.*did you mean w_3"):
        cg.uses(net, "w_4")
    with pytest.raises(cg.ConvgraphError, match=r"parameter='v_1'"):
        cg.uses(cg.Conv(3).on(n), "v_1")
    with pytest.raises(cg.ConvgraphError, match=r"letter='v': no parameter array"):
        cg.tied_weights(net)["v"]
    with pytest.raises(cg.ConvgraphError, match=r"index=\(0, 0, 3\)"):
        cg.tied_weights(net)["w"].uses_of(0, 0, 3)
    with pytest.raises(cg.ConvgraphError, match="needs numbers"):
        cg.tied_weights(cg.Conv(3).on(n))["w"].uses  # noqa: B018


@pytest.mark.exhaustive
@settings(max_examples=600)
@given(single_layers(CONVOLUTIONS))
def test_many_layers_count_all_labels(net: cg.Network) -> None:
    edges, biases = labelled(plain_graph(net))
    counts = [len(edges.get(s.name, [])) + biases[s.name] for s in net.parameters]
    found = cg.tied_weights(net)
    assert [u for array in found.arrays for u in array.uses.ravel().tolist()] == counts

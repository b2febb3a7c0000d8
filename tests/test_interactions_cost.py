"""Cost: operations counted one by one over the graph, closed forms, and the sources' numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import networkx as nx
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests.oracle import plain_graph
from tests.strategies import networks
from tests.sums import in_numbers
from tests.test_levels import closed_forms

m, n, k = sp.symbols("m n k", integer=True, positive=True)
COUNTS = ("multiplications", "additions", "comparisons", "evaluations", "activations")


def counted(net: cg.Network) -> Any:
    """What every unit does, one operation after the other."""
    plain, total = plain_graph(net), dict.fromkeys((*COUNTS, "multiply_adds"), 0)
    for unit, data in plain.nodes(data=True):
        if data["reduction"] == "input":
            continue
        total["activations"] += 1
        labels = [str(label) for _, _, label in plain.in_edges(unit, data="parameter")]
        reduction, has_bias = data["reduction"], "bias" in data
        if reduction == "mean":
            total["multiplications"] += bool(labels)
        else:
            weighted = sum(label != "1" for label in labels)
            total["multiply_adds"] += weighted
            total["multiplications"] += weighted
        joins = max(len(labels) - 1, 0)
        if reduction in ("sum", "mean"):
            total["additions"] += joins + (has_bias and bool(labels))
        elif reduction == "max":
            total["comparisons"] += joins
        elif reduction == "product":
            total["multiplications"] += joins
        else:
            total["evaluations"] += 1
    return total


@given(networks())
def test_operations_are_those_of_the_units(net: cg.Network) -> None:
    found, expected = cg.cost(net), counted(net)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.operations == expected["multiplications"] + expected["additions"]
    assert found.parameters == len(net.parameters)
    assert found.connections == len(net.edges)
    for name in (*COUNTS, "connections"):
        assert sum(getattr(layer, name) for layer in found.layers) == getattr(found, name)


@given(networks())
def test_the_dense_counterpart_is_a_network_of_dense_layers(net: cg.Network) -> None:
    for layer, own in zip(net.layers, cg.cost(net).layers, strict=True):
        if not layer.arrays:
            assert own.dense.to_dict() == {
                name: value
                for name, value in own.to_dict().items()
                if name not in ("row", "spec", "dense")
            }
            continue
        (joint,) = layer.joints
        twin = cg.Dense(int(layer.target.size), bias=layer.bias is not None)
        dense = cg.cost(twin.on(int(joint.source.size)))
        for name in (*COUNTS, "parameters", "connections", "multiply_adds"):
            assert getattr(own.dense, name) == getattr(dense, name)


@settings(max_examples=4)  # sympy takes its time over maxima of floors
@given(closed_forms())
def test_closed_forms_are_the_counts_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


@pytest.mark.exhaustive
@settings(max_examples=100)
@given(closed_forms())
def test_many_closed_forms_are_the_counts_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


def assert_closed_form(net: cg.Network, form: Any, symbols: Any) -> None:
    numbers = cg.cost(net)
    try:
        closed = cg.cost(form)
    except cg.ConvgraphError:  # holes of a size that is not known
        assert "dilation" in repr(form.layers[0].spec)
        return
    for name in (*COUNTS, "parameters", "connections", "multiply_adds"):
        assert in_numbers(getattr(closed, name), symbols.values) == getattr(numbers, name)
        assert in_numbers(getattr(closed.dense, name), symbols.values) == getattr(
            numbers.dense, name
        )


def test_a_dense_layer_has_m_n_parameters() -> None:
    """Book 9.2: m·n parameters and O(m·n) operations; with k connections each k·n."""
    dense = cg.cost(cg.Dense(n).on(m))
    assert (dense.parameters, dense.operations) == (m * n, 2 * m * n - n)
    local = cg.cost(cg.LocallyConnected(k).on(n + k - 1))
    assert (local.parameters, local.operations) == (k * n, 2 * k * n - n)
    shared = cg.cost(cg.Conv(k).on(n + k - 1))
    assert (shared.parameters, shared.operations) == (k, 2 * k * n - n)


def test_a_feature_map_of_a_colour_image() -> None:
    """Slides: 75 parameters, against 300,000,000."""
    found = cg.cost(cg.Conv((5, 5), padding="same").on((3, 100, 100)))
    assert (found.parameters, found.dense.parameters) == (75, 300_000_000)


def test_edge_detection() -> None:
    """Book, figure 9.6."""
    found = cg.cost(cg.Conv((1, 2)).on((280, 320)))
    assert found.operations == 319 * 280 * 3 == 267_960
    assert (found.multiplications, found.additions) == (2 * 319 * 280, 319 * 280)
    assert found.connections == 178_640
    assert found.dense.connections == 320 * 280 * 319 * 280
    assert found.dense.operations > 16 * 10**9
    assert round(Fraction(found.dense.operations, found.operations), -3) == 60_000
    assert Fraction(found.dense.parameters, found.parameters) > 4 * 10**9


def test_tied_layers_count_their_parameters_once() -> None:
    same = {"padding": "same", "letter": "w"}
    found = cg.cost((cg.Conv(3, **same) >> cg.ReLU() >> cg.Conv(3, **same)).on(8))
    assert (found.parameters, [layer.parameters for layer in found.layers]) == (3, [3, 0, 3])
    assert cg.cost((cg.Conv(3, **same) >> cg.Conv(3, **same)).on(n)).parameters == 3


def test_a_bias_alone_is_not_added_to_anything() -> None:
    # of 5 padded windows of one tap, two see no input
    padded = cg.cost(cg.Conv(1, padding=1, bias=True).on(3))
    assert (padded.multiplications, padded.additions) == (3, 3)
    graph = nx.DiGraph([("a", "c", {"parameter": "p"}), ("b", "c", {"parameter": 1})])
    graph.add_edge("a", "d", parameter="p")
    graph.nodes["c"]["bias"] = "q"
    found = cg.cost(cg.from_networkx(graph))
    assert (found.multiplications, found.additions, found.parameters) == (2, 2, 2)


def test_a_form_that_is_not_known_says_so() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"Conv\(k.*no closed form"):
        cg.cost(cg.Conv(k, dilation=2, padding=2).on(n))


def test_plain_data_and_text() -> None:
    found = cg.cost((cg.Conv(3, bias=True) >> cg.MaxPool(2)).on(8))
    data = json.loads(json.dumps(found.to_dict()))
    assert data["parameters"] == 4
    assert data["dense"]["parameters"] == 8 * 6 + 6
    assert data["layers"][1] == {
        **data["layers"][1],
        "row": "g",
        "spec": "MaxPool(2)",
        "comparisons": 3,
    }
    assert repr(found.layers[1]) == (
        "LayerCost(g: 0 parameters, 6 connections, 0 operations, 3 comparisons, 3 activations)"
    )


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_a_product_of_two_rows_is_counted_product_by_product(
    rows: int, inner: int, columns: int, batch: int
) -> None:
    """As in a loop over the entries of the result, and over what each sums."""
    onnx = pytest.importorskip("onnx")
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    shapes = {"a": (batch, rows, inner), "b": (batch, inner, columns), "y": (batch, rows, columns)}
    values = {name: helper.make_tensor_value_info(name, real, s) for name, s in shapes.items()}
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    graph = helper.make_graph([node], "g", [values["a"], values["b"]], [values["y"]])
    found = cg.cost(cg.from_onnx(helper.make_model(graph)))
    multiplications = additions = 0
    for _ in range(batch * rows * columns):
        multiplications += inner
        additions += inner - 1
    assert (found.multiplications, found.additions) == (multiplications, additions)
    assert found.macs == found.multiply_adds == multiplications
    assert found.evaluations == 0
    assert found.connections == 2 * multiplications

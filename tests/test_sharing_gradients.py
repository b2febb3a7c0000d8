"""Gradients against sympy's own derivatives, and against PyTorch where it is installed."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.network import Network
from tests.strategies import CONVOLUTIONS, LINEAR, chains, networks, single_layers

n = sp.Symbol("n", integer=True, positive=True)
SMALL = 100  # edges


def exact(expression: Any, point: Any) -> Any:
    """An expression at a point of rational numbers, where no two of them are alike."""
    value = sp.sympify(expression).xreplace(point)  # subs takes a hundred times as long
    assert value.is_Rational, value
    return value


def outputs_of(net: cg.Network) -> Any:
    return {u: e for row in net.outputs for u, e in net.expressions(row.name).items()}


def differentiated(net: cg.Network, point: Any) -> Any:
    """The derivatives of the sum of outputs times their gradients, by sympy, at a point."""
    total = sp.Add(*[point[sp.Symbol("d" + unit)] * e for unit, e in outputs_of(net).items()])
    inputs = [sp.Symbol(unit) for row in net.inputs for unit in row.units()]
    return {s: exact(sp.diff(total, s), point) for s in (*inputs, *net.parameters)}


def somewhere(net: cg.Network, seed: Any) -> Any:
    """Distinct rational numbers for all inputs, parameters and output gradients."""
    names = [unit for row in net.inputs for unit in row.units()]
    names += ["d" + unit for row in net.outputs for unit in row.units()]
    symbols = [*map(sp.Symbol, names), *net.parameters]
    numbers = np.random.default_rng(seed).permutation(20 * len(symbols)).tolist()
    return {
        s: sp.Rational(2 * i + 1 - 20 * len(symbols), 7)
        for s, i in zip(symbols, numbers[: len(symbols)], strict=True)
    }


@settings(max_examples=20)
@given(networks(), st.integers(0, 1000))
def test_gradients_are_the_derivatives(net: cg.Network, seed: int) -> None:
    assert_gradients_are_derivatives(net, seed)


@pytest.mark.exhaustive
@settings(max_examples=120)
@given(networks(), st.integers(0, 1000))
def test_many_gradients_are_the_derivatives(net: cg.Network, seed: int) -> None:
    assert_gradients_are_derivatives(net, seed)


def assert_gradients_are_derivatives(net: cg.Network, seed: Any) -> None:
    assume(len(net.edges) <= SMALL and len(net.layers) <= 6)
    assume(all("Activation" not in repr(layer.spec) for layer in net.layers))
    # sympy takes minutes to differentiate a maximum of many values
    many = [layer for layer in net.layers if layer.reduction.name == "max"]
    assume(all(layer.connections <= 9 * layer.target.size for layer in many))
    # the greatest of no values is -oo, and so is every sum with it
    assume(not any(sp.sympify(e).has(sp.oo, -sp.oo) for e in outputs_of(net).values()))
    point = somewhere(net, seed)
    found = cg.gradients(net)
    result = {sp.Symbol(u): e for u, e in found.input.items()} | found.parameters
    values = {symbol: exact(e, point) for symbol, e in result.items()}
    assert values == differentiated(net, point)


@given(single_layers([*CONVOLUTIONS, "Pad", "Upsample", "AvgPool", "Dense", "Flatten"]))
def test_the_reversed_graph_has_the_transposed_matrix(net: cg.Network) -> None:
    assert cg.gradients(net).reversed.matrix() == net.matrix().T


@settings(max_examples=25)
@given(chains(LINEAR, most=2))
def test_the_reversed_graph_of_a_stack_has_the_transposed_matrix(net: cg.Network) -> None:
    assume(len(net.edges) <= SMALL)
    back = cg.gradients(net).reversed
    assert back.matrix().applyfunc(sp.expand) == net.matrix().T.applyfunc(sp.expand)
    edges = sorted((str(p), a, b) for a, b, p in net.graph.edges(data="parameter"))
    assert edges == sorted((str(p), b[1:], a[1:]) for a, b, p in back.graph.edges(data="parameter"))


def test_the_gradient_by_the_input_is_the_transposed_convolution() -> None:
    """Book 9.5: the reversed graph, the transposed matrix."""
    back = cg.gradients(cg.Conv(3, stride=2, letter="w").on(7)).reversed
    transposed = cg.ConvTranspose(3, stride=2, letter="w").on(3)
    assert back.layers[0].joints[0].wiring == transposed.layers[0].joints[0].wiring
    assert back.matrix() == transposed.matrix()
    again = cg.gradients(back).reversed
    assert again.matrix() == cg.Conv(3, stride=2, letter="w").on(7).matrix()


def test_the_gradient_by_the_kernel_correlates_the_input_with_the_outputs_gradient() -> None:
    """Book 9.5: the sum over the tied edges."""
    net = cg.Conv(3).on(6)
    kernel = cg.Conv(4, letter="g").on(6)  # the gradient slides over the input
    rename = {sp.Symbol(f"g_{i}"): sp.Symbol(f"ds{i}") for i in range(1, 5)}
    expected = [e.xreplace(rename) for e in kernel.expressions().values()]
    assert list(cg.gradients(net).parameters.values()) == expected
    for symbol, gradient in cg.gradients(net).parameters.items():
        edges = cg.uses(net, symbol).edges
        assert gradient == sp.Add(*[sp.Symbol(a) * sp.Symbol("d" + b) for a, b in edges])


def test_biases_add_the_gradients_of_their_outputs() -> None:
    net = (cg.Conv(2, bias=True) >> cg.Conv(2, bias=True)).on(4)
    found = cg.gradients(net)
    assert found["c"] == sum(sp.symbols("dg1 dg2"))
    v1, v2, g1, g2 = sp.symbols("v_1 v_2 dg1 dg2")
    assert sp.expand(found["b"] - (v1 + v2) * (g1 + g2)) == 0


def test_the_edges_of_a_nonlinearity_carry_its_derivative() -> None:
    found = cg.gradients((cg.Conv(2) >> cg.ReLU() >> cg.MaxPool(2)).on(3))
    labels = {(a, b): p for a, b, p in found.reversed.graph.edges(data="parameter")}
    assert labels["dh2:1", "dh1:1"] == sp.Heaviside(sp.Symbol("h1:1"))
    assert labels["ds1", "dh2:1"] == sp.Heaviside(sp.Symbol("h2:1") - sp.Symbol("h2:2"), 1)
    assert labels["ds1", "dh2:2"] == sp.Heaviside(sp.Symbol("h2:2") - sp.Symbol("h2:1"), 0)
    relu = cg.gradients(cg.ReLU().on(2))
    assert relu.input["x1"] == sp.Heaviside(sp.Symbol("x1")) * sp.Symbol("ds1")


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_the_maximum_of_copies_of_a_unit_has_the_gradient_of_one(copies: int) -> None:
    """They tie everywhere, and the function is the identity."""
    net = (cg.Upsample(copies) >> cg.GlobalMaxPool()).on(1)
    assert list(net.expressions().values()) == [sp.Symbol("x1")]
    assert cg.gradients(net).input == {"x1": sp.Symbol("dg1")}


def test_at_ties_the_first_of_the_greatest_values_has_the_gradient() -> None:
    found = cg.gradients(cg.MaxPool(3).on(3)).input
    tied = {sp.Symbol(f"x{i}"): v for i, v in enumerate([1, 5, 5], 1)}
    assert [e.xreplace(tied) for e in found.values()] == [0, sp.Symbol("ds1"), 0]


def test_functions_that_are_not_known_keep_their_derivative() -> None:
    net = (cg.Conv(2) >> cg.Activation("phi")).on(3)
    gradient = cg.gradients(net).input["x1"]
    total = sp.Add(*[sp.Symbol("d" + u) * e for u, e in net.expressions().items()])
    tanh = gradient.replace(sp.Function("phi"), sp.tanh).doit()
    assert sp.simplify(tanh - sp.diff(total.replace(sp.Function("phi"), sp.tanh), "x1")) == 0


def test_symbolic_sizes_have_a_reversed_network() -> None:
    net = (cg.Conv(3, stride=2) >> cg.Conv(3, padding="same") >> cg.AvgPool(2)).on(n)
    back = cg.gradients(net).reversed
    assert back.outputs[0].shape == (n,)
    connections = sum(layer.connections for layer in net.layers)
    assert sp.expand(connections - sum(layer.connections for layer in back.layers)) == 0


def test_large_layers_are_reversed_without_edges() -> None:
    back = cg.gradients(cg.Conv((3, 3), 64, padding="same").on((3, 224, 224))).reversed
    assert sum(layer.connections for layer in back.layers) == 64 * 3 * (3 * 224 - 2) ** 2
    assert "edges" not in vars(back)


def test_an_output_that_is_read_again_has_two_gradients() -> None:
    x = cg.Input(4)
    h = cg.Conv(2)(x)
    found = cg.gradients(cg.Network(x, [h, cg.Conv(2)(h)]))
    assert [row.name for row in found.reversed.rows] == ["dg", "dh", "dh'", "dx"]
    dh1, dg1, v1, w1 = sp.symbols("dh1 dg1 v_1 w_1")
    assert sp.expand(found.input["x1"] - w1 * (dh1 + v1 * dg1)) == 0


def test_inputs_that_reach_nothing() -> None:
    found = cg.gradients(cg.Conv((1, 2), stride=2).on((2, 4)))
    assert [found.input[f"x2,{i}"] for i in range(1, 5)] == [0] * 4
    net = cg.from_networkx(nx.DiGraph([("a", "b", {"parameter": "p"})]))
    apart = cg.gradients(Network.of(net.rows, [], net.inputs, net.outputs))
    with pytest.raises(cg.ConvgraphError, match="no input reaches an output"):
        apart.reversed  # noqa: B018


def test_plain_data_text_and_errors() -> None:
    found = cg.gradients(cg.Conv(2).on(3))
    assert json.loads(json.dumps(found.to_dict()))["parameters"]["w_1"] == "ds1*x1 + ds2*x2"
    assert repr(found) == "Gradients(by x, w, given ds)"
    with pytest.raises(cg.ConvgraphError, match="parameter='w_3'"):
        found["w_3"]


def test_gradients_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    layers = torch.nn.Sequential(
        torch.nn.Conv1d(2, 3, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool1d(2, stride=1),
        torch.nn.ConvTranspose1d(3, 2, 2, stride=2),
    ).double()
    first = cg.Conv(3, 3, stride=2, padding=1, bias=True)
    last = cg.ConvTranspose(2, 2, stride=2, bias=True)
    net = (first >> cg.ReLU() >> cg.MaxPool(2, stride=1) >> last).on((2, 7))
    generator = np.random.default_rng(5)
    x = torch.from_numpy(generator.integers(-9, 10, (1, 2, 7))).double().requires_grad_()
    values, arrays = {}, {array.letter: array for array in net.labels.arrays}
    for letter, parameter in zip("wbvc", layers.parameters(), strict=True):
        numbers = generator.integers(-99, 100, tuple(parameter.shape))
        parameter.data = torch.from_numpy(numbers).double()
        entries = enumerate(numbers.ravel().tolist())
        values |= {arrays[letter].symbol(i): sp.Integer(v) for i, v in entries}
    out = layers(x)
    gradient = generator.integers(-9, 10, tuple(out.shape))
    out.backward(torch.from_numpy(gradient).double())
    units = [*net.inputs[0].units(), *("d" + unit for unit in net.outputs[0].units())]
    numbers = [*x.detach().ravel().tolist(), *gradient.ravel().tolist()]
    values |= {sp.Symbol(u): sp.Integer(v) for u, v in zip(units, numbers, strict=True)}
    found = cg.gradients(net)
    assert [int(exact(e, values)) for e in found.input.values()] == x.grad.ravel().tolist()
    for letter, parameter in zip("wbvc", layers.parameters(), strict=True):
        symbols = [arrays[letter].symbol(i) for i in range(len(arrays[letter]))]
        mine = [int(exact(found.parameters[symbol], values)) for symbol in symbols]
        assert mine == parameter.grad.ravel().tolist()

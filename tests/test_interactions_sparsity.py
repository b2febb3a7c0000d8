"""Sparsity: connections, fan-in and fan-out against the graph and against closed forms."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import networkx as nx
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests.oracle import plain_graph
from tests.strategies import networks, paddings, single_layers
from tests.sums import in_numbers
from tests.test_levels import closed_forms

n, k = sp.symbols("n k", integer=True, positive=True)


@given(networks())
def test_fan_in_and_fan_out_are_those_of_the_graph(net: cg.Network) -> None:
    plain, found = plain_graph(net), cg.sparsity(net)
    read = {joint.source.name for layer in net.layers for joint in layer.joints}
    computed = {layer.target.name for layer in net.layers}
    rows = nx.get_node_attributes(plain, "row")
    assert found.fan_in == Counter(d for u, d in plain.in_degree if rows[u] in computed)
    assert found.fan_out == Counter(d for u, d in plain.out_degree if rows[u] in read)
    assert found.connections == plain.number_of_edges()
    for layer, own in zip(net.layers, found.layers, strict=True):
        sources = {joint.source.name for joint in layer.joints}
        assert own.fan_in == Counter(plain.in_degree(u) for u in layer.target.units())
        into = Counter(a for a, b, _ in plain.edges if rows[b] == own.row)
        assert own.fan_out == Counter(into[u] for u in plain if rows[u] in sources)
        units = sum(rows[u] in sources for u in plain)
        assert own.dense == units * sum(rows[u] == own.row for u in plain)


@given(single_layers(["Conv", "LocallyConnected", "TiledConv"]))
def test_missing_connections_are_those_that_wrapping_around_brings_back(net: cg.Network) -> None:
    spec = net.layers[0].spec
    zeros = cg.sparsity(net)
    try:
        wrapped = replace(spec, padding_mode="circular").on(net.inputs[0].shape)
    except cg.ConvgraphError:  # a circular padding is at most the axis
        return
    assert cg.sparsity(wrapped).missing == 0
    if spec.padding_mode == "zeros":
        assert zeros.missing == wrapped.layers[0].connections - zeros.connections


@given(st.data(), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
def test_missing_connections_of_a_transposed_convolution(
    data: st.DataObject, taps: int, stride: int, dilation: int
) -> None:
    padding = data.draw(paddings(1, ["valid", "same"], 1))
    try:
        net = cg.ConvTranspose(taps, stride=stride, dilation=dilation, padding=padding).on(5)
    except cg.ConvgraphError:
        return
    assert cg.sparsity(net).missing == 5 * taps - plain_graph(net).number_of_edges()


def test_a_concatenation_misses_nothing() -> None:
    net = cg.Parallel(cg.Conv(3), cg.Conv(3)).on((2, 5))
    assert cg.sparsity(net).missing == 0
    assert cg.sparsity(net).layers[-1].fan_in == {1: 6}


def assert_closed_form(net: cg.Network, form: Any, symbols: Any) -> None:
    numbers, closed = cg.sparsity(net), cg.sparsity(form)
    for name in ("connections", "dense", "missing"):
        assert in_numbers(getattr(closed, name), symbols.values) == getattr(numbers, name)
    assert in_numbers(closed.density, symbols.values) == numbers.density
    for name in ("fan_in", "fan_out"):
        distribution = getattr(closed, name)
        if distribution is None or not all(
            in_numbers(condition, symbols.values) is sp.true
            for condition in distribution.conditions
        ):
            continue
        counts = Counter()
        for degree, count in distribution.items():
            counts[in_numbers(degree, symbols.values)] += in_numbers(count, symbols.values)
        assert +counts == getattr(numbers, name)


@settings(max_examples=4)  # sympy takes its time over maxima of floors
@given(closed_forms())
def test_closed_forms_are_the_counts_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


@pytest.mark.exhaustive
@settings(max_examples=120)
@given(closed_forms())
def test_many_closed_forms_are_the_counts_for_all_sizes(drawn: Any) -> None:
    assert_closed_form(*drawn)


@settings(max_examples=12)
@given(
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 14),
)
def test_fan_in_and_fan_out_of_a_window_in_closed_form(
    taps: int, stride: int, dilation: int, p: int, q: int, size: int
) -> None:
    spec = cg.Conv(taps, stride=stride, dilation=dilation, padding=(p, q))
    try:
        net = spec.on(size)
    except cg.ConvgraphError:
        return
    form, numbers = cg.sparsity(spec.on(n)), cg.sparsity(net)
    for closed, known in ((form.fan_in, numbers.fan_in), (form.fan_out, numbers.fan_out)):
        assert closed is not None
        if all(condition.subs(n, size) is sp.true for condition in closed.conditions):
            counts = {degree: sp.sympify(c).subs(n, size) for degree, c in closed.items()}
            assert {degree: c for degree, c in counts.items() if c != 0} == known
    # long enough an input fulfils every condition
    long = size + 2 * (taps * dilation + p + q)
    given = (*form.fan_in.conditions, *form.fan_out.conditions)
    assert all(condition.subs(n, long) is sp.true for condition in given)


def test_closed_forms_read_as_in_a_textbook() -> None:
    same = cg.sparsity(cg.Conv(3, padding="same").on(n))
    assert (same.connections, same.missing, same.density) == (3 * n - 2, 2, (3 * n - 2) / n**2)
    assert same.fan_in == same.fan_out == {3: n - 2, 2: 2}
    dense = cg.sparsity(cg.Dense(k).on(n))
    assert (dense.density, dense.fan_in, dense.fan_out) == (1, {n: k}, {k: n})
    residual = cg.sparsity(cg.Residual(cg.Conv(3, padding="same")).on(n))
    assert residual.fan_out == {4: n - 2, 3: 2, 1: n}


def test_a_graph_that_a_user_brought() -> None:
    graph = nx.gnp_random_graph(12, 0.4, seed=4, directed=True)
    acyclic = nx.DiGraph((a, b, {"parameter": f"p{a}"}) for a, b in graph.edges if a < b)
    found = cg.sparsity(cg.from_networkx(acyclic))
    inner = [node for node in acyclic if acyclic.in_degree(node)]
    assert found.connections == acyclic.number_of_edges()
    assert found.fan_in == Counter(acyclic.in_degree(node) for node in inner)


def test_the_first_figures_of_the_book() -> None:
    sparse, dense = cg.sparsity(cg.Conv(3, padding="same").on(5)), cg.sparsity(cg.Dense(5).on(5))
    assert (sparse.connections, dense.connections, sparse.density) == (13, 25, Fraction(13, 25))
    slides = cg.sparsity(cg.Conv((2, 2)).on((3, 3)))
    assert (slides.connections, slides.dense, slides.fan_in) == (16, 36, {4: 4})


def test_three_hundred_million_connections_cost_nothing() -> None:
    image = cg.sparsity(cg.Conv((5, 5), padding="same").on((3, 100, 100)))
    assert (image.connections, image.dense) == (732_108, 300_000_000)
    assert image.missing == 3 * (500 * 500 - 494 * 494)
    assert cg.sparsity(cg.Dense((1, 100, 100)).on((3, 100, 100))).fan_in == {30_000: 10_000}


def test_plain_data_and_text() -> None:
    found = cg.sparsity((cg.Conv(3, padding="same") >> cg.ReLU()).on(5))
    data = json.loads(json.dumps(found.to_dict()))
    assert data["density"] == "9/25"
    assert data["fan_in"] == {"3": 3, "2": 2, "1": 5}
    assert [layer["row"] for layer in data["layers"]] == ["h", "g"]
    assert repr(found.layers[1]) == (
        "LayerSparsity(g: 5 of 25 connections, fan-in {1: 5}, fan-out {1: 5})"
    )
    assert "if n >= 2" in repr(cg.sparsity(cg.Conv(3, padding="same").on(n)))


def test_connections_of_a_long_chain_of_pools_are_counted_in_symbols() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    found = cg.sparsity((cg.MaxPool((2, 2)) ** 64).on((n, n)))
    for size in (2**64, 2**65 - 1, 3 * 2**64):
        expected = sum(4 * (size >> pools) ** 2 for pools in range(1, 65))
        assert found.connections.subs(n, size) == expected

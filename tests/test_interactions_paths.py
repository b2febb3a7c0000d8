"""Path counts against a plain count over the graph."""

from __future__ import annotations

import json
from math import comb
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions import count_arrays
from tests.oracle import plain_graph
from tests.strategies import networks, units


def counted(plain: Any, start: Any, row: Any) -> Any:
    """The paths from each unit of a row to a unit, over the units in order of computation."""
    paths = dict.fromkeys(plain, 0)
    paths[start] = 1
    for unit in reversed(list(nx.topological_sort(plain))):
        if plain.nodes[unit]["row"] != row or unit == start:
            for source, _ in plain.in_edges(unit):  # several edges are several paths
                paths[source] += paths[unit]
    return {unit: number for unit, number in paths.items() if plain.nodes[unit]["row"] == row}


@st.composite
def questions(draw: st.DrawFn) -> Any:
    net = draw(networks())
    end, start = draw(st.sampled_from(net.rows)), draw(st.sampled_from(net.rows))
    return net, draw(units(end)), start.name


@settings(max_examples=66)
@given(questions())
def test_paths_are_those_of_the_graph(question: Any) -> None:
    net, unit, row = question
    found, expected = cg.path_counts(net, unit, row), counted(plain_graph(net), unit, row)
    assert found == expected
    assert found.total == sum(expected.values())
    assert found.array.ravel().tolist() == list(expected.values())
    assert all(type(number) is int for number in found.array.ravel())
    for axis, marginal in enumerate(found.marginals):
        others = tuple(a for a in range(found.array.ndim) if a != axis)
        assert marginal.tolist() == found.array.sum(axis=others).tolist()


@settings(max_examples=25)
@given(questions())
def test_an_array_over_all_units_counts_the_same(question: Any) -> None:
    net, unit, row = question
    found = cg.path_counts(net, unit, row)
    most = count_arrays.MOST_TERMS
    count_arrays.MOST_TERMS = 0
    try:
        whole = cg.path_counts(net, unit, row)
    finally:
        count_arrays.MOST_TERMS = most
    assert whole.array.tolist() == found.array.tolist()
    assert whole.total == found.total
    assert [m.tolist() for m in whole.marginals] == [m.tolist() for m in found.marginals]


def test_paths_through_two_taps_are_binomial_coefficients() -> None:
    net = cg.Conv(2)
    for _ in range(99):
        net = net >> cg.Conv(2)
    found = cg.path_counts(net.on(101), "s1")
    assert found.array.tolist() == [comb(100, i) for i in range(101)]
    assert found.total == 2**100


def test_images_cost_their_height_and_width() -> None:
    net = cg.Conv((3, 3), 8, padding="same")
    for _ in range(29):
        net = net >> cg.Conv((3, 3), 8, padding="same")
    found = cg.path_counts(net.on((3, 1000, 1000)), "s1,500,500")
    channels, rows, columns = found.factors
    assert found.total == 3 * 8**29 * 9**30
    assert (len(channels), len(rows), len(columns)) == (3, 1000, 1000)
    assert found["x1,500,500"] == channels[0] * rows[499] * columns[499]
    assert np.array_equal(rows, columns)


def test_residual_branches_that_are_alike_are_counted_together() -> None:
    net = cg.Residual(cg.Conv((3, 3), padding="same"))
    for _ in range(19):
        net = net >> cg.Residual(cg.Conv((3, 3), padding="same"))
    found = cg.path_counts(net.on((60, 60)), "s30,30")
    assert found.total == 10**20
    assert len(found.counts.terms) == 21
    assert found.factors is None


def test_two_edges_between_two_units_are_two_paths() -> None:
    wrapped = cg.Conv(3, padding="same", padding_mode="circular").on(2)
    assert cg.path_counts(wrapped, "s1") == {"x1": 1, "x2": 2}


def test_a_graph_that_a_user_brought() -> None:
    graph = nx.DiGraph([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")])
    nx.set_edge_attributes(graph, "p", "parameter")
    net = cg.from_networkx(graph)
    assert cg.path_counts(net, "d") == {"a": 3}
    assert cg.path_counts(net, "d", "h") == {"b": 1, "c": 1}


def test_rows_that_the_unit_does_not_see() -> None:
    net = (cg.Conv(3) >> cg.Conv(3)).on(7)
    assert cg.path_counts(net, "h3", "g").total == 0
    assert cg.path_counts(net, "h3", "h") == {f"h{i}": int(i == 3) for i in range(1, 6)}


def test_plain_data_text_and_errors() -> None:
    found = cg.path_counts((cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5), "g3")
    data = json.loads(json.dumps(found.to_dict()))
    assert (data["total"], data["array"]) == (9, [1, 2, 3, 2, 1])
    assert repr(cg.path_counts(cg.Conv((3, 3)).on((9, 9)), "s1,1")) == (
        "PathCounts(x -> s1,1: 9 paths from 81 units)"
    )
    with pytest.raises(KeyError):
        found["x9"]
    with pytest.raises(cg.ConvgraphError, match="unit='y1'"):
        cg.path_counts(cg.Conv(3).on(5), "y1")
    with pytest.raises(cg.ConvgraphError, match="row='y'"):
        cg.path_counts(cg.Conv(3).on(5), "s1", "y")

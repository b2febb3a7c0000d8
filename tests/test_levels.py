"""The three levels against each other: closed forms, axes, and edges that nested loops list."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.sizes import is_symbolic
from convgraph.core.tying import Learned
from convgraph.core.window import Window
from tests import oracle
from tests.strategies import CONVOLUTIONS, networks, single_layers, units
from tests.sums import in_numbers

WINDOWS = (*CONVOLUTIONS, "MaxPool", "AvgPool", "Pad", "Crop", "Upsample")


def labelled(graph: nx.MultiDiGraph) -> Counter[tuple[str, str, str]]:
    """The edges with their labels as text, whichever key they have."""
    return Counter((a, b, str(label)) for a, b, label in graph.edges(data="parameter"))


# -- edges ---------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(networks())
def test_edges_are_those_of_the_definition(net: cg.Network) -> None:
    plain = oracle.plain_graph(net)
    table, names = net.edges, [unit for row in net.rows for unit in row.units()]
    listed = Counter(
        (names[a], names[b], str(table.labels[c]))
        for a, b, c in zip(table.source, table.target, table.label, strict=True)
    )
    assert names == list(plain)
    assert listed == labelled(plain)
    assert labelled(net.graph) == labelled(plain)


@pytest.mark.exhaustive
@settings(max_examples=4_000)
@given(networks())
def test_edges_of_many_networks_are_those_of_the_definition(net: cg.Network) -> None:
    assert labelled(net.graph) == labelled(oracle.plain_graph(net))


@given(networks())
def test_parameters_are_the_labels_that_are_not_numbers(net: cg.Network) -> None:
    plain = oracle.plain_graph(net)
    written = {label for _, _, label in plain.edges(data="parameter") if "_" in label}
    written |= {bias for _, bias in plain.nodes(data="bias") if bias is not None}
    parameters = [symbol.name for symbol in net.parameters]
    assert len(parameters) == len(set(parameters)) == len(net.labels) - len(net.labels.numbers)
    assert written <= set(parameters)
    learned = [layer for layer in net.layers if layer.arrays]
    used = [tying for layer in learned for tying in layer.arrays]
    assert len(parameters) == sum(int(tying.size) for tying in used)


# -- axes ----------------------------------------------------------------------------------------


@settings(max_examples=66)
@given(networks())
def test_axes_count_the_edges(net: cg.Network) -> None:
    plain = oracle.plain_graph(net)
    for layer in net.layers:
        targets = layer.target.units()
        assert layer.connections == sum(plain.in_degree(unit) for unit in targets)
        if len(layer.joints) > 1:
            continue
        (joint,) = layer.joints
        fan_in, fan_out = np.ones((), int), np.ones((), int)
        for axis in joint.wiring.axes:
            table = axis.table()
            assert table.shape == (axis.outputs, axis.taps)
            assert axis.tap_uses().tolist() == [axis.uses_of(t) for t in range(axis.taps)]
            assert axis.tap_uses().tolist() == (table >= 0).sum(axis=0).tolist()
            assert axis.connections == (table >= 0).sum()
            fan_in = np.multiply.outer(fan_in, axis.fan_in())
            fan_out = np.multiply.outer(fan_out, axis.fan_out())
        own = plain.subgraph([*joint.source.units(), *targets])
        assert fan_in.ravel().tolist() == [own.in_degree(unit) for unit in targets]
        assert fan_out.ravel().tolist() == [own.out_degree(u) for u in joint.source.units()]


@given(single_layers(WINDOWS))
def test_uses_of_a_parameter_are_a_product_over_the_axes(net: cg.Network) -> None:
    joint = net.layers[0].joints[0]
    if not isinstance(joint.tying, Learned) or any(
        digit.kind != "tap" and digit.axis > 0 for digit in joint.tying.digits
    ):
        return
    uses = Counter(label for *_, label in oracle.plain_graph(net).edges(data="parameter"))
    for flat in range(len(joint.tying.array)):
        product = 1
        index = np.unravel_index(flat, joint.tying.array.shape)
        for digit, i in zip(joint.tying.digits, index, strict=True):
            if digit.kind == "tap" and digit.axis > 0:
                axis = joint.wiring.axes[digit.axis]
                product *= axis.uses_of(axis.taps - 1 - int(i) if digit.flipped else int(i))
        assert uses[str(joint.tying.array.symbol(flat))] == product


# -- closed forms --------------------------------------------------------------------------------


class Symbols:
    """Numbers that become symbols, some of them, and what each symbol stands for."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.values = draw, {}

    def of(self, letter: str, value: Any, least: int = 1) -> Any:
        if isinstance(value, tuple):
            return tuple(self.of(letter, v, least) for v in value)
        if not isinstance(value, int) or not self.draw(st.booleans()):
            return value
        name = f"{letter}{len(self.values)}"
        symbol = sp.Symbol(name, integer=True, **{"positive" if least else "nonnegative": True})
        self.values[symbol] = value
        return symbol

    def number(self, size: Any) -> int:
        """A closed form with the numbers put in."""
        result = in_numbers(size, self.values)
        assert result.is_Integer, size
        return int(result)


@st.composite
def closed_forms(draw: st.DrawFn) -> tuple[cg.Network, cg.Network, Symbols]:
    """A layer bound to numbers, and the same layer with symbols for some of them."""
    net = draw(single_layers(WINDOWS))
    spec, shape, symbols = net.layers[0].spec, net.inputs[0].shape, Symbols(draw)
    changed = {}
    for name, least in (("kernel", 1), ("stride", 1), ("dilation", 1), ("padding", 0)):
        if name in {f.name for f in fields(spec)} and draw(st.booleans()):
            changed[name] = symbols.of(name[0], getattr(spec, name), least)
    if "factor" in {f.name for f in fields(spec)}:
        changed["factor"] = symbols.of("f", spec.factor)
    head = len(shape) - (spec.rank or len(shape) - net.inputs[0].channels)
    space = tuple(symbols.of("n", n) for n in shape[head:])
    x = cg.Input((*shape[:head], *space), len(space))
    return net, cg.Network(x, replace(spec, **changed)(x)), symbols


def assert_closed_forms(net: cg.Network, form: cg.Network, symbols: Symbols) -> None:
    assert tuple(map(symbols.number, form.outputs[0].shape)) == net.outputs[0].shape
    assert symbols.number(form.layers[0].connections) == net.layers[0].connections
    numbers = sum(int(tying.size) for tying in net.layers[0].arrays)
    assert sum(symbols.number(tying.size) for tying in form.layers[0].arrays) == numbers
    tap = sp.Symbol("t", integer=True, nonnegative=True)
    axes = zip(
        net.layers[0].joints[0].wiring.axes, form.layers[0].joints[0].wiring.axes, strict=True
    )
    for axis, closed in axes:
        uses = axis.tap_uses().tolist()
        assert [symbols.number(closed.uses_of(t)) for t in range(axis.taps)] == uses
        ours, theirs = getattr(axis, "window", axis), getattr(closed, "window", closed)
        if isinstance(ours, Window):
            assert symbols.number(theirs.padding) == ours.padding
            assert (ours.after is None) == (theirs.after is None)
            assert ours.after is None or symbols.number(theirs.after) == ours.after
        if closed.symbolic:
            general = sp.sympify(closed.uses_of(tap))
            assert [symbols.number(general.subs(tap, t)) for t in range(axis.taps)] == uses


@settings(max_examples=5)  # sympy takes its time over maxima of floors
@given(closed_forms())
def test_closed_forms_are_the_axes_for_all_sizes(
    drawn: tuple[cg.Network, cg.Network, Symbols],
) -> None:
    assert_closed_forms(*drawn)


@pytest.mark.exhaustive
@settings(max_examples=100)
@given(closed_forms())
def test_many_closed_forms_are_the_axes_for_all_sizes(
    drawn: tuple[cg.Network, cg.Network, Symbols],
) -> None:
    assert_closed_forms(*drawn)


def test_symbols_that_cancel_leave_numbers() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    net = (cg.Conv(3) >> cg.ConvTranspose(3)).on(n)
    assert net.outputs[0].shape == (n,)
    assert cg.Conv(5, padding="same").on(n).outputs[0].shape == (n,)
    assert not is_symbolic(cg.GlobalAvgPool().on((4, n, n)).outputs[0].shape)


# -- fields --------------------------------------------------------------------------------------


def reached(plain: nx.MultiDiGraph, start: str) -> set[str]:
    """All units before one, by boolean products of the whole adjacency matrix."""
    names = list(plain)
    adjacency = nx.to_numpy_array(plain, dtype=bool)
    seen = np.array([name == start for name in names])
    while True:
        more = seen | adjacency @ seen
        if (more == seen).all():
            return {name for name, there in zip(names, seen, strict=True) if there}
        seen = more


@given(networks(), st.data())
def test_fields_are_what_the_graph_reaches(net: cg.Network, data: st.DataObject) -> None:
    plain = oracle.plain_graph(net)
    unit = data.draw(units(data.draw(st.sampled_from(net.rows))))
    before, behind = nx.ancestors(plain, unit) | {unit}, nx.descendants(plain, unit) | {unit}
    assert reached(plain, unit) == before
    assert nx.ancestors(net.graph, unit) | {unit} == before
    assert nx.descendants(net.graph, unit) | {unit} == behind
    for row in net.rows:
        members = set(row.units())
        assert cg.receptive_field(net, unit, row.name) == before & members
        assert cg.projective_field(net, unit, row.name) == behind & members


@given(networks(), st.data())
def test_fields_of_all_units_are_those_of_each(net: cg.Network, data: st.DataObject) -> None:
    plain = oracle.plain_graph(net)
    of, back = data.draw(st.sampled_from(net.rows)), data.draw(st.sampled_from(net.rows))
    if net.rows.index(back) > net.rows.index(of):
        return
    found = cg.receptive_fields(net, of.name, back.name)
    members = set(back.units())
    sizes = found.sizes()
    assert list(found) == of.units()
    for unit, size in zip(of.units(), sizes.ravel(), strict=True):
        expected = (nx.ancestors(plain, unit) | {unit}) & members
        assert found[unit] == expected
        assert size == len(expected)


@given(networks(), st.data())
def test_a_field_of_several_units_is_the_union(net: cg.Network, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(net.outputs))
    several = data.draw(st.lists(units(row), min_size=1, max_size=4))
    source = net.inputs[0].name
    each = [set(cg.receptive_field(net, unit, source)) for unit in several]
    joined = cg.receptive_field(net, several, source)
    assert joined == set().union(*each)
    assert len(joined) == len(set(joined))
    # a set of units is itself a starting point
    middle = cg.receptive_field(net, several, row.name)
    assert cg.receptive_field(net, middle, source) == joined


@given(networks(), st.data())
def test_a_set_of_units_tells_the_same_in_all_its_forms(
    net: cg.Network, data: st.DataObject
) -> None:
    unit = data.draw(units(net.outputs[0]))
    source = net.inputs[0]
    field = cg.receptive_field(net, unit, source.name)
    names, mask = set(field), field.mask()
    assert len(field) == len(names) == mask.sum() == len(field.indices)
    assert [source.unit(index) for index in field.indices] == list(field)
    assert all((name in field) == (name in names) for name in source.units())
    assert field == names
    assert field | {"other"} == names | {"other"}
    assert field <= set(source.units())
    if names:
        low, high = field.indices.min(axis=0), field.indices.max(axis=0)
        assert field.bounds == tuple(zip(low.tolist(), high.tolist(), strict=True))
        assert field.extent == tuple((high - low + 1).tolist())
    if field.axes is not None:
        assert np.prod([len(axis) for axis in field.axes]) == len(names)
    assert hash(field) == hash(frozenset(names))

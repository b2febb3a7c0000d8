"""What axes say of themselves, against their tables and against the arithmetic in loops."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.pieces import columns, total
from convgraph.core.repeat import Repeat
from convgraph.core.reversed_window import Reversed
from convgraph.core.window import Window
from convgraph.importers.operator_axes import Neighbours, OwnFirst, Prefix, Shares


@st.composite
def windows(draw: Any) -> Window:
    inputs, taps = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    outputs = max((inputs + padding + after - dilation * (taps - 1) - 1) // stride + 1, 1)
    boundary = draw(st.sampled_from(["zeros", "circular", "reflect", "replicate"]))
    return Window(inputs, outputs, taps, stride, dilation, padding, boundary)


@st.composite
def axes(draw: Any) -> Axis:
    size, other = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    groups = draw(st.integers(1, 3))
    window = draw(windows())
    table = Table(size, np.array([[draw(st.integers(-1, size - 1))] for _ in range(other)]))
    kinds = [
        window,
        Full(size, other),
        Blocks(size * groups, other * groups, groups),
        Repeat(size, other),
        table,
        Sieved(Full(size, other), np.arange(size * other).reshape(other, size) % 3 > 0),
        OwnFirst(size, size),
        Neighbours(size, 1, 1),
        Prefix(size, exclusive=draw(st.booleans())),
        Shares(size, other),
    ]
    if window.boundary == "zeros":
        kinds.append(Reversed(window))
    return draw(st.sampled_from(kinds))


def _connections(axis: Axis) -> list[tuple[int, int]]:
    table = axis.table()
    return sorted((o, int(i)) for o, row in enumerate(table) for i in row if i >= 0)


def _read(window: Window, output: int, backwards: bool, far: int = 60) -> list[int]:
    """What an output reads on an axis without end, by the arithmetic of windows."""
    s, d, p, k = window.stride, window.dilation, window.padding, window.taps
    if not backwards:
        return [s * output + d * j - p for j in range(k)]
    return sorted({i for i in range(-far, far) for j in range(k) if s * i + d * j - p == output})


@given(axes())
def test_copies_groups_and_whole_rows_are_those_of_the_table(axis: Axis) -> None:
    table, found = axis.table(), set(_connections(axis))
    plain = axis.inputs == axis.outputs and len(_connections(axis)) == axis.inputs
    if axis.copies:
        assert plain
        assert all(o == i for o, i in found)
    if axis.full:
        assert all(sorted(row) == list(range(axis.inputs)) for row in table.tolist())
    if axis.complete:
        assert (table >= 0).all()
    for o, i in found:
        assert o * axis.groups // axis.outputs == i * axis.groups // axis.inputs


@given(axes())
def test_the_opposite_has_the_same_connections_turned(axis: Axis) -> None:
    back = axis.opposite()
    if back is not None:
        assert (back.inputs, back.outputs) == (axis.outputs, axis.inputs)
        assert _connections(back) == sorted((i, o) for o, i in _connections(axis))


@given(windows(), st.booleans(), st.integers(1, 3))
def test_spans_patterns_and_steps_are_those_of_the_arithmetic(
    window: Window, backwards: bool, period: int
) -> None:
    axis: Axis = Reversed(window) if backwards else window
    found = axis.pattern(period)
    assert found is not None
    assert axis.step is not None
    reads, moved = found
    assert moved == axis.step * len(reads)
    assert moved % period == 0
    for output in range(8):
        turn, phase = divmod(output, len(reads))
        expected = _read(window, output, backwards)
        assert sorted({q + turn * moved for q in reads[phase]}) == sorted(set(expected))
        low, high = axis.span(output)
        assert all(low <= position <= high for position in expected)
        if not backwards:
            assert (low, high) == (expected[0], expected[-1])
    first = axis.span(0)
    if window.stride == 1 and axis.middle is not None:
        assert 2 * axis.middle == first[0] + first[1]
    if window.boundary != "circular":
        ends = [_read(window, o, backwards) for o in range(axis.outputs)]
        expected = [any(not 0 <= i < axis.inputs for i in end) for end in ends]
        assert axis.beyond().tolist() == expected


@given(windows(), st.integers(1, 3), st.integers(0, 5))
def test_a_longer_axis_is_the_same_relation(window: Window, factor: int, more: int) -> None:
    for axis in (Reversed(window), Repeat(window.inputs, factor)):
        if window.boundary != "zeros":
            continue
        longer = axis.longer(int(axis.inputs) + more)
        assert longer.inputs >= axis.inputs + more
        rows = int(axis.outputs)
        read = np.where(longer.table()[:rows] < axis.inputs, longer.table()[:rows], -1)
        assert read.tolist() == axis.table().tolist()


OUTPUT, TAP, READ = sp.symbols("i j a", integer=True)


def _holds(parts: Any, at: dict[sp.Symbol, int]) -> bool:
    zeros, least = ([sp.sympify(e).xreplace(at) for e in each] for each in parts)
    return all(z == 0 for z in zeros) and all(e >= 0 for e in least)


@given(axes())
def test_what_an_axis_links_is_what_its_table_lists(axis: Axis) -> None:
    """Within the border a tap reads an input exactly where the formulas say so."""
    if axis.pace is None and not axis.uniform:
        return
    window = axis.window
    if window is not None:  # what lies beyond is not their concern
        axis = replace(window, boundary="zeros") if window is axis else axis
    link, table = axis.link(OUTPUT, TAP, READ), axis.table()
    for (i, j), read in np.ndenumerate(table):
        found = [a for a in range(int(axis.inputs)) if _holds(link, {OUTPUT: i, TAP: j, READ: a})]
        assert found == ([int(read)] if read >= 0 else [])
        if read >= 0:
            assert axis.place(i, j) == read
            at = {OUTPUT: sp.Integer(i), TAP: sp.Integer(j)}
            assert sp.sympify(axis.place(OUTPUT, TAP)).xreplace(at) == read
    if axis.pace is not None:
        out, by = axis.pace
        for a in range(-2, 3):
            at = {OUTPUT: 1, TAP: 0, READ: a}
            assert _holds(link, at) == _holds(link, {OUTPUT: 1 + 2 * out, TAP: 0, READ: a + 2 * by})


@given(axes(), st.integers(0, 3))
def test_a_resized_axis_reads_the_same_as_far_as_both_go(axis: Axis, more: int) -> None:
    if axis.pace is None or axis.boundary != "zeros":
        return
    other = axis.resized(int(axis.inputs) + more)
    assert other.inputs == axis.inputs + more
    rows = min(int(axis.outputs), int(other.outputs))
    assert rows == axis.outputs
    inside = np.where(other.table()[:rows] < axis.inputs, other.table()[:rows], -1)
    assert np.array_equal(inside, axis.table()[:rows])


@given(windows() | axes())
def test_pieces_spell_what_leaves_and_enters_each_position(axis: Axis) -> None:
    table = axis.table()
    for pieces, known in (
        (axis.fan_in_pieces(), (table >= 0).sum(axis=1)),
        (axis.fan_out_pieces(), np.bincount(table[table >= 0], minlength=int(axis.inputs))),
    ):
        spelled = [number for length, own in pieces for number in np.resize(own, length)]
        assert spelled == known.tolist()
        assert total(pieces) == known.sum()
    assert axis.connections == (table >= 0).sum()


@given(st.lists(st.lists(st.integers(0, 2), min_size=12, max_size=12), min_size=1, max_size=3))
def test_columns_come_as_often_as_in_the_rows_spelled_out(rows: list[list[int]]) -> None:
    cut = {0: ((12, 12),), 1: ((5, 2), (7, 3)), 2: ((8, 3), (4, 1))}
    given_rows = []
    for number, row in enumerate(rows):
        own = np.array(row)
        starts = np.cumsum([0, *(length for length, _ in cut[number])])
        given_rows.append(
            tuple((n, own[a : a + p]) for a, (n, p) in zip(starts, cut[number], strict=False))
        )
    spelled = [[x for n, own in row for x in np.resize(own, n)] for row in given_rows]
    found, counts = columns(given_rows)
    together: Counter[Any] = Counter()
    for column, count in zip(found.T.tolist(), counts.tolist(), strict=True):
        together[tuple(column)] += count
    assert together == Counter(zip(*spelled, strict=True))

"""Products of axes, boxes of units: each against arrays over all units."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import convgraph as cg
from convgraph.core import boxes as all_boxes
from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.boxes import complement, count, decompose, dense, merge, regroup
from convgraph.core.edges import FEW
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.repeat import Repeat
from convgraph.core.reversed_window import Reversed
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Digit, Learned
from convgraph.core.window import Window
from convgraph.core.wiring import Product

SIZES = st.integers(1, 4)


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    """Any relation between a few positions."""
    n, outputs, taps = draw(SIZES), draw(SIZES), draw(SIZES)
    kind = draw(st.sampled_from(["table", "full", "blocks", "repeat", "window", "reversed"]))
    if kind == "full":
        return Full(n, outputs)
    if kind == "blocks":
        groups = draw(st.integers(1, 3))
        return Blocks(n * groups, outputs * groups, groups)
    if kind == "repeat":
        return Repeat(n, draw(SIZES))
    if kind == "table":
        read = st.lists(st.integers(-1, n - 1), min_size=taps, max_size=taps)
        return Table(n, np.array(draw(st.lists(read, min_size=outputs, max_size=outputs))))
    window = Window(n, outputs, taps, draw(SIZES), draw(SIZES), draw(st.integers(-3, 3)))
    return window if kind == "window" else Reversed(window)


@st.composite
def wired(draw: st.DrawFn) -> tuple[cg.Network, Product]:
    """One layer of any product, under a tying of any digits."""
    relations = tuple(draw(st.lists(axes(), min_size=1, max_size=3)))
    wiring = Product(relations, tuple(draw(st.permutations(range(len(relations))))))
    digits = []
    for a, axis in enumerate(relations):
        if draw(st.booleans()):
            digits.append(Digit("tap", a, axis.taps, flipped=draw(st.booleans())))
        if draw(st.booleans()):
            digits.append(Digit("output", a, draw(st.integers(1, int(axis.outputs)))))
    digits = draw(st.permutations(digits))
    x = Tensor((int(np.prod(wiring.in_view)),), False)
    bound = Bound((int(np.prod(wiring.out_view)),), ((wiring, Learned(tuple(digits))),), SUM)
    return cg.Network(x, Tensor(bound.shape, False, None, "wired", bound, (x,))), wiring


def connections(wiring: Product, tying: Learned) -> list[tuple[int, int, str]]:
    """(source, target, label), one by one."""
    found = []
    for o in product(*(range(int(axis.outputs)) for axis in wiring.axes)):
        for t in product(*(range(int(axis.taps)) for axis in wiring.axes)):
            read = [int(axis.table()[i, j]) for axis, i, j in zip(wiring.axes, o, t, strict=True)]
            if -1 in read:
                continue
            place = [0] * len(read)
            for a, position in enumerate(wiring.order):
                place[position] = read[a]
            index = []
            for digit in tying.digits:
                tap = t[digit.axis]
                tap = digit.size - 1 - tap if digit.flipped else tap
                index.append(tap if digit.kind == "tap" else o[digit.axis] % digit.size)
            source = np.ravel_multi_index(place, wiring.in_view)
            target = np.ravel_multi_index(o, wiring.out_view)
            found.append((int(source), int(target), "_".join(["w", *(str(i + 1) for i in index)])))
    return found


# few edges are laid out at once, many along the first axis
BOTH_WAYS = pytest.mark.parametrize("few", [0, FEW])


@pytest.mark.parametrize(("few", "at_once"), [(0, 2**20), (0, 3), (FEW, 2**20)])
@settings(max_examples=50)
@given(wired())
def test_edges_of_a_product_are_those_of_its_axes(
    few: int, at_once: int, drawn: tuple[cg.Network, Product]
) -> None:
    net, wiring = drawn
    joint = net.layers[0].joints[0]
    assert isinstance(joint.tying, Learned)
    plain = connections(wiring, joint.tying)
    with mock.patch.multiple("convgraph.core.edges", FEW=few, AT_ONCE=at_once):
        table, first = net.edges, len(net.inputs[0].units())
    listed = [
        (int(a), int(b) - first, str(table.labels[int(c)]))
        for a, b, c in zip(table.source, table.target, table.label, strict=True)
    ]
    assert Counter(listed) == Counter(plain)
    assert wiring.connections == len(plain)


@given(wired(), st.data())
def test_a_product_leads_from_sets_to_sets(
    drawn: tuple[cg.Network, Product], data: st.DataObject
) -> None:
    net, wiring = drawn
    joint = net.layers[0].joints[0]
    assert isinstance(joint.tying, Learned)
    plain = connections(wiring, joint.tying)
    (inputs,), (outputs,) = net.inputs[0].numbers(), net.outputs[0].numbers()
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=outputs, max_size=outputs)))
    seen = {a for a, b, _ in plain if chosen[b]}
    boxes = [back for box in decompose(chosen) for back in wiring.back(box, (outputs,), (inputs,))]
    assert set(np.flatnonzero(any_of(boxes, (inputs,)))) == seen
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=inputs, max_size=inputs)))
    affected = {b for a, b, _ in plain if chosen[a]}
    boxes = [on for box in decompose(chosen) for on in wiring.forward(box, (inputs,), (outputs,))]
    assert set(np.flatnonzero(any_of(boxes, (outputs,)))) == affected


def any_of(boxes: list[tuple[NDArray[np.bool_], ...]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    union = np.zeros(shape, bool)
    for box in boxes:
        union |= dense(box)
    return union


# -- boxes ---------------------------------------------------------------------------------------


@st.composite
def sets(draw: st.DrawFn, shape: tuple[int, ...] | None = None) -> NDArray[np.bool_]:
    shape = shape or tuple(draw(st.lists(SIZES, min_size=1, max_size=3)))
    size = int(np.prod(shape))
    return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))).reshape(shape)


@given(sets())
def test_boxes_of_a_set_are_disjoint_and_make_it_up(units: NDArray[np.bool_]) -> None:
    boxes = decompose(units)
    assert (
        sum((dense(box).astype(int) for box in boxes), np.zeros(units.shape, int)) == units
    ).all()


@st.composite
def boxes_of_one_shape(draw: st.DrawFn) -> list[tuple[NDArray[np.bool_], ...]]:
    shape = draw(st.lists(SIZES, min_size=1, max_size=3))
    masks = [st.lists(st.booleans(), min_size=n, max_size=n).map(np.array) for n in shape]
    return draw(st.lists(st.tuples(*masks), min_size=1, max_size=5))


@given(boxes_of_one_shape(), st.sampled_from([0, all_boxes.FEW]))
def test_merged_boxes_hold_the_same_units(
    given_boxes: list[tuple[NDArray[np.bool_], ...]], few: int
) -> None:
    shape = tuple(len(mask) for mask in given_boxes[0])
    wanted = any_of(given_boxes, shape)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(all_boxes, "FEW", few)
        kept, rest = merge(given_boxes), complement(given_boxes, shape)
    assert len(kept) <= len(given_boxes)
    assert (any_of(kept, shape) == wanted).all()
    assert (any_of(rest, shape) == ~wanted).all()
    assert sum(dense(box).sum() for box in rest) == (~wanted).sum()  # they are disjoint
    assert count(given_boxes) == count(kept) == wanted.sum()
    for a, b in combinations(kept, 2):
        assert sum((x != y).any() for x, y in zip(a, b, strict=True)) != 1
        one, other = dense(a), dense(b)
        if one.any() and other.any():
            assert (one & ~other).any()
            assert (other & ~one).any()


@given(st.lists(SIZES, min_size=1, max_size=4), st.data())
def test_regrouped_axes_hold_the_same_units(sizes: list[int], data: st.DataObject) -> None:
    old, new = (
        tuple(
            int(np.prod(part))
            for part in np.split(sizes, sorted(data.draw(st.sets(st.integers(0, len(sizes))))))
            if len(part) or data.draw(st.booleans())  # axes of size 1 come and go
        )
        for _ in range(2)
    )
    box = tuple(data.draw(sets((n,))) for n in old)
    found = regroup(box, old, new)
    assert all(tuple(map(len, part)) == new for part in found)
    assert (any_of(found, new) == dense(box).reshape(new)).all()


def test_a_table_refuses_positions_outside_of_the_input() -> None:
    with pytest.raises(cg.ConvgraphError, match="positions of shape"):
        Table(3, np.array([[0, 3]]))
    with pytest.raises(cg.ConvgraphError, match="positions of shape"):
        Table(3, np.array([0, 1]))


@BOTH_WAYS
def test_labels_that_count_down_along_the_first_axis(few: int) -> None:
    # found by the test above: a label may be smaller than that of the position before
    table = Table(1, np.array([[0, 0, 0], [-1, 0, 0], [-1, 0, 0]]))
    wiring, digits = Product((table,)), (Digit("output", 0, 2),)
    x = Tensor((1,), False)
    bound = Bound((3,), ((wiring, Learned(digits)),), SUM)
    net = cg.Network(x, Tensor((3,), False, None, "wired", bound, (x,)))
    with mock.patch("convgraph.core.edges.FEW", few):
        assert net.edges.label.tolist() == [0, 0, 0, 1, 1, 0, 0]


@given(
    *(st.integers(1, n) for n in (9, 9, 6, 4, 4)),
    st.integers(-5, 9),
    st.sampled_from(["zeros", "circular", "replicate", "reflect"]),
)
def test_counts_of_windows_are_those_of_their_tables(
    inputs: int, outputs: int, taps: int, stride: int, dilation: int, padding: int, boundary: Any
) -> None:
    window = Window(inputs, outputs, taps, stride, dilation, padding, boundary)
    table = window.table()
    there = table >= 0
    assert window.fan_in().tolist() == there.sum(axis=1).tolist()
    assert window.tap_uses().tolist() == there.sum(axis=0).tolist()
    assert window.fan_out().tolist() == np.bincount(table[there], minlength=inputs).tolist()
    assert window.connections == there.sum()

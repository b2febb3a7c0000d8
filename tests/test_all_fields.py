"""Fields of all units, as bits and as intervals, against one set per unit and against edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.axis import Blocks, Full
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.interactions.affine import Interval, affine_fields
from convgraph.interactions.bit_tables import exact_fields

KINDS = [
    "conv",
    "conv",
    "depthwise",
    "groups",
    "pool",
    "up",
    "transpose",
    "residual",
    "parallel",
    "shuffle",
    "split",
    "space",
    "depth",
    "gate",
    "turn",
    "flip",
    "still",
]


def wired(
    tensor: Tensor, axes: Sequence, shape: Sequence[int], order: Sequence[int] = ()
) -> Tensor:
    """A row of any shape, wired by any product of axes."""
    joint = Product(tuple(axes), tuple(order)), Constant()
    return Tensor(tuple(shape), None, None, "wired", Bound(tuple(shape), (joint,), SUM), (tensor,))


def transposed(
    tensor: Tensor, view: Sequence[int], order: Sequence[int], shape: Sequence[int]
) -> Any:
    axes = [identity(view[p]) for p in order]
    return wired(tensor, axes, shape, order)


@st.composite
def layers(draw: st.DrawFn, tensor: Tensor, most: int) -> Tensor:
    """Some layers on a tensor of channels, rows and columns."""
    for _ in range(draw(st.integers(1, most))):
        channels, rows, columns = tensor.shape
        kind = draw(st.sampled_from(KINDS))
        k = draw(st.sampled_from([(1, 1), (3, 3), (2, 2), (1, 3), (3, 1)]))
        s = draw(st.sampled_from([1, 1, 2]))
        if kind == "conv":
            d = draw(st.sampled_from([1, 1, 2]))
            p = draw(st.sampled_from([0, 1, "same"]))
            if min(rows, columns) < 5:
                p = "same"
            tensor = cg.Conv(k, draw(st.integers(1, 3)), stride=s, dilation=d, padding=p)(tensor)
        elif kind == "depthwise":
            tensor = cg.Conv(k, channels, padding="same", groups=channels)(tensor)
        elif kind == "groups" and channels % 2 == 0:
            tensor = cg.Conv(k, 4, padding="same", groups=2)(tensor)
        elif kind == "pool" and min(rows, columns) > 2:
            tensor = cg.MaxPool((2, 2), ceil_mode=draw(st.booleans()))(tensor)
        elif kind == "up" and max(rows, columns) < 8:
            tensor = cg.Upsample((2, 2))(tensor)
        elif kind == "transpose" and max(rows, columns) < 8:
            tensor = cg.ConvTranspose((3, 2), 2, stride=2, padding=((1, 1), (0, 0)))(tensor)
        elif kind == "residual":
            tensor = cg.Residual(cg.Conv(k, channels, padding="same"))(tensor)
        elif kind == "parallel":
            tensor = cg.Parallel(
                cg.Conv((1, 3), 2, padding="same"), cg.Conv((3, 1), 1, padding="same")
            )(tensor)
        elif kind == "shuffle" and channels % 2 == 0:
            view = (2, channels // 2, rows, columns)
            tensor = transposed(tensor, view, (1, 0, 2, 3), tensor.shape)
        elif kind == "split" and channels > 1:
            half = channels // 2
            kept = (Window(channels, half, 1, padding=-draw(st.integers(0, channels - half))),)
            kept += tuple(map(identity, (rows, columns)))
            first = wired(tensor, kept, (half, rows, columns))
            tensor = cg.Concat()(cg.Conv((3, 3), padding="same")(first), tensor)
        elif kind == "space" and rows % 2 == 0 and columns % 2 == 0:
            view = (channels, rows // 2, 2, columns // 2, 2)
            tensor = transposed(
                tensor, view, (2, 4, 0, 1, 3), (4 * channels, rows // 2, columns // 2)
            )
        elif kind == "depth" and channels % 4 == 0 and max(rows, columns) < 8:
            view = (2, 2, channels // 4, rows, columns)
            tensor = transposed(
                tensor, view, (2, 3, 0, 4, 1), (channels // 4, 2 * rows, 2 * columns)
            )
        elif kind == "gate":
            means = wired(
                tensor, (identity(channels), Full(rows, 1), Full(columns, 1)), (channels, 1, 1)
            )
            spread = (identity(channels), Full(1, rows), Full(1, columns))
            tensor = cg.Multiply()(tensor, wired(means, spread, tensor.shape))
        elif kind == "turn":
            tensor = transposed(tensor, tensor.shape, (0, 2, 1), (channels, columns, rows))
        elif kind == "flip":
            back = Table(columns, np.arange(columns)[::-1, None])
            tensor = wired(tensor, (identity(channels), identity(rows), back), tensor.shape)
        elif kind == "still" and rows * columns * channels <= 64:
            size = rows * columns * channels
            one = wired(tensor, (Window(size, size, 3, padding=1),), (size,))
            tensor = wired(one, (identity(size),), tensor.shape)
    return tensor


@st.composite
def networks(draw: st.DrawFn, most: int = 4) -> cg.Network:
    x = cg.Input(draw(st.sampled_from([(2, 6, 7), (1, 8, 8), (4, 5, 5)])), rank=2)
    y = draw(layers(x, most))
    if y is x:
        y = cg.ReLU()(x)
    if draw(st.integers(0, 3)) == 0:
        y = cg.Dense(2)(cg.Flatten()(y))
    return cg.Network(x, y)


@settings(max_examples=25)
@given(networks())
def test_fields_of_all_units_are_the_fields_of_each(net: cg.Network) -> None:
    fields = cg.receptive_fields(net)
    sizes = fields.sizes()
    assert fields.state is not None or "wired" in repr(net.layers)
    for place, unit in enumerate(fields):
        assert fields[unit] == cg.receptive_field(net, unit)
        assert sizes.ravel()[place] == len(fields[unit])


@given(networks(3))
def test_a_field_is_the_ancestors_in_the_graph(net: cg.Network) -> None:
    fields = cg.receptive_fields(net)
    inputs = set(net.inputs[0].units())
    for unit in list(fields)[:: max(1, len(fields) // 12)]:
        assert fields[unit] == nx.ancestors(net.graph, unit) & inputs


def interval(field: Interval, position: int, size: int) -> range:
    seen = field.at(position)
    return range(0) if seen is None else range(max(seen[0], 0), min(seen[1] + 1, size))


@settings(max_examples=10)
@given(networks())
def test_intervals_hold_the_fields_and_are_tight_away_from_the_border(net: cg.Network) -> None:
    source = net.inputs[0]
    for name, state in affine_fields(net, source.name).states.items():
        if state is None:
            continue
        row = net.row(name)
        fields = cg.receptive_fields(net, name)
        view = tuple(int(n) for n in state.view)
        classes = np.broadcast_to(state.classes, view).ravel()
        for flat, unit in enumerate(row.units()):
            place = np.unravel_index(flat, view)
            along = [0 if m is None else int(place[m]) for m in state.moves]
            seen, payload = fields[unit], state.payloads[classes[flat]]
            if payload is None:
                assert not seen
                continue
            if not seen:
                continue
            whole = True
            for b, (field, i) in enumerate(zip(payload, along, strict=True)):
                bounds, size = seen.bounds[b + 1], source.shape[b + 1]
                if not field.everywhere:
                    held = interval(field, i, size)
                    assert held.start <= bounds[0] <= bounds[1] < held.stop
                first, last = field.at(i) or (0, 0)
                whole &= field.step is not None and -1 < first <= last < size
            if whole and not any(f.everywhere for f in payload) and _plain(net):
                for field, i, bounds in zip(payload, along, seen.bounds[1:], strict=True):
                    assert field.at(i) == bounds


def _plain(net: cg.Network) -> bool:
    """Whether no layer reads across axes that the view keeps apart."""
    return all(layer.spec != "wired" and len(layer.joints) == 1 for layer in net.layers)


@pytest.mark.parametrize("depth", range(1, 5))
def test_a_stack_of_threes_grows_by_two(depth: int) -> None:
    spec = cg.Conv(3, padding="same")
    chain = spec
    for _ in range(depth - 1):
        chain = chain >> spec
    states = affine_fields(chain.on(32), "x").states
    (field,) = list(states.values())[-1].payloads[0]
    assert (field.size, field.stride, field.centre) == (2 * depth + 1, 1, 0)


def test_a_u_net_is_aligned_and_known_through_its_phases() -> None:
    x = cg.Input((1, 32, 32), rank=2)
    conv = cg.Conv((3, 3), 4, padding="same")
    skip = conv(x)
    low = conv(cg.MaxPool((2, 2))(skip))
    net = cg.Network(x, conv(cg.Concat()(skip, cg.Upsample((2, 2))(low))))
    state = affine_fields(net, "x").states[net.outputs[0].name]
    for field in state.payloads[0]:
        assert (field.period, field.stride, field.centre) == (2, 1, 0)


def test_a_global_branch_is_marked_and_leaves_the_interval() -> None:
    x = cg.Input((2, 8, 8), rank=2)
    h = cg.Conv((3, 3), 2, padding="same")(x)
    gate = wired(cg.GlobalAvgPool()(h), (identity(2), Full(1, 8), Full(1, 8)), (2, 8, 8))
    net = cg.Network(x, cg.Multiply()(h, gate))
    (field, _) = affine_fields(net, "x").states[net.outputs[0].name].payloads[0]
    assert (field.size, field.stride, field.everywhere) == (3, 1, True)
    assert len(cg.receptive_field(net, "s1,4,4")) == 128


def test_channel_groups_stay_apart_until_they_are_mixed() -> None:
    spec = cg.Conv((1, 1), 4, groups=2) >> cg.Conv((1, 1), 4, groups=2)
    payloads = exact_fields(spec.on((4, 3, 3)), "x").states["g"].payloads
    assert sorted(branch[0] for payload in payloads for branch in payload) == [0b0011, 0b1100]
    shuffled = cg.Input((4, 3, 3), rank=2)
    h = cg.Conv((1, 1), 4, groups=2)(shuffled)
    h = transposed(h, (2, 2, 3, 3), (1, 0, 2, 3), (4, 3, 3))
    net = cg.Network(shuffled, wired(h, (Blocks(4, 4, 2), identity(3), identity(3)), (4, 3, 3)))
    payloads = exact_fields(net, "x").states[net.outputs[0].name].payloads
    assert [branch[0] for payload in payloads for branch in payload] == [0b1111]


@pytest.mark.parametrize(
    "further",
    [
        cg.Conv(3, padding=1),
        cg.Conv(2, stride=2),
        cg.Upsample(2),
        cg.GlobalAvgPool(),
        cg.Dense(3),
        cg.Residual(cg.Conv(3, padding=1)),
    ],
)
def test_units_that_see_nothing_have_empty_fields(further: Any) -> None:
    """Each position between those of a transposed convolution is zero, and only these are read."""
    between = cg.ConvTranspose(1, stride=3) >> cg.Conv(1, stride=3, padding=((1, 0),))
    net = (between >> further).on(9)
    assert not cg.receptive_fields(net).sizes().any()
    inputs = set(net.rows[0].units())
    assert not any(inputs & nx.ancestors(net.graph, unit) for unit in net.outputs[0].units())
    assert cg.report(net).rows[-1].receptive_field == (0,)
    (unread,) = cg.findings(net, select="unread-input")
    assert len(unread.witness) == 9

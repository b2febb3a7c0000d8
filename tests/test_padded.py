"""Which units see padding, against fan-ins on the edge table."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions import joined_states
from convgraph.interactions.padding_seen import padded_share, padded_units
from tests.test_sums import attention
from tests.test_sums import networks as attending


@st.composite
def networks(draw: st.DrawFn) -> cg.Network:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([(3, 3), (1, 3), (2, 2), (1, 1)]))
        padding = draw(st.sampled_from(["same", "valid", 1]))
        conv = cg.Conv(kernel, 2, stride=draw(st.integers(1, 2)), padding=padding)
        same = cg.Conv((3, 1), 2, padding="same", groups=draw(st.integers(1, 2)))
        parts.append(
            draw(
                st.sampled_from(
                    [
                        conv,
                        conv >> cg.Residual(same),
                        conv >> cg.Parallel(same, cg.Conv((1, 1), 2)),
                        conv >> cg.ReLU(),
                    ]
                )
            )
        )
    spec = parts[0]
    for part in parts[1:]:
        spec = spec >> part
    if draw(st.booleans()):
        spec = spec >> cg.GlobalAvgPool()
    try:
        return spec.on((2, 13, 12))
    except cg.ConvgraphError:
        reject()  # so many strides that a kernel meets an input that is smaller than it


def assert_shares(net: cg.Network) -> None:
    """Of each row the share of units that are in a window which the border cuts, or behind one."""
    cut = set()
    for layer in net.layers:
        if isinstance(layer.spec, cg.Conv):
            fan_in = {unit: net.graph.in_degree(unit) for unit in layer.target.units()}
            whole = int(np.prod([int(t) for t in layer.joints[0].wiring.taps]))
            cut |= {unit for unit, edges in fan_in.items() if edges < whole}
    padded = padded_units(net, "x").sums
    touched = cut | {d for unit in cut for d in nx.descendants(net.graph, unit)}
    for row in net.rows:
        units = row.units()
        expected = Fraction(sum(unit in touched for unit in units), len(units))
        assert padded_share(padded[row.name]) == expected


@given(networks())
def test_units_that_see_padding_are_those_behind_a_cut_window(net: cg.Network) -> None:
    assert_shares(net)


@settings(max_examples=6)
@given(attending([1, 3]), st.sampled_from([0, joined_states.MANY]))
def test_pairs_see_padding_where_either_does(net: cg.Network, many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joined_states, "MANY", many)  # with 0 as few pairs are kept apart, too
        assert_shares(net)


@pytest.mark.parametrize("kernel", [(3, 3), (3, 1), (1, 3), (2, 2)])
def test_a_border_counts_where_nothing_moves_any_more(kernel: tuple[int, int]) -> None:
    """Behind attention all positions are alike, but for those that read padding."""
    x = cg.Input((1, 4, 5), rank=2)
    mixed = attention(x, x, x, False)
    net = cg.Network(x, cg.Conv(kernel, padding="same")(mixed))
    assert_shares(net)
    assert 0 < padded_share(padded_units(net, "x").sums[net.outputs[0].name]) <= 1


def test_a_reversed_window_is_cut_where_it_would_read_beyond() -> None:
    net = cg.ConvTranspose(3).on(4)
    assert padded_units(net, "x").states["s"].payloads[0][0].tolist() == [1, 1, 0, 0, 1, 1]
    strided = cg.ConvTranspose(2, stride=2).on(4)
    assert not padded_units(strided, "x").states["s"].payloads[0][0].any()


def test_wrapping_around_reads_no_padding() -> None:
    net = cg.Conv(3, padding=1, padding_mode="circular").on(5)
    assert padded_share(padded_units(net, "x").sums["s"]) == 0
    net = cg.Conv(3, padding=1, padding_mode="reflect").on(5)
    assert padded_share(padded_units(net, "x").sums["s"]) == Fraction(2, 5)

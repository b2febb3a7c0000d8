"""shift_lattice: the smallest shift, the band and uneven padding, against verdicts and windows."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.core.congruence import Congruence
from convgraph.core.window import Window
from tests.strategies import fitting

SIZES = st.integers(1, 4)


@st.composite
def stacks(draw: st.DrawFn, circular: Any) -> Any:
    """A stack of layers along one axis."""
    specs = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["Conv", "TiledConv", "MaxPool", "Upsample", "AvgPool"]))
        kernel, stride = draw(SIZES), draw(st.integers(1, 3))
        if kind == "Upsample":
            specs.append(cg.Upsample(draw(st.integers(1, 3))))
        elif kind in ("MaxPool", "AvgPool"):
            kernel = stride if circular else kernel
            specs.append(getattr(cg, kind)(kernel, stride))
        else:
            options = {"tiles": draw(st.integers(1, 2))} if kind == "TiledConv" else {}
            if circular:
                options |= {"padding": (kernel - 1, 0), "padding_mode": "circular"}
            else:
                options["padding"] = draw(st.integers(0, 2))
            specs.append(getattr(cg, kind)(kernel, stride=stride, **options))
    spec = specs[0]
    for each in specs[1:]:
        spec = spec >> each
    return spec


@given(stacks(circular=True), st.data())
def test_around_a_circle_exactly_the_multiples_of_the_shift_commute(
    spec: Any, data: st.DataObject
) -> None:
    from convgraph.symmetry.equivariance.row_actions import row_steps

    network = fitting(spec.on, data.draw(st.sampled_from([12, 24, 36])))
    lattice = cg.shift_lattice(network)
    shift, rows = lattice.shift[0], row_steps(network)
    n = network.inputs[0].shape[0]
    # each row closes to a circle if its steps go into the input's size, and tiles into the row's
    assume(all(row.shape[0] * rows[row.name][0] == n for row in network.rows))
    assume(shift is not None)
    assume(n % shift == 0)
    amount = data.draw(st.integers(1, n - 1))
    verdict = cg.check_equivariance(network, cg.Shift(amount, boundary="wrap"))
    assert verdict.holds == (amount % shift == 0)


@given(stacks(circular=False), st.data())
def test_away_from_the_band_the_shift_commutes(spec: Any, data: st.DataObject) -> None:
    network = fitting(spec.on, data.draw(st.integers(8, 40)))
    lattice = cg.shift_lattice(network).axes[0]
    assume(lattice.shift is not None)
    verdict = cg.check_equivariance(network, cg.Shift(lattice.shift))
    reached = lattice.band.mask()
    own = lattice.output_shift
    inside = [o for o in range(own, len(reached)) if not reached[o] and not reached[o - own]]
    assert verdict.exact.mask()[inside].all()
    assert len(lattice.band) == reached.sum()


@given(stacks(circular=False), st.integers(8, 30))
def test_even_sizes_against_the_windows_of_each_size(spec: Any, size: int) -> None:
    network = fitting(spec.on, size)
    even = cg.shift_lattice(network).axes[0].even_sizes
    for n in range(size, size + 2 * even.modulus + 3):
        assert (n in even) == all(map(_even, _windows(spec.on(n)))), n


def _windows(network: cg.Network) -> Iterator[Any]:
    for layer in network.layers:
        if type(layer.spec).__name__ in ("Conv", "TiledConv", "MaxPool", "AvgPool"):
            yield layer.spec, layer.joints[0].source.shape[0], layer.target.shape[0]


def _even(window: Any) -> Any:
    """Whether the last window reaches as far beyond the end as the first before the start."""
    spec, n, outputs = window
    padding = spec.padding if isinstance(spec.padding, int) else 0
    stride = spec.stride if spec.stride is not None else spec.kernel
    last = stride * (outputs - 1) + spec.kernel - 1 - padding
    return max(last - (n - 1), 0) == padding


def test_a_stem_of_a_residual_network() -> None:
    """7x7 with stride 2 and padding 3, then a pool with stride 2 and padding 1."""
    stem = cg.Conv((7, 7), 4, stride=2, padding=3) >> cg.MaxPool((3, 3), 2, padding=1)
    lattice = cg.shift_lattice(stem.on((3, 224, 225)))
    rows, columns = lattice.axes
    assert lattice.shift == (4, 4)
    assert (rows.step, rows.output_shift) == (Fraction(4), 1)
    used = [(each.row, each.given, each.used) for each in rows.uneven]
    assert used == [("h", (3, 3), (3, 2)), ("g", (1, 1), (1, 0))]
    assert columns.uneven == ()
    assert str(rows.even_sizes) == "n ≡ 1 (mod 4)"
    n = sp.Symbol("n", integer=True, positive=True)
    assert rows.even_sizes.condition() == sp.Eq(sp.Mod(n, 4), 1)
    assert [(w.row, w.before, w.after) for w in rows.widths] == [
        ("x", 0, 0), ("h", 2, 1), ("g", 2, 1)
    ]  # fmt: skip
    assert len(lattice.band) == 4 * (56 * 57 - 53 * 53)


@pytest.mark.parametrize(
    "spec",
    [
        cg.Conv(3, padding=(2, 0)),
        cg.Conv(2, padding="same"),
        cg.Conv(3, stride=2, padding=(2, 0), padding_mode="circular"),
    ],
)
def test_what_no_stride_does_is_not_uneven_padding(spec: Any) -> None:
    """The sides are uneven because the layer says so, or there is nothing beyond the border."""
    axis = cg.shift_lattice(spec.on(9)).axes[0]
    assert axis.uneven == ()
    assert str(axis.even_sizes) == "every n"


def _gated(n: Any) -> Any:
    """A strided convolution, multiplied by a number for all of its positions."""
    x = cg.Input(n)
    h = cg.Conv(3, stride=2, padding=1)(x)
    gate = cg.Upsample(h.shape[0])(cg.GlobalAvgPool()(h))
    return cg.Network(x, cg.Conv(3, stride=2, padding=1)(cg.Multiply()(h, gate)))


def _down_and_up(n: Any) -> Any:
    """Two poolings, each undone; only sizes that they divide fit what stands beside them."""
    x = cg.Input(n)
    h = cg.MaxPool(2)(x)
    lower = cg.Upsample(2)(cg.MaxPool(2)(h))
    return cg.Network(x, cg.Conv(3, stride=3, padding=1)(cg.Add()(h, lower)))


def _stride_beside_none(n: Any) -> Any:
    """Branches of different strides, which fit each other for a single size."""
    x = cg.Input(n)
    return cg.Network(x, cg.Add()(cg.Conv(2, stride=2)(x), cg.Conv(n - n // 2 + 1)(x)))


@pytest.mark.parametrize(("build", "n"), [(_gated, 16), (_down_and_up, 24)])
def test_even_sizes_where_branches_meet(build: Any, n: int) -> None:
    even = cg.shift_lattice(build(n)).axes[0].even_sizes
    assert 0 < len(even.residues) < even.modulus
    for size in range(n, n + 2 * even.modulus):
        try:
            layers = build(size).layers
        except ConvgraphError:
            assert size not in even
            continue
        windows = [layer.joints[0].wiring.axes[-1] for layer in layers]
        strided = [w for w in windows if isinstance(w, Window) and w.stride > 1]
        assert (size in even) == all(w.padding == w.used_padding[1] for w in strided), size


def test_even_sizes_are_unknown_where_branches_fit_for_one_size_only() -> None:
    assert cg.shift_lattice(_stride_beside_none(20)).axes[0].even_sizes is None


def test_even_sizes_of_more_strides_than_can_be_tried_are_unknown() -> None:
    spec = cg.Conv(3, stride=2, padding=1)
    for _ in range(20):
        spec = spec >> cg.Conv(3, stride=2, padding=1)
    assert cg.shift_lattice(spec.on(5)).axes[0].even_sizes is None


def test_the_band_grows_with_depth() -> None:
    spec = cg.Conv(3, padding="same")
    for depth in range(1, 5):
        lattice = cg.shift_lattice(spec.on(20)).axes[0]
        assert [(w.before, w.after) for w in lattice.widths] == [(d, d) for d in range(depth + 1)]
        spec = spec >> cg.Conv(3, padding="same")


@pytest.mark.parametrize(
    ("spec", "shift", "output_shift"),
    [
        (cg.Conv(3, stride=2) >> cg.MaxPool(3), 6, 1),
        (cg.MaxPool(2) >> cg.Upsample(2), 2, 2),
        (cg.MaxPool(2) >> cg.Upsample(3), 2, 3),
        (cg.Upsample(3) >> cg.MaxPool(2), 2, 3),
        (cg.TiledConv(3, tiles=3), 3, 3),
        (cg.TiledConv(3, tiles=3, stride=2), 6, 3),
        (cg.LocallyConnected(3), None, None),
        (cg.Conv(3) >> cg.GlobalAvgPool(), None, None),
    ],
)
def test_smallest_shifts_by_hand(spec: Any, shift: int | None, output_shift: int | None) -> None:
    axis = cg.shift_lattice(spec.on(30)).axes[0]
    assert (axis.shift, axis.output_shift) == (shift, output_shift)


def test_congruences_are_as_small_as_they_can_be() -> None:
    assert Congruence.of(6, [1, 3, 5]) == Congruence(2, (1,))
    assert Congruence.of(4, range(4)).condition() == sp.true
    assert Congruence.of(4, []).condition() == sp.false
    assert str(Congruence.of(6, [0, 1])) == "n ≡ 0 or 1 (mod 6)"
    assert [str(Congruence.of(3, r)) for r in ([], range(3))] == ["no n", "every n"]


def test_it_reads_as_a_report() -> None:
    lattice = cg.shift_lattice((cg.Conv(3, padding=1, stride=2) >> cg.MaxPool(2)).on(16))
    assert repr(lattice) == "Lattice(shift=(4,), band of 1 units)"
    gone = cg.shift_lattice((cg.Conv(3) >> cg.GlobalMaxPool()).on(8))
    assert str(gone) == "axis 0: gone from the output"
    assert "no shift commutes" in str(cg.shift_lattice(cg.LocallyConnected(2).on(4)))


def test_what_does_not_fit_is_refused() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    with pytest.raises(ConvgraphError, match="this question needs numbers"):
        cg.shift_lattice(cg.Conv(3).on(n))
    with pytest.raises(ConvgraphError, match="a layer mixes the axes"):
        cg.shift_lattice((cg.Conv((3, 3)) >> cg.Flatten()).on((6, 6)))


CIRCULAR = {"padding_mode": "circular"}


@pytest.mark.parametrize(
    ("spec", "size", "band"),
    [
        (cg.MaxPool(2, stride=1) >> cg.Conv(2, padding=(0, 1), **CIRCULAR), 6, {"g5"}),
        (cg.Crop((2, 0)) >> cg.Conv(2, padding=(1, 0), **CIRCULAR), 6, {"g1"}),
        (cg.Conv(3, stride=2, padding=1, **CIRCULAR) >> cg.Conv(3, padding=1, **CIRCULAR), 8, {}),
        (
            cg.Conv(3, stride=2, padding=1, **CIRCULAR) >> cg.Conv(3, padding=1, **CIRCULAR),
            7,
            {"g1", "g4"},
        ),
        (
            cg.Pad(((1, 1),), padding_mode="circular")
            >> cg.Conv(3)
            >> cg.Conv(3, padding=1, **CIRCULAR),
            8,
            {},
        ),
    ],
)
def test_what_goes_around_a_row_that_is_no_circle_is_in_the_band(
    spec: Any, size: int, band: set[str]
) -> None:
    net = spec.on(size)
    lattice = cg.shift_lattice(net)
    (axis,) = lattice.axes
    assert set(lattice.band) == set(band)
    verdict = cg.check_equivariance(net, cg.Shift(axis.shift, boundary="wrap"))
    units = net.outputs[0].units()
    moved = {units[(i + axis.output_shift) % len(units)] for i, u in enumerate(units) if u in band}
    assert verdict.broken <= set(band) | moved

"""Rules about where units look: each fires exactly where its property holds on small networks."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.reduction import SUM
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import Window
from convgraph.core.wiring import Product
from tests.strategies import fitting


def raw(n: int, k: int, s: int, p: int, q: int, d: int = 1) -> list[int]:
    """The positions that the windows of a padded axis read, from the definition."""
    padded = range(-p, n + q)
    starts = range(-p, n + q - d * (k - 1), s)
    return sorted({a + d * j for a in starts for j in range(k) if a + d * j in padded})


@given(
    st.integers(4, 12), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2)
)
def test_padding_is_uneven_where_windows_reach_further_on_one_side(
    n: int, k: int, s: int, p: int, q: int
) -> None:
    net = cg.Conv(k, stride=s, padding=((p, q),)).on(n)
    read = raw(n, k, s, p, q)
    before, after = max(-read[0], 0), max(read[-1] - (n - 1), 0)
    found = cg.findings(net, select="uneven-padding")
    assert bool(found) == (s > 1 and before != after)
    if found:
        assert found[0].details["padding"] == {"s": {"axis 1": (before, after)}}
        starts = range(-p, n + q - k + 1, s)
        more = (lambda a: a < 0) if before > after else (lambda a: a + k > n)
        beyond = {f"s{i}" for i, a in enumerate(starts, start=1) if more(a)}
        assert found[0].witness == beyond
    drift = cg.findings(net, select="half-pixel-drift")
    causal = (before, after) == (k - 1, 0)  # it reads the past alone
    assert bool(drift) == (s == 1 and k % 2 == 0 and before != after and not causal)


def test_the_units_that_read_uneven_padding_are_at_its_borders() -> None:
    net = cg.Conv((3, 3), filters=2, stride=2, padding=1).on((2, 6, 7))  # even along columns
    (found,) = cg.findings(net, select="uneven-padding")
    assert found.witness is not None
    assert {tuple(index) for index in found.witness.indices.tolist()} == {
        (channel, 0, column) for channel in range(2) for column in range(4)
    }
    net = cg.Conv((3, 3), stride=2, padding=1).on((6, 6))
    (found,) = cg.findings(net, select="uneven-padding")
    assert found.witness == {"s1,1", "s1,2", "s1,3", "s2,1", "s3,1"}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(1, 3),
            st.sampled_from([0, 1, 2, "same", "upwards", (2, 0)]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(90, 110),
)
def test_the_sizes_that_are_proposed_are_padded_evenly_and_no_others(
    layers: list[tuple], n: int
) -> None:
    spec = cg.ReLU()
    for k, s, p in layers:
        if p == "upwards":
            spec = spec >> cg.MaxPool(k, stride=s, padding=k // 2, ceil_mode=True)
        else:
            spec = spec >> cg.Conv(k, stride=s, padding=p)
    found = cg.findings(spec.on(n), select="uneven-padding")
    if not found:
        return
    facts = found[0].details["sizes"]["axis 1"]
    tried = range(n, n + 2 * int(np.prod([s for _, s, _ in layers])))
    even = [m for m in tried if not cg.findings(spec.on(m), select="uneven-padding")]
    if facts is None:
        assert not even
        return
    assert all(not cg.findings(spec.on(m), select="uneven-padding") for m in facts["nearest"])
    if facts["residues"]:
        assert even == [m for m in tried if m % facts["modulus"] in facts["residues"]]


@given(
    st.integers(1, 7), st.integers(1, 2), st.integers(2, 3), st.integers(1, 2), st.integers(4, 16)
)
def test_the_sizes_that_are_proposed_can_be_built(k: int, s: int, t: int, p: int, n: int) -> None:
    spec = cg.Conv(k, stride=s) >> cg.Conv(3, stride=t, padding=p)
    for finding in cg.findings(fitting(spec.on, n), select="uneven-padding"):
        facts = finding.details["sizes"]["axis 1"]
        for near in facts["nearest"] if facts else ():
            assert not cg.findings(spec.on(near), select="uneven-padding")


def test_that_no_size_is_even_is_said_only_where_it_is_known() -> None:
    never = cg.Conv(2, stride=2, padding=(0, 2))
    for n in range(1, 20):
        (finding,) = cg.findings(never.on(n), select="uneven-padding")
        assert "No input size is padded evenly" in finding.fix
    x = cg.Input(20)  # branches that fit each other for this size alone
    fits_once = cg.Add()(cg.Conv(3, stride=2, padding=1)(x), cg.Conv(11)(x))
    (finding,) = cg.findings(cg.Network(x, fits_once), select="uneven-padding")
    assert "No input size" not in finding.fix
    assert finding.details["sizes"] == {"axis 1": None}


def test_a_resnet_is_padded_evenly_for_images_of_32_n_plus_1() -> None:
    def block(width: int, stride: int) -> cg.Residual:
        first = cg.Conv((3, 3), width, stride=stride, padding=1)
        second = cg.Conv((3, 3), width, padding=1)
        return cg.Residual(first >> second, cg.Conv((1, 1), width, stride=stride))

    stem = cg.Conv((7, 7), 4, stride=2, padding=3) >> cg.MaxPool((3, 3), stride=2, padding=1)
    spec = stem >> block(4, 2) >> block(4, 2) >> block(4, 2)
    found = cg.findings(spec.on((3, 64, 64)), select="uneven-padding")
    assert found
    for finding in found:
        for facts in finding.details["sizes"].values():
            assert facts == {"modulus": 32, "residues": [1], "nearest": [33, 65]}
    assert not cg.findings(spec.on((3, 65, 65)), select="uneven-padding")


def first_positions(tensor: Tensor, size: int) -> Tensor:
    joint = Product((Window(tensor.shape[0], size, 1),)), Constant()
    return Tensor((size,), False, None, "cut", Bound((size,), (joint,), SUM), (tensor,))


def every_second(tensor: Tensor, start: int) -> Tensor:
    size = tensor.shape[0] // 2
    axis = Window(tensor.shape[0], size, 1, stride=2, padding=-start)
    joint = Product((axis,)), Constant()
    return Tensor((size,), False, None, "slice", Bound((size,), (joint,), SUM), (tensor,))


branches = st.tuples(
    st.sampled_from([1, 2, 3, 4, 5]), st.integers(1, 2), st.sampled_from([1, 2]), st.integers(0, 4)
)


@given(branches, branches)
def test_branches_are_misaligned_where_their_fields_have_other_middles(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    x = cg.Input(60)
    rows = []
    if one[2] != other[2]:
        return
    for k, d, s, p in (one, other):
        span = d * (k - 1) + 1
        size = (60 + p + 8 - span) // s + 1
        h = cg.Conv(k, dilation=d, stride=s, padding=((p, 8),))(x)
        rows.append((h, s, size))
    size = min(length for _, _, length in rows)
    # cut to one length behind the last position, which moves no field
    net = cg.Network(x, cg.Add()(*(first_positions(h, size) for h, _, _ in rows)))
    middles, firsts, lasts = [], [], []
    for tensor_row in net.layers[-1].joints:
        name = tensor_row.source.name
        unit = net.row(name).unit((12,))
        low, high = cg.receptive_field(net, unit).bounds[0]
        middles.append(Fraction(low + high, 2))
        firsts.append(low)
        lasts.append(high)
    found = cg.findings(net, select="misaligned-merge")
    one_sided = firsts[0] == firsts[1] or lasts[0] == lasts[1]  # all look back, or all ahead
    assert bool(found) == (middles[0] != middles[1] and not one_sided)
    if found:
        apart = abs(middles[0] - middles[1])
        assert found[0].severity == ("info" if 2 * apart < one[2] else "warning")
        (difference,) = found[0].details["differences"]
        assert abs(difference["offset"]) == abs(middles[0] - middles[1])


def test_causal_branches_and_phases_of_one_row_are_not_misaligned() -> None:
    x = cg.Input((2, 24), rank=1)
    y = x
    for dilation in (1, 2, 4):
        branch = cg.Conv(2, 2, dilation=dilation, padding=((dilation, 0),))(y)
        y = cg.Add()(y, cg.Activation("phi")(branch))
    assert not cg.findings(cg.Network(x, y), select="misaligned-merge")
    z = cg.Input(8)
    net = cg.Network(z, cg.Concat()(*(every_second(z, start) for start in (0, 1))))
    assert not cg.findings(net, select="misaligned-merge")


def test_a_cause_that_repeats_is_one_line() -> None:
    x = y = cg.Input(12)
    for _ in range(3):
        y = cg.Add()(cg.Conv(3, padding=((0, 2),))(y), cg.Conv(3, padding=1)(y))
    found = cg.findings(cg.Network(x, y), select="misaligned-merge")
    assert [finding.message.count("such as") for finding in found] == [1]


def test_uneven_padding_warns_where_an_output_tells_positions_apart() -> None:
    stem = cg.Conv((3, 3), 4, stride=2, padding=1) >> cg.Conv((3, 3), 4, stride=2, padding=1)
    (mask,) = cg.findings(stem.on((3, 16, 16)), select="uneven-padding")
    classes = stem >> cg.GlobalAvgPool() >> cg.Flatten() >> cg.Dense(5)
    (none,) = cg.findings(classes.on((3, 16, 16)), select="uneven-padding")
    flat = stem >> cg.Flatten() >> cg.Dense(5)
    (dense,) = cg.findings(flat.on((3, 16, 16)), select="uneven-padding")
    assert (mask.severity, none.severity, dense.severity) == ("warning", "info", "info")
    assert len(mask.details["padding"]) == len(none.details["padding"]) == 2


def test_branches_of_other_strides_are_named() -> None:
    x = cg.Input(9)
    one, other = cg.Conv(1, stride=2)(x), cg.Conv(5)(x)
    net = cg.Network(x, cg.Add()(one, other))
    (finding,) = cg.findings(net, select="misaligned-merge")
    (difference,) = finding.details["differences"]
    assert difference["paths"] == ("h1", "h2")
    assert difference["strides"] == (2, 1)
    assert finding.tensors == ("s", "h1", "h2")


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))
def test_overlaps_are_uneven_where_fan_ins_differ_away_from_the_border(
    k: int, s: int, d: int, p: int
) -> None:
    n = 12
    net = cg.ConvTranspose(k, stride=s, dilation=d, padding=p).on(n)
    degrees = [net.graph.in_degree(unit) for unit in net.row("s").units()]
    reach = d * (k - 1) + 1
    inner = degrees[reach : len(degrees) - reach]
    found = cg.findings(net, select="checkerboard")
    assert bool(found) == (len(set(inner)) > 1)
    if found:
        pattern = found[0].details["patterns"]["axis 1"]
        at = reach % len(pattern)
        assert inner == [pattern[(at + i) % len(pattern)] for i in range(len(inner))]


def test_overlaps_in_an_image_have_a_pattern_per_axis() -> None:
    net = cg.ConvTranspose((3, 4), stride=2).on((5, 5))
    (finding,) = cg.findings(net, select="checkerboard")
    assert finding.details["patterns"] == {"axis 1": (2, 1)}
    assert {unit.split(",")[0] for unit in finding.witness} == {
        f"s{i}" for i in (1, 3, 5, 7, 9, 11)
    }


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=3),
    st.booleans(),
)
def test_fields_have_holes_where_a_unit_skips_a_position(
    layers: list[tuple[int, int]], residual: bool
) -> None:
    spec = cg.ReLU()
    for k, d in layers:
        conv = cg.Conv(k, dilation=d, padding="same")
        spec = spec >> (cg.Residual(conv) if residual else conv)
    net = spec.on(20)
    expected = set()
    for layer in net.layers:
        if getattr(layer.spec, "dilation", 1) > 1 and layer.spec.kernel > 1:
            for unit in layer.target.units():
                seen = sorted(i for (i,) in cg.receptive_field(net, unit).indices.tolist())
                if seen != list(range(seen[0], seen[-1] + 1)):
                    expected.add(layer.target.name)
    found = cg.findings(net, select="gridding")
    assert {finding.tensors[0] for finding in found} == expected
    for finding in found:
        field = cg.receptive_field(net, finding.details["unit"])
        assert finding.witness == field
        assert finding.details["seen"] == len(field) / field.extent[0]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 2)), min_size=1, max_size=6))
def test_layers_are_unproductive_where_their_input_covers_the_image(
    layers: list[tuple[int, int]],
) -> None:
    spec, field, steps, expected = cg.ReLU(), 1, 1, 0
    for k, s in layers:
        spec = spec >> cg.Conv(k, stride=s, padding="same")
        expected += field >= 9 and k > 1
        field, steps = field + (k - 1) * steps, steps * s
    found = cg.findings(spec.on(9), select="unproductive-layer")
    assert sum(f.details["layers"] for f in found) == expected


@given(st.integers(1, 3), st.integers(3, 12), st.sampled_from(["same", "valid"]))
def test_padding_is_everywhere_where_no_unit_is_free_of_it(
    depth: int, n: int, padding: str
) -> None:
    spec = cg.Conv(3, padding=padding)
    for _ in range(depth - 1):
        spec = spec >> cg.Conv(3, padding=padding)
    try:
        net = spec.on(n)
    except cg.ConvgraphError:
        return
    cut = {
        unit
        for layer in net.layers
        for unit in layer.target.units()
        if net.graph.in_degree(unit) < 3
    }
    reached = cut.union(*(nx.descendants(net.graph, unit) for unit in cut))
    free = set(net.outputs[0].units()) - reached
    found = cg.findings(net, select="padding-everywhere")
    assert bool(found) == (not free)
    if found:
        rows = [row for row in net.rows[1:] if reached.issuperset(row.units())]
        assert found[0].witness == set(rows[0].units())


@pytest.mark.parametrize(
    ("spec", "layers"),
    [
        (cg.Conv(3, stride=2), ["s"]),
        (cg.MaxPool(2), ["s"]),
        (cg.AvgPool(2), []),
        (cg.AvgPool(2, stride=1) >> cg.Conv(1, stride=2), []),
        (cg.AvgPool(2, stride=1) >> cg.ReLU() >> cg.MaxPool(1, stride=2), ["s"]),
        (cg.MaxPool(2, stride=1) >> cg.AvgPool(3, stride=2), []),
        (cg.Conv(3) >> cg.Conv(3), []),
        (cg.Conv(1, stride=2) >> cg.Conv(3, stride=3), ["h", "g"]),
    ],
)
def test_strides_want_a_blur(spec: cg.Conv, layers: list[str]) -> None:
    found = cg.findings(spec.on(16), select="stride-without-blur")
    assert [finding.tensors[0] for finding in found] == layers


def test_the_lattice_that_is_left_is_the_product_of_the_strides() -> None:
    spec = cg.Conv(3, stride=2) >> cg.MaxPool(3)
    found = cg.findings(spec.on(30), select="stride-without-blur")
    assert [finding.details["lattice"] for finding in found] == [(2,), (6,)]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4))
def test_the_shift_of_a_finding_is_followed_by_what_the_layer_reads_alone(
    strides: list[tuple[int, int]],
) -> None:
    spec = cg.ReLU()
    for down, right in strides:
        spec = spec >> cg.Conv((1, 1), stride=(down, right))
    net = spec.on((82, 83))
    found = cg.findings(net, select="stride-without-blur")
    shifts = {finding.tensors[0]: finding.details["shift"] for finding in found}
    before = np.ones(2, int)
    for layer, own in zip(net.layers[1:], strides, strict=True):
        after = before * own
        assert (layer.target.name in shifts) == (max(own) > 1)
        for axis, amount in enumerate(shifts.get(layer.target.name, ())):
            assert amount % before[axis] == 0
            assert bool(amount % after[axis]) == (own[axis] > 1)
        before = after


def test_where_what_is_read_follows_no_whole_shift_one_position_is_shown() -> None:
    spec = cg.Upsample(2) >> cg.Conv(1, stride=2) >> cg.Upsample(2) >> cg.MaxPool(3)
    shifts = [f.details["shift"] for f in cg.findings(spec.on(12), select="stride-without-blur")]
    assert shifts == [(0,), (1,)]


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from([0, 1, 2, (2, 0), "same"])),
        min_size=1,
        max_size=3,
    ),
    st.integers(90, 110),
)
def test_the_shift_lattice_tells_the_same_of_uneven_padding(layers: list[tuple], n: int) -> None:
    spec = cg.ReLU()
    for k, s, p in layers:
        spec = spec >> cg.Conv(k, stride=s, padding=p)
    net = spec.on(n)
    (axis,) = cg.shift_lattice(net).axes
    found = cg.findings(net, select="uneven-padding")
    told = {row: used["axis 1"] for f in found for row, used in f.details["padding"].items()}
    assert told == {uneven.row: uneven.used for uneven in axis.uneven}
    assert cg.report(net).lattice == (axis.shift,)
    for finding in found:
        facts = finding.details["sizes"]["axis 1"]
        if facts is not None and facts["residues"] and axis.even_sizes is not None:
            assert facts["modulus"] == axis.even_sizes.modulus
            assert tuple(facts["residues"]) == axis.even_sizes.residues

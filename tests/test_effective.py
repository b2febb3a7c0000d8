"""Effective receptive fields against exact path counts on the graph, and against the formula."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions.effective import effective_fields, path_moments
from convgraph.interactions.path_count_sums import ONE, Moments, summed
from convgraph.interactions.written_counts import written


@st.composite
def specs(draw: st.DrawFn) -> cg.Conv:
    """Branches of layers that keep the size of an image."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([(3, 3), (1, 3), (3, 1), (1, 1), (5, 1)]))
        filters, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        conv = cg.Conv(kernel, filters, dilation=dilation, padding="same")
        kind = draw(st.sampled_from(["conv", "residual", "parallel", "pool", "up"]))
        if kind == "residual":
            conv = conv >> cg.Residual(cg.Conv((3, 3), filters, padding="same"))
        elif kind == "parallel":
            conv = cg.Parallel(conv, cg.Conv((3, 3), 2, padding="same"))
        elif kind == "pool":
            conv = conv >> cg.AvgPool((2, 2))
        elif kind == "up":
            conv = conv >> cg.MaxPool((2, 2)) >> cg.Upsample((2, 2)) >> cg.Conv((3, 3), padding=1)
        parts.append(conv)
    spec = parts[0]
    for part in parts[1:]:
        spec = spec >> part
    return spec


@given(specs())
def test_counts_are_the_paths_of_a_unit_in_the_middle(spec: cg.Conv) -> None:
    net = spec.on((2, 96, 96))
    fields = effective_fields(net)
    end = net.outputs[0]
    # a unit in the middle whose place is the first of all phases, so that it sees what they tell
    middle = [n // 4 * 2 for n in end.numbers()[-2:]]
    best = None
    for channel in range(end.shape[0] if end.channels else 1):
        place = ((channel,) if end.channels else ()) + tuple(middle)
        counts = cg.path_counts(net, end.unit(place))
        found = [np.trim_zeros(np.array(m)).tolist() for m in counts.marginals[1:]]
        best = found if best is None or sum(found[0]) > sum(best[0]) else best
    assert [list(field.counts) for field in fields] == best
    assert all(field.per == 1 for field in fields)


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=5
    )
)
def test_the_variance_of_a_chain_is_that_of_the_formula(layers: list[tuple[int, ...]]) -> None:
    spec = cg.ReLU()
    expected, steps = Fraction(0), 1
    for k, s, d in layers:
        spec = spec >> cg.Conv(k, stride=s, dilation=d, padding="full")
        expected += Fraction((steps * d) ** 2 * (k * k - 1), 12)
        steps *= s
    (field,) = effective_fields(spec.on(40))
    assert field.variance == field.theory == expected


def test_the_mean_and_the_variance_of_all_rows_come_without_the_counts() -> None:
    net = (cg.Conv(3) >> cg.MaxPool(2) >> cg.Residual(cg.Conv(5, padding="same"))).on(30)
    (field,) = effective_fields(net)
    state = path_moments(net, net.inputs[0]).states["s"]
    measure = state.payloads[0].axes[0].phases[0]
    assert measure.paths == field.total
    mean = Fraction(measure.first, measure.paths)
    assert Fraction(measure.second, measure.paths) - mean**2 == field.variance


def test_a_transposed_convolution_counts_with_the_mean_of_its_fan_ins() -> None:
    spec = cg.ConvTranspose((3, 3), stride=2)
    rows, _ = effective_fields(spec.on((9, 9)))
    # an even row reads two rows (taps 1 and 3), each through 3/2 columns in the mean
    assert (rows.counts, rows.per) == ((6, 6), 4)


def test_shares_grow_to_one_and_the_radius_is_where_they_reach_a_share() -> None:
    spec = cg.Conv(3)
    for _ in range(9):
        spec = spec >> cg.Conv(3)
    (field,) = effective_fields(spec.on(41))
    assert list(field.shares) == sorted(field.shares)
    assert field.shares[-1] == 1
    assert field.shares[field.radius(0.95) - 1] < 0.95 <= field.shares[field.radius(0.95)]
    assert field.within(3) == Fraction(sum(field.counts[7:14]), field.total)


def test_a_global_edge_is_marked_and_not_counted() -> None:
    x = cg.Input((2, 8, 8), rank=2)
    h = cg.Conv((3, 3), 2, padding="same")(x)
    (field, _) = effective_fields(cg.Network(x, cg.GlobalAvgPool()(h)))
    assert field.everywhere
    assert len(field.counts) == 10


@given(st.data())
def test_counts_that_are_written_down_are_those_of_polynomials(data: st.DataObject) -> None:
    """Sums of moved and multiplied ones, drawn at random, against plain dicts of numbers."""
    made: list[tuple[Moments, dict[int, int]]] = [(ONE, {0: 1})]
    numbers = st.tuples(st.integers(0, 30), st.integers(-20, 20), st.integers(1, 40))
    for parts in data.draw(st.lists(st.lists(numbers, min_size=1, max_size=3), max_size=12)):
        plain: dict[int, int] = {}
        read = [(*made[place % len(made)], by, number) for place, by, number in parts]
        for _, other, by, number in read:
            for i, n in other.items():
                plain[i + by] = plain.get(i + by, 0) + n * number
        total = summed([(measure, by, number) for measure, _, by, number in read])
        assert total is not None
        made.append((total, plain))
    for measure, plain in made:
        powers = [sum(n * i**k for i, n in plain.items()) for k in range(3)]
        assert [measure.paths, measure.first, measure.second] == powers
        assert [measure == other for other, _ in made] == [plain == other for _, other in made]
    found = written([measure for measure, _ in made])
    assert found is not None
    for counts, (_, plain) in zip(found, made, strict=True):
        assert list(counts) == [plain.get(i, 0) for i in range(min(plain), max(plain) + 1)]


def test_a_report_says_why_it_has_no_effective_field(monkeypatch: pytest.MonkeyPatch) -> None:
    net = (cg.Conv(3) >> cg.Conv(3)).on(9)
    whole = cg.report(net)
    assert (len(whole.effective), whole.left_out) == (1, "")
    # the whole, three taps of it, and of each three: a byte, and for what is moved up to five
    monkeypatch.setattr("convgraph.interactions.written_counts.MOST_BITS", 8 * 2)
    small = cg.report(net)
    assert small.effective == ()
    assert "to work out its path counts would take more than 2 bytes" in str(small)
    assert cg.report(net, effective=False).left_out == ""

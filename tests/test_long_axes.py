"""Facts of rows that are too long for all pairs of positions, held against those of short ones."""

from __future__ import annotations

import resource
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core import window, window_counts
from convgraph.core.tying import Mean
from convgraph.core.window import Window
from convgraph.interactions import bit_tables
from convgraph.reports.middle import middle_of
from convgraph.reports.structure import structure_of


@st.composite
def specs(draw: Any) -> cg.Spec:
    made = []
    for _ in range(draw(st.integers(1, 4))):
        kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        padding, stride = draw(st.integers(0, 4)), draw(st.integers(1, 3))
        filters = draw(st.sampled_from([1, 2]))
        conv = cg.Conv(kernel, filters, stride, dilation, padding)
        plain = cg.Conv(kernel, 2, dilation=dilation, padding="same")
        around = cg.Pad(padding, draw(st.sampled_from(["circular", "reflect", "replicate"])))
        layers = [conv, cg.Residual(plain), cg.MaxPool(2), cg.ReLU(), around]
        made.append(draw(st.sampled_from(layers)))
    whole = made[0]
    for each in made[1:]:
        whole = whole >> each
    return whole


@given(specs(), st.integers(20, 90))
def test_the_middle_unit_sees_what_all_units_together_say(spec: cg.Spec, size: int) -> None:
    try:
        net = spec.on((2, size))
    except cg.ConvgraphError:
        return  # a window larger than what it slides over
    structure = structure_of(net)
    for row in cg.report(net).rows[1:]:
        middle = middle_of(structure, row.name)
        if middle is not None:
            assert (middle.extent, middle.seen) == (row.clipped, row.seen)


def test_units_in_the_middle_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = cg.Conv(2, 2, dilation=3, padding=1) >> cg.Residual(cg.Conv(3, 2, padding="same"))
    net = (gaps >> cg.ReLU() >> cg.Conv(3, 4, dilation=9)).on((2, 200))
    wanted = [(row.name, row.clipped, row.seen) for row in cg.report(net).rows[1:]]
    assert wanted[0][1:] == ((4,), Fraction(1, 2))
    assert wanted[-1][2] < 1
    structure = structure_of(net)
    assert [(name, *(middle_of(structure, name) or ())) for name, _, _ in wanted] == wanted
    # the same where the tables of bits are given up
    monkeypatch.setattr(bit_tables, "MOST_BYTES", 1000)
    again = (gaps >> cg.ReLU() >> cg.Conv(3, 4, dilation=9)).on((2, 200))
    assert [(row.name, row.clipped, row.seen) for row in cg.report(again).rows[1:]] == wanted


def test_a_circle_is_as_long_as_it_is_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first unit reads both ends; where not all units are known, nothing is said of them."""
    spec = cg.Conv(3, padding=1, padding_mode="circular") >> cg.ReLU()
    assert [row.clipped for row in cg.report(spec.on(20)).rows] == [(1,), (20,), (20,)]
    monkeypatch.setattr(bit_tables, "MOST_BYTES", 10)
    assert [row.clipped for row in cg.report(spec.on(20)).rows] == [None] * 3
    plain = cg.Conv(3, padding_mode="circular") >> cg.ReLU()  # reads beyond neither end
    assert [row.clipped for row in cg.report(plain.on(20)).rows] == [None, (3,), (3,)]


def test_a_second_of_sound_has_all_its_facts() -> None:
    spec = cg.Conv(3, dilation=5) >> cg.Conv(3, stride=2) >> cg.Conv(3, dilation=4)
    facts = [
        (row.receptive_field, row.clipped, row.seen)
        for size in (16_000, 80_000)
        for row in cg.report(spec.on(size)).rows[1:]
    ]
    assert facts[:3] == facts[3:]
    assert [row[0] == row[1] for row in facts] == [True] * 6


def test_a_chain_that_is_deeper_than_it_is_wide_is_reported() -> None:
    """The fields of a thousand layers reach far beyond their input, and are given up."""
    net = (cg.Conv(3, padding=1) ** 1500).on(4)
    last = cg.report(net).rows[-1]
    assert (last.receptive_field, last.clipped) == ((3001,), (4,))
    assert cg.report(net).effective == ()


@given(st.data())
def test_slices_of_taps_read_what_the_table_says(data: Any) -> None:
    number = lambda low, high: data.draw(st.integers(low, high))  # noqa: E731
    inputs, outputs = number(1, 20), number(1, 20)
    axis = Window(inputs, outputs, number(1, 4), number(1, 3), number(1, 3), number(-3, 9))
    ends = np.array(data.draw(st.lists(st.booleans(), min_size=outputs, max_size=outputs)), bool)
    starts = np.array(data.draw(st.lists(st.booleans(), min_size=inputs, max_size=inputs)), bool)
    by_table = axis.back(ends), axis.forward(starts)
    before, window.SHORT = window.SHORT, 0
    try:
        by_slices = axis.back(ends), axis.forward(starts)
    finally:
        window.SHORT = before
    assert all(map(np.array_equal, by_table, by_slices))


def test_an_axis_that_64_bits_do_not_number_is_refused() -> None:
    assert (cg.Upsample(2) ** 59).on(8).outputs[0].shape == (2**62,)
    with pytest.raises(cg.ConvgraphError, match="an axis has at most"):
        (cg.Upsample(2) ** 60).on(8)
    net = (cg.Upsample(2) ** 59).on(8)
    assert cg.cost(net).connections == sum(8 * 2**n for n in range(1, 60))


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_the_numbers_of_a_mean_are_those_of_its_windows(
    count_include_pad: bool, ceil_mode: bool
) -> None:
    for kernel, stride, dilation, padding, size in product(
        (1, 2, 4), (1, 3), (1, 2), (0, 1), (9, 40)
    ):
        if 2 * padding > kernel:
            continue
        spec = cg.AvgPool(kernel, stride, padding, dilation, ceil_mode, count_include_pad)
        (joint,) = spec.on(size).layers[0].joints
        assert isinstance(joint.tying, Mean)
        assert joint.tying.different(joint.wiring) == joint.tying.numbers(joint.wiring)[0]


def test_a_mean_over_a_long_axis_is_counted_by_its_border() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    net = cg.AvgPool(3, padding=1, ceil_mode=True, count_include_pad=False).on(10**12)
    assert net.connection_count == 10**12
    assert set(net.labels.numbers) == {sp.Rational(1, 2), sp.Rational(1, 3)}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    ("stride", "dilation", "padding"), [(1, 1, 0), (1, 1, 1), (2, 1, 1), (1, 2, 2)]
)
def test_connections_of_long_kernels_are_a_sum_over_the_taps(
    monkeypatch: pytest.MonkeyPatch, stride: int, dilation: int, padding: int
) -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    monkeypatch.setattr(window_counts, "ADDED", 0)
    spec = cg.Conv(3, stride=stride, dilation=dilation, padding=padding)
    found = sp.sympify(spec.on(n).connection_count)
    for size in (9, 10):
        assert found.subs(n, size).doit() == spec.on(size).connection_count


@pytest.mark.parametrize("kernel", [10**9, 10**6])
def test_a_long_kernel_on_any_size_is_told_without_its_taps(kernel: int) -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    net = cg.ConvTranspose(kernel).on(n)
    assert net.connection_count == kernel * n
    assert repr(cg.sparsity(net)).startswith("Sparsity(")
    assert "per parameter" in repr(cg.tied_weights(net))


def test_a_field_on_a_long_axis_is_counted_without_a_number_for_each_position() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(cg.receptive_field(cg.Conv(3).on(2 * 10**7), "s5")) == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kB

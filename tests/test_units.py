"""Sets of units, unions of boxes, against the plain masks that they stand for."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import convgraph as cg
from convgraph.core import memory
from convgraph.core.units import Units


def _row(shape: tuple[int, ...]) -> cg.Row:
    return cg.ReLU().on(shape).rows[0]


@given(st.data())
def test_units_are_where_the_union_of_their_boxes_is(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
    positions = st.tuples(*(arrays(bool, size).filter(np.any) for size in shape))
    boxes = data.draw(st.lists(positions, min_size=1, max_size=3))
    plain = np.any([reduce(np.multiply.outer, box) for box in boxes], axis=0)
    units = Units(_row(shape), boxes)
    there = np.argwhere(plain)
    assert units.mask().tolist() == plain.tolist()
    assert units.indices.tolist() == there.tolist()
    assert list(units.bounds) == list(
        zip(there.min(0).tolist(), there.max(0).tolist(), strict=True)
    )
    assert len(units) == len(there) == len(list(units))


@pytest.mark.parametrize(("first", "last"), [(0, 0), (3, 299_999), (65_535, 65_536), (7, 199_999)])
def test_bounds_of_long_rows_are_where_their_units_are(first: int, last: int) -> None:
    mask = np.zeros(300_000, bool)
    mask[[first, last]] = True
    assert Units(_row((300_000,)), [(mask,)]).bounds == ((first, last),)


def test_few_units_of_a_hundred_million_are_named_without_its_mask() -> None:
    with memory.at_most(1_000_000_000):
        field = cg.receptive_field(cg.MaxPool(3).on(10**8), "s5")
        assert field == {"x13", "x14", "x15"}
        assert field.bounds == ((12, 14),)


def test_path_counts_of_a_billion_units_are_refused_before_they_are_listed() -> None:
    with (
        memory.at_most(1_500_000_000),
        pytest.raises(cg.ConvgraphError, match=r"positions=1,000,000,000: this takes 16 GB"),
    ):
        cg.path_counts(cg.GlobalMaxPool().on(10**9), "s1")

"""Classes of units: numbers that stand for rows, and axes along which nothing varies."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convgraph.interactions.states import alike, unique_rows


@given(
    st.integers(0, 12).flatmap(
        lambda columns: st.lists(
            st.lists(st.sampled_from([-1, 0, 1, 2**30]), min_size=columns, max_size=columns),
            min_size=1,
            max_size=12,
        )
    )
)
def test_rows_are_told_apart_and_ordered_as_numpy_does(rows: list[list[int]]) -> None:
    """2^30 in twelve columns is more than one number of 63 bits can stand for."""
    array = np.array(rows, np.int64)
    first, which = unique_rows(array, 2**30 + 1)
    kinds = sorted(map(list, {tuple(row) for row in rows}))
    assert array[first].tolist() == kinds
    assert array[first][which].tolist() == rows
    assert [rows.index(kind) for kind in kinds] == first.tolist()


@given(
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.integers(0, 2), min_size=24, max_size=24),
)
def test_axes_that_do_not_vary_have_size_one(vary: list[bool], values: list[int]) -> None:
    shape = (2, 3, 4)
    cut = tuple(slice(None) if along else slice(1) for along in vary)
    numbers = np.broadcast_to(np.array(values).reshape(shape)[cut], shape)
    found = alike(numbers)
    assert np.broadcast_to(found, shape).tolist() == numbers.tolist()
    for axis, size in enumerate(found.shape):
        assert size == 1 or any(
            row != found.take(0, axis).tolist() for row in np.moveaxis(found, axis, 0).tolist()
        )

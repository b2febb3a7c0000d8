"""Classes of units: numbers that stand for rows, and axes along which nothing varies."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convgraph.interactions.class_numbers import (
    alike,
    compact,
    counts_of,
    kinds_of,
    meets,
    unique_rows,
)
from convgraph.interactions.joined_states import pairs_of
from convgraph.interactions.states import State, in_pairs


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


@given(st.integers(1, 300), st.integers(1, 300), st.randoms(use_true_random=False))
def test_pairs_of_classes_are_numbered_without_overflow(one: int, other: int, random: Any) -> None:
    """Two states of up to 300 classes each, kept in one or two bytes a unit."""

    def drawn(count: int, shape: tuple[int, int]) -> State[int]:
        numbers = [[random.randrange(count) for _ in range(shape[1])] for _ in range(shape[0])]
        return State((5, 7), (None, None), compact(np.array(numbers), count), (0,) * count)

    a, b = drawn(one, (5, 1)), drawn(other, (1, 7))
    kinds, number = kinds_of(in_pairs(a, b), one * other)
    wanted = [[other * int(i) + int(j) for j in b.classes[0]] for i in a.classes[:, 0]]
    assert kinds == sorted({pair for row in wanted for pair in row})
    assert [[kinds[place] for place in row] for row in number.tolist()] == wanted
    assert counts_of(number, len(kinds)).tolist() == [
        sum(row.count(kind) for row in wanted) for kind in kinds
    ]


@given(st.integers(1, 40), st.booleans(), st.randoms(use_true_random=False))
def test_pairs_are_those_of_the_units_where_one_state_is_finer(
    count: int, swapped: bool, random: Any
) -> None:
    """Classes that lie within those of the other, or nearly do."""
    fine = np.array([[random.randrange(count) for _ in range(6)] for _ in range(5)])
    kinds = sorted(set(fine.ravel().tolist()))
    fine = np.array([[kinds.index(n) for n in row] for row in fine.tolist()])
    within = np.array([random.randrange(3) for _ in kinds])
    coarse = within[fine]
    if random.random() < 0.3:
        coarse[2, 3] = random.randrange(3)
    met = meets(fine, len(kinds), coarse)
    each = {int(n): set(coarse[fine == n].tolist()) for n in range(len(kinds))}
    assert (met is None) == any(len(others) > 1 for others in each.values())
    assert met is None or [{n} for n in met.tolist()] == list(each.values())
    a: State[int] = State((5, 6), (None, None), fine, (1,) * len(kinds))
    b: State[int] = State((5, 6), (None, None), coarse, (1,) * 3)
    a, b = (b, a) if swapped else (a, b)
    pairs = pairs_of(a, b)
    wanted = [
        [len(b.payloads) * int(i) + int(j) for i, j in zip(x, y, strict=True)]
        for x, y in zip(a.classes, b.classes, strict=True)
    ]
    assert pairs.kinds == sorted({pair for row in wanted for pair in row})
    assert [[pairs.kinds[n] for n in row] for row in pairs.number.tolist()] == wanted

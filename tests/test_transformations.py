"""Transformations against numpy, and how they act on rows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy.combinatorics import Permutation

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.core.layer import Row
from convgraph.symmetry.equivariance.row_actions import row_steps

IMAGE = np.arange(1, 21).reshape(4, 5)
SQUARE = np.arange(1, 17).reshape(4, 4)


def shifted(array: Any, amount: Any, axis: Any) -> Any:
    """What a shift with zeros does, by slices."""
    result = np.zeros_like(array)
    n = array.shape[axis]
    for to in range(n):
        if 0 <= to - amount < n:
            source = np.take(array, to - amount, axis)
            result[(slice(None),) * axis + (to,)] = source
    return result


@given(st.integers(-7, 7), st.integers(0, 1))
def test_shifts_against_slices_and_roll(amount: int, axis: int) -> None:
    assert (cg.Shift(amount, axis)(IMAGE) == shifted(IMAGE, amount, axis)).all()
    assert (cg.Shift(amount, axis, "wrap")(IMAGE) == np.roll(IMAGE, amount, axis)).all()


@given(st.integers(-4, 4), st.integers(-4, 4))
def test_a_shift_of_both_axes_is_one_after_the_other(rows: int, columns: int) -> None:
    both = cg.Shift((rows, columns))
    assert (both(IMAGE) == shifted(shifted(IMAGE, rows, 0), columns, 1)).all()
    assert (both(IMAGE) == (cg.Shift(rows, 0) @ cg.Shift(columns))(IMAGE)).all()


@pytest.mark.parametrize("turns", range(-2, 6))
def test_quarter_turns_against_numpy(turns: Any) -> None:
    assert (cg.Rotate90(turns)(SQUARE) == np.rot90(SQUARE, turns)).all()
    turn = cg.Rotate90()
    assert ((turn @ turn @ turn @ turn)(SQUARE) == SQUARE).all()


def test_reflections_and_enlargements_against_numpy() -> None:
    assert (cg.Flip()(IMAGE) == IMAGE[:, ::-1]).all()
    assert (cg.Flip(0)(IMAGE) == IMAGE[::-1]).all()
    assert (cg.Scale(2)(IMAGE) == IMAGE.repeat(2, 0).repeat(2, 1)[:4, :5]).all()
    assert (cg.Scale(3, axis=1)(IMAGE) == IMAGE.repeat(3, 1)[:, :5]).all()


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_permutations_compose_as_sympys_do(first: Any, second: Any) -> None:
    values = np.arange(6) * 7
    done = (cg.Permute(second) @ cg.Permute(first))(values)
    # sympy multiplies from left to right, and i^p is where i goes
    product = Permutation(first) * Permutation(second)
    assert (done == cg.Permute(product.array_form)(values)).all()
    assert all(done[i ^ product] == values[i] for i in range(6))


def test_a_permutation_can_be_written_in_many_ways() -> None:
    values = np.array([3, 1, 4, 1, 5])
    ways = [
        cg.Permute([1, 2, 0, 3, 4]),
        cg.Permute(["x2", "x3", "x1", "x4", "x5"]),
        cg.Permute({"x1": "x2", "x2": "x3", "x3": "x1"}),
        cg.Permute({0: 1, 1: 2, 2: 0}),
        cg.Permute(cycles=[("x1", "x2", "x3")]),
        cg.Permute(cycles=[(0, 1, 2)]),
    ]
    assert [way(values).tolist() for way in ways] == [[4, 3, 1, 1, 5]] * 6


def test_names_follow_the_row_and_channels_stay_in_front() -> None:
    row = Row("h1", (2, 3), channels=True)
    swapped = cg.Permute(cycles=[("h1:1,1", "h1:2,3")]).sources(row)
    assert swapped.tolist() == [5, 1, 2, 3, 4, 0]
    assert cg.Shift(1).sources(row).tolist() == [-1, 0, 1, -1, 3, 4]
    assert cg.Permute([1, 2, 0]).sources(row).tolist() == [2, 0, 1, 5, 3, 4]
    assert cg.PermuteChannels([1, 0]).sources(row).tolist() == [3, 4, 5, 0, 1, 2]


def test_a_shift_behind_strides() -> None:
    shift = cg.Shift((4, 6))
    assert shift.behind((Fraction(2), Fraction(3))) == cg.Shift((2, 2))
    assert shift.behind((Fraction(2, 3), Fraction(1, 2))) == cg.Shift((6, 12))
    assert shift.behind((Fraction(3), Fraction(1))) is None
    assert shift.behind((None, Fraction(2))) == cg.Shift((0, 3))
    s, t = sp.symbols("s t", integer=True, positive=True)
    assert cg.Shift(3 * t).behind((Fraction(3),)) == cg.Shift(t)
    assert (cg.Flip() @ cg.Shift(2)).behind((Fraction(2),)) == cg.Flip() @ cg.Shift(1)
    assert cg.Shift(s).behind((Fraction(1),)) == cg.Shift(s)


def test_steps_of_rows_multiply_and_upsampling_divides() -> None:
    x = cg.Input((3, 24, 24), 2)
    h = cg.Conv((3, 3), stride=(2, 1), padding=1)(x)
    u = cg.Upsample(3)(h)
    p = cg.MaxPool((1, 2))(u)
    g = cg.GlobalAvgPool()(p)
    net = cg.Network(x, cg.Dense(4)(cg.Flatten()(g)), ["x", "h", "u", "p", "g", "f", "s"])
    steps = row_steps(net)
    assert steps["h"] == (2, 1)
    assert steps["u"] == (Fraction(2, 3), Fraction(1, 3))
    assert steps["p"] == (Fraction(2, 3), Fraction(2, 3))
    assert steps["g"] == (None, None)
    assert all(step is None for step in steps["s"] or (None,))


def test_they_show_the_call_that_makes_them() -> None:
    shown = [
        "Shift(2)",
        "Shift((0, 1), boundary='wrap')",
        "Shift(1, axis=0)",
        "Flip()",
        "Flip(0)",
        "Rotate90()",
        "Rotate90(3)",
        "Scale(2)",
        "Scale(2, axis=1)",
        "Permute([1, 0])",
        "PermuteChannels([1, 0])",
        "Shift(1) @ Flip()",
    ]
    names = {name: getattr(cg, name) for name in cg.__all__}  # made on demand
    assert [repr(eval(text, names)) for text in shown] == shown


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cg.Shift(0.5), "amount=0.5: a shift is a whole number"),
        (lambda: cg.Shift("1"), "amount='1': a shift is a whole number"),
        (lambda: cg.Shift(()), r"amount=\(\): a shift"),
        (lambda: cg.Shift(1, boundary="reflect"), "boundary='reflect': a boundary is \"zeros\""),
        (lambda: cg.Shift(1, axis=2)(IMAGE), "axis=2: the row has 2 axes"),
        (lambda: cg.Shift((1, 2, 3))(IMAGE), r"amount=\(1, 2, 3\): the row has 2 axes"),
        (lambda: cg.Shift(sp.Symbol("t", integer=True))([1]), "amount=t: this question needs"),
        (lambda: cg.Flip(1)([1, 2]), "axis=1: the row has 1 axis "),
        (lambda: cg.Flip(True), "axis=True: an axis is a whole number"),
        (lambda: cg.Rotate90()(IMAGE), "turns=1: quarter turns take a square.*4x5"),
        (lambda: cg.Rotate90()([1, 2]), "turns=1: quarter turns take a square"),
        (lambda: cg.Rotate90(1.5), "turns=1.5: a number of quarter turns is whole"),
        (lambda: cg.Scale(0), "factor=0: a factor is a positive whole number"),
        (lambda: cg.Permute([0, 0]), r"permutation=\[0, 0\]: a permutation lists each position"),
        (lambda: cg.Permute([1, 2]), r"permutation=\[1, 2\]: a permutation lists"),
        (lambda: cg.Permute([1, 0])([1, 2, 3]), "permutation of 2: row 'x' has 3 units"),
        (lambda: cg.Permute(cycles=[(0, 5)])([1, 2]), "position 5: row 'x' has 2 units"),
        (lambda: cg.Permute(cycles=[("x1", "x9")])([1, 2]), "'x9' is no unit of row 'x'"),
        (lambda: cg.Permute({0: 1}), r"permutation=\{0: 1\}: a permutation"),
        (lambda: cg.Permute(), "give a permutation or its cycles"),
        (lambda: cg.Permute([0.0]), "0.0 is no position"),
        (lambda: cg.PermuteChannels([0, 2]), r"permutation=\[0, 2\]"),
        (lambda: cg.PermuteChannels([1, 0])(np.eye(3)), "permutation of 2: row 'x' has 3 channels"),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[..., Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        make()

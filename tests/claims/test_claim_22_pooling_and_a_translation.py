"""Claim 22: after a small translation, most pooled outputs do not change.

Book, section 9.3: "Pooling over spatial regions produces invariance to translation ... if we
translate the input by a small amount, the values of most of the pooled outputs do not change."
Figure 9.8 shows a row of detectors and the same row moved right by one: every value below has
changed, but only half of the values above.

What is derived: for independent values of any continuous distribution, a window of width w keeps
its maximum under a translation by one with the probability (w - 1)/(w + 1). That is a half at the
figure's width of 3, and more than a half from width 4 on.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive

w, n = sp.symbols("w n", integer=True, positive=True)


def test_the_figure() -> None:
    """In tenths: the row .1 1 .2 .1, and the same row moved right by one, .3 coming in."""
    net = cg.MaxPool(3, stride=1, padding="same").on(4)
    detected, moved = (1, 10, 2, 1), (3, 1, 10, 2)
    assert moved[1:] == detected[:-1]
    assert all(a != b for a, b in zip(detected, moved, strict=True))
    assert net.evaluate(detected).tolist() == [10, 10, 10, 2]
    assert net.evaluate(moved).tolist() == [3, 10, 10, 10]


def test_which_orders_of_values_leave_a_maximum_unchanged() -> None:
    """Two windows of three, one apart, see four values together and share two of them.

    The maximum is unchanged if and only if the greatest of the four is one of the two that are
    shared. In half of all orders of four values it is.
    """
    unchanged = [max(a, b, c) == max(b, c, d) for a, b, c, d in itertools.permutations(range(4))]
    assert Fraction(sum(unchanged), len(unchanged)) == Fraction(1, 2)


def test_the_fraction_for_every_width() -> None:
    """w + 1 values in both windows, w - 1 of them shared."""
    inside = cg.invariance(cg.MaxPool(w, stride=1).on(n), cg.Shift(1)).inside
    assert inside == (w - 1) / (w + 1)
    for width in range(1, 7):
        orders = list(itertools.permutations(range(width + 1)))
        same = sum(max(values[:-1]) == max(values[1:]) for values in orders)
        assert Fraction(same, len(orders)) == Fraction(str(inside.subs(w, width)))


def test_when_it_is_most() -> None:
    """More than half from width 4 on, exactly half at 3, and a third at 2."""
    inside = cg.invariance(cg.MaxPool(w, stride=1).on(n), cg.Shift(1)).inside
    assert sp.solveset(inside > sp.Rational(1, 2), w, sp.Interval(1, sp.oo)) == sp.Interval.open(
        3, sp.oo
    )
    assert inside.subs(w, 3) == sp.Rational(1, 2)
    assert inside.subs(w, 2) == sp.Rational(1, 3)


def test_other_translations_strides_and_images() -> None:
    """A stride does not matter, a longer way does; an image is a window on each axis."""

    def kept(pool: Any, g: Any, shape: Any) -> Any:
        return cg.invariance(pool.on(shape), g).inside

    assert kept(cg.MaxPool(3, stride=2), cg.Shift(1), 99) == sp.Rational(1, 2)
    assert kept(cg.MaxPool(3, stride=1), cg.Shift(2), 99) == sp.Rational(1, 5)
    assert kept(cg.MaxPool(3, stride=1), cg.Shift(3), 99) == 0
    assert kept(cg.MaxPool((3, 3), stride=1), cg.Shift((0, 1)), (9, 9)) == sp.Rational(1, 2)
    assert kept(cg.MaxPool((3, 3), stride=1), cg.Shift((1, 1)), (9, 9)) == sp.Rational(2, 7)


def test_averages_are_never_unchanged() -> None:
    """A mean changes with any value that leaves its window, however small the translation."""
    assert cg.invariance(cg.AvgPool(w, stride=1).on(n), cg.Shift(1)).inside == 0


def test_the_verdict() -> None:
    (claim,) = derive([22])
    assert claim.verdict == "holds when"
    assert "any width above 3" in claim.detail
    assert "(w - 1)/(w + 1)" in claim.detail

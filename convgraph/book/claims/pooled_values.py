"""Claims 21, 22 and 27: pooled values, what a shift changes of them, and how many are left."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.core.sizes import size_symbol

n, m, k, w = map(size_symbol, "nmkw")

TABLE = ((9, 3, 5, 3), (10, 32, 2, 2), (1, 3, 21, 9), (2, 6, 11, 7))
DETECTED = (1, 10, 2, 1)  # figure 9.8, in tenths
DETECTED_RIGHT = (3, 1, 10, 2)  # the same, moved right by one


@claim(
    21,
    "notes, after a survey of 2017",
    "Of the table 9 3 5 3 / 10 32 2 2 / 1 3 21 9 / 2 6 11 7, pooling with 2x2 windows and stride 2 "
    "makes 32 5 / 6 21 by maxima, and 18 3 / 3 12 by averages.",
    "edges",
)
def pooled_table() -> Iterator[Check]:
    """Both pools of the table, in exact numbers."""
    exact = np.array([[sp.Integer(value) for value in row] for row in TABLE], object)
    for what, pool, stated in (
        ("maxima", cg.MaxPool((2, 2)), ((32, 5), (6, 21))),
        ("averages", cg.AvgPool((2, 2)), ((18, 3), (3, 12))),
    ):
        yield Check(what, _pairs(stated), _pairs(pool.on((4, 4)).evaluate(exact)))


def _pairs(rows: Any) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(tuple(Fraction(str(value)) for value in row) for row in rows)


@claim(
    22,
    "book, section 9.3 and figure 9.8; notes",
    "After a small translation the values of most pooled outputs do not change. In figure 9.8 "
    "every input has changed, but only half of the outputs.",
    "edges, closed form",
)
def invariance_of_pooling() -> Iterator[Check]:
    """Figure 9.8 worked out, and the share of outputs that one expects to be unchanged."""
    net = cg.MaxPool(3, stride=1, padding="same").on(4)
    before, after = (tuple(net.evaluate(row).tolist()) for row in (DETECTED, DETECTED_RIGHT))
    yield Check("figure 9.8, pooled, in tenths", (10, 10, 10, 2), before)
    yield Check("the same, moved right by one", (3, 10, 10, 10), after)
    yield Check("inputs that changed", 1, _changed(DETECTED, DETECTED_RIGHT))
    yield Check("outputs that changed", Fraction(1, 2), _changed(before, after))
    # for independent, continuous values, width w and stride 1
    unchanged = cg.invariance(cg.MaxPool(w, stride=1).on(n), cg.Shift(1)).inside
    assert unchanged is not None
    yield Check(
        "figure 9.8 is what one expects of independent values",
        Fraction(1, 2),
        1 - unchanged.subs(w, 3),
        remark=f"Of independent, continuous values, {unchanged} of the outputs are unchanged.",
    )
    wide = size_symbol("v") + 3  # any width above 3
    for width, when in ((2, "width 2"), (3, "width 3"), (wide, "any width above 3")):
        more = sp.simplify(unchanged.subs(w, width) - sp.Rational(1, 2))
        yield Check("more than half are unchanged", True, bool(more.is_positive), when=when)
    averages = cg.invariance(cg.AvgPool(w, stride=1).on(n), cg.Shift(1)).inside
    yield Check(
        "more than half are unchanged",
        True,
        bool(averages == 1),
        when="averages",
        remark=f"Of averages, {averages} are exactly unchanged.",
    )


def _changed(before: tuple[int, ...], after: tuple[int, ...]) -> Fraction:
    pairs = list(zip(before, after, strict=True))
    return Fraction(sum(a != b for a, b in pairs), len(pairs))


@claim(
    27,
    "book, section 9.3 and figure 9.10",
    "Pooling with a stride of k leaves about k times fewer units to the next layer.",
    "closed form, edges",
)
def fewer_units() -> Iterator[Check]:
    """The number of pooled units for every width and stride, divisible or not."""
    even = cg.MaxPool(k).on(k * m).outputs[0].shape[0]
    yield Check("units left of n", m, even, when="k divides n, windows side by side")
    (left,) = cg.MaxPool(w, stride=k).on(n).outputs[0].shape
    yield Check(
        "units left of n",
        n / k,
        left,
        when="any n, and width w",
        remark=f"Exactly {left} units of n are left, by windows of w units.",
    )
    yield Check(
        "n is k times as many and w - k, ..., w - 1 (n to 20, k to 5)",
        True,
        all(
            _bounded(size, width, stride)
            for size in range(1, 21)
            for width in range(1, size + 1)
            for stride in range(1, 6)
        ),
    )
    # the last window has two units only
    figure = cg.MaxPool(3, stride=2, ceil_mode=True).on(6)
    values = tuple(figure.evaluate((1, 10, 2, 1, 0, 1)).tolist())
    yield Check("figure 9.10, in tenths", (10, 2, 1), values)
    yield Check("units of the last window", 2, len(cg.receptive_field(figure, "s3")))


def _bounded(size: int, width: int, stride: int) -> bool:
    left = int(cg.MaxPool(width, stride=stride).on(size).outputs[0].shape[0])
    return width - stride <= size - stride * left < width

"""Claim 21: a table of numbers under 2x2 pooling with stride 2.

The notes, after a survey of 2017, pool 9 3 5 3 / 10 32 2 2 / 1 3 21 9 / 2 6 11 7 to 32 5 / 6 21 by
maxima, and to 18 3 / 3 12 by averages.

What is derived: the maxima are right. Of the averages the first is not: 9 + 3 + 10 + 32 is 54, and
a quarter of that is 13.5, not 18.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive

TABLE = np.array([[9, 3, 5, 3], [10, 32, 2, 2], [1, 3, 21, 9], [2, 6, 11, 7]])


def test_maxima() -> None:
    assert cg.MaxPool((2, 2)).on((4, 4)).evaluate(TABLE).tolist() == [[32, 5], [6, 21]]


def test_averages() -> None:
    averages = cg.AvgPool((2, 2)).on((4, 4)).evaluate(TABLE.astype(object) * sp.S.One)
    assert averages.tolist() == [[sp.Rational(27, 2), 3], [3, 12]]
    assert sum(TABLE[:2, :2].ravel()) / 4 == 13.5


def test_each_output_reads_its_own_quarter() -> None:
    net = cg.MaxPool((2, 2)).on((4, 4))
    fields = [cg.receptive_field(net, unit).bounds for unit in net.outputs[0].units()]
    assert fields == [
        ((0, 1), (0, 1)),
        ((0, 1), (2, 3)),
        ((2, 3), (0, 1)),
        ((2, 3), (2, 3)),
    ]


def test_the_verdict() -> None:
    (claim,) = derive([21])
    assert claim.verdict == "differs"
    assert "27/2" in claim.detail

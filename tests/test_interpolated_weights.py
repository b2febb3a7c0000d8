"""Weights of interpolation: how many connections carry a number, against the list of all."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from convgraph.core.window import identity
from convgraph.importers.interpolation import Grid, Interpolated, Separable, cubic, linear


@st.composite
def axes(draw: st.DrawFn) -> Interpolated:
    inputs, outputs = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    ratio = Fraction(inputs, outputs)
    grid = Grid.of(inputs, outputs, ratio, ratio / 2 - Fraction(1, 2))
    kernel, radius = draw(st.sampled_from([(linear, 1), (cubic(Fraction(-3, 4)), 2)]))
    return Interpolated(grid, kernel, radius)


@given(axes(), axes(), st.integers(1, 3))
def test_connections_of_a_number_are_counted_axis_by_axis(
    rows: Interpolated, columns: Interpolated, channels: int
) -> None:
    tying = Separable((identity(channels), rows, columns))
    listed = [tying.expressions[label] for label in tying.labels.tolist()]
    for value in {sp.S.One, sp.S.Zero, sp.Rational(1, 2), *listed}:
        assert tying.carrying(value) == listed.count(value)
        labels = tying.numbered(value)
        assert tying.carrying(value) == int(np.isin(tying.labels, labels).sum())

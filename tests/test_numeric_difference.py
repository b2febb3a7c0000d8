"""Both sides of an equation in numbers: what is the same is not told apart, what differs is."""

from __future__ import annotations

import pytest
import sympy as sp

from convgraph.symmetry.equivariance.numeric_difference import expressions_differ

x, y = sp.symbols("x y")
F = sp.Function("f")
SAME = {
    "cosine and sine": (sp.cos(x) ** 2 + sp.sin(x) ** 2, sp.Integer(1)),
    "twice the argument": (sp.tanh(2 * x), 2 * sp.tanh(x) / (1 + sp.tanh(x) ** 2)),
    "one in the other": (sp.tanh(sp.Max(sp.tanh(x), sp.tanh(y))), sp.tanh(sp.tanh(sp.Max(x, y)))),
    "a rounded logarithm": (sp.floor(sp.log(sp.exp(x))), sp.floor(sp.log(sp.exp(x + 0 * y)))),
    "an unknown function": (F(sp.tanh(x) * sp.cosh(x)), F(sp.sinh(x))),
}
DIFFERENT = {
    "by little": (sp.tanh(x), sp.tanh(x) + sp.Rational(1, 10**9)),
    "for one sign": (sp.tanh(sp.Abs(x)), sp.tanh(x)),
    "where it jumps": (sp.floor(sp.exp(x)), sp.exp(x)),
    "by one function": (F(sp.tanh(x)), sp.tanh(F(x))),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same_is_not_told_apart(name: str) -> None:
    assert not expressions_differ(*SAME[name])


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_is_told_apart(name: str) -> None:
    assert expressions_differ(*DIFFERENT[name])

"""Sizes that are divided, against sympy's own floors."""

from __future__ import annotations

from typing import Any

import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from convgraph.core.sizes import ceil_div, floor_div

n, k, s = sp.symbols("n k s", integer=True, positive=True)
even, free = sp.Symbol("e", even=True), sp.Symbol("t", integer=True)
halves = sp.floor(n / 2), sp.ceiling((n - k) / s)
PRODUCTS = st.lists(st.sampled_from([n, k, s, even, free, *halves]), max_size=2).map(
    lambda f: sp.Mul(*f)
)
SUMS = st.lists(st.tuples(st.integers(-3, 3), PRODUCTS), max_size=4).map(
    lambda terms: sp.Add(*[factor * product for factor, product in terms])
)


@given(SUMS, st.sampled_from([2, 4, s, 2 * s, k * s, k + 1]))
def test_quotients_are_rounded_as_sympy_rounds_them(a: Any, b: Any) -> None:
    quotient = sp.expand(a / b)
    assert sp.sympify(floor_div(a, sp.sympify(b))) == sp.floor(quotient)
    assert sp.sympify(ceil_div(a, sp.sympify(b))) == sp.ceiling(quotient)

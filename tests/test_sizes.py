"""Sizes that are divided, against sympy's own floors and the numbers that they stand for."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
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


DIVISORS = st.sampled_from([2, 4, s, 2 * s, k * s, k + 1])
POSITIVE = st.integers(1, 40)
NUMBERS = st.fixed_dictionaries(
    {n: POSITIVE, k: POSITIVE, s: POSITIVE, even: st.integers(-9, 9).map(lambda half: 2 * half)}
    | {free: st.integers(-20, 20)}
)


@given(SUMS, DIVISORS)
def test_quotients_are_rounded_as_sympy_rounds_them(a: Any, b: Any) -> None:
    quotient = sp.expand(a / b)
    if a.has(sp.floor, sp.ceiling):
        return  # of which the next test has the numbers
    assert sp.sympify(floor_div(a, sp.sympify(b))) == sp.floor(quotient)
    assert sp.sympify(ceil_div(a, sp.sympify(b))) == sp.ceiling(quotient)


@given(SUMS, st.lists(st.tuples(DIVISORS, st.integers(-5, 5), st.booleans()), max_size=4), NUMBERS)
def test_quotients_of_quotients_have_their_numbers(a: Any, steps: Any, at: Any) -> None:
    size, number = a, int(a.subs(at))
    for b, added, up in steps:
        divisor = int(sp.sympify(b).subs(at))
        size = (ceil_div if up else floor_div)(size, b) + added
        number = (math.ceil if up else math.floor)(Fraction(number, divisor)) + added
    assert sp.sympify(size).subs(at) == number


@pytest.mark.parametrize("stride", [2, 3, k, 2 * k])
@pytest.mark.parametrize("divided", [floor_div, ceil_div])
def test_a_chain_of_quotients_is_flat(divided: Any, stride: Any) -> None:
    size = n
    for added in range(20):
        size = divided(size + added, stride)
    rounded = sp.sympify(size).atoms(sp.floor, sp.ceiling)
    assert [len(e.args[0].atoms(sp.floor, sp.ceiling)) for e in rounded] == [0]

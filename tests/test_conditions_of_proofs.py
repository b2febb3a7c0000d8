"""What the conditions of proofs are compared with: polynomials, against sympy and numbers."""

from __future__ import annotations

from typing import Any

import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from convgraph.symmetry.proofs.inequalities import follows
from convgraph.symmetry.proofs.polynomials import coefficient, plus, polynomial, put_in, times

i, j = sp.symbols("i j", integer=True)
k, s = sp.symbols("k s", integer=True, positive=True)
p = sp.Symbol("p", integer=True, nonnegative=True)
SYMBOLS = [i, j, k, s, p]


def sums(most: Any = 3) -> Any:
    """Sums of products of symbols, not written out."""
    terms = st.lists(st.sampled_from([*SYMBOLS, sp.floor(i / 2), sp.Rational(1, 2)]), max_size=2)
    term = st.tuples(st.integers(-3, 3), terms).map(lambda t: sp.Mul(t[0], *t[1]))
    return st.lists(term, max_size=most).map(lambda ts: sp.Add(*ts))


def as_sympy(known: Any) -> Any:
    return sp.Add(
        *[value * sp.Mul(*[b**e for b, e in product]) for product, value in known.items()]
    )


@given(sums(), sums(), sums(), st.integers(-2, 2))
def test_polynomials_are_those_of_sympy(a: Any, b: Any, c: Any, number: int) -> None:
    product = (a + number) * b - c**2
    assert sp.expand(as_sympy(polynomial(product)) - product) == 0
    assert as_sympy(plus(polynomial(a), polynomial(b), number)) == sp.expand(a + number * b)
    assert as_sympy(times(polynomial(a), polynomial(b))) == sp.expand(a * b)
    assert as_sympy(coefficient(polynomial(a), k)) == sp.expand(a).coeff(k)
    loose = a.subs(sp.floor(i / 2), j)
    found = put_in(polynomial(loose), {i: polynomial(b), j: polynomial(c)})
    both = loose.subs({i: sp.Symbol("b"), j: sp.Symbol("c")}).subs({"b": b, "c": c})
    assert sp.expand(as_sympy(found) - both) == 0


@settings(max_examples=100)
@given(
    sums(), st.lists(sums(), max_size=2), st.tuples(*[st.integers(-3, 3)] * 5), st.integers(0, 3)
)
def test_what_follows_is_so_in_numbers(
    goal: Any, known: list[Any], numbers: tuple[Any, ...], high: int
) -> None:
    """j runs through 0 ... high + k - 1 or is free."""
    at = dict(zip(SYMBOLS, map(sp.Integer, numbers), strict=True))
    at |= {k: abs(at[k]) + 1, s: abs(at[s]) + 1, p: abs(at[p])}
    bounds = ((j, sp.S.Zero, k - 1 + high),)
    met = all(e.xreplace(at) >= 0 for e in known if not e.has(j)) and 0 <= at[j] < at[k] + high
    if met and follows(goal, [e for e in known if not e.has(j)], bounds):
        assert goal.xreplace(at) >= 0


def test_symbols_of_one_name_are_told_apart() -> None:
    """q - r + 1 is -4 at q = 0 and r = 5, whatever both are called."""
    other = sp.Symbol("k", integer=True, negative=True)
    bound = sp.Symbol("k", integer=True)
    assert not follows(k + other, [])
    assert not follows(p - sp.Symbol("p", integer=True, positive=True) + 1, [])
    assert not follows(k - bound - 1, [], ((bound, sp.S.Zero, s),))
    assert follows(k - other - 2, [])


def test_a_condition_on_a_variable_in_a_floor_that_stays_does_not_follow() -> None:
    squared = sp.floor(j / 2) * sp.floor(j / 2) - p
    assert not follows(squared, [], ((j, sp.S.Zero, sp.oo),))
    assert not follows(j, [], ((j, sp.S.Zero, sp.oo),))

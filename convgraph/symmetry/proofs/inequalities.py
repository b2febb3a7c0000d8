"""Whether one condition on whole numbers follows from others.

A condition is an expression that is not negative. What is answered "yes" is so for all values of
the symbols that their assumptions allow; "no" may only mean that it was not seen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import sympy as sp

from convgraph.symmetry.proofs.polynomials import (
    NONE,
    Polynomial,
    coefficient,
    plus,
    polynomial,
    put_in,
    symbols,
    times,
    written,
)

__all__ = ["Bounds", "Meanings", "follows", "unfloored"]

Bounds: TypeAlias = "tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...]"
Meanings: TypeAlias = "Mapping[sp.Symbol, sp.Expr]"
"""Sizes by their names, each in terms of those before it: floor(n/2) + 1, and the like."""
NOTHING: Meanings = MappingProxyType({})


def follows(
    goal: sp.Expr, given: Sequence[sp.Expr], bounds: Bounds = (), sizes: Meanings = NOTHING
) -> bool:
    """Whether goal >= 0 follows from given >= 0 and from the ranges of the bound variables.

    Where it does not as it stands, it may with what the sizes in it mean.

    It does if goal minus one of the given, or a positive multiple of it, is a sum of non-negative
    terms, when each bound variable j is counted from its lower end, j = low + j', or from its
    upper, j = high - j'.

    >>> i, j = sp.symbols("i j", integer=True)
    >>> k, n = sp.symbols("k n", integer=True, positive=True)
    >>> follows(n - 1 - i - j, [n - 1 - i - (k - 1)], ((j, sp.S.Zero, k - 1),))
    True
    """
    asked = polynomial(goal)
    if _follows(_unfloored(asked), given, bounds):
        return True
    meant = _lowered(asked, sizes)
    return meant != asked and _follows(meant, given, bounds)


def _follows(asked: Polynomial, given: Sequence[sp.Expr], bounds: Bounds) -> bool:
    inside = set().union(*(symbol.free_symbols for symbol in symbols(asked)))
    inner = [bound for bound in bounds if bound[0] in inside]
    if not all(_is_finite(end) for _, *ends in inner for end in ends):
        return False  # there is no end to count from
    if not all(bound[0] in symbols(asked) for bound in inner):
        return False  # it is in a floor that stayed
    known = [polynomial(g) for g in given]
    for ends in itertools.product((True, False), repeat=len(inner)):
        counted = {}
        for (var, low, high), from_low in zip(inner, ends, strict=True):
            step = polynomial(_counter(var))
            end = polynomial(low if from_low else high)
            counted[var] = plus(end, step, 1 if from_low else -1)
        seen = put_in(asked, counted) if counted else asked
        if _never_negative(seen) or any(_above(seen, g) for g in known):
            return True
    return False


def _is_finite(end: sp.Expr) -> bool:
    """Whether an end of a sum is one, and no infinity."""
    plain = all(s.is_Symbol and power > 0 for product in polynomial(end) for s, power in product)
    return bool(plain or end.is_finite)


def _lowered(goal: Polynomial, sizes: Meanings) -> Polynomial:
    """A goal in terms of the sizes from which those follow that are named in it."""
    for symbol, value in reversed(list(sizes.items())):
        inside = [s for s in symbols(goal) if symbol in s.free_symbols]
        if inside == [symbol]:
            goal = _unfloored(put_in(goal, {symbol: polynomial(value)}))
        elif inside:
            goal = _unfloored(polynomial(written(goal).xreplace({symbol: value})))
    return goal


def unfloored(goal: sp.Expr) -> sp.Expr:
    """An expression without floors that is not negative only where the goal is not.

    With e = f floor(e/f) + r and 0 <= r < f, whole numbers have floor(e/f) >= a wherever e >= f a,
    and floor(e/f) <= b wherever e <= f b + f - 1. Behind another factor than 1 or -1 the goal has
    to hold for every such r. The outermost floor goes first, until none is left; a floor that is
    not a term of its own stays, and nothing follows.

    >>> i, n = sp.symbols("i n", integer=True)
    >>> unfloored(sp.floor(i / 2) - 3), unfloored(n - sp.floor(i / 2))
    (i - 6, -i + 2*n + 1)
    """
    return written(_unfloored(polynomial(goal)))


def _unfloored(goal: Polynomial) -> Polynomial:
    while floors := sorted(filter(_is_floor, symbols(goal)), key=sp.default_sort_key):
        outer = (f for f in floors if not any(f in g.args[0].atoms(sp.floor) for g in floors))
        floor = next(outer)
        slope = coefficient(goal, floor)
        rest = {product: v for product, v in goal.items() if (floor, 1) not in product}
        inside = symbols(slope) | symbols(rest)
        e, f = _fraction(floor.args[0])
        if not f.is_positive or any(symbol.has(floor) for symbol in inside):
            return goal
        over, under = polynomial(e), polynomial(f)
        most = plus(under, {NONE: 1}, -1)  # of which the remainder is
        whole = _is_whole(rest)
        goal = plus(times(slope, over), times(under, rest))
        if slope == {NONE: -1} and whole:
            goal = plus(goal, most)
        elif not whole or (slope != {NONE: 1} and not written(slope).is_negative):
            goal = plus(goal, times(polynomial(sp.Abs(written(slope))), most), -1)
    return goal


def _is_floor(symbol: sp.Expr) -> bool:
    return isinstance(symbol, sp.floor)


def _is_whole(p: Polynomial) -> bool:
    """Whether a polynomial is seen to be a whole number."""
    return all(
        value.denominator == 1 and all(s.is_integer and power > 0 for s, power in product)
        for product, value in p.items()
    )


def _fraction(e: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """An expression as a quotient, over a number where that will do."""
    p = polynomial(e)
    if all(power > 0 for product in p for _, power in product):
        under = math.lcm(*(Fraction(value).denominator for value in p.values()))
        return written(times(p, {NONE: under})), sp.Integer(under)
    return sp.fraction(sp.together(e))


def _above(goal: Polynomial, given: Polynomial) -> bool:
    """Whether goal minus a positive multiple of given is seen not to be negative."""
    if _never_negative(plus(goal, given, -1)):
        return True  # as it mostly is, if it is at all
    loose = [s for s in symbols(given) if s.is_Symbol and _sign(s) is None]
    of_goal, of_given = ({s: coefficient(p, s) for s in loose} for p in (goal, given))
    multiples: list[Polynomial] = []
    for symbol in loose:
        if not of_given[symbol]:
            return False  # nothing is known where it is squared
        if not of_goal[symbol]:
            return False  # nothing cancels a variable that the goal lacks
        multiple = _quotient(of_goal[symbol], of_given[symbol])
        if multiple is not None and multiple not in ({NONE: 1}, *multiples):
            multiples.append(multiple)
    return any(
        _is_positive(m) and _never_negative(plus(goal, times(m, given), -1)) for m in multiples
    )


def _quotient(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """a divided by b, if that is a single product of powers, or b is."""
    product, value = next(iter(b.items()))
    inverse: Polynomial = {frozenset((s, -power) for s, power in product): Fraction(1) / value}
    if len(b) == 1:
        return times(a, inverse)
    every = (times({own: factor}, inverse) for own, factor in a.items())
    return next((q for q in every if times(q, b) == a), None)


def _is_positive(p: Polynomial) -> bool:
    """Whether no term of a polynomial is seen to be negative or 0."""
    return all(
        value > 0 and all(_sign(s) == "positive" for s, _ in product)
        for product, value in p.items()
    )


def _never_negative(p: Polynomial) -> bool:
    """Whether a polynomial has no negative term once each symbol is counted from its bound.

    A positive whole number is one more than a number that is not negative. (sympy's own
    `is_nonnegative` of a sum takes a hundred times as long.)
    """
    if any(_sign(s) is None for s in symbols(p)):
        return False
    counted = {s: start for s in symbols(p) if (start := _from_bound(s)) is not None}
    return all(
        value > 0 and all(_sign(s) in ("positive", "nonnegative") for s, _ in product)
        for product, value in put_in(p, counted).items()
    )


@lru_cache(maxsize=4096)
def _sign(symbol: sp.Expr) -> str | None:
    """What is known of the sign of a symbol, or of what counts as one."""
    if symbol.is_positive:
        return "positive"
    if symbol.is_nonnegative:
        return "nonnegative"
    if symbol.is_negative:
        return "negative"
    return "nonpositive" if symbol.is_nonpositive else None


def _from_bound(symbol: sp.Expr) -> Polynomial | None:
    """A symbol as its bound and a number that is not negative; None for what is none itself."""
    if not symbol.is_Symbol or _sign(symbol) == "nonnegative":
        return None
    away = polynomial(_counter(symbol))
    if _sign(symbol) == "positive":
        return plus({NONE: 1}, away)
    return plus({NONE: -1} if _sign(symbol) == "negative" else {}, away, -1)


@lru_cache(maxsize=4096)
def _counter(symbol: sp.Symbol) -> sp.Dummy:
    """A number that is not negative, and is no other symbol's: two may have one name."""
    return sp.Dummy(symbol.name, integer=True, nonnegative=True)

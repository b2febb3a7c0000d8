"""Whether one condition on whole numbers follows from others.

A condition is an expression that is not negative. What is answered "yes" is so for all values of
the symbols that their assumptions allow; "no" may only mean that it was not seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import sympy as sp

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
    if _follows(unfloored(goal), given, bounds):
        return True
    meant = lowered(goal, sizes)
    return meant != goal and _follows(meant, given, bounds)


def _follows(goal: sp.Expr, given: Sequence[sp.Expr], bounds: Bounds) -> bool:
    inner = [bound for bound in bounds if goal.has(bound[0])]
    if any(not (low.is_finite and high.is_finite) for _, low, high in inner):
        return False  # there is no end to count from
    for ends in itertools.product((True, False), repeat=len(inner)):
        counted = {}
        for (var, low, high), from_low in zip(inner, ends, strict=True):
            step = _counter(var.name)
            counted[var] = low + step if from_low else high - step
        seen = sp.expand(goal.xreplace(counted))
        if _never_negative(seen) or any(_above(seen, sp.expand(g)) for g in given):
            return True
    return False


def lowered(goal: sp.Expr, sizes: Meanings) -> sp.Expr:
    """A goal in terms of the sizes from which those follow that are named in it."""
    for symbol, value in reversed(list(sizes.items())):
        if goal.has(symbol):
            goal = unfloored(goal.xreplace({symbol: value}))
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
    while goal.has(sp.floor):
        floors = sorted(goal.atoms(sp.floor), key=sp.default_sort_key)
        floor = next(f for f in floors if not any(f in g.args[0].atoms(sp.floor) for g in floors))
        e, f = sp.fraction(sp.together(floor.args[0]))
        stand_in = sp.Dummy(integer=True)
        seen = sp.expand(goal.xreplace({floor: stand_in}))
        slope, rest = seen.coeff(stand_in), seen.coeff(stand_in, 0)
        if not f.is_positive or sp.expand(seen - slope * stand_in - rest) != 0:
            return goal
        scaled = slope * e + f * rest
        if slope == -1 and rest.is_integer:
            scaled += f - 1
        elif not rest.is_integer or (slope != 1 and not slope.is_negative):
            scaled -= sp.Abs(slope) * (f - 1)
        goal = sp.expand(scaled)
    return goal


def _above(goal: sp.Expr, given: sp.Expr) -> bool:
    """Whether goal minus a positive multiple of given is seen not to be negative."""
    of_goal, of_given = _slopes(goal), _slopes(given)
    if not of_given.keys() <= of_goal.keys():
        return False  # nothing cancels a variable that the goal lacks
    multiples = {sp.S.One} | {of_goal[v] / of_given[v] for v in of_given}
    return any(
        m.is_positive and _never_negative(sp.expand(goal - m * given))
        for m in sorted(multiples, key=sp.default_sort_key)
    )


@lru_cache(maxsize=4096)
def _slopes(e: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The coefficient of each variable, a symbol of either sign, in a polynomial linear in it."""
    return {v: e.coeff(v) for v in e.free_symbols if _signless(v) and e.coeff(v) != 0}


def _signless(symbol: sp.Symbol) -> bool:
    return symbol.is_nonnegative is None and symbol.is_nonpositive is None


@lru_cache(maxsize=4096)
def _never_negative(polynomial: sp.Expr) -> bool:
    """Whether a polynomial has no negative term once each symbol is counted from its bound.

    A positive whole number is one more than a number that is not negative. (sympy's own
    `is_nonnegative` of a sum takes ten times as long.)
    """
    counted = {s: _from_bound(s) for s in polynomial.free_symbols}
    if any(value is None for value in counted.values()):
        return False
    terms = sp.Add.make_args(sp.expand(polynomial.xreplace(counted)))
    return all(
        factor.is_Symbol or factor.is_nonnegative
        for term in terms
        for factor in sp.Mul.make_args(term)
    )


@lru_cache(maxsize=4096)
def _from_bound(symbol: sp.Symbol) -> sp.Expr | None:
    """A symbol as its bound and a number that is not negative; None where it has no bound."""
    if symbol.is_positive:
        return 1 + _counter(symbol.name)
    if symbol.is_nonnegative:
        return _counter(symbol.name)
    if symbol.is_negative:
        return -1 - _counter(symbol.name)
    return -_counter(symbol.name) if symbol.is_nonpositive else None


@lru_cache(maxsize=4096)
def _counter(name: str) -> sp.Dummy:
    """A number that is not negative, and is no other symbol."""
    return sp.Dummy(name, integer=True, nonnegative=True)

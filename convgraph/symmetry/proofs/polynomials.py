"""Polynomials with rational coefficients, as what each product of symbols is multiplied by.

sympy's own expressions are trees, which are searched and built anew at each addition; conditions of
proofs are sums of a few products, compared by the thousand. What is no sum, product or power (a
floor, a remainder) counts as one more symbol.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import sympy as sp

__all__ = [
    "NONE",
    "Polynomial",
    "coefficient",
    "plus",
    "polynomial",
    "put_in",
    "symbols",
    "times",
    "written",
]

Product: TypeAlias = "frozenset[tuple[sp.Expr, int]]"
Polynomial: TypeAlias = "Mapping[Product, Fraction | int]"
"""Coefficients, none of them 0, by products of powers; exponents may be negative."""

NONE: Product = frozenset()  # no symbol: what a number stands beside
LARGEST_POWER = 8  # of a sum that is written out: conditions are linear, or products of few sizes


@lru_cache(maxsize=4096)
def polynomial(e: sp.Expr) -> Polynomial:
    """An expression as a polynomial.

    >>> n = sp.Symbol("n")
    >>> polynomial((n + 1) ** 2) == polynomial(n * (n + 2) + 1)
    True
    """
    if e.is_Integer:
        return {NONE: int(e)} if e != 0 else {}
    if e.is_Rational:
        return {NONE: Fraction(int(e.p), int(e.q))}
    if e.is_Add:
        total: Polynomial = {}
        for term in e.args:
            total = plus(total, polynomial(term))
        return total
    if e.is_Mul:
        result: Polynomial = {NONE: 1}
        for factor in e.args:
            result = times(result, polynomial(factor))
        return result
    if e.is_Pow and e.exp.is_Integer:
        base, power = polynomial(e.base), int(e.exp)
        if 0 < power <= LARGEST_POWER:
            return _power(base, power)
        if len(base) == 1:
            ((product, value),) = base.items()
            return {frozenset((s, k * power) for s, k in product): Fraction(value) ** power}
    return {frozenset({(e, 1)}): 1}


def written(p: Polynomial) -> sp.Expr:
    """A polynomial as an expression, written out.

    >>> n = sp.Symbol("n")
    >>> written(polynomial((n + 1) * (n - 1)))
    n**2 - 1
    """
    return sp.Add(
        *(sp.Mul(_number(value), *(s**k for s, k in product)) for product, value in p.items())
    )


def _number(value: Fraction | int) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def plus(a: Polynomial, b: Polynomial, factor: Fraction | int = 1) -> Polynomial:
    """a + factor b."""
    total = dict(a)
    for product, value in b.items():
        new = total.get(product, 0) + factor * value
        if new:
            total[product] = new
        else:
            total.pop(product, None)
    return total


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """a b."""
    total: dict[Product, Fraction | int] = {}
    for one, value in a.items():
        for other, factor in b.items():
            product = _joined(one, other)
            total[product] = total.get(product, 0) + value * factor
    return {product: value for product, value in total.items() if value}


def _joined(one: Product, other: Product) -> Product:
    if not one or not other:
        return one or other
    powers = dict(one)
    for symbol, power in other:
        powers[symbol] = powers.get(symbol, 0) + power
    return frozenset((s, k) for s, k in powers.items() if k)


def _power(base: Polynomial, power: int) -> Polynomial:
    result: Polynomial = {NONE: 1}
    for _ in range(power):
        result = times(result, base)
    return result


def symbols(p: Polynomial) -> set[sp.Expr]:
    """What a polynomial is in; floors and the like among it."""
    return {symbol for product in p for symbol, _ in product}


def coefficient(p: Polynomial, symbol: sp.Expr) -> Polynomial:
    """What the first power of a symbol is multiplied by."""
    own = (symbol, 1)
    return {product - {own}: value for product, value in p.items() if own in product}


def put_in(p: Polynomial, values: Mapping[sp.Expr, Polynomial]) -> Polynomial:
    """Polynomials in the place of symbols, all at once; not below a fraction."""
    total: Polynomial = {}
    for product, value in p.items():
        kept, term = [], {NONE: value}
        replaced: Polynomial = term
        for symbol, power in product:
            if power > 0 and symbol in values:
                replaced = times(replaced, _power(values[symbol], power))
            else:
                kept.append((symbol, power))
        total = plus(total, times(replaced, {frozenset(kept): 1}))
    return total

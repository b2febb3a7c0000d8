"""Sizes: whole numbers, or sympy expressions that stand for one."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.names import PRINTED
from convgraph.core.sympified import sympified

__all__ = [
    "Size",
    "as_size",
    "ceil_div",
    "clamp",
    "floor_div",
    "is_symbolic",
    "product",
    "size_symbol",
]

Size: TypeAlias = "int | sp.Expr"


def is_symbolic(*sizes: Any) -> bool:
    """Whether any of the sizes (or of the shapes, tuples of sizes) holds a symbol.

    >>> is_symbolic(3, sp.Symbol("n")), is_symbolic((3, 4), 5)
    (True, False)
    """
    for size in sizes:
        if type(size) is int:  # nearly all are
            continue
        if is_symbolic(*size) if isinstance(size, tuple) else isinstance(size, sp.Expr):
            return True
    return False


def size_symbol(name: str) -> sp.Symbol:
    """A symbol for a size: a positive integer.

    >>> size_symbol("n").is_positive
    True
    """
    return sp.Symbol(name, integer=True, positive=True)


def as_size(argument: str, value: Any, rule: str, least: float = 1) -> Size:
    """Check a size: an integer of at least `least`, or an integer-valued sympy expression."""
    if isinstance(value, sp.Expr) and not value.is_number:
        if not all(escape.is_plain(symbol.name) for symbol in value.free_symbols):
            raise ConvgraphError(f"{argument}={value}: {PRINTED}")
        if value.is_integer is False or (least >= 1 and value.is_positive is False):
            raise ConvgraphError(f"{argument}={value}: {rule}")
        if value.is_integer is None:
            raise ConvgraphError(
                f"{argument}={value}: a symbolic size is an integer; "
                f"declare it, as in sympy.Symbol('{value}', integer=True, positive=True)"
            )
        return value
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        if isinstance(value, sp.Integer):
            number = int(value)
        else:
            raise ConvgraphError(f"{argument}={value!r}: {rule}") from None
    if number < least:
        raise ConvgraphError(f"{argument}={value!r}: {rule}")
    return number


def _simplest(value: Any) -> Size:
    return int(value) if value.is_Integer else value


def floor_div(a: Size, b: Size) -> Size:
    """Floor of a / b, exactly, also for symbols, and for an array of numbers.

    >>> floor_div(-7, 2), floor_div(2 * size_symbol("n") + 1, 2)
    (-4, n)
    >>> floor_div(1 + floor_div(size_symbol("n") - 3, 2), 2)
    floor(n/4 - 1/4)
    """
    if isinstance(a, int | np.ndarray) and isinstance(b, int):
        return a // b
    return _quotient(sp.floor, a, b)


def ceil_div(a: Size, b: Size) -> Size:
    """Ceiling of a / b, exactly, also for symbols."""
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b)
    return _quotient(sp.ceiling, a, b)


ROUNDED = (sp.floor, sp.ceiling)


def _quotient(rounding: Any, a: Size, b: Size) -> Size:
    """A rounded quotient, flat: of whole c and b > 0, floor((floor(y) + c)/b) = floor((y + c)/b).

    So is a chain of 64 pools floor(n / 2^64), where sympy goes through a nest of floors anew for
    each question. A quotient of whole numbers is rounded up as one with b - 1 more is down. Graham,
    Knuth and Patashnik, Concrete Mathematics, equations 3.11 and 3.24.
    """
    a, divisor = sympified(a), sympified(b)
    single = all(f.is_Integer or f.is_Symbol or f.is_Pow for f in sp.Mul.make_args(divisor))
    if single and divisor != 1 and divisor.is_integer and divisor.is_positive:
        terms = sp.Add.make_args(sp.expand(a))
        inner = [term for term in terms if isinstance(term, ROUNDED)]
        if len(inner) == 1 and all(term.is_integer for term in terms):
            if inner[0].func != rounding:
                a = a + (divisor - 1 if rounding is sp.ceiling else 1 - divisor)
                rounding = inner[0].func
            a = a - inner[0] + inner[0].args[0]
    return _simplest(_rounded(rounding, sp.expand(a / divisor)))


def _rounded(rounding: Any, e: sp.Expr) -> sp.Expr:
    """sympy's floor or ceiling, which first asks at length whether a quotient is between -2 and 2.

    It is not for all numbers if it grows with a symbol; then what is left to do is to take out the
    terms that are whole.
    """
    terms = sp.Add.make_args(e)
    factors = [[f.as_base_exp() for f in sp.Mul.make_args(term)] for term in terms]
    real = all(
        base.is_Rational or (isinstance(base, (sp.Symbol, *ROUNDED)) and base.is_integer)
        for each in factors
        for base, _ in each
    )
    if not real or not _grows_with(e):
        return rounding(e)
    whole: list[sp.Expr] = []
    rest: list[sp.Expr] = []
    for term, each in zip(terms, factors, strict=True):
        # what is divided by a symbol is not whole for all numbers; sympy asks at length
        under = any(not b.is_Rational and not power.is_nonnegative for b, power in each)
        plain = all(b.is_integer and power.is_Integer and power > 0 for b, power in each)
        (whole if plain or (not under and term.is_integer) else rest).append(term)
    left = sp.Add(*rest)
    return sp.Add(*whole, rounding(left, evaluate=False) if left.free_symbols else rounding(left))


def _grows_with(e: sp.Expr) -> set[sp.Symbol]:
    """Symbols that stand in one term only, as a factor of it or of what is rounded in it."""
    factors = [[f.as_base_exp() for f in sp.Mul.make_args(t)] for t in sp.Add.make_args(e)]
    bases = [(base, power) for each in factors for base, power in each if not base.is_Rational]
    found: set[sp.Symbol] = set()
    for place, (base, power) in enumerate(bases):
        if power != 1:
            continue
        own = {base} if base.is_Symbol else set()
        if isinstance(base, ROUNDED):
            own = _grows_with(base.args[0])
        others = (other.free_symbols for at, (other, _) in enumerate(bases) if at != place)
        found |= own.difference(*others)
    return found


def clamp(value: Size, low: Size, high: Size) -> Size:
    """The value, moved into low ... high.

    >>> clamp(7, 0, 5), clamp(sp.Integer(1), 0, size_symbol("n"))
    (5, 1)
    """
    if all(isinstance(v, int) for v in (value, low, high)):
        return max(low, min(value, high))
    if is_symbolic(high) and not sympified(high).is_positive and low == 0:
        # sympy settles more comparisons when it knows that the upper bound, a count, is positive
        count = sp.Dummy("o", integer=True, positive=True)
        return _simplest(sp.Max(0, sp.Min(sp.expand(value), count)).subs(count, high))
    return _simplest(sp.Max(low, sp.Min(sp.expand(value), high)))


def product(sizes: Iterable[Size]) -> Size:
    """The product of sizes; 1 for none."""
    result: Size = 1
    for size in sizes:
        result = result * size
    return result

"""Two sides of an equation in numbers: whether they differ."""

from __future__ import annotations

from zlib import crc32

import sympy as sp

__all__ = ["differ"]

DRAWS = 8  # two of them of few values, so that some repeat and some are 0
KNOWN = (sp.Max, sp.Min, sp.Abs, sp.sign, sp.floor, sp.ceiling, sp.Heaviside)
PRIME = 2_039  # values of functions that are stood in for: small, and seldom equal by chance


def differ(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether numbers can be put into both sides so that they are not equal.

    A function that has no whole values has another one of whole numbers in its place. Numbers
    repeat, are 0, and have both signs, so that maxima and rectifiers are met on all their pieces.

    >>> x, y = sp.symbols("x y")
    >>> differ(sp.Max(x, y), sp.Max(y, x)), differ(sp.Max(x, y), x)
    (False, True)
    """
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    for draw in range(DRAWS):
        at = {
            symbol: sp.Integer(_drawn(f"{draw} {symbol}", 9 if draw < 2 else 199))
            for symbol in symbols
        }
        if _number(left, at) != _number(right, at):
            return True
    return False


def _drawn(text: str, most: int) -> int:
    return crc32(text.encode()) % (2 * most + 1) - most


def _number(e: sp.Expr, at: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    """The value of an expression, innermost functions first."""
    if not e.args:
        return at.get(e, e)
    values = [_number(a, at) for a in e.args]
    if isinstance(e, sp.Function) and not isinstance(e, KNOWN):
        seed = f"{type(e).__name__} {values}"
        return sp.Integer(crc32(seed.encode()) % PRIME - PRIME // 2)
    return e.func(*values)

"""Expressions that are long once they are written out.

What units compute shares its parts, and sympy makes sums and products of such parts at once. But it
goes through a maximum, an absolute value or a case distinction as often as each part is written,
which in a network grows with the number of paths: by a factor for each layer.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

__all__ = ["applied", "is_long", "length", "put_in", "shown"]

# Symbols, numbers and operations, up to which sympy is asked to simplify: its time grows with their
# powers, and what is longer is left as it was written.
LONG = 20
NESTED = 3  # functions of functions, up to which it is: of tanh, each takes it three times as long
MOST_SHOWN = 1_000  # symbols, numbers and operations of a formula that is shown: two pages or so


def length(value: sp.Expr, most: int) -> int:
    """The symbols, numbers and operations of an expression, counted up to a number.

    >>> x = sp.Symbol("x")
    >>> length(2 * x + 1, 99), length(2 * x + 1, 3)
    (5, 3)
    """
    return sum(1 for _ in islice(sp.preorder_traversal(value), most))


def shown(size: Any) -> str:
    """A size as it is written, or "..." in the place of a formula that fills pages.

    >>> n = sp.Symbol("n")
    >>> shown(n // 2), shown(sp.Add(*sp.symbols("n1:1001")))
    ('floor(n/2)', '...')
    """
    long = isinstance(size, sp.Expr) and length(size, MOST_SHOWN + 1) > MOST_SHOWN
    return "..." if long else str(size)


def is_long(value: sp.Expr) -> bool:
    """Whether an expression is too long, or too deep in functions, to be simplified.

    >>> x = sp.Symbol("x")
    >>> is_long(sp.tanh(sp.tanh(x))), is_long(sp.tanh(sp.tanh(sp.tanh(1 + 2 * x))))
    (False, True)
    """
    return length(value, LONG + 1) > LONG or _nested(value, NESTED)


def _nested(value: sp.Basic, functions: int) -> bool:
    """Whether that many functions stand in one another."""
    functions -= isinstance(value, sp.Function)
    return functions <= 0 or any(_nested(part, functions) for part in value.args)


def applied(function: Callable[..., sp.Expr], *values: sp.Expr) -> sp.Expr:
    """What a function makes of values, of which long ones are put in once it has been worked out.

    >>> x = sp.Symbol("x")
    >>> applied(lambda a, b: a**b, sp.tanh(sp.tanh(sp.tanh(x))) + x, sp.Integer(2))
    (x + tanh(tanh(tanh(x))))**2
    """
    names = {value: sp.Dummy("t") for value in values if is_long(value)}
    form = function(*(names.get(value, value) for value in values))
    for value, name in names.items():
        form = put_in(form, name, value)
    return form


def put_in(form: sp.Basic, symbol: sp.Symbol, value: sp.Expr) -> sp.Basic:
    """A form with a value for its symbol, of which nothing but sums and products is worked out.

    >>> t = sp.Symbol("t")
    >>> put_in(2 * sp.Abs(t), t, sp.Integer(-3)), put_in(t**2, t, sp.Integer(-3))
    (2*Abs(-3), 9)
    """
    if form == symbol:
        return value
    if symbol not in form.free_symbols:
        return form
    parts = [put_in(each, symbol, value) for each in form.args]
    if isinstance(form, sp.Piecewise | ExprCondPair):
        # a case inside of a condition would be multiplied out, and its conditions simplified
        made: sp.Basic = sp.Basic.__new__(type(form), *parts)
        return made
    if isinstance(form, sp.Function | sp.Max | sp.Min | sp.Rel):
        return _unasked(form.func(*parts, evaluate=False))
    return form.func(*parts)


def _unasked(value: sp.Basic) -> sp.Basic:
    """The same, of which sympy takes for unknown what it would find out in its own time.

    A power of 1 + tanh(...) asks whether that is real, and tanh then takes its argument apart.
    """
    if isinstance(value, sp.Function) and is_long(value):
        known = value.default_assumptions.copy()
        for fact in known.rules.defined_facts:
            known.setdefault(fact, None)
        known["commutative"] = True
        value._assumptions = known
    return value

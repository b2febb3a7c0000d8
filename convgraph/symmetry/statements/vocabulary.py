"""The words of a proof that sympy lacks: greatest values, remainders and unit impulses.

Rows of units and kernels are undefined sympy functions of integers, x(i) and w(j). Where sympy has
a word of its own it is not always of use here: `Mod` and `KroneckerDelta` rewrite themselves when
they are made, so that two sides of an equation seldom come out alike. The classes below do nothing
by themselves; what may be done to them is said in `normal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

__all__ = [
    "Greatest",
    "Impulse",
    "Residue",
    "Values",
    "applied",
    "function_names",
    "index",
    "unused",
]


class Greatest(ExprWithLimits):
    """The greatest value of a function of integers, written as a sum is: the pooling of a window.

    >>> j, k = sp.symbols("j k", integer=True)
    >>> Greatest(sp.Function("x")(j), (j, 0, k - 1))
    Greatest(x(j), (j, 0, k - 1))
    """


class Values(ExprWithLimits):
    """The values of a function of integers, one after the other: what a function of many is of.

    >>> c, n = sp.symbols("c n", integer=True)
    >>> Values(sp.Function("x")(c), (c, 0, n - 1))
    Values(x(c), (c, 0, n - 1))
    """


class Residue(sp.Function):
    """The remainder of a whole number behind division by a positive one, from 0 on."""

    nargs = 2
    is_integer = True
    is_nonnegative = True


class Impulse(sp.Function):
    """The unit impulse: 1 at 0, and 0 at all other integers."""

    nargs = 1


def applied(name: str, *arguments: Any) -> sp.Expr:
    """A row, a kernel or a pointwise function at its arguments."""
    return _function(name)(*arguments)


@lru_cache(maxsize=4096)
def _function(name: str) -> Any:
    """The function of a name: sympy makes a class of each anew, and compares them part by part."""
    return sp.Function(name)


def function_names(expression: sp.Basic) -> set[str]:
    """The names of the rows, kernels and pointwise functions that an expression speaks of."""
    return {each.func.__name__ for each in expression.atoms(AppliedUndef)}


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with a number behind it, that nothing else has.

    >>> unused("i", {"i", "j"})
    'i0'
    """
    known = set(taken)
    number, free = 0, name
    while free in known:
        free = f"{name}{number}"
        number += 1
    return free


def index(name: str) -> sp.Symbol:
    """A symbol for a position or a tap: any integer."""
    return sp.Symbol(name, integer=True)

"""Equations between functions of integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.symmetry.statements.vocabulary import applied

__all__ = ["Equation", "primed"]


@dataclass(frozen=True)
class Equation:
    """left = right, for all integers that the variables stand for.

    `left` is one function at its variables. `conditions` are expressions that have to be
    non-negative; `moduli` say for each variable whether it runs through 0 ... modulus - 1 only,
    the positions of a circle, or (None) through all integers. What is assumed of every input has
    no function on the left; it names in `quantified` the integers and the function, at a variable,
    for which it is assumed.
    """

    left: sp.Expr
    right: sp.Expr
    conditions: tuple[sp.Expr, ...] = ()
    moduli: tuple[sp.Expr | None, ...] = ()
    quantified: tuple[sp.Expr, ...] = ()

    @property
    def name(self) -> str:
        """The name of the function on the left; an assumption about every input has none."""
        return self.left.func.__name__ if isinstance(self.left, AppliedUndef) else "assumption"

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """The integers for which the equation holds."""
        return self.left.args

    @cached_property
    def bound(self) -> frozenset[sp.Symbol]:
        """The bound variables of the right side."""
        sums = self.right.atoms(ExprWithLimits)
        return frozenset(limit[0] for each in sums for limit in each.limits)

    @property
    def as_sympy(self) -> sp.Equality:
        """The equation as sympy has it."""
        return sp.Eq(self.left, self.right, evaluate=False)


def primed(e: sp.Expr, rows: Iterable[str]) -> sp.Expr:
    """The expression with a prime on every row: what it says of the transformed input.

    >>> x, w, i = sp.Function("x"), sp.Function("w"), sp.Symbol("i", integer=True)
    >>> primed(w(i) * x(i + 1), {"x"})
    w(i)*x'(i + 1)
    """
    known = set(rows)

    def walk(part: sp.Expr) -> sp.Expr:
        args = [walk(a) for a in part.args]
        if isinstance(part, AppliedUndef) and part.func.__name__ in known:
            return applied(f"{part.func.__name__}'", *args)
        changed = any(new is not old for new, old in zip(args, part.args, strict=True))
        return part.func(*args) if changed else part

    return walk(e)

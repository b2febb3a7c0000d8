"""The use of an equation: one side in the place of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.proofs.inequalities import Bounds, Meanings, follows
from convgraph.symmetry.proofs.normal import fresh
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.vocabulary import Impulse, Residue

__all__ = ["Use", "allowed", "rewrite"]


@dataclass(frozen=True)
class Use:
    """One application of an equation: at these arguments, among these bound variables.

    `zeros` are what unit impulses, with which the instance is multiplied, are taken at: where one
    of them is not 0, nothing depends on the instance.
    """

    arguments: tuple[sp.Expr, ...]
    bounds: Bounds
    zeros: tuple[sp.Expr, ...] = ()

    def met(self, condition: sp.Expr) -> sp.Expr:
        """A condition on an argument a that runs through all integers, where s a - e = 0.

        There a is e/s, which is both floor(e/s) and floor((e + s - 1)/s).
        """
        for zero in self.zeros:
            for a, low, _ in self.bounds:
                zero = sp.expand(-zero if zero.coeff(a).is_negative else zero)
                s = zero.coeff(a)
                if low == -sp.oo and s.is_integer and s.is_positive:
                    up = s - 1 if sp.expand(condition).coeff(a).is_positive else 0
                    at = sp.floor(sp.expand(s * a - zero + up) / s)
                    condition = condition.xreplace({a: at})
        return condition


def rewrite(e: sp.Expr, equation: Equation) -> tuple[sp.Expr, list[Use]]:
    """The expression with every instance of the equation's left side replaced by its right side."""
    uses: list[Use] = []
    variables, right, inner = equation.variables, equation.right, equation.bound
    if not inner.isdisjoint(variables):
        right, inner = fresh(right), frozenset()

    def walk(part: sp.Expr, bounds: Bounds, zeros: tuple[sp.Expr, ...]) -> sp.Expr:
        if not part.args and not isinstance(part, AppliedUndef):
            return part
        if isinstance(part, ExprWithLimits):
            limits = tuple(map(tuple, part.limits))
            body = walk(part.function, bounds + limits, zeros)
            return part if body is part.function else part.func(body, *part.limits)
        if isinstance(part, sp.Mul):
            zeros += tuple(f.args[0] for f in part.args if isinstance(f, Impulse))
        args = [walk(a, bounds, zeros) for a in part.args]
        if isinstance(part, AppliedUndef) and part.func.__name__ == equation.name:
            if len(args) != len(variables):
                raise ConvgraphError(f"{part} and {equation.left} take different arguments")
            uses.append(Use(tuple(args), bounds, zeros))
            # an argument must not be captured by a variable that is bound on the right side
            captured = inner and any(not inner.isdisjoint(a.free_symbols) for a in args)
            own = fresh(right) if captured else right
            return own.xreplace(dict(zip(variables, args, strict=True)))
        changed = any(new is not old for new, old in zip(args, part.args, strict=True))
        return part.func(*args) if changed else part

    return walk(e, (), ()), uses


def allowed(use: Use, equation: Equation, within: Equation, sizes: Meanings) -> bool:
    """Whether an equation may be used there, in the proof of another one.

    Its conditions have to follow from those of the other and from what sizes mean, and on a circle
    every argument has to be one of the circle's positions.
    """
    at = dict(zip(equation.variables, use.arguments, strict=True))
    conditions = [use.met(c.xreplace(at)) for c in equation.conditions]
    if not all(follows(c, within.conditions, use.bounds, sizes) for c in conditions):
        return False
    pairs = zip(within.variables, within.moduli, strict=False)
    ranges = {var: (sp.S.Zero, m - 1) for var, m in pairs if m is not None}
    ranges.update({var: (low, high) for var, low, high in use.bounds})
    moduli = zip(use.arguments, equation.moduli, strict=False)
    return all(m is None or _on_circle(argument, m, ranges) for argument, m in moduli)


def _on_circle(
    argument: sp.Expr, modulus: sp.Expr, ranges: Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr]]
) -> bool:
    """Whether an argument is a remainder, or v or floor(v/f) for a v that runs all around."""
    if isinstance(argument, Residue):
        return _alike(argument.args[1], modulus)
    if isinstance(argument, sp.floor):
        argument, factor = sp.fraction(argument.args[0])
        modulus = modulus * factor
    low, high = ranges.get(argument, (None, None))
    return low == 0 and _alike(high, modulus - 1)


def _alike(one: sp.Expr, other: sp.Expr) -> bool:
    return bool(one == other or sp.expand(one - other) == 0)

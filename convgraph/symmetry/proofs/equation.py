"""Equations between functions of integers, and the use of one to rewrite an expression."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.symmetry.proofs.normal import fresh
from convgraph.symmetry.proofs.vocabulary import Impulse, Residue

__all__ = ["Equation", "Meanings", "Use", "allowed", "follows", "primed", "rewrite", "unfloored"]

Bounds: TypeAlias = "tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...]"
Meanings: TypeAlias = "Mapping[sp.Symbol, sp.Expr]"
"""Sizes by their names, each in terms of those before it: floor(n/2) + 1, and the like."""
NOTHING: Meanings = MappingProxyType({})


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
    return e.replace(
        lambda a: isinstance(a, AppliedUndef) and a.func.__name__ in known,
        lambda a: sp.Function(f"{a.func.__name__}'")(*a.args),
    )


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
                if low == -sp.oo and s.is_positive:
                    up = s - 1 if sp.expand(condition).coeff(a).is_positive else 0
                    at = sp.floor(sp.expand(s * a - zero + up) / s)
                    condition = condition.xreplace({a: at})
        return condition


def rewrite(e: sp.Expr, equation: Equation) -> tuple[sp.Expr, list[Use]]:
    """The expression with every instance of the equation's left side replaced by its right side."""
    uses: list[Use] = []

    def walk(part: sp.Expr, bounds: Bounds, zeros: tuple[sp.Expr, ...]) -> sp.Expr:
        if not part.args and not isinstance(part, AppliedUndef):
            return part
        if isinstance(part, ExprWithLimits):
            limits = tuple(tuple(limit) for limit in part.limits)
            return part.func(walk(part.function, bounds + limits, zeros), *part.limits)
        if isinstance(part, sp.Mul):
            zeros += tuple(f.args[0] for f in part.args if isinstance(f, Impulse))
        args = [walk(a, bounds, zeros) for a in part.args]
        if isinstance(part, AppliedUndef) and part.func.__name__ == equation.name:
            if len(args) != len(equation.variables):
                raise ValueError(f"{part} and {equation.left} take different arguments")
            uses.append(Use(tuple(args), bounds, zeros))
            return fresh(equation.right).xreplace(dict(zip(equation.variables, args, strict=True)))
        return part.func(*args) if args else part

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
    ranges = {
        var: (sp.S.Zero, m - 1)
        for var, m in zip(within.variables, within.moduli, strict=False)
        if m
    }
    ranges.update({var: (low, high) for var, low, high in use.bounds})
    for argument, modulus in zip(use.arguments, equation.moduli, strict=False):
        if modulus is None:
            continue
        if isinstance(argument, Residue):
            if sp.expand(argument.args[1] - modulus) != 0:
                return False
        elif not _runs_around(argument, modulus, ranges):
            return False
    return True


def _runs_around(
    argument: sp.Expr, modulus: sp.Expr, ranges: Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr]]
) -> bool:
    """Whether an argument is v, or floor(v/f), for a v that runs from 0 to the last position."""
    if isinstance(argument, sp.floor):
        argument, factor = sp.fraction(argument.args[0])
        modulus = modulus * factor
    low, high = ranges.get(argument, (None, None))
    return low == 0 and sp.expand(high - (modulus - 1)) == 0


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
    to hold for every such r.

    >>> i, n = sp.symbols("i n", integer=True)
    >>> unfloored(sp.floor(i / 2) - 3), unfloored(n - sp.floor(i / 2))
    (i - 6, -i + 2*n + 1)
    """
    for floor in sorted(goal.atoms(sp.floor), key=sp.default_sort_key):
        e, f = sp.fraction(sp.together(floor.args[0]))
        stand_in = sp.Dummy(integer=True)
        seen = sp.expand(goal.xreplace({floor: stand_in}))
        slope, rest = seen.coeff(stand_in), seen.coeff(stand_in, 0)
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
    `is_nonnegative` takes ten times as long.)
    """
    counted = {s: _from_bound(s) for s in polynomial.free_symbols}
    if any(value is None for value in counted.values()):
        return False
    terms = sp.Add.make_args(sp.expand(polynomial.xreplace(counted)))
    return all(term.as_coeff_Mul()[0] >= 0 for term in terms)


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

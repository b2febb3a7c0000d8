"""How expressions of a proof are read, and the normal form in which they are compared.

With undefined functions, `==` misses equal arguments and `.equals` wrongly answers False
(sympy 1.14). So every index is written out as a polynomial and bound variables are numbered in
the order in which they stand; then `==` decides.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.functions.elementary.piecewise import ExprCondPair

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import floor_div
from convgraph.core.sympified import sympified
from convgraph.symmetry.proofs.polynomials import polynomial
from convgraph.symmetry.statements.vocabulary import (
    Greatest,
    Impulse,
    Residue,
    Values,
    applied,
)

__all__ = ["Reader", "divided", "expanded", "fresh", "is_whole", "normal", "written_out"]

BINDERS = (sp.Sum, Greatest, Values)
WORDS = (sp.Add, sp.Mul, sp.ceiling, sp.floor, Impulse, Residue, sp.Piecewise, ExprCondPair, sp.Lt)
NAMED = (sp.S.Zero, sp.S.One, sp.S.NegativeOne, sp.S.Half, sp.oo, -sp.oo, sp.true)
CONSTANTS = (sp.Integer, sp.Rational, *map(type, NAMED))
# kinds are told apart by what they are, and not by what they say of being equal to another
BINDER, WORD, CONSTANT = (frozenset(map(id, kinds)) for kinds in (BINDERS, WORDS, CONSTANTS))
ROUNDED = (Residue, sp.floor)  # whole, and of which no more is known
LARGEST_POWER = 64  # sizes have small powers; a tower of large ones would not end being evaluated


class Reader:
    """Builds expressions anew from the words that a proof may use, or says which it does not know.

    What was left unevaluated is evaluated. A variable is bound once, is a plain integer, and is in
    no limit; names that begin with "_" are those of normal forms. One reader reads the very same
    object once; whoever wants what may have changed read again takes another.

    >>> x, i = sp.Function("x"), sp.Symbol("i", integer=True)
    >>> Reader()(x(sp.Add(i, i, evaluate=False)))
    x(2*i)
    """

    def __init__(self) -> None:
        # with what was read, so that no other object comes to be at its place in memory
        self._known: dict[tuple[int, frozenset[sp.Symbol]], tuple[Any, Any]] = {}

    def __call__(self, e: Any, scope: frozenset[sp.Symbol] = frozenset()) -> Any:
        """The expression below the variables in `scope`."""
        kind = type(e)
        if kind is sp.Symbol:
            if e.name.startswith("_") or not e.is_integer:
                raise ConvgraphError(f"{e}: a symbol of a proof is an integer without a leading _")
            return e
        if id(kind) in CONSTANT:
            return e
        if kind is sp.Float:
            return sp.Rational(e)  # which it is to the last bit
        found = self._known.get((id(e), scope))
        if found is None:
            found = self._known[id(e), scope] = (e, self._built(e, kind, scope))
        return found[1]

    def _built(self, e: Any, kind: Any, scope: frozenset[sp.Symbol]) -> Any:
        if id(kind) in BINDER:
            return self._bound(e, kind, scope)
        if isinstance(kind, UndefinedFunction):
            made = applied(kind.__name__, *[self(a, scope) for a in e.args])
            if type(kind) is UndefinedFunction and made.func == kind:
                return made
        elif kind is sp.Pow:
            base, power = self(e.base, scope), self(e.exp, scope)
            if power.is_Integer and abs(power) <= LARGEST_POWER:
                return base**power
        elif id(kind) in WORD:
            return kind(*[self(a, scope) for a in e.args])
        raise ConvgraphError(f"a {kind.__name__} is no expression of a proof")

    def _bound(self, e: Any, kind: Any, scope: frozenset[sp.Symbol]) -> Any:
        bound = [limit[0] for limit in e.limits]
        plain = all(v == sp.Symbol(v.name, integer=True) for v in bound)
        if not plain or len({*bound} | scope) < len(bound) + len(scope):
            raise ConvgraphError(f"{bound}: a bound variable is a plain integer, and bound once")
        ends = [self(end) for limit in e.limits for end in limit[1:]]
        inner = scope | {*bound}
        if len(ends) != 2 * len(bound) or any(end.free_symbols & inner for end in ends):
            raise ConvgraphError(f"{e.limits}: no end depends on a bound variable")
        limits = zip(bound, ends[::2], ends[1::2], strict=True)
        return kind(self(e.function, inner), *limits)


@lru_cache(maxsize=4096)
def normal(expression: sp.Expr) -> sp.Expr:
    """The expression with its indices written out and its bound variables numbered.

    Inside of a remainder modulo n, a whole multiple of n is 0, and c (u mod m) is c u wherever n
    divides c m, because u mod m differs from u by a multiple of m. With c = s and n = s m that is
    the lemma of the strided circle, s (u mod m) = s u (mod s m), which sympy's `Mod` does not find.
    A remainder that is divided by a part of its modulus is one itself:
    floor((u mod f m) / f) = floor(u / f) mod m.

    >>> s, i, t = sp.symbols("s i t", integer=True)
    >>> x = sp.Function("x")
    >>> normal(x(s * (i - t))) == normal(x(s * i - s * t))
    True
    """
    return _value(expression, 0)


def _value(e: sp.Expr, depth: int) -> sp.Expr:
    if isinstance(e, ExprWithLimits):
        return _bound(e, depth)
    if isinstance(e, sp.Piecewise):
        return sp.Piecewise(*[(_value(value, depth), condition) for value, condition in e.args])
    if not e.args:
        return e
    if isinstance(e, Impulse):
        inner = _index(e.args[0])
        return Impulse(-inner if inner.could_extract_minus_sign() else inner)  # it is even
    if isinstance(e, AppliedUndef):
        return e.func(*[_value(a, depth) if a.has(AppliedUndef) else _index(a) for a in e.args])
    if e.has(AppliedUndef, Impulse):
        return e.func(*[_value(a, depth) for a in e.args])
    return _index(e)


def _bound(e: ExprWithLimits, depth: int) -> sp.Expr:
    rename = {
        limit[0]: sp.Symbol(f"_{depth + number}", integer=True)
        for number, limit in enumerate(e.limits)
    }
    limits = [(rename[var], _index(low), _index(high)) for var, low, high in e.limits]
    return e.func(_value(e.function.xreplace(rename), depth + len(limits)), *limits)


def expanded(e: sp.Expr) -> sp.Expr:
    """`sympy.expand`, which takes its time to find nothing to do.

    What is in a remainder or a floor has been written out before.
    """
    terms = sp.Add.make_args(e)
    return e if all(_is_product(term, ROUNDED) for term in terms) else sp.expand(e)


def _is_product(e: sp.Expr, also: tuple[type, ...] = ()) -> bool:
    """Whether it is a symbol, a number, or of some kind, or several of them multiplied."""
    factors = e.args if e.is_Mul else (e,)
    return not any(factor.args and not isinstance(factor, also) for factor in factors)


def _index(e: sp.Expr) -> sp.Expr:
    return e if all(map(_is_product, sp.Add.make_args(e))) else written_out(e)


@lru_cache(maxsize=4096)
def written_out(e: sp.Expr) -> sp.Expr:
    """An index as the normal form has it; a proof has the same ones again and again."""
    parts = [_index(a) for a in e.args]
    if isinstance(e, Residue):
        return _residue(parts[0], parts[1])
    same = all(new is old for new, old in zip(parts, e.args, strict=True))
    # sympy goes a long way to make a floor anew
    made = e if same and isinstance(e, sp.floor) else e.func(*parts)
    return _floor(made) if isinstance(made, sp.floor) else expanded(made)


def _floor(e: sp.floor) -> sp.Expr:
    """floor((u mod f m) / f) is floor(u / f) mod m, because u mod f m is u less some f m."""
    over, f = sp.fraction(e.args[0])
    if isinstance(over, Residue) and is_whole(over.args[1] / f):
        return _residue(sympified(floor_div(over.args[0], f)), divided(over.args[1], f))
    return e


def _residue(a: sp.Expr, n: sp.Expr) -> sp.Expr:
    kept = []
    waiting = list(sp.Add.make_args(a))
    while waiting:
        term = waiting.pop()
        if _is_multiple(term, n):
            continue
        factors = sp.Mul.make_args(term)
        inner = next((f for f in factors if isinstance(f, Residue)), None)
        rest = sp.Mul(*(f for f in factors if f is not inner))
        # u mod m differs from u by a multiple of m where u is whole: a proof that was altered may
        # have another u there, of which the remainder is that of the whole number below it
        whole = inner is not None and all(map(is_whole, sp.Add.make_args(inner.args[0])))
        if inner is not None and whole and _is_multiple(rest * inner.args[1], n):
            waiting += sp.Add.make_args(expanded(rest * inner.args[0]))
        else:
            kept.append(term)
    return Residue(sp.Add(*kept), n)


def _is_multiple(term: sp.Expr, n: sp.Expr) -> bool:
    """Whether a term is a whole multiple of n for all values of symbols, as far as one can see."""
    over, under = polynomial(term), polynomial(n)
    if len(over) == len(under) == 1:
        ((product, value),), ((divisor, scale),) = over.items(), under.items()
        powers = dict(product)
        for symbol, power in divisor:
            powers[symbol] = powers.get(symbol, 0) - power
        if any(power < 0 for power in powers.values()):
            return False
        if (Fraction(value) / scale).denominator == 1 and all(s.is_integer for s in powers):
            return True
    return is_whole(term / n)


def is_whole(quotient: sp.Expr) -> bool:
    """Whether a quotient is a whole number for all values of its symbols, as far as sympy sees.

    >>> s, t = sp.symbols("s t", integer=True, positive=True)
    >>> is_whole(s * t / s), is_whole(t / s)
    (True, False)
    """
    factors = [f.as_base_exp() for f in sp.Mul.make_args(quotient)]
    if all(base.is_Symbol or base.is_Rational or isinstance(base, ROUNDED) for base, _ in factors):
        # sympy asks each whether it is even, odd, positive and finite before it answers
        if all(base.is_integer and power.is_Integer and power > 0 for base, power in factors):
            return True
        if not any(base.is_even for base, _ in factors if base.is_Symbol):
            return False
    if quotient.is_integer:
        return True
    # products cancel by themselves, sums of them when they are asked to, which takes its time
    return bool(any(base.is_Add for base, _ in factors) and sp.cancel(quotient).is_integer)


def divided(over: sp.Expr, under: sp.Expr) -> sp.Expr:
    """A quotient in lowest terms; products cancel by themselves."""
    quotient = over / under
    return quotient if _is_product(quotient) else sp.cancel(quotient)


def fresh(e: sp.Expr) -> sp.Expr:
    """The expression with new bound variables, so that what is put into it is not captured.

    `Sum(x(i + j), (j, 0, k - 1)).subs(i, j)` captures j in sympy 1.14.
    """
    if isinstance(e, ExprWithLimits):
        rename = {limit[0]: sp.Dummy(limit[0].name, integer=True) for limit in e.limits}
        limits = [(rename[var], low, high) for var, low, high in e.limits]
        return e.func(fresh(e.function).xreplace(rename), *limits)
    if not e.args or not e.has(ExprWithLimits):
        return e
    return e.func(*[fresh(a) for a in e.args])

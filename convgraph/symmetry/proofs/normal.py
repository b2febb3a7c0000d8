"""Normal forms, by which two expressions of a proof are compared.

With undefined functions, `==` misses equal arguments and `.equals` wrongly answers False
(sympy 1.14). So every index is written out as a polynomial and bound variables are numbered in
the order in which they stand; then `==` decides.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.symmetry.proofs.vocabulary import Impulse, Residue

__all__ = ["fresh", "is_whole", "normal"]


@lru_cache(maxsize=4096)
def normal(expression: sp.Expr, residues: bool = False) -> sp.Expr:
    """The expression with its indices written out and its bound variables numbered.

    With `residues`, remainders are simplified too. Inside of a remainder modulo n, a whole multiple
    of n is 0, and c (u mod m) is c u wherever n divides c m, because u mod m differs from u by
    a multiple of m. With c = s and n = s m that is the lemma of the strided circle,
    s (u mod m) = s u (mod s m), which sympy's `Mod` does not find. A remainder that is divided by a
    part of its modulus is one itself: floor((u mod f m) / f) = floor(u / f) mod m.

    >>> s, i, t = sp.symbols("s i t", integer=True)
    >>> x = sp.Function("x")
    >>> normal(x(s * (i - t))) == normal(x(s * i - s * t))
    True
    """
    return _value(expression, residues, 0)


def _value(e: sp.Expr, residues: bool, depth: int) -> sp.Expr:
    if isinstance(e, ExprWithLimits):
        return _bound(e, residues, depth)
    if isinstance(e, sp.Piecewise):
        return sp.Piecewise(
            *[(_value(value, residues, depth), condition) for value, condition in e.args]
        )
    if not e.args:
        return e
    if isinstance(e, Impulse):
        inner = _index(e.args[0], residues)
        return Impulse(-inner if inner.could_extract_minus_sign() else inner)  # it is even
    if isinstance(e, AppliedUndef):
        return e.func(
            *[
                _value(a, residues, depth) if a.has(AppliedUndef) else _index(a, residues)
                for a in e.args
            ]
        )
    if e.has(AppliedUndef, Impulse):
        return e.func(*[_value(a, residues, depth) for a in e.args])
    return _index(e, residues)


def _bound(e: ExprWithLimits, residues: bool, depth: int) -> sp.Expr:
    rename = {
        limit[0]: sp.Symbol(f"_{depth + number}", integer=True)
        for number, limit in enumerate(e.limits)
    }
    limits = [
        (rename[var], _index(low, residues), _index(high, residues)) for var, low, high in e.limits
    ]
    inner = _value(e.function.xreplace(rename), residues, depth + len(limits))
    return e.func(inner, *limits)


def _index(e: sp.Expr, residues: bool) -> sp.Expr:
    if not e.args:
        return e
    parts = [_index(a, residues) for a in e.args]
    if isinstance(e, Residue):
        return _residue(parts[0], parts[1]) if residues else Residue(*parts)
    made = e.func(*parts)
    if isinstance(made, sp.floor):
        return _floor(made) if residues else made
    return sp.expand(made)


def _floor(e: sp.floor) -> sp.Expr:
    """floor((u mod f m) / f) is floor(u / f) mod m, because u mod f m is u less some f m."""
    over, f = sp.fraction(e.args[0])
    if isinstance(over, Residue) and is_whole(over.args[1] / f):
        return _residue(sp.floor(sp.expand(over.args[0] / f)), sp.cancel(over.args[1] / f))
    return e


def _residue(a: sp.Expr, n: sp.Expr) -> sp.Expr:
    kept = []
    waiting = list(sp.Add.make_args(a))
    while waiting:
        term = waiting.pop()
        if is_whole(term / n):
            continue
        inner = next((f for f in sp.Mul.make_args(term) if isinstance(f, Residue)), None)
        if inner is not None and is_whole(term / inner * inner.args[1] / n):
            waiting += sp.Add.make_args(sp.expand(term / inner * inner.args[0]))
        else:
            kept.append(term)
    return Residue(sp.Add(*kept), n)


def is_whole(quotient: sp.Expr) -> bool:
    """Whether a quotient is a whole number for all values of its symbols, as far as sympy sees.

    >>> s, t = sp.symbols("s t", integer=True, positive=True)
    >>> is_whole(s * t / s), is_whole(t / s)
    (True, False)
    """
    if quotient.is_integer:
        return True
    # products cancel by themselves, sums of them when they are asked to, which takes its time
    return bool(quotient.has(sp.Add) and sp.cancel(quotient).is_integer)


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

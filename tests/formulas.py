"""Reading a proof's formulas as numbers: an interpreter that shares nothing with the prover."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.symmetry.statements.vocabulary import Greatest, Impulse, Residue

Functions = Mapping[str, Callable[..., Any]]
REACH = 12  # sums over all integers run from -REACH to REACH


def value(e: sp.Expr, numbers: Mapping[sp.Symbol, int], functions: Functions) -> Any:
    """The number that a formula stands for, given its symbols and its functions."""

    def of(part: sp.Expr) -> Any:
        return value(part, numbers, functions)

    if isinstance(e, sp.Sum | Greatest):
        ranges = [_range(low, high, of) for _, low, high in e.limits]
        terms = [
            value(
                e.function,
                {**numbers, **dict(zip((v for v, *_ in e.limits), at, strict=True))},
                functions,
            )
            for at in itertools.product(*ranges)
        ]
        if isinstance(e, sp.Sum):
            return sum(terms)
        return max(term for term in terms if term is not None)
    if isinstance(e, AppliedUndef):
        return functions[e.func.__name__](*map(of, e.args))
    if isinstance(e, Residue):
        return of(e.args[0]) % of(e.args[1])
    if isinstance(e, Impulse):
        return int(of(e.args[0]) == 0)
    if isinstance(e, sp.floor):
        return int(sp.floor(of(e.args[0])))
    if isinstance(e, sp.Piecewise):
        for part, when in e.args:
            if when is sp.true or bool(
                when.xreplace({s: sp.Integer(n) for s, n in numbers.items()})
            ):
                return of(part)
    if isinstance(e, sp.Symbol):
        return numbers[e]
    if isinstance(e, sp.Rational):
        return int(e) if e.is_Integer else e
    if isinstance(e, sp.Add):
        return sum(map(of, e.args))
    if isinstance(e, sp.Mul):
        result = 1
        for factor in map(of, e.args):
            if factor is None:  # what is absent is absent in a product with 1 too
                return None
            result = result * factor
        return result
    if isinstance(e, sp.Pow):
        return sp.Integer(of(e.base)) ** of(e.exp)
    raise TypeError(e)


def _range(low: sp.Expr, high: sp.Expr, of: Callable[[sp.Expr], Any]) -> range:
    return range(-REACH, REACH + 1) if low == -sp.oo else range(of(low), of(high) + 1)

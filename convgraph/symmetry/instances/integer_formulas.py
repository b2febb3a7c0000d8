"""Formulas of whole numbers at numbers, for one position or for arrays of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified

__all__ = ["whole"]

_floors = np.frompyfunc(math.floor, 1, 1)


def whole(e: Any, at: Mapping[sp.Symbol, Any]) -> Any:
    """The value of a formula; symbols stand for whole numbers, or for arrays of them.

    >>> i, n = sp.symbols("i n", integer=True)
    >>> whole(sp.floor(n / 2) - i, {n: 7, i: np.arange(3)})
    array([3, 2, 1])
    """
    value = _value(sympified(e), at)
    if isinstance(value, np.ndarray) and value.dtype == object:  # fractions, before they add up
        if any(Fraction(each).denominator != 1 for each in value.ravel()):
            raise ConvgraphError(f"{e} at {dict(at)}: no whole numbers")
        return value.astype(np.int64)
    if isinstance(value, Fraction):
        if value.denominator != 1:
            raise ConvgraphError(f"{e} is {value} at {dict(at)}: no whole number")
        return int(value)
    return value


def _value(e: sp.Basic, at: Mapping[sp.Symbol, Any]) -> Any:
    if e.is_Integer:
        return int(e)
    if e.is_Rational:
        return Fraction(int(e.p), int(e.q))
    if isinstance(e, sp.Symbol):
        if e not in at:
            raise ConvgraphError(f"{e}: it is not said what this symbol stands for")
        return at[e]
    values = [_value(a, at) for a in e.args]
    match e:
        case sp.Add():
            return reduce(add, values)
        case sp.Mul():
            return reduce(mul, values)
        case sp.Pow() if e.exp.is_Integer:
            return _power(values[0], int(e.exp))
        case sp.floor():
            return _floored(values[0])
        case sp.ceiling():
            return -_floored(-values[0])
        case sp.Max():
            return reduce(np.maximum, values)
        case sp.Min():
            return reduce(np.minimum, values)
    if type(e).__name__ in ("Residue", "Mod"):
        return values[0] % values[1]
    raise ConvgraphError(f"{e}: a formula that is not evaluated here")


def _power(base: Any, exponent: int) -> Any:
    if exponent >= 0:
        return base**exponent
    if base == 0:
        raise ConvgraphError(f"{base}**{exponent}: a division by zero")
    return Fraction(1, base) ** -exponent


def _floored(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _floors(value).astype(np.int64)
    return math.floor(value)

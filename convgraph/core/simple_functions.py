"""The table of functions of one number that depend on nothing else, and what is known of each.

The tests hold each entry against the function's values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import End

__all__ = ["LINE", "ONE", "TABLE", "ZERO", "erf", "rounded", "sigmoid"]

Array = NDArray[Any]
HALF = sp.Rational(1, 2)
LINE: End = (sp.S.One, 1)
ONE: End = (sp.S.One, 0)
MINUS_ONE: End = (sp.S.NegativeOne, 0)
ZERO: End = (sp.S.Zero, 0)


def sigmoid(v: Array) -> Array:
    """The logistic function."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(v, float)))  # without overflow at either end


def erf(v: Array) -> Array:
    """The error function, by `math.erf` of each value."""
    return np.vectorize(math.erf, otypes=[float])(v)


def rounded(t: sp.Expr) -> sp.Expr:
    """The next whole number; of two the even one."""
    low = sp.floor(t)
    to_even = 2 * sp.floor((low + 1) / 2)
    return sp.Piecewise((low, t - low < HALF), (low + 1, t - low > HALF), (to_even, True))


def _truth(t: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, sp.Ne(t, 0)), (0, True))


Facts = dict[str, Any]
GROWS: Facts = {"order": 1, "strict": True}
STEPS: Facts = {"order": 1, "strict": False}
FALLS: Facts = {"order": -1, "strict": True}
FROM_ZERO = (0.0, np.inf)

TABLE: dict[str, tuple[Callable[[sp.Expr], sp.Expr], Callable[[Array], Array], Facts]] = {
    "sigmoid": (
        lambda t: 1 / (1 + sp.exp(-t)),
        sigmoid,
        {**GROWS, "nonnegative": True, "steepest": 0.25, "ends": (None, ONE)},
    ),
    "tanh": (sp.tanh, np.tanh, {**GROWS, "steepest": 1, "ends": (MINUS_ONE, ONE)}),
    "softplus": (
        lambda t: sp.log(1 + sp.exp(t)),
        lambda v: np.logaddexp(v, 0),
        {**GROWS, "nonnegative": True, "steepest": 1, "ends": (None, LINE)},
    ),
    "softsign": (
        lambda t: t / (1 + sp.Abs(t)),
        lambda v: v / (1 + np.abs(v)),
        {**GROWS, "steepest": 1, "ends": (MINUS_ONE, ONE)},
    ),
    "hardswish": (
        lambda t: t * sp.Max(0, sp.Min(1, t / 6 + HALF)),
        lambda v: v * np.clip(v / 6 + 0.5, 0, 1),
        {"steepest": 1.5, "ends": (ZERO, LINE)},
    ),
    "mish": (
        lambda t: t * sp.tanh(sp.log(1 + sp.exp(t))),
        lambda v: v * np.tanh(np.logaddexp(v, 0)),
        {"steepest": 1.1, "ends": (None, LINE)},
    ),
    "ceil": (sp.ceiling, np.ceil, {**STEPS, "ends": (LINE, LINE)}),
    "floor": (sp.floor, np.floor, {**STEPS, "ends": (LINE, LINE)}),
    "round": (rounded, np.round, {**STEPS, "ends": (LINE, LINE)}),
    "int": (
        lambda t: sp.sign(t) * sp.floor(sp.Abs(t)),
        np.trunc,
        {**STEPS, "ends": (LINE, LINE)},
    ),
    "sign": (sp.sign, np.sign, {**STEPS, "ends": (MINUS_ONE, ONE)}),
    "bool": (_truth, lambda v: (v != 0) * 1, {"nonnegative": True, "ends": (ONE, ONE)}),
    "not": (
        lambda t: sp.Piecewise((1, sp.Eq(t, 0)), (0, True)),
        lambda v: (v == 0) * 1,
        {"nonnegative": True, "ends": (ZERO, ZERO)},
    ),
    "isnan": (lambda t: sp.Integer(t is sp.nan), lambda v: np.isnan(v) * 1, {}),
    "sqrt": (sp.sqrt, np.sqrt, {**GROWS, "domain": FROM_ZERO, "nonnegative": True}),
    "reciprocal": (
        lambda t: 1 / t,
        lambda v: 1 / np.asarray(v, float),
        {**FALLS, "domain": FROM_ZERO},
    ),
    "exp": (sp.exp, np.exp, {**GROWS, "nonnegative": True}),
    "log": (sp.log, np.log, {**GROWS, "domain": FROM_ZERO}),
    "erf": (sp.erf, erf, {**GROWS, "steepest": 1.13, "ends": (MINUS_ONE, ONE)}),
    "sin": (sp.sin, np.sin, {"steepest": 1}),
    "cos": (sp.cos, np.cos, {"steepest": 1}),
    "tan": (sp.tan, np.tan, {}),
    "asin": (sp.asin, np.arcsin, {**GROWS, "domain": (-1.0, 1.0)}),
    "acos": (sp.acos, np.arccos, {**FALLS, "domain": (-1.0, 1.0), "nonnegative": True}),
    "atan": (sp.atan, np.arctan, {**GROWS, "steepest": 1}),
    "sinh": (sp.sinh, np.sinh, GROWS),
    "cosh": (sp.cosh, np.cosh, {**GROWS, "domain": FROM_ZERO, "nonnegative": True}),
    "asinh": (sp.asinh, np.arcsinh, {**GROWS, "steepest": 1}),
    "acosh": (sp.acosh, np.arccosh, {**GROWS, "domain": (1.0, np.inf), "nonnegative": True}),
    "atanh": (sp.atanh, np.arctanh, {**GROWS, "domain": (-1.0, 1.0)}),
}
"""name: (exact form, values in numbers, what is known of it; see `Function`)."""

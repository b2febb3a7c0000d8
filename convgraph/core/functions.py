"""The table of functions of one number: those that layers, models and users' code know by a name.

One function has one entry here, and so one identity, whatever door it comes through. What is said
of each is held against its values by the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import UndefinedFunction

from convgraph.core.errors import ConvgraphError
from convgraph.core.function import End, Function
from convgraph.core.reduction import Reduction, by_name, pointwise

__all__ = ["NAMES", "by_function", "function", "opaque", "reduction", "rounded", "unknown"]

Array = NDArray[Any]
Number: TypeAlias = "int | Fraction | sp.Expr"
HALF = sp.Rational(1, 2)
ANYWHERE = (-np.inf, np.inf)
LINE: End = (sp.S.One, 1)
ONE: End = (sp.S.One, 0)
MINUS_ONE: End = (sp.S.NegativeOne, 0)
ZERO: End = (sp.S.Zero, 0)


def _sigmoid(v: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(v, float)))  # without overflow at either end


def _erf(v: Array) -> Array:
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
        _sigmoid,
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
    "erf": (sp.erf, _erf, {**GROWS, "steepest": 1.13, "ends": (MINUS_ONE, ONE)}),
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


def _homogeneous(right: Number, left: Number) -> Function:
    """right t for t > 0, and left t for t < 0."""
    a, b = _number(right), _number(left)
    names = {(1, 0): "relu", (1, -1): "abs", (1, 1): "identity"}
    name = names.get((a, b)) or (f"leaky_relu({b})" if a == 1 else f"slopes({a}, {b})")
    exact: Callable[[sp.Expr], sp.Expr] = lambda t: a * sp.Max(0, t) + b * sp.Min(0, t)  # noqa: E731
    fast: Callable[[Array], Array]
    fast = lambda v: float(a) * np.maximum(v, 0) + float(b) * np.minimum(v, 0)  # noqa: E731
    if a == 1:
        fast = lambda v: np.maximum(v, 0) + float(b) * np.minimum(v, 0)  # noqa: E731
    exact, fast = {
        "relu": (lambda t: sp.Max(0, t), lambda v: np.maximum(v, 0)),
        "abs": (sp.Abs, np.abs),
        "identity": (lambda t: t, lambda v: v),
    }.get(name, (exact, fast))
    grows = a.is_nonnegative and b.is_nonnegative
    finite = a.is_number and b.is_number
    end = [(b, 1), (a, 1)] if finite else [None, None]
    return Function(
        name,
        exact,
        fast,
        slopes=(a, b),
        order=1 if grows else None,
        strict=bool(a.is_positive and b.is_positive) if grows else None,
        nonnegative=(a.is_nonnegative and b.is_nonpositive) or None,
        steepest=max(abs(float(a)), abs(float(b))) if finite else None,
        ends=(end[0], end[1]),
    )


def _elu(alpha: Number, gamma: Number = 1, width: Number = 1) -> Function:
    """gamma * t above 0, and gamma * alpha * (exp(t / width) - 1) below."""
    a, g, w = map(_number, (alpha, gamma, width))
    x, y, z = map(float, (a, g, w))
    grows = x >= 0 and y > 0 and z > 0
    return Function(
        f"elu({a}, {g}, {w})",
        lambda t: sp.Piecewise((g * t, t > 0), (g * a * (sp.exp(t / w) - 1), True)),
        lambda v: y * np.where(v > 0, v, x * np.expm1(np.minimum(v, 0) / z)),
        order=1 if grows else None,
        strict=x > 0 if grows else None,
        steepest=max(y, y * x / z) if grows else None,
        ends=((-g * a, 0), (g, 1)) if grows else (None, None),
    )


def _hard_sigmoid(alpha: Number, beta: Number) -> Function:
    a, b = _number(alpha), _number(beta)
    x, y = float(a), float(b)
    grows = x > 0
    return Function(
        f"hardsigmoid({a}, {b})",
        lambda t: sp.Max(0, sp.Min(1, a * t + b)),
        lambda v: np.clip(x * v + y, 0, 1),
        order=1 if grows else None,
        strict=False if grows else None,
        nonnegative=True,
        steepest=abs(x),
        ends=(ZERO, ONE) if grows else (None, None),
    )


def _thresholded(alpha: Number) -> Function:
    a = _number(alpha)
    x = float(a)
    return Function(
        f"thresholdedrelu({a})",
        lambda t: sp.Piecewise((t, t > a), (0, True)),
        lambda v: np.where(v > x, v, 0),
        order=1 if x >= 0 else None,
        strict=False if x >= 0 else None,
        nonnegative=True if x >= 0 else None,
        ends=(ZERO, LINE),
    )


def _shrink(limit: Number, bias: Number) -> Function:
    m, b = _number(limit), _number(bias)
    x, y = float(m), float(b)
    grows = x >= 0 and y <= x
    return Function(
        f"shrink({m}, {b})",
        lambda t: sp.Piecewise((t + b, t < -m), (t - b, t > m), (0, True)),
        lambda v: np.where(v < -x, v + y, np.where(v > x, v - y, 0)),
        order=1 if grows else None,
        strict=x == 0 if grows else None,
        ends=(LINE, LINE),
    )


def _swish(alpha: Number = 1) -> Function:
    a = _number(alpha)
    x = float(a)
    return Function(
        "silu" if a == 1 else f"swish({a})",
        lambda t: t / (1 + sp.exp(-a * t)),
        lambda v: v * _sigmoid(x * v),
        steepest=1.1,  # t / (1 + exp(-t)) is, and alpha only makes it wider
        ends=(None, LINE) if x > 0 else (None, None),
    )


def _gelu(by: str = "none") -> Function:
    c = float(np.sqrt(2 / np.pi))
    cube = sp.Rational(44715, 10**6)
    if by == "tanh":
        return Function(
            "gelu(tanh)",
            lambda t: HALF * t * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (t + cube * t**3))),
            lambda v: 0.5 * v * (1 + np.tanh(c * (v + 0.044715 * v**3))),
            steepest=1.2,
            ends=(None, LINE),
        )
    return Function(
        "gelu",
        lambda t: HALF * t * (1 + sp.erf(t / sp.sqrt(2))),
        lambda v: 0.5 * v * (1 + _erf(v / np.sqrt(2))),
        steepest=1.2,
        ends=(None, LINE),
    )


def _is_inf(negative: int, positive: int) -> Function:
    wanted = ([-np.inf] if negative else []) + ([np.inf] if positive else [])
    symbols = ([-sp.oo] if negative else []) + ([sp.oo] if positive else [])
    return Function(
        f"isinf({negative}, {positive})",
        lambda t: sp.Integer(t in symbols),
        lambda v: np.isin(v, wanted) * 1,
    )


def _clip(low: sp.Expr | None, high: sp.Expr | None) -> Function:
    """No less than one bound, and no greater than another."""
    if low == 0 and high is None:
        return _homogeneous(1, 0)
    if high == 0 and low is None:
        return _homogeneous(0, 1)
    bounds = [None if b is None or b in (sp.oo, -sp.oo) else b for b in (low, high)]
    plain = [None if b is None else float(b) for b in bounds]
    if all(b is not None and b.is_Integer for b in bounds):
        plain = [int(b) for b in bounds if b is not None]

    def exact(t: sp.Expr) -> sp.Expr:
        t = t if low is None else sp.Max(low, t)
        return t if high is None else sp.Min(high, t)

    def fast(v: Array) -> Array:
        v = v if plain[0] is None else np.maximum(v, plain[0])
        return v if plain[1] is None else np.minimum(v, plain[1])

    if {low, high} & {sp.oo, -sp.oo}:  # a bound that is none, or one that leaves nothing
        return Function(f"clip({low}, {high})", exact, lambda v: _clipped(v, low, high))
    return Function(
        f"clip({low}, {high})",
        exact,
        fast,
        order=1,
        strict=low is None and high is None,
        nonnegative=True if low is not None and low >= 0 and (high is None or high >= 0) else None,
        steepest=1,
        ends=(
            LINE if low is None else (low if high is None else min(low, high), 0),
            LINE if high is None else (high, 0),
        ),
    )


def _clipped(v: Array, low: sp.Expr | None, high: sp.Expr | None) -> Array:
    v = v if low is None else np.maximum(v, float(low))
    return v if high is None else np.minimum(v, float(high))


def _quantised(point: int, low: int, high: int) -> Function:
    """Rounded, moved to the zero point and kept within a range."""
    return Function(
        f"quantise({point}, {low}, {high})",
        lambda t: sp.Max(low, sp.Min(high, rounded(t) + point)),
        lambda v: np.clip(np.round(v) + point, low, high),
        order=1,
        strict=False,
        nonnegative=True if low >= 0 else None,
        ends=((sp.Integer(low), 0), (sp.Integer(high), 0)),
    )


def _number(value: Number) -> sp.Expr:
    return sp.Rational(value) if isinstance(value, Fraction) else sp.sympify(value)


MAKERS: dict[str, Callable[..., Function]] = {
    "relu": lambda: _homogeneous(1, 0),
    "abs": lambda: _homogeneous(1, -1),
    "identity": lambda: _homogeneous(1, 1),
    "leaky_relu": lambda slope: _homogeneous(1, slope),
    "elu": _elu,
    "hardsigmoid": _hard_sigmoid,
    "thresholdedrelu": _thresholded,
    "shrink": _shrink,
    "swish": _swish,
    "silu": _swish,
    "gelu": _gelu,
    "isinf": _is_inf,
    "clip": _clip,
    "quantise": _quantised,
}

NAMES = frozenset({*TABLE, "relu", "abs", "identity", "silu", "gelu"})
"""The functions that are known by a name alone."""

CLASSES: dict[Any, str] = {
    **{entry[0]: name for name, entry in TABLE.items() if isinstance(entry[0], type)},
    sp.Abs: "abs",
}
"""The names of sympy's functions."""


@lru_cache(maxsize=1024)
def function(name: str, *arguments: Any) -> Function:
    """A function of the table, by its name and the numbers that it depends on.

    >>> function("tanh").odd, function("cos").even, function("relu").slopes
    (True, True, (1, 0))
    >>> function("clip", sp.S.Zero, None) == function("leaky_relu", 0) == function("relu")
    True
    """
    if name in TABLE:
        exact, fast, facts = TABLE[name]
        return Function(name, exact, fast, **facts)
    return MAKERS[name](*arguments)


@lru_cache(maxsize=1024)
def opaque(name: str) -> Function:
    """A function of which no more is known than its name."""

    def fast(v: Array) -> Array:
        raise ConvgraphError(
            f"name={name!r}: the values of this activation are not known; those of "
            f"{', '.join(sorted(NAMES))} are"
        )

    return Function(name, sp.Function(name), fast, known=False)


@by_name
def reduction(name: str, *arguments: Any) -> Reduction:
    """What units do that apply a function of the table."""
    return pointwise(function(name, *arguments))


@by_name
def unknown(name: str) -> Reduction:
    """What units do that apply a function of which no more is known than its name."""
    return pointwise(opaque(name))


def by_function(exact: Any) -> Reduction:
    """What units do that apply a function of sympy's, or one that sympy knows by its name only."""
    if isinstance(exact, UndefinedFunction):
        name = str(exact)
        return reduction(name) if name in NAMES else unknown(name)
    return reduction(CLASSES[exact]) if exact in CLASSES else foreign(exact)


@by_name
def foreign(exact: Any) -> Reduction:
    """What units do that apply a function of sympy's that is not in the table."""
    name = str(exact)
    name = f"{exact.__module__}.{name}" if name in NAMES else name
    return pointwise(Function(name, exact, sp.lambdify(*_call(exact))))


def _call(exact: Any) -> tuple[sp.Symbol, sp.Expr]:
    t = sp.Symbol("t")
    return t, exact(t)

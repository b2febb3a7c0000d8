"""Functions of one number that depend on others: slopes, bounds, and the like."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.function import Function
from convgraph.core.simple_functions import LINE, ONE, ZERO, erf, rounded, sigmoid
from convgraph.core.sympified import sympified

__all__ = ["MAKERS"]

Array = NDArray[Any]
Number: TypeAlias = "int | Fraction | sp.Expr"
HALF = sp.Rational(1, 2)


def _homogeneous(right: Number, left: Number) -> Function:
    """right t for t > 0, and left t for t < 0."""
    a, b = _number(right), _number(left)
    names = {(1, 0): "relu", (1, -1): "abs", (1, 1): "identity"}
    name = names.get((a, b)) or (f"leaky_relu({b})" if a == 1 else f"slopes({a}, {b})")
    exact: Callable[[sp.Expr], sp.Expr] = lambda t: a * sp.Max(0, t) + b * sp.Min(0, t)  # noqa: E731
    fast: Callable[[Array], Array]
    fast = lambda v: _plain(a) * np.maximum(v, 0) + _plain(b) * np.minimum(v, 0)  # noqa: E731
    if a == 1:
        fast = lambda v: np.maximum(v, 0) + _plain(b) * np.minimum(v, 0)  # noqa: E731
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
        steepest=max(abs(_plain(a)), abs(_plain(b))) if finite else None,
        ends=(end[0], end[1]),
    )


def _elu(alpha: Number, gamma: Number = 1, width: Number = 1) -> Function:
    """gamma * t above 0, and gamma * alpha * (exp(t / width) - 1) below."""
    a, g, w = map(_number, (alpha, gamma, width))
    x, y, z = map(_plain, (a, g, w))
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


def _hardsigmoid(alpha: Number, beta: Number) -> Function:
    a, b = _number(alpha), _number(beta)
    x, y = _plain(a), _plain(b)
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
    x = _plain(a)
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
    x, y = float(m), _plain(b)
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
    x = _plain(a)
    return Function(
        "silu" if a == 1 else f"swish({a})",
        lambda t: t / (1 + sp.exp(-a * t)),
        lambda v: v * sigmoid(x * v),
        steepest=1.1,  # t / (1 + exp(-t)) is, and alpha only makes it wider
        ends=(None, LINE) if x > 0 else (None, None),
    )


def _gelu(by: str = "none") -> Function:
    # Hendrycks and Gimpel, Gaussian error linear units (2016), section 2, with its approximation
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
        lambda v: 0.5 * v * (1 + erf(v / np.sqrt(2))),
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
    plain = [None if b is None else _plain(b) for b in bounds]
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
    v = v if low is None else np.maximum(v, _plain(low))
    return v if high is None else np.minimum(v, _plain(high))


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


def _wrapped(kind: str, bits: int) -> Function:
    """Cut off towards zero, and of that the lowest bits."""
    low, count = -(2 ** (bits - 1)) if kind == "int" else 0, 2**bits
    return Function(
        f"{kind}{bits}",
        lambda t: sp.Mod(sp.sign(t) * sp.floor(sp.Abs(t)) - low, count) + low,
        lambda v: np.mod(np.trunc(v) - low, count) + low,
        nonnegative=True if low == 0 else None,
    )


def _plain(value: Number) -> float:
    """What numbers are computed with."""
    try:
        return float(value)
    except TypeError:
        raise ConvgraphError(f"{value}: values in numbers need a number here") from None


def _number(value: Number) -> sp.Expr:
    return sp.Rational(value) if isinstance(value, Fraction) else sympified(value)


MAKERS: dict[str, Callable[..., Function]] = {
    "relu": lambda: _homogeneous(1, 0),
    "abs": lambda: _homogeneous(1, -1),
    "identity": lambda: _homogeneous(1, 1),
    "leaky_relu": lambda slope: _homogeneous(1, slope),
    "elu": _elu,
    "hardsigmoid": _hardsigmoid,
    "thresholdedrelu": _thresholded,
    "shrink": _shrink,
    "swish": _swish,
    "silu": _swish,
    "gelu": _gelu,
    "isinf": _is_inf,
    "clip": _clip,
    "quantise": _quantised,
    "wrap": _wrapped,
}
"""The functions by name, made from the numbers that they depend on."""

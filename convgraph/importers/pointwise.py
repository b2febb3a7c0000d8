"""Operators that apply a function to each unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM, Reduction, by_name, pointwise
from convgraph.importers.broadcasting import stretched
from convgraph.importers.builder import ONE, Builder, Unread, builds, unit_bias
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact, scalar
from convgraph.importers.reductions import unknown_values
from convgraph.importers.values import Known, row_shape

__all__ = ["apply", "clip", "rounded", "unchanged"]

Array = NDArray[Any]
Pair = tuple[Callable[[sp.Expr], sp.Expr], Callable[[Array], Array]]


def _sigmoid(v: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(v, float)))  # without overflow at either end


def _erf(v: Array) -> Array:
    return np.vectorize(math.erf, otypes=[float])(v)


def rounded(t: sp.Expr) -> sp.Expr:
    low = sp.floor(t)
    half = sp.Rational(1, 2)
    to_even = 2 * sp.floor((low + 1) / 2)
    return sp.Piecewise((low, t - low < half), (low + 1, t - low > half), (to_even, True))


SIMPLE: dict[str, Pair] = {
    "Relu": (lambda t: sp.Max(0, t), lambda v: np.maximum(v, 0)),
    "Sigmoid": (lambda t: 1 / (1 + sp.exp(-t)), _sigmoid),
    "Tanh": (sp.tanh, np.tanh),
    "Softplus": (lambda t: sp.log(1 + sp.exp(t)), lambda v: np.logaddexp(v, 0)),
    "Softsign": (lambda t: t / (1 + sp.Abs(t)), lambda v: v / (1 + np.abs(v))),
    "HardSwish": (
        lambda t: t * sp.Max(0, sp.Min(1, t / 6 + sp.Rational(1, 2))),
        lambda v: v * np.clip(v / 6 + 0.5, 0, 1),
    ),
    "Mish": (
        lambda t: t * sp.tanh(sp.log(1 + sp.exp(t))),
        lambda v: v * np.tanh(np.logaddexp(v, 0)),
    ),
    "Abs": (sp.Abs, np.abs),
    "Ceil": (sp.ceiling, np.ceil),
    "Floor": (sp.floor, np.floor),
    "Round": (rounded, np.round),
    "Sign": (sp.sign, np.sign),
    "Sqrt": (sp.sqrt, np.sqrt),
    "Reciprocal": (lambda t: 1 / t, lambda v: 1 / np.asarray(v, float)),
    "Exp": (sp.exp, np.exp),
    "Log": (sp.log, np.log),
    "Erf": (sp.erf, _erf),
    "Sin": (sp.sin, np.sin),
    "Cos": (sp.cos, np.cos),
    "Tan": (sp.tan, np.tan),
    "Asin": (sp.asin, np.arcsin),
    "Acos": (sp.acos, np.arccos),
    "Atan": (sp.atan, np.arctan),
    "Sinh": (sp.sinh, np.sinh),
    "Cosh": (sp.cosh, np.cosh),
    "Asinh": (sp.asinh, np.arcsinh),
    "Acosh": (sp.acosh, np.arccosh),
    "Atanh": (sp.atanh, np.arctanh),
    "Not": (lambda t: sp.Piecewise((1, sp.Eq(t, 0)), (0, True)), lambda v: (v == 0) * 1),
    "IsNaN": (lambda t: sp.Integer(t is sp.nan), lambda v: np.isnan(v) * 1),
}


def _leaky(slope: float) -> Pair:
    a = exact(slope)
    return (
        lambda t: sp.Max(0, t) + a * sp.Min(0, t),
        lambda v: np.maximum(v, 0) + slope * np.minimum(v, 0),
    )


def _elu(alpha: float, gamma: float = 1, width: float = 1) -> Pair:
    """gamma * t above 0, and gamma * alpha * (exp(t / width) - 1) below."""
    a, g, w = exact(alpha), exact(gamma), exact(width)
    return (
        lambda t: sp.Piecewise((g * t, t > 0), (g * a * (sp.exp(t / w) - 1), True)),
        lambda v: gamma * np.where(v > 0, v, alpha * np.expm1(np.minimum(v, 0) / width)),
    )


def _hard_sigmoid(alpha: float, beta: float) -> Pair:
    a, b = exact(alpha), exact(beta)
    return lambda t: sp.Max(0, sp.Min(1, a * t + b)), lambda v: np.clip(alpha * v + beta, 0, 1)


def _thresholded(alpha: float) -> Pair:
    a = exact(alpha)
    return lambda t: sp.Piecewise((t, t > a), (0, True)), lambda v: np.where(v > alpha, v, 0)


def _shrink(lambd: float, bias: float) -> Pair:
    limit, b = exact(lambd), exact(bias)
    return (
        lambda t: sp.Piecewise((t + b, t < -limit), (t - b, t > limit), (0, True)),
        lambda v: np.where(v < -lambd, v + bias, np.where(v > lambd, v - bias, 0)),
    )


def _swish(alpha: float) -> Pair:
    a = exact(alpha)
    return lambda t: t / (1 + sp.exp(-a * t)), lambda v: v * _sigmoid(alpha * v)


def _gelu(kind: str) -> Pair:
    half = sp.Rational(1, 2)
    if kind == "tanh":
        c = float(np.sqrt(2 / np.pi))
        return (
            lambda t: half * t * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (t + exact(0.044715) * t**3))),
            lambda v: 0.5 * v * (1 + np.tanh(c * (v + 0.044715 * v**3))),
        )
    return (
        lambda t: half * t * (1 + sp.erf(t / sp.sqrt(2))),
        lambda v: 0.5 * v * (1 + _erf(v / np.sqrt(2))),
    )


def _is_inf(negative: int, positive: int) -> Pair:
    wanted = ([-np.inf] if negative else []) + ([np.inf] if positive else [])
    symbols = [exact(w) for w in wanted]
    return lambda t: sp.Integer(t in symbols), lambda v: np.isin(v, wanted) * 1


WITH_ATTRIBUTES: dict[str, Callable[[Node], Pair]] = {
    "LeakyRelu": lambda n: _leaky(n.real("alpha", 0.01)),
    "Elu": lambda n: _elu(n.real("alpha", 1)),
    "Celu": lambda n: _elu(n.real("alpha", 1), 1, n.real("alpha", 1)),
    "Selu": lambda n: _elu(n.real("alpha", 1.67326319217681884765625), n.real("gamma", SELU_GAMMA)),
    "HardSigmoid": lambda n: _hard_sigmoid(n.real("alpha", 0.2), n.real("beta", 0.5)),
    "ThresholdedRelu": lambda n: _thresholded(n.real("alpha", 1)),
    "Shrink": lambda n: _shrink(n.real("lambd", 0.5), n.real("bias", 0)),
    "Swish": lambda n: _swish(n.real("alpha", 1)),
    "Gelu": lambda n: _gelu(n.word("approximate", "none")),
    "IsInf": lambda n: _is_inf(n.number("detect_negative", 1), n.number("detect_positive", 1)),
}
SELU_GAMMA = 1.05070102214813232421875


@by_name
def function_of(op: str, attributes: Mapping[str, Any]) -> Reduction:
    """The function of an operator with these attributes."""
    if op in SIMPLE:
        return pointwise(op.lower(), *SIMPLE[op])
    shown = ", ".join(f"{key}={value}" for key, value in sorted(attributes.items()))
    made = WITH_ATTRIBUTES[op](Node(op, (), (), attributes))
    return pointwise(f"{op.lower()}({shown})", *made)


MADE = {op: function_of(op, {}) for op in SIMPLE}


@builds(*SIMPLE, *WITH_ATTRIBUTES)
def apply(builder: Builder, node: Node) -> None:
    """A function of one variable on every unit."""
    _emit(builder, node, MADE.get(node.op) or function_of(node.op, dict(node.attributes)))


def _emit(builder: Builder, node: Node, reduction: Reduction) -> None:
    signal = builder.signal(node, 0)
    builder.emit(node, signal.shape, [(signal, stretched(signal, signal.shape), ONE)], reduction)


@builds("Identity", "Dropout")
def unchanged(builder: Builder, node: Node) -> None:
    """Each unit as it is; dropout acts in training only."""
    if node.op == "Dropout":
        training = scalar(builder.known(node, 2)) if node.input(2) else sp.S.Zero
        ratio = scalar(builder.known(node, 1)) if node.input(1) else exact(node.real("ratio", 0.5))
        if training != 0 and ratio != 0:
            raise Unread("a dropout as in training")
    _emit(builder, node, SUM)
    for mask in filter(None, node.outputs[1:]):  # all of it is kept
        shape = builder.signal(node, 0).shape
        builder.emit(node, shape, [], SUM, (unit_bias(row_shape(shape)), ONE), mask)


# what the numbers of TensorProto.DataType hold: floats, signed and unsigned integers, booleans, or
# numbers of less than 8 bits and floats of less than 16
KINDS = dict(enumerate("-fuiuiii-bffuu--f")) | dict.fromkeys(range(17, 27), "?")


@builds("Cast", "CastLike")
def cast(builder: Builder, node: Node) -> None:
    """Numbers of another type: integers are cut off towards zero, and anything not zero is true."""
    like = builder.known(node, 1) if node.op == "CastLike" else None
    if node.op == "Cast":
        kind = KINDS.get(node.number("to", 1), "-")
    elif like is not None:
        kind = _kind(like)
    else:
        raise Unread("the type of a tensor that is computed")
    if kind == "-":
        raise Unread("a type that holds no real numbers")
    made = {"f": SUM, "b": truth(), "?": unknown_values(node.op)}.get(kind, whole())
    _emit(builder, node, made)


def _kind(like: Known) -> str:
    name = str(like.values().dtype)
    if name in ("float16", "bfloat16", "float32", "float64"):
        return "f"
    widths = {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
    return name[0] if name in widths else "?"


@by_name
def truth() -> Reduction:
    """One for whatever is not zero."""
    numbers = lambda v: (v != 0) * 1  # noqa: E731
    return pointwise("bool", lambda t: sp.Piecewise((1, sp.Ne(t, 0)), (0, True)), numbers)


@by_name
def whole() -> Reduction:
    """Without what is behind the point."""
    return pointwise("int", lambda t: sp.sign(t) * sp.floor(sp.Abs(t)), np.trunc)


@builds("Clip")
def clip(builder: Builder, node: Node) -> None:
    """Values no less than a bound and no greater than another."""
    bounds: list[sp.Expr | None] = []
    for position, attribute in ((1, "min"), (2, "max")):
        known = builder.known(node, position)
        bound = scalar(known)
        if node.input(position) and bound is None:
            raise Unread(f"the bound {attribute} is not a single known number")
        if bound is None and attribute in node.attributes:
            bound = exact(node.real(attribute, 0))
        bounds.append(bound)
    low, high = bounds
    if low is sp.nan or high is sp.nan:
        raise ConvgraphError(f"min={low}, max={high}: bounds are numbers")
    _emit(builder, node, clipped(low, high))


@by_name
def clipped(low: sp.Expr | None, high: sp.Expr | None) -> Reduction:
    """No less than one bound, and no greater than another."""
    bounds = low, high
    numbers = [None if b is None else float(b) for b in bounds]
    if low is not None and low.is_Integer and high is not None and high.is_Integer:
        numbers = [int(low), int(high)]

    def exactly(t: sp.Expr) -> sp.Expr:
        t = t if low is None else sp.Max(low, t)
        return t if high is None else sp.Min(high, t)

    def fast(v: Array) -> Array:
        v = v if numbers[0] is None else np.maximum(v, numbers[0])
        return v if numbers[1] is None else np.minimum(v, numbers[1])

    return pointwise(f"clip({low}, {high})", exactly, fast)

"""Operators that combine tensors unit by unit, with broadcasting."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import reduction
from convgraph.core.reduction import PRODUCT, SUM, Reduction, by_name
from convgraph.core.sizes import Size
from convgraph.core.tying import Constant, Tying
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import common_shape, places, stretched
from convgraph.importers.builder import ONE, Builder, builds, unit_bias
from convgraph.importers.masks.fixed_units import fixed
from convgraph.importers.masks.hidden import (
    LOOKED_AT,
    mark,
    mark_greatest,
    mark_product,
    mark_quotient,
    without_hidden,
    without_zeros,
    zeros_of,
)
from convgraph.importers.masks.perhaps_infinite import say_if_infinite
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact, scalar
from convgraph.importers.operators.selection import mark_choice, select
from convgraph.importers.reductions import each_together
from convgraph.importers.values import Known, Signal, Value, row_shape

__all__ = ["affine", "combine", "divide", "multiply", "scaled"]

Shape = tuple[Size, ...]
Joints = list[tuple[Signal, Product, Tying]]
Array = NDArray[Any]


def _operands(builder: Builder, node: Node) -> tuple[list[Value], Shape]:
    values = [builder.value(name) for name in node.inputs if name]
    return values, common_shape([value.shape for value in values])


def _as_signal(builder: Builder, value: Value) -> Signal:
    return value if isinstance(value, Signal) else builder.constant_row(value)


def _number(value: Value) -> sp.Expr | None:
    """A number written into the model, as opposed to a parameter that happens to be single."""
    return scalar(value) if isinstance(value, Known) and not value.learned else None


def scaled(builder: Builder, known: Known, factor: sp.Expr) -> Known:
    """A tensor times a number, under a name that says so."""
    if factor == 1:
        return known
    sign = "-" if factor == -1 else f"{factor}*"
    number = int(factor) if factor.is_Integer else float(factor)
    return builder.derived(known, f"{sign}{known.name}", lambda v: v * number, "scales")


@builds("Add", "Sum", "Sub", "Mean")
def affine(builder: Builder, node: Node) -> None:
    """Sums: rows bring edges, and the first tensor known beforehand is a bias."""
    values, shape = _operands(builder, node)
    if node.op in ("Add", "Sum"):
        hidden = without_hidden(builder, node, values, shape)
        if hidden is not None:
            say_if_infinite(builder, node, hidden)
            return
    factors = [sp.S.One] * len(values)
    if node.op == "Sub":
        factors[1] = sp.S.NegativeOne
    if node.op == "Mean":
        factors = [sp.Rational(1, len(values))] * len(values)
    terms = [(value, float(factor)) for value, factor in zip(values, factors, strict=True)]
    mark(builder, node.outputs[0], terms, shape, False)
    joints: Joints = []
    bias: tuple[Product, Tying] | None = None
    for value, factor in zip(values, factors, strict=True):
        if isinstance(value, Known) and bias is None:
            number = _number(value)
            known = scaled(builder, value, factor)
            bias = (
                unit_bias(row_shape(shape)),
                builder.tied(known, places(known, shape))
                if number is None
                else Constant(number * factor),
            )
        else:
            signal = _as_signal(builder, value)
            tying = ONE if factor == 1 else Constant(factor)
            joints.append((signal, stretched(signal, shape), tying))
    builder.emit(node, shape, joints, SUM, bias)


@builds("Neg")
def negate(builder: Builder, node: Node) -> None:
    """Every unit with the other sign."""
    signal = builder.signal(node, 0)
    joint = signal, stretched(signal, signal.shape), Constant(sp.S.NegativeOne)
    builder.emit(node, signal.shape, [joint], SUM)


def _scale(builder: Builder, node: Node, signal: Signal, known: Known, shape: Shape) -> None:
    number = _number(known)
    zeros = zeros_of(builder, known) if number is None else None
    if zeros is not None:
        say_if_infinite(builder, node, signal)
        without_zeros(builder, node, signal, known, zeros)
        return
    if known.there and known.size <= LOOKED_AT and not _finite(known.values()):
        builder.unbounded.add(node.outputs[0])
    tying: Tying = builder.tied(known, places(known, shape)) if number is None else Constant(number)
    builder.emit(node, shape, [(signal, stretched(signal, shape), tying)], SUM)


def _finite(values: Array) -> bool:
    return values.dtype.kind in "biu" or bool(np.isfinite(values.astype(float)).all())


@builds("Mul")
def multiply(builder: Builder, node: Node) -> None:
    """Scaling by a tensor known beforehand, or the product of two rows: gating."""
    (a, b), shape = _operands(builder, node)
    if isinstance(a, Known):
        a, b = b, a
    if isinstance(b, Known) and isinstance(a, Signal):
        _scale(builder, node, a, b, shape)
        return
    signals = [_as_signal(builder, value) for value in (a, b)]
    masked = [fixed(builder, signal.row, "zero") is not None for signal in signals]
    for signal, zeros in zip(signals, masked[::-1], strict=True):
        if zeros:
            say_if_infinite(builder, node, signal)
    mark_product(builder, node.outputs[0], signals, shape)
    builder.emit(node, shape, [(s, stretched(s, shape), ONE) for s in signals], PRODUCT)


@builds("Div")
def divide(builder: Builder, node: Node) -> None:
    """Scaling by the reciprocal of a tensor known beforehand, or a quotient of rows."""
    (a, b), shape = _operands(builder, node)
    real = isinstance(b, Known) and (not b.there or b.values().dtype.kind == "f")
    if isinstance(a, Signal) and isinstance(b, Known) and real:
        number = _number(b)
        if number is None:
            inverse = builder.derived(b, f"1/{b.name}", lambda v: 1 / v)
        else:
            inverse = Known.of(f"1/{b.name}", np.array(1 / number, object))
        return _scale(builder, node, a, inverse, shape)
    if isinstance(a, Signal) and isinstance(b, Signal):
        mark_quotient(builder, node.outputs[0], [a, b], shape)
    return combine(builder, node)


def _truncated(a: Array, b: Array) -> Array:
    """Integers divide towards zero."""
    if np.result_type(a, b).kind not in "iu":
        return a / b
    return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))


def _true(condition: Any) -> sp.Expr:
    return sp.Piecewise((sp.S.One, condition), (sp.S.Zero, True))


def _is(value: sp.Expr) -> Any:
    return sp.Ne(value, 0)


def _fmod(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return a - b * sp.sign(a / b) * sp.floor(sp.Abs(a / b))


TOGETHER: dict[str, tuple[Callable[..., sp.Expr], Callable[..., Array]]] = {
    "Div": (lambda a, b: a / b, _truncated),
    "Pow": (lambda a, b: a**b, lambda a, b: np.asarray(a, float) ** b),
    "Max": (sp.Max, lambda *v: np.maximum.reduce(np.broadcast_arrays(*v))),
    "Min": (sp.Min, lambda *v: np.minimum.reduce(np.broadcast_arrays(*v))),
    "Mod": (lambda a, b: a - b * sp.floor(a / b), np.mod),
    "FMod": (_fmod, np.fmod),
    "PRelu": (
        lambda t, slope: sp.Max(0, t) + slope * sp.Min(0, t),
        lambda t, slope: np.maximum(t, 0) + slope * np.minimum(t, 0),
    ),
    "Where": (
        lambda c, a, b: sp.Piecewise((a, _is(c)), (b, True)),
        lambda c, a, b: np.asarray(np.where(c != 0, a, b)),
    ),
    "And": (lambda a, b: _true(sp.And(_is(a), _is(b))), np.logical_and),
    "Or": (lambda a, b: _true(sp.Or(_is(a), _is(b))), np.logical_or),
    "Xor": (lambda a, b: _true(sp.Xor(_is(a), _is(b))), np.logical_xor),
    "Atan2": (sp.atan2, np.arctan2),  # PyTorch has it, ONNX does not
    "Equal": (lambda a, b: _true(sp.Eq(a, b)), np.equal),
    "Less": (lambda a, b: _true(a < b), np.less),
    "Greater": (lambda a, b: _true(a > b), np.greater),
    "LessOrEqual": (lambda a, b: _true(a <= b), np.less_equal),
    "GreaterOrEqual": (lambda a, b: _true(a >= b), np.greater_equal),
}


@builds(*(set(TOGETHER) - {"Div", "FMod"}))
def combine(builder: Builder, node: Node) -> None:
    """A function of several operands; single numbers are put into it."""
    values, shape = _operands(builder, node)
    if node.op == "Where":
        if select(builder, node, values, shape):
            return
        mark_choice(builder, node, values, shape)
    if node.op == "Max":
        mark_greatest(builder, node.outputs[0], values, shape)
    op = "FMod" if node.op == "Mod" and node.number("fmod", 0) else node.op
    try:
        inspect.signature(TOGETHER[op][0]).bind(*values)
    except TypeError:
        raise ConvgraphError(f"inputs={len(values)}: {op} takes another number of them") from None
    numbers = [scalar(value) if isinstance(value, Known) else None for value in values]
    if op == "PRelu":  # one slope for all units is a parameter still
        numbers = list(map(_number, values))
    if all(number is not None for number in numbers):
        numbers[0] = None
    joints: Joints = []
    for value, number in zip(values, numbers, strict=True):
        if number is None:
            signal = _as_signal(builder, value)
            joints.append((signal, stretched(signal, shape), ONE))
    builder.emit(node, shape, joints, _of_one(op, numbers) or with_numbers(op, tuple(numbers)))


def _of_one(op: str, numbers: list[sp.Expr | None]) -> Reduction | None:
    """An operator of one operand that stands for no number, if the function table has it."""
    known = [number for number in numbers if number is not None]
    if len(numbers) - len(known) != 1 or sp.nan in known:
        return None
    match op, known:
        case (("Max" | "Min"), []):
            return SUM
        case "Max", _:
            return reduction("clip", max(known), None)
        case "Min", _:
            return reduction("clip", None, min(known))
        case "PRelu", [slope] if numbers[0] is None and slope.is_finite:
            return reduction("leaky_relu", slope)
    return None


@by_name
def with_numbers(op: str, numbers: tuple[sp.Expr | None, ...]) -> Any:
    """An operator's function of the operands for which no number stands."""
    exactly, fast = TOGETHER[op]
    plain = [None if n is None else int(n) if n.is_Integer else float(n) for n in numbers]

    def filled(given: Sequence[Any], arguments: tuple[Any, ...]) -> list[Any]:
        rest = iter(arguments)
        return [next(rest) if value is None else value for value in given]

    shown = ", ".join("x" if n is None else str(exact(n)) for n in numbers)
    name = op.lower() if all(n is None for n in numbers) else f"{op.lower()}({shown})"
    return each_together(
        name,
        lambda *terms: exactly(*filled(numbers, terms)),
        lambda *columns: np.asarray(fast(*filled(plain, columns))) * 1,
    )

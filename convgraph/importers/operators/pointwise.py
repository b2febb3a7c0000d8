"""Operators that apply a function to each unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import reduction
from convgraph.core.reduction import SUM, Reduction
from convgraph.importers.broadcasting import stretched
from convgraph.importers.builder import ONE, Builder, Unread, builds, unit_bias
from convgraph.importers.masks.fixed_units import Fixed, vanishes
from convgraph.importers.masks.hidden import follows, hide, said_to_hide
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact, scalar
from convgraph.importers.reductions import unknown_values
from convgraph.importers.values import Known, row_shape

__all__ = ["SIMPLE", "apply", "clip", "unchanged"]

# operators whose function has no attributes, by the name that it has in the table
SIMPLE = {
    op: op.lower()
    for op in (
        "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish", "Abs", "Ceil",
        "Floor", "Round", "Sign", "Sqrt", "Reciprocal", "Exp", "Log", "Erf", "Sin", "Cos", "Tan",
        "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Not", "IsNaN",
    )
}  # fmt: skip
# Klambauer et al., Self-normalizing neural networks (2017), as ONNX has them: in 32 bits
SELU_GAMMA = 1.05070102214813232421875
SELU_ALPHA = 1.67326319217681884765625

WITH_ATTRIBUTES: dict[str, Callable[[Node], tuple[Any, ...]]] = {
    "LeakyRelu": lambda n: ("leaky_relu", _real(n, "alpha", 0.01)),
    "Elu": lambda n: ("elu", _real(n, "alpha", 1)),
    "Celu": lambda n: ("elu", _real(n, "alpha", 1), 1, _real(n, "alpha", 1)),
    "Selu": lambda n: ("elu", _real(n, "alpha", SELU_ALPHA), _real(n, "gamma", SELU_GAMMA)),
    "HardSigmoid": lambda n: ("hardsigmoid", _real(n, "alpha", 0.2), _real(n, "beta", 0.5)),
    "ThresholdedRelu": lambda n: ("thresholdedrelu", _real(n, "alpha", 1)),
    "Shrink": lambda n: ("shrink", _real(n, "lambd", 0.5), _real(n, "bias", 0)),
    "Swish": lambda n: ("swish", _real(n, "alpha", 1)),
    "Gelu": lambda n: ("gelu", n.word("approximate", "none")),
    "IsInf": lambda n: (
        "isinf",
        n.number("detect_negative", 1),
        n.number("detect_positive", 1),
    ),
}
"""The name of an operator's function in the table, and the numbers that it depends on."""


def _real(node: Node, name: str, default: float) -> sp.Expr:
    value = exact(node.real(name, default))
    if value is sp.nan:
        raise ConvgraphError(f"{name}=nan: a number")
    return value


@builds(*SIMPLE, *WITH_ATTRIBUTES)
def apply(builder: Builder, node: Node) -> None:
    """A function of one variable on every unit."""
    named = (SIMPLE[node.op],) if node.op in SIMPLE else WITH_ATTRIBUTES[node.op](node)
    made, signal = reduction(*named), builder.signal(node, 0)
    found = vanishes(builder, signal.row, made)
    if found is not None and follows(builder, node, signal, found.where):
        said_to_hide(builder, node, found.least)
        joint = signal, stretched(signal, signal.shape), ONE
        name = node.outputs[0]
        inner = builder.emit(node, signal.shape, [joint], made, name=f"{name}/all")
        hide(builder, node, inner, found.where, sp.S.Zero, name)
        builder.fixed[name, "zero"] = Fixed(found.where)
        return
    _emit(builder, node, made)


def _emit(builder: Builder, node: Node, made: Reduction) -> None:
    signal = builder.signal(node, 0)
    builder.emit(node, signal.shape, [(signal, stretched(signal, signal.shape), ONE)], made)


@builds("Identity", "Dropout")
def unchanged(builder: Builder, node: Node) -> None:
    """Each unit as it is; dropout acts in training only."""
    if node.op == "Dropout":
        training = scalar(builder.known(node, 2)) if node.input(2) else sp.S.Zero
        ratio = scalar(builder.known(node, 1)) if node.input(1) else exact(node.real("ratio", 0.5))
        if 0 < node.version < 7:
            training = sp.Integer(node.number("is_test", 0) == 0)
        if training != 0 and ratio != 0:
            raise Unread("a dropout as in training")
    _emit(builder, node, SUM)
    for mask in filter(None, node.outputs[1:]):  # all of it is kept
        shape = builder.signal(node, 0).shape
        builder.emit(node, shape, [], SUM, (unit_bias(row_shape(shape)), ONE), mask)


# what the numbers of TensorProto.DataType hold: floats, signed and unsigned integers, booleans, or
# numbers of less than 8 bits and floats of less than 16
KINDS = dict(enumerate("-fuiuiii-bffuu--f")) | dict.fromkeys(range(17, 27), "?")
NARROW = {2: ("uint", 8), 3: ("int", 8), 4: ("uint", 16), 5: ("int", 16)}


@builds("Cast", "CastLike")
def cast(builder: Builder, node: Node) -> None:
    """Numbers of another type: integers are cut off towards zero, and anything not zero is true.

    What is too large for 8 or 16 bits keeps the lowest of its bits.
    """
    like = builder.known(node, 1) if node.op == "CastLike" else None
    narrow = None
    if node.op == "Cast":
        kind = KINDS.get(node.number("to", 1), "-")
        narrow = NARROW.get(node.number("to", 1))
    elif like is not None:
        kind = _kind(like)
        name = str(like.values().dtype)
        narrow = next((each for each in NARROW.values() if name == f"{each[0]}{each[1]}"), None)
    else:
        raise Unread("the type of a tensor that is computed")
    if kind == "-":
        raise Unread("a type that holds no real numbers")
    whole = reduction("int") if narrow is None else reduction("wrap", *narrow)
    made = {"f": SUM, "b": reduction("bool"), "?": unknown_values(node.op)}.get(kind, whole)
    _emit(builder, node, made)


def _kind(like: Known) -> str:
    name = str(like.values().dtype)
    if name in ("float16", "bfloat16", "float32", "float64"):
        return "f"
    widths = {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
    return name[0] if name in widths else "?"


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
    _emit(builder, node, reduction("clip", low, high))

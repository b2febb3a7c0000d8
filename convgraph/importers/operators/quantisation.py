"""Numbers of few bits as they stand for real ones, and the other way round."""

from __future__ import annotations

from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import reduction
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.tying import Constant, Tying
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import places, stretched
from convgraph.importers.builder import ONE, Builder, Unread, builds, unchanged, unit_bias
from convgraph.importers.node import Node
from convgraph.importers.numbers import scalar
from convgraph.importers.operators.reshaping import within
from convgraph.importers.reductions import unknown_values
from convgraph.importers.values import Known, Signal

__all__ = ["along", "centre", "dequantise", "quantise"]


def along(node: Node, known: Known, shape: tuple[Size, ...]) -> Known:
    """A scale or a zero: one number, or one for each position of an axis, as it is broadcast."""
    if known.size == 1:
        return known.viewed(known.name, ())
    axis = within(node.number("axis", 1), len(shape), "axis")
    if known.shape != (shape[axis],):
        raise ConvgraphError(
            f"shape={known.shape} of {known.name!r}: one number, or one for each of the "
            f"{shape[axis]} positions of axis {axis}"
        )
    return known.viewed(known.name, (*known.shape, *(1,) * (len(shape) - axis - 1)))


def centre(node: Node, zero: Known, scale: Known, shape: tuple[Size, ...]) -> Known:
    """The zero points that go with a scale."""
    if zero.size > 1 and scale.size == 1:
        raise ConvgraphError(
            f"shape={zero.shape} of {zero.name!r}: one zero, as there is one scale"
        )
    return along(node, zero, shape)


def _along(builder: Builder, node: Node, position: int) -> Known | None:
    if not node.input(position):
        return None
    known = builder.known(node, position)
    if known is None or node.number("block_size", 0):
        raise Unread("a scale that is computed, or one for each block")
    return known


def _scaled(builder: Builder, node: Node, name: str | None, inverse: bool) -> Signal:
    """A row times its scale, or divided by it."""
    signal = builder.signal(node, 0)
    factor, zero = _along(builder, node, 1), None if inverse else _along(builder, node, 2)
    if factor is None:
        raise ConvgraphError("y_scale: a scale is needed")
    scale = along(node, factor, signal.shape)
    zero = None if zero is None else centre(node, zero, factor, signal.shape)
    number = scalar(scale)
    tying: Tying
    bias: tuple[Product, Tying] | None = None
    if number is not None:
        tying = Constant(1 / number if inverse else number)
    else:
        used = builder.derived(scale, f"1/{scale.name}", lambda v: 1 / v) if inverse else scale
        tying = builder.tied(used, places(used, signal.shape))
    if zero is not None and (not zero.there or np.any(zero.values())):
        # (x - zero) * scale is x * scale with a bias of -zero * scale
        shift = scale.mapped(f"-{scale.name}*{zero.name}", _shift, zero)
        shift.roots = (shift,)
        ones = unit_bias(signal.row.shape)
        single = scalar(shift)
        bias = (
            ones,
            builder.tied(shift, places(shift, signal.shape))
            if single is None
            else Constant(single),
        )
    joint = signal, stretched(signal, signal.shape), tying
    return builder.emit(node, signal.shape, [joint], SUM, bias, name)


def _shift(scale: Any, zero: Any) -> Any:
    return -scale * zero.astype(np.float64)


@builds("DequantizeLinear")
def dequantise(builder: Builder, node: Node) -> None:
    """(x - zero) * scale."""
    _scaled(builder, node, None, inverse=False)


@builds("QuantizeLinear")
def quantise(builder: Builder, node: Node) -> None:
    """x / scale, rounded, moved to the zero point and kept within the range of a type."""
    zero = builder.known(node, 2)
    if node.input(2) and zero is None:
        raise Unread("a zero point that is computed")
    values = np.zeros(1, np.uint8) if zero is None else zero.values().reshape(-1)
    inner = _scaled(builder, node, f"{node.outputs[0]}/scaled", inverse=True)
    usual = str(values.dtype) in ("uint8", "int8", "uint16", "int16", "int32")
    if not usual or "output_dtype" in node.attributes or np.ptp(values):
        made = unknown_values("QuantizeLinear")
    else:
        point, limits = int(values[0]), np.iinfo(values.dtype)
        low, high = int(limits.min), int(limits.max)
        made = reduction("quantise", point, low, high)
    wiring = unchanged(inner.row.shape)
    builder.emit(node, inner.shape, [(inner, wiring, ONE)], made)

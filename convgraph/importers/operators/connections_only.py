"""Operators of which the connections are exact and the values not known."""

from __future__ import annotations

from convgraph.core.axis import Axis, Full
from convgraph.core.sizes import is_symbolic
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import common_shape, stretched
from convgraph.importers.builder import ONE, Builder, Unread, builds, trimmed
from convgraph.importers.node import Node
from convgraph.importers.operators.reshaping import integers, within
from convgraph.importers.reductions import unknown_values

__all__ = ["unit_by_unit"]


@builds("Bernoulli", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Pointwise")
def unit_by_unit(builder: Builder, node: Node) -> None:
    """Each output reads the unit at its own place, of each input."""
    signals = [builder.signal(node, i) for i, name in enumerate(node.inputs) if name]
    shape = common_shape([signal.shape for signal in signals])
    joints = [(signal, stretched(signal, shape), ONE) for signal in signals]
    name = node.word("function", node.op) if builder.stated else node.op
    builder.emit(node, shape, joints, unknown_values(name))


@builds("TopK")
def greatest(builder: Builder, node: Node) -> None:
    """The greatest values of an axis in order, and their positions: each may be any of them."""
    signal = builder.signal(node, 0)
    count = integers(builder, node, 1, "k") or [node.number("k", 0)]
    axis = within(node.number("axis", -1), len(signal.shape), "axis")
    if is_symbolic(count[0]) or count[0] < 1:
        raise Unread(f"k={count[0]}")
    axes: list[Axis] = [identity(n) for n in signal.shape]
    axes[axis] = Full(signal.shape[axis], count[0])
    joint = signal, trimmed(signal, axes), ONE
    shape = [each.outputs for each in axes]
    for name in filter(None, node.outputs):
        builder.emit(node, shape, [joint], unknown_values("TopK"), name=name)


@builds("OneHot")
def one_hot(builder: Builder, node: Node) -> None:
    """A new axis along which the unit whose place an index names has another value."""
    signal = builder.signal(node, 0)
    depth = integers(builder, node, 1, "depth") or [0]
    rank = len(signal.shape) + 1
    axis = within(node.number("axis", -1), rank, "axis")
    if is_symbolic(depth[0]) or depth[0] < 1:
        raise Unread(f"depth={depth[0]}")
    shape = (*signal.shape[:axis], depth[0], *signal.shape[axis:])
    axes: list[Axis] = [Full(1, n) if a == axis else identity(n) for a, n in enumerate(shape)]
    builder.emit(node, shape, [(signal, Product(tuple(axes)), ONE)], unknown_values("OneHot"))

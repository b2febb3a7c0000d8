"""Operators that join tensors along an axis, or cut them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.sizes_that_fit import fits
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import ONE, Builder, builds
from convgraph.importers.node import Node
from convgraph.importers.operators.reshaping import integers, node_axes, within
from convgraph.importers.values import Known, Signal, row_shape

__all__ = ["concat", "cut", "slice_", "split"]


@builds("Concat")
def concat(builder: Builder, node: Node) -> None:
    """Tensors one after the other along an axis; one without entries adds nothing."""
    values = [builder.value(name) for name in node.inputs]
    places = [i for i, value in enumerate(values) if 0 not in value.shape]
    if not places:
        raise ConvgraphError("inputs: all of them are without entries, and a row has some")
    signals = [builder.signal(node, position) for position in places]
    shapes = [signal.shape for signal in signals]
    rank = len(shapes[0])
    axis = within(node.number("axis", 1), rank, "axis")
    for shape in shapes:
        if len(shape) != rank or any(shape[a] != shapes[0][a] for a in range(rank) if a != axis):
            listed = ", ".join(map(str, shapes))
            raise ConvgraphError(
                f"shapes {listed}: they differ on axis {axis} only{fits(shapes, axis)}"
            )
    total: Size = 0
    for shape in shapes:
        total = total + shape[axis]
    out = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
    front = len(out) - len(row_shape(out))
    joints, at = [], 0
    for signal, shape in zip(signals, shapes, strict=True):
        axes = [identity(n) for n in shape]
        # its positions start at `at`: a window of one tap, shifted
        axes[axis] = Window(shape[axis], total, 1, padding=at)
        joints.append((signal, Product(tuple(axes[front:])), ONE))
        at = at + shape[axis]
    builder.emit(node, out, joints, SUM)


@builds("Split")
def split(builder: Builder, node: Node) -> None:
    """Consecutive parts of an axis."""
    signal = builder.signal(node, 0)
    axis = within(node.number("axis", 0), len(signal.shape), "axis")
    total = signal.shape[axis]
    sizes = node.numbers("split")
    sizes = integers(builder, node, 1, "split") if sizes is None else sizes
    if sizes is None:
        parts = node.number("num_outputs", len(node.outputs))
        if is_symbolic(total) or parts < 1 or (node.version < 18 and total % parts):
            raise ConvgraphError(f"num_outputs={parts}: it splits an axis of {total} positions")
        each = -(-total // parts)
        sizes = [each] * (parts - 1) + [total - each * (parts - 1)]
    if len(sizes) < len(node.outputs) or sum(sizes) != total:
        raise ConvgraphError(f"split={sizes}: parts of an axis of {total} positions")
    at = 0
    for size, name in zip(sizes, node.outputs, strict=False):
        if name and size == 0:
            shape = [0 if a == axis else n for a, n in enumerate(signal.shape)]
            if not is_symbolic(*shape):
                builder.values[name] = Known.of(name, np.zeros([int(n) for n in shape]))
        elif name:
            cut(builder, node, signal, {axis: Window(total, size, 1, padding=-at)}, name)
        at += size


def cut(
    builder: Builder, node: Node, signal: Signal, changed: dict[int, Any], name: str | None = None
) -> None:
    """A row with relations on some of its axes, and nothing changed on the others."""
    axes = [changed.get(a) or identity(n) for a, n in enumerate(signal.shape)]
    shape = tuple(axis.outputs for axis in axes)
    before = len(signal.shape) - len(signal.row.shape)
    front = before if len(row_shape(shape)) == len(signal.row.shape) else 0
    wiring = Product(tuple(axes[front:]) or (identity(1),))
    builder.emit(node, shape, [(signal, wiring, ONE)], SUM, name=name)


@builds("Slice")
def slice_(builder: Builder, node: Node) -> None:
    """Parts of axes, with steps."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    starts, ends = (
        node.numbers(a) or integers(builder, node, p, a) for a, p in (("starts", 1), ("ends", 2))
    )
    if starts is None or ends is None:
        raise ConvgraphError("starts, ends: a Slice needs both")
    axes = node_axes(builder, node, rank, 3)
    axes = list(range(len(starts))) if axes is None else axes
    steps = node.numbers("steps") or integers(builder, node, 4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise ConvgraphError(f"starts={starts}, ends={ends}, axes={axes}, steps={steps}: as many")
    changed = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        changed[within(axis, rank, "axes")] = _sliced(signal.shape[axis], start, end, step)
    cut(builder, node, signal, changed)


def _sliced(n: Size, start: int, end: int, step: int) -> Any:
    if is_symbolic(n) and not is_symbolic(start, end):
        if step == 1 and start >= 0 and end >= 2**31 - 1:
            return Window(n, n - start, 1, padding=-start)
        if step == 1 and start >= 0 and end < 0:
            return Window(n, n + end - start, 1, padding=-start)
        raise ConvgraphError(f"starts={start}, ends={end}: give a number for the size {n}")
    if is_symbolic(n, start, end, step):
        raise ConvgraphError(f"starts={start}, ends={end}: give numbers for the sizes")
    if step == 0:
        raise ConvgraphError("steps=0: a step is not 0")
    positions = range(*slice(start, end, step).indices(int(n)))
    if not positions:
        raise ConvgraphError(f"starts={start}, ends={end}: nothing is left of {n} positions")
    if step > 0:
        return Window(n, len(positions), 1, step, padding=-positions[0])
    return Table(int(n), np.array(positions)[:, None])

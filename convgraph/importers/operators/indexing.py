"""Operators that pick, repeat and pad positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM, Reduction
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import common_shape, stretched
from convgraph.importers.builder import LONGEST_AXIS, ONE, Builder, Unread, builds, trimmed
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact, scalar
from convgraph.importers.operators.reshaping import integers, within
from convgraph.importers.reductions import chosen, or_else
from convgraph.importers.values import Signal
from convgraph.layers.arguments import window

__all__ = ["expand", "gather", "pad", "picked", "tile"]


@builds("Expand")
def expand(builder: Builder, node: Node) -> None:
    """Axes of one position repeated, as in broadcasting."""
    signal = builder.signal(node, 0)
    wanted = integers(builder, node, 1, "shape") or node.numbers("shape") or []
    shape = common_shape([signal.shape, tuple(wanted)])
    builder.emit(node, shape, [(signal, stretched(signal, shape), ONE)], SUM)


@builds("Tile")
def tile(builder: Builder, node: Node) -> None:
    """Each axis repeated as a whole: it wraps around."""
    signal = builder.signal(node, 0)
    repeats = integers(builder, node, 1, "repeats") or node.numbers("repeats") or []
    if len(repeats) != len(signal.shape) or any(
        is_symbolic(r) or not 1 <= r <= LONGEST_AXIS for r in repeats
    ):
        raise ConvgraphError(f"repeats={repeats}: a positive number for each axis")
    axes: list[Axis] = [
        identity(n) if r == 1 else Window(n, n * r, 1, boundary="circular")
        for n, r in zip(signal.shape, repeats, strict=True)
    ]
    shape = tuple(axis.outputs for axis in axes)
    builder.emit(node, shape, [(signal, trimmed(signal, axes), ONE)], SUM)


@builds("Pad")
def pad(builder: Builder, node: Node) -> None:
    """Positions added around axes, or with negative numbers cut away."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    pads = node.numbers("pads")
    pads = integers(builder, node, 1, "pads") if pads is None else pads
    axes = integers(builder, node, 3, "axes")
    named = list(range(rank)) if axes is None else [within(a, rank, "axes") for a in axes]
    if pads is None or len(pads) != 2 * len(named):
        raise ConvgraphError(f"pads={pads}: two numbers for each axis")
    if not all(not is_symbolic(p) and abs(p) <= LONGEST_AXIS for p in pads):
        raise ConvgraphError(f"pads={pads}: numbers of a size that fits")
    mode = node.word("mode", "constant")
    modes = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in modes:
        raise ConvgraphError(f"mode={mode!r}: one of {', '.join(modes)}")
    pairs = dict(zip(named, zip(pads[: len(named)], pads[len(named) :], strict=True), strict=True))
    relations: list[Axis] = [
        _padded(n, *pairs.get(a, (0, 0)), modes[mode]) for a, n in enumerate(signal.shape)
    ]
    shape = tuple(axis.outputs for axis in relations)
    fill = _fill(builder, node) if mode == "constant" else sp.S.Zero
    reduction: Reduction = SUM if fill == 0 else or_else(fill)
    builder.emit(node, shape, [(signal, trimmed(signal, relations), ONE)], reduction)


def _fill(builder: Builder, node: Node) -> sp.Expr:
    if not node.input(2):
        return exact(node.real("value", 0))
    value = scalar(builder.known(node, 2))
    if value is None:
        raise Unread("a value to pad with that is computed")
    return value


def _padded(n: Size, before: int, after: int, boundary: Any) -> Axis:
    if before == after == 0:
        return identity(n)
    size = n + before + after
    if not is_symbolic(size) and size < 1:
        raise ConvgraphError(f"pads=({before}, {after}): nothing is left of {n} positions")
    if boundary == "zeros" or min(before, after) >= 0:
        if boundary == "zeros" or is_symbolic(n):
            return Window(n, size, 1, padding=before, boundary=boundary, after=after)
        return window(n, 1, 1, 1, (before, after), boundary)
    # what is cut away is gone before the rest is repeated
    first, last = max(-before, 0), int(n) - max(-after, 0)
    rest = window(last - first, 1, 1, 1, (max(before, 0), max(after, 0)), boundary)
    return Table(int(n), rest.table() + first)


@builds("Gather")
def gather(builder: Builder, node: Node) -> None:
    """Positions of an axis by their numbers, which may be computed."""
    indices = builder.known(node, 1)
    signal = builder.signal(node, 0)
    axis = within(node.number("axis", 0), len(signal.shape), "axis")
    if indices is None:
        _looked_up(builder, node, signal, builder.signal(node, 1), axis)
        return
    n = signal.shape[axis]
    if is_symbolic(n) or indices.size > 2**22:  # as long a table as that of a resized axis
        raise ConvgraphError(f"indices={indices.name!r}: give a number for the size {n}")
    numbers = indices.values().reshape(-1).astype(np.int64)
    if numbers.size and not (-n <= numbers.min() and numbers.max() < n):
        raise ConvgraphError(f"indices={indices.name!r}: positions of an axis of {n}")
    axes: list[Axis] = [identity(m) for m in signal.shape]
    axes[axis] = picked(int(n), numbers % int(n))
    shape = (*signal.shape[:axis], *indices.shape, *signal.shape[axis + 1 :])
    builder.emit(node, shape, [(signal, trimmed(signal, axes), ONE)], SUM)


def picked(n: int, numbers: Any) -> Axis:
    """A window of one tap where the positions are evenly spaced, a table otherwise."""
    steps = np.unique(np.diff(numbers))
    if len(steps) <= 1 and (not len(steps) or steps[0] > 0):
        stride = int(steps[0]) if len(steps) else 1
        return Window(n, len(numbers), 1, stride, padding=-int(numbers[0]))
    return Table(n, numbers[:, None])


def _looked_up(builder: Builder, node: Node, data: Signal, indices: Signal, axis: int) -> None:
    """An embedding: each output reads an index, and all entries that it may pick."""
    before, n, after = data.shape[:axis], data.shape[axis], data.shape[axis + 1 :]
    shape = (*before, *indices.shape, *after)
    picks: list[Axis] = [
        *(Full(1, m) for m in before),
        *(identity(m) for m in indices.shape),
        *(Full(1, m) for m in after),
    ]
    every: list[Axis] = [
        *(identity(m) for m in before),
        Full(n, product(indices.shape)),
        *(identity(m) for m in after),
    ]
    joints = [(indices, Product(tuple(picks)), ONE), (data, Product(tuple(every)), ONE)]
    builder.emit(node, shape, joints, chosen())

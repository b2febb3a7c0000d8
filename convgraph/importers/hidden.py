"""What a mask hides: scores of minus infinity, the zeros that a softmax makes of them, products.

A unit behind a mask has one value whatever the input: it reads nothing, and no product reads what
it would be multiplied with. Which units these are is kept by row, and found again behind layers
that only move units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Row
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import stretched
from convgraph.importers.builder import ONE, Builder
from convgraph.importers.node import Node
from convgraph.importers.reductions import or_else
from convgraph.importers.values import Known, Signal, Value

__all__ = [
    "Fixed",
    "aligned",
    "behind_softmax",
    "fixed",
    "hide",
    "mark",
    "sieve",
    "without_hidden",
]

Mask = NDArray[np.bool_]
Shape = tuple[Size, ...]

HIDDEN = -1e4  # what a mask puts where it hides something, or less
SWALLOWS = -1e30  # beside this a score is nothing in the numbers of any model
MOST = 2**22


@dataclass(frozen=True, eq=False)
class Fixed:
    """Units of a row whose value is one number whatever the input.

    `where` has one axis for each of the row's, of one position where all are alike; `blank` says
    that these units read nothing, `least` is the greatest number that hides one of them.
    """

    where: Mask
    blank: bool = True
    least: float = -np.inf


def hiding(values: Sequence[Value]) -> list[tuple[Known, Mask]]:
    """The tensors that are known beforehand and hide something from a softmax, and where."""
    found = []
    for value in values:
        if isinstance(value, Known) and value.there and value.size <= MOST:
            array = value.values()
            hidden = array <= HIDDEN if array.dtype.kind == "f" else np.zeros(1, bool)
            if hidden.any():
                found.append((value, np.asarray(hidden, bool)))
    return found


def aligned(mask: Mask, shape: Shape) -> Mask:
    """A mask that is stretched to a shape, with one axis for each of the row's."""
    mask = mask.reshape((1,) * (len(shape) - mask.ndim) + mask.shape)
    left_out = len(shape) > 1 and shape[0] == 1
    return mask[0] if left_out else mask


def mark(builder: Builder, row: str, values: Sequence[Value], shape: Shape, blank: bool) -> None:
    """Keep in mind which units of a sum are minus infinity: those of which an operand is."""
    known = hiding(values)
    masks = [aligned(mask, shape) for _, mask in known]
    least = [float(v.values()[mask].max()) for v, mask in known]
    for value in values:
        before = fixed(builder, value.row, False) if isinstance(value, Signal) else None
        if before is not None and isinstance(value, Signal) and value.shape == shape:
            masks.append(before.where)
            least.append(before.least)
    if masks:
        where = reduce(np.logical_or, masks)
        builder.fixed[row, False] = Fixed(where, blank and len(masks) == 1, max(least))


def fixed(builder: Builder, row: Row, zero: bool) -> Fixed | None:
    """Which units of a row are zero, or minus infinity, whatever the input."""
    found: Fixed | None = builder.fixed.get((row.name, zero))
    if found is not None:
        return found
    layer = builder.made.get(row.name)
    if layer is None or layer.bias is not None or layer.reduction != SUM or len(layer.joints) != 1:
        return None
    (joint,) = layer.joints
    if joint.tying != ONE or row.symbolic:
        return None
    before = fixed(builder, joint.source, zero)
    where = None if before is None else _moved(before.where, joint, row, zero)
    return None if before is None or where is None else replace(before, where=where)


def _moved(where: Mask, joint: Joint, row: Row, missing: bool) -> Mask | None:
    """Marks of units, as the units are moved, and of units that read nothing."""
    wiring = joint.wiring
    if int(row.size) > MOST * 16 or not isinstance(wiring, Product):
        return None
    if any(axis.taps != 1 for axis in wiring.axes):
        return None
    marks = np.broadcast_to(where, joint.source.numbers())
    marks = marks.reshape([int(n) for n in wiring.in_view]).transpose(wiring.order)
    for a, axis in enumerate(wiring.axes):
        if axis.copies or axis.full:
            continue
        there = axis.table()[:, 0]
        shape = [-1 if b == a else 1 for b in range(marks.ndim)]
        marks = np.take(marks, np.maximum(there, 0), axis=a)
        marks = np.where((there >= 0).reshape(shape), marks, missing)
    marks = np.broadcast_to(marks, [int(n) for n in wiring.out_view]).reshape(row.numbers())
    for a in range(marks.ndim):  # small again where all are alike
        first = marks.take([0], axis=a)
        marks = first if (marks == first).all() else marks
    return marks


def sieve(wiring: Product, seen: Mask) -> Product | None:
    """A wiring of one tap without the connections of some outputs; None where it is too large.

    The axes along which it differs which outputs these are become one.
    """
    axes = wiring.axes
    if any(axis.symbolic or axis.taps != 1 for axis in axes) or seen.ndim != len(axes):
        return None
    differs = [a for a, n in enumerate(seen.shape) if n > 1] or [0]
    low, high = min(differs), max(differs) + 1
    span = tuple(int(axis.outputs) for axis in axes[low:high])
    if int(np.prod(span, dtype=object)) > MOST:
        return None
    rest = seen.reshape(seen.shape[low:high])
    kept = np.broadcast_to(rest, span).reshape(-1, 1)
    return Product((*axes[:low], Sieved(_merged(axes[low:high]), kept), *axes[high:]))


def _merged(axes: Sequence[Axis]) -> Axis:
    """Several relations of one tap as one, on the places of all in row-major order."""
    if len(axes) == 1:
        return axes[0]
    total = int(np.prod([int(axis.inputs) for axis in axes]))
    if all(axis.copies for axis in axes):
        return identity(total)
    places = np.zeros(1, np.int64)
    for axis in axes:
        places = (places[:, None] * int(axis.inputs) + axis.table()[:, 0]).ravel()
    return Table(total, places[:, None])


def without_hidden(
    builder: Builder, node: Node, values: Sequence[Value], shape: Shape
) -> Signal | None:
    """A sum of a row with a mask of zero and minus infinity: what the mask hides reads nothing."""
    masks = hiding(values)
    if len(values) != 2 or len(masks) != 1:
        return None
    ((known, hidden),) = masks
    signal = next(value for value in values if value is not known)
    entries = known.values()
    if not isinstance(signal, Signal) or not np.all((entries == 0) | (entries == -np.inf)):
        return None
    wiring = sieve(stretched(signal, shape), ~aligned(hidden, shape))
    if wiring is None:
        return None
    mark(builder, node.outputs[0], values, shape, True)
    return builder.emit(node, shape, [(signal, wiring, ONE)], or_else(sp.S.NegativeInfinity))


def hide(
    builder: Builder, node: Node, signal: Signal, hidden: Mask, fill: sp.Expr, name: str
) -> Signal | None:
    """A row whose units are a number where they are hidden, and those of another row elsewhere."""
    wiring = sieve(stretched(signal, signal.shape), ~hidden)
    if wiring is None:
        return None
    reduction = SUM if fill == 0 else or_else(fill)
    return builder.emit(node, signal.shape, [(signal, wiring, ONE)], reduction, name=name)


def behind_softmax(
    builder: Builder, node: Node, signal: Signal, axes: set[int]
) -> tuple[Signal, Mask | None]:
    """What a softmax over some axes reads, and which units it makes zero."""
    found = fixed(builder, signal.row, False)
    if found is None:
        return signal, None
    front = len(signal.shape) - len(signal.row.shape)
    over = tuple(a - front for a in axes if a >= front)
    # a softmax of what is all hidden is no softmax of nothing
    where = found.where & ~found.where.all(axis=over, keepdims=True)
    if not where.any():
        return signal, None
    source: Signal | None = signal
    if not found.blank:
        fill = sp.S.NegativeInfinity
        source = hide(builder, node, signal, where, fill, f"{node.outputs[0]}/seen")
    if source is None or sieve(stretched(signal, signal.shape), ~where) is None:
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): what a mask hides from it is taken to be seen"
        )
        return signal, None
    if found.least > SWALLOWS:
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): where a mask adds {found.least:g} or less, nothing "
            "is taken to be seen"
        )
    return source, where

"""What a mask hides: scores of minus infinity, the zeros that a softmax makes of them, products.

A unit behind a mask has one value whatever the input: it reads nothing, and no product reads what
it would be multiplied with. Which units these are is kept by row, and found again behind layers
that only move units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.tying import Constant
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
    "is_parameter",
    "mark",
    "mark_greatest",
    "mark_product",
    "sieve",
    "without_hidden",
]

Mask = NDArray[np.bool_]
Shape = tuple[Size, ...]

HIDDEN = -1e4  # what a mask puts where it hides something, or less
SWALLOWS = -1e30  # beside this a score is nothing in the numbers of any model
MOST = 2**22
LOOKED_AT = 2**28


@dataclass(frozen=True, eq=False)
class Fixed:
    """Units of a row whose value is one number whatever the input.

    `where` has one axis for each of the row's, of one position where all are alike; `blank` says
    that these units read nothing, `least` is the greatest number that hides one of them.
    """

    where: Mask
    blank: bool = True
    least: float = -np.inf


def is_parameter(builder: Builder, value: Value) -> bool:
    """Whether the numbers of a tensor are those of today; of a file this is not known."""
    return builder.stated and isinstance(value, Known) and value.learned


def hiding(builder: Builder, values: Sequence[Value]) -> list[tuple[Known, Mask]]:
    """The tensors that are known beforehand and hide something from a softmax, and where."""
    found = []
    for value in values:
        if not isinstance(value, Known) or is_parameter(builder, value):
            continue
        if value.there and value.size <= LOOKED_AT:
            array = value.values()
            real = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
            hidden = array <= HIDDEN if real else np.zeros(1, bool)
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
    known = hiding(builder, values)
    found = [Fixed(aligned(mask, shape), blank, float(v.values()[mask].max())) for v, mask in known]
    for value in values:
        before = fixed(builder, value.row, False) if isinstance(value, Signal) else None
        if before is not None:
            found.append(Fixed(aligned(before.where, shape), False, before.least))
    if not found:
        return
    raised = sum(_greatest(value) for value in values if isinstance(value, Known))
    found = [one for one in found if one.least + raised <= HIDDEN]
    if found:
        where = reduce(np.logical_or, [one.where for one in found])
        blank = len(found) == 1 and found[0].blank
        builder.fixed[row, False] = Fixed(where, blank, max(one.least for one in found))


def _greatest(known: Known) -> float:
    """By how much a tensor can raise what it is added to."""
    if not known.there or known.size > LOOKED_AT or known.values().dtype.kind not in "fiu":
        return 0.0
    return max(float(known.values().max(initial=0)), 0.0)


def mark_greatest(builder: Builder, row: str, values: Sequence[Value], shape: Shape) -> None:
    """Keep in mind which units of a maximum are hidden: those of which every operand is."""
    found = []
    for value in values:
        if isinstance(value, Signal):
            found.append(fixed(builder, value.row, False))
        else:
            each = hiding(builder, [value])
            found += [Fixed(mask, False, float(v.values()[mask].max())) for v, mask in each or ()]
            found += [] if each else [None]
    if found and None not in found:
        known = [one for one in found if one is not None]
        where = reduce(np.logical_and, [aligned(one.where, shape) for one in known])
        builder.fixed[row, False] = Fixed(where, False, max(one.least for one in known))


def mark_product(builder: Builder, row: str, signals: Sequence[Signal], shape: Shape) -> None:
    """Keep in mind which units of a product of rows are zero: those of which a factor is."""
    found = [fixed(builder, signal.row, True) for signal in signals]
    masks = [aligned(one.where, shape) for one in found if one is not None]
    if masks:
        builder.fixed[row, True] = Fixed(reduce(np.logical_or, masks), False)


def fixed(builder: Builder, row: Row, zero: bool) -> Fixed | None:
    """Which units of a row are zero, or minus infinity, whatever the input."""
    found = builder.fixed
    waiting = [row]
    while waiting:  # a loop, as networks are deep
        last = waiting[-1]
        if (last.name, zero) in found:
            waiting.pop()
            continue
        layer = builder.made.get(last.name)
        if layer is None or last.symbolic or not _follows(layer, zero):
            found[last.name, zero] = None
            continue
        before = [joint.source for joint in layer.joints]
        open_ = [source for source in before if (source.name, zero) not in found]
        if open_:
            waiting += open_
        else:
            found[last.name, zero] = _of_sum(layer, [found[r.name, zero] for r in before], zero)
    kept: Fixed | None = found[row.name, zero]
    return kept


def _follows(layer: Layer, zero: bool) -> bool:
    """Whether a layer's units are zero, or minus infinity, where what they read is."""
    if layer.bias is not None or not layer.joints:
        return False
    if layer.reduction != SUM:  # a function that keeps zero
        pointwise = zero and layer.reduction.pointwise and len(layer.joints) == 1
        return pointwise and layer.reduction.exact([sp.S.Zero]) == 0
    return zero or all(_factor(joint) > 0 for joint in layer.joints)


def _factor(joint: Joint) -> float:
    """The one positive number that a joint's edges carry, or zero."""
    tying = joint.tying
    positive = isinstance(tying, Constant) and tying.value.is_real and tying.value > 0
    return float(tying.value) if isinstance(tying, Constant) and positive else 0.0


def _of_sum(layer: Layer, before: Sequence[Fixed | None], zero: bool) -> Fixed | None:
    """The units of a sum: zero where all terms are, and minus infinity where one is."""
    there = [each for each in before if each is not None]
    if not there:
        return None
    nothing = zero and layer.reduction == SUM  # what is read where nothing is
    masks = []
    for joint, each in zip(layer.joints, before, strict=True):
        where = np.zeros((1,) * len(joint.source.shape), bool) if each is None else each.where
        moved = _moved(where, joint, layer.target, nothing)
        if moved is None:
            return None
        masks.append(moved)
    where = reduce(np.logical_and if zero else np.logical_or, masks)
    pairs = zip(layer.joints, before, strict=True)
    least = max(-np.inf if zero or b is None else b.least * _factor(j) for j, b in pairs)
    if least > HIDDEN:
        return None
    return Fixed(where, all(each.blank for each in there) and len(before) == 1, least)


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
    masks = hiding(builder, values)
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
    builder: Builder, node: Node, signal: Signal, axes: set[int], log: bool
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
    if log and found.least > -np.inf:
        source = None  # a logarithm of next to nothing is a number, which depends on the input
    elif not found.blank:
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

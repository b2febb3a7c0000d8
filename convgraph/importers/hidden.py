"""What a mask hides: scores of minus infinity, the zeros that a softmax makes of them, products.

A unit behind a mask has one value whatever the input: it reads nothing, and no product reads what
it would be multiplied with. Which units these are is kept by row: see `fixed_units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import common_shape, places, stretched
from convgraph.importers.builder import ONE, Builder
from convgraph.importers.fixed_units import HIDDEN, Fixed, Kind, fixed, small
from convgraph.importers.node import Node
from convgraph.importers.reductions import or_else
from convgraph.importers.values import Known, Signal, Value

__all__ = [
    "aligned",
    "behind_softmax",
    "follows",
    "hide",
    "is_parameter",
    "mark",
    "mark_difference",
    "mark_greatest",
    "mark_product",
    "mark_quotient",
    "not_finite",
    "said_to_hide",
    "sieve",
    "without_hidden",
    "without_zeros",
    "zeros_of",
]

Mask = NDArray[np.bool_]
Shape = tuple[Size, ...]

SWALLOWS = -1e30  # beside this a score is nothing in the numbers of any model
MOST = 2**22
LOOKED_AT = 2**28


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
        before = fixed(builder, value.row, "hidden") if isinstance(value, Signal) else None
        if before is not None:
            found.append(Fixed(aligned(before.where, shape), False, before.least))
    if not found:
        return
    raised = sum(_greatest(value) for value in values if isinstance(value, Known))
    found = [one for one in found if one.least + raised <= HIDDEN]
    if found:
        where = reduce(np.logical_or, [one.where for one in found])
        blank = len(found) == 1 and found[0].blank
        builder.fixed[row, "hidden"] = Fixed(where, blank, max(one.least for one in found))


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
            found.append(fixed(builder, value.row, "hidden"))
        else:
            each = hiding(builder, [value])
            found += [Fixed(mask, False, float(v.values()[mask].max())) for v, mask in each or ()]
            found += [] if each else [None]
    if found and None not in found:
        known = [one for one in found if one is not None]
        where = reduce(np.logical_and, [aligned(one.where, shape) for one in known])
        builder.fixed[row, "hidden"] = Fixed(where, False, max(one.least for one in known))


def mark_product(builder: Builder, row: str, signals: Sequence[Signal], shape: Shape) -> None:
    """Keep in mind which units of a product of rows are zero: those of which a factor is.

    If one is no number, neither is the product, and zero times infinity is none.
    """
    zeros = _any(builder, signals, "zero", shape)
    ends = [aligned(each, shape) for s in signals if (each := not_finite(builder, s)) is not None]
    numbers = _any(builder, signals, "nan", shape)
    if zeros is not None and ends:
        lost = reduce(np.logical_or, ends) & zeros
        numbers = lost if numbers is None else numbers | lost
    if numbers is not None:
        builder.fixed[row, "nan"] = Fixed(numbers, False)
        zeros = zeros if zeros is None else zeros & ~numbers
    if zeros is not None:
        builder.fixed[row, "zero"] = Fixed(zeros, False)


def _any(builder: Builder, signals: Sequence[Signal], kind: Kind, shape: Shape) -> Mask | None:
    found = [fixed(builder, signal.row, kind) for signal in signals]
    masks = [aligned(one.where, shape) for one in found if one is not None]
    return reduce(np.logical_or, masks) if masks else None


def mark_quotient(builder: Builder, row: str, signals: Sequence[Signal], shape: Shape) -> None:
    """Keep in mind which units of a quotient of rows are zero, or zero by zero."""
    above, below = (fixed(builder, signal.row, "zero") for signal in signals)
    if above is not None:
        zeros = aligned(above.where, shape)
        nothing = zeros & False if below is None else zeros & aligned(below.where, shape)
        numbers = _any(builder, signals, "nan", shape)
        nothing = nothing if numbers is None else nothing | numbers
        builder.fixed[row, "zero"] = Fixed(zeros & ~nothing, False)
        builder.fixed[row, "nan"] = Fixed(nothing, False)


def mark_difference(builder: Builder, row: str, signals: Sequence[Signal], shape: Shape) -> None:
    """Keep in mind that what hides a unit of a difference does not where it is taken off again."""
    first, second = (fixed(builder, signal.row, "hidden") for signal in signals)
    if first is None or second is None:
        return
    both = aligned(first.where, shape) & aligned(second.where, shape)
    hidden = aligned(first.where, shape) & ~both
    builder.fixed[row, "hidden"] = Fixed(hidden, False, first.least) if hidden.any() else None
    if first.least == second.least == -np.inf and both.any():
        builder.fixed[row, "nan"] = Fixed(both, False)


def zeros_of(builder: Builder, known: Known) -> Mask | None:
    """Where a tensor of numbers is zero, if it is nowhere a parameter and somewhere zero.

    A file does not say what is learned: of its tensors those of zeros and ones are masks.
    """
    if is_parameter(builder, known) or not known.there or known.size > LOOKED_AT:
        return None
    values = known.values()
    if values.dtype.kind not in "fiub":
        return None
    zeros = values == 0
    if not zeros.any() or (known.learned and not (zeros | (values == 1)).all()):
        return None
    if known.learned and zeros.all():
        return None
    return small(zeros)


def without_zeros(builder: Builder, node: Node, signal: Signal, known: Known, zeros: Mask) -> None:
    """A row scaled by a tensor with zeros, without the connections that they make nothing of."""
    name, shape = node.outputs[0], common_shape([signal.shape, known.shape])
    gone, wiring = aligned(zeros, shape), stretched(signal, shape)
    before = fixed(builder, signal.row, "zero")
    every = gone if before is None else gone | aligned(before.where, shape)
    infinite = not_finite(builder, signal)
    if infinite is not None:  # times zero it is no number
        lost = gone & aligned(infinite, shape)
        gone, every = gone & ~lost, every & ~lost
    found = sieve(wiring, ~gone)
    if found is None:
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): what is multiplied with zeros that a mask puts "
            "is taken to be read"
        )
    if _is_mask(known) and found is not None and infinite is None:
        builder.emit(node, shape, [(signal, found, ONE)], SUM)
    elif found is None or len(found.axes) == len(wiring.axes):
        tying = builder.tied(known, places(known, shape))
        builder.emit(node, shape, [(signal, found or wiring, tying)], SUM)
    else:  # several axes are one, so that the numbers are put first
        tying = builder.tied(known, places(known, shape))
        inner = builder.emit(node, shape, [(signal, wiring, tying)], SUM, name=f"{name}/all")
        hide(builder, node, inner, gone, sp.S.Zero, name)
    builder.fixed[name, "zero"] = Fixed(every, before is None)
    if infinite is not None:
        numbers = fixed(builder, signal.row, "nan")
        lost = lost if numbers is None else lost | aligned(numbers.where, shape)
        builder.fixed[name, "nan"] = Fixed(lost, False)


def not_finite(builder: Builder, signal: Signal) -> Mask | None:
    """Which units of a row are minus infinity, or no number, whatever the input."""
    found = [fixed(builder, signal.row, kind) for kind in ("nan", "hidden")]
    masks = [one.where for one in found if one is not None and one.least == -np.inf]
    return reduce(np.logical_or, masks) if masks else None


def _is_mask(known: Known) -> bool:
    """Whether a tensor has zeros and ones alone, and is no parameter of a file either."""
    values = known.values()
    return not known.learned and bool(((values == 0) | (values == 1)).all())


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


def said_to_hide(builder: Builder, node: Node, least: float) -> None:
    """A caveat where what hides something is no number in which any score is lost."""
    if least > SWALLOWS:
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): where a mask adds {least:g} or less, nothing "
            "is taken to be seen"
        )


def follows(builder: Builder, node: Node, signal: Signal | None, where: Mask) -> bool:
    """Whether a row can do without the connections of some units; a caveat where it cannot."""
    if signal is not None and sieve(stretched(signal, signal.shape), ~where) is not None:
        return True
    builder.caveats.append(
        f"node={node.label!r} ({node.op}): what a mask hides from it is taken to be seen"
    )
    return False


def behind_softmax(
    builder: Builder, node: Node, signal: Signal, axes: set[int], log: bool
) -> tuple[Signal, Mask | None]:
    """What a softmax over some axes reads, and which units it makes zero."""
    found = fixed(builder, signal.row, "hidden")
    if found is None:
        return signal, None
    front = len(signal.shape) - len(signal.row.shape)
    over = tuple(a - front for a in axes if a >= front)
    # a softmax of what is all hidden is no softmax of nothing
    whole = found.where.all(axis=over, keepdims=True)
    where = found.where & ~whole
    if whole.any() and found.least == -np.inf:
        builder.fixed[node.outputs[0], "nan"] = Fixed(found.where & whole, found.blank)
    if not where.any():
        return signal, None
    source: Signal | None = signal
    if log and found.least > -np.inf:
        source = None  # a logarithm of next to nothing is a number, which depends on the input
    elif not found.blank:
        fill = sp.S.NegativeInfinity
        source = hide(builder, node, signal, where, fill, f"{node.outputs[0]}/seen")
    if not follows(builder, node, source, where) or source is None:
        return signal, None
    said_to_hide(builder, node, found.least)
    return source, where

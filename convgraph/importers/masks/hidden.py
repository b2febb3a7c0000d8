"""What a mask hides: scores of minus infinity, the zeros that a softmax makes of them, products.

A unit behind a mask has one value whatever the input: it reads nothing, and no product reads what
it would be multiplied with. Which units these are is kept by row: see `fixed_units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

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
from convgraph.importers.masks.fixed_units import (
    ENDS,
    HIDDEN,
    KINDS,
    Fixed,
    Kind,
    added,
    either,
    fixed,
    hidden,
    small,
)
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
Term = tuple[Value, float]
"""A term of a sum, and the number that it comes with."""

SWALLOWS = -1e30  # beside this a score is nothing in the numbers of any model
MOST = 2**22  # places of a mask along the axes on which it differs: 32 MB where they are listed
# Entries of a tensor that are searched for what hides, 1 GB of floats in half a second. A larger
# one is taken to hide nothing: masks are as large as an image of scores, and only weights larger.
LOOKED_AT = 2**28


def is_parameter(builder: Builder, value: Value) -> bool:
    """Whether the numbers of a tensor are those of today; of a file this is not known."""
    return builder.stated and isinstance(value, Known) and value.learned


def aligned(mask: Mask, shape: Shape) -> Mask:
    """A mask that is stretched to a shape, with one axis for each of the row's."""
    mask = mask.reshape((1,) * (len(shape) - mask.ndim) + mask.shape)
    left_out = len(shape) > 1 and shape[0] == 1
    return mask[0] if left_out else mask


def mark(builder: Builder, row: str, terms: Sequence[Term], shape: Shape, blank: bool) -> None:
    """Keep in mind which units of a sum with a tensor are infinite, or no number.

    Those of a sum of rows alone follow from its layer: see `fixed_units`.
    """
    tensors = [(value, factor) for value, factor in terms if isinstance(value, Known)]
    if not tensors:
        return
    raised = sum(_greatest(value, factor) for value, factor in tensors)
    parts: list[tuple[float, dict[Kind, Fixed]]] = []
    for value, factor in terms:
        if isinstance(value, Known):
            kinds = ends_of(builder, value, factor)
            parts.append((1, _aligned(kinds, shape, blank)))
        else:
            found = {kind: fixed(builder, value.row, kind) for kind in KINDS[1:]}
            known = {kind: each for kind, each in found.items() if each is not None}
            parts.append((factor, _aligned(known, shape, False)))
    for _, kinds in parts:
        if "low" in kinds and kinds["low"].least + raised > HIDDEN:
            del kinds["low"]
    for kind, each in added(parts).items():
        builder.fixed[row, kind] = each


def ends_of(builder: Builder, known: Known, factor: float = 1) -> dict[Kind, Fixed]:
    """Where a tensor of numbers hides something, is infinite, or is no number."""
    if is_parameter(builder, known) or not known.there or known.size > LOOKED_AT:
        return {}
    array = known.values()
    if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
        return {}
    values = np.asarray(_different(array), float) * factor
    masks: dict[Kind, Mask] = {
        "low": (values <= HIDDEN) & (values > -np.inf),
        "minus": values == -np.inf,
        "plus": values == np.inf,
        "nan": np.isnan(values),
    }
    return {
        kind: Fixed(
            np.broadcast_to(mask, array.shape),
            False,
            float(values[mask].max()) if kind == "low" else -np.inf,
        )
        for kind, mask in masks.items()
        if mask.any()
    }


def _different(values: NDArray[Any]) -> NDArray[Any]:
    """Of axes along which nothing changes, as of a constant of a large shape, one position."""
    return values[(*(slice(None if step else 1) for step in values.strides), ...)]


def _aligned(kinds: dict[Kind, Fixed], shape: Shape, blank: bool) -> dict[Kind, Fixed]:
    return {k: Fixed(aligned(each.where, shape), blank, each.least) for k, each in kinds.items()}


def _greatest(known: Known, factor: float) -> float:
    """By how much a tensor can raise what it is added to, where that is finite."""
    if not known.there or known.size > LOOKED_AT or known.values().dtype.kind not in "fiu":
        return 0.0
    values = _different(known.values()) * factor
    return float(values.max(initial=0, where=values < np.inf))


def mark_greatest(builder: Builder, row: str, values: Sequence[Value], shape: Shape) -> None:
    """Keep in mind which units of a maximum are hidden: those of which every operand is."""
    found: list[dict[Kind, Fixed | None]] = []
    for value in values:
        if isinstance(value, Signal):
            minus = fixed(builder, value.row, "minus")
            found.append({"low": hidden(builder, value.row), "minus": minus})
        else:
            ends = ends_of(builder, value)
            minus = ends.get("minus")
            found.append({"low": either(ends.get("low"), minus), "minus": minus})
    for kind in ("low", "minus"):
        known = [each[kind] for each in found if each[kind] is not None]
        if known and len(known) == len(found):
            where = reduce(np.logical_and, [aligned(one.where, shape) for one in known if one])
            least = max(one.least for one in known if one)
            builder.fixed[row, kind] = Fixed(where, False, least)


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
    """Which units of a row are infinite, or no number, whatever the input."""
    found = [fixed(builder, signal.row, kind) for kind in ENDS]
    masks = [one.where for one in found if one is not None]
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
    masks = [(v, ends_of(builder, v)) for v in values if isinstance(v, Known)]
    signals = [value for value in values if isinstance(value, Signal)]
    if len(masks) != 1 or len(signals) != 1 or list(masks[0][1]) != ["minus"]:
        return None
    ((known, kinds),), (signal,) = masks, signals
    entries = known.values()
    if not np.all((entries == 0) | (entries == -np.inf)):
        return None
    if any(fixed(builder, signal.row, kind) for kind in ("plus", "nan")):
        return None  # of which some may be no number behind the mask too
    wiring = sieve(stretched(signal, shape), ~aligned(kinds["minus"].where, shape))
    if wiring is None:
        return None
    mark(builder, node.outputs[0], [(known, 1), (signal, 1)], shape, True)
    return builder.emit(node, shape, [(signal, wiring, ONE)], or_else(sp.S.NegativeInfinity))


def hide(
    builder: Builder, node: Node, signal: Signal, where: Mask, fill: sp.Expr, name: str
) -> Signal | None:
    """A row whose units are a number where they are hidden, and those of another row elsewhere."""
    wiring = sieve(stretched(signal, signal.shape), ~where)
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
    front = len(signal.shape) - len(signal.row.shape)
    over = tuple(a - front for a in axes if a >= front)
    found, minus = hidden(builder, signal.row), fixed(builder, signal.row, "minus")
    # a softmax of minus infinities alone is none, nor is one of another infinity
    others = [fixed(builder, signal.row, kind) for kind in ("plus", "nan")]
    lost = [np.asarray(f.where.any(axis=over, keepdims=True)) for f in others if f is not None]
    empty = np.zeros(1, bool) if minus is None else minus.where
    lost.append(np.asarray(empty.all(axis=over if minus else None, keepdims=True)))
    nothing = reduce(np.logical_or, lost)
    if nothing.any():
        blank = len(lost) == 1 and minus is not None and minus.blank
        builder.fixed[node.outputs[0], "nan"] = Fixed(nothing, blank)
    if found is None:
        return signal, None
    whole = np.asarray(found.where.all(axis=over, keepdims=True))  # low numbers alone are seen
    where = (empty | (found.where & ~whole)) & ~nothing
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

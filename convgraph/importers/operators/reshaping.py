"""Operators that only give units other places: reshaping and transposing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.sympified import sympified
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import ONE, Builder, builds
from convgraph.importers.node import Node
from convgraph.importers.values import Signal, row_shape

__all__ = [
    "integers",
    "new_shape",
    "node_axes",
    "regrouped",
    "reshape",
    "squeezed",
    "transpose",
    "unsqueezed",
    "view_axes",
    "within",
]

Shape = tuple[Size, ...]


def view_axes(before: Sequence[Size], after: Sequence[Size]) -> tuple[Size, ...]:
    """The coarsest view that both shapes merge from, where there is one.

    Axes that a reshape leaves alone stay axes of their own, and a split or merged axis is kept in
    its parts; where the parts do not nest, they are one axis.

    >>> view_axes((12, 5, 5), (3, 4, 5, 5)), view_axes((6, 4), (4, 6)), view_axes((8, 3), (24,))
    ((3, 4, 5, 5), (24,), (8, 3))
    """
    view: list[Size] = []
    i = j = 0
    while i < len(before) or j < len(after):
        first_i, first_j = i, j
        have: Size = 1
        want: Size = 1
        while have != want or (i, j) == (first_i, first_j):
            behind = not is_symbolic(have, want) and have <= want
            if i < len(before) and (behind or j == len(after) or (i == first_i)):
                have = have * before[i]
                i += 1
            elif j < len(after):
                want = want * after[j]
                j += 1
            else:
                raise ConvgraphError(f"shape={tuple(after)}: not as many units as {tuple(before)}")
        view += _refined(before[first_i:i], after[first_j:j])
    return tuple(view)


def _refined(before: Sequence[Size], after: Sequence[Size]) -> list[Size]:
    """Sizes into which both lists split the same units; one size if nothing finer nests."""
    if tuple(before) == tuple(after):
        return [n for n in before if n != 1]
    total = product(before)
    if is_symbolic(total):
        fewer, more = sorted((before, after), key=len)
        return [n for n in more if n != 1] if len(fewer) == 1 else [total]
    inner = {int(step) for sizes in (before, after) for step in accumulate(reversed(sizes), _times)}
    steps = sorted(inner | {1})
    if any(b % a for a, b in pairwise(steps)):
        return [total]
    return [b // a for a, b in pairwise(steps)][::-1]


def _times(a: Size, b: Size) -> Size:
    return a * b


def regrouped(builder: Builder, node: Node, shape: Shape) -> Signal:
    """The units of the first input in another shape."""
    signal = builder.signal(node, 0)
    before, after = signal.row.shape, row_shape(shape)
    if before == after:
        axes: Shape = before
    else:
        total, new = product(before), product(after)
        if total != new and sp.expand(total - new) != 0:
            raise ConvgraphError(f"shape={shape}: the shape {signal.shape} has {total} units")
        axes = view_axes(before, after) or (1,)
    wiring = Product(tuple(map(identity, axes)))
    return builder.emit(node, shape, [(signal, wiring, ONE)], SUM)


def integers(builder: Builder, node: Node, position: int, argument: str) -> list[Any] | None:
    """An input that has to be known beforehand, as a list of whole numbers or symbols."""
    if not node.input(position):
        return None
    known = builder.known(node, position)
    if known is None:
        raise ConvgraphError(f"{argument}={node.input(position)!r}: it depends on the input")
    if known.size > 10_000 or len(known.shape) > 1:  # lists of axes and sizes have a few entries
        raise ConvgraphError(f"{argument} of shape {known.shape}: a list of numbers")
    values = known.values()
    if values.dtype.kind == "i":
        return list(values.reshape(-1).tolist())
    return [v if is_symbolic(v) else int(v) for v in values.reshape(-1).tolist()]


def new_shape(old: Shape, wanted: Sequence[Any], zero_is_size: bool) -> Shape:
    """The shape that a Reshape asks for: 0 copies a size, -1 is what is left."""
    shape: list[Any] = []
    for a, n in enumerate(wanted):
        if n == 0 and not zero_is_size:
            if a >= len(old):
                raise ConvgraphError(f"shape={list(wanted)}: 0 copies a size that {old} lacks")
            n = old[a]
        shape.append(n)
    if shape.count(-1) > 1 or any(not is_symbolic(n) and n < -1 for n in shape):
        raise ConvgraphError(f"shape={list(wanted)}: sizes, with at most one -1")
    if -1 in shape:
        rest, total = product(n for n in shape if n != -1), product(old)
        if rest == 0 or (not is_symbolic(rest, total) and total % rest):
            raise ConvgraphError(f"shape={list(wanted)}: the shape {old} has {total} units")
        symbolic = is_symbolic(rest, total)
        left = sp.cancel(sympified(total) / rest) if symbolic else total // rest
        shape[shape.index(-1)] = left
    return tuple(shape)


@builds("Reshape")
def reshape(builder: Builder, node: Node) -> None:
    """The same units in another shape, known beforehand."""
    signal = builder.signal(node, 0)
    wanted = integers(builder, node, 1, "shape")
    if wanted is None:
        wanted = node.numbers("shape")
    if wanted is None:
        raise ConvgraphError("shape: a Reshape needs one")
    regrouped(builder, node, new_shape(signal.shape, wanted, bool(node.number("allowzero", 0))))


@builds("Flatten")
def flatten(builder: Builder, node: Node) -> None:
    """All axes before one, and all from it on, merged."""
    shape = builder.signal(node, 0).shape
    at = within(node.number("axis", 1), len(shape) + 1, "axis") if shape else 0
    at = node.number("axis", 1) if node.number("axis", 1) >= 0 else at - 1
    regrouped(builder, node, (product(shape[:at]), product(shape[at:])))


def within(axis: Any, rank: int, argument: str) -> int:
    """An axis counted from the front."""
    if isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        raise ConvgraphError(f"{argument}={axis}: an axis of {rank}")
    return axis % rank


def node_axes(builder: Builder, node: Node, rank: int, position: int = 1) -> list[int] | None:
    """The axes that a node names in an attribute or, in later versions, in an input."""
    axes = node.numbers("axes")
    if axes is None:
        axes = integers(builder, node, position, "axes")
    if axes is None:
        return None
    found = [within(axis, rank, "axes") for axis in axes]
    if len(set(found)) < len(found):
        raise ConvgraphError(f"axes={axes}: an axis is named twice")
    return found


def squeezed(shape: Shape, axes: list[int] | None) -> Shape:
    """A shape without some axes of one position, or without all of them."""
    gone = [a for a, n in enumerate(shape) if n == 1] if axes is None else axes
    if any(shape[a] != 1 for a in gone):
        raise ConvgraphError(f"axes={gone}: they have one position each; the shape is {shape}")
    return tuple(n for a, n in enumerate(shape) if a not in gone)


def unsqueezed(shape: Shape, axes: Sequence[int]) -> Shape:
    """A shape with new axes of one position at places of the result."""
    rest = iter(shape)
    return tuple(1 if a in axes else next(rest) for a in range(len(shape) + len(axes)))


@builds("Squeeze")
def squeeze(builder: Builder, node: Node) -> None:
    """Axes of one position taken away."""
    shape = builder.signal(node, 0).shape
    regrouped(builder, node, squeezed(shape, node_axes(builder, node, len(shape))))


@builds("Unsqueeze")
def unsqueeze(builder: Builder, node: Node) -> None:
    """Axes of one position added."""
    shape = builder.signal(node, 0).shape
    stated = node.numbers("axes")
    axes = integers(builder, node, 1, "axes") if stated is None else stated
    if axes is None:
        raise ConvgraphError("axes: an Unsqueeze needs them")
    rank = len(shape) + len(axes)
    found = [within(axis, rank, "axes") for axis in axes]
    if len(set(found)) < len(found):
        raise ConvgraphError(f"axes={axes}: an axis is named twice")
    regrouped(builder, node, unsqueezed(shape, found))


@builds("Transpose")
def transpose(builder: Builder, node: Node) -> None:
    """The axes in another order."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    order = node.numbers("perm")
    order = list(range(rank))[::-1] if order is None else order
    if sorted(order) != list(range(rank)):
        raise ConvgraphError(f"perm={order}: the {rank} axes in some order")
    permuted(builder, node, signal, signal.shape, order)


def permuted(
    builder: Builder,
    node: Node,
    signal: Signal,
    view: Shape,
    order: Sequence[int],
    shape: Shape | None = None,
) -> None:
    """A view of a row with its axes in another order, in a shape that merges them."""
    out = tuple(view[a] for a in order)
    keep = list(range(len(view)))
    if len(keep) > 1 and view[0] == 1:  # the axes of a batch of one are in no row
        keep.remove(0)
    elif len(out) > 1 and out[0] == 1:
        keep.remove(order[0])
    rank_of = {a: r for r, a in enumerate(keep)}
    axes = [(identity(view[a]), rank_of[a]) for a in order if a in rank_of]
    wiring = (
        Product(tuple(axis for axis, _ in axes), tuple(r for _, r in axes))
        if axes
        else Product((identity(1),))
    )
    builder.emit(node, out if shape is None else shape, [(signal, wiring, ONE)], SUM)


@builds("DepthToSpace", "SpaceToDepth")
def shuffle(builder: Builder, node: Node) -> None:
    """Blocks of channels laid out as blocks of pixels, or the other way round."""
    signal = builder.signal(node, 0)
    if len(signal.shape) != 4:
        raise ConvgraphError(f"shape={signal.shape}: a batch, channels, rows and columns")
    b = node.number("blocksize", 0)
    batch, c, h, w = signal.shape
    if b < 1 or is_symbolic(c, h, w):
        raise ConvgraphError(f"blocksize={b}: a positive number, on sizes {signal.shape}")
    crd = node.word("mode", "DCR") == "CRD"
    if node.op == "SpaceToDepth":
        if h % b or w % b:
            raise ConvgraphError(f"blocksize={b}: it divides the sizes {h} and {w}")
        view: Shape = (batch, c, h // b, b, w // b, b)
        order = (0, 1, 3, 5, 2, 4) if crd else (0, 3, 5, 1, 2, 4)
        shape = (batch, c * b * b, h // b, w // b)
    else:
        if c % (b * b):
            raise ConvgraphError(f"blocksize={b}: its square divides the {c} channels")
        deep = c // (b * b)
        view = (batch, deep, b, b, h, w) if crd else (batch, b, b, deep, h, w)
        order = (0, 1, 4, 2, 5, 3) if crd else (0, 3, 4, 1, 5, 2)
        shape = (batch, deep, h * b, w * b)
    permuted(builder, node, signal, view, order, shape)

"""Operators that move single units about: their connections are listed one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import MAX, PRODUCT, SUM
from convgraph.core.sizes import is_symbolic, product
from convgraph.core.wiring import Listed
from convgraph.importers.builder import ONE, Builder, Unread, builds
from convgraph.importers.node import Node
from convgraph.importers.operators.reshaping import integers, within
from convgraph.importers.reductions import minimum

__all__ = ["moved", "scatter_places", "triangle"]

# Units whose positions are moved as an array, 128 MB of them. Of larger tensors the operation is
# not read. Slices and transpositions do not come here: they are formulas over the axes.
MOST_LISTED = 2**24
Positions = NDArray[np.int64]


def moved(
    builder: Builder, node: Node, place: Callable[[Positions], Positions], missing: bool = False
) -> None:
    """What an operator does to the numbers of the units says what it does to the units.

    `place` gets an array of the input's shape that holds the flat position of each unit, and
    returns, in the output's shape, the positions that are read; with `missing`, -1 for none.
    """
    signal = builder.signal(node, 0)
    if is_symbolic(*signal.shape) or product(signal.shape) > MOST_LISTED:
        raise Unread(f"units listed one by one, of a tensor of shape {signal.shape}")
    shape = tuple(int(n) for n in signal.shape)
    numbers = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    read = np.asarray(place(numbers))
    there = read.reshape(-1) >= 0 if missing else np.ones(read.size, bool)
    start = np.concatenate([[0], np.cumsum(there)]).astype(np.int64)
    wiring = Listed(numbers.size, read.size, start, read.reshape(-1)[there])
    builder.emit(node, read.shape, [(signal, wiring, ONE)], SUM)


def _indices(builder: Builder, node: Node) -> NDArray[Any]:
    known = builder.known(node, 1)
    if known is None:
        raise Unread("positions that are computed")
    if known.size > MOST_LISTED:
        raise ConvgraphError(f"indices of shape {known.shape}: at most {MOST_LISTED:,}")
    return known.values()


@builds("Trilu")
def triangle(builder: Builder, node: Node) -> None:
    """The units above, or below, a diagonal of the last two axes; the others read nothing."""
    offset = (integers(builder, node, 1, "k") or [0])[0]
    cut = np.triu if node.number("upper", 1) else np.tril
    moved(builder, node, lambda numbers: cut(numbers + 1, offset) - 1, missing=True)


@builds("aten.moved")
def moved_by(builder: Builder, node: Node) -> None:
    """What an operation of another library does to the numbers of units."""
    moved(builder, node, node.attributes["place"], missing=True)


@builds("GatherElements")
def gather_elements(builder: Builder, node: Node) -> None:
    """Along an axis, for each output the position that is listed for it."""
    indices = _indices(builder, node)
    axis = within(node.number("axis", 0), len(builder.signal(node, 0).shape), "axis")

    def place(numbers: Positions) -> Positions:
        inside = tuple(slice(None) if a == axis else slice(n) for a, n in enumerate(indices.shape))
        return np.take_along_axis(numbers[inside], indices % numbers.shape[axis], axis)

    moved(builder, node, place)


@builds("GatherND")
def gather_nd(builder: Builder, node: Node) -> None:
    """For each output the coordinates that are listed for it."""
    indices = _indices(builder, node)
    batch = node.number("batch_dims", 0)

    def place(numbers: Positions) -> Positions:
        ahead = int(np.prod(numbers.shape[:batch], dtype=int))
        data = numbers.reshape(ahead, *numbers.shape[batch:])
        rows = indices.reshape(ahead, -1, indices.shape[-1])
        found = [d[tuple(np.moveaxis(r, -1, 0))] for d, r in zip(data, rows, strict=True)]
        rest = numbers.shape[batch + indices.shape[-1] :]
        return np.array(found).reshape(*indices.shape[:-1], *rest)

    moved(builder, node, place)


@builds("Compress")
def compress(builder: Builder, node: Node) -> None:
    """The positions of an axis, or of all units, at which a condition holds."""
    condition = _indices(builder, node).astype(bool)
    axis = node.attributes.get("axis")
    moved(builder, node, lambda numbers: np.compress(condition, numbers, axis))


@builds("ReverseSequence")
def reverse_sequence(builder: Builder, node: Node) -> None:
    """The first positions of each sequence in the opposite order."""
    lengths = _indices(builder, node).reshape(-1)
    batch, time = node.number("batch_axis", 1), node.number("time_axis", 0)

    def place(numbers: Positions) -> Positions:
        result = np.moveaxis(numbers, (batch, time), (0, 1)).copy()
        for row, length in zip(result, lengths.tolist(), strict=True):
            row[:length] = row[:length][::-1].copy()
        return np.moveaxis(result, (0, 1), (batch, time))

    moved(builder, node, place)


@builds("Scatter", "ScatterElements", "ScatterND")
def scatter(builder: Builder, node: Node) -> None:
    """The units of a tensor, some of them replaced by, or combined with, those of another."""
    indices = _indices(builder, node)
    data, updates = builder.signal(node, 0), builder.signal(node, 2)
    sizes = (*data.shape, *updates.shape)
    if is_symbolic(*sizes) or max(product(data.shape), product(updates.shape)) > MOST_LISTED:
        raise Unread(f"units listed one by one, of tensors of shapes {data.shape}, {updates.shape}")
    shape = tuple(int(n) for n in data.shape)
    places = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    written = places[scatter_places(node, shape, indices)].reshape(-1)
    how = node.word("reduction", "none")
    reductions = {"none": SUM, "add": SUM, "mul": PRODUCT, "max": MAX, "min": minimum()}
    if how not in reductions:
        raise ConvgraphError(f"reduction={how!r}: one of {', '.join(reductions)}")
    kept, order = np.ones(places.size, bool), np.argsort(written, kind="stable")
    if how == "none":  # the last of several is written
        kept[written] = False
        last = np.append(np.diff(written[order]) != 0, True)[: order.size]
        order = order[last]
    joints = [
        (data, _listed(places.size, np.flatnonzero(kept), np.flatnonzero(kept), places.size), ONE),
        (updates, _listed(written.size, order, written[order], places.size), ONE),
    ]
    builder.emit(node, shape, joints, reductions[how])


def _listed(inputs: int, read: Positions, target: Positions, outputs: int) -> Listed:
    """Connections in the order of the units that they lead to."""
    start = np.searchsorted(target, np.arange(outputs + 1)).astype(np.int64)
    return Listed(inputs, outputs, start, read)


def scatter_places(node: Node, shape: tuple[int, ...], indices: Positions) -> tuple[Positions, ...]:
    """Where ScatterND, or ScatterElements along its axis, writes: an array for each axis."""
    axis = within(node.number("axis", 0), len(shape), "axis")
    along = node.op != "ScatterND"
    sizes = np.array(shape[axis] if along else shape[: indices.shape[-1]])
    there = indices.astype(np.int64)
    if ((there < -sizes) | (there >= sizes)).any():
        raise ConvgraphError(f"indices={indices.tolist()}: beyond an axis of a tensor of {shape}")
    there = there % sizes
    if not along:
        return tuple(np.moveaxis(there, -1, 0))
    at: list[Positions] = list(np.indices(indices.shape, sparse=True))
    at[axis] = there
    return tuple(at)

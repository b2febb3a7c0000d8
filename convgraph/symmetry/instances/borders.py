"""Which positions of a row no border reaches: all that they read, directly or not, is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product

__all__ = ["along", "axes_of", "reads", "unreached"]

Clear = list[NDArray[np.bool_]]


def axes_of(joint: Joint, target: Row) -> Iterator[tuple[int, Axis, int | None, int | None]]:
    """The axes of a wiring: number, relation, and which axis of the source and the target it joins.

    None is the one channel that a row does not list.
    """
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        raise ConvgraphError("a wiring that is listed connection by connection has no formula")
    hidden = [
        len(view) - len(row.shape)
        for view, row in ((wiring.in_view, joint.source), (wiring.out_view, target))
    ]
    views = (wiring.in_view, joint.source.shape), (wiring.out_view, target.shape)
    for missing, (view, shape) in zip(hidden, views, strict=True):
        if missing not in (0, 1) or tuple(view) != (1,) * missing + tuple(shape):
            own, seen = ("x".join(map(str, sizes)) for sizes in (shape, view))
            raise ConvgraphError(
                f"a row of {own} units is taken as {seen}, which has no axis that moves"
            )
    for number, (axis, place) in enumerate(zip(wiring.axes, wiring.order, strict=True)):
        read, made = place - hidden[0], number - hidden[1]
        yield number, axis, read if read >= 0 else None, made if made >= 0 else None


def unreached(network: Network, moving: Sequence[bool]) -> NDArray[np.bool_]:
    """The units of the output that no border reaches.

    Only an axis along which the input moves has a border that matters; `moving` says which do.
    """
    (start,) = network.inputs
    known: dict[str, Clear] = {start.name: [np.ones(n, bool) for n in start.numbers()]}
    moves: dict[str, set[int]] = {start.name: {a for a, each in enumerate(moving) if each}}
    for layer in network.layers:
        clear = [np.ones(n, bool) for n in layer.target.numbers()]
        followed: set[int] = set()
        for joint in layer.joints:
            for _, axis, read, made in axes_of(joint, layer.target):
                if read not in moves[joint.source.name]:
                    continue
                assert read is not None
                if made is None:
                    return np.zeros(network.outputs[0].numbers(), bool)
                clear[made] &= along(axis, known[joint.source.name][read])
                followed.add(made)
        known[layer.target.name], moves[layer.target.name] = clear, followed
    axes = known[network.outputs[0].name]
    return np.asarray(reduce(np.logical_and.outer, axes, np.ones((), bool)))


def along(axis: Axis, source: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The outputs of an axis all of whose taps are there, and unreached themselves."""
    if axis.copies and axis.pace is not None:
        return source
    table = reads(axis)
    if table is None:
        return np.zeros(int(axis.outputs), bool)
    read, there = table
    inside = (read >= 0) & (read < len(source))
    return np.all(~there | (inside & source[np.where(inside, read, 0)]), axis=1)


def reads(axis: Axis) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """The position that each tap reads, on a line that has no border, and whether it reads one.

    None for an axis that reads whole rows, which have no end on a line, or a table.
    """
    if axis.pace is None:
        return None
    output, tap = np.arange(int(axis.outputs))[:, None], np.arange(int(axis.taps))
    read: Any = np.broadcast_to(axis.place(output, tap), (len(output), len(tap)))
    zeros, least = axis.link(output, tap, read)
    there = np.ones(read.shape, bool)
    for each in (*(zero == 0 for zero in zeros), *(part >= 0 for part in least)):
        there &= each
    return read, there

"""Wirings as one relation per axis of both rows, channels first."""

from __future__ import annotations

import numpy as np

from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.layer import Joint, Row
from convgraph.core.window import identity
from convgraph.core.wiring import Product

__all__ = ["aligned_axes", "with_channels"]


def with_channels(row: Row) -> tuple[int, ...]:
    """The shape of a row, with one channel in front where it has none."""
    return row.numbers() if row.channels else (1, *row.numbers())


def aligned_axes(joint: Joint, target: Row) -> tuple[Axis, ...] | None:
    """The relation of the channels and of each axis of space, or None where these mix.

    A row whose space has shrunk to single positions has none left: what it is flattened or
    densely connected to is then a matter of channels only.
    """
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return None
    before, after = with_channels(joint.source), with_channels(target)
    if wiring.order == tuple(range(len(wiring.axes))):
        axes = wiring.axes
        if len(axes) == len(before) - 1 == len(after) - 1:
            axes = (identity(1), *axes)
        inputs, outputs = tuple(a.inputs for a in axes), tuple(a.outputs for a in axes)
        if inputs == before and outputs == after:
            return axes
    return None


def channels_only(joint: Joint, target: Row) -> Axis | None:
    """The relation of the channels, where both rows have no space left."""
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return None
    several = [axis for axis in wiring.axes if (axis.inputs, axis.outputs) != (1, 1)]
    if all(isinstance(axis, Full) for axis in several):
        size = int(np.prod(joint.source.numbers()))
        return Full(size, int(np.prod(target.numbers())))
    if len(several) == 1 and not isinstance(several[0], Blocks):
        return several[0]
    return None

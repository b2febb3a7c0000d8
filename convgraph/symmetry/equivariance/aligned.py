"""Networks as one relation per axis of both rows of each layer, channels first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

import numpy as np

from convgraph.core.axis import Axis, Full
from convgraph.core.edges import outer_and, outer_sum
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.listed_axes import Table
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.core.sizes import product
from convgraph.core.tying import Learned
from convgraph.core.window import identity
from convgraph.core.wiring import Product

__all__ = [
    "Aligned",
    "AlignedLayer",
    "aligned",
    "aligned_axes",
    "channels_and_space",
    "with_channels",
]

Axes: TypeAlias = "tuple[Axis, ...]"


@dataclass(frozen=True, eq=False)
class AlignedLayer:
    """A layer, with the relations of its joints: of the channels, then of each axis of space.

    The digits of its tyings count the axes in the same way. `dense` says that the layer connects
    rows without space, in whatever shape they are written.
    """

    layer: Layer
    joints: tuple[Axes, ...]
    dense: bool = False

    def read(self) -> Iterator[tuple[Joint, Axes]]:
        """Each joint with its relations."""
        return zip(self.layer.joints, self.joints, strict=True)


@dataclass(frozen=True, eq=False)
class Aligned:
    """The layers on which a row depends, and the shape of each row: channels, then space.

    A row whose space has shrunk to single positions keeps axes of one position; so do the rows
    that it is flattened or densely connected to, whose units are all channels.
    """

    layers: tuple[AlignedLayer, ...]
    shapes: dict[str, tuple[int, ...]]
    flattened: frozenset[str]
    """Rows whose units are all channels, in whatever shape they are written."""

    @property
    def rank(self) -> int:
        """The number of axes of space."""
        return len(next(iter(self.shapes.values()))) - 1


def with_channels(row: Row) -> tuple[int, ...]:
    """The shape of a row, its channels first: one, where it lists none."""
    return row.numbers() if row.channels else (1, *row.numbers())


def channels_and_space(row: Row, rank: int) -> tuple[int, ...] | None:
    """The shape of a row seen as channels and `rank` axes of space; None if it has not as many.

    Axes in front of those are channels, too: a shuffle of channels writes them in two axes.

    >>> channels_and_space(Row("r", (4, 28, 56, 56), channels=True), 2)
    (112, 56, 56)
    """
    shape = with_channels(row)
    front = len(shape) - rank
    if front == 1:
        return shape
    return (prod(shape[:front]), *shape[front:]) if front > 1 else None


def aligned_axes(joint: Joint, target: Row, source: tuple[int, ...] | None = None) -> Axes | None:
    """The relation of the channels and of each axis of space, or None where these mix.

    `source` is the shape in which the source is seen, channels first; by default its own.
    """
    wiring = joint.wiring
    before = with_channels(joint.source) if source is None else source
    rank = len(before) - 1
    if not isinstance(wiring, Product) or len(wiring.axes) < rank:
        return None
    front = len(wiring.axes) - rank
    if wiring.order[front:] != tuple(range(front, front + rank)):
        return None
    axes = (_together(wiring.axes[:front], wiring.order[:front]), *wiring.axes[front:])
    inputs, outputs = tuple(a.inputs for a in axes), tuple(a.outputs for a in axes)
    after = with_channels(target) if source is None else channels_and_space(target, rank)
    return axes if inputs == before and outputs == after else None


def _together(axes: Axes, order: tuple[int, ...]) -> Axis:
    """Several axes as one: that of the channels, where it is written in more than one."""
    if len(axes) == 1:
        return axes[0]
    if not axes:
        return identity(1)
    if all(axis.full for axis in axes):
        return Full(product(a.inputs for a in axes), product(a.outputs for a in axes))
    part = Product(axes, order)
    tables = [axis.table() for axis in axes]
    table = outer_sum([s * own for s, own in zip(part.in_steps(), tables, strict=True)])
    there = outer_and([own >= 0 for own in tables])
    size = int(product(part.in_view))
    plain = np.arange(size)[:, None]
    return (
        identity(size) if np.array_equal(table, plain) else Table(size, np.where(there, table, -1))
    )


def _numbered(layer: Layer, rank: int) -> Layer | None:
    """The layer with digits that count axes as channels and space; None if digits split channels.

    A row without channels has wirings whose first axis is space, and a row whose channels are
    written in two axes has those in front.
    """
    joints = list(layer.all_joints)
    found = [_joint_numbered(joint, rank) for joint in joints]
    made = [joint for joint in found if joint is not None]
    if len(made) < len(joints):
        return None
    if made == joints:
        return layer
    bias = made.pop() if layer.bias is not None else None
    return replace(layer, joints=tuple(made), bias=bias)


def _joint_numbered(joint: Joint, rank: int) -> Joint | None:
    tying, wiring = joint.tying, joint.wiring
    if not isinstance(tying, Learned) or not isinstance(wiring, Product):
        return joint
    front = len(wiring.axes) - rank
    if front == 1:
        return joint
    if any(digit.axis < front for digit in tying.digits):
        return None
    digits = tuple(replace(d, axis=d.axis - front + 1) for d in tying.digits)
    return replace(joint, tying=replace(tying, digits=digits))


def aligned(network: Network, row: str) -> Aligned | None:
    """The part of a network on which a row depends, if all its layers keep the axes apart."""
    needed = rows_before(network, row)
    shapes: dict[str, tuple[int, ...]] = {}
    for given in network.inputs:
        shapes[given.name] = with_channels(given)
    rank = len(next(iter(shapes.values())))
    if any(len(shape) != rank for shape in shapes.values()):
        return None
    layers = []
    for layer in network.layers:
        name = layer.target.name
        if name not in needed:
            continue
        found = [aligned_axes(j, layer.target, shapes[j.source.name]) for j in layer.joints]
        joints = tuple(axes for axes in found if axes is not None)
        own = channels_and_space(layer.target, rank - 1)
        dense = len(joints) < len(found) or own is None
        if dense:
            spaceless = [_channels_only(joint, layer.target, shapes) for joint in layer.joints]
            own = (prod(layer.target.numbers()), *(1,) * (rank - 1))
            joints = tuple(
                (axis, *(identity(1),) * (rank - 1)) for axis in spaceless if axis is not None
            )
        numbered = layer if dense else _numbered(layer, rank - 1)
        if own is None or len(joints) < len(found) or numbered is None:
            return None
        shapes[name] = own
        layers.append(AlignedLayer(numbered, joints, dense))
    flattened = frozenset(layer.layer.target.name for layer in layers if layer.dense)
    return Aligned(tuple(layers), shapes, flattened)


def _channels_only(joint: Joint, target: Row, shapes: dict[str, tuple[int, ...]]) -> Axis | None:
    """The relation of the channels of rows that have no space left."""
    wiring, before = joint.wiring, shapes[joint.source.name]
    if not isinstance(wiring, Product) or any(size != 1 for size in before[1:]):
        return None
    several = [axis for axis in wiring.axes if (axis.inputs, axis.outputs) != (1, 1)]
    size, count = before[0], prod(target.numbers())
    if all(axis.full for axis in several):
        return Full(size, count)
    if len(several) == 1 and (several[0].inputs, several[0].outputs) == (size, count):
        return several[0] if several[0].groups == 1 else None
    return None

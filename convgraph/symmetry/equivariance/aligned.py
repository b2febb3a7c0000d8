"""Networks as one relation per axis of both rows of each layer, channels first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.layer_edges import ancestors

__all__ = ["Aligned", "AlignedLayer", "aligned", "aligned_axes"]

Axes: TypeAlias = "tuple[Axis, ...]"


@dataclass(frozen=True, eq=False)
class AlignedLayer:
    """A layer, with the relations of its joints: of the channels, then of each axis of space.

    `dense` says that the layer connects rows without space, in whatever shape they are written.
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


def _with_channels(row: Row) -> tuple[int, ...]:
    return row.numbers() if row.channels else (1, *row.numbers())


def aligned_axes(joint: Joint, target: Row) -> Axes | None:
    """The relation of the channels and of each axis of space, or None where these mix."""
    wiring = joint.wiring
    if not isinstance(wiring, Product) or wiring.order != tuple(range(len(wiring.axes))):
        return None
    before, after = _with_channels(joint.source), _with_channels(target)
    axes = wiring.axes
    if len(axes) == len(before) - 1 == len(after) - 1:
        axes = (identity(1), *axes)
    inputs, outputs = tuple(a.inputs for a in axes), tuple(a.outputs for a in axes)
    return axes if inputs == before and outputs == after else None


def aligned(network: Network, row: str) -> Aligned | None:
    """The part of a network on which a row depends, if all its layers keep the axes apart."""
    needed = ancestors(network, row)
    shapes: dict[str, tuple[int, ...]] = {}
    for given in network.inputs:
        shapes[given.name] = _with_channels(given)
    rank = len(next(iter(shapes.values())))
    if any(len(shape) != rank for shape in shapes.values()):
        return None
    layers = []
    for layer in network.layers:
        name = layer.target.name
        if name not in needed:
            continue
        found = [aligned_axes(joint, layer.target) for joint in layer.joints]
        joints = tuple(axes for axes in found if axes is not None)
        own = _with_channels(layer.target)
        if any(shapes[j.source.name] != _with_channels(j.source) for j in layer.joints):
            joints = ()  # a source is all channels by now
        dense = len(joints) < len(found)
        if dense:
            spaceless = [_channels_only(joint, layer.target, shapes) for joint in layer.joints]
            own = (int(np.prod(layer.target.numbers())), *(1,) * (rank - 1))
            joints = tuple(
                (axis, *(identity(1),) * (rank - 1)) for axis in spaceless if axis is not None
            )
        if len(joints) < len(found) or len(own) != rank:
            return None
        shapes[name] = own
        layers.append(AlignedLayer(layer, joints, dense))
    flattened = frozenset(layer.layer.target.name for layer in layers if layer.dense)
    return Aligned(tuple(layers), shapes, flattened)


def _channels_only(joint: Joint, target: Row, shapes: dict[str, tuple[int, ...]]) -> Axis | None:
    """The relation of the channels of rows that have no space left."""
    wiring, before = joint.wiring, shapes[joint.source.name]
    if not isinstance(wiring, Product) or any(size != 1 for size in before[1:]):
        return None
    several = [axis for axis in wiring.axes if (axis.inputs, axis.outputs) != (1, 1)]
    size, count = before[0], int(np.prod(target.numbers()))
    if all(isinstance(axis, Full) for axis in several):
        return Full(size, count)
    if len(several) == 1 and (several[0].inputs, several[0].outputs) == (size, count):
        return several[0] if not isinstance(several[0], Blocks) else None
    return None

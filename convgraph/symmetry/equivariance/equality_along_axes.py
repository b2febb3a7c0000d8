"""Equality on the axes: which positions of an axis carry after the move what their images did.

The units of a layer whose axes are apart are followed axis by axis, tap by tap: a position agrees
with its image if each tap of the one reads what the same tap of the other reads. This costs the
taps times the positions of one axis, whatever the number of edges. It can only establish equality;
what it leaves open is decided on the network cut down to the axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Layer
from convgraph.core.reduction import MAX
from convgraph.core.tying import Constant, Explicit, Learned, Mean, Tying
from convgraph.core.window import identity
from convgraph.symmetry.equivariance.aligned import Aligned, AlignedLayer
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["follow"]

Mask = NDArray[np.bool_]


@dataclass(eq=False)
class _Line:
    """The positions of a row along the axis: their images, and what is known of their values."""

    image: Sources
    agrees: Mask
    zero: Mask
    zero_moved: Mask


def follow(network: Aligned, axis: int, maps: Mapping[str, Sources], row: str) -> Mask | None:
    """Positions of a row that agree with their images; None where that cannot be told.

    `maps` has the image of each row's positions along the axis, -1 for a zero.
    """
    lines: dict[str, _Line] = {}
    for name, image in maps.items():
        if name in network.shapes:
            none = np.zeros(len(image), bool)
            lines[name] = _Line(image, ~none, none, image < 0)
    for layer in network.layers:
        line = lines.get(layer.layer.target.name)
        if line is None or any(j.source.name not in lines for j in layer.layer.joints):
            return None
        if isinstance(layer.layer.bias and layer.layer.bias.tying, Explicit):
            return None
        _through(layer, axis, lines, line)
    return lines[row].agrees


def _through(layer: AlignedLayer, axis: int, lines: Mapping[str, _Line], line: _Line) -> None:
    image = np.maximum(line.image, 0)
    agrees = np.ones(len(image), bool)
    live, live_moved, there = (np.zeros(len(image), bool) for _ in range(3))
    own = layer.layer
    for joint, axes in zip(own.joints, layer.joints, strict=True):
        source, relation = lines[joint.source.name], axes[axis]
        table = relation.table()
        other = table[image]
        present, present_image = table >= 0, other >= 0
        moved = present & ~source.zero_moved[table]
        plain = present & ~source.zero[table]
        target = plain[image]
        match = source.agrees[table] & (source.image[table] == other)
        same = np.where(moved & target, match, ~moved & ~target)
        if own.reduction == MAX:
            same &= present == present_image
        agree = _labels_agree(joint.tying, relation, axis, image, layer)
        agrees &= (same & (agree | ~moved)).all(axis=1)
        live |= plain.any(axis=1)
        live_moved |= moved.any(axis=1)
        there |= present.any(axis=1)
    if own.bias is not None:
        agree = _labels_agree(own.bias.tying, identity(len(image)), axis, image, layer)
        agrees &= np.broadcast_to(agree, (len(image), 1))[:, 0]
    line.agrees = np.where(line.image >= 0, agrees, ~live_moved & _keeps_zero(own, there))
    line.zero = ~live & _keeps_zero(own, there)
    line.zero_moved = ~live_moved & _keeps_zero(own, there)


def _keeps_zero(layer: Layer, there: Mask) -> Mask:
    """Whether units that read nothing but zeros are zero."""
    if layer.reduction == MAX:
        return there
    function = layer.reduction.function
    keeps = layer.reduction.linear or (function is not None and bool(function.zero_at_zero))
    return np.full(len(there), keeps and layer.bias is None)


def _labels_agree(
    tying: Tying, relation: Axis, axis: int, image: Sources, layer: AlignedLayer
) -> Any:
    """Whether the taps of positions and of their images carry the same labels."""
    if isinstance(tying, Mean):
        counted = tying._counted(relation)
        return (counted == counted[image])[:, None]
    if layer.dense or isinstance(tying, Constant):
        return True
    if isinstance(tying, Learned):
        if all(digit.axis != axis or digit.kind == "tap" for digit in tying.digits):
            return True
        labels: NDArray[Any] = tying.codes(axis, relation)
    elif tying.factors is None:
        return False
    else:
        labels = tying.factors[axis - len(layer.joints[0])]  # of the last axes
    return labels == labels[image]

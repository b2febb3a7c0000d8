"""What the unit in the middle of a row sees, where it is not known of all units at once.

Bits for each pair of positions fill the memory on long axes. A unit whose field nothing cuts off
sees as much as any, and where all units see alike but for the border, it is the one in the middle.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import NamedTuple

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.fields import receptive_field
from convgraph.interactions.sums_of_states import Sum
from convgraph.reports.structure import Structure

__all__ = ["Middle", "middle_of"]

MOST_STEPS = 2_000_000_000  # positions gone through, for all rows: seconds
MOST_DENSE = 1 << 22  # positions of the input that are marked one by one


class Middle(NamedTuple):
    """The extent of a field along each axis of the input, and the share of it that is seen."""

    extent: tuple[int, ...]
    seen: Fraction


def middle_of(structure: Structure, name: str) -> Middle | None:
    """What a row's middle unit sees, if nothing cuts it off and all others see no more.

    >>> import convgraph as cg
    >>> from convgraph.reports.structure import structure_of
    >>> net = (cg.Conv(2, dilation=2) >> cg.Conv(2, dilation=4)).on(40)
    >>> middle_of(structure_of(net), "g")
    Middle(extent=(7,), seen=Fraction(4, 7))
    """
    network, source = structure.network, structure.source
    fields, row = structure.fields(name), network.row(name)
    if fields is None or row.name == source.name or not _affordable(structure):
        return None
    before = structure.before(name)
    on_the_way = [layer for layer in network.layers if layer.target.name in before]
    if not all(_alike(layer) and not _goes_around(layer) for layer in on_the_way):
        return None
    first = 1 if row.channels else 0
    shape = row.numbers()
    total = structure.sum(name)
    if not isinstance(total, Sum) or shape[first:] != tuple(map(int, total.sizes)):
        return None
    unit = (0,) * first + tuple(n // 2 for n in shape[first:])
    field = receptive_field(network, Units.single(row, unit), source.name)
    return _measured(structure, field, tuple(each.size for each in fields))


def _measured(structure: Structure, field: Units, widest: tuple[object, ...]) -> Middle | None:
    skipped = 1 if structure.source.channels else 0
    extent = field.extent[skipped:] if field else ()
    if extent != widest:
        return None
    boxes = [box[skipped:] for box in field.boxes]
    if len(boxes) == 1:
        seen = prod(int(np.count_nonzero(mask)) for mask in boxes[0])
    elif prod(structure.space) > MOST_DENSE:
        return None
    else:
        marked = np.zeros(structure.space, bool)
        for box in boxes:
            marked[np.ix_(*box)] = True
        seen = int(np.count_nonzero(marked))
    return Middle(extent, Fraction(seen, prod(extent)))


def _affordable(structure: Structure) -> bool:
    rows, layers = structure.network.rows, structure.network.layers
    return sum(sum(row.numbers()) for row in rows) * len(layers) // 2 <= MOST_STEPS


def _alike(layer: Layer) -> bool:
    """Whether all channels of a layer read alike along the other axes."""
    return all(_keeps_channels(joint, layer) for joint in layer.joints)


def _goes_around(layer: Layer) -> bool:
    """Whether units read beyond one end at the other, and extend farther than the middle one."""
    wirings = (joint.wiring for joint in layer.joints)
    axes = (axis for wiring in wirings if isinstance(wiring, Product) for axis in wiring.axes)
    return any(axis.boundary == "circular" and axis.wraps().any() for axis in axes)


def _keeps_channels(joint: Joint, layer: Layer) -> bool:
    wiring, source, target = joint.wiring, joint.source, layer.target
    if not isinstance(wiring, Product) or list(wiring.order) != list(range(len(wiring.axes))):
        return False
    views = tuple(wiring.in_view), tuple(wiring.out_view)
    if views == (source.shape, target.shape) and source.channels == target.channels:
        return not target.channels or _whole(wiring.axes[0])
    # a single channel that the shape does not count
    alone = views == ((1, *source.shape), (1, *target.shape))
    return alone and not source.channels and not target.channels


def _whole(axis: Axis) -> bool:
    return axis.full or axis.copies or axis.groups > 1

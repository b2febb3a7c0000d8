"""Units to look at where a rule holds for all of a row alike."""

from __future__ import annotations

import numpy as np

from convgraph.core import memory
from convgraph.core.layer import Row
from convgraph.core.units import Units

__all__ = ["all_units", "middle_unit"]


def all_units(row: Row) -> Units:
    """Every unit of a row."""
    memory.require("positions", sum(row.numbers()), 2)
    return Units(row, [tuple(np.ones(n, bool) for n in row.numbers())])


def middle_unit(row: Row) -> Units:
    """The units in the middle of a row, in all channels: those that a border is farthest from."""
    masks = list(all_units(row).boxes[0])
    for axis in range(1 if row.channels else 0, len(masks)):
        masks[axis] = np.arange(masks[axis].size) == masks[axis].size // 2
    return Units(row, [tuple(masks)])

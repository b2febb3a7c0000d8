"""Which positions each phase of a periodic row reads: one axis of a layer, without its border."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from convgraph.core.axis import Axis

__all__ = ["Reads", "reads_of"]

# For each phase the positions that it reads, and by how many positions a period moves on.
Reads: TypeAlias = "tuple[list[list[int]], int]"


def reads_of(axis: Axis, period: int) -> Reads | None:
    """What the phases behind an axis read of a row of that period, on an axis without end.

    None where the axis does not repeat itself.

    >>> from convgraph.core.window import Window
    >>> from convgraph.core.reversed_window import Reversed
    >>> reads_of(Window(8, 4, 3, stride=2, padding=1), 1)
    ([[-1, 0, 1]], 2)
    >>> reads_of(Reversed(Window(8, 4, 3, stride=2, padding=1)), 1)
    ([[0], [1, 0]], 1)
    """
    return axis.pattern(period) or _pattern(axis, period)


def _pattern(axis: Axis, period: int) -> Reads | None:
    """The pattern in the middle of a table.

    Resizing repeats itself except at the border, where what lies outside is taken from within; what
    is read off the middle holds for all rows that reach neither end.
    """
    table = axis.table()
    inputs = int(axis.inputs)
    if not table.size or (table < 0).all(axis=1).any():
        return None
    inside = np.flatnonzero(((table > 0) & (table < inputs - 1)).all(axis=1))
    if len(inside) < 2 or (np.diff(inside) != 1).any():
        return None
    first, middle = int(inside[0]), table[inside]
    for length in range(1, len(middle) // 2 + 1):
        step = int(middle[length, 0] - middle[0, 0])
        if step and (middle[length:] - middle[:-length] == step).all():
            break
    else:
        return None
    phases = length * (period // math.gcd(period, step))
    reads = []
    for o in range(phases):
        turns, phase = divmod(o - first, length)
        reads.append([q + turns * step for q in middle[phase].tolist()])
    return reads, step * (phases // length)

"""Which positions each phase of a periodic row reads: one axis of a layer, without its border."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from convgraph.core.axis import Axis, Repeat
from convgraph.core.window import Reversed, Window

__all__ = ["Reads", "reads_of"]

# For each phase the positions that it reads, and by how many positions a period moves on.
Reads: TypeAlias = "tuple[list[list[int]], int]"


def reads_of(axis: Axis, period: int) -> Reads | None:
    """What the phases behind an axis read of a row of that period, on an axis without end.

    None where the axis does not repeat itself.

    >>> reads_of(Window(8, 4, 3, stride=2, padding=1), 1)
    ([[-1, 0, 1]], 2)
    >>> reads_of(Reversed(Window(8, 4, 3, stride=2, padding=1)), 1)
    ([[0], [1, 0]], 1)
    """
    if isinstance(axis, Window):
        s, taps = int(axis.stride), [int(axis.dilation) * j for j in range(int(axis.taps))]
        phases = period // math.gcd(period, s)
        return [[s * o - int(axis.padding) + t for t in taps] for o in range(phases)], s * phases
    if isinstance(axis, Repeat):
        f = int(axis.factor)
        return [[o // f] for o in range(period * f)], period
    if isinstance(axis, Reversed):
        return _reversed(axis.window, period), period
    return _pattern(axis, period)


def _reversed(window: Window, period: int) -> list[list[int]]:
    s, d, p = int(window.stride), int(window.dilation), int(window.padding)
    reads = []
    for o in range(s * period):
        apart = [divmod(o + p - d * j, s) for j in range(int(window.taps))]
        reads.append([q for q, rest in apart if rest == 0])
    return reads


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

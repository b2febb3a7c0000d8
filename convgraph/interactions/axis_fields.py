"""The receptive field of position i of a row along one axis of the input, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.interactions.connections import simplest

__all__ = ["POSITION", "AxisField"]

POSITION = sp.Symbol("i", integer=True, nonnegative=True)


@dataclass(frozen=True)
class AxisField:
    """Position i sees the input positions from `first` to `last`, both inclusive.

    Both are expressions in i (zero-based), as if the input went on beyond its border, and they are
    the ends: what lies between may have holes.

    >>> from convgraph.core.window import Window
    >>> AxisField.start().through(Window(inputs=5, outputs=2, taps=3, stride=2))
    AxisField(first=2*i, last=2*i + 2)
    """

    first: Size
    last: Size

    @staticmethod
    def start() -> AxisField:
        """Position i of the input sees itself."""
        return AxisField(POSITION, POSITION)

    @property
    def size(self) -> Size | None:
        """How many positions lie between the ends, or None if that depends on i."""
        size = simplest(sympified(self.last) - self.first + 1)
        return None if POSITION in sympified(size).free_symbols else size

    @property
    def stride(self) -> Size | None:
        """By how much the field moves from one position to the next; None if it varies."""
        step = sp.expand(sympified(self.first).subs(POSITION, POSITION + 1) - self.first)
        return None if POSITION in step.free_symbols else simplest(step)

    @property
    def padding(self) -> Size | None:
        """How far the first position's field reaches before the input; None if it has no size."""
        return None if self.size is None else simplest(-self.at(0).first)

    def at(self, position: Size) -> AxisField:
        """The field of one position."""
        return AxisField(
            simplest(sympified(self.first).subs(POSITION, position)),
            simplest(sympified(self.last).subs(POSITION, position)),
        )

    def through(self, axis: Axis) -> AxisField:
        """The field behind one more relation.

        For a window, first' = first(s i - p) and last' = last(s i - p + d (k - 1)), from which the
        size grows by (k - 1) d times the stride, and the stride by a factor of s.
        """
        return _through(self, axis)

    @staticmethod
    def of_branches(fields: Sequence[AxisField]) -> AxisField:
        """The field of a merged row: from the first end of all branches to the last."""
        if len(set(fields)) == 1:
            return fields[0]
        steps = {field.stride for field in fields}
        if len(steps) == 1 and None not in steps:  # ends that move together: compare them at 0
            shift = POSITION * steps.pop()
            starts = [field.at(0) for field in fields]
            low, high = sp.Min(*[f.first for f in starts]), sp.Max(*[f.last for f in starts])
            return AxisField(simplest(low + shift), simplest(high + shift))
        low, high = sp.Min(*[f.first for f in fields]), sp.Max(*[f.last for f in fields])
        return AxisField(simplest(low), simplest(high))


@lru_cache(maxsize=1024)  # the columns of an image mostly are as its rows
def _through(field: AxisField, axis: Axis) -> AxisField:
    low, high = axis.span(POSITION)
    return AxisField(field.at(low).first, field.at(high).last)

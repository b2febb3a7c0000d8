"""Relations along one axis as short lists of numbers, for a page that reads them again.

`axes.js` is the other half of this file.
"""

from __future__ import annotations

from typing import Any

from convgraph.core.axis import Axis
from convgraph.core.repeat import Repeat
from convgraph.figures.live.relations import table_of

__all__ = ["Encoded", "Tables", "encoded"]

Encoded = list[Any]


class Tables:
    """The tables of a page, each once."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self.all: list[Encoded] = []

    def number(self, table: Encoded) -> int:
        """The number of a table among those that differ."""
        key = str(table)
        if key not in self._found:
            self._found[key] = len(self.all)
            self.all.append(table)
        return self._found[key]

    @property
    def numbers(self) -> int:
        """How many numbers all tables hold."""
        return sum(len(t[3]) if isinstance(t[3], list) else len(t) for t in self.all)


def encoded(axis: Axis) -> Encoded:
    """An axis as [bound, outputs, taps, first, stride, dilation, divisor] or with its positions.

    The position at (output, tap) is first + stride * (output // divisor) + dilation * tap, if that
    is from 0 to below the bound; a divisor of 1 is left out. What is not of this form is
    [bound, outputs, taps, positions], with -1 for what is missing.

    >>> from convgraph.core.repeat import Repeat
    >>> from convgraph.core.window import Window
    >>> encoded(Window(inputs=5, outputs=5, taps=3, padding=1)), encoded(Repeat(3, 2))
    ([5, 5, 3, -1, 1, 1], [3, 6, 1, 0, 1, 1, 2])
    """
    inputs, outputs, taps = int(axis.inputs), int(axis.outputs), int(axis.taps)
    if axis.full:  # whose taps may be in another order: what is read is the same
        return [inputs, outputs, inputs, 0, 0, 1]
    if axis.groups > 1:
        return [inputs, outputs, taps, 0, taps, 1, outputs // axis.groups]
    if isinstance(axis, Repeat):
        return [inputs, outputs, taps, 0, 1, 1, int(axis.factor)]
    if axis.sliding is not None and axis.boundary == "zeros":
        steps = int(axis.stride), int(axis.dilation)
        return [inputs, outputs, taps, -int(axis.padding), *steps]
    return table_of(axis.table(), inputs)

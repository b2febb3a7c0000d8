"""Relations along one axis as short lists of numbers, for a page that reads them again.

`relations.js` reads those of a figure, and `axes.js` those of a whole network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.repeat import Repeat

__all__ = ["Tables", "encoded", "table_of"]

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


def table_of(positions: NDArray[np.int64], bound: int) -> Encoded:
    """A table for the page, as a window where it is one; positions are below `bound`, or -1."""
    outputs, taps = positions.shape
    output, tap = np.arange(outputs)[:, None], np.arange(taps)
    there = positions >= 0
    stride, dilation = _step(positions, there, 0), _step(positions, there, 1)
    found = np.argwhere(there)
    first = 0
    if len(found):
        o, t = found[0]
        first = int(positions[o, t] - stride * o - dilation * t)
    fitted = first + stride * output + dilation * tap
    if np.array_equal(np.where((fitted >= 0) & (fitted < bound), fitted, -1), positions):
        return [bound, outputs, taps, first, stride, dilation]
    return [bound, outputs, taps, positions.ravel().tolist()]


def _step(positions: NDArray[np.int64], there: NDArray[np.bool_], axis: int) -> int:
    """The step between two neighbours that are both there, or else one that leaves the bound."""
    steps = np.diff(positions, axis=axis)
    near, far = (there[:-1], there[1:]) if axis == 0 else (there[:, :-1], there[:, 1:])
    known = steps[near & far]
    return int(known.flat[0]) if known.size else int(positions.max(initial=0)) + 1

"""Wiring: which input unit reaches which output unit, whatever the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.boxes import Box, decompose, regroup
from convgraph.core.sizes import Size, product

__all__ = ["Listed", "Product", "Wiring"]


@dataclass(frozen=True)
class Product:
    """A product of one relation per axis: two units are connected where all their axes are.

    `axes` stand in the order of the output's axes; axis a reads axis `order[a]` of the input. The
    axes may split or merge those of the rows (a Flatten is one axis of all units, a channel
    shuffle exchanges the two halves of the channel axis): what counts is that they lay the units
    out in the same row-major order.
    """

    axes: tuple[Axis, ...]
    order: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.order:
            object.__setattr__(self, "order", tuple(range(len(self.axes))))

    @cached_property
    def in_view(self) -> tuple[Size, ...]:
        """The sizes into which the axes divide the input row."""
        view: list[Size] = [0] * len(self.axes)
        for axis, position in zip(self.axes, self.order, strict=True):
            view[position] = axis.inputs
        return tuple(view)

    @cached_property
    def out_view(self) -> tuple[Size, ...]:
        """The sizes into which the axes divide the output row."""
        return tuple(axis.outputs for axis in self.axes)

    @cached_property
    def copies(self) -> bool:
        """Whether it reads each unit once, in its place, and nothing else."""
        straight = all(a == position for a, position in enumerate(self.order))
        return straight and all(axis.sliding is not None and axis.copies for axis in self.axes)

    @property
    def taps(self) -> tuple[Size, ...]:
        """The taps of each axis."""
        return tuple(axis.taps for axis in self.axes)

    @property
    def connections(self) -> Size:
        """The number of connections; those that the boundary cuts off are not among them."""
        return product(axis.connections for axis in self.axes)

    def in_steps(self) -> list[int]:
        """By how much a step along each of `axes` moves the input's flat position."""
        steps, step = [0] * len(self.in_view), 1
        for position in reversed(range(len(self.in_view))):
            steps[position] = step
            step *= int(self.in_view[position])
        return [steps[position] for position in self.order]

    def back(self, box: Box, out_shape: tuple[int, ...], in_shape: tuple[int, ...]) -> list[Box]:
        """The input units that a box of output units reads, as boxes in the input row's shape."""
        if self.copies and in_shape == out_shape:
            return [box] if all(mask.any() for mask in box) else []
        found = []
        for part in regroup(box, out_shape, self.out_view):
            masks: list[NDArray[np.bool_]] = [part[0]] * len(part)
            for axis, position, mask in zip(self.axes, self.order, part, strict=True):
                masks[position] = axis.back(mask)
            found += regroup(tuple(masks), self.in_view, in_shape)
        return found

    def forward(self, box: Box, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[Box]:
        """The output units that read any of a box of input units."""
        found = []
        for part in regroup(box, in_shape, self.in_view):
            masks = tuple(
                axis.forward(part[position])
                for axis, position in zip(self.axes, self.order, strict=True)
            )
            found += regroup(masks, self.out_view, out_shape)
        return found


@dataclass(frozen=True, eq=False)
class Listed:
    """Any relation, listed connection by connection, sorted by output unit.

    `start[i] : start[i + 1]` are the connections of output i, `source` their input units.
    """

    inputs: int
    outputs: int
    start: NDArray[np.int64]
    source: NDArray[np.integer]

    @property
    def connections(self) -> int:
        """The number of connections."""
        return len(self.source)

    def target(self) -> NDArray[np.int64]:
        """The output unit of each connection."""
        return np.repeat(np.arange(self.outputs), np.diff(self.start))

    def back(self, box: Box, out_shape: tuple[int, ...], in_shape: tuple[int, ...]) -> list[Box]:
        """The input units that a box of output units reads, as boxes in the input row's shape."""
        reading = _flat(box, out_shape)[self.target()]
        seen = np.zeros(self.inputs, bool)
        seen[self.source[reading]] = True
        return decompose(seen.reshape(in_shape))

    def forward(self, box: Box, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[Box]:
        """The output units that read any of a box of input units."""
        reading = _flat(box, in_shape)[self.source]
        reached = np.zeros(self.outputs, bool)
        reached[self.target()[reading]] = True
        return decompose(reached.reshape(out_shape))


def _flat(box: Box, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return regroup(box, shape, (int(np.prod(shape)),))[0][0]


Wiring: TypeAlias = Product | Listed

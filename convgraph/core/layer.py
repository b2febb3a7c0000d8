"""Rows of units, and the layers that compute one row from others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core import memory
from convgraph.core.boxes import Box
from convgraph.core.errors import ConvgraphError
from convgraph.core.names import check_printed, parse_unit, unit_name, unit_names
from convgraph.core.reduction import Reduction
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.tying import Learned, Tying
from convgraph.core.wiring import Product, Wiring

__all__ = ["Joint", "Layer", "Row"]

LONGEST = 2**62  # positions, which 64 bits number with room for a border
NAME = 70  # bytes that a short string takes, with its place in a list


@dataclass(frozen=True)
class Row:
    """A named array of units: an input, a feature map, an output.

    `channels` says whether the first axis counts channels; `given` holds the units' own names
    where they are not ours.
    """

    name: str
    shape: tuple[Size, ...]
    channels: bool = False
    given: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_printed(self.name)
        if any(isinstance(size, int) and size > LONGEST for size in self.shape):
            raise ConvgraphError(f"shape={self.shape}: an axis has at most {LONGEST:,} positions")

    @property
    def size(self) -> Size:
        """The number of units."""
        return product(self.shape)

    @cached_property
    def symbolic(self) -> bool:
        """Whether a size is a symbol."""
        return is_symbolic(self.shape)

    def units(self) -> list[str]:
        """The names of all units, in row-major order."""
        if self.given is not None:
            return list(self.given)
        memory.require("units", int(self.size), NAME)
        return unit_names(self.name, self.numbers())

    def unit(self, index: Sequence[int]) -> str:
        """The name of the unit at a zero-based index."""
        if self.given is not None:
            return self.given[int(np.ravel_multi_index(tuple(index), self.numbers()))]
        return unit_name(self.name, index)

    def unit_at(self, place: int) -> str:
        """The name of the unit at a zero-based place in row-major order."""
        return self.unit([int(i) for i in np.unravel_index(place, self.numbers())])

    def find(self, unit: str) -> tuple[int, ...] | None:
        """The zero-based index of a unit, or None if it is not of this row."""
        shape = self.numbers()
        if self.given is None:
            return parse_unit(unit, self.name, shape)
        place = self._places.get(unit)
        return None if place is None else tuple(int(i) for i in np.unravel_index(place, shape))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {unit: place for place, unit in enumerate(self.given or ())}

    def numbers(self) -> tuple[int, ...]:
        """The shape, when it has to be numbers."""
        return self._numbers

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        if self.symbolic:
            raise ConvgraphError(
                f"shape={self.shape} of row {self.name!r}: this question needs numbers; "
                "bind the network to sizes without symbols"
            )
        return tuple(int(n) for n in self.shape)


@dataclass(frozen=True, eq=False)
class Joint:
    """The connections from one row to the units of a layer."""

    source: Row
    wiring: Wiring
    tying: Tying

    def back(self, boxes: Iterable[Box], target: Row) -> list[Box]:
        """The units of the source that any of some units of the layer read."""
        shapes = target.numbers(), self.source.numbers()
        return [read for box in boxes for read in self.wiring.back(box, *shapes)]

    def forward(self, boxes: Iterable[Box], target: Row) -> list[Box]:
        """The units of the layer that read any of some units of the source."""
        shapes = self.source.numbers(), target.numbers()
        return [reached for box in boxes for reached in self.wiring.forward(box, *shapes)]


@dataclass(frozen=True, eq=False)
class Layer:
    """One row of units, what it is connected to, and what it does with what it gets.

    `bias` is a joint from a unit of its own that is always 1; it is no edge of the graph.
    """

    spec: Any
    joints: tuple[Joint, ...]
    target: Row
    reduction: Reduction
    bias: Joint | None = None

    @property
    def all_joints(self) -> tuple[Joint, ...]:
        """Its joints, that of its bias at the end."""
        return self.joints if self.bias is None else (*self.joints, self.bias)

    @cached_property
    def symbolic(self) -> bool:
        """Whether a size is a symbol, of the rows or of the kernel."""
        return (
            self.target.symbolic
            or any(joint.source.symbolic for joint in self.joints)
            or any(is_symbolic(tying.shape) for tying in self.arrays)
            or any(
                axis.symbolic
                for joint in self.joints
                if isinstance(joint.wiring, Product)
                for axis in joint.wiring.axes
            )
        )

    @cached_property
    def connections(self) -> Size:
        """The number of connections, without those to a bias."""
        total: Size = 0
        for joint in self.joints:
            total = total + joint.wiring.connections
        return total

    @property
    def arrays(self) -> tuple[Learned, ...]:
        """The learned tyings: kernels first, then the bias."""
        tyings = (joint.tying for joint in self.all_joints)
        return tuple(tying for tying in tyings if isinstance(tying, Learned))

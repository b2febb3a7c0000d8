"""Sets of units: what receptive fields, bands of a border and other answers consist of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.boxes import Box, count, decompose, merge, union

if TYPE_CHECKING:
    from convgraph.core.layer import Row

__all__ = ["Units"]

BLOCK = 1 << 16  # positions that are looked at together: few enough for a cache


class Units(Set[str]):
    """A set of units of one row; it compares with plain sets of names.

    Kept as a union of boxes, so that the receptive field of a deep unit in a large image costs a
    few positions per axis; names and coordinates are made on request.

    >>> import convgraph as cg
    >>> field = cg.receptive_field(cg.Conv(3).on(5), "s2")
    >>> field
    Units(x: x2, x3, x4)
    >>> field == {"x2", "x3", "x4"}, "x1" in field, len(field), field.bounds
    (True, False, 3, ((1, 3),))
    """

    def __init__(self, row: Row, boxes: Iterable[Box]) -> None:
        self.row = row
        self.boxes: tuple[Box, ...] = tuple(merge(boxes))

    @staticmethod
    def of(row: Row, mask: NDArray[np.bool_]) -> Units:
        """The units that a boolean array of the row's shape marks."""
        return Units(row, decompose(np.asarray(mask, bool).reshape(row.numbers())))

    @staticmethod
    def single(row: Row, index: tuple[int, ...]) -> Units:
        """The unit at a zero-based index."""
        masks = []
        memory.require("positions", sum(row.numbers()), 3)  # and a mask or two of what they reach
        for i, size in zip(index, row.numbers(), strict=True):
            mask = np.zeros(size, bool)
            mask[i] = True
            masks.append(mask)
        return Units(row, [tuple(masks)])

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> set[str]:  # type: ignore[override]
        return set(it)

    @cached_property
    def _count(self) -> int:
        return count(self.boxes)

    def __len__(self) -> int:
        return self._count

    def mask(self) -> NDArray[np.bool_]:
        """The set as a boolean array of the row's shape."""
        memory.require("units", prod(self.row.numbers()), 2)  # one for a box beside the whole
        return union(self.boxes, self.row.numbers())

    @property
    def indices(self) -> NDArray[np.int64]:
        """The zero-based indices of the units as an (units x axes) array, in row-major order."""
        if len(self.boxes) != 1 or not self.boxes[0]:
            return np.argwhere(self.mask())
        memory.require("units", len(self), 16 * len(self.row.shape))
        along = np.meshgrid(*(np.flatnonzero(mask) for mask in self.boxes[0]), indexing="ij")
        return np.stack(along, axis=-1).reshape(-1, len(along))

    @property
    def axes(self) -> tuple[tuple[int, ...], ...] | None:
        """Per axis the zero-based positions whose product this is, or None if it is none."""
        if len(self.boxes) != 1:
            return None
        return tuple(tuple(np.flatnonzero(mask).tolist()) for mask in self.boxes[0])

    @property
    def bounds(self) -> tuple[tuple[int, int], ...]:
        """Per axis the first and the last zero-based position: the bounding box."""
        result = []
        for masks in zip(*self.boxes, strict=True):
            seen = [mask for mask in masks if mask.any()]
            first = min(int(mask.argmax()) for mask in seen)
            last = max(map(_last, seen))
            result.append((first, last))
        return tuple(result)

    @property
    def extent(self) -> tuple[int, ...]:
        """Per axis how far it is from the first position to the last: the size that tables give."""
        return tuple(last - first + 1 for first, last in self.bounds)

    def __iter__(self) -> Iterator[str]:
        return (self.row.unit(index) for index in self.indices.tolist())

    def __contains__(self, unit: Any) -> bool:
        index = self.row.find(unit) if isinstance(unit, str) else None
        return index is not None and any(
            all(mask[i] for mask, i in zip(box, index, strict=True)) for box in self.boxes
        )

    def __eq__(self, other: object) -> bool:
        if (
            isinstance(other, Units)
            and other.row.name == self.row.name
            and other.row.shape == self.row.shape
        ):
            if len(self.boxes) == len(other.boxes) == 1:
                return all(
                    np.array_equal(a, b) for a, b in zip(self.boxes[0], other.boxes[0], strict=True)
                )
            return len(self) == len(other) and bool(np.array_equal(self.mask(), other.mask()))
        return Set.__eq__(self, other) if isinstance(other, Set) else NotImplemented

    __hash__ = Set._hash

    def __repr__(self) -> str:
        total = len(self)
        if total > 12:
            size = " x ".join(map(str, self.extent))
            return f"Units({self.row.name}: {total:,} units within {size})"
        return (
            f"Units({self.row.name}: {', '.join(self)})"
            if total
            else f"Units({self.row.name}: none)"
        )


def _last(mask: NDArray[np.bool_]) -> int:
    """The last position of a mask that holds one; numpy would copy it to look from the end."""
    end = len(mask)
    while not mask[max(end - BLOCK, 0) : end].any():
        end -= BLOCK
    start = max(end - BLOCK, 0)
    return start + int(np.flatnonzero(mask[start:end])[-1])

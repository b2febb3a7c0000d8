"""Tiles along each axis: where each begins, what it reads, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from convgraph.piecewise.cuts import Cut

__all__ = ["AxisTiles", "Span", "Tile", "Tiles"]

Span: TypeAlias = "tuple[int, int]"


@dataclass(frozen=True)
class AxisTiles:
    """Tiles along one axis: all of one size, each `stride` behind the one before, the last one
    moved back so that it ends where the input does.

    Attributes
    ----------
    cut
        Where the axis may be cut, and what that spoils.
    tile
        How many positions each tile reads.
    stride
        By how many positions the tiles are apart.
    """

    cut: Cut
    tile: int
    stride: int

    def __len__(self) -> int:
        cut = self.cut
        if self.tile >= cut.size:
            return 1
        rest = cut.size if cut.circular else cut.size - self.tile
        return -(-rest // self.stride) + (0 if cut.circular else 1)

    @property
    def outputs(self) -> int:
        """How many outputs a tile has."""
        return self.cut.outputs_of(self.tile)

    def start(self, number: int) -> int:
        """Where a tile begins to read; on a circle it may reach over the end."""
        if self.cut.circular:
            return number * self.stride
        return min(number * self.stride, self.cut.size - self.tile)

    def keeps(self, number: int) -> Span:
        """From which output to which (exclusive) a tile is kept, counted in the whole output."""
        return self._until(number - 1), self._until(number)

    def offset(self, number: int) -> int:
        """The whole output's number of a tile's first output."""
        return int(self.start(number) / self.cut.step)

    def _until(self, number: int) -> int:
        """Up to which output (exclusive) tiles 0 ... number have what is kept."""
        cut, last = self.cut, len(self) - 1
        if cut.circular and last > 0:
            # tile t keeps as many as the stride has, the first from what the cut leaves of it
            whole = cut.outputs if number == last else int((number + 1) * self.stride / cut.step)
            return cut.before + whole
        if number < 0:
            return 0
        if number == last:
            return cut.outputs
        return self.offset(number) + self.outputs - cut.after

    @property
    def kinds(self) -> tuple[int, ...]:
        """One tile of each kind: the first, one inside, the last one before the end, the last."""
        count = len(self)
        return tuple(sorted({0, min(1, count - 1), max(count - 2, 0), count - 1}))


@dataclass(frozen=True)
class Tile:
    """One tile: what it reads of the input, and what of its output is put where.

    `read` are positions of the input, `kept` those of the tile's own output, `put` those of the
    whole output, all per axis of space, from the first to the last (exclusive).
    """

    number: int
    read: tuple[Span, ...]
    kept: tuple[Span, ...]
    put: tuple[Span, ...]


class Tiles(Sequence[Tile]):
    """All tiles of some axes, in row-major order; each is made when it is asked for."""

    def __init__(self, axes: tuple[AxisTiles, ...]) -> None:
        self._axes = axes
        self._counts = tuple(map(len, axes))

    def __len__(self) -> int:
        return prod(self._counts)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"tile {number} of {len(self)}")
        number %= len(self)
        return self._tile(number, np.unravel_index(number, self._counts))

    def __iter__(self) -> Iterator[Tile]:
        for number, place in enumerate(product(*map(range, self._counts))):
            yield self._tile(number, place)

    def _tile(self, number: int, place: Sequence[Any]) -> Tile:
        read, kept, put = [], [], []
        for axis, each in zip(self._axes, map(int, place), strict=True):
            start, (first, last) = axis.start(each), axis.keeps(each)
            read.append((start, start + axis.tile))
            kept.append((first - axis.offset(each), last - axis.offset(each)))
            put.append((first, last))
        return Tile(number, tuple(read), tuple(kept), tuple(put))

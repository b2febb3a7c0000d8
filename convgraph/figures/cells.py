"""Arrays as grids of cells: where each cell stands, and where "..." stands for cells left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.figures.panel import Mark

__all__ = ["Cells", "bitmap"]

STACK = 0.35  # cells by which a channel stands to the right of and above the one before it


@dataclass(frozen=True)
class Cells:
    """The cells of an array: columns to the right, rows downwards, channels behind each other.

    Attributes
    ----------
    shape
        (columns,), (rows, columns) or (channels, rows, columns); of more axes all but the last
        two are channels.
    side
        Of a cell, in points.
    show
        How many positions of a row or column are drawn, from its two ends; None for all.
    lines
        Whether the first of two axes counts channels.
    front
        The number of the channel that stands before all others; behind it are those after it, and
        behind the last one the first.
    keep
        Which rows and which columns are drawn besides those at the ends, where not all are.
    apart
        How many cells to the right and upwards the others stand behind the first, besides what
        lets one see them: as many as there are zeros around it.

    >>> cells = Cells((2, 3), 10)
    >>> cells.width, cells.height
    (30.0, 20.0)
    >>> next(iter(cells.places()))
    ((0, 0), 5.0, 15.0)
    """

    shape: tuple[int, ...]
    side: float
    show: int | None = None
    lines: bool = False
    front: int = 0
    keep: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    apart: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.show is not None and (not isinstance(self.show, int) or self.show < 2):
            raise ConvgraphError(f"show={self.show!r}: at least 2 cells of a line")

    @property
    def _space(self) -> int:
        return 1 if len(self.shape) == 1 or (self.lines and len(self.shape) == 2) else 2

    @property
    def channels(self) -> int:
        """How many grids are stacked."""
        return int(np.prod(self.shape[: len(self.shape) - self._space]))

    @property
    def plane(self) -> tuple[int, int]:
        """Rows and columns of one grid."""
        return (1, self.shape[-1]) if self._space == 1 else (self.shape[-2], self.shape[-1])

    @property
    def width(self) -> float:
        """Of the whole stack, in points."""
        across = self.apart[0] if self.channels > 1 else 0
        return (self._extent(1) + self._behind + across) * self.side

    @property
    def height(self) -> float:
        """Of the whole stack, in points."""
        up = self.apart[1] if self.channels > 1 else 0
        return (self._extent(0) + self._behind + up) * self.side

    @property
    def front_width(self) -> float:
        """Of the grid in front, in points."""
        return self._extent(1) * self.side

    @property
    def _behind(self) -> float:
        """How far the last channel stands behind the first, in cells."""
        return STACK * (self.channels - 1)

    def _line(self, axis: int) -> list[tuple[int, float]]:
        """Which rows or columns are drawn, and where."""
        # A gap is a cell wide behind the channels that stand into it.
        return _line(self.plane[axis], self.show, 1 + self._behind, self.keep[axis])

    def _extent(self, axis: int) -> float:
        """How many cells a row or a column is long, of which a part may be left out."""
        return self._line(axis)[-1][1] + 1

    def places(self) -> Iterator[tuple[tuple[int, ...], float, float]]:
        """(index, x, y) of the middle of each cell that is drawn; those in front come last."""
        rows, columns = self._line(0), self._line(1)
        height = self._extent(0)
        for behind in reversed(range(self.channels)):
            channel = (self.front + behind) % self.channels
            index = self._lead(channel)
            for i, down in rows:
                for j, right in columns:
                    place = (j,) if self._space == 1 else (i, j)
                    x = right + 0.5 + STACK * behind + self.apart[0] * (behind > 0)
                    y = height - down - 0.5 + STACK * behind + self.apart[1] * (behind > 0)
                    yield (*index, *place), x * self.side, y * self.side

    def in_front(self, index: tuple[int, ...]) -> bool:
        """Whether a cell is of the channel in front, which no other hides."""
        return index[: len(self.shape) - self._space] == self.channel_in_front

    def channel(self, index: tuple[int, ...]) -> int:
        """The number of the channel that a cell is of."""
        lead = self.shape[: len(self.shape) - self._space]
        return int(np.ravel_multi_index(index[: len(lead)], lead)) if lead else 0

    @property
    def channel_in_front(self) -> tuple[int, ...]:
        """Its indices, one for each axis of channels."""
        return self._lead(self.front)

    def _lead(self, channel: int) -> tuple[int, ...]:
        """The indices before those of a cell within its channel."""
        lead = self.shape[: len(self.shape) - self._space]
        return tuple(int(i) for i in np.unravel_index(channel, lead)) if lead else ()

    def gaps(self) -> Iterator[tuple[float, float, str]]:
        """(x, y, text) in the gaps for rows and columns that are left out, in the front grid."""
        rows, columns = self._line(0), self._line(1)
        height = self._extent(0)
        for gap in _gaps(columns):
            for y in sorted(height - at - 0.5 for at in _middles(rows)):
                yield (gap + self._behind + 0.5) * self.side, y * self.side, "..."
        for gap in _gaps(rows):
            for x in (at + 0.5 for at in _middles(columns)):
                yield x * self.side, (height - gap - 0.5) * self.side, "\N{VERTICAL ELLIPSIS}"


def _line(
    size: int, show: int | None, gap: float = 1, keep: Iterable[int] = ()
) -> list[tuple[int, float]]:
    """The positions that are drawn, and where each stands.

    >>> _line(9, 3), _line(9, 2, keep=[4])
    ([(0, 0), (1, 1), (8, 3)], [(0, 0), (4, 2), (8, 4)])
    """
    if show is None or size <= show:
        return [(i, i) for i in range(size)]
    first, last = (show + 1) // 2, show // 2
    there = sorted({*range(first), *keep, *range(size - last, size)})
    before = np.cumsum([0, *(b - a > 1 for a, b in pairwise(there))]).tolist()
    return [(at, i + gap * before[i]) for i, at in enumerate(there)]


def _gaps(line: Sequence[tuple[int, float]]) -> list[float]:
    """Where what is left out of a line would begin."""
    return [place + 1 for (a, place), (b, _) in pairwise(line) if b - a > 1]


def _middles(line: Sequence[tuple[int, float]]) -> list[float]:
    """The places beside which "..." stands: at the ends, and amid what is drawn between gaps."""
    starts = [0, *(i for i, ((a, _), (b, _)) in enumerate(pairwise(line), 1) if b - a > 1)]
    parts = list(pairwise([*starts, len(line)]))
    inner = [line[(a + b - 1) // 2][1] for a, b in parts[1:-1]]
    return list(dict.fromkeys([line[0][1], *inner, line[-1][1]]))


def bitmap(
    name: str, ink: NDArray[np.bool_] | Sequence[Sequence[int]], x: float, y: float, side: float
) -> list[Mark]:
    """A picture in two colours: a frame about (x, y), and black cells for its ink."""
    array = np.asarray(ink, bool)
    rows, columns = array.shape
    frame = Mark(name, "box", "", x, y, (columns + 4) * side, (rows + 4) * side, 0)
    left, top = x - columns * side / 2, y + rows * side / 2
    marks = [frame]
    for i, line in enumerate(array):
        ends = np.flatnonzero(np.diff(np.concatenate([[0], line, [0]]))).tolist()
        for a, b in zip(ends[::2], ends[1::2], strict=True):  # a run of ink is one mark
            place = left + (a + b) / 2 * side, top - (i + 0.5) * side
            size = (b - a) * side, side, 0
            marks.append(Mark(f"{name},{i + 1},{a + 1}", "cell", "", *place, *size, "#000000"))
    return marks

"""Grids of cells on a frame: where each cell stands, and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from convgraph.figures.motion.shapes import Box, Frame, Shape, Text

__all__ = ["SIDE", "Grid", "cell", "evened", "fitted"]

SIDE = 30.0  # of a cell
LEGIBLE = 5.0  # points; smaller letters are grey stripes
GLYPH = 0.56  # width of a letter in sizes of the font


@dataclass(frozen=True)
class Grid:
    """Rows and columns of cells from a corner on; a row of units is a grid of one row."""

    x: float
    y: float
    rows: int
    columns: int
    side: float = SIDE

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.columns * self.side

    @property
    def height(self) -> float:
        """How high it is."""
        return self.rows * self.side

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    def corner(self, place: tuple[float, ...]) -> tuple[float, float]:
        """The upper left corner of a cell; of a row of units places have one coordinate."""
        row, column = (0.0, place[0]) if len(place) == 1 else place
        if len(place) == 1 and self.rows > 1:  # units in lines, like words
            row, column = divmod(place[0], self.columns)
        return self.x + column * self.side, self.y + row * self.side

    def around(self, places: Sequence[tuple[int, ...]], stroke: str, line: float = 2.5) -> Box:
        """A frame around the cells at some places."""
        corners = [self.corner(place) for place in places]
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        right = max(x for x, _ in corners) + self.side
        bottom = max(y for _, y in corners) + self.side
        return Box(left, top, right - left, bottom - top, None, stroke, line)


def cell(
    corner: tuple[float, float],
    side: float,
    fill: str,
    text: str = "",
    *,
    dash: bool = False,
    faint: bool = False,
    corner_text: str = "",
    among: str = "",
) -> Iterator[Shape]:
    """A cell with a text in its middle, and a smaller one in its lower corner."""
    x, y = corner
    yield Box(x, y, side, side, fill, "line", 1, dash)
    if text:
        lift = -0.09 * side if corner_text else 0.0
        size, ink = fitted(text, side), "soft" if faint else "ink"
        yield Text(x + side / 2, y + side / 2 + lift, text, size, ink, among=among)
    if corner_text:
        size = min(fitted(corner_text, side), 0.3 * side)
        right, low = x + 0.93 * side, y + 0.82 * side
        # names are longer than numbers, and of a size of their own
        among = among and f"{among}, {'name' if corner_text[0].isalpha() else 'corner'}"
        yield Text(right, low, corner_text, size, "ink", "end", among=among)


def fitted(text: str, side: float) -> float:
    """The size at which a text fits into a cell."""
    return min(0.46 * side, 0.86 * side / (GLYPH * max(len(text), 1)))


def evened(frames: Sequence[Frame]) -> list[Frame]:
    """The frames with letters of one size in each grid, and none where nobody could read them.

    The first caption and the last say where none are.
    """
    sizes: dict[str, float] = {}
    for text in {each for frame in frames for each in frame.shapes if isinstance(each, Text)}:
        if text.among:
            sizes[text.among] = min(sizes.get(text.among, text.size), text.size)
    known: dict[Shape, Shape | None] = {}

    def even(shape: Shape) -> Shape | None:
        if not isinstance(shape, Text) or not shape.among:
            return shape
        if shape not in known:
            size = sizes[shape.among]
            known[shape] = replace(shape, size=size) if size >= LEGIBLE else None
        return known[shape]

    made = [
        replace(frame, shapes=tuple(s for s in map(even, frame.shapes) if s is not None))
        for frame in frames
    ]
    small = {among.partition(",")[0] for among, size in sizes.items() if size < LEGIBLE}
    if small:
        told = "; in cells of the " + " and the ".join(sorted(small)) + " letters would be smaller "
        told += f"than {LEGIBLE:g} points and are left out"
        for at in sorted({0, len(made) - 1}):
            made[at] = replace(made[at], caption=made[at].caption + told)
    return made

"""The panels of a film, and how they wrap like words where a frame is too wide for a window.

Panels are found as columns of a printed page are: a frame is cut where there is nothing but paper,
at the widest gaps first (Nagy and Seth, "Hierarchical representation of optically scanned
documents", 1984). Rows of units that stand one above the other belong together and are never cut.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from convgraph.figures.motion.area import Area
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.shapes import Frame, Line, Shape, Text

__all__ = ["Layout", "Panels", "loose"]

LEAST = 12.0  # points of paper between two panels; cells touch each other
EDGE, BELOW = 26.0, 32.0  # around all panels, and for a caption below
LINES = 30.0  # between lines of panels
SHEET = (640.0, 640.0)  # neither too wide for a page nor too high for a slide
SLIGHTLY = 0.9  # a frame that is shrunk less than this is left as it is


@dataclass(frozen=True)
class Layout:
    """How large a frame is without its caption, and how far each panel moves right and down."""

    size: tuple[float, float]
    moves: tuple[tuple[float, float], ...]

    def scale(self, width: float, height: float) -> float:
        """By how much it is shrunk or grows to fit."""
        return min(width / self.size[0], height / self.size[1])


@dataclass(frozen=True)
class Panels:
    """The panels of frames of one size as they were drawn, and what belongs to which."""

    frames: tuple[Frame, ...]
    size: tuple[float, float]
    cuts: tuple[float, ...] = ()  # heights at which what is below begins a line of its own

    @cached_property
    def _found(self) -> tuple[list[list[Area]], dict[Shape, int]]:
        base, over = layered(self.frames)
        shapes = dict.fromkeys((*base, *(shape for drawn in over for shape in drawn)))
        areas = {shape: Area.of(shape) for shape in shapes}
        solid = [each for each in shapes if not isinstance(each, Text) and not loose(each)]
        lines = _lines(list({areas[each] for each in solid}), self.cuts)
        flat = [area for line in lines for area in line]
        of = {
            each: min(range(len(flat)), key=lambda i: flat[i].far(areas[each])) for each in shapes
        }
        grown = [[area] for area in flat]
        for shape in shapes:
            if isinstance(shape, Text):
                grown[of[shape]].append(areas[shape])
        whole = iter(map(Area.around, grown))
        return [[next(whole) for _ in line] for line in lines], of

    @property
    def lines(self) -> list[list[Area]]:
        """The panels from left to right, in lines one below the other."""
        return self._found[0]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.lines))

    def number(self, shape: Shape) -> int:
        """The panel that a shape is in."""
        return self._found[1][shape]

    @cached_property
    def layouts(self) -> list[Layout]:
        """As they were drawn, and every other way in which they wrap and are narrower for it."""
        width, height = self.size
        found = [Layout((width, height - BELOW), ((0.0, 0.0),) * self.count)]
        limits = {area.right - first.left for line in self.lines for first in line for area in line}
        for limit in sorted(limits, reverse=True) if max(map(len, self.lines)) > 1 else ():
            made = self._wrapped(limit)
            if made.size[0] < found[-1].size[0]:
                found.append(made)
        return found

    @property
    def sheet(self) -> tuple[tuple[Frame, ...], tuple[float, float]]:
        """The frames as they fit a sheet best, and their size; as drawn where they nearly fit."""
        if min(SHEET[0] / self.size[0], SHEET[1] / self.size[1]) >= SLIGHTLY:
            return self.frames, self.size
        best = max(self.layouts, key=lambda layout: min(layout.scale(*SHEET), 1))
        if best == self.layouts[0]:
            return self.frames, self.size
        size = (best.size[0], best.size[1] + BELOW)
        return tuple(self._moved(best)), size

    def _wrapped(self, limit: float) -> Layout:
        """Panels in lines no wider than a limit, as far as one panel alone is not."""
        lines: list[list[tuple[int, Area]]] = []
        number = 0
        for panels in self.lines:
            lines.append([])
            for area in panels:
                line = lines[-1]
                if line and area.right - line[0][1].left > limit:
                    lines.append([])
                lines[-1].append((number, area))
                number += 1
        widths = [line[-1][1].right - line[0][1].left for line in lines]
        wide, down = max(widths), EDGE / 2
        moves: list[tuple[float, float]] = [(0.0, 0.0)] * number
        for line, width in zip(lines, widths, strict=True):
            area = Area.around(each for _, each in line)
            right = EDGE + (wide - width) / 2 - area.left
            for panel, _ in line:
                moves[panel] = (right, down - area.top)
            down += area.bottom - area.top + LINES
        return Layout((wide + 2 * EDGE, down - LINES + EDGE / 2), tuple(moves))

    def _moved(self, layout: Layout) -> Iterator[Frame]:
        """The frames with their panels as a layout has them."""
        for frame in self.frames:
            kept = (each for each in frame.shapes if not loose(each))
            shapes = (_moved(each, *layout.moves[self.number(each)]) for each in kept)
            yield replace(frame, shapes=tuple(shapes))


def loose(shape: Shape) -> bool:
    """Whether a shape lies between panels, and would be wrong where these have moved."""
    return isinstance(shape, Line) and shape.between


def _moved(shape: Shape, right: float, down: float) -> Shape:
    if isinstance(shape, Line):
        return Line(
            shape.x + right, shape.y + down, shape.to_x + right, shape.to_y + down,
            shape.stroke, shape.line,
        )  # fmt: skip
    moved: Shape = replace(shape, x=shape.x + right, y=shape.y + down)
    return moved


def _lines(areas: Sequence[Area], cuts: Sequence[float]) -> list[list[Area]]:
    """Columns from left to right; in each of several bands, where the widest gaps lie across."""
    if cuts:
        bands: list[list[Area]] = [[] for _ in range(len(cuts) + 1)]
        for area in areas:
            bands[bisect(cuts, area.top)].append(area)
        return [[Area.around(each) for each in _pieces(band, 0)] for band in bands if band]
    across, down = (_pieces(areas, axis) for axis in (0, 1))
    if _widest(down, 1) > _widest(across, 0):
        return [[Area.around(each) for each in _pieces(band, 0)] for band in down]
    return [[Area.around(each) for each in across]]


def _pieces(areas: Sequence[Area], axis: int) -> list[list[Area]]:
    """Areas with paper between them along an axis."""
    found: list[list[Area]] = []
    end = -LEAST
    for area in sorted(areas, key=lambda each: each.span(axis)):
        first, last = area.span(axis)
        if not found or first - end > LEAST:
            found.append([])
        found[-1].append(area)
        end = max(end, last) if len(found[-1]) > 1 else last
    return found


def _widest(pieces: Sequence[Sequence[Area]], axis: int) -> float:
    spans = [Area.around(each).span(axis) for each in pieces]
    return max((b[0] - a[1] for a, b in pairwise(spans)), default=0.0)

"""Frames over a ground that they share: what each draws anew, so that it shows its own shapes.

Whatever a frame draws, what was there before must be gone and what lies above must lie above. Pixel
by pixel the last shape counts. The ground therefore has only such shapes of the first frame as
every other frame has too, or hides under a box of its own; and of the shapes of the ground, a frame
draws again those that lie above anything that it draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from itertools import product

from convgraph.figures.motion.area import Area
from convgraph.figures.motion.shapes import Box, Frame, Line, Pixels, Shape, Text

__all__ = ["layered"]

TILE = 48.0  # points; two shapes are compared where they touch the same tile of the frame
NEAR = 0.01  # points by which neighbours may overlap without one lying above the other

Place = tuple[float, float, float, float]


def layered(frames: Sequence[Frame]) -> tuple[tuple[Shape, ...], list[tuple[Shape, ...]]]:
    """The shapes that frames share, and what each frame draws over them, its words last."""
    ground, over = _shared(_Film([frame.shapes for frame in frames]))
    return ground, [(*some, *frame.lines) for some, frame in zip(over, frames, strict=True)]


class _Film:
    """The shapes of all frames, equal to no others but themselves: to compare them takes long."""

    def __init__(self, shapes: Sequence[tuple[Shape, ...]]) -> None:
        self.shapes = shapes

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.shapes)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Film)
            and len(self.shapes) == len(other.shapes)
            and all(one is two for one, two in zip(self.shapes, other.shapes, strict=True))
        )


@lru_cache(maxsize=2)  # to lay a film out and to save it ask for the same
def _shared(film: _Film) -> tuple[tuple[Shape, ...], list[tuple[Shape, ...]]]:
    homes = _homes(film.shapes[0])
    ground = dict.fromkeys(homes)
    for each in film.shapes[1:]:
        shapes, boxes = set(each), _filled(each)
        for shape in [some for some in ground if some not in shapes]:
            if not _covers(boxes.get(homes[shape]), shape):
                del ground[shape]
    return tuple(ground), [tuple(_over(each, ground.keys(), homes)) for each in film.shapes]


def _homes(shapes: Sequence[Shape]) -> dict[Shape, Place | None]:
    """For each shape the place of the box that it is, or that it stands in."""
    tiles = _Tiles()
    homes: dict[Shape, Place | None] = {}
    for shape in shapes:
        area = Area.of(shape)
        if isinstance(shape, Box):
            homes[shape] = _place(shape) if shape.fill else None
            if shape.fill:
                tiles.add(shape, area)
        elif isinstance(shape, Pixels):
            homes[shape] = _place(shape)
        elif isinstance(shape, Text):
            around = [box for box in tiles.near(area) if isinstance(box, Box)]
            inside = [box for box in around if Area.of(box).holds(area)]
            homes[shape] = _place(inside[-1]) if inside else None
        else:
            homes[shape] = None
    return homes


def _place(box: Box | Pixels) -> Place:
    return box.x, box.y, box.width, box.height


def _filled(shapes: Sequence[Shape]) -> dict[Place | None, Box | Pixels]:
    whole = (each for each in shapes if isinstance(each, Box | Pixels))
    return {_place(each): each for each in whole if isinstance(each, Pixels) or each.fill}


def _covers(box: Box | Pixels | None, shape: Shape) -> bool:
    """Whether nothing is seen of a shape when the box that has its place is drawn over it."""
    if box is None or not isinstance(shape, Box) or isinstance(box, Pixels):
        return box is not None and (isinstance(box, Box) or isinstance(shape, Pixels))
    broken = box.dash and not shape.dash
    return box.line >= shape.line and bool(box.stroke or not shape.stroke) and not broken


def _over(
    shapes: Sequence[Shape], ground: Set[Shape], homes: dict[Shape, Place | None]
) -> list[Shape]:
    """What is not there yet, what hides what should be gone, and what lies above either."""
    boxes, own = _filled(shapes), set(shapes)
    covers = {boxes[homes[shape]] for shape in ground if shape not in own}
    drawn: list[Shape] = []
    tiles = _Tiles()
    for shape in shapes:
        area = Area.of(shape)
        if shape in ground and shape not in covers and not tiles.under(shape, area):
            continue
        drawn.append(shape)
        tiles.add(shape, area)
    return drawn


class _Tiles:
    """Shapes by the tiles of a frame that they touch."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], list[tuple[Shape, Area]]] = {}

    def add(self, shape: Shape, area: Area) -> None:
        for tile in _tiles(area):
            self.found.setdefault(tile, []).append((shape, area))

    def near(self, area: Area) -> Iterator[Shape]:
        """The shapes in the tiles of an area."""
        for tile in _tiles(area):
            yield from (shape for shape, _ in self.found.get(tile, ()))

    def under(self, shape: Shape, area: Area) -> bool:
        """Whether a shape lies above one of these."""
        return any(
            _meet(shape, area, other, there)
            for tile in _tiles(area)
            for other, there in self.found.get(tile, ())
        )


def _tiles(area: Area) -> Iterator[tuple[int, int]]:
    return product(
        range(int(area.left // TILE), int(area.right // TILE) + 1),
        range(int(area.top // TILE), int(area.bottom // TILE) + 1),
    )


def _meet(shape: Shape, area: Area, other: Shape, there: Area) -> bool:
    """Whether two shapes have a point in common: of cells side by side, one of a broken line."""
    broken = any(isinstance(each, Box) and (each.dash or not each.fill) for each in (shape, other))
    lines = [each.line for each in (shape, other) if isinstance(each, Box | Line)]
    room = max(lines, default=0.0) if broken else -NEAR
    if not area.meets(there, room):
        return False
    for line, box in ((shape, there), (other, area)):
        if isinstance(line, Line) and not _crosses(line, box):
            return False
    return True


def _crosses(line: Line, area: Area) -> bool:
    """Whether a rectangle has corners on both sides of a line, or on it."""
    across, down = line.to_x - line.x, line.to_y - line.y
    corners = product((area.left, area.right), (area.top, area.bottom))
    sides = [across * (y - line.y) - down * (x - line.x) for x, y in corners]
    near = line.line * (abs(across) + abs(down))
    return min(sides) <= near and max(sides) >= -near

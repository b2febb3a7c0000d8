"""What is in a picture, as data: units, edges and text with their places; no format yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from convgraph.core.network import Network
from convgraph.figures.routes import Point, Route

__all__ = [
    "Direction",
    "Edge",
    "Kind",
    "Line",
    "LineStyle",
    "Mark",
    "Panel",
    "Shape",
    "Text",
    "Unit",
]

Direction: TypeAlias = Literal["up", "down", "right", "left"]
Kind: TypeAlias = Literal["dots", "padding", "cell", "box", "image", "key", "zero"]
LineStyle: TypeAlias = Literal["solid", "dashed", "dotted"]
Shape: TypeAlias = Literal["circle", "square", "diamond"]

# Of as much area as a circle: half the side, and half the diagonal, in radii.
SQUARE, DIAMOND = math.sqrt(math.pi) / 2, math.sqrt(math.pi / 2)


@dataclass(frozen=True)
class Unit:
    """A circle: the unit's name, what is written in it, its place and the colours that fill it.

    Of several colours each has a part of the unit; without any it has the theme's. With a `side` in
    points it is a square cell of a grid, otherwise a `shape` of some share of the usual size.
    `valued` tells a value that somebody wrote into it from a name or a count; `called` is what
    stands there without either; `line` is the colour of its outline; its `letters` are at most of
    that size; a `label` is what was to stand there whole, where it is cut.
    """

    name: str
    row: str
    text: str
    x: float
    y: float
    fills: tuple[str, ...] = ()
    side: float | None = None
    valued: bool = False
    called: str = ""
    shape: Shape = "circle"
    size: float = 1.0
    line: str | None = None
    letters: float | None = None
    label: str = ""

    @property
    def extent(self) -> float:
        """Half of its width and of its height, in radii of the usual unit."""
        return self.size * {"circle": 1.0, "square": SQUARE, "diamond": DIAMOND}[self.shape]

    def reach(self, x: float, y: float, radius: float) -> float:
        """How far it is from its middle to its border in the direction of a unit vector."""
        far = {"circle": 1.0, "square": max(abs(x), abs(y)), "diamond": abs(x) + abs(y)}
        return radius * self.extent / far[self.shape]

    @property
    def shaded(self) -> bool:
        """Whether it is filled with more than the theme's colour of units."""
        return bool(self.fills)


@dataclass(frozen=True)
class Edge:
    """An arrow; `strong` ones are black where others are grey, and are drawn over them.

    Its colour is the author's, or None for the theme's; its width a share of the usual. The `label`
    is what is to stand beside it, whether there is room for it or not.
    """

    source: str
    target: str
    key: int
    parameter: str
    route: Route
    strong: bool
    emphasized: bool
    color: str | None = None
    width: float = 1.0
    line: LineStyle = "solid"
    label: str = ""


@dataclass(frozen=True)
class Text:
    """Letters beside an edge, or a caption; (x, y) is its middle, or that of its left side.

    What is `masking` has the paper's colour behind it, over the edge that it stands on; a `symbol`
    is typeset as a name.
    """

    text: str
    x: float
    y: float
    width: float
    size: float
    edge: Edge | None = None
    masking: bool = False
    left: bool = False
    symbol: bool = False


@dataclass(frozen=True)
class Mark:
    """What is no unit of the network: padding, "..." for units left out, a cell, a box, an image.

    (x, y) is its middle; a name tells it from all others of its panel, units included. An image
    has the `content` of a PNG file, the cell of a kernel its `parameter`, that of a matrix the
    `ends` of its connection, the unit that reads and the one that is read, a "..." the `fills` of
    all the units that it stands for.
    """

    name: str
    kind: Kind
    text: str
    x: float
    y: float
    width: float
    height: float
    size: float
    fill: str | None = None
    content: bytes | None = field(default=None, repr=False)
    ends: tuple[str, str] | None = None
    parameter: str | None = None
    fills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """An arrow between units or marks that is no connection between two units that are drawn.

    Its `label` is what is to stand beside it, as that of an edge.
    """

    source: str
    target: str
    route: Route
    dashed: bool = False
    strong: bool = True
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing; the lowest row is at y = 0, points are the unit.

    `row_distance`, in column pitches, is that of rows of which nobody asked for another.
    """

    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    texts: tuple[Text, ...]
    height: float
    description: str
    network: Network | None = field(default=None, repr=False, compare=False)
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    row_distance: float = 1.0

    @property
    def cells(self) -> bool:
        """Whether the units are cells of grids."""
        return any(unit.side is not None for unit in self.units)

    @property
    def span(self) -> tuple[float, float]:
        """The x of the leftmost and of the rightmost middle, edges of marks and texts included."""
        sides = [(u.x - (u.side or 0) / 2, u.x + (u.side or 0) / 2) for u in self.units]
        sides += [(m.x - m.width / 2, m.x + m.width / 2) for m in self.marks]
        for text in self.texts:
            low = text.x if text.left else text.x - text.width / 2
            sides.append((low, low + text.width))
        return min(low for low, _ in sides), max(high for _, high in sides)

    def tall(self, radius: float) -> tuple[float, float]:
        """The lowest and the highest y of all that is drawn, with units of this radius."""
        ends = [(u.y, u.side / 2 if u.side else radius * u.extent) for u in self.units]
        ends += [(mark.y, mark.height / 2) for mark in self.marks]
        ends += [(t.y, t.size * (1 + 1.2 * t.text.count("\n")) / 2) for t in self.texts]
        return min(y - half for y, half in ends), max(y + half for y, half in ends)

    def moved(self, across: float, up: float) -> Panel:
        """The panel with everything in it moved."""
        return self._placed(lambda x, y: (x + across, y + up), self.height + up)

    def facing(self, direction: Direction) -> Panel:
        """The panel, which runs upwards, in another direction.

        What stood first in its row is on the left, or on top. Its texts are for their own places,
        and stay.
        """
        if direction == "up":
            return self
        across = [unit.x for unit in self.units] + [mark.x for mark in self.marks]
        side, low, tall = max(across), min(across), self.height
        turn: Callable[[float, float], Point] = {
            "right": lambda x, y: (y, side - x),
            "left": lambda x, y: (tall - y, side - x),
            "down": lambda x, y: (x, tall - y),
        }[direction]
        height = tall if direction == "down" else side - low
        return replace(self._placed(turn, height), texts=self.texts)

    def _placed(self, at: Callable[[float, float], Point], height: float) -> Panel:
        def way(route: Route) -> Route:
            return Route(tuple(at(*point) for point in route.points), at(*route.tip))

        units, marks, texts = [], [], []
        for unit in self.units:
            x, y = at(unit.x, unit.y)
            units.append(replace(unit, x=x, y=y))
        for mark in self.marks:
            x, y = at(mark.x, mark.y)
            marks.append(replace(mark, x=x, y=y))
        for text in self.texts:
            x, y = at(text.x, text.y)
            texts.append(replace(text, x=x, y=y))
        return replace(
            self,
            units=tuple(units),
            marks=tuple(marks),
            texts=tuple(texts),
            edges=tuple(replace(edge, route=way(edge.route)) for edge in self.edges),
            lines=tuple(replace(line, route=way(line.route)) for line in self.lines),
            height=height,
        )

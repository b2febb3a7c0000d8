"""What is in a picture, as data: units, edges and text with their places; no format yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from convgraph.core.network import Network
from convgraph.figures.routes import Point, Route

__all__ = ["Edge", "Kind", "Line", "Mark", "Panel", "Text", "Unit"]

Kind: TypeAlias = Literal["dots", "padding", "cell", "box", "image"]


@dataclass(frozen=True)
class Unit:
    """A circle: the unit's name, what is written in it, its place and the colours that fill it.

    Of several colours each has a part of the unit; without any it has the theme's. With a `side` in
    points it is a square cell of a grid. `valued` tells a value that somebody wrote into it from a
    name or a count; `called` is what stands there without either.
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

    @property
    def shaded(self) -> bool:
        """Whether it is filled with more than the theme's colour of units."""
        return bool(self.fills)


@dataclass(frozen=True)
class Edge:
    """An arrow; `strong` ones are black where others are grey, and are drawn over them."""

    source: str
    target: str
    key: int
    parameter: str
    route: Route
    strong: bool
    emphasized: bool


@dataclass(frozen=True)
class Text:
    """Letters beside an edge, or a caption; (x, y) is its middle."""

    text: str
    x: float
    y: float
    width: float
    size: float
    edge: Edge | None = None


@dataclass(frozen=True)
class Mark:
    """What is no unit of the network: padding, "..." for units left out, a cell, a box, an image.

    (x, y) is its middle; a name tells it from all others of its panel, units included. An image
    has the `content` of a PNG file, the cell of a kernel its `parameter`.
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
    parameter: str | None = None


@dataclass(frozen=True)
class Line:
    """An arrow between units or marks that is no connection between two units that are drawn."""

    source: str
    target: str
    route: Route
    dashed: bool = False
    strong: bool = True


@dataclass(frozen=True)
class Panel:
    """One drawing; the lowest row is at y = 0, points are the unit."""

    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    texts: tuple[Text, ...]
    height: float
    description: str
    network: Network | None = field(default=None, repr=False, compare=False)
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def cells(self) -> bool:
        """Whether the units are cells of grids."""
        return any(unit.side is not None for unit in self.units)

    @property
    def span(self) -> tuple[float, float]:
        """The x of the leftmost and of the rightmost middle, edges of marks and texts included."""
        sides = [(u.x - (u.side or 0) / 2, u.x + (u.side or 0) / 2) for u in self.units]
        sides += [(m.x - m.width / 2, m.x + m.width / 2) for m in self.marks]
        sides += [(t.x - t.width / 2, t.x + t.width / 2) for t in self.texts]
        return min(low for low, _ in sides), max(high for _, high in sides)

    def moved(self, across: float, up: float) -> Panel:
        """The panel with everything in it moved."""
        return self._placed(lambda x, y: (x + across, y + up), self.height + up)

    def turned(self) -> Panel:
        """The panel with its rows as columns: what was at the bottom is on the left.

        What stood first in its row is on top. Its texts are for their own places, and stay.
        """
        columns = [unit.x for unit in self.units] + [mark.x for mark in self.marks]
        top, low = max(columns), min(columns)
        return replace(self._placed(lambda x, y: (y, top - x), top - low), texts=self.texts)

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

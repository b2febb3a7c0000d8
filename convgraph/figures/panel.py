"""What is in a picture, as data: units, edges and text with their places; no format yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from convgraph.core.network import Network
from convgraph.figures.routes import Route

__all__ = ["Edge", "Kind", "Line", "Mark", "Panel", "Text", "Unit"]

Kind: TypeAlias = Literal["dots", "padding", "cell", "box"]


@dataclass(frozen=True)
class Unit:
    """A circle: the unit's name, what is written in it, its place and its fill.

    With a `side` in points it is a square cell of a grid.
    """

    name: str
    row: str
    text: str
    x: float
    y: float
    fill: str
    shaded: bool
    side: float | None = None


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
    """What is no unit of the network: padding, "..." for units left out, a cell, a box of text.

    (x, y) is its middle; a name tells it from all others of its panel, units included.
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
    def span(self) -> tuple[float, float]:
        """The x of the leftmost and of the rightmost middle, edges of marks and texts included."""
        sides = [(u.x - (u.side or 0) / 2, u.x + (u.side or 0) / 2) for u in self.units]
        sides += [(m.x - m.width / 2, m.x + m.width / 2) for m in self.marks]
        sides += [(t.x - t.width / 2, t.x + t.width / 2) for t in self.texts]
        return min(low for low, _ in sides), max(high for _, high in sides)


def turned(panel: Panel) -> Panel:
    """The panel with its rows as columns: what was at the bottom is on the left.

    What stood first in its row is on top. Texts stay where they are.
    """
    columns = [unit.x for unit in panel.units] + [mark.x for mark in panel.marks]
    top, low = max(columns), min(columns)

    def point(x: float, y: float) -> tuple[float, float]:
        return y, top - x

    def way(route: Route) -> Route:
        return Route(tuple(point(*p) for p in route.points), point(*route.tip))

    def moved(item: Unit) -> Unit:
        x, y = point(item.x, item.y)
        return replace(item, x=x, y=y)

    def moved_mark(item: Mark) -> Mark:
        x, y = point(item.x, item.y)
        return replace(item, x=x, y=y)

    return replace(
        panel,
        units=tuple(map(moved, panel.units)),
        marks=tuple(map(moved_mark, panel.marks)),
        edges=tuple(replace(edge, route=way(edge.route)) for edge in panel.edges),
        lines=tuple(replace(line, route=way(line.route)) for line in panel.lines),
        height=top - low,
    )

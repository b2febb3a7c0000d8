"""What is in a picture, as data: units, edges and text with their places; no format yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from convgraph.core.network import Network
from convgraph.figures.routes import Route

__all__ = ["Edge", "Panel", "Text", "Unit"]


@dataclass(frozen=True)
class Unit:
    """A circle: the unit's name, what is written in it, its place and its fill."""

    name: str
    row: str
    text: str
    x: float
    y: float
    fill: str
    shaded: bool


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
class Panel:
    """One network, drawn; the lowest row is at y = 0, points are the unit."""

    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    texts: tuple[Text, ...]
    height: float
    description: str
    network: Network = field(repr=False, compare=False)

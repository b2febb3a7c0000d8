"""Which connections are drawn, on which way, and how they look."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from convgraph.core.network import Network
from convgraph.figures.looks import EdgeLook
from convgraph.figures.panel import Edge, Unit
from convgraph.figures.parts import Mask
from convgraph.figures.routes import Route, route
from convgraph.figures.theme import Theme

__all__ = ["drawn_edges"]


def drawn_edges(
    network: Network,
    theme: Theme,
    units: Sequence[Unit],
    drawn: Mask,
    strong: Any,
    chosen: Sequence[int],
    looks: Mapping[int, EdgeLook],
    labels: Sequence[str],
) -> list[Edge]:
    """The connections with these numbers in the edge table, each around the units in its way."""
    table = network.edges
    names = [str(label) for label in table.labels] if len(table.labels) <= 10_000 else None
    levels: dict[float, list[float]] = {}
    for unit, there in zip(units, drawn.tolist(), strict=True):
        if there:
            levels.setdefault(unit.y, []).append(unit.x)
    heights = sorted(levels)
    pairs = [(int(table.source[n]), int(table.target[n])) for n in chosen]
    several: dict[tuple[int, int], int] = {}
    for pair in pairs:
        several[pair] = several.get(pair, 0) + 1
    seen: dict[tuple[int, int], int] = {}
    widest = max((unit.size for unit in units), default=1.0)
    result = []
    for number, pair, beside in zip(chosen, pairs, labels, strict=True):
        source, target = units[pair[0]], units[pair[1]]
        key = seen[pair] = seen.get(pair, -1) + 1
        label = table.label[number]
        look = looks.get(number, EdgeLook())
        turn = key - (several[pair] - 1) / 2
        result.append(
            Edge(
                source.name,
                target.name,
                key,
                names[label] if names is not None else str(table.labels[label]),
                _route(source, target, heights, levels, theme, turn, widest),
                strong is None or bool(strong[number]),
                strong is not None and bool(strong[number]),
                look.color,
                look.width or 1.0,
                look.line or "solid",
                beside,
            )
        )
    return result


def _route(
    source: Unit,
    target: Unit,
    heights: Sequence[float],
    levels: Mapping[float, Sequence[float]],
    theme: Theme,
    turn: float,
    widest: float,
) -> Route:
    first, last = bisect.bisect_right(heights, source.y), bisect.bisect_left(heights, target.y)
    between = {y: levels[y] for y in heights[first:last]}
    start, end = (source.x, source.y), (target.x, target.y)
    radius = theme.radius * widest + theme.stroke / 2

    def border(unit: Unit) -> Any:
        return lambda x, y: unit.reach(x, y, theme.radius) + theme.stroke / 2

    ends = border(source), border(target)
    return route(start, end, between, radius, 10 * theme.arrow, turn, ends)

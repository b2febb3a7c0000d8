"""From a network and what is to be shown of it to a panel."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.figures.layout import Layout, layout
from convgraph.figures.lettering import captions_of, headings_of, letters_at
from convgraph.figures.marks import Emphasis, Shade, emphasized, fills, letters_of
from convgraph.figures.omitted import Omitted
from convgraph.figures.panel import Edge, Panel, Unit
from convgraph.figures.parts import Mask, close_up, shown_units, targets_with_edges
from convgraph.figures.routes import CLEARANCE, Route, route
from convgraph.figures.theme import Theme
from convgraph.figures.words import shades

__all__ = ["MOST_EDGES", "MOST_UNITS", "Direction", "Wish", "build", "written_values"]

MOST_UNITS = 1_000
MOST_EDGES = 5_000
MOST_COUNTED = 2_000_000  # units and connections to choose from, where only some are drawn

Direction: TypeAlias = Literal["up", "right"]

MOST_READ = 40  # units or connections that a description names

WITH_NAMES = 1.5  # pitches between rows whose edges have names beside them


@dataclass(frozen=True)
class Wish:
    """What a caller of `draw` asks for; see there."""

    shade: Shade = None
    emphasize: Emphasis = None
    letters: Any = None
    values: Mapping[str, Any] | None = None
    captions: str | Mapping[str, str] | None = None
    headings: Mapping[str, str] | None = None
    show: Any = None
    edges_of: Any = None
    padding: bool = False
    direction: Direction = "up"
    row_distance: float | None = None


def build(network: Network, theme: Theme, wish: Wish) -> Panel:
    """The panel of a network."""
    most = MOST_COUNTED if wish.show is not None or wish.edges_of is not None else None
    _check_size(network, _units(network), _connections(network), most)
    shown = shown_units(network, wish.show)
    fill_of = fills(network, wish.shade, theme.shade)
    strong = emphasized(network, wish.emphasize)
    letter = letters_of(network, wish.letters)
    places = _places(network, theme, wish, letter, shown)
    units = _all_units(network, theme, places, fill_of, written_values(network, wish.values))
    drawn = np.concatenate([shown[row.name] for row in network.rows])
    wanted = targets_with_edges(network, wish.edges_of)
    kept = np.concatenate([wanted[row.name] for row in network.rows])
    table = network.edges
    visible = drawn[table.source] & drawn[table.target] & kept[table.target]
    _check_size(network, int(drawn.sum()), int(visible.sum()))
    omitted = Omitted(network, theme, units, shown, wanted, places)
    marks = [*omitted.dots(), *omitted.dots_between_rows()]
    lines = omitted.dashed(drawn, kept, strong)
    if wish.padding:
        marks += omitted.padding()
        lines += omitted.padding_lines(emphasis=strong is not None)
        _check_size(network, int(drawn.sum()) + len(marks), int(visible.sum()) + len(lines))
    chosen = np.flatnonzero(visible)
    edges = _edges(network, theme, units, drawn, strong, chosen)
    seen = tuple(unit for unit, there in zip(units, drawn.tolist(), strict=True) if there)
    panel = Panel(
        seen,
        tuple(edges),
        (),
        max(unit.y for unit in seen),
        "",
        network,
        tuple(marks),
        tuple(lines),
    )
    panel = replace(panel, description=_description(panel, theme, wish))
    return _with_texts(panel, theme, wish, letter, chosen, places)


def _with_texts(
    panel: Panel,
    theme: Theme,
    wish: Wish,
    letter: Sequence[str] | None,
    chosen: Any,
    places: Layout,
) -> Panel:
    across = wish.direction == "right"
    if across:
        panel = panel.turned()
    texts = []
    if letter is not None:
        texts = letters_at(panel.edges, [letter[i] for i in chosen.tolist()], theme, across)
    if wish.captions:
        texts += captions_of(panel, wish.captions, places, theme, across)
    if wish.headings:
        texts += headings_of(panel, wish.headings, theme, across)
    return replace(panel, texts=tuple(texts))


def _units(network: Network) -> int:
    return sum(int(np.prod(row.numbers(), dtype=object)) for row in network.rows)


def _connections(network: Network) -> int:
    return sum(int(layer.connections) for layer in network.layers)


def _check_size(network: Network, units: int, edges: int, most: int | None = None) -> None:
    if units > (most or MOST_UNITS) or edges > (most or MOST_EDGES):
        raise ConvgraphError(
            f"network={network!r}: {units:,} units and {edges:,} connections are too many to draw "
            f"(at most {most or MOST_UNITS:,} and {most or MOST_EDGES:,}); draw the same layers on "
            "a smaller input, show=10 for the ends of each row alone, or ask receptive_field, "
            "uses or sparsity"
        )


def _places(
    network: Network,
    theme: Theme,
    wish: Wish,
    letter: Sequence[str] | None,
    shown: Mapping[str, Mask],
) -> Layout:
    wide = max(map(len, letter or [""])) > 1
    least = max(theme.row_distance, WITH_NAMES) if wide else theme.row_distance
    radius = (1 + CLEARANCE) * (theme.radius + theme.stroke / 2) / theme.pitch
    if all(mask.all() for mask in shown.values()):
        return layout(network, wish.row_distance, least, radius)
    return layout(
        network, wish.row_distance, least, radius, closed=lambda x, level: close_up(x, level, shown)
    )


def _all_units(
    network: Network,
    theme: Theme,
    places: Layout,
    fill_of: Mapping[str, tuple[str, ...]],
    written: Mapping[str, str],
) -> list[Unit]:
    return [
        Unit(
            name,
            row.name,
            written.get(name, name),
            float(x) * theme.pitch,
            places.y(row.name) * theme.pitch,
            fill_of.get(name, ()),
        )
        for row in network.rows
        for name, x in zip(row.units(), places.x[row.name], strict=True)
    ]


def written_values(network: Network, values: Mapping[str, Any] | None) -> dict[str, str]:
    """What stands in units that show a value instead of their name."""
    result = {}
    for key, value in (values or {}).items():
        row = next((row for row in network.rows if row.name == key), None)
        if row is None:
            network.find(key)
            result[key] = _number(value)
            continue
        array = np.asarray(value, dtype=object)
        if array.size != row.size:
            raise ConvgraphError(
                f"values[{key!r}]={value!r}: one value for each of the {row.size} units of the row"
            )
        result.update(zip(row.units(), map(_number, array.ravel().tolist()), strict=True))
    return result


def _number(value: Any) -> str:
    """A value as the book writes it, without the zero before the point.

    >>> _number(0.1), _number(1.0), _number(-0.25), _number("...")
    ('.1', '1', '-.25', '...')
    """
    if isinstance(value, Fraction) or not isinstance(value, int | float | np.number):
        return str(value)
    text = f"{float(value):.4g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _edges(
    network: Network, theme: Theme, units: Sequence[Unit], drawn: Mask, strong: Any, chosen: Any
) -> list[Edge]:
    table = network.edges
    names = [str(label) for label in table.labels] if len(table.labels) <= 10_000 else None
    levels: dict[float, list[float]] = {}
    for unit, there in zip(units, drawn.tolist(), strict=True):
        if there:
            levels.setdefault(unit.y, []).append(unit.x)
    heights = sorted(levels)
    pairs = list(zip(table.source[chosen].tolist(), table.target[chosen].tolist(), strict=True))
    several: dict[tuple[int, int], int] = {}
    for pair in pairs:
        several[pair] = several.get(pair, 0) + 1
    seen: dict[tuple[int, int], int] = {}
    result = []
    numbers, labels = chosen.tolist(), table.label[chosen].tolist()
    for number, pair, label in zip(numbers, pairs, labels, strict=True):
        source, target = units[pair[0]], units[pair[1]]
        key = seen[pair] = seen.get(pair, -1) + 1
        result.append(
            Edge(
                source.name,
                target.name,
                key,
                names[label] if names is not None else str(table.labels[label]),
                _route(source, target, heights, levels, theme, key - (several[pair] - 1) / 2),
                strong is None or bool(strong[number]),
                strong is not None and bool(strong[number]),
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
) -> Route:
    first, last = bisect.bisect_right(heights, source.y), bisect.bisect_left(heights, target.y)
    between = {y: levels[y] for y in heights[first:last]}
    start, end = (source.x, source.y), (target.x, target.y)
    radius = theme.radius + theme.stroke / 2
    return route(start, end, between, radius, 10 * theme.arrow, turn)


def _description(panel: Panel, theme: Theme, wish: Wish) -> str:
    """What the picture shows, for those who do not see it."""
    network = panel.network
    assert network is not None
    rows = ", ".join(
        f"{row.name} ({units[0]} to {units[-1]})" if len(units := row.units()) > 1 else units[0]
        for row in network.rows
    )
    count, drawn = _connections(network), len(panel.units)
    kind = "Rows of units from the bottom" if wish.direction == "up" else "Columns from the left"
    text = f"{kind}: {rows}; {count} connections."
    if drawn < _units(network) or len(panel.edges) < count:
        text += f" Drawn: {drawn} units and {len(panel.edges)} connections."
    padding = sum(mark.kind == "padding" for mark in panel.marks)
    if padding:
        text += f" Padding: {padding} black units."
    for row in network.rows:
        written = [u.text for u in panel.units if u.row == row.name and u.text != u.name]
        if any(written) and len(written) <= MOST_READ:
            text += f" Written in {row.name}: {' '.join(written)}."
    text = " ".join([text, *shades(network, panel.units, theme.shade)])
    if wish.emphasize is not None:
        strong = [edge for edge in panel.edges if edge.emphasized]
        named = ", ".join(f"{edge.source} to {edge.target}" for edge in strong[:MOST_READ])
        text += f" Emphasized: {len(strong)} connections ({named})."
    return text

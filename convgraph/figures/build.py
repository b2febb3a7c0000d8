"""From a network and what is to be shown of it to a panel."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.figures.layout import Layout, layout
from convgraph.figures.marks import Emphasis, Shade, emphasized, fills, letters_of
from convgraph.figures.panel import Edge, Panel, Text, Unit
from convgraph.figures.routes import CLEARANCE, Route, route
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["MOST_EDGES", "MOST_UNITS", "build"]

MOST_UNITS = 1_000
MOST_EDGES = 5_000

SHARES = (0.5, 0.35, 0.65, 0.25, 0.75)  # along an edge, where its letter may stand
WITH_NAMES = 1.5  # pitches between rows whose edges have names beside them
LETTER_GAP = 3.0  # points between a letter and its edge
CAPTION_GAP = 0.6  # pitches between a caption and the first column


def build(
    network: Network,
    theme: Theme,
    *,
    shade: Shade,
    emphasize: Emphasis,
    letters: Any,
    values: Mapping[str, Any] | None,
    captions: str | Mapping[str, str] | None,
    row_distance: float | None,
) -> Panel:
    """The panel of a network; see `draw` for the arguments."""
    _check_size(network)
    fill_of = fills(network, shade, theme.shade)
    strong = emphasized(network, emphasize)
    letter = letters_of(network, letters)
    written = _written(network, values)
    wide = max(map(len, letter or [""])) > 1
    least = max(theme.row_distance, WITH_NAMES) if wide else theme.row_distance
    radius = (1 + CLEARANCE) * (theme.radius + theme.stroke / 2) / theme.pitch
    places = layout(network, row_distance, least, radius)
    units = [
        Unit(
            name,
            row.name,
            written.get(name, name),
            float(x) * theme.pitch,
            places.y(row.name) * theme.pitch,
            fill_of.get(name, theme.fill),
            name in fill_of,
        )
        for row in network.rows
        for name, x in zip(row.units(), places.x[row.name], strict=True)
    ]
    edges = _edges(network, theme, units, strong)
    texts = _letters(edges, letter, theme) if letter is not None else []
    texts += _captions(network, captions, places, theme, min(unit.x for unit in units))
    return Panel(
        tuple(units),
        tuple(edges),
        tuple(texts),
        max(unit.y for unit in units),
        _description(network, fill_of, edges if strong is not None else []),
        network,
    )


def _check_size(network: Network) -> None:
    units = sum(int(np.prod(row.numbers(), dtype=object)) for row in network.rows)
    edges = sum(int(layer.connections) for layer in network.layers)
    if units > MOST_UNITS or edges > MOST_EDGES:
        raise ConvgraphError(
            f"network={network!r}: {units:,} units and {edges:,} connections are too many to draw "
            f"(at most {MOST_UNITS:,} and {MOST_EDGES:,}); draw the same layers on a smaller "
            "input, or ask receptive_field, uses or sparsity"
        )


def _written(network: Network, values: Mapping[str, Any] | None) -> dict[str, str]:
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


def _edges(network: Network, theme: Theme, units: Sequence[Unit], strong: Any) -> list[Edge]:
    table = network.edges
    names = [str(label) for label in table.labels] if len(table.labels) <= 10_000 else None
    levels: dict[float, list[float]] = {}
    for unit in units:
        levels.setdefault(unit.y, []).append(unit.x)
    heights = sorted(levels)
    pairs = list(zip(table.source.tolist(), table.target.tolist(), strict=True))
    several: dict[tuple[int, int], int] = {}
    for pair in pairs:
        several[pair] = several.get(pair, 0) + 1
    seen: dict[tuple[int, int], int] = {}
    result = []
    for number, (pair, label) in enumerate(zip(pairs, table.label.tolist(), strict=True)):
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


def text_width(text: str, size: float) -> float:
    """About how wide a text is in points; a name's subscript is smaller.

    >>> text_width("x", 10) < text_width("x2,3", 10) < text_width("....", 10)
    True
    """
    symbol = split_symbol(text)
    if symbol is None:
        return 0.48 * size * max(map(len, text.split("\n")))
    return 0.48 * size * len(symbol[0]) + 0.36 * size * len(symbol[1])


def _letters(edges: Sequence[Edge], letters: Sequence[str], theme: Theme) -> list[Text]:
    """Each letter left of the middle of its edge; where another stands there, farther along."""
    result: list[Text] = []
    for edge, letter in zip(edges, letters, strict=True):
        if letter:
            choices = [_beside(edge, share, letter, theme) for share in SHARES]
            free = (text for text in choices if not any(_overlap(text, t) for t in result))
            result.append(next(free, choices[0]))
    return result


def _beside(edge: Edge, share: float, letter: str, theme: Theme) -> Text:
    """A letter left of the point at this share of its edge, off an edge that slants across it."""
    size = theme.letter_size
    width = text_width(letter, size)
    x, y = edge.route.at(share)
    (x0, y0), (x1, y1) = edge.route.points[0], edge.route.tip
    slant = min(abs(x1 - x0) / abs(y1 - y0), 1.5) * size / 4
    return Text(letter, x - width / 2 - LETTER_GAP - slant, y, width, size, edge)


def _overlap(a: Text, b: Text) -> bool:
    return abs(a.x - b.x) < (a.width + b.width) / 2 and abs(a.y - b.y) < (a.size + b.size) * 0.4


def _captions(
    network: Network,
    captions: str | Mapping[str, str] | None,
    places: Layout,
    theme: Theme,
    left: float,
) -> list[Text]:
    """Captions on the left: one beside the whole panel, or one beside each of some layers."""
    if not captions:
        return []
    top = max(places.y(row.name) for row in network.rows)
    beside: list[tuple[str, float]] = []
    if isinstance(captions, str):
        beside = [(captions, top / 2)]
    elif isinstance(captions, Mapping):
        for name, text in captions.items():
            row = network.row(name)
            layer = network._layer_of.get(row.name)
            low = [places.y(joint.source.name) for joint in layer.joints] if layer else []
            at = places.y(row.name)
            beside.append((text, (max(low) + at) / 2 if low else at))
    else:
        raise ConvgraphError(f"captions={captions!r}: a text, or a dict from rows to texts")
    result = []
    for text, y in beside:
        width = text_width(text + " ", theme.caption_size)
        x = left - theme.radius - CAPTION_GAP * theme.pitch - width / 2
        result.append(Text(text, x, y * theme.pitch, width, theme.caption_size))
    return result


def _description(network: Network, fill_of: Mapping[str, str], edges: Sequence[Edge]) -> str:
    """What the picture shows, for those who do not see it."""
    rows = ", ".join(
        f"{row.name} ({units[0]} to {units[-1]})" if len(units := row.units()) > 1 else units[0]
        for row in network.rows
    )
    count = sum(int(layer.connections) for layer in network.layers)
    text = f"Rows of units from the bottom: {rows}; {count} connections."
    if fill_of:
        text += f" Shaded: {', '.join(fill_of)}."
    strong = [edge for edge in edges if edge.emphasized]
    if edges:
        text += f" Emphasized: {len(strong)} connections"
        text += f" ({', '.join(f'{edge.source} to {edge.target}' for edge in strong[:40])})."
    return text

"""A legend: what the colours of a figure mean, beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from convgraph.core.errors import ConvgraphError
from convgraph.figures.colors import as_color, color_name
from convgraph.figures.faces import widest
from convgraph.figures.lettering import text_width
from convgraph.figures.panel import Mark, Panel, Text
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme
from convgraph.figures.words import named

__all__ = ["Legend", "with_legend"]

Legend: TypeAlias = Mapping[str, str] | bool | None

APART = 0.7  # pitches between the figure and its legend
LINE = 1.5  # of the letters' size, from one entry to the next
SWATCH = 0.9  # of the letters' size
MOST_BELOW = 12  # entries below each other, where the figure is not higher


def with_legend(panel: Panel, theme: Theme, legend: Legend) -> Panel:
    """The panel with an entry for each colour, on its right, about its middle.

    Where they are more than the figure is high, they stand in columns.
    """
    if legend is None or legend is False:
        return panel
    used = _used(panel)
    if legend is True:
        entries = _entries(panel)
    elif isinstance(legend, Mapping):
        entries = {as_color(f"legend={{{c!r}: ...}}", c): str(text) for c, text in legend.items()}
    else:
        raise ConvgraphError(f"legend={legend!r}: True, or a dict from colours to texts")
    for color, text in entries.items():
        if color.upper() not in used:
            raise ConvgraphError(
                f"legend={{...: {text!r}}}: nothing in this figure has that colour"
            )
    size = theme.caption_size
    left = max(panel.span[1], max(unit.x for unit in panel.units) + theme.radius)
    left += APART * theme.pitch
    most = max(MOST_BELOW, int(panel.height / (LINE * size)) + 1)
    columns = -(-len(entries) // most)
    most = -(-len(entries) // columns) if columns else 1
    top = panel.height / 2 + (min(most, len(entries)) - 1) * LINE * size / 2
    side = SWATCH * size
    marks, texts = [], []
    right = left
    for number, (color, text) in enumerate(entries.items()):
        if number and number % most == 0:
            left = right + 1.5 * side
        y = top - number % most * LINE * size
        swatch = Mark(f"key,{number + 1}", "key", "", left + side / 2, y, side, side, size, color)
        marks.append(swatch)
        symbol = legend is True and split_symbol(text) is not None
        width = text_width(text, size) if symbol else widest(text, size)
        texts.append(Text(text, left + 1.5 * side, y, width, size, left=True, symbol=symbol))
        right = max(right, left + 1.5 * side + width)
    meanings = "; ".join(f"{color_name(c)} is {text}" for c, text in entries.items())
    words = panel.description if legend is True else f"{panel.description} Legend: {meanings}."
    both = (*panel.marks, *marks), (*panel.texts, *texts)
    return replace(panel, description=words, marks=both[0], texts=both[1])


def _used(panel: Panel) -> set[str]:
    """The colours of units and connections that somebody chose."""
    colors = [color for unit in panel.units for color in (*unit.fills, unit.line)]
    colors += [edge.color for edge in panel.edges]
    colors += [mark.fill for mark in panel.marks]
    return {color.upper() for color in colors if color is not None}


def _entries(panel: Panel) -> dict[str, str]:
    """For each colour the units that have it, or what the connections that have it carry."""
    assert panel.network is not None
    entries: dict[str, str] = {}
    for color in dict.fromkeys(color for unit in panel.units for color in unit.fills):
        entries[color] = named(panel.network, [u.name for u in panel.units if color in u.fills])
    carried: dict[str, list[str]] = {}
    for edge in panel.edges:
        if edge.color is not None:
            known = carried.setdefault(edge.color, [])
            text = edge.label or edge.parameter
            known += [] if text in known else [text]
    for color, names in sorted(carried.items(), key=lambda item: item[1]):
        entries[color] = ", ".join([*([entries[color]] if color in entries else []), *names])
    return entries

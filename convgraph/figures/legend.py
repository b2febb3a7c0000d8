"""A legend: what the colours of a figure mean, beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from convgraph.core.errors import ConvgraphError
from convgraph.figures.colors import as_color, color_name
from convgraph.figures.faces import widest
from convgraph.figures.lettering import text_width
from convgraph.figures.panel import Mark, Panel, Text, Unit
from convgraph.figures.paragraphs import paragraph
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme
from convgraph.figures.words import named

__all__ = ["Legend", "with_legend"]

Legend: TypeAlias = Mapping[str, str] | bool | None

APART = 0.7  # pitches between the figure and its legend
LINE = 1.5  # of the letters' size, from one entry to the next
LEADING = 1.2  # from line to line of one entry
SWATCH = 0.9  # of the letters' size
MOST_BELOW = 12  # entries below each other, where the figure is not higher
LONGEST = 18  # sizes that a line of an entry is wide


def with_legend(
    panel: Panel, theme: Theme, legend: Legend, units: Sequence[Unit] | None = None
) -> Panel:
    """The panel with an entry for each colour, on its right, about its middle.

    Where they are more than the figure is high, they stand in columns. `units` are those that have
    colours, also where not all of them are drawn.
    """
    if legend is None or legend is False:
        return panel
    used = _used(panel)
    if legend is True:
        entries = _entries(panel, panel.units if units is None else units)
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
    texts = [paragraph(text, LONGEST * size, size) for text in entries.values()]
    columns = _columns([_high(text) for text in texts], max(MOST_BELOW, panel.height / size / LINE))
    tallest = max((sum(_high(texts[n]) for n in column) for column in columns), default=0.0)
    side = SWATCH * size
    keys, meant = [], []
    colors = list(entries)
    for column in columns:
        y = panel.height / 2 + (tallest - 1) * LINE * size / 2
        right = left
        for number in column:
            text = texts[number]
            place = left + side / 2, y, side, side, size
            keys.append(Mark(f"key,{number + 1}", "key", "", *place, colors[number]))
            symbol = legend is True and split_symbol(text) is not None
            width = text_width(text, size) if symbol else widest(text + " ", size)
            low = y - LEADING * size * text.count("\n") / 2
            parts = text, left + 1.5 * side, low, width, size
            meant.append(Text(*parts, left=True, symbol=symbol))
            right = max(right, left + 1.5 * side + width)
            y -= _high(text) * LINE * size
        left = right + 1.5 * side
    meanings = "; ".join(f"{color_name(c)} is {text}" for c, text in entries.items())
    words = panel.description if legend is True else f"{panel.description} Legend: {meanings}."
    both = (*panel.marks, *keys), (*panel.texts, *meant)
    return replace(panel, description=words, marks=both[0], texts=both[1])


def _high(text: str) -> float:
    """How many entries of one line are as high as an entry."""
    return 1 + text.count("\n") * LEADING / LINE


def _columns(heights: Sequence[float], most: float) -> list[list[int]]:
    """The entries of each column: one where that is high enough, else about equally high ones.

    >>> _columns([1, 1, 1, 1, 1], 3)
    [[0, 1, 2], [3, 4]]
    """
    count = max(1, math.ceil(sum(heights) / most))
    share = sum(heights) / count
    result: list[list[int]] = [[]]
    filled = 0.0
    for number, height in enumerate(heights):
        if result[-1] and filled + height / 2 > share * len(result):
            result.append([])
        result[-1].append(number)
        filled += height
    return result if heights else []


def _used(panel: Panel) -> set[str]:
    """The colours of units and connections that somebody chose."""
    colors = [color for unit in panel.units for color in (*unit.fills, unit.line)]
    colors += [edge.color for edge in panel.edges if edge.strong]  # all others are grey
    colors += [mark.fill for mark in panel.marks]
    return {color.upper() for color in colors if color is not None}


def _entries(panel: Panel, units: Sequence[Unit]) -> dict[str, str]:
    """For each colour the units that have it, or what the connections that have it carry."""
    assert panel.network is not None
    entries: dict[str, str] = {}
    seen = dict.fromkeys(color for unit in panel.units for color in unit.fills)
    for color in seen:
        entries[color] = named(panel.network, [u.name for u in units if color in u.fills])
    # In the order in which the network counts its parameters: a text would have 10 before 2.
    colored = [edge for edge in panel.edges if edge.color is not None and edge.strong]
    labels = panel.network.labels if colored else ()
    order = {str(label): number for number, label in enumerate(labels)}
    carried: dict[str, dict[str, None]] = {}
    for edge in sorted(colored, key=lambda edge: order[edge.parameter]):
        carried.setdefault(str(edge.color), {})[edge.label or edge.parameter] = None
    for color, names in carried.items():
        entries[color] = ", ".join([*([entries[color]] if color in entries else []), *names])
    return entries

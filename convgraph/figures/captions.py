"""Texts beside what is drawn: captions of layers and headings of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from convgraph.core.checks import as_mapping
from convgraph.core.errors import ConvgraphError
from convgraph.figures.faces import widest
from convgraph.figures.lettering import text_width
from convgraph.figures.panel import Panel, Text
from convgraph.figures.paragraphs import paragraph
from convgraph.figures.routes import Point
from convgraph.figures.theme import Theme

__all__ = ["captions_of", "headings_of"]

CAPTION_GAP = 0.6  # pitches between a caption and the first column
HEADING_GAP = 0.35  # pitches between a heading and its row's units
LONGEST = (18, 26, 36)  # sizes that a line is wide: the first with which lines are few enough
LEADING = 1.2  # from line to line, in sizes of letters


def captions_of(
    panel: Panel, captions: str | Mapping[str, str], theme: Theme, across: bool
) -> list[Text]:
    """One caption on the left of the whole panel, or one for each of some layers.

    Those stand on the left, too, or below where rows are columns. Long ones have several lines.
    """
    line = LEADING * theme.caption_size
    if isinstance(captions, str):
        high = max(panel.height + 2 * theme.radius, 4 * line)
        return [_on_the_left(panel, captions, panel.height / 2, high, theme)]
    if not isinstance(captions, Mapping):
        raise ConvgraphError(f"captions={captions!r}: a text, or a dict from rows to texts")
    assert panel.network is not None
    found = []
    for name, text in captions.items():
        row = panel.network.row(name)
        layer = panel.network._layer_of.get(row.name)
        at = _level(panel, row.name, across)
        sources = [_level(panel, j.source.name, across) for j in layer.joints] if layer else []
        nearest = min(sources, key=lambda level: abs(level - at), default=at)
        found.append((text, (nearest + at) / 2))
    if across:
        return _below(panel, sorted(found, key=lambda caption: caption[1]), theme)
    high = panel.row_distance * theme.pitch
    return [_on_the_left(panel, text, y, high, theme) for text, y in found]


def _level(panel: Panel, row: str, across: bool) -> float:
    return next(unit.x if across else unit.y for unit in panel.units if unit.row == row)


def _middles(panel: Panel) -> list[Point]:
    """Of units, and of the padding and the dots beside them."""
    middles = [(unit.x, unit.y) for unit in panel.units]
    return middles + [(mark.x, mark.y) for mark in panel.marks]


def _on_the_left(panel: Panel, text: str, y: float, high: float, theme: Theme) -> Text:
    size = theme.caption_size
    for longest in LONGEST:
        lines = paragraph(text, longest * size, size)
        if _high(lines, size) <= high:
            break
    width = text_width(lines + " ", size)
    left = min(x for x, _ in _middles(panel))
    x = left - theme.radius - CAPTION_GAP * theme.pitch - width / 2
    return Text(lines, x, y, width, size)


def _high(text: str, size: float) -> float:
    return size * (1 + LEADING * text.count("\n"))


def _below(panel: Panel, captions: Sequence[tuple[str, float]], theme: Theme) -> list[Text]:
    """Captions in one line, and in the next where the one before would be touched."""
    low = min(y for _, y in _middles(panel)) - theme.radius - theme.caption_size
    return _stacked(captions, low, -1, theme)


def _stacked(
    texts: Sequence[tuple[str, float]], start: float, way: int, theme: Theme
) -> list[Text]:
    """Texts by their middles from left to right, from a height downwards (-1) or upwards (1)."""
    size = theme.caption_size
    result: list[Text] = []
    for text, x in texts:
        lines = paragraph(text, LONGEST[0] * size, size)
        width, high = widest(lines + " ", size), _high(lines, size)
        y = start + way * high / 2
        for other in result:
            if x - other.x < (width + widest(other.text + " ", size)) / 2:
                end = other.y + way * (_high(other.text, size) + high + size / 1.5) / 2
                y = max(y, end) if way > 0 else min(y, end)
        result.append(Text(lines, x, y, width, size))
    return result


def headings_of(
    panel: Panel, headings: Mapping[str, str], theme: Theme, across: bool
) -> list[Text]:
    """A text above each of some rows, and below the lowest; above each column if rows are such."""
    as_mapping("headings", headings, "a dict from rows to texts")
    assert panel.network is not None
    size = theme.caption_size
    away = theme.radius + HEADING_GAP * theme.pitch
    found: list[tuple[str, float]] = []
    result = []
    for name, text in headings.items():
        row = panel.network.row(name).name
        units = [unit for unit in panel.units if unit.row == row]
        low, high = min(unit.x for unit in units), max(unit.x for unit in units)
        found.append((text, (low + high) / 2))
        room = max(high - low + theme.pitch, LONGEST[0] * size)
        lines = paragraph(text, room, size)
        off = away + (_high(lines, size) - size) / 2
        y = units[0].y + (off if units[0].y else -off)
        result.append(Text(lines, (low + high) / 2, y, text_width(lines + " ", size), size))
    if across:
        top = max(y for _, y in _middles(panel)) + away - size / 2
        stacked = _stacked(sorted(found, key=lambda heading: heading[1]), top, 1, theme)
        return [replace(each, width=text_width(each.text + " ", size)) for each in stacked]
    return result

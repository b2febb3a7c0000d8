"""Texts beside what is drawn: captions of layers, headings of rows, and how large letters are."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from convgraph.core.checks import as_mapping
from convgraph.core.errors import ConvgraphError
from convgraph.figures.faces import widest
from convgraph.figures.panel import Panel, Text, Unit
from convgraph.figures.routes import Point
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import BOOK, Theme

__all__ = [
    "captions_of", "fitted", "headings_of", "label_size", "letter_width", "room_in", "text_width",
    "wrapped",
]  # fmt: skip

WIDE = "mwMW"  # half as wide again as other letters
NARROWEST = 7.0  # points: the smallest label
LEADING = 1.1  # from line to line, in sizes of letters
CAPTION_GAP = 0.6  # pitches between a caption and the first column
HEADING_GAP = 0.35  # pitches between a heading and its row's units


def text_width(text: str, size: float) -> float:
    """About how wide a text is in points; a name's subscript is smaller.

    >>> text_width("x", 10) < text_width("x2,3", 10) < text_width("....", 10)
    True
    """
    symbol = split_symbol(text)
    if symbol is None:
        return 0.48 * size * max(map(len, text.split("\n")))
    wide = sum(letter in WIDE for letter in symbol[0])
    return size * (0.48 * len(symbol[0]) + 0.22 * wide + 0.36 * len(symbol[1]))


def letter_width(text: str, size: float, theme: Theme) -> float:
    """How wide a letter at an arrow is: in the book's face about so, in any other at most so."""
    return text_width(text, size) if theme.font == BOOK.font else widest(text, size)


def fitted(text: str, full: float, room: float, font: str = "Times") -> float:
    """The size at which a text has room, if it is not smaller than the smallest."""
    # Units are drawn for the book's face; any other may be as wide as the widest.
    width = text_width(text, full) if font == "Times" else widest(text, full)
    if font == "Times" and split_symbol(text) is None:
        width += full * max(sum(0.4 * (c in WIDE) for c in line) for line in text.split("\n"))
    lines = text.count("\n") + 1
    if lines > 1:  # as high as wide
        width = max(width, LEADING * lines * full)
    return max(full * min(1, room / width), min(NARROWEST, full)) if width else full


def room_in(shape: str, size: float, theme: Theme) -> float:
    """How wide a label in a unit of a shape can be."""
    inner = {"circle": 1.0, "square": 1.0, "diamond": 0.8}[shape]
    return theme.diameter * theme.pitch * size * inner - 6


def wrapped(text: str, room: float) -> str:
    """A label in several lines where it is too long for one of the smallest letters.

    >>> wrapped("a long label", 27).split("\\n"), wrapped("short", 27)
    (['a long', 'label'], 'short')
    """
    if "\n" in text or text_width(text, NARROWEST) <= room:
        return text
    most = max(int(room / text_width(".", NARROWEST)), 1)
    return "\n".join(textwrap.wrap(text, most, break_long_words=False)) or text


def label_size(unit: Unit, theme: Theme) -> float:
    """The size of what stands in a circle or in a cell."""
    if unit.side is None:
        room = room_in(unit.shape, unit.size, theme)
        return fitted(unit.text, theme.label_size * min(1.0, unit.size), room, theme.font)
    return fitted(unit.text, 0.55 * unit.side, unit.side - 6, theme.font)


def captions_of(
    panel: Panel, captions: str | Mapping[str, str], theme: Theme, across: bool
) -> list[Text]:
    """One caption on the left of the whole panel, or one for each of some layers.

    Those stand on the left, too, or below where rows are columns.
    """
    if isinstance(captions, str):
        return [_on_the_left(panel, captions, panel.height / 2, theme)]
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
    return [_on_the_left(panel, text, y, theme) for text, y in found]


def _level(panel: Panel, row: str, across: bool) -> float:
    return next(unit.x if across else unit.y for unit in panel.units if unit.row == row)


def _middles(panel: Panel) -> list[Point]:
    """Of units, and of the padding and the dots beside them."""
    middles = [(unit.x, unit.y) for unit in panel.units]
    return middles + [(mark.x, mark.y) for mark in panel.marks]


def _on_the_left(panel: Panel, text: str, y: float, theme: Theme) -> Text:
    width = text_width(text + " ", theme.caption_size)
    left = min(x for x, _ in _middles(panel))
    x = left - theme.radius - CAPTION_GAP * theme.pitch - width / 2
    return Text(text, x, y, width, theme.caption_size)


def _below(panel: Panel, captions: Sequence[tuple[str, float]], theme: Theme) -> list[Text]:
    """Captions in one line, and in the next where the one before would be touched."""
    size = theme.caption_size
    low = min(y for _, y in _middles(panel)) - theme.radius - size
    result: list[Text] = []
    for text, x in captions:
        width = widest(text + " ", size)
        high = size * (1 + 1.2 * text.count("\n"))
        y = low - high / 2
        for other in result:
            bottom = other.y - other.size * (1 + 1.2 * other.text.count("\n")) / 2
            if x - other.x < (width + widest(other.text + " ", size)) / 2:
                y = min(y, bottom - size / 3 - high / 2)
        result.append(Text(text, x, y, width, size))
    return result


def headings_of(
    panel: Panel, headings: Mapping[str, str], theme: Theme, across: bool
) -> list[Text]:
    """A text above each of some rows, and below the lowest; above each column if rows are such."""
    as_mapping("headings", headings, "a dict from rows to texts")
    assert panel.network is not None
    top = max(y for _, y in _middles(panel))
    result = []
    for name, text in headings.items():
        row = panel.network.row(name).name
        units = [unit for unit in panel.units if unit.row == row]
        x = (min(unit.x for unit in units) + max(unit.x for unit in units)) / 2
        away = theme.radius + HEADING_GAP * theme.pitch
        y = top + away if across else units[0].y + (away if units[0].y else -away)
        width = text_width(text + " ", theme.caption_size)
        result.append(Text(text, x, y, width, theme.caption_size))
    return result

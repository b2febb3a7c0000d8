"""How wide and how large letters are: in units and cells, and beside arrows."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Container, Iterable
from dataclasses import replace

from convgraph.figures.faces import TYPEWRITER, room_for, widest
from convgraph.figures.panel import Unit
from convgraph.figures.paragraphs import CUT
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import BOOK, Theme

__all__ = [
    "fits", "fitted", "label_size", "letter_width", "of_one_size", "room_in", "text_width",
    "wrapped",
]  # fmt: skip

_TYPEWRITER = re.compile("(?i)mono|courier|typewriter|console")
_BOLD = re.compile("(?i)bold|black|heavy")
WIDE = "mwMW"  # half as wide again as other letters
NARROWEST = 7.0  # points: the smallest label
LEADING = 1.1  # from line to line, in sizes of letters
OVER = 4.0  # points that a single word may be wider than the room for others


def text_width(text: str, size: float) -> float:
    """About how wide a text is in points; a name's subscript is smaller.

    >>> text_width("x", 10) < text_width("x2,3", 10) < text_width("....", 10)
    True
    """
    symbol = split_symbol(text)
    if symbol is None:
        return 0.48 * size * max(map(_letters, text.split("\n")))
    wide = sum(letter in WIDE for letter in symbol[0])
    return size * (0.48 * _letters(symbol[0]) + 0.22 * wide + 0.36 * len(symbol[1]))


def _letters(text: str) -> float:
    """How many letters a text is as wide as; one of Chinese or Japanese is as wide as two.

    >>> _letters("abc"), _letters("漢字")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) - sum(map(bool, map(unicodedata.combining, text))) + wide


def letter_width(text: str, size: float, theme: Theme) -> float:
    """How wide a letter at an arrow is: in the book's face about so, in any other at most so."""
    return text_width(text, size) if theme.font == BOOK.font else widest(text, size)


def fitted(text: str, full: float, room: float, font: str = "Times") -> float:
    """The size at which a text has room, if it is not smaller than the smallest."""
    width = _width_in(text, full, font)
    return max(full * min(1, room / width), min(NARROWEST, full)) if width else full


def fits(text: str, room: float, font: str = "Times") -> bool:
    """Whether a text has room in the smallest letters."""
    return _width_in(text, NARROWEST, font) <= room


def _width_in(text: str, size: float, font: str) -> float:
    """How wide a text is in a unit, or how high if that is more."""
    # Units are drawn for the book's face; any other may be as wide as the widest.
    if _TYPEWRITER.search(font):
        width = max(widest(text, size), TYPEWRITER * size * max(map(len, text.split("\n"))))
    elif font != "Times":
        width = (room_for if _BOLD.search(font) else widest)(text, size)
    else:
        width = text_width(text, size)
        if split_symbol(text) is None:
            width += size * max(sum(0.4 * (c in WIDE) for c in line) for line in text.split("\n"))
    lines = text.count("\n") + 1
    return max(width, LEADING * lines * size) if lines > 1 else width


def room_in(shape: str, size: float, theme: Theme) -> float:
    """How wide a label in a unit of a shape can be."""
    inner = {"circle": 1.0, "square": 1.0, "diamond": 0.8}[shape]
    return theme.diameter * theme.pitch * size * inner - 6


def wrapped(text: str, room: float, font: str = "Times") -> str:
    """A label in several lines where it is too long for one of the smallest letters.

    What has no room in that many lines is cut.

    >>> wrapped("a long label", 27).split("\\n"), wrapped("short", 27)
    (['a long', 'label'], 'short')
    >>> wrapped("a label that is much too long", 27).split("\\n"), wrapped("unpronounceable", 27)
    (['a label', 'that is', 'much too…'], 'unpronou…')
    """
    lines = text.split("\n")
    wide = _across(text, font)
    if len(lines) == 1 and wide > room:
        most = max(int(room / wide * len(text)), 1)
        lines = textwrap.wrap(text, most, break_long_words=False) or lines
    high = max(int(room / (LEADING * NARROWEST)), 1)
    if len(lines) > high:
        lines = [*lines[: high - 1], lines[high - 1] + CUT]
    return "\n".join(_cut(line, room + OVER, font) for line in lines)


def _across(text: str, font: str) -> float:
    return (text_width if font == BOOK.font else widest)(text, NARROWEST)


def _cut(line: str, room: float, font: str) -> str:
    """As much of a line as has room in the smallest letters."""
    if _across(line, font) <= room:
        return line
    line = line.removesuffix(CUT)
    while len(line) > 1 and _across(line + CUT, font) > room:
        line = line[:-1]
    return line + CUT


def label_size(unit: Unit, theme: Theme) -> float:
    """The size of what stands in a circle or in a cell."""
    if unit.side is None:
        room = room_in(unit.shape, unit.size, theme)
        size = fitted(unit.text, theme.label_size * min(1.0, unit.size), room, theme.font)
    else:
        size = fitted(unit.text, 0.55 * unit.side, unit.side - 6, theme.font)
    return size if unit.letters is None else min(size, unit.letters)


def of_one_size(units: Iterable[Unit], written: Container[str], theme: Theme) -> list[Unit]:
    """Units in which the values of a row are as large as the longest of them can be."""
    found = list(units)
    sizes: dict[str, float] = {}
    for unit in found:
        if unit.name in written and unit.text:
            size = label_size(unit, theme)
            sizes[unit.row] = min(sizes.get(unit.row, size), size)
    return [
        replace(unit, letters=sizes.get(unit.row)) if unit.name in written else unit
        for unit in found
    ]

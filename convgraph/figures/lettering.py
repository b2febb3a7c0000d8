"""Texts beside what is drawn: letters at edges, captions beside layers, headings of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convgraph.core.errors import ConvgraphError
from convgraph.figures.layout import Layout
from convgraph.figures.panel import Edge, Panel, Text, Unit
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["captions_of", "fitted", "headings_of", "label_size", "letters_at", "text_width"]

NARROWEST = 7.0  # points: the smallest label
SHARES = (0.5, 0.35, 0.65, 0.25, 0.75)  # along an edge, where its letter may stand
LETTER_GAP = 3.0  # points between a letter and its edge
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
    return 0.48 * size * len(symbol[0]) + 0.36 * size * len(symbol[1])


def fitted(text: str, full: float, room: float) -> float:
    """The size at which a text has room, if it is not smaller than the smallest."""
    width = text_width(text, full)
    return max(full * min(1, room / width), min(NARROWEST, full)) if width else full


def label_size(unit: Unit, theme: Theme) -> float:
    """The size of what stands in a circle or in a cell."""
    if unit.side is None:
        return fitted(unit.text, theme.label_size, theme.diameter * theme.pitch - 6)
    return fitted(unit.text, 0.55 * unit.side, unit.side - 6)


def letters_at(
    edges: Sequence[Edge], letters: Sequence[str], theme: Theme, across: bool
) -> list[Text]:
    """Each letter left of the middle of its edge; where another stands there, farther along.

    Above the middle where rows are columns.
    """
    result: list[Text] = []
    for edge, letter in zip(edges, letters, strict=True):
        if letter:
            choices = [_beside(edge, share, letter, theme, across) for share in SHARES]
            free = (text for text in choices if not any(_overlap(text, t) for t in result))
            result.append(next(free, choices[0]))
    return result


def _beside(edge: Edge, share: float, letter: str, theme: Theme, across: bool) -> Text:
    """A letter left of the point at this share of its edge, off an edge that slants across it."""
    size = theme.letter_size
    width = text_width(letter, size)
    x, y = edge.route.at(share)
    (x0, y0), (x1, y1) = edge.route.points[0], edge.route.tip
    if across:
        slant = min(abs(y1 - y0) / abs(x1 - x0), 1.5) * width / 3
        return Text(letter, x, y + size / 2 + slant, width, size, edge)
    # An edge that leans to the left comes near the top of an italic letter.
    slant = min(abs(x1 - x0) / abs(y1 - y0), 1.5) * size * (0.4 if x1 < x0 else 0.25)
    return Text(letter, x - width / 2 - LETTER_GAP - slant, y, width, size, edge)


def _overlap(a: Text, b: Text) -> bool:
    return abs(a.x - b.x) < (a.width + b.width) / 2 and abs(a.y - b.y) < (a.size + b.size) * 0.4


def captions_of(
    panel: Panel,
    captions: str | Mapping[str, str],
    places: Layout,
    theme: Theme,
    across: bool,
) -> list[Text]:
    """Captions on the left: one beside the whole panel, or one beside each of some layers."""
    beside: list[tuple[str, float]] = []
    if isinstance(captions, str):
        beside = [(captions, panel.height / 2)]
    elif not isinstance(captions, Mapping):
        raise ConvgraphError(f"captions={captions!r}: a text, or a dict from rows to texts")
    elif across:
        raise ConvgraphError(
            f"captions={captions!r}: beside layers that run upwards; headings stand above columns"
        )
    else:
        assert panel.network is not None
        for name, text in captions.items():
            row = panel.network.row(name)
            layer = panel.network._layer_of.get(row.name)
            low = [places.y(joint.source.name) for joint in layer.joints] if layer else []
            at = places.y(row.name)
            beside.append((text, ((max(low) + at) / 2 if low else at) * theme.pitch))
    left = min(unit.x for unit in panel.units)
    result = []
    for text, y in beside:
        width = text_width(text + " ", theme.caption_size)
        x = left - theme.radius - CAPTION_GAP * theme.pitch - width / 2
        result.append(Text(text, x, y, width, theme.caption_size))
    return result


def headings_of(
    panel: Panel, headings: Mapping[str, str], theme: Theme, across: bool
) -> list[Text]:
    """A text above each of some rows, and below the lowest; above each column if rows are such."""
    if not isinstance(headings, Mapping):
        raise ConvgraphError(f"headings={headings!r}: a dict from rows to texts")
    assert panel.network is not None
    result = []
    for name, text in headings.items():
        row = panel.network.row(name).name
        units = [unit for unit in panel.units if unit.row == row]
        x = (min(unit.x for unit in units) + max(unit.x for unit in units)) / 2
        away = theme.radius + HEADING_GAP * theme.pitch
        y = panel.height + away if across else units[0].y + (away if units[0].y else -away)
        width = text_width(text + " ", theme.caption_size)
        result.append(Text(text, x, y, width, theme.caption_size))
    return result

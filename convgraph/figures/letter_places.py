"""Where letters stand that name connections: beside them, off each other and off other arrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.lettering import text_width
from convgraph.figures.panel import Edge, Panel, Text
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["MOST_MOVED_FOR", "letters_at", "overlaps"]

SHARES = (0.5, 0.35, 0.65, 0.25, 0.75)  # along an edge, where a letter may stand beside it
ACROSS_SHARES = (0.3, 0.22, 0.4, 0.7, 0.78)  # off the middle, where edges that cross would meet
# Where it may stand on it.
ON_SHARES = (
    0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85,
    0.45, 0.55, 0.35, 0.65, 0.25, 0.75, 0.18, 0.82, 0.12, 0.88,
)  # fmt: skip
LETTER_GAP = 3.0  # points between a letter and its edge
# Edges for whose letters rows are moved apart: with more, a figure would become too tall to be
# read, and letters that do not fit are left out.
MOST_MOVED_FOR = 250
# Edges that each letter keeps off, for which it looks at all of them; with more, which takes
# seconds, letters keep off each other alone.
MOST_LOOKED_AT = 1_000
MASK_GAP = 1.0  # and between one that stands on its edge and others
ABOVE, FOOT = 0.35, 0.55  # sizes from the middle of a letter to its top, to its subscript's foot
STEPS = 32  # points of an edge that are looked at

ON_TEXT, ON_UNIT, STRUCK, HIDING = 10.0, 8.0, 3.0, 0.5  # how bad it is to stand so

Places = NDArray[np.floating]


def letters_at(panel: Panel, letters: Sequence[str], theme: Theme, across: bool) -> list[Text]:
    """Each letter left of the middle of its edge, or above it where edges run across.

    Where another letter, a unit or an arrow is in the way, farther along; where that does not help,
    on the edge itself, which is interrupted there. Of so many edges that rows are not moved apart
    for them, a letter that would stand on another is left out: neither could be read.
    """
    crowded = len(panel.edges) > MOST_MOVED_FOR
    units = np.array([(unit.x, unit.y) for unit in panel.units])
    ways = Ways.of(panel.edges) if len(panel.edges) <= MOST_LOOKED_AT else None
    result: list[Text] = []
    taken = np.zeros((len(panel.edges), 4))  # places and sizes of the letters so far
    for number, (edge, letter) in enumerate(zip(panel.edges, letters, strict=True)):
        if not letter:
            continue
        best, least = None, np.inf
        boxes = taken[: len(result)]
        for choice in _choices(edge, letter, theme, across):
            worth = _badness(choice, boxes, units, ways, number, theme)
            if worth < least - 1e-9:
                best, least = choice, worth
            if least == 0:
                break
        assert best is not None
        if crowded and least >= ON_TEXT:
            continue
        taken[len(result)] = best.x, best.y, best.width, best.size
        result.append(best)
    return result


def overlaps(texts: Sequence[Text]) -> int:
    """How many letters stand on one that comes before them."""
    boxes = np.array([(t.x, t.y, t.width, t.size) for t in texts]).reshape(-1, 4)
    return sum(_on_boxes(text, boxes[:i]) > 0 for i, text in enumerate(texts))


@dataclass(frozen=True)
class Ways:
    """Points of all edges from left to right, each with the number of its edge."""

    x: Places
    y: Places
    edge: NDArray[np.intp]

    @classmethod
    def of(cls, edges: Sequence[Edge]) -> Ways:
        """The points that are looked at."""
        shares = np.linspace(0, 1, STEPS, endpoint=False).tolist()
        found = [[*map(edge.route.at, shares), edge.route.tip] for edge in edges]
        x, y = np.array(found).reshape(-1, 2).T
        order = np.argsort(x, kind="stable")
        return cls(x[order], y[order], order // (STEPS + 1))

    def under(self, text: Text) -> set[int]:
        """The numbers of the edges that run through a text."""
        half = text.width / 2
        low = np.searchsorted(self.x, text.x - half, "right")
        high = np.searchsorted(self.x, text.x + half, "left")
        above = self.y[low:high] - text.y
        near = (above < ABOVE * text.size) & (-above < _foot(text.text) * text.size)
        return set(self.edge[low:high][near].tolist())


def _choices(edge: Edge, letter: str, theme: Theme, across: bool) -> Iterator[Text]:
    for share in ACROSS_SHARES if across else SHARES:
        yield _beside(edge, share, letter, theme, across)
    width = text_width(letter, theme.letter_size)
    for share in ON_SHARES:
        x, y = edge.route.at(share)
        yield Text(letter, x, y, width, theme.letter_size, edge, masking=True)


def _beside(edge: Edge, share: float, letter: str, theme: Theme, across: bool) -> Text:
    """A letter left of the point at this share of its edge, off an edge that slants across it."""
    size = theme.letter_size
    width = text_width(letter, size)
    x, y = edge.route.at(share)
    (x0, y0), (x1, y1) = edge.route.points[0], edge.route.tip
    if across:
        slant = min(abs(y1 - y0) / max(abs(x1 - x0), 1), 1.5) * width / 3
        lift = max(size / 2, _foot(letter) * size + 1.5)
        return Text(letter, x, y + lift + slant, width, size, edge)
    # An edge that leans to the left comes near the top of an italic letter.
    leans = (x1 - x0) * (y1 - y0) < 0
    slant = min(abs(x1 - x0) / max(abs(y1 - y0), 1), 1.5) * size * (0.4 if leans else 0.25)
    return Text(letter, x - width / 2 - LETTER_GAP - slant, y, width, size, edge)


def _foot(letter: str) -> float:
    """Sizes from the middle of a letter down to where it ends."""
    symbol = split_symbol(letter)
    return FOOT if symbol is not None and symbol[1] else ABOVE


def _badness(
    text: Text, boxes: Places, units: Places, ways: Ways | None, own: int, theme: Theme
) -> float:
    worth = ON_TEXT * _on_boxes(text, boxes)
    if ways is None:
        return worth
    dx = np.maximum(np.abs(units[:, 0] - text.x) - text.width / 2, 0)
    dy = np.maximum(np.abs(units[:, 1] - text.y) - 0.4 * text.size, 0)
    worth += ON_UNIT * np.count_nonzero(np.hypot(dx, dy) < theme.radius)
    struck = ways.under(text)
    if text.masking:
        return float(worth + 1 + HIDING * len(struck - {own}))
    return float(worth + STRUCK * len(struck))


def _on_boxes(text: Text, boxes: Places) -> int:
    # What hides an edge would hide the foot of a subscript, too.
    apart, high = (MASK_GAP, 0.6) if text.masking else (0.0, 0.4)
    near = np.abs(boxes[:, 0] - text.x) < (boxes[:, 2] + text.width) / 2 + apart
    near &= np.abs(boxes[:, 1] - text.y) < high * (boxes[:, 3] + text.size)
    return int(np.count_nonzero(near))

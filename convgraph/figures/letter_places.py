"""Where letters stand that name few connections: beside them, off each other and other arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.bands import points_at
from convgraph.figures.lettering import letter_width
from convgraph.figures.panel import Edge, Panel, Text
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["letters_beside"]

SHARES = (0.5, 0.35, 0.65, 0.25, 0.75)  # along an edge, where a letter may stand beside it
ACROSS_SHARES = (0.3, 0.22, 0.4, 0.7, 0.78)  # off the middle, where edges that cross would meet
LETTER_GAP = 3.0  # points between a letter and its edge
ABOVE, FOOT = 0.35, 0.55  # sizes from the middle of a letter to its top, to its subscript's foot
OWN = 1.0  # and at least between it and its edge
OTHERS = 2.0  # times as far from it as its own edge are all others at least
REACH = 15.0  # points around a letter where edges are looked for
STEPS = 32  # points of an edge that are looked at

Places = NDArray[np.floating]


def letters_beside(panel: Panel, theme: Theme, across: bool) -> list[Text] | None:
    """Each letter left of the middle of its edge, or above it where edges run across.

    Where another letter or a unit is in the way, or an arrow comes so near that one could take the
    letter for its own, farther along. None if one of them has no such place.
    """
    units = np.array([(unit.x, unit.y) for unit in panel.units])
    ways = Ways.of(panel.edges)
    shares = ACROSS_SHARES if across else SHARES
    result: list[Text] = []
    taken = np.zeros((len(panel.edges), 4))  # places and sizes of the letters so far
    for number, edge in enumerate(panel.edges):
        if not edge.label:
            continue
        boxes = taken[: len(result)]
        clear = (
            choice
            for choice in (_beside(edge, share, theme, across) for share in shares)
            if _is_clear(choice, boxes, units, theme) and ways.tell(choice, number)
        )
        found = next(clear, None)
        if found is None:
            return None
        taken[len(result)] = found.x, found.y, found.width, found.size
        result.append(found)
    return result


@dataclass(frozen=True)
class Ways:
    """Points of all edges from left to right, each with the number of its edge."""

    x: Places
    y: Places
    edge: NDArray[np.intp]

    @classmethod
    def of(cls, edges: Sequence[Edge]) -> Ways:
        """The points that are looked at."""
        routes = [edge.route for edge in edges]
        tips = np.array([way.tip for way in routes]).reshape(-1, 1, 2)
        shares = np.linspace(0, 1, STEPS, endpoint=False)
        points = np.concatenate([points_at(routes, shares), tips], axis=1)
        x, y = points.reshape(-1, 2).T
        order = np.argsort(x, kind="stable")
        return cls(x[order], y[order], order // (STEPS + 1))

    def tell(self, text: Text, own: int) -> bool:
        """Whether a text is so near to the edge of this number that it can be no other's."""
        low = np.searchsorted(self.x, text.x - text.width / 2 - REACH, "right")
        high = np.searchsorted(self.x, text.x + text.width / 2 + REACH, "left")
        aside = np.maximum(np.abs(self.x[low:high] - text.x) - text.width / 2, 0)
        up = self.y[low:high] - text.y
        off = np.maximum(up - ABOVE * text.size, -up - _foot(text.text) * text.size)
        far = np.hypot(aside, np.maximum(off, 0))
        mine = self.edge[low:high] == own
        nearest = float(far[mine].min(initial=REACH))
        return nearest >= OWN and bool((far[~mine] >= OTHERS * nearest).all())


def _beside(edge: Edge, share: float, theme: Theme, across: bool) -> Text:
    """A letter left of the point at this share of its edge, off an edge that slants across it."""
    letter, size = edge.label, theme.letter_size
    width = letter_width(letter, size, theme)
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


def _is_clear(text: Text, boxes: Places, units: Places, theme: Theme) -> bool:
    near = np.abs(boxes[:, 0] - text.x) < (boxes[:, 2] + text.width) / 2
    near &= np.abs(boxes[:, 1] - text.y) < 0.4 * (boxes[:, 3] + text.size)
    if near.any():
        return False
    dx = np.maximum(np.abs(units[:, 0] - text.x) - text.width / 2, 0)
    dy = np.maximum(np.abs(units[:, 1] - text.y) - 0.4 * text.size, 0)
    return not (np.hypot(dx, dy) < theme.radius).any()

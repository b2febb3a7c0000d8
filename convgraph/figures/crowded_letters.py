"""Letters on their arrows where many arrows cross, placed for the whole figure at once.

A letter stands on its own arrow, which is interrupted there, and only where no other arrow, no unit
and no other letter comes near; the letter of a black arrow may stand on grey ones where there is no
other place. Where a column is a unit wide and n units read n others, each height
between the two rows has n arrows to a column: for more than a few units a letter has no such place,
at whatever distance of the rows. It is left out then, and the figure says how many are.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.bands import Polylines
from convgraph.figures.lettering import letter_width
from convgraph.figures.panel import Panel, Text
from convgraph.figures.theme import Theme

__all__ = ["crowded_letters"]

LEVELS = 40  # heights between two rows at which letters may stand
AWAY = 2.0  # points between a letter and any other arrow
APART = 4.0  # and two letters, which would read as one word, side by side

Places = NDArray[np.floating]


def crowded_letters(
    panel: Panel, theme: Theme, sideways: bool, size: float, apart: bool = False
) -> list[Text]:
    """The letters that have a place of their own on their edges, in the order of these.

    Those for which there are the fewest places choose first, and each takes the one nearest to the
    middle of its edge. `apart` ones stand on no grey arrow either.
    """
    letters = [edge.label for edge in panel.edges]
    wide = np.array([letter_width(letter, size, theme) if letter else 0.0 for letter in letters])
    high = np.full(len(wide), size)
    half = np.stack([wide, high] if sideways else [high, wide]) / 2  # along and across
    number, along, across, off = _free_places(panel, theme, sideways, half, apart)
    order = np.lexsort((off, number))
    number, along, across = number[order], along[order], across[order]
    start = np.searchsorted(number, np.arange(len(letters) + 1))
    places = np.diff(start)
    chosen: dict[int, tuple[float, float]] = {}
    taken = np.zeros((4, len(letters)))
    for edge in np.argsort(places, kind="stable").tolist():
        mine = slice(int(start[edge]), int(start[edge + 1]))
        others = taken[:, : len(chosen)]
        near = (np.abs(along[mine, None] - others[0]) < half[0, edge] + others[2] + APART) & (
            np.abs(across[mine, None] - others[1]) < half[1, edge] + others[3] + APART
        )
        free = np.flatnonzero(~near.any(axis=1))
        if len(free):
            at = mine.start + int(free[0])
            taken[:, len(chosen)] = along[at], across[at], half[0, edge], half[1, edge]
            chosen[edge] = float(along[at]), float(across[at])
    result = []
    for edge, place in sorted(chosen.items()):
        x, y = place if sideways else place[::-1]
        width = float(wide[edge])
        result.append(Text(letters[edge], x, y, width, size, panel.edges[edge], masking=True))
    return result


def _free_places(
    panel: Panel, theme: Theme, sideways: bool, half: Places, apart: bool
) -> tuple[NDArray[np.intp], Places, Places, Places]:
    """Edges, and places on them where nothing else passes: along, across, and off the middle."""
    routes = [edge.route for edge in panel.edges] + [line.route for line in panel.lines]
    ways = Polylines.of(routes, sideways)
    strong = np.array([edge.strong for edge in panel.edges] + [line.strong for line in panel.lines])
    named = np.array([edge.label != "" for edge in panel.edges])
    count = len(panel.edges)
    first, last = ways.along[:count].min(axis=1), ways.along[:count].max(axis=1)
    upward = ways.along[:count, -1] == last
    head, tail = 10 * theme.arrow + AWAY, AWAY  # what of an arrow is seen beyond its letter
    least = first + half[0] + np.where(upward, tail, head)
    most = last - half[0] - np.where(upward, head, tail)
    taken = _boxes(panel, theme, sideways)
    rows = sorted({round(unit.x if sideways else unit.y, 3) for unit in panel.units})
    longest = float(half[0][named].max(initial=0.0)) + AWAY
    found: list[tuple[NDArray[np.intp], Places, Places, Places]] = []
    for low, high in itertools.pairwise(rows):
        for height in np.linspace(low, high, LEVELS + 2)[1:-1].tolist():
            band = ways.band(height - longest, height + longest)
            over = band.of(strong)
            at = ways.crossing(height)[:count]
            there = np.flatnonzero(named & ~np.isnan(at))
            there = there[(least[there] < height) & (height < most[there])]
            beside = half[1][there] + AWAY
            ends = at[there] - beside, at[there] + beside
            alone = band.under(*ends) == 1
            free = alone if apart else alone | (strong[there] & (over.under(*ends) == 1))
            there, beside, alone = there[free], beside[free], alone[free]
            close = taken[:, np.abs(height - taken[0]) < longest + taken[2]]
            near = np.abs(at[there, None] - close[1]) < beside[:, None] + close[3]
            there, alone = there[~near.any(axis=1)], alone[~near.any(axis=1)]
            off = np.abs(height - (first[there] + last[there]) / 2)
            off = np.where(alone, off, off + last[there] - first[there])
            found.append((there, np.full(len(there), height), at[there], off))
    numbers, *places = zip(*found, strict=True)
    along, across, off = (np.concatenate(part) for part in places)
    return np.concatenate(numbers), along, across, off


def _boxes(panel: Panel, theme: Theme, sideways: bool) -> Places:
    """Units and marks as boxes: their middles and half their sizes, along and across."""
    boxes = [
        (unit.x, unit.y, *2 * (theme.radius * unit.extent + theme.stroke / 2,))
        for unit in panel.units
    ]
    boxes += [(mark.x, mark.y, mark.width / 2, mark.height / 2) for mark in panel.marks]
    x, y, wide, high = np.array(boxes).reshape(-1, 4).T
    return np.stack([x, y, wide, high] if sideways else [y, x, high, wide])

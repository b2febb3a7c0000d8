"""How far units are moved apart so that the letters beside their connections have room."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from convgraph.figures.crowded_letters import crowded_letters
from convgraph.figures.letter_places import letters_beside
from convgraph.figures.panel import Panel, Text
from convgraph.figures.theme import Theme

__all__ = ["Room", "closer", "placed", "rooms"]

FARTHER = (1.0, 1.3, 1.7, 2.2, 2.8)
SMALLER = (1.0, 0.8, 0.7, 0.55, 0.45, 0.35)  # letters
LEAST = 9.0  # points of a letter that can be read where its figure is as wide as a page
# Pitches that all columns take at most, and that rows are apart: those of a page, and the most.
PAGES = ((13.5, 7.0), (20.0, 12.0))
MOST = 1500  # connections: with more, one waits long for letters that few figures have room for


@dataclass(frozen=True)
class Room:
    """How far apart columns and rows stand, in pitches, and how large letters are.

    Without a distance rows are as far apart as they would be without letters; `nearer` has the
    levels of rows from which it is less to the next, and how far. Letters of black arrows stand
    `alone` on these, or also where these cross grey ones.
    """

    columns: float = 1.0
    rows: float | None = None
    letters: float = 1.0
    nearer: tuple[tuple[int, float], ...] = ()
    alone: bool = True


def placed(panel: Panel, theme: Theme, across: bool, room: Room) -> list[Text]:
    """The letters that can be read: beside their edges if all can stand so, else on these."""
    if not any(edge.label for edge in panel.edges):
        return []
    texts = letters_beside(panel, theme, across) if room == Room() else None
    if texts is not None:
        return texts
    return crowded_letters(panel, theme, across, room.letters * theme.letter_size, room.alone)


def rooms(panel: Panel, theme: Theme, across: bool, given: float | None) -> Iterator[list[Room]]:
    """What to try one after the other for letters that have no room.

    Each list is in the order in which its rooms are preferred, the smallest figure first; its last
    one has the most room, and where letters have none there, they have none in the others.
    `given` is the distance of rows that somebody asked for.
    """
    if len(panel.edges) > MOST:
        return
    places = [unit.y if across else unit.x for unit in panel.units]
    columns = (max(places) - min(places)) / theme.pitch + 1
    sizes = [by for by in SMALLER if by == 1 or by * theme.letter_size >= LEAST]
    if given is not None:
        yield from ([Room(1.0, given, letters)] for letters in sizes)
        return
    for (wide, tall), letters in itertools.product(PAGES, sizes):
        wider = [by for by in FARTHER if by == 1 or by * columns <= wide]
        pairs = {
            Room(by, min(taller * by * panel.row_distance, max(tall, panel.row_distance)), letters)
            for by, taller in itertools.product(wider, FARTHER)
        }
        yield sorted(pairs, key=lambda room: (room.columns * (room.rows or 0), room.columns))


def closer(room: Room, panel: Panel, across: bool) -> Iterator[tuple[int, float]]:
    """Pairs of rows that may not need the distance that others do, each by its lower level.

    `panel` is the figure without room for letters.
    """
    levels = {round(unit.x if across else unit.y, 3) for unit in panel.units}
    distance = room.columns * panel.row_distance
    if len(levels) > 2 and room.rows is not None and distance < room.rows:
        yield from ((level, distance) for level in range(len(levels) - 1))

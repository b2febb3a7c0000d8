"""Of what the numbers of paths in a table are the sum."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.class_numbers import compact
from convgraph.interactions.path_count_sums import Origin, Paths, serial

__all__ = ["Added", "Cell", "InLine", "Listed", "Made", "Taken"]


class Made:
    """How a table of `size` classes came about."""

    size: int

    @abstractmethod
    def origin(self, b: int, place: int) -> Origin | None:
        """Of what the paths of a class along an axis are the sum; None where it sees nothing."""


class Listed(Made):
    """Of payloads that were there one by one."""

    def __init__(self, payloads: Sequence[Paths | None]) -> None:
        self.payloads, self.size = payloads, len(payloads)

    def origin(self, b: int, place: int) -> Origin | None:
        """See `Made`."""
        payload = self.payloads[place]
        measure = None if payload is None else payload.axes[b].phases[0]
        return None if measure is None else measure.origin


class Taken(Made):
    """Of some places of another table."""

    def __init__(self, made: Made, places: NDArray[np.integer]) -> None:
        self.size = len(places)
        self.made: Made = made
        self.places: NDArray[np.integer] = places
        if isinstance(made, Taken):
            self.made, self.places = made.made, made.places[places]

    def origin(self, b: int, place: int) -> Origin | None:
        """See `Made`."""
        return self.made.origin(b, int(self.places[place]))


class InLine(Made):
    """Of tables one after the other, of so many places each; None for one that says nothing."""

    def __init__(self, tables: Sequence[tuple[int, Made | None]]) -> None:
        self.tables = [made for _, made in tables]
        self.starts = [0, *np.cumsum([size for size, _ in tables]).tolist()]
        self.size = self.starts[-1]

    def origin(self, b: int, place: int) -> Origin | None:
        """See `Made`."""
        which = bisect_right(self.starts, place) - 1
        made = self.tables[which]
        return None if made is None else made.origin(b, place - self.starts[which])


class Added(Made):
    """Of what each class reads of other tables, along each axis: so many times; see `Bulk.sums`."""

    def __init__(
        self, size: int, axes: Sequence[Sequence[tuple[Made, NDArray[np.integer], int]]]
    ) -> None:
        self.size = size
        self.axes = [
            [(made, compact(places, made.size), number) for made, places, number in parts]
            for parts in axes
        ]
        self.number = serial()

    def origin(self, b: int, place: int) -> Origin:
        """See `Made`."""
        return Cell(self, place)


class Cell(Origin):
    """One place of a table of sums."""

    __slots__ = ("of", "place")

    def __init__(self, of: Added, place: int) -> None:
        self.of, self.place = of, place

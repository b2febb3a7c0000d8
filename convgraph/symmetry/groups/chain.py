"""A chain of stabilisers of a permutation group: its exact order, and which elements it has.

The algorithm of Schreier and Sims, on arrays: level i holds the orbit of the i-th base point under
the elements that fix the base points before it, and for each point of that orbit an element that
takes the base point there. The order is the product of the orbits' lengths. A level is complete
when all its Schreier generators are products of what the levels below hold; they are sifted
through those levels all at once, as the rows of one array.

References
----------
Holt, Eick and O'Brien, Handbook of Computational Group Theory (2005), section 4.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.groups.permutation_arrays import Permutation

__all__ = ["Chain", "ChainTooLong"]

# Entries of all transversals, 200 MB as numbers of 64 bits, and entries of permutations that may be
# touched, some seconds. Beyond either the group is not counted this way: orders that can be read
# off orbits and blocks have been tried before.
ENTRIES = 25_000_000
WORK = 100_000_000


class ChainTooLong(Exception):  # noqa: N818 - it never reaches a user
    """The group takes more memory or time than it is worth."""


class _Level:
    def __init__(self, base: int, degree: int) -> None:
        self.base = base
        self.generators: list[Permutation] = []
        self.checked = 0  # the generators whose Schreier generators the levels below hold
        self.points = [base]
        self.position = np.full(degree, -1, np.int64)  # of each point in `points`
        self.position[base] = 0
        self.there = np.arange(degree)[None, :]  # row k takes the base to points[k]
        self.back = self.there

    def take(self, generator: Permutation) -> None:
        """Add a generator, and what it adds to the orbit of the base point."""
        self.generators.append(generator)
        known = len(self.points)
        at = 0
        rows = list(self.there)
        while at < len(self.points):
            # what was in the orbit has been moved by the other generators before
            for each in self.generators if at >= known else [generator]:
                image = int(each[self.points[at]])
                if self.position[image] < 0:
                    self.position[image] = len(self.points)
                    self.points.append(image)
                    rows.append(each[rows[at]])
            at += 1
        if len(self.points) > known:
            self.there = np.array(rows)
            self.back = np.argsort(self.there, axis=1)
            self.checked = 0


class Chain:
    """The stabiliser chain of the group that some permutations generate.

    Parameters
    ----------
    degree
        How many positions are permuted.
    generators
        Permutations of them.
    order
        The group's order where it is known: the chain is complete as soon as it has it.

    >>> chain = Chain(4, [np.array([1, 2, 3, 0]), np.array([3, 2, 1, 0])])
    >>> chain.order, np.array([1, 0, 2, 3]) in chain
    (8, False)
    """

    def __init__(
        self, degree: int, generators: Sequence[Permutation], order: int | None = None
    ) -> None:
        self.degree = degree
        self.levels: list[_Level] = []
        self._known = order
        self._work = 0
        for generator in generators:
            self._add(np.asarray(generator, np.int64))

    @property
    def order(self) -> int:
        """The number of elements."""
        return math.prod(len(level.points) for level in self.levels)

    def __contains__(self, permutation: Permutation) -> bool:
        rest, _ = self._sift(np.asarray(permutation, np.int64)[None, :], 0)
        return len(rest) == 0

    def _complete(self) -> bool:
        return self._known is not None and self.order == self._known

    def _sift(self, rows: NDArray[np.int64], start: int) -> tuple[NDArray[np.int64], int]:
        """What is left of permutations that the levels from `start` on do not hold.

        Also the first level at which one of them fell out; only those that fell out there.
        """
        for number in range(start, len(self.levels)):
            level = self.levels[number]
            self._work += rows.size
            if self._work > WORK:
                raise ChainTooLong
            at = level.position[rows[:, level.base]]
            if (at < 0).any():
                return rows[at < 0], number
            rows = self._moving(np.take_along_axis(level.back[at], rows, axis=1))
            if not len(rows):
                break
        return self._moving(rows), len(self.levels)

    def _moving(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows[(rows != np.arange(self.degree)).any(axis=1)]

    def _add(self, generator: Permutation) -> None:
        """Extend the chain by an element, and complete all levels that it changes."""
        rest, number = self._sift(generator[None, :], 0)
        first = 0
        while len(rest) and not self._complete():
            self._extend(rest[0], first, number)
            rest, first, number = self._first_gap()

    def _extend(self, element: Permutation, first: int, last: int) -> None:
        """Add an element to some levels: it fixes the base points of all levels before the last."""
        if last == len(self.levels):
            moved = int(np.argmax(element != np.arange(self.degree)))
            self.levels.append(_Level(moved, self.degree))
        for level in self.levels[first : last + 1]:
            level.take(element)
            self._work += level.there.size
        if sum(level.there.size for level in self.levels) > ENTRIES:
            raise ChainTooLong

    def _first_gap(self) -> tuple[NDArray[np.int64], int, int]:
        """Schreier generators that the chain does not hold, of the deepest level that has some.

        With the level below theirs, where they belong, and the one at which they fell out.
        """
        for number in range(len(self.levels) - 1, -1, -1):
            level = self.levels[number]
            while level.checked < len(level.generators):
                images = level.generators[level.checked][level.there]
                to = level.position[images[:, level.base]]
                loops = np.take_along_axis(level.back[to], images, axis=1)
                rest, fell = self._sift(loops, number + 1)
                if len(rest):
                    return rest, number + 1, fell
                level.checked += 1
        return np.empty((0, self.degree), np.int64), 0, 0

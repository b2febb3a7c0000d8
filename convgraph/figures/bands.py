"""Where arrows pass: for a strip across a figure, from where to where each of them crosses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.routes import Route

__all__ = ["Band", "Polylines", "points_at"]

STEPS = 24  # straight pieces for each curve of an arrow that turns

Places = NDArray[np.floating]


@dataclass(frozen=True)
class Band:
    """A strip across a figure, and the arrows in it: how far each reaches there.

    An arrow that does not come into the strip reaches from infinity to minus infinity, and so is
    in nothing's way.
    """

    low: Places
    high: Places

    def of(self, chosen: NDArray[np.bool_]) -> Band:
        """Some of the arrows alone."""
        return Band(self.low[chosen], self.high[chosen])

    def under(self, low: Places, high: Places) -> NDArray[np.intp]:
        """How many arrows come between each `low` and `high`."""
        begun = np.searchsorted(np.sort(self.low), high, "right")
        ended = np.searchsorted(np.sort(self.high), low, "left")
        # those in no way are not begun, and are all ended
        return np.asarray(begun - (ended - np.count_nonzero(np.isneginf(self.high))))


@dataclass(frozen=True)
class Polylines:
    """Arrows as chains of straight pieces, of one number for all: (arrows, points).

    `along` runs in the direction in which rows follow each other, `across` to the side.
    """

    along: Places
    across: Places

    @classmethod
    def of(cls, routes: Sequence[Route], sideways: bool) -> Polylines:
        """The arrows of a figure whose rows are columns, if `sideways`, and rows otherwise."""
        longest = max((len(way.points) // 3 for way in routes if not way.straight), default=0)
        shares = np.linspace(0, 1, STEPS * longest + 1) if longest else np.array([0.0, 1.0])
        tips = np.array([way.tip for way in routes]).reshape(-1, 1, 2)
        points = np.concatenate([points_at(routes, shares), tips], axis=1)
        axis = 0 if sideways else 1
        return cls(points[:, :, axis], points[:, :, 1 - axis])

    def band(self, low: float, high: float) -> Band:
        """The arrows between two heights."""
        begin, end = self.along[:, :-1], self.along[:, 1:]
        there = (np.minimum(begin, end) <= high) & (np.maximum(begin, end) >= low)
        long = np.where(end == begin, 1.0, end - begin)
        first, last = (
            self._between(np.where(end == begin, share, (at - begin) / long))
            for share, at in ((0.0, low), (1.0, high))
        )
        near = np.where(there, np.minimum(first, last), np.inf).min(axis=1)
        far = np.where(there, np.maximum(first, last), -np.inf).max(axis=1)
        return Band(near, far)

    def crossing(self, height: float) -> Places:
        """Where each arrow first crosses a height; not a number where it does not."""
        begin, end = self.along[:, :-1], self.along[:, 1:]
        there = (np.minimum(begin, end) <= height) & (np.maximum(begin, end) >= height)
        long = np.where(end == begin, 1.0, end - begin)
        found = self._between((height - begin) / long)
        first = np.argmax(there, axis=1)
        place = found[np.arange(len(found)), first]
        return np.where(there.any(axis=1), place, np.nan)

    def _between(self, shares: Places) -> Places:
        begin, end = self.across[:, :-1], self.across[:, 1:]
        return np.asarray(begin + np.clip(shares, 0, 1) * (end - begin))


def points_at(routes: Sequence[Route], shares: Places) -> Places:
    """The points at these shares of each way, as `Route.at` counts them: (ways, shares, 2)."""
    found = np.empty((len(routes), len(shares), 2))
    lengths = np.array([len(way.points) for way in routes])
    for length in np.unique(lengths).tolist():
        alike = np.flatnonzero(lengths == length)
        points = np.array([routes[number].points for number in alike.tolist()])
        curves = (length - 1) // 3
        number = np.minimum((shares * curves).astype(int), curves - 1)
        t = (shares * curves - number)[:, None]
        a, b, c, d = (points[:, 3 * number + i] for i in range(4))
        found[alike] = (
            (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
        )
    return found

"""The way of an edge from unit to unit: straight where it can be, else around what is in the way.

An edge is a chain of cubic Bezier curves, as Graphviz takes it: 3n + 1 points, and behind them the
tip of the arrowhead.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["CLEARANCE", "Border", "Point", "Route", "route"]

Point: TypeAlias = tuple[float, float]
Border: TypeAlias = Callable[[float, float], float]

STRAIGHT = 0.01  # points by which a straight way may miss its chord
CLEARANCE = 0.1  # of the radius, between an edge and a unit that it passes


@dataclass(frozen=True)
class Route:
    """The control points of an edge, and where its arrowhead ends."""

    points: tuple[Point, ...]
    tip: Point

    @property
    def straight(self) -> bool:
        """Whether it turns nowhere.

        >>> Route(((0, 0), (0, 1), (0, 2), (0, 3)), (0, 4)).straight
        True
        """
        (x, y), (u, v) = self.points[0], self.tip
        length = math.dist((x, y), (u, v))
        off = (abs((p - x) * (v - y) - (q - y) * (u - x)) / length for p, q in self.points)
        return length > 0 and max(off) < STRAIGHT

    def at(self, share: float) -> Point:
        """The point at this share of the way, counted in the parameter of its curves.

        >>> Route(((0, 0), (0, 1), (0, 2), (0, 3)), (0, 4)).at(0.5)
        (0.0, 1.5)
        """
        curves = (len(self.points) - 1) // 3
        number = min(int(share * curves), curves - 1)
        t = share * curves - number
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        parts = list(zip(weights, self.points[3 * number : 3 * number + 4], strict=True))
        return sum(w * p[0] for w, p in parts), sum(w * p[1] for w, p in parts)


def route(
    start: Point,
    end: Point,
    between: Mapping[float, Sequence[float]],
    radius: float,
    arrow: float,
    turn: float = 0.0,
    ends: tuple[Border, Border] | None = None,
) -> Route:
    """The way from the centre of a unit to that of another.

    Parameters
    ----------
    start, end
        The centres of the two units.
    between
        The units on the levels between the two: their x, in order, by their y.
    radius, arrow
        The radius of a unit and the length of an arrowhead.
    turn
        How far to bulge to the right, in radii, where several edges join the same two units.
    ends
        How far it is from the centre of each of the two units to its border in a direction; the
        radius without it.
    """
    leave, arrive = ends or (lambda x, y: radius, lambda x, y: radius)
    stops = [] if _free(start, end, between, radius) else _stops(start, end, between, radius)
    if not stops:
        return _straight(start, end, (leave, arrive), arrow, turn * radius)
    knots: list[tuple[Point, Point]] = [(stop, (0.0, 1.0)) for stop in stops]
    first, last = _toward(start, stops[0]), _toward(stops[-1], end)
    begin = _moved(start, first, leave(*first))
    tip = _moved(end, last, -arrive(*last))
    knots = [(begin, first), *knots, (_moved(tip, last, -arrow), last)]
    points = [begin]
    for (a, leaving), (b, arriving) in itertools.pairwise(knots):
        third = math.dist(a, b) / 3
        points += [_moved(a, leaving, third), _moved(b, arriving, -third), b]
    return Route(tuple(points), tip)


def _straight(
    start: Point, end: Point, ends: tuple[Border, Border], arrow: float, bulge: float
) -> Route:
    along = _toward(start, end)
    length = math.dist(start, end)
    side = (along[1], -along[0])
    controls = [
        _moved(_moved(start, along, share * length), side, bulge) for share in (1 / 3, 2 / 3)
    ]
    first, last = _toward(start, controls[0]), _toward(controls[1], end)
    begin, tip = _moved(start, first, ends[0](*first)), _moved(end, last, -ends[1](*last))
    if not bulge:
        finish = _moved(tip, last, -arrow)
        controls = [_between(begin, finish, 1 / 3), _between(begin, finish, 2 / 3)]
    return Route((begin, *controls, _moved(tip, last, -arrow)), tip)


def _free(
    start: Point, end: Point, between: Mapping[float, Sequence[float]], radius: float
) -> bool:
    along = _toward(start, end)
    needed = radius * (1 + CLEARANCE)
    return all(
        abs((x - start[0]) * along[1] - (y - start[1]) * along[0]) >= needed
        for y, row in between.items()
        for x in row
    )


def _stops(
    start: Point, end: Point, between: Mapping[float, Sequence[float]], radius: float
) -> list[Point]:
    """Where to pass each level between: above and below it, in a gap between two units."""
    stops: list[Point] = []
    needed = radius * (1 + CLEARANCE)
    for y in sorted(between):
        share = (y - start[1]) / (end[1] - start[1])
        wanted = start[0] + share * (end[0] - start[0])
        row = sorted(between[y])
        gaps = [(a + b) / 2 for a, b in itertools.pairwise(row) if b - a >= 2 * needed]
        ends = [row[0] - 1.5 * radius, row[-1] + 1.5 * radius]
        free = [wanted] if all(abs(x - wanted) >= needed for x in row) else [*gaps, *ends]
        # On the right where two gaps are about as near, so that bypasses run alike.
        x = min(free, key=lambda gap: (round(abs(gap - wanted) / needed), -gap))
        stops += [(x, y - radius), (x, y + radius)]
    return stops


def _toward(a: Point, b: Point) -> Point:
    length = math.dist(a, b) or 1.0
    return (b[0] - a[0]) / length, (b[1] - a[1]) / length


def _moved(point: Point, direction: Point, by: float) -> Point:
    return point[0] + by * direction[0], point[1] + by * direction[1]


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])

"""The ends of long rows, one above the other: the textbook's pyramid, with its middle cut out.

Rows of windows share their columns. The lowest shows as many units at either end as the first and
the last unit of the uppermost see, as far as a page is wide; those above it stand over the middle
of what they see, and where strides would carry them into the middle, closer together. What is cut
out is cut out of all rows at one place, so that fields stand over what they are of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.figures.layout import Positions, beside, levels, single_axis
from convgraph.figures.parts import Mask, hidden_runs

__all__ = ["MOST_ACROSS", "RowEnds", "row_ends"]

MOST_ACROSS = 40  # units of a row that a page shows one by one
ENDS = (12, 20)  # columns at either end of longer rows: where windows are short, and at most
OF_DENSE = 6  # where each unit sees more than a page shows, or rows stand side by side
LEAST = 4  # units at either end of a row, so that one sees how it goes on


@dataclass(frozen=True)
class _End:
    """One end of a row: columns from the figure's edge to its first unit, from unit to unit."""

    first: float
    step: float
    count: int

    def places(self, count: int) -> Positions:
        """Of so many units, the outermost first."""
        return self.first + self.step * np.arange(count)


@dataclass(frozen=True)
class _Stand:
    """What a row stands over, and where: positions there of its first unit, and from unit to unit.

    `last` is that of its last unit, counted from the other end.
    """

    below: str
    first: float
    last: float
    step: float
    same: bool = False


@dataclass(frozen=True)
class RowEnds:
    """Which units are drawn, and how far they stand from the middle of the figure, row by row.

    Rows of which nothing is left out because nothing they stand over is long have no `columns`, but
    the row at whose middle they stand.
    """

    shown: dict[str, Mask]
    columns: dict[str, Positions]
    roots: dict[str, str]

    def placed(self, x: Mapping[str, Positions], level: Mapping[str, int]) -> dict[str, Positions]:
        """The columns of all rows, from those that a figure of all units would have."""
        found = dict(self.columns)
        for root in {*self.roots.values()} - found.keys():
            mine = [name for name, own in self.roots.items() if own == root]
            middle = (x[root].min() + x[root].max()) / 2
            closest = min((float(np.diff(x[n]).min()) for n in mine if len(x[n]) > 1), default=1.0)
            found |= {name: (x[name] - middle) / closest for name in mine}
        for depth in sorted({*level.values()}):
            rows = [name for name in x if level[name] == depth]
            apart = beside([found[name] for name in rows])
            found.update(zip(rows, apart, strict=True))
        left = min(float(p.min()) for p in found.values())
        return {name: found[name] - left for name in x}


def row_ends(
    network: Network, wanted: Mapping[str, Mask], periods: Mapping[str, int]
) -> RowEnds | None:
    """The ends of rows, and what else of them is wanted; None if a row is more than a line.

    Parameters
    ----------
    wanted
        The units that are not to be left out.
    periods
        After how many units the parameters of a row come again.
    """
    if any(sum(size > 1 for size in row.numbers()) > 1 for row in network.rows):
        return None
    stands = _stands(network)
    roots = _roots(network, stands)
    shown = {row.name: np.ones(int(row.size), bool) for row in network.rows}
    columns: dict[str, Positions] = {}
    for root in dict.fromkeys(roots.values()):
        rows = [row for row in network.rows if roots[row.name] == root]
        if max(int(row.size) for row in rows) <= MOST_ACROSS:
            continue
        many = _columns(network, rows, wanted[root], periods)
        left, right = _ends(rows, stands, many), _ends(rows, stands, many, backwards=True)
        for row in rows:
            size, sides = int(row.size), (left[row.name].count, right[row.name].count)
            if sum(sides) + 1 < size:
                inner = shown[row.name][sides[0] : size - sides[1]]
                inner &= wanted[row.name][sides[0] : size - sides[1]]
                for a, b in list(hidden_runs(inner)):
                    inner[a:b] = b - a == 1  # which "..." would be as wide as
        # Between the ends is room for "...", or for what else is shown with "..." beside it.
        most = max(_width(shown[r.name], left[r.name], right[r.name]) for r in rows)
        half = (most + 3) / 2 if most else 1.0
        for row in rows:
            ends = left[row.name], right[row.name]
            columns[row.name] = _places(shown[row.name], *ends, many - 1 + half, half)
    return RowEnds(shown, columns, roots)


def _stands(network: Network) -> dict[str, _Stand]:
    """The rows that stand over another, unit by unit or each over the middle of its window."""
    found = {}
    for layer in network.layers:
        if not layer.joints:
            continue
        name, joint = layer.target.name, layer.joints[0]
        line = single_axis(joint)
        if joint.source.size == layer.target.size:
            found[name] = _Stand(joint.source.name, 0.0, 0.0, 1.0, same=True)
        elif line is not None and line.middle is not None and line.step:
            first, step = float(line.middle), float(line.step)
            last = int(line.inputs) - 1 - first - step * (int(line.outputs) - 1)
            found[name] = _Stand(joint.source.name, first, last, step)
    return found


def _roots(network: Network, stands: Mapping[str, _Stand]) -> dict[str, str]:
    """For each row the lowest one that it shares its columns with, itself if there is no other."""
    roots: dict[str, str] = {}
    for row in network.rows:
        stand = stands.get(row.name)
        roots[row.name] = row.name if stand is None else roots[stand.below]
    return roots


def _columns(
    network: Network, rows: Sequence[Row], wanted: Mask, periods: Mapping[str, int]
) -> int:
    """How many columns there are at either end."""
    sees = [int(np.diff(_starts(network, row)).max()) for row in rows[1:]]
    level = levels(network)
    crowded = max(sees, default=MOST_ACROSS + 1) > MOST_ACROSS
    if crowded or len({level[row.name] for row in rows}) < len(rows):
        crowded, many = True, OF_DENSE
    else:
        many = min(max([ENDS[0], *_seen(network, rows)]), ENDS[1])
    many = max([many, *(min(periods.get(row.name, 0), ENDS[1]) for row in rows)])
    for at in sorted(np.flatnonzero(wanted | wanted[::-1]).tolist()):
        if at < (many + 2 if crowded else ENDS[1]):  # there need not be a gap before it
            many = max(many, min(at + 1, ENDS[1]))
    return many


def _starts(network: Network, row: Row) -> NDArray[Any]:
    """Where the connections of a row's units begin in the edge table, and where the last ends."""
    first = network.offsets[row.name]
    return network.edges.start[first : first + int(row.size) + 1]


def _seen(network: Network, rows: Sequence[Row]) -> Iterator[int]:
    """How far from its end of the lowest row the first and the last unit of the uppermost see."""
    low, high = rows[0], rows[-1]
    for at in (0, int(high.size) - 1):
        reached = np.zeros(len(network.edges.start) - 1, bool)
        reached[network.offsets[high.name] + at] = True
        for row in reversed(rows[1:]):
            starts = _starts(network, row)
            first = network.offsets[row.name]
            mine = np.repeat(reached[first : first + int(row.size)], np.diff(starts))
            reached[network.edges.source[starts[0] : starts[-1]][mine]] = True
        first = network.offsets[low.name]
        seen = np.flatnonzero(reached[first : first + int(low.size)])
        if len(seen):
            yield int(seen[-1]) + 1 if at == 0 else int(low.size) - int(seen[0])


def _ends(
    rows: Sequence[Row], stands: Mapping[str, _Stand], many: int, *, backwards: bool = False
) -> dict[str, _End]:
    """The left ends of rows, or the right ones, counted from there."""
    paces = {rows[0].name: 1.0}
    for row in rows[1:]:
        stand = stands[row.name]
        paces[row.name] = paces[stand.below] * stand.step
    last = many - 1
    # Where rows become longer upwards, the lowest stands as wide as the longest needs.
    step = min(max(1.0, 1 / min(paces.values())), last / (LEAST - 1))
    found = {rows[0].name: _End(0.0, step, math.floor(last / step) + 1)}
    for row in rows[1:]:
        stand, size = stands[row.name], int(row.size)
        under = found[stand.below]
        if stand.same:
            found[row.name] = under
            continue
        first = under.first + under.step * (stand.last if backwards else stand.first)
        first = max(first, under.first - many / 2)  # of much padding the outermost is far away
        step = max(1.0, under.step * stand.step)
        count = min(max(math.floor((last - first) / step) + 1, LEAST), size)
        first = min(first, last - (count - 1))
        step = min(step, (last - first) / (count - 1)) if count > 1 else step
        found[row.name] = _End(first, step, count)
    return found


def _slots(shown: Mask) -> tuple[int, NDArray[np.int64]]:
    """The first of the units that is shown, and which place each takes from there to the last.

    >>> _slots(np.array([False, True, False, False, True, False]))
    (1, array([0, 1, 1, 2]))
    """
    there = np.flatnonzero(shown)
    if not len(there):
        return 0, np.zeros(0, np.int64)
    part = shown[there[0] : there[-1] + 1]
    begins = part | np.concatenate([[True], part[:-1]])
    return int(there[0]), np.cumsum(begins) - 1


def _is_whole(shown: Mask, left: _End, right: _End) -> bool:
    return left.count + right.count + 1 >= len(shown)


def _width(shown: Mask, left: _End, right: _End) -> int:
    """How many places a row needs between its ends for more than "..."."""
    if _is_whole(shown, left, right):
        return 0
    _, slots = _slots(shown[left.count : len(shown) - right.count])
    return int(slots[-1]) + 1 if len(slots) else 0


def _places(shown: Mask, left: _End, right: _End, reach: float, half: float) -> Positions:
    """Where the units of a row stand, from the middle of the figure; the ends reach so far."""
    size = len(shown)
    places = np.zeros(size)
    whole = _is_whole(shown, left, right)
    first, last = (size // 2, size // 2) if whole else (left.count, right.count)
    places[:first] = left.places(first) - reach
    places[size - last :] = reach - right.places(last)[::-1]
    if whole:
        return places
    begin, slots = _slots(shown[first : size - last])
    if len(slots):
        at, end = first + begin, first + begin + len(slots)
        places[at:end] = slots - slots[-1] / 2
        places[first:at] = (places[at] - half) / 2
        places[end : size - last] = (places[end - 1] + half) / 2
    return places

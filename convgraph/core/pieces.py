"""Numbers along an axis, in pieces of which each repeats: a long axis is few of them.

What the units of a layer have in common they have nearly everywhere: they differ at the border, and
in between from phase to phase of a stride.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory

__all__ = ["Pieces", "Stretch", "columns", "in_pieces", "total"]

Numbers: TypeAlias = NDArray[np.int64]
# The length of each piece, and the numbers that repeat in it from its start on.
Pieces: TypeAlias = "tuple[tuple[int, Numbers], ...]"
# From where to where numbers repeat, and after how many places.
Stretch: TypeAlias = tuple[int, int, int]


def in_pieces(
    at: Callable[[Numbers], Numbers], length: int, repeating: Iterable[Stretch]
) -> Pieces:
    """The numbers that a function has at the places of an axis.

    >>> in_pieces(lambda i: np.minimum(i, 3), 9, [(3, 9, 1)])
    ((3, array([0, 1, 2])), (6, array([3])))
    """
    kept: list[Stretch] = []
    end = 0
    for first, stop, period in sorted(repeating):
        first, stop = max(first, end), min(stop, length)
        if stop - first > period:
            kept.append((first, stop, period))
            end = stop
    memory.require("positions", length - sum(stop - first for first, stop, _ in kept), 4 * 8)
    found, end = [], 0
    for first, stop, period in [*kept, (length, length, 0)]:
        if first > end:
            found.append((first - end, at(np.arange(end, first, dtype=np.int64))))
        if stop > first:
            found.append((stop - first, at(np.arange(first, first + period, dtype=np.int64))))
        end = stop
    return tuple(found)


def total(pieces: Pieces) -> int:
    """The sum of all numbers.

    >>> total(((5, np.array([1, 2])),))
    7
    """
    added = 0
    for length, numbers in pieces:
        times, rest = divmod(length, len(numbers))
        added += times * int(numbers.sum()) + int(numbers[:rest].sum())
    return added


def columns(rows: Sequence[Pieces]) -> tuple[Numbers, Numbers]:
    """The numbers that several rows of one length have at each place, and at how many places.

    A column may come up several times.

    >>> columns([((4, np.array([1])),), ((3, np.array([7])), (1, np.array([8])))])
    (array([[1, 1],
           [7, 8]]), array([3, 1]))
    """
    starts = [[0, *accumulate(length for length, _ in row)] for row in rows]
    cuts = sorted({start for each in starts for start in each})
    at = [0] * len(rows)
    found, counts = [np.zeros((len(rows), 0), np.int64)], [np.zeros(0, np.int64)]
    for first, end in pairwise(cuts):
        for number, each in enumerate(starts):
            while each[at[number] + 1] <= first:
                at[number] += 1
        patterns = [row[piece][1] for row, piece in zip(rows, at, strict=True)]
        period = min(lcm(*map(len, patterns)), end - first)
        memory.require("positions", period * len(rows), 4 * 8)
        places = first + np.arange(period)
        found.append(
            np.stack(
                [
                    pattern[(places - each[piece]) % len(pattern)]
                    for pattern, each, piece in zip(patterns, starts, at, strict=True)
                ]
            )
        )
        # the first phases come once more where the end cuts a period
        times, rest = divmod(end - first, period)
        counts.append(times + (np.arange(period) < rest))
    return np.concatenate(found, axis=1), np.concatenate(counts)

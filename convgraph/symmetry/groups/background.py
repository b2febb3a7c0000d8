"""The connections that a symmetry has to be searched on: all but the most frequent between classes.

Between two classes of units the most frequent colour is left out, whether it is a label or no
connection at all: what keeps all other colours keeps that one too. A dense or a DeepSets layer
so becomes a sparse graph. Classes come of colour refinement: each round gives a unit a new colour
from its own and from those of its neighbours. Any symmetry keeps these colours; that hashes could
collide only makes them coarser, never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.groups.problem import Problem

__all__ = ["Foreground", "foreground"]

Integers = NDArray[np.int64]
ROUNDS = 12  # each reaches one connection further, and few networks are told apart by more
SHARED = -1  # the colour of a pair whose parameter may be exchanged


@dataclass(frozen=True, eq=False)
class Foreground:
    """Classes of units, and the pairs of fixed colour that make up the rest of the graph.

    `rank` tells the colours between two classes apart, counted from the rarest; `kind` numbers all
    pairs of classes and colours through.
    """

    classes: Integers
    source: Integers
    target: Integers
    rank: Integers
    kind: Integers


def foreground(problem: Problem) -> Foreground:
    """The foreground of a problem, units refined."""
    pairs = problem.pairs
    colour = np.where(problem.pair_parameter >= 0, SHARED, pairs.colour)
    classes = _refined(problem.unit_colour, pairs.source, pairs.target, colour)
    kinds = int(classes.max(initial=-1)) + 1
    sizes = np.bincount(classes, minlength=kinds)
    fixed = problem.pair_parameter < 0
    source, target, colour = pairs.source[fixed], pairs.target[fixed], colour[fixed]
    block = classes[source] * kinds + classes[target]
    span = int(colour.max(initial=0)) + 1
    combos, which, counts = np.unique(
        block * span + colour, return_inverse=True, return_counts=True
    )
    blocks, first = np.unique(combos // span, return_index=True)
    place = np.repeat(np.arange(len(blocks)), np.diff(np.append(first, len(combos))))
    room = sizes[blocks // kinds] * sizes[blocks % kinds]
    empty = room - np.bincount(place, counts, len(blocks)).astype(np.int64)
    order = np.lexsort((counts, place))  # within each block from rare to frequent
    rank = np.empty(len(combos), np.int64)
    rank[order] = np.arange(len(combos)) - first[place[order]]
    most = np.zeros(len(combos), bool)
    most[order[np.append(first[1:], len(combos))[: len(blocks)] - 1]] = True
    background = most & (counts > empty[place])
    drawn = ~background[which]
    parts = [(source[drawn], target[drawn], rank[which[drawn]], which[drawn])]
    for combo in np.flatnonzero(background & (empty[place] > 0)).tolist():
        lower, upper = divmod(int(blocks[place[combo]]), kinds)
        rows, columns = _gaps(source, target, classes, lower, upper)
        parts.append((rows, columns, np.full(len(rows), rank[combo]), np.full(len(rows), combo)))
    return Foreground(classes, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def _gaps(
    source: Integers, target: Integers, classes: Integers, lower: int, upper: int
) -> tuple[Integers, Integers]:
    """The pairs of units of two classes that are not connected."""
    rows, columns = np.flatnonzero(classes == lower), np.flatnonzero(classes == upper)
    there = np.zeros((len(rows), len(columns)), bool)
    within = (classes[source] == lower) & (classes[target] == upper)
    at = np.searchsorted(rows, source[within])
    there[at, np.searchsorted(columns, target[within])] = True
    i, j = np.nonzero(~there)
    return rows[i], columns[j]


def _refined(units: Integers, source: Integers, target: Integers, colour: Integers) -> Integers:
    """Integers 0, 1, ... of the units after some rounds, from colours of units and of pairs.

    `target` is sorted.
    """
    by_source = np.argsort(source, kind="stable")
    into = np.searchsorted(target, np.arange(len(units) + 1))
    out_of = np.searchsorted(source[by_source], np.arange(len(units) + 1))
    kind = _mixed(colour, 1)
    found = np.unique(units, return_inverse=True)[1]
    classes = int(found.max(initial=-1)) + 1
    # as the test of Weisfeiler and Leman (1968): a unit's new colour is a hash of those around it
    for _ in range(ROUNDS):
        own = _mixed(found, 2)
        received = _sums(_mixed(kind ^ own[source], 3), into)
        sent = _sums(_mixed(kind ^ own[target], 4)[by_source], out_of)
        mixed = _mixed(own ^ _mixed(received, 5) ^ _mixed(sent, 6), 7)
        new = np.unique(mixed, return_inverse=True)[1]
        more = int(new.max(initial=-1)) + 1
        if more <= classes:
            break
        found, classes = new, more
        if classes == len(units):
            break
    return found


def _sums(values: NDArray[np.uint64], start: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The sum, modulo 2^64, of each stretch of values."""
    running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return running[start[1:]] - running[start[:-1]]


def _mixed(values: NDArray[Any], salt: int) -> NDArray[np.uint64]:
    """The finalizer of splitmix64 (Steele, Lea and Flood, 2014)."""
    offset = (salt * 0x9E3779B97F4A7C15) % 2**64
    x = values.astype(np.uint64) + np.uint64(offset)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

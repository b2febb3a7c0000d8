"""The connections that a symmetry has to be searched on: all but the most frequent between classes.

Between two classes of units the most frequent colour is left out, whether it is a label or no
connection at all: what keeps all other colours keeps that one too. A dense or a DeepSets layer
so becomes a sparse graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.groups.problem import Problem
from convgraph.symmetry.groups.refinement import refine

__all__ = ["Foreground", "foreground"]

Integers = NDArray[np.int64]
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
    classes = refine(problem.unit_colour, pairs.source, pairs.target, colour)
    kinds = int(classes.max(initial=-1)) + 1
    sizes = np.bincount(classes, minlength=kinds)
    block = classes[pairs.source] * kinds + classes[pairs.target]
    span = int(colour.max(initial=0)) + 2  # SHARED comes first, as 0
    combos, which, counts = np.unique(
        block * span + colour + 1, return_inverse=True, return_counts=True
    )
    blocks, first = np.unique(combos // span, return_index=True)
    place = np.repeat(np.arange(len(blocks)), np.diff(np.append(first, len(combos))))
    room = sizes[blocks // kinds] * sizes[blocks % kinds]
    empty = room - np.bincount(place, counts, len(blocks)).astype(np.int64)
    fixed = combos % span > 0
    # within each block: shared pairs come first, then colours from rare to frequent
    order = np.lexsort((counts, fixed, place))
    shared = np.bincount(place, ~fixed, len(blocks)).astype(np.int64)
    rank = np.empty(len(combos), np.int64)
    rank[order] = np.arange(len(combos)) - (first + shared)[place[order]]
    last = np.zeros(len(combos), bool)
    last[order[np.append(first[1:], len(combos))[: len(blocks)] - 1]] = True
    background = last & fixed & (counts > empty[place])
    drawn = (fixed & ~background)[which]
    parts = [(pairs.source[drawn], pairs.target[drawn], rank[which[drawn]], which[drawn])]
    for combo in np.flatnonzero(background & (empty[place] > 0)).tolist():
        rows, columns = _gaps(
            problem, classes, blocks[place[combo]] // kinds, blocks[place[combo]] % kinds
        )
        parts.append((rows, columns, np.full(len(rows), rank[combo]), np.full(len(rows), combo)))
    return Foreground(classes, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def _gaps(problem: Problem, classes: Integers, lower: int, upper: int) -> tuple[Integers, Integers]:
    """The pairs of units of two classes that are not connected."""
    pairs = problem.pairs
    rows, columns = np.flatnonzero(classes == lower), np.flatnonzero(classes == upper)
    there = np.zeros((len(rows), len(columns)), bool)
    within = (classes[pairs.source] == lower) & (classes[pairs.target] == upper)
    at = np.searchsorted(rows, pairs.source[within])
    there[at, np.searchsorted(columns, pairs.target[within])] = True
    i, j = np.nonzero(~there)
    return rows[i], columns[j]

"""The search for all symmetries, on as few of the connections as tell them.

Of a layer with a million connections a few kinds mostly say it all: the group of those is found
first, and each of its generators is held against all others. A kind that one of them breaks is
taken in, and the search begins anew. What is left in the end keeps everything, and is everything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.groups.background import Foreground, foreground
from convgraph.symmetry.groups.coloured import ColouredGraph, coloured_graph
from convgraph.symmetry.groups.permutation_arrays import components
from convgraph.symmetry.groups.problem import Problem

__all__ = ["search"]

Integers = NDArray[np.int64]
PER_UNIT = 8  # pairs in the first search, for each unit
DENSE = 64_000_000  # entries of a table by position, 256 MB; of more, pairs are found by bisection


def search(problem: Problem) -> tuple[ColouredGraph, list[Integers], int]:
    """The graph that was searched last, generators of its automorphisms, and their number."""
    front = foreground(problem)
    most = PER_UNIT * problem.pairs.units
    if len(front.source) <= most:
        graph = coloured_graph(problem, front, slice(None))
        return graph, *graph.automorphisms()
    _, which, counts = np.unique(front.kind, return_inverse=True, return_counts=True)
    chosen = _first_choice(problem, front, which, counts, most)
    table = _Table(problem, front, which)
    while True:
        graph = coloured_graph(problem, front, chosen[which])
        found, order_of_group = graph.automorphisms()
        broken = next((b for g in found if len(b := table.broken(g[: graph.units]))), None)
        if broken is None:
            return graph, found, order_of_group
        room = int(counts[chosen].sum())  # take in as much again, of the rarest that were broken
        rarest = broken[np.argsort(counts[broken], kind="stable")]
        chosen[rarest[: max(int(np.searchsorted(np.cumsum(counts[rarest]), room)), 1)]] = True


def _first_choice(
    problem: Problem, front: Foreground, which: Integers, counts: Integers, most: int
) -> NDArray[np.bool_]:
    """The rarest kinds, and as many more as it takes to connect what all kinds connect.

    Parts that nothing holds together can be exchanged at will: finding all those symmetries, only
    to see most of them broken by other kinds, would take longest.
    """
    order = np.argsort(counts, kind="stable")
    taken = max(int(np.searchsorted(np.cumsum(counts[order]), most)), 1)
    chosen = np.zeros(len(counts), bool)
    chosen[order[:taken]] = True
    parts = _parts(problem, front, np.ones(len(which), bool))
    while _parts(problem, front, chosen[which]) > parts:
        taken += max(taken // 4, 1)
        chosen[order[:taken]] = True
    return chosen


def _parts(problem: Problem, front: Foreground, pairs: NDArray[np.bool_]) -> int:
    """The number of connected parts that some pairs make up."""
    return components(problem.pairs.units, front.source[pairs], front.target[pairs])[0]


class _Table:
    """The kind of any pair of units."""

    def __init__(self, problem: Problem, front: Foreground, kind: Integers) -> None:
        self.units = problem.pairs.units
        self.source, self.target, self.kind = front.source, front.target, kind
        key = self.target * self.units + self.source
        if self.units**2 <= DENSE:
            self.dense: NDArray[np.int32] | None = np.full(self.units**2, -1, np.int32)
            self.dense[key] = kind
        else:
            self.dense = None
            self.order = np.argsort(key)
            self.keys = key[self.order]

    def broken(self, moved: Integers) -> Integers:
        """The kinds of which a permutation takes some pair to one of another kind."""
        image = moved[self.target] * self.units + moved[self.source]
        if self.dense is not None:
            there: Integers = self.dense[image]
        else:
            at = np.minimum(np.searchsorted(self.keys, image), len(self.keys) - 1)
            there = np.where(self.keys[at] == image, self.kind[self.order[at]], -1)
        return np.unique(self.kind[there != self.kind])

"""Orbits of permutations: which positions, and which pairs of positions, a group joins.

The graph that joins each position to its image under each generator has the orbits as components;
no element of the group but its generators is ever made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.symmetry.groups.permutations import Permutation

__all__ = ["orbits", "pair_orbits"]

Pair = tuple[Permutation, Permutation]


def orbits(degree: int, generators: Sequence[Permutation]) -> tuple[int, NDArray[np.int32]]:
    """How many orbits there are on the positions, and the orbit of each.

    >>> orbits(5, [np.array([2, 1, 0, 4, 3])])
    (3, array([0, 1, 0, 2, 2], dtype=int32))
    """
    images = np.empty((degree, max(len(generators), 1)), _index_type(degree))
    images[:, 0] = np.arange(degree)
    for number, generator in enumerate(generators):
        images[:, number] = generator
    return _components(images)


def pair_orbits(
    inputs: int, outputs: int, generators: Sequence[Pair], within: NDArray[np.bool_] | None = None
) -> tuple[int, NDArray[np.int32]]:
    """The orbits on (output, input) pairs: how many there are, and which one each pair is in.

    A generator acts on inputs and outputs by one permutation each. Pairs are numbered
    `output * inputs + input`; with `within`, a mask over them, only the pairs there are joined,
    each to those of its images that are there too, and the result has an entry for each of them.
    """
    total = inputs * outputs
    memory.require("pairs", total, 4 * (2 * len(generators) + 6))
    index = _index_type(total)
    moved = [
        (on_outputs.astype(index) * index(inputs), on_inputs.astype(index))
        for on_inputs, on_outputs in generators
    ]
    images = np.empty((total, max(len(generators), 1)), index)
    images[:, 0] = np.arange(total)
    for number, (row, column) in enumerate(moved):
        images[:, number] = (row[:, None] + column[None, :]).ravel()
    if within is None:
        return _components(images)
    there = np.flatnonzero(within)
    number_of = np.full(total, -1, index)
    number_of[there] = np.arange(len(there))
    kept = number_of[images[there]]
    # a pair whose image is cut off is joined to itself
    return _components(np.where(kept >= 0, kept, np.arange(len(there), dtype=index)[:, None]))


def _index_type(total: int) -> Any:
    return np.int32 if total < 2**31 else np.int64


def _components(images: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    """Components of the graph with an edge from each node to its images, by first appearance."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nodes, each = images.shape
    index = _index_type(nodes * each)
    start = np.arange(0, nodes * each + 1, each, dtype=index)
    graph = csr_array((np.ones(nodes * each, np.int8), images.ravel(), start), (nodes, nodes))
    count, found = connected_components(graph, directed=True, connection="weak")
    first = np.full(count, nodes, index)
    first[found[::-1]] = np.arange(nodes - 1, -1, -1)
    rank = np.empty(count, np.int32)
    rank[np.argsort(first)] = np.arange(count)
    return int(count), rank[found]

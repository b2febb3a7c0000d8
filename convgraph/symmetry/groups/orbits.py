"""Orbits of permutations: which positions, and which pairs of positions, a group joins.

The graph that joins each position to its image under each generator has the orbits as components;
no element of the group but its generators is ever made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.symmetry.groups.permutation_arrays import Permutation, components

__all__ = ["orbits", "pair_orbits"]

Pair = tuple[Permutation, Permutation]
AT_ONCE = 8  # generators in one graph: their edges are held together


def orbits(degree: int, generators: Sequence[Permutation]) -> tuple[int, NDArray[np.int32]]:
    """How many orbits there are on the positions, and the orbit of each.

    >>> orbits(5, [np.array([2, 1, 0, 4, 3])])
    (3, array([0, 1, 0, 2, 2], dtype=int32))
    """
    return _components(degree, iter(generators))


def pair_orbits(
    inputs: int, outputs: int, generators: Sequence[Pair], within: NDArray[np.bool_] | None = None
) -> tuple[int, NDArray[np.int32]]:
    """The orbits on (output, input) pairs: how many there are, and which one each pair is in.

    A generator acts on inputs and outputs by one permutation each. Pairs are numbered
    `output * inputs + input`; with `within`, a mask over them, only the pairs there are joined,
    each to those of its images that are there too, and the result has an entry for each of them.
    """
    total = inputs * outputs
    memory.require("pairs", total, 4 * (2 * min(len(generators), AT_ONCE) + 6))
    images = (_pair_images(inputs, *generator) for generator in generators)
    if within is None:
        return _components(total, images)
    there = np.flatnonzero(within)
    number_of = np.full(total, -1, _index_type(total))
    number_of[there] = np.arange(len(there))
    nodes = np.arange(len(there))
    kept = (number_of[image[there]] for image in images)
    # a pair whose image is cut off is joined to itself
    return _components(len(there), (np.where(image >= 0, image, nodes) for image in kept))


def _pair_images(inputs: int, on_inputs: Permutation, on_outputs: Permutation) -> NDArray[Any]:
    index = _index_type(inputs * len(on_outputs))
    rows = on_outputs.astype(index) * index(inputs)
    return (rows[:, None] + on_inputs.astype(index)[None, :]).ravel()


def _index_type(total: int) -> Any:
    return np.int32 if total < 2**31 else np.int64


def _components(nodes: int, images: Iterator[NDArray[Any]]) -> tuple[int, NDArray[np.int32]]:
    """Components of the graph with an edge from each node to its images, by first appearance.

    A few generators at a time: those that follow join what the ones before have left apart.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count, found = nodes, np.arange(nodes, dtype=np.int32)
    while several := list(itertools.islice(images, AT_ONCE)):
        index = _index_type(nodes * len(several))
        if count == nodes:
            joined = np.stack(several, axis=1).astype(index, copy=False).ravel()
            start = np.arange(0, len(joined) + 1, len(several), dtype=index)
            graph = csr_array((np.ones(len(joined), np.int8), joined, start), (nodes, nodes))
            count, found = connected_components(graph, directed=True, connection="weak")
            continue
        moving = [(found, found[image]) for image in several]
        moving = [(a[a != b], b[a != b]) for a, b in moving]
        a, b = (np.concatenate(side) for side in zip(*moving, strict=True))
        if len(a):
            count, merged = components(count, a, b)
            found = merged[found]
    first = np.full(count, nodes, _index_type(nodes))
    first[found[::-1]] = np.arange(nodes - 1, -1, -1)
    rank = np.empty(count, np.int32)
    rank[np.argsort(first)] = np.arange(count)
    return int(count), rank[found]

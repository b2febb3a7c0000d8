"""Systems of blocks: partitions of the positions that every element of a group keeps.

A product acts on a grid so that its rows and its columns are blocks; in a wreath product the
copies are. From blocks the two are recognised.

References
----------
Dixon and Mortimer, Permutation Groups (1996), theorem 3.2A: blocks and orbits on pairs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.groups.orbits import orbits, pair_orbits
from convgraph.symmetry.groups.permutation_arrays import Permutation, components, compose, inverse

__all__ = ["block_systems", "grid_systems", "on_blocks", "within_block"]

System = NDArray[np.int64]
"""The block of each position."""

MOST = 40  # systems that are looked at; joins of joins of them are no end, and seldom tell more
# Positions among which blocks are searched for by the orbits of all pairs, and images of pairs
# under all generators for that: some seconds. Beyond, only systems that are proposed are tried.
WIDEST = 600
MOST_IMAGES = 300_000_000


def grid_systems(shape: Sequence[int]) -> Iterator[System]:
    """The partitions of a grid into lines, planes, ... along some of its axes."""
    axes = [a for a, n in enumerate(shape) if n > 1]
    index = np.unravel_index(np.arange(math.prod(shape)), shape)
    for count in range(1, len(axes)):
        for chosen in itertools.combinations(axes, count):
            system = np.zeros(math.prod(shape), np.int64)
            for a in chosen:
                system = system * shape[a] + index[a]
            yield system


def block_systems(
    generators: Sequence[Permutation], degree: int, candidates: Iterator[System] | None
) -> list[System]:
    """Systems of blocks of a transitive group: the candidates that are some, or all that are found.

    The smallest systems, each from an orbit on pairs, and the joins of two of them, small blocks
    first.
    """
    given = [s for s in candidates or () if on_blocks(s, generators) is not None]
    if given or degree > WIDEST or degree**2 * len(generators) > MOST_IMAGES:
        return given
    found: dict[bytes, System] = {}
    count, pair = pair_orbits(degree, degree, [(g, g) for g in generators])
    for number in range(count):
        # blocks that hold one pair of an orbit on pairs hold what the orbit connects
        i, j = np.divmod(np.flatnonzero(pair == number), degree)
        part = components(degree, i, j)[1]
        _, first, which = np.unique(part, return_index=True, return_inverse=True)
        system = np.argsort(np.argsort(first))[which]  # by first positions
        if 0 < system.max() < degree - 1:
            found.setdefault(system.tobytes(), system)
    for a, b in itertools.combinations(list(found.values()), 2):
        if len(found) > MOST:
            break
        joined = _joined(a, b)
        if joined.any():
            found.setdefault(joined.tobytes(), joined)
    return sorted(found.values(), key=lambda s: (-int(s.max()), s.tobytes()))


def _joined(a: System, b: System) -> System:
    """The finest partition that both refine."""
    first_a = np.unique(a, return_index=True)[1]
    first_b = np.unique(b, return_index=True)[1]
    # positions are joined to the first of their blocks
    found = orbits(len(a), [first_a[a], first_b[b]])[1]
    return found.astype(np.int64)


def on_blocks(system: System, generators: Sequence[Permutation]) -> list[Permutation] | None:
    """What the generators do to the blocks, or None if they do not keep them."""
    count = int(system.max()) + 1
    found = []
    for g in generators:
        image = np.zeros(count, np.int64)
        image[system] = system[g]
        if (image[system] != system[g]).any():
            return None
        found.append(image)
    return found


def within_block(system: System, generators: Sequence[Permutation]) -> list[Permutation]:
    """Generators of what the elements that keep the first block in place do inside of it.

    Elements t_i that take the first block to each other one are found by walking from block to
    block; g t_i and t_j agree on where the first block goes, so that what g does from block i to
    block j is an element of the group within.
    """
    moved = on_blocks(system, generators)
    assert moved is not None
    there: dict[int, Permutation] = {0: np.arange(len(system))}
    queue = [0]
    for block in queue:
        for g, image in zip(generators, moved, strict=True):
            to = int(image[block])
            if to not in there:
                there[to] = compose(there[block], g)
                queue.append(to)
    points = np.flatnonzero(system == 0)
    number = np.full(len(system), -1)
    number[points] = np.arange(len(points))
    found: dict[bytes, Permutation] = {}
    for g, image in zip(generators, moved, strict=True):
        for block, t in there.items():
            back = inverse(there[int(image[block])])
            inside = number[back[g[t[points]]]]
            found.setdefault(inside.tobytes(), inside)
    return list(found.values())

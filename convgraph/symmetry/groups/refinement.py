"""Colour refinement: units told apart by what surrounds them, before any search.

Each round gives a unit a new colour from its own and from those of its neighbours. Any symmetry
keeps these colours, so that they may be used to shorten the search; that hashes could collide only
makes them coarser, never wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["refine"]

ROUNDS = 12  # each reaches one connection further, and few networks are told apart by more
Colours = NDArray[np.int64]


def refine(units: Colours, source: Colours, target: Colours, colour: Colours) -> Colours:
    """Colours 0, 1, ... of the units after some rounds, from colours of units and of pairs.

    `target` is sorted.
    """
    by_source = np.argsort(source, kind="stable")
    into = np.searchsorted(target, np.arange(len(units) + 1))
    out_of = np.searchsorted(source[by_source], np.arange(len(units) + 1))
    kind = _mixed(colour, 1)
    found = np.unique(units, return_inverse=True)[1]
    classes = int(found.max(initial=-1)) + 1
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

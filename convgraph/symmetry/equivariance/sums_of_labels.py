"""Equations between sums of labels in their simplest form: none that follows from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sum", "simplest"]

Ints = NDArray[np.int64]
Sum: TypeAlias = "tuple[tuple[int, ...], tuple[int, ...]]"
Row: TypeAlias = "dict[int, Fraction]"

MANY = 500  # sums of which it is asked whether some follow from others


def simplest(pairs: Ints, sums: Sequence[Sum], labels: int) -> tuple[Ints, tuple[Sum, ...]]:
    """Equations (between labels, between sums of labels) that say the same, and say it once.

    Labels that are equal are written as the first of their class, what both sides share is taken
    away, and a sum of one label on each side joins the pairs.

    >>> pairs, sums = simplest(np.array([[0, 2]]), [((0, 1), (1, 2)), ((1, 2), (3, 4))], 5)
    >>> pairs.tolist(), sums
    ([[0, 2]], (((0, 1), (3, 4)),))
    """
    first = _classes(pairs, labels)
    while True:
        left = sorted({_without_common(each, first) for each in sums} - {((), ())})
        single = [(a[0], b[0]) for a, b in left if len(a) == len(b) == 1]
        sums = [each for each in left if not len(each[0]) == len(each[1]) == 1]
        if not single:
            break
        first = _classes(np.concatenate([_pairs(first), np.array(single)]), labels)
    return _pairs(first), tuple(_independent(sums) if len(sums) <= MANY else sums)


def _classes(pairs: Ints, labels: int) -> Ints:
    """For each label the first one that the pairs make it equal to."""
    import scipy.sparse as sparse

    a, b = pairs.T
    graph = sparse.coo_array((np.ones(len(a), bool), (a, b)), shape=(labels, labels))
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    _, first = np.unique(component, return_index=True)
    return np.asarray(first[component], np.int64)


def _pairs(first: Ints) -> Ints:
    moved = np.flatnonzero(first != np.arange(len(first)))
    return np.stack([first[moved], moved], axis=1)


def _without_common(each: Sum, first: Ints) -> Sum:
    """An equation between the first labels of classes, whose sides share none."""
    left, right = (Counter(first[list(side)].tolist()) for side in each)
    sides = tuple(sorted((left - right).elements())), tuple(sorted((right - left).elements()))
    return min(sides, sides[::-1], key=lambda both: (not both[0], both))


def _independent(sums: Iterable[Sum]) -> list[Sum]:
    """The equations that do not follow from those before them, by elimination."""
    reduced: list[tuple[int, Row]] = []
    kept = []
    for left, right in sums:
        row: Row = {}
        for side, sign in ((left, 1), (right, -1)):
            for label in side:
                row[label] = row.get(label, Fraction(0)) + sign
        for pivot, other in reduced:
            factor = row.get(pivot, Fraction(0))
            for label, value in other.items() if factor else ():
                row[label] = row.get(label, Fraction(0)) - factor * value
        row = {label: value for label, value in row.items() if value}
        if row:
            pivot = min(row)
            reduced.append((pivot, {label: value / row[pivot] for label, value in row.items()}))
            kept.append((left, right))
    return kept

"""Equations between parameters: in their simplest form, and made when asked for.

A deep network can have millions of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeAlias, overload

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.labels import Labels

__all__ = ["Block", "Equations", "Listed", "Sum", "simplest"]

Ints = NDArray[np.int64]
Sum: TypeAlias = "tuple[tuple[int, ...], tuple[int, ...]]"
"""The labels on both sides of an equation between sums."""

MANY = 500  # sums of which it is asked whether some follow from others


@dataclass(frozen=True)
class Block:
    """Sums of labels that are to be equal: entries of an array that differ in some digits only.

    The array of some shape starts at label `start`; in each equation the labels on the sides have
    the digits `left` and `right` at `axes`, and the other digits run through all that there are.
    """

    start: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    left: tuple[tuple[int, ...], ...]
    right: tuple[tuple[int, ...], ...]

    @cached_property
    def _rest(self) -> tuple[int, ...]:
        return tuple(n for a, n in enumerate(self.shape) if a not in self.axes)

    def __len__(self) -> int:
        return int(np.prod(self._rest, dtype=np.int64))

    def sides(self, position: int) -> Sum:
        """The labels on both sides of one equation."""
        free = np.unravel_index(position, self._rest) if self._rest else ()
        left, right = self.left, self.right
        return tuple(self._label(free, d) for d in left), tuple(self._label(free, d) for d in right)

    def _label(self, free: Sequence[np.integer[Any]], digits: tuple[int, ...]) -> int:
        rest, fixed = iter(free), iter(digits)
        index = tuple(
            int(next(fixed) if a in self.axes else next(rest)) for a in range(len(self.shape))
        )
        return self.start + int(np.ravel_multi_index(index, self.shape))


@dataclass(frozen=True, eq=False)
class Listed:
    """Pairs of labels that are to be equal, and pairs of lists of labels whose sums are to be."""

    pairs: Ints
    sums: Sequence[Sum]

    def __len__(self) -> int:
        return len(self.pairs) + len(self.sums)

    def sides(self, position: int) -> Sum:
        """The labels on both sides of one equation."""
        if position >= len(self.pairs):
            return self.sums[position - len(self.pairs)]
        left, right = self.pairs[position].tolist()
        return (left,), (right,)


class Equations(Sequence[sp.Eq]):
    """A sequence of sympy equations between sums of labels; it compares with tuples of them."""

    def __init__(self, labels: Labels, blocks: Sequence[Block | Listed] = ()) -> None:
        self._labels, self._blocks = labels, tuple(blocks)
        self._ends = list(accumulate(map(len, self._blocks)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, position: int) -> sp.Eq: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[sp.Eq, ...]: ...
    def __getitem__(self, position: int | slice) -> sp.Eq | tuple[sp.Eq, ...]:
        if isinstance(position, slice):
            return tuple(self[p] for p in range(*position.indices(len(self))))
        p = position + len(self) if position < 0 else position
        if not 0 <= p < len(self):
            raise IndexError(f"equation {position} of {len(self)}")
        which = bisect_right(self._ends, p)
        sides = self._blocks[which].sides(p - (self._ends[which - 1] if which else 0))
        return sp.Eq(*(sp.Add(*self._labels.pick(side)) for side in sides), evaluate=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        few = ", ".join(map(repr, self[:6]))
        return f"({few}{',' * (len(self) == 1)})" if len(self) <= 6 else f"({few}, ...)"


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
    reduced: list[tuple[int, dict[int, Fraction]]] = []
    kept = []
    for left, right in sums:
        row: dict[int, Fraction] = {}
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

"""Equations between parameters, made when asked for: a deep network can have millions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, overload

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.labels import Labels
from convgraph.symmetry.equivariance.sums_of_labels import Sum

__all__ = ["Block", "Equations", "Listed"]


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

    pairs: NDArray[np.int64]
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

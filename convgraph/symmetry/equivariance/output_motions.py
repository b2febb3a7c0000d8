"""How an axis of the output may move with one of the input: all motions of the input's kind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.symmetry.transformations.axis_motions import Motion, sources_of
from convgraph.symmetry.transformations.transformation import Sources, Steps, space

__all__ = ["WINDOWS", "Motions", "motions_of_output"]

Ints = NDArray[np.int64]
WINDOWS = 12  # positions of an axis up to which every part of it that may be lost is tried


@dataclass(frozen=True, eq=False)
class Motions:
    """Motions of one axis that differ in how far they go, and in how much is lost at the ends."""

    kind: Motion
    amounts: Ints
    lefts: Ints
    rights: Ints

    @classmethod
    def only(cls, motion: Motion) -> Motions:
        """A single one."""
        parts = motion.amount, motion.left, motion.right
        return cls(motion, *(np.array([part]) for part in parts))

    def __len__(self) -> int:
        return len(self.amounts)

    def __getitem__(self, place: int) -> Motion:
        amount, left, right = (int(a[place]) for a in (self.amounts, self.lefts, self.rights))
        boundary = self.kind.boundary if amount or left or right else None
        kind = replace(self.kind, boundary=boundary)
        return replace(kind, amount=amount, left=left, right=right)

    def nearest(self, count: int) -> Motions:
        """The first of them."""
        parts = (each[:count] for each in (self.amounts, self.lefts, self.rights))
        return Motions(self.kind, *parts)

    def sources(self) -> Sources:
        """The source of each position, a row for each motion."""
        return sources_of(self.kind, self.amounts, self.lefts, self.rights)


def motions_of_output(along: Sequence[Motion], target: Row, steps: Steps | None) -> list[Motions]:
    """Per axis of the row how it may move, nearest to what the stride says first."""
    result = []
    for axis, size in enumerate(space(target)):
        step = steps[axis] if steps is not None and axis < len(steps) else None
        if step is None or axis >= len(along):
            result.append(Motions.only(Motion(size)))
        else:
            result.append(_shifts(along[axis], size, step))
    return result


def _shifts(motion: Motion, size: int, step: Fraction) -> Motions:
    """All motions of an axis of the kind that the input's has."""
    kind = Motion(size, motion.boundary, motion.flipped)
    if motion.boundary is None:
        return Motions.only(kind)
    if motion.boundary == "wrap":
        low = -(size // 2) if motion.amount < 0 else -((size - 1) // 2)
        amounts = np.arange(low, low + size)
    else:
        amounts = np.arange(-size, size + 1)
    gap = _gaps(amounts, motion.amount / step)
    amounts = amounts[np.lexsort((gap > 0, np.abs(gap)))]  # of two that are as near the smaller one
    if motion.boundary == "wrap":
        return Motions(kind, amounts, 0 * amounts, 0 * amounts)
    every = Motions(kind, amounts, np.maximum(-amounts, 0), np.maximum(amounts, 0))
    return every if motion.plain else _straying(every, motion, step)


def _gaps(amounts: Ints, goal: Fraction) -> Ints:
    """Numbers in the order of amount - goal, and of its size; a goal may be beyond 64 bits."""
    place, rest = divmod(goal, 1)
    quarter = 0 if not rest else 2 + (2 * rest > 1) - (2 * rest < 1)  # less than a half, or more
    most = int(np.abs(amounts).max(initial=0)) + 1
    return 4 * (amounts - min(max(place, -most), most)) - quarter


def _straying(shifts: Motions, motion: Motion, step: Fraction) -> Motions:
    """The same shifts with more lost at the ends: all there are, or those near the stride's."""
    size = shifts.kind.size
    near = [{int(lost / step) + more for more in (0, 1)} for lost in (motion.left, motion.right)]
    lefts, rights = (range(size + 1),) * 2 if size <= WINDOWS else (sorted(n) for n in near)
    found: dict[tuple[int, int, int], None] = {}
    parts = (each.tolist() for each in (shifts.amounts, shifts.lefts, shifts.rights))
    for amount, least, most in zip(*parts, strict=True):
        found[amount, least, most] = None
        for left, right in itertools.product(lefts, rights):
            if left >= least and right >= most and left + right <= size:
                found[amount, left, right] = None
    return Motions(shifts.kind, *np.array(list(found), np.int64).T)

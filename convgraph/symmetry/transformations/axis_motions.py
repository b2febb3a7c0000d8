"""Shifts and flips one after the other, put together into what they do to each axis of a row.

Shifts around a circle of n positions add up modulo n. Shifts that fill with zeros add up too, but
what has left the frame on the way does not come back: `Shift(1) @ Shift(-1)` moves nothing and
sets the first position to zero. Such a sequence is known by where it ends and by how far it strays
to either side on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.core.sizes import is_symbolic
from convgraph.symmetry.transformations.geometric import Flip, Shift
from convgraph.symmetry.transformations.transformation import (
    Composition,
    Sources,
    Transformation,
    space,
)

Ints = NDArray[np.int64]

__all__ = ["Motion", "composed", "motions", "reduced", "sources_of"]


@dataclass(frozen=True)
class Motion:
    """What shifts and flips do to one axis of a row of `size` positions.

    The axis is reflected if `flipped`, then moved by `amount`. With zeros, `left` and `right` are
    how far the way strays: so many positions at either end of the reflected axis are lost.
    """

    size: int
    boundary: Literal["zeros", "wrap"] | None = None
    flipped: bool = False
    amount: int = 0
    left: int = 0
    right: int = 0

    def then_shift(self, amount: int, boundary: Literal["zeros", "wrap"]) -> Motion | None:
        """This and then a shift; None where circle and frame are mixed."""
        if amount == 0:
            return self
        if self.boundary not in (None, boundary):
            return None
        total, left, right = self.amount + amount, self.left, self.right
        if boundary == "zeros":
            left, right = max(left, -total), max(right, total)
        return Motion(self.size, boundary, self.flipped, total, left, right)

    def then_flip(self) -> Motion:
        """This and then a reflection: a shift before it is the opposite shift behind it."""
        return replace(
            self,
            flipped=not self.flipped,
            amount=-self.amount,
            left=self.right,
            right=self.left,
        )

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of the axis."""
        return self.boundary == "zeros" and self.left + self.right >= self.size

    @property
    def still(self) -> bool:
        """Whether every position keeps its value."""
        if self.flipped and self.size > 1:
            return False
        if self.boundary == "wrap":
            return self.amount % self.size == 0
        return self.left == self.right == 0

    @property
    def plain(self) -> bool:
        """Whether nothing more is lost than one shift by the amount loses."""
        shifted = self.left == max(0, -self.amount) and self.right == max(0, self.amount)
        return self.boundary != "zeros" or shifted or self.wiped

    def plainest(self) -> Motion:
        """The same, with one shift by all of the axis for a way on which all is lost."""
        if self.wiped and abs(self.amount) < self.size:
            return replace(self, amount=self.size, left=0, right=self.size)
        return self


def sources_of(kind: Motion, amounts: Ints, lefts: Ints, rights: Ints) -> Sources:
    """The source of each position for several motions of a kind, a row for each.

    >>> sources_of(Motion(3, "zeros"), *np.array([[0, 1], [0, 0], [0, 1]]))
    array([[ 0,  1,  2],
           [-1,  0,  1]])
    """
    place = np.arange(kind.size) - amounts[:, None]
    if kind.boundary == "wrap":
        place %= kind.size
    there = (place >= lefts[:, None]) & (place < kind.size - rights[:, None])
    return np.where(there, kind.size - 1 - place if kind.flipped else place, -1)


def motions(transformation: Transformation, row: Row) -> tuple[Motion, ...] | None:
    """What a transformation does along each axis of space; None for other than shifts and flips."""
    found: list[Motion | None] = [Motion(size) for size in space(row)]
    parts = transformation.parts if isinstance(transformation, Composition) else (transformation,)
    for part in reversed(parts):
        if isinstance(part, Flip):
            own = part.axis % len(found)
            last = found[own]
            found[own] = None if last is None else last.then_flip()
        elif isinstance(part, Shift) and not is_symbolic(part.amounts(len(found))):
            amounts = part.amounts(len(found))
            found = [
                None if each is None else each.then_shift(int(amount), part.boundary)
                for each, amount in zip(found, amounts, strict=True)
            ]
        else:
            return None
    return None if None in found else tuple(each for each in found if each is not None)


def composed(along: Sequence[Motion]) -> Transformation:
    """A transformation that does this along the axes, in as few steps as it takes."""
    parts: list[Transformation] = []
    wrapped = tuple(m.amount if m.boundary == "wrap" else 0 for m in along)
    parts += [_shift(wrapped, "wrap")] if any(wrapped) else []
    zeros = [m.plainest() if m.boundary == "zeros" else Motion(m.size) for m in along]
    # to the left as far as the way strays, then all the way to the right, then to where it ends
    steps = [
        tuple(-m.left for m in zeros),
        tuple(m.left + m.right for m in zeros),
        tuple(m.amount - m.right for m in zeros),
    ]
    if all(m.plain for m in zeros):
        steps = [tuple(m.amount for m in zeros)]
    parts += [_shift(step, "zeros") for step in reversed(steps) if any(step)]
    flips = [Flip(axis - len(along)) for axis, m in enumerate(along) if m.flipped and m.size > 1]
    parts += reversed(flips)
    if not parts:
        return Shift(0)
    return parts[0] if len(parts) == 1 else Composition(tuple(parts))


def _shift(amounts: tuple[int, ...], boundary: Literal["zeros", "wrap"]) -> Shift:
    return Shift(amounts[0] if len(amounts) == 1 else amounts, boundary=boundary)


def reduced(transformation: Transformation, row: Row) -> Transformation:
    """The transformation itself, or a simpler one that does the same to the row.

    >>> from convgraph import Flip
    >>> row = Row("x", (8,))
    >>> reduced(Shift(1) @ Shift(1), row), reduced(Shift(3) @ Shift(-1), row)
    (Shift(2), Shift(3) @ Shift(-1))
    >>> reduced(Flip() @ Flip() @ Shift(9, boundary="wrap"), row)
    Shift(1, boundary='wrap')
    """
    if isinstance(transformation, Shift) and not is_symbolic(transformation.amount):
        amounts = transformation.amounts(len(space(row)))
        if any(amounts) and all(abs(a) < n for a, n in zip(amounts, space(row), strict=True)):
            return transformation
    along = motions(transformation, row)
    if along is None:
        return transformation
    if all(m.still for m in along):
        return Shift(0)
    turns = tuple(replace(m, amount=_around(m)) if m.boundary == "wrap" else m for m in along)
    made = composed(turns)
    return made if turns != along or _steps(made) < _steps(transformation) else transformation


def _steps(transformation: Transformation) -> int:
    return len(transformation.parts) if isinstance(transformation, Composition) else 1


def _around(motion: Motion) -> int:
    """The amount modulo the size, on the side that it was written on."""
    rest = abs(motion.amount) % motion.size
    return rest if motion.amount >= 0 else -rest

"""Arrays of JAX as a reader holds them: under a name, and perhaps with their axes in another order.

Rows stand channels first, while most models of JAX keep channels last. So an array's axes are
labelled, and what only labels them anew (a squeeze, a broadcast) makes no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Axes", "Held", "lead", "of_reshape"]

Axes: TypeAlias = "tuple[int | None, ...]"


@dataclass(frozen=True)
class Held:
    """An array of JAX in the tensor that holds it.

    `axes` says of each axis of the tensor which one of the array's it is, or None where it is one
    of a single position that the array does not have. Along an axis that the tensor lacks, the
    array is the same everywhere: it is of one position, or was broadcast.

    >>> Held("x", (0, 3, 1, 2), (1, 8, 9, 3)).sizes
    (1, 3, 8, 9)
    """

    name: str
    axes: Axes
    shape: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return tuple(1 if a is None else self.shape[a] for a in self.axes)

    @property
    def real(self) -> tuple[int, ...]:
        """The array's axes of more than one position, in the tensor's order."""
        return tuple(a for a in self.axes if a is not None and self.shape[a] > 1)

    @property
    def broadcast(self) -> tuple[int, ...]:
        """The axes along which the array was repeated, and its tensor was not."""
        return tuple(a for a, n in enumerate(self.shape) if n > 1 and a not in self.axes)

    def relabelled(self, labels: dict[int, int], shape: Sequence[int]) -> Held:
        """The same tensor as another array: the new number of each axis that is still there."""
        axes = tuple(None if a is None else labels.get(a) for a in self.axes)
        return Held(self.name, axes, tuple(shape))


def lead(operands: Sequence[Held], moving: Sequence[bool]) -> Axes:
    """The axes that the result of an operation on units in one place has.

    Those of an operand that has all axes, of one that depends on the input if there is such.
    """
    every = {a for held in operands for a in held.real}
    ranked = sorted(zip(operands, moving, strict=True), key=lambda one: not one[1])
    for held, _ in ranked:
        if every <= set(held.real):
            return held.axes
    for held, is_moving in ranked:  # in place of axes over which something was reduced
        rest = sorted(every - set(held.real))
        free = [i for i, a in enumerate(held.axes) if i and a not in held.real]
        if is_moving and len(rest) == len(free):
            place = dict(zip(free, rest, strict=True))
            return tuple(place.get(i, a) for i, a in enumerate(held.axes))
    return tuple(sorted(every))


def of_reshape(
    old: Sequence[int], new: Sequence[int]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The axes that a reshape turns into one another, as many at once as cannot be told apart.

    Axes of one position are in no group.

    >>> of_reshape((1, 8, 9, 3), (8, 27)), of_reshape((4, 6), (4, 1, 2, 3))
    ([((1,), (0,)), ((2, 3), (1,))], [((0,), (0,)), ((1,), (2, 3))])
    """
    before = [a for a, n in enumerate(old) if n != 1]
    after = [a for a, n in enumerate(new) if n != 1]
    groups = []
    i = j = 0
    while i < len(before):
        first_i, first_j = i, j
        have, want = old[before[i]], new[after[j]]
        i, j = i + 1, j + 1
        while have != want:
            if have < want:
                have, i = have * old[before[i]], i + 1
            else:
                want, j = want * new[after[j]], j + 1
        groups.append((tuple(before[first_i:i]), tuple(after[first_j:j])))
    return groups

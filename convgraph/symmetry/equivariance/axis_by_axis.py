"""Transformations that move several axes, decided on one axis after the other.

Let g move the axes a and b, g = g_a g_b. Where f commutes with both, it commutes with g. Where
both sides vanish along one axis, they vanish. Where f fails to commute with g_a, it fails to
commute with g at the positions of b that are clean on both sides: there the input is constant
along b, and g_b does nothing that could be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import decompose
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.clean_positions import Clean
from convgraph.symmetry.equivariance.decide import Decision, decide
from convgraph.symmetry.equivariance.decided_jointly import Answer
from convgraph.symmetry.equivariance.separated_axes import Boxes, SeparatedAxes

__all__ = ["axis_by_axis"]

Mask = NDArray[np.bool_]


def axis_by_axis(view: SeparatedAxes) -> Answer | None:
    """Decide along each axis that moves, and put the answers together, if the layers allow it."""
    decisions, cleaned = {}, {}
    for axis in view.acting:
        asked = view.question((axis,), lives=True)
        if asked is None:
            return None
        decisions[axis], cleaned[axis] = decide(asked[0]), asked[1]
    together = _Together(view, decisions, cleaned)
    exact: Boxes = []
    broken: Boxes = []
    undecided: Boxes = []
    for number in range(view.classes[view.row].count):
        same, different = together.same(number), together.different(number)
        for part in decompose(same):
            exact += view.box(number, dict(zip(view.acting, part, strict=True)))
        for box in different:
            broken += view.box(number, box)
        for part in decompose(together.rest(same, different)):
            undecided += view.box(number, dict(enumerate(part, 1)))
    target = view.network.row(view.row)
    return Answer(*(Units(target, boxes) for boxes in (exact, broken, undecided)))


@dataclass(frozen=True, eq=False)
class _Together:
    view: SeparatedAxes
    decisions: dict[int, Decision]
    cleaned: dict[int, list[Clean]]

    def _along(self, axis: int, name: str, number: int) -> Mask:
        mask: Mask = getattr(self.decisions[axis], name)
        return mask.reshape(self.view.classes[self.view.row].count, -1)[number]

    def _filled(self, axis: int) -> Mask:
        return self.view.maps[self.view.row][axis - 1] < 0

    def same(self, number: int) -> Mask:
        """Where both sides are equal: along all axes, or because both vanish along one."""
        acting = self.view.acting
        exact = [self._along(axis, "exact", number) for axis in acting]
        vanishes = [self._along(axis, "vanishes", number) for axis in acting]
        filled = _any([self._filled(axis) for axis in acting])
        gone = _any([e & v for e, v in zip(exact, vanishes, strict=True)])
        return (_all(exact) & ~filled) | gone | (filled & _any(vanishes))

    def different(self, number: int) -> list[dict[int, Mask]]:
        """Where they differ, as boxes of one mask per axis of space."""
        view, result = self.view, []
        for axis in view.acting:
            for found in self.cleaned[axis]:
                own = self._along(axis, "broken", number) & ~self._filled(axis)
                result.append({**view.others((axis,), found, number, False), axis: own})
                # where the other side is filled with zeros, it is enough not to vanish
                own = self._along(axis, "lives", number)
                alone = {**view.others((axis,), found, number, True), axis: own}
                result += [{**alone, a: alone[a] & self._filled(a)} for a in view.acting]
        return [box for box in result if all(mask.any() for mask in box.values())]

    def rest(self, same: Mask, different: Sequence[dict[int, Mask]]) -> Mask:
        """Units that are neither, over all axes of space."""
        shape = self.view.along.shapes[self.view.row]
        axes = range(1, len(shape))
        left = ~same.reshape([shape[a] if a in self.view.acting else 1 for a in axes])
        left = np.array(np.broadcast_to(left, shape[1:]))
        for box in different:
            left &= ~_all([box[a] for a in axes])
        return left


def _all(masks: Sequence[Mask]) -> Mask:
    return np.asarray(reduce(np.logical_and.outer, masks))


def _any(masks: Sequence[Mask]) -> Mask:
    return np.asarray(reduce(np.logical_or.outer, masks))

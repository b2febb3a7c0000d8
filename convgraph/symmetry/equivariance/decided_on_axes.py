"""The decision on the network cut down to the axes that move, without its edges.

Where several move, one after the other comes first. Let g move the axes a and b, g = g_a g_b. Where
f commutes with both, it commutes with g. Where both sides vanish along one axis, they vanish. Where
f fails to commute with g_a, it fails to commute with g at the positions of b that are clean on both
sides: there the input is constant along b, and g_b does nothing that could be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import decompose, dense
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.clean_positions import Clean
from convgraph.symmetry.equivariance.decide import Decision, decide
from convgraph.symmetry.equivariance.separated_axes import Boxes, SeparatedAxes

__all__ = ["AGAIN", "Answer", "decided_on_axes"]

Mask = NDArray[np.bool_]

AGAIN = 5_000_000  # edges up to which what the axes leave open is decided on them


@dataclass(frozen=True, eq=False)
class Answer:
    """Units of the row that is compared: both sides equal, different, or undecided."""

    exact: Units
    broken: Units
    undecided: Units

    def with_broken(self, units: Units) -> Answer:
        """The same, with more units of which it is known that both sides differ there."""
        row = units.row
        rest = decompose(self.undecided.mask() & ~units.mask())
        return Answer(self.exact, Units(row, [*self.broken.boxes, *units.boxes]), Units(row, rest))


def decided_on_axes(view: SeparatedAxes, one: bool = False) -> Answer | None:
    """The answer on the axes; with `one`, maybe no more of it than one unit that differs."""
    if len(view.acting) == 1 or view.turned:
        return _jointly(view, one)
    answer = _axis_by_axis(view)
    if answer is None or not answer.undecided or (one and answer.broken):
        return answer
    return _jointly(view, one) if view.edges(view.acting) <= AGAIN else answer


def _jointly(view: SeparatedAxes, one: bool = False) -> Answer | None:
    """Decide on the network cut down to the acting axes, if the layers allow for it.

    With `one` it is enough to know of one unit whose two sides differ; others are left undecided.
    """
    asked = view.question(view.acting)
    if asked is None:
        return None
    question, cleaned = asked
    decision = decide(replace(question, one=one))
    target = view.network.row(view.row)
    exact = view.lifted(view.acting, decision.exact)
    count = view.classes[view.row].count
    whole = all(
        mask.all()
        for number in range(count)
        for mask in view.others(view.acting, cleaned[0], number, False).values()
    )
    if whole:
        broken = view.lifted(view.acting, decision.broken)
        rest = view.lifted(view.acting, ~(decision.exact | decision.broken))
        return Answer(*(Units(target, boxes) for boxes in (exact, broken, rest)))
    shape = view.along.shapes[view.row]
    broken, rest = [], []
    for number in range(count):
        own = decision.broken.reshape(count, *(shape[a] for a in view.acting))[number]
        left = ~decision.exact.reshape(count, *(shape[a] for a in view.acting))[number]
        left = np.array(np.broadcast_to(_spread(left, view.acting, shape), shape[1:]))
        for found in cleaned:
            masks = view.others(view.acting, found, number, False)
            for part in decompose(own):
                box = {**masks, **dict(zip(view.acting, part, strict=True))}
                broken += view.box(number, box)
                left &= ~_dense(box, shape)
        for part in decompose(left):
            rest += view.box(number, dict(enumerate(part, 1)))
    return Answer(*(Units(target, boxes) for boxes in (exact, broken, rest)))


def _spread(mask: Mask, axes: Sequence[int], shape: Sequence[int]) -> Mask:
    """A mask over some axes of space with an axis of one position for each of the others."""
    return mask.reshape([shape[a] if a in axes else 1 for a in range(1, len(shape))])


def _dense(box: Mapping[int, Mask], shape: Sequence[int]) -> Mask:
    return dense(tuple(box.get(a, np.ones(shape[a], bool)) for a in range(1, len(shape))))


def _axis_by_axis(view: SeparatedAxes) -> Answer | None:
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
        return (dense(tuple(exact)) & ~filled) | gone | (filled & _any(vanishes))

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
        left = np.array(np.broadcast_to(_spread(~same, self.view.acting, shape), shape[1:]))
        for box in different:
            left &= ~_dense(box, shape)
        return left


def _any(masks: Sequence[Mask]) -> Mask:
    return np.asarray(reduce(np.logical_or.outer, masks))

"""The decision on the network cut down to the axes that move, without its edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import decompose
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.decide import decide
from convgraph.symmetry.equivariance.separated_axes import SeparatedAxes

__all__ = ["Answer", "jointly"]

Mask = NDArray[np.bool_]


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


def jointly(view: SeparatedAxes, one: bool = False) -> Answer | None:
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
    parts = [box.get(a, np.ones(shape[a], bool)) for a in range(1, len(shape))]
    return np.asarray(reduce(np.logical_and.outer, parts))

"""The decision on the network cut down to the axes that move, without its edges.

Where several move, one after the other comes first. Let g move the axes a and b, g = g_a g_b. Where
f commutes with both, it commutes with g. Where both sides vanish along one axis, they vanish. Where
f fails to commute with g_a, it fails to commute with g at the positions of b that are clean on both
sides: there the input is constant along b, and g_b does nothing that could be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import decompose, dense
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.asked_row import Axes
from convgraph.symmetry.equivariance.clean_positions import Clean
from convgraph.symmetry.equivariance.decide import Decision, decide
from convgraph.symmetry.equivariance.separated_axes import Boxes, SeparatedAxes

__all__ = ["AGAIN", "Answer", "decided_on_axes"]

Mask = NDArray[np.bool_]
AxisMasks: TypeAlias = Mapping[int, Mask]

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
    """The answer on the axes; None if the layers do not allow for it.

    With `one` it is enough to know of one unit whose two sides differ; others may stay undecided.
    """
    together = [view.acting]
    if len(view.acting) == 1 or view.turned:
        return _decided(view, together, one)
    answer = _decided(view, [(axis,) for axis in view.acting])
    if answer is None or not answer.undecided or (one and answer.broken):
        return answer
    return _decided(view, together, one) if view.edges(view.acting) <= AGAIN else answer


def _decided(view: SeparatedAxes, apart: Sequence[Axes], one: bool = False) -> Answer | None:
    """Decide on the network cut down to some axes after others, and put the answers together."""
    parts = []
    for axes in apart:
        asked = view.question(axes, lives=len(apart) > 1)
        if asked is None:
            return None
        question, cleaned = asked
        parts.append(_Part(view, axes, decide(replace(question, one=one)), cleaned))
    exact: Boxes = []
    broken: Boxes = []
    undecided: Boxes = []
    for number in range(view.classes[view.row].count):
        same, different = _same(parts, number), list(_different(parts, number))
        for part in decompose(same):
            exact += view.box(number, dict(zip(view.acting, part, strict=True)))
        for box in different:
            broken += view.box(number, box)
        for box in _rest(view, same, different):
            undecided += view.box(number, box)
    target = view.network.row(view.row)
    return Answer(*(Units(target, boxes) for boxes in (exact, broken, undecided)))


@dataclass(frozen=True, eq=False)
class _Part:
    """The decision on the network cut down to some axes, and what is clean on the others."""

    view: SeparatedAxes
    axes: Axes
    decision: Decision
    cleaned: list[Clean]

    def along(self, name: str, number: int) -> Mask:
        """What was decided of a class of channels, over the positions of these axes."""
        mask: Mask = getattr(self.decision, name)
        shape = self.view.along.shapes[self.view.row]
        return mask.reshape(-1, *(shape[axis] for axis in self.axes))[number]

    @property
    def filled(self) -> Mask:
        """The positions of a single axis at which zeros fill the frame."""
        (axis,) = self.axes
        return self.view.maps[self.view.row][axis - 1] < 0

    def boxes(self, own: Mask, number: int, alone: bool) -> Iterator[AxisMasks]:
        """Positions of these axes at what is clean on all others (see `SeparatedAxes.others`)."""
        for found in self.cleaned:
            others = self.view.others(self.axes, found, number, alone)
            for part in decompose(own):
                yield {**others, **dict(zip(self.axes, part, strict=True))}


def _same(parts: Sequence[_Part], number: int) -> Mask:
    """Where both sides are equal: along all axes, or because both vanish along one."""
    exact = [part.along("exact", number) for part in parts]
    if len(parts) == 1:
        return exact[0]
    vanishes = [part.along("vanishes", number) for part in parts]
    filled = _any([part.filled for part in parts])
    gone = _any([e & v for e, v in zip(exact, vanishes, strict=True)])
    return (dense(tuple(exact)) & ~filled) | gone | (filled & _any(vanishes))


def _different(parts: Sequence[_Part], number: int) -> Iterator[AxisMasks]:
    """Where they differ, as boxes of one mask per axis of space."""
    for part in parts:
        broken = part.along("broken", number)
        if len(parts) == 1:
            yield from part.boxes(broken, number, False)
            continue
        yield from part.boxes(broken & ~part.filled, number, False)
        # where the other side is filled with zeros, it is enough not to vanish
        for box in part.boxes(part.along("lives", number), number, True):
            for other in parts:
                (axis,) = other.axes
                yield {**box, axis: box[axis] & other.filled}


def _rest(view: SeparatedAxes, same: Mask, different: Sequence[AxisMasks]) -> Iterator[AxisMasks]:
    """Where they are neither, along the axes that move and those that cut what differs."""
    shape = view.along.shapes[view.row]
    cut = {axis for box in different for axis, mask in box.items() if not mask.all()}
    axes = sorted(cut.union(view.acting))
    spread = ~same.reshape([shape[a] if a in view.acting else 1 for a in axes])
    left = np.array(np.broadcast_to(spread, [shape[a] for a in axes]))
    for box in different:
        left &= ~dense(tuple(box[axis] for axis in axes))
    for part in decompose(left):
        yield dict(zip(axes, part, strict=True))


def _any(masks: Sequence[Mask]) -> Mask:
    return np.asarray(reduce(np.logical_or.outer, masks))

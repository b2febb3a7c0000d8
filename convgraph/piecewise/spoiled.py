"""What a cut through the input spoils: positions that a network on a piece computes otherwise.

A piece that starts inside an image starts, for the network that is run on it, at a border: where
the whole image has pixels, every layer reads padding. Counted from the cut, the positions that are
computed from such padding are spoiled. They do not depend on where the cut is, nor on the size of
the image, as long as pieces begin and have sizes that all strides on the way divide.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.window import Window
from convgraph.importers.interpolation import Interpolated
from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.periodic_reads import reads_of
from convgraph.interactions.propagation import Propagation, first_state, propagate
from convgraph.interactions.states import State

__all__ = ["Spoiled", "spoiled", "untouched"]

Mask = NDArray[np.bool_]
NONE = np.zeros(0, bool)


@dataclass(frozen=True, eq=False)
class Spoiled:
    """What two cuts spoil of a row along one axis of the input.

    Attributes
    ----------
    size
        How many positions the axis of the input has.
    step
        Input positions from one position of the row to the next.
    before, after
        Which positions are spoiled, counted from the cut in front and from the cut behind (the last
        position is number 0); none further on is.
    period
        What starts of pieces have to be multiples of, and sizes have to agree in, so far.
    least
        How many positions of the input a piece has to have at least, for borders that reflect.
    whole
        Whether the row saw all positions of the axis somewhere: then every cut spoils everything.
    wraps, ends
        Whether a layer so far went around a circle, and whether one had two ends: read beyond a
        border that is no circle's, or went around a row that is none, as it was cut before.
    """

    size: int
    step: Fraction
    before: Mask
    after: Mask
    period: int
    least: int = 1
    whole: bool = False
    wraps: bool = False
    ends: bool = False

    def key(self) -> Hashable:
        """What is equal for those that say the same."""
        masks = self.before.tobytes(), self.after.tobytes()
        rest = self.period, self.least, self.whole, self.wraps, self.ends
        return (self.size, self.step, *masks, *rest)


Axes: TypeAlias = tuple[Spoiled, ...]


def spoiled(network: Network, start: str) -> Propagation[Axes]:
    """What cuts along each axis of a row spoil of the rows behind it.

    >>> from convgraph import Conv, MaxPool
    >>> net = (Conv(3, padding=1) >> MaxPool(2) >> Conv(3, padding=1)).on(16)
    >>> (axis,) = spoiled(net, "x").states["s"].payloads[0]
    >>> axis.before.tolist(), axis.after.tolist(), axis.step
    ([True, True], [True, True], Fraction(2, 1))
    """
    return propagate(network, start, untouched(network.row(start)), Cuts())


def untouched(row: Row) -> State[Axes]:
    """Of an input nothing is spoiled."""
    space = row.numbers()[1 if row.channels else 0 :]
    return first_state(row, tuple(Spoiled(n, Fraction(1), NONE, NONE, 1) for n in space))


class Cuts:
    """The algebra of spoiled positions; see `convgraph.interactions.algebras.Algebra`."""

    idempotent = True

    def same(self, payload: Axes) -> Hashable:
        """See `Algebra.same`."""
        return tuple(each.key() for each in payload)

    def through(self, payload: Axes, b: int, axis: Axis) -> Axes:
        """See `Algebra.through`."""
        return _put(payload, b, _through(payload[b], axis))

    def whole(self, payload: Axes, b: int, size: Size) -> Axes:
        """See `Algebra.whole`."""
        return _put(payload, b, replace(payload[b], whole=True)) if size != 1 else payload

    def combine(self, parts: Sequence[tuple[Axes, int]], sizes: Sequence[Size]) -> Axes:
        """See `Algebra.combine`."""
        each = zip(*(axes for axes, _ in parts), strict=True)
        return tuple(_joined(of_axis) for of_axis in each)

    def split(self, payload: Axes, b: int, outer: int, inner: int) -> list[Axes]:
        """See `Algebra.split`."""
        steps = (Window(outer * inner, outer, 1, stride=inner, padding=-r) for r in range(inner))
        return [self.through(payload, b, axis) for axis in steps]

    def interleave(self, payloads: Sequence[Axes | None], b: int, outer: int) -> Axes:
        """See `Algebra.interleave`."""
        known = [p for p in payloads if p is not None]
        together = self.combine([(p, 1) for p in known], [1] * len(known[0]))
        count = len(payloads)
        laid = [[getattr(p[b], side) for p in known] for side in ("before", "after")]
        if len(known) < count:
            raise UntraceableError
        before, after = (_interleaved(masks) for masks in (laid[0], laid[1][::-1]))
        step = together[b].step / count
        moved = replace(together[b], step=step, before=before, after=after)
        return _put(together, b, _counted(moved))

    def freeze(self, payload: Axes, b: int, size: int) -> list[Axes]:
        """See `Algebra.freeze`."""
        if size == 1:
            return [payload]
        # each position is now a unit that all pieces would have to agree on
        return [_put(payload, b, replace(payload[b], whole=True))] * size


def _put(axes: Axes, b: int, one: Spoiled) -> Axes:
    return (*axes[:b], one, *axes[b + 1 :])


def _through(source: Spoiled, axis: Axis) -> Spoiled:
    found = reads_of(axis, 1)
    if found is None:
        raise UntraceableError
    reads, moved = found
    if moved <= 0:
        raise UntraceableError
    phases = len(reads)
    if isinstance(axis, Interpolated) and axis.grid.step * phases != moved * axis.grid.scale:
        raise UntraceableError  # the weights do not repeat themselves as the positions do
    inputs, outputs = int(axis.inputs), int(axis.outputs)
    # seen from the end, output o is outputs - 1 - o and reads inputs - 1 - q
    from_end = []
    for o in range(phases):
        turn, phase = divmod(outputs - 1 - o, phases)
        from_end.append([inputs - 1 - q - turn * moved for q in reads[phase]])
    before = _spread(source.before, reads, moved)
    after = _spread(source.after, from_end, moved)
    step = source.step * moved / phases
    return _counted(replace(_border(source, axis), step=step, before=before, after=after))


def _counted(here: Spoiled) -> Spoiled:
    """With a period that the row's step divides."""
    return replace(here, period=math.lcm(here.period, here.step.numerator))


def _spread(mask: Mask, reads: Sequence[Sequence[int]], moved: int) -> Mask:
    """The outputs that read a spoiled position, or one in front of the cut; outputs come in turns
    of as many as there are `reads`, each turn `moved` positions on."""
    lists = [np.array(positions, np.int64) for positions in reads]
    least = min((int(q.min()) for q in lists if len(q)), default=len(mask))
    turns = max(-((least - len(mask)) // moved), 0)
    result = np.zeros((turns, len(lists)), bool)
    padded = np.concatenate([mask, [False]])  # further on nothing is spoiled
    turn = np.arange(turns)[:, None] * moved
    for phase, positions in enumerate(lists):
        q = positions + turn
        result[:, phase] = ((q < 0) | padded[q.clip(0, len(mask))]).any(axis=1)
    return _trimmed(result.ravel())


def _border(source: Spoiled, axis: Axis) -> Spoiled:
    """With what a layer does at a true border."""
    before, after = axis.used_padding
    inputs = int(axis.inputs)
    if axis.boundary == "circular" and (before or after):
        around = inputs * source.step == source.size
        return replace(source, wraps=True, ends=source.ends or not around)
    if axis.boundary in ("circular", "zeros"):
        return replace(source, ends=source.ends or bool(before or after))
    far = 1 + _written_padding(axis)  # a shorter row cannot be padded
    if before or after:  # what is mirrored must not be spoiled itself
        far = max(far, before + len(source.after) + 1, after + len(source.before) + 1)
    elif far == 1:
        return source
    # a piece has `far` positions of this row if it lacks no more than the others
    least = math.ceil(source.size - (inputs - far) * source.step)
    return replace(source, ends=True, least=max(source.least, least))


def _written_padding(axis: Axis) -> int:
    """How much padding a layer adds that reflects, of which its windows may read less."""
    window = axis.sliding
    if window is None or axis.boundary != "reflect":
        return 0
    return max(int(window.padding), int(window.after or 0), 0)


def _joined(each: Sequence[Spoiled]) -> Spoiled:
    first = each[0]
    if any(one.step != first.step for one in each):
        raise UntraceableError
    return Spoiled(
        first.size,
        first.step,
        _either([one.before for one in each]),
        _either([one.after for one in each]),
        math.lcm(*(one.period for one in each)),
        max(one.least for one in each),
        any(one.whole for one in each),
        any(one.wraps for one in each),
        any(one.ends for one in each),
    )


def _either(masks: Sequence[Mask]) -> Mask:
    result = np.zeros(max(map(len, masks)), bool)
    for mask in masks:
        result[: len(mask)] |= mask
    return result


def _interleaved(masks: Sequence[Mask]) -> Mask:
    length = max(map(len, masks))
    result = np.zeros((length, len(masks)), bool)
    for phase, mask in enumerate(masks):
        result[: len(mask), phase] = mask
    return _trimmed(result.ravel())


def _trimmed(mask: Mask) -> Mask:
    last = int(np.flatnonzero(mask)[-1]) + 1 if mask.any() else 0
    return mask[:last]

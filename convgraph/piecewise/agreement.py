"""Whether tiles agree with the whole, by walking back through the connections of the whole network.

A tile is the same network on a part of the input, so that each of its rows is a part of that row.
What is kept of a tile is right if all that it depends on in the whole, row by row, lies in the
tile's part: then every unit on the way has the connections that it has in the whole. The walk goes
through the wirings of the layers and uses nothing of the arithmetic that made the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, merge, regroup
from convgraph.core.checks import as_number, as_word
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.interactions.affine import affine_fields

if TYPE_CHECKING:
    from convgraph.piecewise.tile_plan import TilePlan

__all__ = ["Difference", "agrees", "beyond"]


@dataclass(frozen=True)
class Difference:
    """An output of a tile that is not what it is in the whole, and why.

    Attributes
    ----------
    output
        The output unit, by its name in the whole.
    row, unit
        The row nearest to the output in which something is missing, and a unit there on which the
        output depends in the whole, and which lies outside of the tile.
    """

    output: str
    row: str
    unit: str

    def __str__(self) -> str:
        return f"{self.output} depends on {self.unit}, which lies outside of the tile"


@dataclass(frozen=True)
class _Part:
    """The part of a row that a tile has: along axes of a view, from where to where (exclusive),
    and on a circle after how many positions the same ones come again."""

    view: tuple[int, ...]
    spans: tuple[tuple[int, int, int, int | None], ...]


def agrees(plan: TilePlan) -> bool:
    """See `Tiling.verify`: each kind of tile along each axis is looked at, the others whole."""
    for numbers in _kinds(plan):
        spans = [axis.keeps(n) for axis, n in zip(plan.axes, numbers, strict=True)]
        if _missing(plan, numbers, spans) is not None:
            return False
    return _covers(plan)


def _kinds(plan: TilePlan) -> Iterator[tuple[int, ...]]:
    kinds = [axis.kinds for axis in plan.axes]
    for turn in range(max(map(len, kinds))):
        yield tuple(of_axis[min(turn, len(of_axis) - 1)] for of_axis in kinds)


def _covers(plan: TilePlan) -> bool:
    """Whether what is kept is each output once, along each axis."""
    for axis in plan.axes:
        ends = [axis.keeps(n) for n in range(len(axis))]
        joined = all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(ends))
        if not joined or ends[-1][1] - ends[0][0] != axis.cut.outputs:
            return False
    return True


def beyond(plan: TilePlan, axis: int, side: str) -> Difference | None:
    """See `Tiling.witness`."""
    as_word("side", side, ("before", "after"), '"before" or "after"')
    last = len(plan.axes) - 1
    axis = as_number("axis", axis, 0, last, f"one of 0 ... {last}")
    along = plan.axes[axis]
    number = len(along) - 1 if side == "before" else 0
    cut = along.cut
    if len(along) == 1 or (cut.before if side == "before" else cut.after) == 0:
        return None
    numbers = [0] * len(plan.axes)
    numbers[axis] = number
    spans = [(0, each.cut.outputs) for each in plan.axes]
    if side == "before":
        at = along.offset(number) + cut.before - 1
    else:
        at = along.offset(number) + along.outputs - cut.after
    for a, (each, n) in enumerate(zip(plan.axes, numbers, strict=True)):
        first, last = each.keeps(n)
        middle = (first + last) // 2 % each.cut.outputs
        spans[a] = (middle, middle + 1)
    spans[axis] = (at, at + 1)
    return _missing(plan, tuple(numbers), spans)


def _missing(
    plan: TilePlan, numbers: Sequence[int], spans: Sequence[tuple[int, int]]
) -> Difference | None:
    """The first row, from the output back, in which outputs depend on what the tile has not."""
    network, target = plan.network, plan.row
    parts = _parts(plan, numbers)
    shape = target.numbers()
    channels = tuple(np.ones(n, bool) for n in shape[: len(shape) - len(spans)])
    own = tuple(
        _span(first, last, size)
        for (first, last), size in zip(spans, shape[len(channels) :], strict=True)
    )
    start = (*channels, *own)
    found: dict[str, list[Box]] = {target.name: [start]}
    for layer in reversed(network.layers):
        boxes = found.get(layer.target.name)
        if not boxes:
            continue
        for joint in layer.joints:
            name = joint.source.name
            if name not in parts:
                continue  # it does not depend on the input
            read = joint.back(boxes, layer.target)
            outside = _outside(read, joint.source.numbers(), parts[name])
            if outside is not None:
                (output,) = Units(target, [_one(start)])
                (unit,) = Units(joint.source, [_one(outside)])
                return Difference(output, name, unit)
            found[name] = merge([*found.get(name, []), *read])
    return None


def _parts(plan: TilePlan, numbers: Sequence[int]) -> dict[str, _Part]:
    """Which part of each row a tile has: positions are as far apart as their fields are."""
    network: Network = plan.network
    source = network.inputs[0]
    fields = affine_fields(network, source.name)
    parts = {}
    for name, state in fields.states.items():
        payload = None if state is None else next((p for p in state.payloads if p), None)
        if state is None or payload is None:
            continue
        spans = []
        for axis, number, place, interval in zip(
            plan.axes, numbers, state.moves, payload, strict=True
        ):
            if place is None or len(axis) == 1:
                continue
            step = Fraction(interval.step, interval.period)
            first = int(axis.start(number) / step)
            size = int(state.view[place]) - int((axis.cut.size - axis.tile) / step)
            around = int(axis.cut.size / step) if axis.cut.circular else None
            spans.append((place, first, first + size, around))
        parts[name] = _Part(tuple(int(n) for n in state.view), tuple(spans))
    return parts


def _span(first: int, last: int, size: int) -> NDArray[np.bool_]:
    """Positions of an axis, counted around it where they go beyond its end."""
    mask = np.zeros(size, bool)
    if first >= 0 and last <= size:
        mask[first:last] = True
    else:
        mask[np.arange(first, last) % size] = True
    return mask


def _outside(boxes: Sequence[Box], shape: tuple[int, ...], part: _Part) -> Box | None:
    for box in boxes:
        for viewed in regroup(box, shape, part.view):
            for place, first, last, around in part.spans:
                size = part.view[place]
                if around is None:
                    there = _span(first, last, size)
                else:  # a row that is padded around its circle has some positions twice
                    there = _span(first, last, around)[np.arange(size) % around]
                rest = viewed[place] & ~there
                if rest.any():
                    missing = (*viewed[:place], rest, *viewed[place + 1 :])
                    return regroup(_one(missing), part.view, shape)[0]
    return None


def _one(box: Box) -> Box:
    """The first unit of a box."""
    masks = []
    for mask in box:
        one = np.zeros(len(mask), bool)
        one[int(np.argmax(mask))] = True
        masks.append(one)
    return tuple(masks)

"""What an input unit adds to: at each place where it stands, in the padding too, so many outputs.

Padding that reflects, wraps around or repeats has units that stand in several places. From each of
them the unit is added through a window of its own, and an output that two of them reach gets the
unit twice, by two weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convgraph.figures.motion.captions import counted
from convgraph.figures.motion.grid import SIDE, Grid
from convgraph.figures.motion.shapes import Box, Shape, colour
from convgraph.figures.motion.sweep import Sweep

__all__ = ["bands", "compact", "places_of", "told_of_unreached", "windows"]

Index = tuple[int, ...]
Corner = tuple[float, float]


def places_of(sweep: Sweep) -> dict[Index, dict[Index, list[Index]]]:
    """For each input unit the places where it is read, with the outputs that read it there."""
    found: dict[Index, dict[Index, list[Index]]] = {}
    for step in sweep.steps:
        for tap in step.taps:
            if tap.unit is not None:
                found.setdefault(tap.unit, {}).setdefault(tap.place, []).append(step.target)
    return found


def windows(groups: Sequence[Sequence[Corner]]) -> Iterator[Box]:
    """A frame around the cells that are reached from each place, none within another."""
    boxes = []
    for corners in groups:
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        cells = [(round((y - top) / SIDE), round((x - left) / SIDE)) for x, y in corners]
        boxes.append(Grid(left, top, 1, 1).around(cells, "window"))
    for box in dict.fromkeys(boxes):
        if not any(_within(box, other) for other in boxes if other != box):
            yield box


def _within(box: Box, other: Box) -> bool:
    right, bottom = other.x + other.width, other.y + other.height
    return (
        other.x <= box.x
        and other.y <= box.y
        and box.x + box.width <= right
        and box.y + box.height <= bottom
    )


def bands(corner: Corner, weights: Sequence[int]) -> Iterator[Shape]:
    """The colours of several weights in one cell, side by side."""
    x, y = corner
    wide = (SIDE - 1) / len(weights)
    for number, weight in enumerate(weights):
        yield Box(x + 0.5 + number * wide, y + 0.5, wide, SIDE - 1, colour(weight))


def compact(taps: list[tuple[Index, int]]) -> list[tuple[Index, int]]:
    """Taps with their places in a kernel: numbered along each axis, without gaps.

    Where several have the same place, all are in one row.
    """
    if len({place for place, _ in taps}) < len(taps):
        return [((*[0] * (len(place) - 1), i), weight) for i, (place, weight) in enumerate(taps)]
    axes = range(len(taps[0][0]))
    numbers = [{at: i for i, at in enumerate(sorted({p[a] for p, _ in taps}))} for a in axes]
    return [(tuple(numbers[a][place[a]] for a in axes), weight) for place, weight in taps]


def told_of_unreached(sweep: Sweep) -> str:
    """How many outputs read no unit, for the end of a caption; nothing where each reads some."""
    alone = sum(all(tap.unit is None for tap in step.taps) for step in sweep.steps)
    if not alone or not sweep.layer.reduction.linear:
        return ""
    rest = "0" if sweep.layer.bias is None else "its bias alone"
    if alone == 1:
        return f"; 1 output reads no unit and is {rest}"
    return f"; {counted(alone, 'output')} read no unit, each is {rest}"

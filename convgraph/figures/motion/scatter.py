"""The other reading of a transposed convolution: each input unit scatters the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.figures.motion.cell_values import Values, written
from convgraph.figures.motion.frames import Cells
from convgraph.figures.motion.grid import SIDE, Grid, cell
from convgraph.figures.motion.shapes import Frame, Line, Shape, Text, colour
from convgraph.figures.motion.sweep import Sweep

__all__ = ["Scatter", "scatter_frames"]

EDGE, GAP, BETWEEN, CAPTION, LEAST = 26.0, 90.0, 30.0, 40.0, 430.0

Index = tuple[int, ...]


@dataclass(frozen=True)
class Scatter:
    """For each input unit the outputs that read it, with the parameter on the way."""

    sweep: Sweep
    cells: Cells
    values: Values | None

    @cached_property
    def steps(self) -> list[tuple[Index, list[tuple[Index, int]]]]:
        """Each input unit with what it adds to: (output, parameter)."""
        found: dict[Index, list[tuple[Index, int]]] = {
            index: [] for index in np.ndindex(*self.sweep.source.numbers())
        }
        for step in self.sweep.steps:
            for tap in step.taps:
                if tap.unit is not None and tap.weight is not None:
                    found[tap.unit].append((step.target, tap.weight))
        return list(found.items())

    @cached_property
    def grids(self) -> tuple[list[Grid], list[Grid]]:
        """The grids of the input and of the output, one for each channel."""
        rows = [_sheet(row.numbers(), row.channels) for row in (self.sweep.source, self.target)]
        tall = max(count * (high * SIDE + BETWEEN) - BETWEEN for count, high, _ in rows)
        total = rows[0][2] * SIDE + GAP + rows[1][2] * SIDE
        x = (self.width - total) / 2
        made = []
        for count, high, wide in rows:
            used = count * (high * SIDE + BETWEEN) - BETWEEN
            top = EDGE + 6 + (tall - used) / 2
            made.append(
                [Grid(x, top + i * (high * SIDE + BETWEEN), high, wide) for i in range(count)]
            )
            x += wide * SIDE + GAP
        return made[0], made[1]

    @property
    def target(self) -> Any:
        """The row that is computed."""
        return self.sweep.target

    @property
    def width(self) -> float:
        """How wide a frame is."""
        _, _, ins = _sheet(self.sweep.source.numbers(), self.sweep.source.channels)
        _, _, outs = _sheet(self.target.numbers(), self.target.channels)
        return max(LEAST, (ins + outs) * SIDE + GAP + 2 * EDGE)

    @property
    def height(self) -> float:
        """How high a frame is."""
        return max(grid.bottom for grids in self.grids for grid in grids) + EDGE + CAPTION - 8

    def place(self, index: Index, output: bool) -> tuple[float, float]:
        """The corner of a unit's cell."""
        row = self.target if output else self.sweep.source
        grids = self.grids[1 if output else 0]
        grid, rest = (grids[index[0]], index[1:]) if row.channels else (grids[0], index)
        return grid.corner(rest)


def scatter_frames(
    sweep: Sweep, cells: Cells, values: Values | None
) -> tuple[Scatter, list[Frame]]:
    """A frame for each input unit, with the sums as they are so far."""
    if sweep.tying is None or not sweep.layer.reduction.linear:
        raise ConvgraphError("reading='scattered': a linear layer whose connections have weights")
    scene = Scatter(sweep, cells, values)
    sums = np.zeros(sweep.target.numbers())
    touched = np.zeros(sweep.target.numbers(), bool)
    frames = [_frame(scene, None, [], sums, touched)]
    for unit, adds in scene.steps:
        for target, weight in adds:
            touched[target] = True
            if values is not None:
                sums[target] += _weight(scene, weight) * float(values.source[unit])
        frames.append(_frame(scene, unit, adds, sums, touched))
    frames.append(_frame(scene, None, [], sums, touched, end=True))
    return scene, frames


def _weight(scene: Scatter, weight: int) -> float:
    assert scene.values is not None
    assert scene.sweep.tying is not None
    return float(scene.values.arrays[str(scene.sweep.tying.letter)].ravel()[weight])


def _frame(
    scene: Scatter,
    now: Index | None,
    adds: list[tuple[Index, int]],
    sums: NDArray[Any],
    touched: NDArray[np.bool_],
    end: bool = False,
) -> Frame:
    caption = _told(scene, now, adds, end)
    shapes = _cells(scene, now, dict(adds), sums, touched)
    return Frame.of(shapes, (scene.width, scene.height), caption)


def _cells(
    scene: Scatter,
    now: Index | None,
    adds: dict[Index, int],
    sums: NDArray[Any],
    touched: NDArray[np.bool_],
) -> Iterator[Shape]:
    source, values = scene.sweep.source, scene.values
    for unit, _ in scene.steps:
        text = {"none": "", "symbols": source.unit(unit)}.get(scene.cells)
        if text is None:
            text = written(values.source[unit]) if values is not None else ""
        yield from cell(scene.place(unit, False), SIDE, "input", text)
    for target in np.ndindex(*scene.target.numbers()):
        weight, there = adds.get(target), bool(touched[target])
        text = scene.target.unit(target) if scene.cells == "symbols" and there else ""
        if scene.cells == "numbers" and values is not None and there:
            text = written(sums[target])
        small = written(_weight(scene, weight)) if weight is not None and values is not None else ""
        fill = colour(weight) if weight is not None else "output" if there else "empty"
        corner = scene.place(target, True)
        yield from cell(corner, SIDE, fill, text, dash=not there, corner_text=small)
    for grids, row in zip(scene.grids, (source, scene.target), strict=True):
        for channel, grid in enumerate(grids):
            title = row.name if len(grids) == 1 else f"{row.name}, channel {channel + 1}"
            yield Text(grid.x, grid.y - 9, title, 11, "soft", "start")
    if now is not None:
        yield from _marks(scene, now, adds)


def _marks(scene: Scatter, now: Index, adds: dict[Index, int]) -> Iterator[Shape]:
    x, y = scene.place(now, False)
    yield Grid(x, y, 1, 1).around([(0,)], "now", 3)
    for grid in scene.grids[1]:
        corners = [scene.place(target, True) for target in adds]
        inside = [(cx, cy) for cx, cy in corners if grid.y <= cy < grid.bottom]
        if not inside:
            continue
        left, top = min(cx for cx, _ in inside), min(cy for _, cy in inside)
        places = [(round((cy - top) / SIDE), round((cx - left) / SIDE)) for cx, cy in inside]
        frame = Grid(left, top, 1, 1).around(places, "window")
        yield frame
        yield Line(x + SIDE, y, frame.x, frame.y, "line", 1.2)
        yield Line(x + SIDE, y + SIDE, frame.x, frame.y + frame.height, "line", 1.2)


def _told(scene: Scatter, now: Index | None, adds: list[tuple[Index, int]], end: bool) -> str:
    if now is None:
        return "every output has all that is added to it" if end else repr(scene.sweep.layer.spec)
    unit = scene.sweep.source.unit(now)
    value = "" if scene.values is None else f" = {written(scene.values.source[now])}"
    return f"{unit}{value} times the kernel is added to {len(adds)} outputs"


def _sheet(shape: Index, channels: bool) -> tuple[int, int, int]:
    """How many grids a row has, and their rows and columns."""
    count, space = (shape[0], shape[1:]) if channels else (1, shape)
    return count, space[0] if len(space) == 2 else 1, space[-1]

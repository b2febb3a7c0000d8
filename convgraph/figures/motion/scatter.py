"""The other reading of a transposed convolution: each input unit scatters the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.figures.motion.board import titled, words_of
from convgraph.figures.motion.captions import Captions, counted, output_padding, short
from convgraph.figures.motion.cell_values import Values, written
from convgraph.figures.motion.frames import Cells
from convgraph.figures.motion.grid import SIDE, Grid, cell
from convgraph.figures.motion.legend import folded, legend, legend_height
from convgraph.figures.motion.reached import bands, compact, places_of, told_of_unreached, windows
from convgraph.figures.motion.shapes import WEIGHTS, Box, Frame, Line, Shape, Text, colour
from convgraph.figures.motion.sweep import Sweep

__all__ = ["Scatter", "scatter_frames"]

# points around the grids, between them, for a caption below, and of width for its words
EDGE, GAP, CLOSE, BETWEEN, CAPTION, LEAST = 26.0, 90.0, 54.0, 30.0, 40.0, 430.0

Index = tuple[int, ...]
Adds = list[tuple[Index, int]]


class Layout(NamedTuple):
    """The grids of the kernels, of the input and of the output, and how wide a frame is."""

    kernels: list[Grid]
    inputs: list[Grid]
    outputs: list[Grid]
    width: float


@dataclass(frozen=True)
class Scatter:
    """For each input unit the outputs that read it, with the parameter on the way."""

    sweep: Sweep
    cells: Cells
    values: Values | None

    @cached_property
    def steps(self) -> list[tuple[Index, Adds]]:
        """Each input unit with what it adds to: (output, parameter)."""
        found: dict[Index, Adds] = {index: [] for index in np.ndindex(*self.sweep.source.numbers())}
        for step in self.sweep.steps:
            for tap in step.taps:
                if tap.unit is not None and tap.weight is not None:
                    found[tap.unit].append((step.target, tap.weight))
        return list(found.items())

    @cached_property
    def places(self) -> dict[Index, dict[Index, list[Index]]]:
        """For each input unit the places where it is read, with the outputs that read it there."""
        return places_of(self.sweep)

    @cached_property
    def whole(self) -> dict[tuple[int, int], list[tuple[Index, int]]]:
        """The kernel from each channel to each, as it lies over the output.

        An output reads it from the last tap to the first: what a window has on its left is added by
        units on the left, to outputs on their right.
        """
        found: dict[tuple[int, int], list[tuple[Index, int]]] = {}
        for step in self.sweep.steps:
            into = self.channel(step.target, True)
            for origin in {tap.channel for tap in step.taps}:
                taps = [t for t in step.taps if t.channel == origin and t.weight is not None]
                if (origin, into) not in found:
                    turned = [(tuple(-at for at in t.place), int(t.weight or 0)) for t in taps]
                    found[origin, into] = compact(turned)
        return found

    def channel(self, index: Index, output: bool) -> int:
        """The channel of a unit, 0 in a row that has none."""
        row = self.target if output else self.sweep.source
        return index[0] if row.channels else 0

    def kernels(self, number: int) -> dict[int, list[tuple[Index, int]]]:
        """The kernel of a step for each channel of the output: places of it, with parameters.

        At the border a step uses a part of the kernel, which is shown whole where it is tied.
        """
        unit, adds = self.steps[number]
        origin = self.channel(unit, False)
        used: dict[int, list[tuple[Index, int]]] = {}
        for target, weight in adds:
            place = target[1:] if self.target.channels else target
            used.setdefault(self.channel(target, True), []).append((place, weight))
        found = {}
        for into, taps in used.items():
            whole = self.whole.get((origin, into), [])
            tied = {weight for _, weight in taps} <= {weight for _, weight in whole}
            found[into] = whole if tied else compact(taps)
        return found

    @cached_property
    def layout(self) -> Layout:
        """Where the kernels, the input and the output stand."""
        return _laid_out(self)

    @property
    def grids(self) -> tuple[list[Grid], list[Grid]]:
        """The grids of the input and of the output, one for each channel."""
        return self.layout.inputs, self.layout.outputs

    @property
    def target(self) -> Any:
        """The row that is computed."""
        return self.sweep.target

    @property
    def flat(self) -> bool:
        """Whether the units stand in rows."""
        return len(self.sweep.lanes) == 1

    @property
    def width(self) -> float:
        """How wide a frame is."""
        return self.layout.width

    @property
    def height(self) -> float:
        """How high a frame is."""
        layout = self.layout
        every = (*layout.kernels, *layout.inputs, *layout.outputs)
        end = max(grid.bottom for grid in every)
        return max(end, layout.outputs[-1].bottom + legend_height(self.kinds)) + EDGE + CAPTION - 8

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of cells of the output that need a legend."""
        return ("output padding",) if any(lane.added for lane in self.sweep.lanes) else ()

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
    frames = [_frame(scene, 0, False, sums, touched)]
    for number, (unit, adds) in enumerate(scene.steps):
        for target, weight in adds:
            touched[target] = True
            if values is not None:
                sums[target] += _weight(scene, weight) * float(values.source[unit])
        frames.append(_frame(scene, number, True, sums, touched))
    touched[:] = True  # where nothing was added there is a 0
    biases = _biases(scene)
    if biases:
        for target, (_, value) in biases.items():
            sums[target] += value
        resting = _frame(scene, len(scene.steps) - 1, False, sums, touched)
        frames.append(replace(resting, caption=_told_of_biases(scene, list(biases.values()))))
    frames.append(_frame(scene, len(scene.steps) - 1, False, sums, touched))
    return scene, frames


def _weight(scene: Scatter, weight: int) -> float:
    assert scene.values is not None
    assert scene.sweep.tying is not None
    return float(scene.values.arrays[str(scene.sweep.tying.letter)].ravel()[weight])


def _sum(scene: Scatter, weights: list[int]) -> str:
    return written(sum(_weight(scene, weight) for weight in weights))


def _biases(scene: Scatter) -> dict[Index, tuple[str, float]]:
    """The name and the number of the bias that each output has, none where the layer has none."""
    words = Captions(scene.sweep, scene.values)
    found = ((step.target, words.bias(step)) for step in scene.sweep.steps)
    return {target: bias for target, bias in found if bias is not None}


def _told_of_biases(scene: Scatter, biases: list[tuple[str, float]]) -> str:
    names = list(dict.fromkeys(biases))
    outputs = counted(len(biases), "output")
    if len(names) > 1:
        return f"its bias is added to each of {outputs}, {len(names)} biases in all"
    name, value = names[0]
    told = f"{name}, {written(value)}," if scene.values is not None else name
    return f"the bias {told} is added to {outputs}"


def _frame(
    scene: Scatter, number: int, moving: bool, sums: NDArray[Any], touched: NDArray[np.bool_]
) -> Frame:
    """The frame in which a unit adds, or one before the first and behind the last."""
    adds: dict[Index, list[int]] = {}
    for target, weight in scene.steps[number][1] if moving else ():
        adds.setdefault(target, []).append(weight)
    used = {weight for weights in adds.values() for weight in weights} if moving else None
    shapes: list[Shape] = [*_kernels(scene, number, used), *_cells(scene, adds, sums, touched)]
    if moving:
        marks = list(_marks(scene, scene.steps[number][0]))
        lines = [shape for shape in marks if isinstance(shape, Line)]  # below all that they pass
        shapes = [*lines, *shapes, *(shape for shape in marks if not isinstance(shape, Line))]
    return Frame(tuple(shapes), _told(scene, number, moving))


def _kernels(scene: Scatter, number: int, used: set[int] | None) -> Iterator[Shape]:
    """The kernel; taps that a unit at the border does not use are blank."""
    tying = scene.sweep.tying
    assert tying is not None
    kernels, several = scene.kernels(number), len(scene.layout.kernels) > 1
    for channel, grid in enumerate(scene.layout.kernels):
        into = f", to channel {channel + 1}" if several else ""
        weights = [weight for _, weight in sorted(kernels.get(channel, ()))]
        turned = len(weights) > 1 and weights == sorted(weights, reverse=True)
        yield from _title(scene, grid, f"kernel {tying.letter}{into}{', turned' * turned}")
        for place, weight in kernels.get(channel, ()):
            name = short(str(tying.array.symbol(weight)))
            text = {"none": "", "symbols": name}.get(scene.cells)
            if text is None:
                text = written(_weight(scene, weight)) if scene.values is not None else ""
            cropped = used is not None and weight not in used
            below = name if weight >= WEIGHTS and scene.cells == "numbers" else ""
            yield from cell(
                grid.corner(place), SIDE, "empty" if cropped else colour(weight), text,
                dash=cropped, faint=cropped, corner_text=below, among="kernel",
            )  # fmt: skip


def _cells(
    scene: Scatter, adds: dict[Index, list[int]], sums: NDArray[Any], touched: NDArray[np.bool_]
) -> Iterator[Shape]:
    source, values = scene.sweep.source, scene.values
    for unit, _ in scene.steps:
        text = {"none": "", "symbols": source.unit(unit)}.get(scene.cells)
        if text is None:
            text = written(values.source[unit]) if values is not None else ""
        yield from cell(scene.place(unit, False), SIDE, "input", text, among="input")
    for target in np.ndindex(*scene.target.numbers()):
        weights, there = adds.get(target, []), bool(touched[target])
        text = scene.target.unit(target) if scene.cells == "symbols" and there else ""
        if scene.cells == "numbers" and values is not None and there:
            text = written(sums[target])
        # what the unit is multiplied by
        small = "" if not weights or values is None else _sum(scene, weights)
        if scene.cells == "symbols" and len(weights) == 1 and weights[0] >= WEIGHTS:
            assert scene.sweep.tying is not None
            small = short(str(scene.sweep.tying.array.symbol(weights[0])))
        added = scene.sweep.added(target[-len(scene.sweep.lanes) :])
        blank = "added" if added else "empty"
        fill = colour(weights[0]) if weights else "output" if there else blank
        corner = scene.place(target, True)
        box, *letters = cell(
            corner, SIDE, fill, text, dash=not there, corner_text=small, among="output"
        )
        yield box
        if len(weights) > 1:
            yield from bands(corner, weights)
        yield from letters
        if added:
            yield from folded(corner, SIDE)
    for what, grids, row in zip(
        ("input", "output"), scene.grids, (source, scene.target), strict=True
    ):
        for grid, title in zip(grids, titled(what, row.name, len(grids)), strict=True):
            yield from _title(scene, grid, title)
    yield from legend(scene.layout.outputs[-1], scene.kinds)


def _title(scene: Scatter, grid: Grid, title: str) -> Iterator[Shape]:
    """A title above a grid, or below a row from which lines go up; no line crosses it."""
    below = scene.flat and grid not in scene.layout.outputs
    y = grid.bottom + 12 if below else grid.y - 9
    yield Box(grid.x, y - 6, 6.1 * len(title), 12, "paper")
    yield Text(grid.x, y, title, 11, "soft", "start")


def _marks(scene: Scatter, now: Index) -> Iterator[Shape]:
    """The unit that adds, what it is added to from each place, and lines between both grids."""
    x, y = scene.place(now, False)
    yield Grid(x, y, 1, 1).around([(0,)], "now", 3)
    outputs = scene.grids[1]
    reached = [
        [scene.place(target, True) for target in targets]
        for targets in scene.places.get(now, {}).values()
    ]
    for grid in outputs:
        groups = [[(cx, cy) for cx, cy in each if grid.y <= cy < grid.bottom] for each in reached]
        for frame in windows([each for each in groups if each]):
            yield frame
            # from the unit to what it is added to: across between images, up between rows
            if not scene.flat:
                low = frame.y + frame.height
                yield Line(x + SIDE, y, frame.x, frame.y, "line", 1.2, between=True)
                yield Line(x + SIDE, y + SIDE, frame.x, low, "line", 1.2, between=True)
            elif grid is outputs[-1]:
                yield Line(x, y, frame.x, grid.bottom, "line", 1.2)
                yield Line(x + SIDE, y, frame.x + frame.width, grid.bottom, "line", 1.2)


def _told(scene: Scatter, number: int, moving: bool) -> str:
    if not moving:
        sizes = " x ".join(map(str, scene.sweep.source.shape))
        if number == 0 and len(scene.steps) > 1:
            return f"{scene.sweep.layer.spec!r} on {sizes}{output_padding(scene.sweep)}"
        told = f"{len(scene.sweep.steps)} outputs, {scene.sweep.layer.connections} connections"
        return told + told_of_unreached(scene.sweep)
    now, adds = scene.steps[number]
    unit = scene.sweep.source.unit(now)
    value = "" if scene.values is None else written(scene.values.source[now])
    if not adds:
        return f"{unit}{value and f' is {value}, and'} is added to no output"
    whole = sum(len(taps) for taps in scene.kernels(number).values())
    used = len({(scene.channel(target, True), weight) for target, weight in adds})
    targets = len({target for target, _ in adds})
    again = sum(scene.sweep.position(place) is None for place in scene.places[now])
    parts, times = [unit], unit
    if value:
        parts, times = [f"{unit} is {value}"], value
    if again:
        parts.append(f"stands {'once' if again == 1 else f'{again} times'} in the padding, too")
    kernel = "the kernel" if used == whole else f"{used} of the {whole} weights of the kernel"
    added = f"{times} times {kernel} is added to {counted(targets, 'output')}"
    if len(adds) > targets:
        added += f" in {len(adds)} products, several where a cell has several colours"
    if len(parts) > 1:
        return f"{(' and ' if value else ' ').join(parts)}: {added}"
    return f"{parts[0]}, and {added}" if value else added


def _laid_out(scene: Scatter) -> Layout:
    """Images from the left to the right: kernel, input, output; of rows the output on top."""
    tying = scene.sweep.tying
    assert tying is not None
    ins, high, wide = _sheet(scene.sweep.source.numbers(), scene.sweep.source.channels)
    outs, rows, columns = _sheet(scene.target.numbers(), scene.target.channels)
    places = [
        place for i in range(len(scene.steps)) for taps in scene.kernels(i).values()
        for place, _ in taps
    ]  # fmt: skip
    tall = 1 if scene.flat else 1 + max((place[0] for place in places), default=0)
    broad = 1 + max((place[-1] for place in places), default=0)
    # any of them may be turned
    words = f"kernel {tying.letter}" + f", to channel {outs}" * (outs > 1) + ", turned"
    kernel = max(broad * SIDE, words_of([words]) - CLOSE)
    source = titled("input", scene.sweep.source.name, ins)
    target = titled("output", scene.target.name, outs)
    sizes = (outs, tall), (ins, high), (outs, rows)
    heights = [count * (each * SIDE + BETWEEN) - BETWEEN for count, each in sizes]
    if scene.flat:
        broadest = max(wide * SIDE, words_of(source)), max(columns * SIDE, words_of(target))
        inner = max(kernel + CLOSE + broadest[0], broadest[1])
        width = max(LEAST, inner + 2 * EDGE)
        left = (width - inner) / 2
        low = EDGE + 6 + heights[2] + GAP
        xs = left, left + inner - wide * SIDE, left + inner - columns * SIDE
        tops = [low, low, EDGE + 6]
    else:
        wide_input = max(wide * SIDE, words_of(source) - GAP / 2)
        last = max(columns * SIDE, words_of(target))
        width = max(LEAST, kernel + CLOSE + wide_input + GAP + last + 2 * EDGE)
        left = (width - kernel - CLOSE - wide_input - GAP - last) / 2
        right = left + kernel + CLOSE
        xs = left, right, right + wide_input + GAP
        tops = [EDGE + 6 + (max(heights) - each) / 2 for each in heights]
    shapes = (outs, tall, broad), (ins, high, wide), (outs, rows, columns)
    made = [
        [Grid(x, top + i * (r * SIDE + BETWEEN), r, c) for i in range(count)]
        for x, top, (count, r, c) in zip(xs, tops, shapes, strict=True)
    ]
    return Layout(made[0], made[1], made[2], width)


def _sheet(shape: Index, channels: bool) -> tuple[int, int, int]:
    """How many grids a row has, and their rows and columns."""
    count, space = (shape[0], shape[1:]) if channels else (1, shape)
    return count, space[0] if len(space) == 2 else 1, space[-1]

"""The frames of a sweep: the window over the padded input, the kernel, the output filling up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from convgraph.core.wiring import Product
from convgraph.figures.motion.board import KERNEL, Board, board, kernel_title
from convgraph.figures.motion.captions import Captions, short
from convgraph.figures.motion.cell_values import Values, written
from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.legend import FILLS, folded, legend
from convgraph.figures.motion.reached import told_of_unreached
from convgraph.figures.motion.shapes import WEIGHTS, Box, Frame, Line, Shape, Text, colour
from convgraph.figures.motion.sweep import Step, Sweep, Tap

__all__ = ["Cells", "Scene", "sweep_frames"]

Cells = Literal["numbers", "symbols", "none"]


def sweep_frames(sweep: Sweep, cells: Cells, values: Values | None) -> list[Frame]:
    """A frame for each output, one before the first and one behind the last."""
    scene = Scene(sweep, cells, values)
    steps = range(len(sweep.steps))
    return [scene.frame(None, 0), *(scene.frame(i, i + 1) for i in steps), scene.end()]


@dataclass(frozen=True)
class Scene:
    """What all frames of a sweep share."""

    sweep: Sweep
    cells: Cells
    values: Values | None

    @cached_property
    def board(self) -> Board:
        """Where everything stands."""
        return board(self.sweep)

    @cached_property
    def captions(self) -> Captions:
        """What it says."""
        return Captions(self.sweep, self.values if self.cells == "numbers" else None)

    @cached_property
    def maximum(self) -> bool:
        """Whether the greatest of what is read wins."""
        return self.sweep.layer.reduction.name == "max"

    def frame(self, now: int | None, done: int) -> Frame:
        """The frame while output `now` is computed, when `done` of them are."""
        step = None if now is None else self.sweep.steps[now]
        # lines go below everything that they pass
        shapes = list(self.links(step)) if step is not None else []
        shapes += [*self.inputs(step), *self.outputs(done, now)]
        shapes += self.kernels(step) if step is not None else self.resting(0)
        words = self.captions
        caption = words.told(step) if step is not None else words.opening()
        return Frame(tuple(shapes), caption)

    def end(self) -> Frame:
        """The frame behind the last: all is computed."""
        last = len(self.sweep.steps) - 1
        shapes = [*self.inputs(None), *self.outputs(last + 1, None), *self.resting(last)]
        caption = f"{len(self.sweep.steps)} outputs, {self.sweep.layer.connections} connections"
        return Frame(tuple(shapes), caption + told_of_unreached(self.sweep))

    # -- the input -------------------------------------------------------------------------------

    def inputs(self, step: Step | None) -> Iterator[Shape]:
        """The input with its padding; what the window reads has the colours of its weights."""
        taps = step.taps if step is not None else ()
        read = {(tap.channel, tap.place): tap for tap in taps}
        for channel, grid in enumerate(self.board.inputs):
            for place in np.ndindex(*(lane.size for lane in self.sweep.lanes)):
                tap = read.get((channel, place))
                own = self.unit(channel, place)
                unit = own if own is not None else self.beyond.get((channel, place))
                kind = None if own is not None else self.sweep.kind(place)
                fill = "input" if kind is None else FILLS[kind]
                learned = tap is not None and tap.weight is not None
                ink = colour(tap.weight) if tap is not None and learned else "field"
                inner = own is None and self.cells == "none"
                if tap is not None and not inner and (learned or unit is not None):
                    fill = ink
                x, y = grid.corner(place)
                yield from cell(
                    (x, y), grid.side, fill, self.text(unit), among="input",
                    dash=own is None, faint=own is None and tap is None,
                    corner_text=self.small(tap) if tap is not None else "",
                )  # fmt: skip
                if kind == "output padding":
                    yield from folded((x, y), grid.side)
                if inner and learned:
                    # padding stays what it is, and what it is multiplied by is seen all the same
                    quarter = grid.side / 4
                    yield Box(x + quarter, y + quarter, 2 * quarter, 2 * quarter, ink)
            yield self.board.title(grid, self.board.titles[0][channel])
        yield from legend(self.board.inputs[-1], self.board.kinds)
        if step is None:
            return
        for channel, grid in enumerate(self.board.inputs):
            places = [tap.place for tap in step.taps if tap.channel == channel]
            if places:
                yield grid.around(places, "window")
        if self.maximum and self.values is not None:
            inside = (tap for tap in step.taps if tap.unit is not None)
            winner = max(inside, key=self.captions.value, default=None)
            if winner is not None:
                yield self.board.inputs[winner.channel].around([winner.place], "winner", 3)

    def unit(self, channel: int, place: tuple[int, ...]) -> tuple[int, ...] | None:
        """The unit at a place of the input laid out; None for padding and inserted zeros."""
        found = self.sweep.position(place)
        if found is None:
            return None
        return (channel, *found) if self.sweep.source.channels else found

    @cached_property
    def beyond(self) -> dict[tuple[int, tuple[int, ...]], tuple[int, ...]]:
        """The units that stand once more in the padding: it reflects, wraps around or repeats."""
        taps = (tap for step in self.sweep.steps for tap in step.taps)
        return {(tap.channel, tap.place): tap.unit for tap in taps if tap.unit is not None}

    def text(self, unit: tuple[int, ...] | None) -> str:
        """What stands in a cell of the input."""
        if self.cells == "none":
            return ""
        if unit is None:
            return "" if self.maximum or not self.zeros else "0"
        if self.cells == "symbols" or self.values is None:
            return self.sweep.source.unit(unit)
        return written(self.values.source[unit])

    @cached_property
    def zeros(self) -> bool:
        """Whether what lies around the units is zero."""
        wiring = self.sweep.joint.wiring
        assert isinstance(wiring, Product)
        return all(axis.boundary == "zeros" for axis in wiring.axes[1:])

    # -- the kernel ------------------------------------------------------------------------------

    def small(self, tap: Tap) -> str:
        """What stands in the corner of a cell: a weight's number; for one without colour its name.

        Names stand there beside symbols alone; beside numbers the kernel has both.
        """
        tying = self.sweep.tying
        if tap.weight is None or tying is None or self.cells == "none":
            return ""
        if tap.weight >= WEIGHTS and self.cells == "symbols":
            return short(str(tying.array.symbol(tap.weight)))
        return self.number(tap)

    def number(self, tap: Tap) -> str:
        """The number of a tap's parameter, where numbers are shown."""
        shown = self.cells == "numbers" and self.values is not None
        return written(self.captions.weight(tap)) if shown else ""

    def resting(self, number: int) -> Iterator[Shape]:
        """The kernel of a step while nothing is computed."""
        if self.sweep.steps:
            yield from self.kernels(self.sweep.steps[number])

    def kernels(self, step: Step) -> Iterator[Shape]:
        """The parameters that the step uses, one grid for each channel that is read."""
        tying = self.sweep.tying
        if tying is None:
            return
        for channel in dict.fromkeys(tap.channel for tap in step.taps):
            taps = [tap for tap in step.taps if tap.channel == channel]
            corners = [corner for _, corner in self.board.kernel(channel, taps)]
            x, y = (min(corner[axis] for corner in corners) for axis in (0, 1))
            if self.board.flat:
                row = self.board.inputs[channel]
                title = self.kernel_title(step, taps, None)
                yield Text(row.x - 10, y + row.side / 2, title, 12, "soft", "end")
            else:
                yield Text(x, y - 9, self.kernel_title(step, taps, channel), 11, "soft", "start")
            for tap, corner in self.board.kernel(channel, taps):
                assert tap.weight is not None
                name = short(str(tying.array.symbol(tap.weight)))
                text = {"numbers": self.number(tap), "symbols": name, "none": ""}[self.cells]
                below = name if tap.weight >= WEIGHTS and self.cells == "numbers" else ""
                yield from cell(
                    corner, self.board.inputs[0].side, colour(tap.weight), text,
                    corner_text=below, among="kernel",
                )  # fmt: skip

    def kernel_title(self, step: Step, taps: list[Tap], channel: int | None) -> str:
        """What a kernel is called; a transposed convolution reads the other way round."""
        placed = sorted(taps, key=lambda tap: tap.place)
        weights = [tap.weight for tap in placed if tap.weight is not None]
        turned = len(weights) > 1 and weights == sorted(weights, reverse=True)
        assert self.sweep.tying is not None
        into = step.target[0] if len(self.board.outputs) > 1 else None
        channel = None if len(self.board.inputs) == 1 else channel
        title = kernel_title(str(self.sweep.tying.letter), into, channel)
        return title + ", turned" * turned

    # -- the output ------------------------------------------------------------------------------

    def outputs(self, done: int, now: int | None) -> Iterator[Shape]:
        """The output, of which so many units are computed."""
        for number, step in enumerate(self.sweep.steps):
            ready = number < done
            text = self.result(step) if ready else ""
            corner = self.board.output(step.target)
            side = self.board.outputs[0].side
            added = self.sweep.added(step.target[-len(self.sweep.lanes) :])
            fill = "output" if ready else "added" if added else "empty"
            yield from cell(corner, side, fill, text, dash=not ready, among="output")
            if added:
                yield from folded(corner, side)
        for grid, title in zip(self.board.outputs, self.board.titles[1], strict=True):
            yield self.board.title(grid, title)
        if now is not None:
            x, y = self.board.output(self.sweep.steps[now].target)
            yield Grid(x, y, 1, 1).around([(0,)], "now", 3)

    def result(self, step: Step) -> str:
        """What stands in a computed cell."""
        if self.cells == "none":
            return ""
        if self.cells == "symbols" or self.values is None:
            return self.sweep.target.unit(step.target)
        return written(self.values.output[step.target])

    def links(self, step: Step) -> Iterator[Shape]:
        """From the ends of the window, or of the kernel above it, to the output, in rows."""
        if not self.board.flat or not step.taps:
            return
        first = step.taps[0].channel
        box = self.board.inputs[first].around(
            [tap.place for tap in step.taps if tap.channel == first], "line"
        )
        top = box.y if self.sweep.tying is None else box.y - KERNEL * box.height
        x, y = self.board.output(step.target)
        side = self.board.outputs[0].side
        yield Line(box.x, top, x, y + side, "line", 1.2)
        yield Line(box.x + box.width, top, x + side, y + side, "line", 1.2)

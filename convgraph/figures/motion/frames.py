"""The frames of a sweep: the window over the padded input, the kernel, the output filling up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from convgraph.core.tying import Mean
from convgraph.core.wiring import Product
from convgraph.figures.motion.board import KERNEL, Board, board
from convgraph.figures.motion.cell_values import Values, equals, written
from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.shapes import Frame, Line, Shape, Text, colour
from convgraph.figures.motion.sweep import Step, Sweep, Tap

__all__ = ["Cells", "Scene", "short", "sweep_frames"]

Cells = Literal["numbers", "symbols", "none"]
TERMS = 9  # of a sum that still helps in a caption


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
    def maximum(self) -> bool:
        """Whether the greatest of what is read wins."""
        return self.sweep.layer.reduction.name == "max"

    def frame(self, now: int | None, done: int) -> Frame:
        """The frame while output `now` is computed, when `done` of them are."""
        step = None if now is None else self.sweep.steps[now]
        shapes = [*self.inputs(step), *self.outputs(done, now)]
        shapes += self.kernels(step) if step is not None else self.resting(0)
        if step is not None:
            shapes += self.links(step)
        caption = self.told(step) if step is not None else self.opening()
        return Frame.of(shapes, (self.board.width, self.board.height), caption)

    def end(self) -> Frame:
        """The frame behind the last: all is computed."""
        last = len(self.sweep.steps) - 1
        shapes = [*self.inputs(None), *self.outputs(last + 1, None), *self.resting(last)]
        caption = f"{len(self.sweep.steps)} outputs, {self.sweep.layer.connections} connections"
        return Frame.of(shapes, (self.board.width, self.board.height), caption)

    # -- the input -------------------------------------------------------------------------------

    def inputs(self, step: Step | None) -> Iterator[Shape]:
        """The input with its padding; what the window reads has the colours of its weights."""
        taps = step.taps if step is not None else ()
        read = {(tap.channel, tap.place): tap for tap in taps}
        for channel, grid in enumerate(self.board.inputs):
            for place in np.ndindex(*(lane.size for lane in self.sweep.lanes)):
                tap = read.get((channel, place))
                own = self.unit(channel, place)
                fill = "input" if own is not None else "pad"
                if tap is not None:
                    fill = colour(tap.weight) if tap.weight is not None else "field"
                text = self.text(own if own is not None else self.beyond.get((channel, place)))
                small = self.weight(tap) if tap is not None else ""
                yield from cell(
                    grid.corner(place), grid.side, fill, text,
                    dash=own is None, faint=own is None and tap is None, corner_text=small,
                )  # fmt: skip
            yield self.board.title(grid, self.board.titles[0][channel])
        if step is None:
            return
        for channel, grid in enumerate(self.board.inputs):
            places = [tap.place for tap in step.taps if tap.channel == channel]
            if places:
                yield grid.around(places, "window")
        if self.maximum and self.values is not None:
            winner = max((t for t in step.taps if t.unit is not None), key=self.value, default=None)
            if winner is not None:
                yield self.board.inputs[winner.channel].around([winner.place], "winner", 3)

    def value(self, tap: Tap) -> float:
        """The number of the unit at a tap."""
        assert self.values is not None
        return float(self.values.source[tap.unit]) if tap.unit is not None else 0.0

    def unit(self, channel: int, place: tuple[int, ...]) -> tuple[int, ...] | None:
        """The unit at a place of the input laid out; None for padding and inserted zeros."""
        found = []
        for lane, at in zip(self.sweep.lanes, place, strict=True):
            position, rest = divmod(at - lane.first, lane.apart)
            if rest or not 0 <= position < lane.inputs:
                return None
            found.append(position)
        return (channel, *found) if self.sweep.source.channels else tuple(found)

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

    def weight(self, tap: Tap) -> str:
        """The number of a tap's parameter, for the corner of a cell."""
        tying = self.sweep.tying
        if tap.weight is None or tying is None or self.cells != "numbers" or self.values is None:
            return ""
        array = self.values.arrays[str(tying.letter)]
        return written(array.ravel()[tap.weight])

    def resting(self, number: int) -> Iterator[Shape]:
        """The kernel of a step while nothing is computed; over rows it has no place then."""
        if self.sweep.steps and not self.board.flat:
            yield from self.kernels(self.sweep.steps[number])

    def kernels(self, step: Step) -> Iterator[Shape]:
        """The parameters that the step uses, one grid for each channel that is read."""
        tying = self.sweep.tying
        if tying is None:
            return
        for channel in dict.fromkeys(tap.channel for tap in step.taps):
            taps = [tap for tap in step.taps if tap.channel == channel]
            if not self.board.flat:
                corners = [corner for _, corner in self.board.kernel(channel, taps)]
                x, y = (min(corner[axis] for corner in corners) for axis in (0, 1))
                yield Text(x, y - 9, self.kernel_title(taps), 11, "soft", "start")
            for tap, corner in self.board.kernel(channel, taps):
                assert tap.weight is not None
                name = short(str(tying.array.symbol(tap.weight)))
                text = {"numbers": self.weight(tap), "symbols": name, "none": ""}[self.cells]
                yield from cell(corner, self.board.inputs[0].side, colour(tap.weight), text)

    def kernel_title(self, taps: list[Tap]) -> str:
        """What a kernel is called; a transposed convolution reads the other way round."""
        placed = sorted(taps, key=lambda tap: tap.place)
        weights = [tap.weight for tap in placed if tap.weight is not None]
        turned = ", turned" if len(weights) > 1 and weights == sorted(weights, reverse=True) else ""
        assert self.sweep.tying is not None
        return f"kernel {self.sweep.tying.letter}{turned}"

    # -- the output ------------------------------------------------------------------------------

    def outputs(self, done: int, now: int | None) -> Iterator[Shape]:
        """The output, of which so many units are computed."""
        for number, step in enumerate(self.sweep.steps):
            ready = number < done
            text = self.result(step) if ready else ""
            corner = self.board.output(step.target)
            side = self.board.outputs[0].side
            yield from cell(corner, side, "output" if ready else "empty", text, dash=not ready)
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

    # -- in words --------------------------------------------------------------------------------

    def opening(self) -> str:
        """What is about to happen."""
        sizes = " x ".join(map(str, self.sweep.source.shape))
        return f"{self.sweep.layer.spec!r} on {sizes}"

    def told(self, step: Step) -> str:
        """What a step computes, as a sum where those of all steps are short."""
        name = self.sweep.target.unit(step.target)
        inside = [tap for tap in step.taps if tap.unit is not None]
        around = len(step.taps) - len(inside)
        units = f"{len(inside)} units" + (f" and {around} of padding" if around else "")
        if self.cells != "numbers" or self.values is None:
            return f"{name} reads {units}"
        value = equals(self.values.output[step.target])
        if self.long:
            return f"{name}{value}, from {units}"
        terms = [written(self.value(tap)) for tap in inside]
        if self.maximum:
            return f"{name} = max({', '.join(terms)}){value}"
        if self.shares is not None:
            at = np.ravel_multi_index(step.target, self.sweep.target.numbers())
            return f"{name} = ({' + '.join(terms) or '0'}) / {1 / self.shares[at]}{value}"
        if self.sweep.layer.bias is None and self.sweep.tying is not None:
            products = [f"{self.weight(t)}\u00b7{v}" for t, v in zip(inside, terms, strict=True)]
            return f"{name} = {' + '.join(products) or '0'}{value}"
        return f"{name}{value}, from {', '.join(terms)}"

    @cached_property
    def shares(self) -> list[Any] | None:
        """Of a mean the share of each unit that an output reads, output by output."""
        tying = self.sweep.joint.tying
        if not isinstance(tying, Mean):
            return None
        numbers, which = tying.numbers(self.sweep.joint.wiring)
        return [numbers[each] for each in which]

    @cached_property
    def long(self) -> bool:
        """Whether a sum has more terms than help in a caption."""
        return any(sum(t.unit is not None for t in step.taps) > TERMS for step in self.sweep.steps)


def short(name: str) -> str:
    """A parameter's name for a cell: w_1_2 as w1,2."""
    letter, *rest = name.split("_")
    return letter + ",".join(rest)

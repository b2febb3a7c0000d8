"""Where the grids of a sweep stand: side by side for images, one above the other for rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from convgraph.core.wiring import Product
from convgraph.figures.motion.grid import SIDE, Grid
from convgraph.figures.motion.legend import kinds, legend_height
from convgraph.figures.motion.shapes import Text
from convgraph.figures.motion.sweep import Sweep, Tap
from convgraph.figures.motion.wrapped import length, shortened

__all__ = ["KERNEL", "NARROW", "Board", "board", "kernel_title", "titled", "words_of"]

# points around the grids, between them, for a caption below, and of width for its words
EDGE, GAP, BETWEEN, CAPTION = 26.0, 54.0, 30.0, 40.0
LEAST = 430.0  # wide enough for a caption
NARROW = 560.0  # a frame as wide as this can be read on a telephone
KERNEL = 1.25  # sides of a cell from the top of a kernel to the row under it

Corner = tuple[float, float]


@dataclass(frozen=True)
class Board:
    """The grids of the input and the output, one for each channel, and where kernels go."""

    sweep: Sweep
    inputs: tuple[Grid, ...]
    outputs: tuple[Grid, ...]
    kernel_x: float
    width: float
    height: float
    titles: tuple[tuple[str, ...], tuple[str, ...]]
    kernel_y: float | None = None  # where the one kernel stands, if not beside the input's middle
    kinds: tuple[str, ...] = ()  # of cells, in a legend below the last input

    @property
    def flat(self) -> bool:
        """Whether the units stand in rows."""
        return len(self.sweep.lanes) == 1

    def title(self, grid: Grid, title: str) -> Text:
        """What a grid is called: above an image, before a row."""
        if not self.flat:
            return Text(grid.x, grid.y - 9, title, 11, "soft", "start")
        return Text(grid.x - 10, grid.y + grid.side / 2, title, 12, "soft", "end")

    def output(self, target: tuple[int, ...]) -> Corner:
        """The corner of an output's cell; in rows it is above the middle of its window."""
        rank = len(self.sweep.lanes)
        channel = target[0] if len(target) > rank else 0
        place = target[len(target) - rank :]
        grid = self.outputs[channel]
        if self.flat:
            lane = self.sweep.lanes[0]
            return grid.corner((float(lane.read[place[0]].mean()),))
        return grid.corner(place)

    def kernel(self, channel: int, taps: Sequence[Tap]) -> Iterator[tuple[Tap, Corner]]:
        """The taps of a channel with the corners of their cells in the kernel."""
        grid = self.inputs[channel]
        if self.flat:
            for tap in taps:
                x, y = grid.corner(tap.place)
                yield tap, (x, y - KERNEL * grid.side)
            return
        steps = [_steps({tap.place[a] for tap in taps}) for a in (0, 1)]
        high = max(steps[0].values(), default=0) + 1
        middle = grid.y + (grid.height - high * grid.side) / 2
        top = middle if self.kernel_y is None else self.kernel_y
        for tap in taps:
            row, column = (steps[a][tap.place[a]] for a in (0, 1))
            yield tap, (self.kernel_x + column * grid.side, top + row * grid.side)


def _steps(places: set[int]) -> dict[int, int]:
    """The places that a window reads along an axis, numbered without the gaps of a dilation."""
    return {place: number for number, place in enumerate(sorted(places))}


def board(sweep: Sweep) -> Board:
    """Lay out a sweep."""
    wiring = sweep.joint.wiring
    assert isinstance(wiring, Product)
    ins, outs = int(wiring.axes[0].inputs), int(wiring.axes[0].outputs)
    titles = titled("input", sweep.source.name, ins), titled("output", sweep.target.name, outs)
    made = (_rows if len(sweep.lanes) == 1 else _images)(sweep, ins, outs, titles)
    shown = kinds(sweep)
    # below a row there is the caption's room, and below an image that of higher ones beside it
    end = made.inputs[-1].bottom + legend_height(shown) + (EDGE if shown else 0.0) + CAPTION - 8
    return replace(made, kinds=shown, height=max(made.height, end))


def kernel_title(letter: str, output: int | None, channel: int | None) -> str:
    """What a kernel is called; numbers are those of its filter and channel, from 0, if several."""
    told = [f"kernel {letter}"]
    if output is not None:
        told.append(f"filter {output + 1}")
    if channel is not None:
        told.append(f"channel {channel + 1}")
    return ", ".join(told)


def titled(what: str, name: str, channels: int) -> tuple[str, ...]:
    """What the grids of a row are called, one for each channel."""
    name = shortened(name)
    if channels == 1:
        return (f"{what} {name}",)
    return tuple(f"{what} {name}, channel {c + 1}" for c in range(channels))


def _kernel_on_top(
    sweep: Sweep, titles: tuple[tuple[str, ...], tuple[str, ...]], first: float, second: float
) -> Board:
    """A wide input on the left, the kernel above the output on the right of it."""
    (high, wide), (rows, columns) = (
        [lane.size for lane in sweep.lanes],
        sweep.target.numbers()[-2:],
    )
    taps = sweep.lanes[0].read.shape[1]
    room = first + GAP + second + 2 * EDGE
    width, left, top = max(room, LEAST), (max(room, LEAST) - room) / 2 + EDGE, EDGE + 6
    right = left + first + GAP
    used = (taps + rows) * SIDE + BETWEEN
    tall = max(high * SIDE, used)
    source = Grid(left, top + (tall - high * SIDE) / 2, high, wide)
    kernel_y = top + (tall - used) / 2
    target = Grid(right, kernel_y + taps * SIDE + BETWEEN, rows, columns)
    height = tall + 2 * EDGE + CAPTION - 8
    return Board(sweep, (source,), (target,), right, width, height, titles, kernel_y)


def words_of(titles: Sequence[str]) -> float:
    """How much room the longest of some titles above grids needs."""
    return max(max(6.3 * len(each), 0.9 * length(each, 11)) for each in titles) + 6


def _longest_title(sweep: Sweep, ins: int, outs: int) -> str:
    assert sweep.tying is not None
    numbers = (outs - 1 if outs > 1 else None), (ins - 1 if ins > 1 else None)
    return kernel_title(str(sweep.tying.letter), *numbers) + ", turned" * sweep.transposed


def _rows(
    sweep: Sweep, ins: int, outs: int, titles: tuple[tuple[str, ...], tuple[str, ...]]
) -> Board:
    (lane,) = sweep.lanes
    every = [title for both in titles for title in both]
    if sweep.tying is not None:
        every.append(_longest_title(sweep, 1, outs))
    words = max(max(7 * len(each), 0.9 * length(each, 12)) for each in every) + 10
    width = max(lane.size * SIDE + 2 * (EDGE + words), LEAST)
    x, y = (width - lane.size * SIDE) / 2, EDGE
    outputs = []
    for _ in range(outs):
        outputs.append(Grid(x, y, 1, lane.size))
        y += SIDE + BETWEEN
    y += 26
    inputs = []
    for _ in range(ins):
        y += KERNEL * SIDE
        inputs.append(Grid(x, y, 1, lane.size))
        y += SIDE + BETWEEN
    return Board(sweep, tuple(inputs), tuple(outputs), x, width, y + CAPTION - 14, titles)


def _images(
    sweep: Sweep, ins: int, outs: int, titles: tuple[tuple[str, ...], tuple[str, ...]]
) -> Board:
    high, wide = (lane.size for lane in sweep.lanes)
    rows, columns = (len(lane.read) for lane in sweep.lanes)
    taps = sweep.lanes[1].read.shape[1] if sweep.tying is not None else 0
    # A title may reach into the gap behind its column, and not beyond it.
    first = max(wide * SIDE, words_of(titles[0]) - GAP)
    kernel = (
        max(taps * SIDE, words_of([_longest_title(sweep, ins, outs)]) - GAP) if sweep.tying else 0.0
    )
    room = (
        first
        + GAP
        + (kernel + GAP if taps else 0)
        + max(columns * SIDE, words_of(titles[1]))
        + 2 * EDGE
    )
    if taps and ins == outs == 1 and room > NARROW:
        return _kernel_on_top(sweep, titles, first, max(kernel, columns * SIDE))
    width = max(room, LEAST)
    left = (width - room) / 2 + EDGE
    tall = max(ins * (high * SIDE + BETWEEN), outs * (rows * SIDE + BETWEEN)) - BETWEEN
    kernel_x = left + first + GAP
    right = kernel_x + (kernel + GAP if taps else 0)

    def column(x: float, count: int, high: int, wide: int) -> tuple[Grid, ...]:
        used = count * (high * SIDE + BETWEEN) - BETWEEN
        top = EDGE + 6 + (tall - used) / 2
        return tuple(Grid(x, top + i * (high * SIDE + BETWEEN), high, wide) for i in range(count))

    inputs, outputs = column(left, ins, high, wide), column(right, outs, rows, columns)
    return Board(sweep, inputs, outputs, kernel_x, width, tall + 2 * EDGE + CAPTION - 8, titles)

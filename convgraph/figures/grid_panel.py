"""A network's rows as grids of cells, beside each other: their panel."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.figures.cells import Cells
from convgraph.figures.colors import between
from convgraph.figures.faces import widest
from convgraph.figures.lettering import fits, of_one_size, text_width, wrapped
from convgraph.figures.looks import UnitLook
from convgraph.figures.panel import Mark, Panel, Text, Unit
from convgraph.figures.paragraphs import paragraph, shortened
from convgraph.figures.theme import Theme
from convgraph.figures.words import shades
from convgraph.interactions.fields import receptive_field
from convgraph.interactions.paths import path_counts

__all__ = ["CELL", "Grids", "field_of"]

CELL = 0.61  # pitches
GAP = 1.0  # pitches between grids
FRONT = 0.85  # of the captions' size, for the name of a channel
LEAST_HEADING = 5  # sizes of letters that a heading of a narrow grid is wide
Fills = Mapping[str, tuple[str, ...]]


def field_of(
    network: Network, unit: str, theme: Theme
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """The fill of each cell that a unit sees or sees around, and its number of paths."""
    own, _ = network.find(unit)
    fill: dict[str, tuple[str, ...]] = {unit: (theme.shade,)}
    counts: dict[str, int] = {}
    for row in network.rows:
        if row.name == own.name:
            break
        field = receptive_field(network, unit, row=row.name)
        if not len(field):
            continue
        paths = np.asarray(path_counts(network, unit, row=row.name).array)
        seen = paths > 0
        box = tuple(slice(int(at.min()), int(at.max()) + 1) for at in np.nonzero(seen))
        holes = np.zeros(seen.shape, bool)
        holes[box] = ~seen[box]
        for index in np.argwhere(holes).tolist():
            fill[row.unit(index)] = (theme.hole,)
        for name in field:
            fill[name] = (theme.shade,)
        counts.update(
            (row.unit(index), int(paths[tuple(index)])) for index in np.argwhere(seen).tolist()
        )
    return fill, counts


@dataclass(frozen=True)
class Grids:
    """What stands in the cells of a network's rows, and what stands around them."""

    network: Network
    theme: Theme
    cells: Mapping[str, Cells]
    fill: Fills
    text: Mapping[str, str]
    valued: Container[str]
    looks: Mapping[str, UnitLook]
    names: bool
    kernels: bool
    headings: Mapping[str, str]
    padding: Mapping[str, tuple[tuple[int, int], ...]]

    def panel(self) -> Panel:
        """The grids from left to right, all about one height."""
        for name in self.headings:
            self.network.row(name)
        middle = max(self._height(name) for name in self.cells) / 2
        units: list[Unit] = []
        marks: list[Mark] = []
        texts: list[Text] = []
        x, gap = 0.0, GAP * self.theme.pitch
        for row in self.network.rows:
            at = self.cells[row.name].channel_in_front
            kernel = _kernel(self.network, row, self.theme, at) if self.kernels else None
            if kernel is not None:
                marks += _kernel_marks(row, *kernel, x, middle)
                x += kernel[0].width + gap
            cells = self.cells[row.name]
            low = middle - cells.height / 2
            (_, _), (left, right) = self._around(row.name)
            x += left * cells.side
            mine = [self._unit(row, i, x + dx, low + dy) for i, dx, dy in cells.places()]
            units += of_one_size(mine, self.text, self.theme)
            marks += [
                Mark(f"dots,{row.name},{n}", "dots", dots, x + dx, low + dy, *_square(cells))
                for n, (dx, dy, dots) in enumerate(cells.gaps(), 1)
            ]
            marks += self._zeros(row, x, low)
            if cells.front:
                texts.append(self._front(row, x + cells.front_width / 2, low))
            if row.name in self.headings:
                texts.append(self._heading(row, x + cells.width / 2, low))
            x += cells.width + (0 if cells.channels > 1 else right) * cells.side + gap
        words = self._description()
        behind = [(name, cells) for name, cells in self.cells.items() if cells.front]
        words += "".join(f" In front of {name}: {_channel(cells)}." for name, cells in behind)
        parts = tuple(units), (), tuple(texts), 2 * middle, words, self.network, tuple(marks)
        return Panel(*parts)

    def _description(self) -> str:
        """What is drawn, and what is shaded, also where that is left out."""
        rows = self.network.rows
        sizes = ", ".join(f"{r.name} ({' by '.join(map(str, r.numbers()))})" for r in rows)
        fills = {**self.fill, **{n: k.fill for n, k in self.looks.items() if k.fill is not None}}
        ordered = {name: fills[name] for r in rows for name in r.units() if name in fills}
        told = shades(self.network, ordered, self.theme.shade, self.theme.hole)
        return " ".join([f"Grids of cells from the left: {sizes}.", *told])

    def _around(self, row: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """How many cells of padding are above and below a grid, and left and right of it."""
        found = self.padding.get(row, ())
        above = found[-2] if len(found) > 1 else (0, 0)
        return above, found[-1] if found else (0, 0)

    def _height(self, row: str) -> float:
        cells = self.cells[row]
        return cells.height + 2 * max(self._above(row), self._around(row)[0][1]) * cells.side

    def _above(self, row: str) -> int:
        """How many cells of padding are above all channels."""
        return 0 if self.cells[row].channels > 1 else self._around(row)[0][0]

    def _heading(self, row: Row, x: float, low: float) -> Text:
        cells, size = self.cells[row.name], self.theme.caption_size
        room = cells.width + GAP * self.theme.pitch - size
        text = paragraph(self.headings[row.name], max(room, LEAST_HEADING * size), size)
        y = low + cells.height + self._above(row.name) * cells.side + size
        y += 0.6 * size * text.count("\n")
        return Text(text, x, y, text_width(text + " ", size), size)

    def _front(self, row: Row, x: float, low: float) -> Text:
        """Which channel one sees, where it is not the first."""
        cells, size = self.cells[row.name], FRONT * self.theme.caption_size
        y = low - self._around(row.name)[0][1] * cells.side - size
        return Text(_channel(cells), x, y, widest(_channel(cells), size), size)

    def _unit(self, row: Row, index: tuple[int, ...], x: float, y: float) -> Unit:
        name, cells = row.unit(index), self.cells[row.name]
        look = self.looks.get(name, UnitLook())
        # What stands in a cell behind another would show in part.
        called = name if self.names and cells.in_front(index) else ""
        called = shortened(called, lambda text: fits(text, cells.side - 6, self.theme.font))
        label = self.text.get(name, called) if look.label is None else look.label
        label = label if look.label is None else wrapped(label, cells.side - 6, self.theme.font)
        label = label if cells.in_front(index) else ""
        fills = self.fill.get(name, ()) if look.fill is None else look.fill
        valued = name in self.valued or look.label is not None
        return Unit(name, row.name, label, x, y, fills, cells.side, valued, called, line=look.color)

    def _zeros(self, row: Row, x: float, low: float) -> Iterator[Mark]:
        """The zeros around a grid, in front."""
        cells = self.cells[row.name]
        (above, below), (left, right) = self._around(row.name)
        rows, columns = cells.plane
        pale = between(self.theme.quiet, self.theme.paper)  # told from what is shaded
        for i in range(-above, rows + below):
            for j in range(-left, columns + right):
                if 0 <= i < rows and 0 <= j < columns:
                    continue
                at = x + (j + 0.5) * cells.side, low + (rows - i - 0.5) * cells.side
                name = f"padding,{row.name},{i + 1},{j + 1}"
                yield Mark(name, "zero", "0", *at, *_square(cells), pale)


def _kernel_marks(
    row: Row, cells: Cells, labels: Mapping[Any, str], x: float, middle: float
) -> Iterator[Mark]:
    low = middle - cells.height / 2
    for number, (index, dx, dy) in enumerate(cells.places()):
        label = labels[index] if cells.in_front(index) else ""
        name = f"kernel,{row.name},{number}"
        at = x + dx, low + dy
        yield Mark(name, "cell", label, *at, *_square(cells), parameter=labels[index])


def _channel(cells: Cells) -> str:
    return f"channel {cells.front + 1} of {cells.channels}"


def _square(cells: Cells) -> tuple[float, float, float]:
    return cells.side, cells.side, 0.45 * cells.side


def _kernel(
    network: Network, row: Row, theme: Theme, channel: tuple[int, ...]
) -> tuple[Cells, dict[Any, str]] | None:
    """The parameters of the layer that computes a row, as the array that they are.

    In front are those that the row's channel in front reads through.
    """
    layer = network._layer_of.get(row.name)
    learned = layer.joints[0].tying if layer is not None and layer.joints else None
    if not isinstance(learned, Learned):
        return None
    array = learned.array
    shape = tuple(int(n) for n in array.shape)
    axes = [a for a, n in enumerate(shape) if n > 1] or [len(shape) - 1]
    shape = tuple(shape[a] for a in axes)
    labels = dict(zip(np.ndindex(*shape), map(str, array), strict=True))
    first = [
        channel[digit.axis] % int(digit.size)
        if digit.kind == "output" and digit.axis < len(channel)
        else 0
        for digit in (learned.digits[a] for a in axes)
    ]
    cells = Cells(shape, CELL * theme.pitch)
    return replace(cells, front=cells.channel(tuple(first))), labels

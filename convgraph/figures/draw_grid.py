"""Draw the rows of a network as grids of cells: images, feature maps, kernels."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network, check_network
from convgraph.core.tying import Learned
from convgraph.figures.build import MOST_UNITS
from convgraph.figures.cells import Cells
from convgraph.figures.figure import Figure, title_of
from convgraph.figures.lettering import text_width
from convgraph.figures.marks import Shade, fills
from convgraph.figures.panel import Mark, Panel, Text, Unit
from convgraph.figures.theme import Theme, as_theme
from convgraph.figures.words import shades
from convgraph.figures.written import written_values
from convgraph.interactions.fields import receptive_field
from convgraph.interactions.paths import path_counts

__all__ = ["draw_grid"]

CELL = 0.61  # pitches
GAP = 1.0  # pitches between grids


def draw_grid(
    network: Network,
    unit: str | None = None,
    *,
    shade: Shade = None,
    values: Mapping[str, Any] | None = None,
    kernels: bool = False,
    headings: Mapping[str, str] | None = None,
    names: bool = True,
    show: int | None = None,
    theme: str | Theme = "book",
    title: str | None = None,
) -> Figure:
    """Draw a network of images: each row as a grid of cells, channels behind each other.

    The input is on the left, the output on the right.

    Parameters
    ----------
    network
        A bound network; at most 1,000 of its units are drawn.
    unit
        A unit whose receptive field is filled in every row before it. In each cell stands along
        how many paths it reaches the unit, and cells that the field surrounds without having them
        (holes, as dilation leaves them) have a colour of their own.
    shade, values
        As for `draw`.
    kernels
        Whether to draw each layer's parameters between the rows that it connects.
    headings
        A dict from rows to texts above them.
    names
        Whether cells without a value show the name of their unit.
    show
        How many cells of a longer line are drawn, from its two ends, with "..." between them.
    theme, title
        As for `draw`.

    Raises
    ------
    ConvgraphError
        If there are too many cells to draw, or no such unit or row.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv((2, 2), dilation=2) >> cg.Conv((2, 2))).on((5, 5))
    >>> figure = cg.draw_grid(net, "g1,1")
    >>> figure
    Figure('Network x[5, 5] -> h[3, 3] -> g[2, 2]': 38 units, 0 connections)
    >>> sorted(cg.receptive_field(net, "g1,1"))[:4]
    ['x1,1', 'x1,2', 'x1,3', 'x1,4']
    """
    check_network(network)
    chosen = as_theme(theme)
    side = CELL * chosen.pitch
    grids = {r.name: Cells(r.numbers(), side, show, r.channels) for r in network.rows}
    drawn = sum(1 for cells in grids.values() for _ in cells.places())
    if drawn > MOST_UNITS:
        raise ConvgraphError(
            f"network={network!r}: {drawn:,} cells are too many to draw (at most {MOST_UNITS:,}); "
            "show=8 draws the ends of each line alone"
        )
    fill = fills(network, shade, chosen.shade)
    counts: dict[str, int] = {}
    if unit is not None:
        marked, counts = _field(network, unit, chosen)
        fill = {name: _both(marked, fill, name, chosen.hole) for name in [*marked, *fill]}
    text = written_values(network, {**counts, **(values or {})})
    valued = written_values(network, values)
    panel = _panel(network, grids, fill, text, valued, names, kernels, headings or {}, chosen)
    return Figure((panel,), chosen, title_of(network) if title is None else title)


def _both(
    marked: Mapping[str, tuple[str, ...]],
    shaded: Mapping[str, tuple[str, ...]],
    name: str,
    hole: str,
) -> tuple[str, ...]:
    """The colours of a cell that a field has and that the caller shades."""
    field, own = marked.get(name, ()), shaded.get(name, ())
    if own and field == (hole,):
        return own
    return tuple(dict.fromkeys([*field, *own]))


def _field(
    network: Network, unit: str, theme: Theme
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """The fill of each cell that a unit sees or sees around, and its number of paths."""
    fill: dict[str, tuple[str, ...]] = {unit: (theme.shade,)}
    counts: dict[str, int] = {}
    own, _ = network.find(unit)
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


def _panel(
    network: Network,
    grids: Mapping[str, Cells],
    fill: Mapping[str, tuple[str, ...]],
    text: Mapping[str, str],
    valued: Container[str],
    names: bool,
    kernels: bool,
    headings: Mapping[str, str],
    theme: Theme,
) -> Panel:
    kernel_of = {row.name: _kernel(network, row, theme) for row in network.rows} if kernels else {}
    middle = max(cells.height for cells in grids.values()) / 2
    units: list[Unit] = []
    marks: list[Mark] = []
    texts: list[Text] = []
    x = 0.0
    for row in network.rows:
        kernel = kernel_of.get(row.name)
        if kernel is not None:
            cells, labels = kernel
            low = middle - cells.height / 2
            marks += [
                Mark(
                    f"kernel,{row.name},{number}",
                    "cell",
                    labels[index] if cells.in_front(index) else "",
                    x + dx,
                    low + dy,
                    *_square(cells),
                    parameter=labels[index],
                )
                for number, (index, dx, dy) in enumerate(cells.places())
            ]
            x += cells.width + GAP * theme.pitch
        cells = grids[row.name]
        low = middle - cells.height / 2
        units += [
            _unit(row, i, x + dx, low + dy, cells, fill, text, valued, names)
            for i, dx, dy in cells.places()
        ]
        marks += [
            Mark(f"dots,{row.name},{n}", "dots", dots, x + dx, low + dy, *_square(cells))
            for n, (dx, dy, dots) in enumerate(cells.gaps(), 1)
        ]
        if row.name in headings:
            width = text_width(headings[row.name] + " ", theme.caption_size)
            at = low + cells.height + theme.caption_size
            texts.append(
                Text(headings[row.name], x + cells.width / 2, at, width, theme.caption_size)
            )
        x += cells.width + GAP * theme.pitch
    unknown = set(headings) - set(grids)
    if unknown:
        network.row(min(unknown))
    return Panel(
        tuple(units),
        (),
        tuple(texts),
        2 * middle,
        _description(network, units, theme),
        network,
        tuple(marks),
    )


def _square(cells: Cells) -> tuple[float, float, float]:
    return cells.side, cells.side, 0.45 * cells.side


def _unit(
    row: Row,
    index: tuple[int, ...],
    x: float,
    y: float,
    cells: Cells,
    fill: Mapping[str, tuple[str, ...]],
    text: Mapping[str, str],
    valued: Container[str],
    names: bool,
) -> Unit:
    name = row.unit(index)
    # What stands in a cell behind another would show in part.
    called = name if names and cells.in_front(index) else ""
    label = text.get(name, called) if cells.in_front(index) else ""
    return Unit(name, row.name, label, x, y, fill.get(name, ()), cells.side, name in valued, called)


def _kernel(network: Network, row: Row, theme: Theme) -> tuple[Cells, dict[Any, str]] | None:
    """The parameters of the layer that computes a row, as the array that they are."""
    layer = network._layer_of.get(row.name)
    learned = layer.joints[0].tying if layer is not None and layer.joints else None
    if not isinstance(learned, Learned):
        return None
    array = learned.array
    shape = tuple(int(n) for n in array.shape)
    axes = [a for a, n in enumerate(shape) if n > 1] or [len(shape) - 1]
    shape = tuple(shape[a] for a in axes)
    labels = dict(zip(np.ndindex(*shape), map(str, array), strict=True))
    return Cells(shape, CELL * theme.pitch), labels


def _description(network: Network, units: Sequence[Unit], theme: Theme) -> str:
    rows = ", ".join(f"{r.name} ({' by '.join(map(str, r.numbers()))})" for r in network.rows)
    text = f"Grids of cells from the left: {rows}."
    return " ".join([text, *shades(network, units, theme.shade, theme.hole)])

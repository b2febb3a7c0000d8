"""Draw the rows of a network as grids of cells: images, feature maps, kernels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convgraph.core.calls import checked
from convgraph.core.checks import as_flag, as_mapping
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.figures.abridged import runs_in_part
from convgraph.figures.build import MOST_UNITS
from convgraph.figures.cells import Cells
from convgraph.figures.figure import Figure, title_of
from convgraph.figures.grid_panel import CELL, Grids, field_of
from convgraph.figures.legend import Legend, with_legend
from convgraph.figures.looks import Looks, unit_looks
from convgraph.figures.marks import Shade, fills
from convgraph.figures.notes import shaded_left_out, with_note
from convgraph.figures.padding_marks import padding_around
from convgraph.figures.theme import ThemeLike, as_theme
from convgraph.figures.written import written_values

__all__ = ["draw_grid"]


@checked
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
    padding: bool = False,
    units: Looks = None,
    legend: Legend = None,
    theme: ThemeLike = "book",
    title: str | None = None,
) -> Figure:
    """Draw a network of images: each row as a grid of cells, channels behind each other.

    The input is on the left, the output on the right. In front is the first channel that has a cell
    with a colour; which one it is stands below a grid where it is not channel 1.

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
        How many cells of a longer line are drawn, from its two ends, with "..." between them; and
        what has a colour, with its neighbours.
    padding
        Whether to draw the zeros that windows read beyond the border, as cells around the grids.
    units
        As for `draw`; cells have no size and no shape of their own.
    legend, theme, title
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
    Figure('Network x[5, 5] -> h[3, 3] -> g[2, 2]': 38 cells)
    >>> sorted(cg.receptive_field(net, "g1,1"))[:4]
    ['x1,1', 'x1,2', 'x1,3', 'x1,4']
    """
    check_network(network)
    chosen = as_theme(theme)
    side = CELL * chosen.pitch
    grids = {r.name: Cells(r.numbers(), side, show, r.channels) for r in network.rows}
    if show is None:
        _check_size(network, grids, show)
    fill = fills(network, shade, chosen.shade)
    counts: dict[str, int] = {}
    if unit is not None:
        marked, counts = field_of(network, unit, chosen)
        fill = {name: _both(marked, fill, name, chosen.hole) for name in [*marked, *fill]}
    as_flag("kernels", kernels)
    as_flag("names", names)
    looks = unit_looks(network, units)
    for look in looks.values():
        if look.size is not None or look.shape is not None:
            raise ConvgraphError("units={...: {'shape': ...}}: cells have one size and shape")
        if look.image is not None:
            raise ConvgraphError("units={...: {'image': ...}}: cells have no room for pictures")
    filled = fill | {name: look.fill for name, look in looks.items() if look.fill}
    if show is not None:
        grids = _with_colors(network, grids, filled)
        _check_size(network, grids, show)
    grids = _with_fronts(network, grids, filled)
    valued = written_values(network, values, side - 6, chosen.font)
    text = written_values(network, counts, side - 6, chosen.font) | valued
    zeros = _padding(network, grids) if as_flag("padding", padding) else {}
    for name, around in zeros.items():
        above = around[-2][0] if len(around) > 1 else 0
        grids[name] = replace(grids[name], apart=(around[-1][1], above))
    over = as_mapping("headings", headings, "a dict from rows to texts")
    parts = network, chosen, grids, fill, text, valued, looks, names, kernels, over
    panel = with_legend(Grids(*parts, zeros).panel(), chosen, legend)
    if show is not None:
        panel = with_note(panel, shaded_left_out(panel, filled), chosen)
    return Figure((panel,), chosen, title_of(network) if title is None else title)


def _check_size(network: Network, grids: Mapping[str, Cells], show: int | None) -> None:
    drawn = sum(1 for cells in grids.values() for _ in cells.places())
    if drawn > MOST_UNITS:
        way = (
            "show=8 draws the ends of each line, and what is shaded"
            if show is None
            else f"show={show} draws that of what is shaded and of the ends of each line; fewer "
            "are shaded where the kernel is smaller or the unit less deep"
        )
        raise ConvgraphError(
            f"network={network!r}: {drawn:,} cells are too many to draw (at most {MOST_UNITS:,}); "
            f"{way}"
        )


def _with_colors(
    network: Network, grids: Mapping[str, Cells], filled: Iterable[str]
) -> dict[str, Cells]:
    """The grids with the rows and columns in which a cell has a colour, or the ends of those."""
    colored = {name: (set[int](), set[int]()) for name in grids}
    for name in filled:
        row, index = network.find(name)
        rows, columns = colored[row.name]
        columns.add(index[-1])
        if grids[row.name].plane[0] > 1:
            rows.add(index[-2])
    result = {}
    for name, cells in grids.items():
        masks = (
            runs_in_part([True if at in found else None for at in range(size)])
            for found, size in zip(colored[name], cells.plane, strict=True)
        )
        rows_, columns_ = (tuple(np.flatnonzero(mask).tolist()) for mask in masks)
        result[name] = replace(cells, keep=(rows_, columns_))
    return result


def _with_fronts(
    network: Network, grids: Mapping[str, Cells], filled: Iterable[str]
) -> dict[str, Cells]:
    """The grids with the first of their channels in front that has a colour, if one has."""
    fronts: dict[str, int] = {}
    if any(cells.channels > 1 for cells in grids.values()):
        for name in filled:
            row, index = network.find(name)
            channel = grids[row.name].channel(index)
            fronts[row.name] = min(fronts.get(row.name, channel), channel)
    return {name: replace(cells, front=fronts.get(name, 0)) for name, cells in grids.items()}


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


def _padding(
    network: Network, grids: Mapping[str, Cells]
) -> dict[str, tuple[tuple[int, int], ...]]:
    found = padding_around(network)
    for name, cells in grids.items():
        if name in found and any(cells.gaps()):
            raise ConvgraphError(f"padding=True: around a grid that is drawn whole, and not {name}")
    added = sum(
        (cells.plane[0] + sum(found[name][-2] if len(found[name]) > 1 else (0, 0)))
        * (cells.plane[1] + sum(found[name][-1]))
        for name, cells in grids.items()
        if name in found
    )
    if added > 2 * MOST_UNITS:
        raise ConvgraphError(f"padding=True: {added:,} cells with padding are too many to draw")
    return found

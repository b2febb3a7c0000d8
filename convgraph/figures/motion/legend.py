"""What the cells around units are: a mark for those of an output padding, and a legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.shapes import Box, Line, Shape, Text
from convgraph.figures.motion.sweep import Sweep

__all__ = ["FILLS", "folded", "kinds", "legend", "legend_height"]

FILLS = {"padding": "pad", "inserted zeros": "between", "output padding": "added"}
SWATCH, LINE, ABOVE = 12.0, 16.0, 8.0  # points of a swatch, from one to the next, and to the grid
FOLDS = 0.3, 0.15  # of a cell's side, from its corner on


def kinds(sweep: Sweep) -> tuple[str, ...]:
    """The kinds of cells that need a legend; one alone is what one expects around an input."""
    places = np.ndindex(*(lane.size for lane in sweep.lanes))
    found = {sweep.kind(place) for place in places if sweep.position(place) is None}
    if any(lane.added for lane in sweep.lanes):
        found.add("output padding")
    elif len(found) == 1:
        return ()
    return tuple(kind for kind in FILLS if kind in found)


def folded(corner: tuple[float, float], side: float) -> Iterator[Shape]:
    """The mark of an output padding: a corner that is hatched, whatever the colour of the cell."""
    x, y = corner
    for part in FOLDS:
        yield Line(x, y + part * side, x + part * side, y, "ink", 1)


def legend_height(shown: Sequence[str]) -> float:
    """How far a legend reaches below its grid."""
    return ABOVE + LINE * len(shown) if shown else 0.0


def legend(grid: Grid, shown: Sequence[str]) -> Iterator[Shape]:
    """A swatch and a word for each kind of cells, below a grid."""
    for number, kind in enumerate(shown):
        corner = grid.x, grid.bottom + ABOVE + number * LINE
        # no line from a row below to its outputs crosses a word
        yield Box(*corner, SWATCH + 6 + 6.1 * len(kind), SWATCH, "paper")
        yield from cell(corner, SWATCH, FILLS[kind], dash=True)
        if kind == "output padding":
            yield from folded(corner, SWATCH)
        yield Text(grid.x + SWATCH + 6, corner[1] + SWATCH / 2, kind, 11, "soft", "start")

"""Grids whose cells are too small for lines around them: one map of colours for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.shapes import Box, Pixels, Shape

__all__ = ["filled"]

SMALL = 7.0  # points of a cell; lines around smaller ones would be all that is seen


def filled(grid: Grid, fills: NDArray[Any], newer: bool = False) -> Iterator[Shape]:
    """The cells of a grid without letters, of an array of the names of their colours."""
    if grid.side >= SMALL:
        for place in np.ndindex(*fills.shape):
            yield from cell(grid.corner(place), grid.side, str(fills[place]))
        return
    names, codes = np.unique(fills.ravel().astype(str), return_inverse=True)
    whole = np.full(grid.rows * grid.columns, len(names), np.uint8)  # a last line may be shorter
    whole[: codes.size] = codes.ravel()
    every = (*names.tolist(), "paper")
    yield Pixels(
        grid.x, grid.y, grid.width, grid.height, grid.rows, grid.columns, whole.tobytes(), every
    )
    yield Box(grid.x, grid.y, grid.width, grid.height, None, "now" if newer else "line", 1)

"""A receptive field that grows row by row, from a unit back to the input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.shapes import Frame, Shape, Text
from convgraph.interactions.fields import receptive_field

__all__ = ["growth_frames"]

EDGE, BETWEEN, CAPTION, LEAST = 26.0, 34.0, 40.0, 430.0
MOST_CELLS = 2_500  # of all grids together
WIDEST = 30.0


def growth_frames(network: Network, unit: str) -> tuple[tuple[float, float], list[Frame]]:
    """The size of the frames, and one for each row from the unit's back to the input."""
    row, _ = network.find(unit)
    rows = list(network.rows[: network.rows.index(row) + 1])
    fields = {each.name: _field(network, unit, each.name) for each in rows}
    rows = [each for each in rows if fields[each.name]]
    if len(rows) < 2:
        raise ConvgraphError(f"unit={unit!r}: a unit of a row that is computed from others")
    grids, size = _laid(network, [each.name for each in rows])
    frames = []
    for count in range(1, len(rows) + 1):
        told = {each.name: fields[each.name] for each in rows[-count:]}
        name = rows[-count].name
        seen = _seen(network, fields[name])
        caption = f"{unit}" if count == 1 else f"{unit} sees {seen} of {name}"
        shapes = list(_drawn(network, grids, told, name))
        text = Text(size[0] / 2, size[1] - 16, caption, 13, "soft")
        frames.append(Frame(tuple(shapes), text))
    return size, frames


def _field(network: Network, unit: str, row: str) -> Units:
    return receptive_field(network, unit, row)


def _space(network: Network, name: str) -> tuple[int, ...]:
    row = network.row(name)
    shape = row.numbers()
    return shape[1:] if row.channels else shape


def _seen(network: Network, field: Units) -> str:
    space = _space(network, field.row.name)
    count = int(_flat(field, len(space)).sum())
    return f"{count} of the {int(np.prod(space))} positions"


def _flat(field: Units, rank: int) -> NDArray[np.bool_]:
    mask = field.mask()
    found: NDArray[np.bool_] = np.asarray(mask.any(axis=tuple(range(mask.ndim - rank))))
    return found


def _laid(network: Network, names: list[str]) -> tuple[dict[str, Grid], tuple[float, float]]:
    """Rows of units one above the other, images side by side; the input first."""
    spaces = {name: _space(network, name) for name in names}
    cells = sum(int(np.prod(space)) for space in spaces.values())
    if cells > MOST_CELLS or any(len(space) not in (1, 2) for space in spaces.values()):
        raise ConvgraphError(
            f"network: {cells} cells over one axis or two are animated up to {MOST_CELLS}; a "
            "smaller input makes fewer"
        )
    flat = all(len(space) == 1 for space in spaces.values())
    widest = max(space[-1] for space in spaces.values())
    side = min(WIDEST, 900 / widest) if flat else min(WIDEST, 170 / max(*map(max, spaces.values())))
    grids: dict[str, Grid] = {}
    if flat:
        width = max(widest * side + 2 * EDGE, LEAST)
        y = EDGE + 6
        for name in reversed(names):
            left = (width - spaces[name][0] * side) / 2
            grids[name] = Grid(left, y, 1, spaces[name][0], side)
            y += side + BETWEEN
        return grids, (width, y + CAPTION - 14)
    x = EDGE
    tall = max(space[0] if len(space) == 2 else 1 for space in spaces.values()) * side
    for name in names:
        rows = spaces[name][0] if len(spaces[name]) == 2 else 1
        grids[name] = Grid(x, EDGE + 6 + (tall - rows * side) / 2, rows, spaces[name][-1], side)
        x += spaces[name][-1] * side + BETWEEN
    return grids, (max(x - BETWEEN + EDGE, LEAST), tall + 2 * EDGE + CAPTION - 8)


def _drawn(
    network: Network, grids: dict[str, Grid], told: dict[str, Units], newest: str
) -> Iterator[Shape]:
    for name, grid in grids.items():
        space = _space(network, name)
        seen = _flat(told[name], len(space)) if name in told else np.zeros(space, bool)
        for place in np.ndindex(*space):
            fill = "weight0" if name == newest else "field"
            yield from cell(grid.corner(place), grid.side, fill if seen[place] else "empty")
        yield Text(grid.x, grid.y - 9, name, 11, "soft", "start")

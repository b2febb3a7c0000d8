"""A receptive field that grows row by row, from a unit back to the input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.figures.motion.grid import Grid
from convgraph.figures.motion.pixels import filled
from convgraph.figures.motion.shapes import Frame, Shape, Text
from convgraph.figures.motion.stacks import (
    channels_of,
    check_size,
    left_out,
    shown_rows,
    space_of,
    stacked,
)
from convgraph.figures.motion.wrapped import shortened
from convgraph.interactions.fields import receptive_field

__all__ = ["growth_frames"]

NAMED = 2  # channels of a row that are named one by one


def growth_frames(network: Network, unit: str) -> tuple[tuple[float, float], list[Frame]]:
    """The size of the frames, and one for each row from the unit's back to the input."""
    row, _ = network.find(unit)
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: an animation needs sizes without symbols")
    rows = list(network.rows[: network.rows.index(row) + 1])
    check_size(network, [each.name for each in rows])
    fields = {each.name: _field(network, unit, each.name) for each in rows}
    rows = [each for each in rows if fields[each.name]]
    if len(rows) < 2:
        raise ConvgraphError(f"unit={unit!r}: a unit of a row that is computed from others")
    every = [each.name for each in rows]
    names = shown_rows(network, every)
    rows = [network.row(name) for name in names]
    titles = {name: shortened(name) + _channels(fields[name], ", ") for name in names}
    grids, size = stacked(network, names, titles)
    frames = []
    for count in range(1, len(rows) + 1):
        told = {each.name: fields[each.name] for each in rows[-count:]}
        name = rows[-count].name
        seen = _seen(network, fields[name])
        caption = f"the unit {unit}" if count == 1 else f"{unit} sees {seen} of {name}"
        if count > 1:
            caption += _channels(fields[name], ", in ")
        if count == 1:
            caption += left_out(every, names)
        frames.append(Frame(tuple(_drawn(network, grids, titles, told, name)), caption))
    return size, frames


def _field(network: Network, unit: str, row: str) -> Units:
    return receptive_field(network, unit, row)


def _seen(network: Network, field: Units) -> str:
    space = space_of(network, field.row.name)
    count = int(_flat(field, len(space)).sum())
    return f"{count} of the {int(np.prod(space))} positions"


def _channels(field: Units, before: str) -> str:
    """Which channels a field is in, where there are several; a cell is shown for all of them."""
    count = channels_of(field.row)
    if count == 1:
        return ""
    mask = field.mask()
    seen = np.flatnonzero(mask.reshape(count, -1).any(axis=1)) + 1
    if len(seen) == count:
        return f"{before}all {count} channels"
    if len(seen) > NAMED:
        return f"{before}{len(seen)} of {count} channels"
    which = " and ".join(map(str, seen))
    return f"{before}channel{'s' * (len(seen) > 1)} {which} of {count}"


def _flat(field: Units, rank: int) -> NDArray[np.bool_]:
    mask = field.mask()
    found: NDArray[np.bool_] = np.asarray(mask.any(axis=tuple(range(mask.ndim - rank))))
    return found


def _drawn(
    network: Network,
    grids: dict[str, Grid],
    titles: dict[str, str],
    told: dict[str, Units],
    newest: str,
) -> Iterator[Shape]:
    for name, grid in grids.items():
        space = space_of(network, name)
        seen = _flat(told[name], len(space)) if name in told else np.zeros(space, bool)
        fill = "weight0" if name == newest else "field"
        yield from filled(grid, np.where(seen, fill, "empty"), name == newest)
        yield Text(grid.x, grid.y - 9, titles[name], 11, "soft", "start")

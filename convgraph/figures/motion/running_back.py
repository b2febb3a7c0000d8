"""A gradient that runs back through a network, from a unit to the input."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.figures.motion.captions import counted
from convgraph.figures.motion.cell_values import numbers, row_values, written
from convgraph.figures.motion.gradient_numbers import gradient_numbers
from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.pixels import SMALL, filled
from convgraph.figures.motion.shade import Scale, said, scale_of, shades
from convgraph.figures.motion.shapes import Frame, Shape, Text
from convgraph.figures.motion.stacks import (
    channels_of,
    check_size,
    left_out,
    shown_rows,
    space_of,
    stacked,
    title_of,
)
from convgraph.sharing.backward import gradient_prefix, put_in
from convgraph.sharing.gradients import gradients

__all__ = ["gradient_frames"]

MOST_SYMBOLS = 20_000  # connections; more take minutes


def gradient_frames(
    network: Network,
    unit: str,
    values: Any = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[tuple[float, float], list[Frame]]:
    """The size of the frames, and one for each row from an output's back to the input.

    The cells of a row say the gradient of the unit by them, as the reversed graph carries it there:
    a sum over the edges that lead to it, of the target's gradient times the edge's label.
    """
    row, _ = network.find(unit)
    if row not in network.outputs:
        raise ConvgraphError(f"unit={unit!r}: a gradient starts at a unit of an output")
    check_size(network, _names(network))
    made = numbers(network, values, parameters)
    back = _gradients(network, unit, row_values(network, made.source, made.arrays), made.arrays)
    every_row = [each.name for each in network.rows if each.name in back]
    names = shown_rows(network, every_row)
    shown = {name: _shown(network, name, back[name]) for name in names}
    titles = {name: title_of(network, name, shown[name][1]) for name in names}
    grids, size = stacked(network, names, titles)
    spaces = {name: space_of(network, name) for name in names}
    scales = {name: scale_of([shown[name][0]], grids[name].side, zero=True) for name in names}
    frames = []
    for count in range(1, len(names) + 1):
        name = names[-count]
        values, channel = shown[name]
        caption = f"the gradient of {unit} with respect to {name}: "
        caption += f"not 0 at {np.count_nonzero(values)} of {counted(values.size, 'unit')}"
        if channels_of(network.row(name)) > 1:
            every = np.count_nonzero(back[name])
            caption += f" of channel {channel + 1}, {every} of {back[name].size} in all"
        told = {n: shown[n][0] for n in names[-count:]}
        caption += said(scales[n] for n in told)
        if count == 1:
            caption += left_out(every_row, names)
        shapes = _drawn(grids, spaces, titles, told, scales)
        frames.append(Frame(tuple(shapes), caption))
    return size, frames


def _names(network: Network) -> list[str]:
    """The rows that lead to an output, in numbers of paths alone: no gradient is computed yet."""
    reached = {row.name for row in network.outputs}
    for layer in reversed(network.layers):
        if layer.target.name in reached:
            reached |= {joint.source.name for joint in layer.joints}
    return [row.name for row in network.rows if row.name in reached]


def _gradients(
    network: Network,
    unit: str,
    rows: Mapping[str, NDArray[Any]],
    arrays: Mapping[str, NDArray[Any]],
) -> dict[str, NDArray[Any]]:
    """The gradient of a unit by each unit of each row, in numbers, along the reversed graph."""
    numbers = gradient_numbers(network, unit, rows, arrays)
    if numbers is not None:
        return numbers
    if network.connection_count > MOST_SYMBOLS:
        raise ConvgraphError(
            f"unit={unit!r}: its gradient needs symbols for {network.connection_count} "
            f"connections, more than {MOST_SYMBOLS}: it is no number in floats, or a layer has "
            "derivatives by many units at once; a smaller input, or a network that ends before it"
        )
    return _by_symbols(network, unit, rows, arrays)


def _by_symbols(
    network: Network,
    unit: str,
    rows: Mapping[str, NDArray[Any]],
    arrays: Mapping[str, NDArray[Any]],
) -> dict[str, NDArray[Any]]:
    """The same from the reversed graph in symbols, whatever its derivatives are."""
    reversed_, prefix = gradients(network).reversed, gradient_prefix(network)
    known: dict[sp.Symbol, Any] = {}
    for array in network.labels.arrays:
        symbols = [array.symbol(i) for i in range(len(array))]
        known.update(zip(symbols, arrays[array.letter].ravel().tolist(), strict=True))
    for row in network.rows:
        known.update(zip(map(sp.Symbol, row.units()), rows[row.name].ravel().tolist(), strict=True))
    for row in reversed_.inputs:
        known.update({sp.Symbol(u): int(u == prefix + unit) for u in row.units()})
    found = {}
    for row in network.rows:
        name = prefix + row.name
        after = name + "'" if name + "'" in reversed_.offsets else name
        if after in reversed_.offsets:
            values = [_number(e, known) for e in reversed_.expressions(after).values()]
            found[row.name] = np.array(values).reshape(row.numbers())
    return found


def _number(expression: sp.Expr, known: dict[sp.Symbol, Any]) -> float:
    value = sympified(put_in(sympified(expression), known))
    try:
        number = math.nan if value.has(sp.Derivative) else float(value)
    except TypeError:  # a symbol, a pole or a complex number
        number = math.nan
    if not math.isfinite(number):
        raise ConvgraphError(f"network: its gradient {value} is no number")
    return number


def _drawn(
    grids: dict[str, Grid],
    spaces: dict[str, tuple[int, ...]],
    titles: dict[str, str],
    told: dict[str, NDArray[Any]],
    scales: dict[str, Scale | None],
) -> Iterator[Shape]:
    """The cells of all rows; those of the row that came last, the first told, in another colour."""
    for name, grid in grids.items():
        most, newest = scales[name], name == next(iter(told))
        fills = np.full(spaces[name], "empty", object)
        if name in told and most is not None:
            some = told[name] != 0
            fills[some] = shades(told[name][some], most)
        if most is not None and grid.side < SMALL:
            yield from filled(grid, fills, newest)
            yield Text(grid.x, grid.y - 9, titles[name], 11, "soft", "start")
            continue
        for place in np.ndindex(*spaces[name]):
            value = told[name][place] if name in told else 0
            fill, text = str(fills[place]), ""
            if value and most is None:
                fill = "weight0" if newest else "field"
            if name in told and most is None:
                text = written(value)
            yield from cell(grid.corner(place), grid.side, fill, text, faint=not value, among=name)
        if newest and most is not None:
            every = [
                (row, column) for row in (0, grid.rows - 1) for column in (0, grid.columns - 1)
            ]
            yield grid.around(every, "now", 1.5)
        yield Text(grid.x, grid.y - 9, titles[name], 11, "soft", "start")


def _shown(network: Network, name: str, values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The values of a channel, and its number from 0: the first with a gradient."""
    channels = values.reshape(-1, *space_of(network, name))
    some = np.flatnonzero(channels.reshape(len(channels), -1).any(axis=1))
    number = int(some[0]) if len(some) else 0
    return channels[number], number

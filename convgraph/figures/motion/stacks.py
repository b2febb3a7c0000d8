"""Where the rows of a network stand on a frame: one above the other, images side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, isqrt

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product
from convgraph.figures.motion.grid import Grid
from convgraph.figures.motion.wrapped import length, shortened

__all__ = [
    "CAPTION",
    "EDGE",
    "LEAST",
    "channels_of",
    "check_size",
    "left_out",
    "shown_rows",
    "space_of",
    "stacked",
    "title_of",
]

# points around the grids, between them, for a caption below, and of width for its words
EDGE, BETWEEN, CAPTION, LEAST = 26.0, 34.0, 40.0, 430.0
WIDEST = 30.0  # points of a cell, that of other films
HIGHEST = 170.0  # points of an image
LONGEST = 256  # positions of an image's side, which has less than a point for each then
MOST_ROWS = 24  # on a page
LINED = 1_800  # positions of the longest of rows, of which each has half a point then
FOLDED = 12  # units of a row that is longer than images beside it: more stand in lines, like words
TITLE, CLOSE = 11.0, 12.0  # of the letters of a title, and from one to the next


def space_of(network: Network, name: str) -> tuple[int, ...]:
    """The sizes of a row without its channels."""
    row = network.row(name)
    shape = row.numbers()
    return shape[1:] if row.channels else shape


def channels_of(row: Row) -> int:
    """How many channels a row has, which is one where it has no axis of them."""
    return row.numbers()[0] if row.channels else 1


def title_of(network: Network, name: str, channel: int) -> str:
    """What the grid of a row is called, with the channel that it shows, a number from 0.

    >>> import convgraph as cg
    >>> title_of(cg.Conv((3, 3), filters=4).on((5, 5)), "s", 1)
    's, channel 2 of 4'
    """
    count = channels_of(network.row(name))
    return shortened(name) + (f", channel {channel + 1} of {count}" if count > 1 else "")


def check_size(network: Network, names: Iterable[str]) -> None:
    """Refuse rows that cannot be shown as grids, or not on one frame."""
    spaces = {name: space_of(network, name) for name in names}
    for name, space in spaces.items():
        if len(space) not in (1, 2):
            raise ConvgraphError(
                f"network: the row {name} has {len(space)} axes besides its channels; rows of one "
                "axis or two are animated"
            )
        rows = all(len(each) == 1 for each in spaces.values())
        most = LONGEST if len(space) == 2 else LINED if rows else LONGEST**2
        if max(space) > most:
            raise ConvgraphError(
                f"network: the row {name} has {max(space)} positions along an axis, and a page has "
                f"room for {most}; a smaller input has fewer"
            )


def shown_rows(network: Network, names: Sequence[str]) -> list[str]:
    """The rows of a film: all, or of more than a page holds those that stand for what happens.

    Rows whose positions each read the same position of others (of a function of each unit, a sum of
    two branches) are left out first, then every other one until the rest fits. The first row and
    the last are always there.

    >>> import convgraph as cg
    >>> from functools import reduce
    >>> net = reduce(lambda a, b: a >> b, [cg.Conv(3, padding=1), cg.ReLU()] * 20).on(9)
    >>> len(net.rows), len(shown_rows(net, [row.name for row in net.rows]))
    (41, 22)
    """
    kept = list(names)
    if len(kept) > MOST_ROWS:
        still = {layer.target.name for layer in network.layers if _in_place(layer)}
        inner = [name for name in kept[1:-1] if name not in still]
        kept = [kept[0], *inner, kept[-1]]
    if len(kept) > MOST_ROWS:
        at = np.linspace(0, len(kept) - 1, MOST_ROWS).round().astype(int)
        kept = [kept[i] for i in at.tolist()]
    return kept


def left_out(names: Sequence[str], kept: Sequence[str]) -> str:
    """How many rows a film leaves out, for its first caption."""
    if len(kept) == len(names):
        return ""
    return f"; {len(kept)} of the {len(names)} rows are shown"


def _in_place(layer: Layer) -> bool:
    """Whether each position of a row reads the same position of others, and no further one."""
    for joint in layer.joints:
        wiring, rank = joint.wiring, len(layer.target.shape) - int(layer.target.channels)
        if not isinstance(wiring, Product) or len(wiring.axes) < rank:
            return False
        for axis in wiring.axes[len(wiring.axes) - rank :]:
            alike = int(axis.inputs) == int(axis.outputs)
            if not alike or int(axis.fan_in().max(initial=0)) > 1:
                return False
    return bool(layer.joints)


def stacked(
    network: Network, names: list[str], titles: Mapping[str, str], least: float = LEAST
) -> tuple[dict[str, Grid], tuple[float, float]]:
    """Rows of units one above the other, images side by side; the input first.

    Titles above them need room as well. The second is their width, not below the least one, and
    their height.
    """
    spaces = {name: space_of(network, name) for name in names}
    check_size(network, names)
    flat = all(len(space) == 1 for space in spaces.values())
    widest = max(space[-1] for space in spaces.values())
    # rows are no wider than a window of a browser, and several images fit beside each other
    if flat:
        side = min(WIDEST, 900 / widest)
    else:
        largest = max(max(space) for space in spaces.values() if len(space) == 2)
        sheets = {name: _sheet(space, largest) for name, space in spaces.items()}
        side = min(WIDEST, HIGHEST / max(map(max, sheets.values())))
    grids: dict[str, Grid] = {}
    words = {name: length(titles[name], TITLE) for name in names}
    if flat:
        # a title begins where its row does, which stands in the middle
        rooms = [2 * words[name] - spaces[name][0] * side for name in names]
        width = max(max(widest * side, *rooms) + 2 * EDGE, least)
        y = EDGE + 6
        for name in reversed(names):
            left = (width - spaces[name][0] * side) / 2
            grids[name] = Grid(left, y, 1, spaces[name][0], side)
            y += side + BETWEEN
        return grids, (width, y + CAPTION - 14)
    x = EDGE
    tall = max(rows for rows, _ in sheets.values()) * side
    for name in names:
        rows, columns = sheets[name]
        grids[name] = Grid(x, EDGE + 6 + (tall - rows * side) / 2, rows, columns, side)
        # a title may reach into the gap behind its image
        x += max(columns * side, words[name] + CLOSE - BETWEEN) + BETWEEN
    return grids, (max(x - BETWEEN + EDGE, least), tall + 2 * EDGE + CAPTION - 8)


def _sheet(space: tuple[int, ...], largest: int) -> tuple[int, int]:
    """Rows and columns of a grid; many units without a second axis stand in lines, like words.

    A row as long as all its units would make cells of images beside it too small for a number.
    """
    if len(space) == 2:
        return space[0], space[1]
    if space[0] <= max(FOLDED, largest):
        return 1, space[0]
    columns = isqrt(space[0] - 1) + 1
    return ceil(space[0] / columns), columns

"""Where the rows of a network stand on a frame: one above the other, images side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.figures.motion.grid import Grid
from convgraph.figures.motion.wrapped import length, shortened

__all__ = [
    "CAPTION",
    "EDGE",
    "LEAST",
    "channels_of",
    "check_size",
    "space_of",
    "stacked",
    "title_of",
]

# points around the grids, between them, for a caption below, and of width for its words
EDGE, BETWEEN, CAPTION, LEAST = 26.0, 34.0, 40.0, 430.0
MOST_CELLS = 2_500  # of all grids together; each frame of a film repeats them all
WIDEST = 30.0  # points of a cell, that of other films
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
    cells = sum(int(np.prod(space)) for space in spaces.values())
    if cells > MOST_CELLS:
        raise ConvgraphError(
            f"network: the {cells} positions of its rows are more than the {MOST_CELLS} that one "
            "animation shows; a smaller input or fewer layers make fewer"
        )


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
    side = min(WIDEST, 900 / widest) if flat else min(WIDEST, 170 / max(*map(max, spaces.values())))
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
    tall = max(space[0] if len(space) == 2 else 1 for space in spaces.values()) * side
    for name in names:
        rows = spaces[name][0] if len(spaces[name]) == 2 else 1
        grids[name] = Grid(x, EDGE + 6 + (tall - rows * side) / 2, rows, spaces[name][-1], side)
        # a title may reach into the gap behind its image
        x += max(spaces[name][-1] * side, words[name] + CLOSE - BETWEEN) + BETWEEN
    return grids, (max(x - BETWEEN + EDGE, least), tall + 2 * EDGE + CAPTION - 8)

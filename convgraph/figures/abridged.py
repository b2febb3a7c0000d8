"""Which units of long rows are drawn where nobody says: those that differ from their neighbours.

A row of more units than a page is wide shows its two ends, where borders are, with one period of
the tying (`row_ends` says how many, and where they stand); each run of units that are filled alike,
with a neighbour that is not, or the ends of these runs where they are long; and units and
connections that a caller names one by one. Rows of one shape show the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial, reduce
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.figures.layout import Closed
from convgraph.figures.parts import Mask, close_up, hidden_runs
from convgraph.figures.row_ends import MOST_ACROSS, row_ends

__all__ = ["abridged", "runs_in_part"]

ENDS = 12  # units of an image at the ends of its axes together
WHOLE = 24  # units that runs of one colour have together, and are all drawn
RUN = 3  # units at each end of a run of one colour where they have more
MOST_RUNS = 6  # of which those at a row's two ends are shown beyond that
MOST_NAMED = 12  # units or connections of which a caller means each, and no rule


def abridged(
    network: Network,
    fill_of: Mapping[str, Any],
    named: Iterable[str],
    connections: Iterable[NDArray[np.bool_] | None],
) -> tuple[dict[str, Mask], Closed | None]:
    """The units that are drawn, row by row, and what places them if any are left out.

    Parameters
    ----------
    fill_of
        What units are filled with, by their names; any others are filled alike.
    named
        Units that a caller says something else of.
    connections
        Which connections are emphasized, and which are drawn; of many no single one is meant.
    """
    masks = {row.name: np.ones(int(row.size), bool) for row in network.rows}
    long = [row for row in network.rows if int(row.size) > MOST_ACROSS]
    if not long:
        return masks, None
    wanted = _wanted(network, fill_of, named, connections)
    periods = _periods(network)
    ends = row_ends(network, wanted, periods)
    if ends is not None:
        return ends.shown, ends.placed
    for row in long:
        most = max(ENDS // 2, periods.get(row.name, 0))
        masks[row.name] = _ends(row, most) | wanted[row.name]
    for shape in {row.numbers() for row in long}:
        alike = [row.name for row in long if row.numbers() == shape]
        union = np.logical_or.reduce([masks[name] for name in alike])
        for a, b in list(hidden_runs(union)):
            if b - a == 1:  # which "..." would be as wide as
                union[a:b] = True
        masks |= {name: union.copy() for name in alike}
    return masks, partial(close_up, shown=masks)


def _wanted(
    network: Network,
    fill_of: Mapping[str, Any],
    named: Iterable[str],
    connections: Iterable[NDArray[np.bool_] | None],
) -> dict[str, Mask]:
    """What a caller speaks of, in rows of one shape alike."""
    told = set(named)
    ends = sorted({unit for mask in connections for unit in _ends_of(network, mask)})
    found: dict[str, Mask] = {}
    for row in network.rows:
        first = network.offsets[row.name]
        units = list(row.units())
        mask = runs_in_part([fill_of.get(unit) for unit in units])
        mine = [i for i, unit in enumerate(units) if unit in told]
        mine += [i - first for i in ends if first <= i < first + len(mask)]
        if len(mine) <= MOST_NAMED:
            mask[mine] = True
        found[row.name] = mask
    for shape in {row.numbers() for row in network.rows}:
        alike = [row.name for row in network.rows if row.numbers() == shape]
        union = np.logical_or.reduce([found[name] for name in alike])
        found |= {name: union.copy() for name in alike}
    return found


def _ends(row: Row, most: int) -> Mask:
    """The ends of each of a row's axes, together so many units as the ends of a single axis are.

    Of channels both ends are one unit each, since they have no border.
    """
    shape = row.numbers()
    axes = [np.ones(size, bool) for size in shape]
    space = range(1 if row.channels and len(shape) > 1 else 0, len(shape))
    each = max(1, round((2 * most) ** (1 / len(space)) / 2))
    for axis, size in enumerate(shape):
        kept = each if axis in space else 1
        if prod(shape) > MOST_ACROSS and size > 2 * kept + 1:
            axes[axis][kept : size - kept] = False
    return np.asarray(reduce(np.logical_and.outer, axes)).ravel()


def runs_in_part(values: Sequence[Any]) -> Mask:
    """The runs of one colour and their neighbours; where they are long, their ends alone.

    >>> int(runs_in_part([None, *["orange"] * 20, None]).sum())
    22
    >>> int(runs_in_part([None, *["orange"] * 50, None]).sum())
    8
    """
    mask = np.zeros(len(values), bool)
    at = [0, *(i for i in range(1, len(values)) if values[i] != values[i - 1]), len(values)]
    runs = [(a, b) for a, b in pairwise(at) if values[a] is not None]
    if len(runs) > MOST_RUNS:
        runs = [*runs[: MOST_RUNS // 2], *runs[-MOST_RUNS // 2 :]]
    each = WHOLE if sum(b - a for a, b in runs) <= WHOLE else RUN
    for a, b in runs:
        mask[max(a - 1, 0) : min(a + each, b)] = True
        mask[max(b - each, a) : b + 1] = True
    return mask


def _ends_of(network: Network, chosen: NDArray[np.bool_] | None) -> list[int]:
    """The numbers of the units that a few chosen connections join."""
    if chosen is None or int(chosen.sum()) > MOST_NAMED:
        return []
    edges = network.edges
    return [*edges.source[chosen].tolist(), *edges.target[chosen].tolist()]


def _periods(network: Network) -> dict[str, int]:
    """After how many units of a computed row the parameters come again, if they do soon."""
    edges = network.edges
    found = {}
    for layer in network.layers:
        row = layer.target
        size = int(row.size)
        if size <= MOST_ACROSS:
            continue
        middle = network.offsets[row.name] + size // 2
        labels = [
            edges.label[edges.start[i] : edges.start[i + 1]].tolist()
            for i in range(middle, min(middle + MOST_ACROSS // 2, middle + size - size // 2))
        ]
        again = [period for period in range(1, len(labels)) if labels[period] == labels[0]]
        if again:
            found[row.name] = again[0]
    return found

"""Which part of a network is drawn, and what stands for the rest: "..." and dashed arrows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.figures.layout import Positions, beside
from convgraph.figures.marks import unit_names

__all__ = ["ALL", "close_up", "hidden_runs", "shown_units", "targets_with_edges"]

Mask = NDArray[np.bool_]
ALL = "all"  # what shows every unit of long rows, too


def shown_units(network: Network, show: Any) -> dict[str, Mask]:
    """Which units of each row are drawn: all, some, or so many from both ends.

    >>> import convgraph as cg
    >>> shown_units(cg.Conv(2).on(6), 4)["x"].tolist()
    [True, True, False, False, True, True]
    """
    masks = {row.name: np.ones(int(row.size), bool) for row in network.rows}
    if show is None or (isinstance(show, str) and show == ALL):
        return masks
    if isinstance(show, int) and not isinstance(show, bool):
        if show < 2:
            raise ConvgraphError(f"show={show!r}: at least 2 units of each row, or a set of units")
        for mask in masks.values():
            if len(mask) > show:
                mask[(show + 1) // 2 : len(mask) - show // 2] = False
        return masks
    masks = _masks_of(network, unit_names("show", network, show))
    for name, mask in masks.items():
        if not mask.any():
            raise ConvgraphError(
                f"show={show!r}: one unit of each row at least, and none of {name}"
            )
    return masks


def targets_with_edges(network: Network, edges_of: Any) -> dict[str, Mask]:
    """Of which units the connections that they read are drawn."""
    masks = {row.name: np.ones(int(row.size), bool) for row in network.rows}
    if edges_of is None:
        return masks
    if isinstance(edges_of, str) and edges_of == "ends":
        for mask in masks.values():
            mask[1:-1] = False
        return masks
    return _masks_of(network, unit_names("edges_of", network, edges_of))


def _masks_of(network: Network, names: Iterable[str]) -> dict[str, Mask]:
    """Some units, as a mask of each row."""
    masks = {row.name: np.zeros(int(row.size), bool) for row in network.rows}
    for name in names:
        row, index = network.find(name)
        masks[row.name][int(np.ravel_multi_index(index, row.numbers()))] = True
    return masks


def hidden_runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """The units that are left out, as runs of neighbours: (first, behind the last).

    >>> list(hidden_runs(np.array([False, True, False, False, True])))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], mask, [True]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def close_up(
    x: Mapping[str, Positions], level: Mapping[str, int], shown: Mapping[str, Mask]
) -> dict[str, Positions]:
    """Positions in which a run of units left out takes one place, which is that of all of them.

    Rows with such a run inside no longer stand above what they see: then all rows have one pitch,
    which strides would make wider from row to row, all levels have one middle, and rows of one
    level stay side by side.
    """
    inside = any(a > 0 and b < len(mask) for mask in shown.values() for a, b in hidden_runs(mask))
    if all(mask.all() for mask in shown.values()):
        return dict(x)
    closed = {
        name: _closed(_at_one_pitch(positions) if inside else positions, shown[name])
        for name, positions in x.items()
    }
    for depth in sorted(set(level.values())) if inside else []:
        rows = [name for name in x if level[name] == depth]
        placed = beside([closed[name] for name in rows])
        middle = (min(p.min() for p in placed) + max(p.max() for p in placed)) / 2
        closed.update((name, p - middle) for name, p in zip(rows, placed, strict=True))
    left = min(p.min() for p in closed.values())
    return {name: p - left for name, p in closed.items()}


def _at_one_pitch(x: Positions) -> Positions:
    steps = np.diff(x)
    return x / steps[steps > 0].min() if (steps > 0).any() else x


def _closed(x: Positions, mask: Mask) -> Positions:
    new = x.astype(float)
    for a, b in hidden_runs(mask):
        if a > 0 and b < len(mask):
            new[b:] -= max(0.0, float(new[b] - new[a - 1]) - 2)
        new[a:b] = new[a - 1] + 1 if a > 0 else new[b] - 1
    return new

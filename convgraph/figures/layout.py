"""Where the units stand: rows one above the other, each unit above the middle of what it sees.

Everything here is in column pitches, x to the right and y upwards. Rows stand in order of their
depth, the longest path from an input; rows of the same depth stand side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product

__all__ = ["Closed", "Layout", "Positions", "beside", "layout", "levels", "single_axis"]

LINE_GAP = 0.5  # pitches between the lines of an image, when they stand in one row
BRANCH_GAP = 1.5  # from the last unit of a row to the first of the one beside it

Positions = NDArray[np.floating]
# Closes up rows of which a part is left out, from positions and levels.
Closed: TypeAlias = Callable[[Mapping[str, Positions], Mapping[str, int]], dict[str, Positions]]


@dataclass(frozen=True)
class Layout:
    """Positions of all units, by row, and which level each row is on."""

    x: dict[str, Positions]
    level: dict[str, int]
    row_distance: float
    nearer: tuple[tuple[int, float], ...] = ()
    """Levels from which it is less to the next, and how far."""

    def y(self, row: str) -> float:
        """The height of a row."""
        below = self.level[row]
        less = sum(self.row_distance - by for level, by in self.nearer if level < below)
        return below * self.row_distance - less


def layout(
    network: Network,
    row_distance: float | None = None,
    least: float = 1.0,
    radius: float = 0.3,
    closed: Closed | None = None,
) -> Layout:
    """Place the units of a network.

    Parameters
    ----------
    network
        A network of sizes that are numbers.
    row_distance
        From one level to the next; by default `least`, and more where edges run so far to the side
        that they would touch the unit beside the one that they leave.
    radius
        Of a unit, with the distance that edges keep from it.
    closed
        Closes up rows of which a part is left out, from positions and levels.
    """
    level = levels(network)
    x: dict[str, Positions] = {}
    for depth in range(max(level.values()) + 1):
        rows = [row for row in network.rows if level[row.name] == depth]
        placed = [_above(network, row, x) for row in rows]
        for row, positions in zip(rows, beside(placed), strict=True):
            x[row.name] = positions
    closest = min((float(np.diff(p).min()) for p in x.values() if len(p) > 1), default=1.0)
    if closest < 1:
        x = {name: positions / closest for name, positions in x.items()}
    left = min(float(p.min()) for p in x.values())
    x = {name: positions - left for name, positions in x.items()}
    if closed is not None:
        x = closed(x, level)
    if row_distance is None:
        # An edge at angle a to its row passes the next unit, one pitch away, at a distance sin(a).
        steepness = math.tan(math.asin(radius))
        row_distance = max(least, _reach(network, x, level) * steepness)
    return Layout(x, level, row_distance)


def levels(network: Network) -> dict[str, int]:
    """How far up each row stands: the longest path to it from an input."""
    level = {row.name: 0 for row in network.rows}
    for layer in network.layers:
        level[layer.target.name] = 1 + max(
            (level[joint.source.name] for joint in layer.joints), default=0
        )
    return level


def _lines(shape: Sequence[int]) -> Positions:
    """All units in one row: a gap behind each line of an image, a larger one behind each image.

    >>> _lines((2, 2)).tolist()
    [0.0, 1.0, 2.5, 3.5]
    """
    positions = np.zeros(1)
    for number, size in enumerate(reversed(shape)):
        step = positions[-1] - positions[0] + 1 + (LINE_GAP * number if len(positions) > 1 else 0)
        positions = (step * np.arange(size)[:, None] + positions).ravel()
    return positions


def _above(network: Network, row: Row, x: dict[str, Positions]) -> Positions:
    """The positions of a row above those of its sources."""
    shape = row.numbers()
    layer = network._layer_of.get(row.name)
    if layer is None or not layer.joints:
        return _lines(shape)
    positions = _from_joint(layer, layer.joints[0], x[layer.joints[0].source.name])
    if len(layer.joints) > 1:
        middles = [_middle(x[joint.source.name]) for joint in layer.joints]
        positions = positions - _middle(positions) + sum(middles) / len(middles)
    return positions


def _from_joint(layer: Layer, joint: Joint, source: Positions) -> Positions:
    shape = layer.target.numbers()
    if len(source) == int(np.prod(shape)):
        return source
    line = single_axis(joint)
    if line is not None and len(source) > 1:
        first, step = float(source[0]), float(source[1] - source[0])
        if line.middle is not None and line.step is not None:
            middles = float(line.middle) + float(line.step) * np.arange(int(line.outputs))
            return first + step * middles
    positions = _lines(shape)
    return positions - _middle(positions) + _middle(source)


def single_axis(joint: Joint) -> Axis | None:
    """The one axis along which a joint's units are more than one, if it is only one."""
    if not isinstance(joint.wiring, Product):
        return None
    wide = [axis for axis in joint.wiring.axes if int(axis.inputs) > 1 or int(axis.outputs) > 1]
    return wide[0] if len(wide) == 1 else None


def _middle(positions: Positions) -> float:
    return float(positions.min() + positions.max()) / 2


def beside(rows: list[Positions]) -> list[Positions]:
    """Rows of one level, moved apart so that none stands in another, about the same middle."""
    if len(rows) < 2:
        return rows
    placed, at = [], 0.0
    for positions in rows:
        placed.append(positions - positions.min() + at)
        at = float(placed[-1].max()) + BRANCH_GAP
    shift = sum(map(_middle, rows)) / len(rows) - (at - BRANCH_GAP) / 2
    return [positions + shift for positions in placed]


def _reach(network: Network, x: dict[str, Positions], level: dict[str, int]) -> float:
    """The farthest that an edge runs to the side, per level that it climbs."""
    edges = network.edges
    across = np.concatenate([x[row.name] for row in network.rows])
    up = np.concatenate([np.full(int(row.size), level[row.name]) for row in network.rows])
    if not len(edges):
        return 0.0
    source, target = edges.source, edges.target
    return float(np.max(np.abs(across[target] - across[source]) / (up[target] - up[source])))

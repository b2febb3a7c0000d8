"""A network for a page that answers by itself: its relations per axis, not its connections.

The connections of a window layer are a product of one small table per axis, and so a page of a few
kilobytes can say what any unit sees, however many connections there are. `relations.js` reads it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.tying import Explicit, Learned
from convgraph.core.wiring import Listed, Product

__all__ = ["relations", "table_of"]

MOST_UNITS = 2_000_000  # of a network that a browser goes through while somebody points
MOST_NUMBERS = 200_000  # in tables: what a page can hold

Table = list[Any]


def relations(network: Network) -> dict[str, Any] | None:
    """The rows of a network and what joins them, as plain data; None where that is too much.

    `axes` are the tables, each [bound, outputs, taps, first, stride, dilation] where the position
    at (output, tap) is first + stride * output + dilation * tap, if that is from 0 to below the
    bound, and [bound, outputs, taps, positions] where it is not.

    >>> import convgraph as cg
    >>> found = relations(cg.Conv(3, padding="same").on(5))
    >>> found["joints"][0]["axes"], found["axes"][1]
    ([0, 1], [5, 5, 3, -1, 1, 1])
    """
    if sum(int(row.size) for row in network.rows) > MOST_UNITS:
        return None
    tables: dict[str, tuple[int, Table]] = {}
    joints = [
        _joint(layer, joint, tables) for layer in network.layers for joint in layer.all_joints
    ]
    axes = [table for _, table in tables.values()]
    numbers = sum(map(_numbers, axes)) + sum(len(j.get("sources", ())) for j in joints)
    if numbers > MOST_NUMBERS:
        return None
    return {"rows": [_row(row) for row in network.rows], "joints": joints, "axes": axes}


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.name, "shape": list(row.numbers()), "channels": row.channels}


def _joint(layer: Layer, joint: Joint, tables: dict[str, tuple[int, Table]]) -> dict[str, Any]:
    bias = joint is layer.bias
    facts: dict[str, Any] = {"target": layer.target.name}
    # A bias is read from no unit of the network.
    facts["source"] = None if bias else joint.source.name
    wiring, tying = joint.wiring, joint.tying
    if isinstance(wiring, Listed):
        facts |= {"starts": wiring.start.tolist(), "sources": wiring.source.tolist()}
        assert isinstance(tying, Explicit)
        used = sorted(set(tying.labels.tolist()))
        place = {label: at for at, label in enumerate(used)}
        facts["labels"] = [place[label] for label in tying.labels.tolist()]
        facts["terms"] = [_symbols(tying, label) for label in used]
        return facts
    assert isinstance(wiring, Product)
    facts["axes"] = [_kept(_encoded(axis), tables) for axis in wiring.axes]
    facts["order"] = list(wiring.order)
    if isinstance(tying, Learned):
        facts["letter"] = tying.letter
        facts["digits"] = [[digit.axis, int(digit.size)] for digit in tying.digits]
        codes = [tying.codes(a, axis) for a, axis in enumerate(wiring.axes)]
        facts["codes"] = [_kept(table_of(code, int(code.max()) + 1), tables) for code in codes]
    return facts


def _symbols(tying: Explicit, label: int) -> list[str]:
    if isinstance(tying.expressions, Array):
        return [str(tying.expressions.symbol(label))]
    return sorted(map(str, tying.expressions[label].free_symbols))


def _kept(table: Table, tables: dict[str, tuple[int, Table]]) -> int:
    """The number of a table among those that differ."""
    return tables.setdefault(str(table), (len(tables), table))[0]


def _encoded(axis: Axis) -> Table:
    inputs, outputs = int(axis.inputs), int(axis.outputs)
    if axis.full:
        return [inputs, outputs, inputs, 0, 0, 1]
    return table_of(axis.table(), inputs)


def table_of(positions: NDArray[np.int64], bound: int) -> Table:
    """A table for the page, as a window where it is one; positions are below `bound`, or -1."""
    outputs, taps = positions.shape
    output, tap = np.arange(outputs)[:, None], np.arange(taps)
    there = positions >= 0
    stride, dilation = _step(positions, there, 0), _step(positions, there, 1)
    found = np.argwhere(there)
    first = 0
    if len(found):
        o, t = found[0]
        first = int(positions[o, t] - stride * o - dilation * t)
    fitted = first + stride * output + dilation * tap
    if np.array_equal(np.where((fitted >= 0) & (fitted < bound), fitted, -1), positions):
        return [bound, outputs, taps, first, stride, dilation]
    return [bound, outputs, taps, positions.ravel().tolist()]


def _step(positions: NDArray[np.int64], there: NDArray[np.bool_], axis: int) -> int:
    """The step between two neighbours that are both there, or else one that leaves the bound."""
    steps = np.diff(positions, axis=axis)
    near, far = (there[:-1], there[1:]) if axis == 0 else (there[:, :-1], there[:, 1:])
    known = steps[near & far]
    return int(known.flat[0]) if known.size else int(positions.max(initial=0)) + 1


def _numbers(table: Table) -> int:
    return len(table[3]) if isinstance(table[3], list) else len(table)

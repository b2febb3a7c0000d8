"""A network for a page that answers by itself: its relations per axis, not its connections.

The connections of a window layer are a product of one small table per axis, and so a page of a few
kilobytes can say what any unit sees, however many connections there are. `relations.js` reads it.
"""

from __future__ import annotations

from typing import Any

from convgraph.core.arrays import Array
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.tying import Explicit, Learned
from convgraph.core.wiring import Listed, Product
from convgraph.figures.live.relation_tables import Tables, encoded, table_of

__all__ = ["relations"]

MOST_UNITS = 2_000_000  # of a network that a browser goes through while somebody points
MOST_NUMBERS = 200_000  # in tables: what a page can hold


def relations(network: Network) -> dict[str, Any] | None:
    """The rows of a network and what joins them, as plain data; None where that is too much.

    `axes` are the tables: see `encoded`.

    >>> import convgraph as cg
    >>> found = relations(cg.Conv(3, padding="same").on(5))
    >>> found["joints"][0]["axes"], found["axes"][1]
    ([0, 1], [5, 5, 3, -1, 1, 1])
    """
    if sum(int(row.size) for row in network.rows) > MOST_UNITS:
        return None
    tables = Tables()
    joints = [
        _joint(layer, joint, tables) for layer in network.layers for joint in layer.all_joints
    ]
    if tables.numbers + sum(len(j.get("sources", ())) for j in joints) > MOST_NUMBERS:
        return None
    return {"rows": [_row(row) for row in network.rows], "joints": joints, "axes": tables.all}


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.name, "shape": list(row.numbers()), "channels": row.channels}


def _joint(layer: Layer, joint: Joint, tables: Tables) -> dict[str, Any]:
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
    facts["axes"] = [tables.number(encoded(axis)) for axis in wiring.axes]
    facts["order"] = list(wiring.order)
    if isinstance(tying, Learned):
        facts["letter"] = tying.letter
        facts["digits"] = [[digit.axis, int(digit.size)] for digit in tying.digits]
        codes = [tying.codes(a, axis) for a, axis in enumerate(wiring.axes)]
        facts["codes"] = [tables.number(table_of(code, int(code.max()) + 1)) for code in codes]
    return facts


def _symbols(tying: Explicit, label: int) -> list[str]:
    if isinstance(tying.expressions, Array):
        return [str(tying.expressions.symbol(label))]
    return sorted(map(str, tying.expressions[label].free_symbols))

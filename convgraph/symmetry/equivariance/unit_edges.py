"""The edges of a single unit, from the axes of its layer, without the edge table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.edges import joint_edges
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network
from convgraph.core.tying import Constant, Learned, Mean
from convgraph.core.wiring import Product

__all__ = ["UnitEdge", "unit_edges"]


@dataclass(frozen=True)
class UnitEdge:
    """An edge into a unit: the row and flat position of its source, and its label's number."""

    row: str
    source: int
    label: int


def unit_edges(network: Network, layer: Layer, unit: int) -> list[UnitEdge]:
    """The edges into the unit at a flat position of a layer's row."""
    found = []
    for joint in layer.joints:
        sources, labels = _joint(network, joint, unit)
        found += [
            UnitEdge(joint.source.name, source, label)
            for source, label in zip(sources.tolist(), labels.tolist(), strict=True)
        ]
    return found


def _joint(
    network: Network, joint: Joint, unit: int
) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
    wiring, tying = joint.wiring, joint.tying
    if not isinstance(wiring, Product):
        counts, source, label = joint_edges(wiring, tying, network.labels, 0, np.int64, np.int64)
        end = int(np.cumsum(counts)[unit])
        part = slice(end - int(counts[unit]), end)
        return source[part], label[part]
    place = np.unravel_index(unit, tuple(int(n) for n in wiring.out_view))
    tables = [axis.table()[o] for axis, o in zip(wiring.axes, place, strict=True)]
    taps = [np.flatnonzero(table >= 0) for table in tables]
    terms = [
        step * table[tap] for step, table, tap in zip(wiring.in_steps(), tables, taps, strict=True)
    ]
    sources = np.asarray(reduce(np.add.outer, terms)).ravel()
    if isinstance(tying, Learned):
        codes = [
            tying.codes(a, axis)[o, tap]
            for a, (axis, o, tap) in enumerate(zip(wiring.axes, place, taps, strict=True))
        ]
        first = network.labels.start(tying.letter or "")
        return sources, np.asarray(reduce(np.add.outer, codes)).ravel() + first
    if isinstance(tying, Mean):
        numbers, which = tying.numbers(wiring)
        value = numbers[which[unit]]
    else:
        assert isinstance(tying, Constant)
        value = tying.value
    return sources, np.full(len(sources), network.labels.position(value))

"""Computing some units of a layer anew, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, regroup
from convgraph.core.edges import joint_edges
from convgraph.core.evaluate import reduced
from convgraph.core.labels import Labels
from convgraph.core.layer import Joint, Layer
from convgraph.core.listed_axes import Table
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Listed, Product

__all__ = ["renew"]

Numbers = NDArray[np.int64]
Edges = tuple[Numbers, NDArray[np.integer[Any]], NDArray[np.integer[Any]]]


def renew(
    layer: Layer,
    boxes: Sequence[Box],
    rows: Mapping[str, NDArray[Any]],
    labels: Labels,
    numbers: NDArray[Any],
) -> tuple[Numbers, NDArray[Any]]:
    """The flat positions of some units of a layer, and their values.

    `rows` are the values of all rows that it reads, `numbers` those of the labels.
    """
    sources = list(dict.fromkeys(joint.source.name for joint in layer.joints))
    begins = dict(zip(sources, np.cumsum([0, *(rows[s].size for s in sources)]), strict=False))
    flat = [rows[source].ravel() for source in sources]
    values = flat[0] if len(flat) == 1 else np.concatenate([numbers[:0], *flat])
    shape = layer.target.numbers()
    units = np.concatenate([np.zeros(0, np.int64), *(_flat(box, shape) for box in boxes)])
    units = np.unique(units)
    pieces = [
        _edges(joint, boxes, shape, int(begins[joint.source.name]), labels)
        for joint in layer.joints
    ]
    edges = _together(units, pieces)
    biases = None
    if layer.bias is not None:
        of_units, _, label = _edges(layer.bias, boxes, shape, 0, labels)
        biases = np.zeros(len(units), numbers.dtype)
        biases[np.searchsorted(units, of_units)] = numbers[label]
    return units, reduced(layer, edges, values, numbers, biases)


def _together(units: Numbers, pieces: Sequence[Edges]) -> Edges:
    """The edges of several joints by unit, those of the first joint first."""
    empty = np.zeros(0, np.int64)
    target, source, label = (
        np.concatenate([empty, *(piece[i] for piece in pieces)]) for i in range(3)
    )
    order = np.argsort(target, kind="stable")
    start = np.searchsorted(target[order], units, side="left")
    return np.append(start, len(target)), source[order], label[order]


def _edges(
    joint: Joint, boxes: Sequence[Box], shape: tuple[int, ...], begin: int, labels: Labels
) -> Edges:
    """The edges that enter some units: (unit, source, label), no unit twice."""
    wiring = joint.wiring
    if isinstance(wiring, Listed) or isinstance(joint.tying, Explicit):
        return _listed(joint, boxes, shape, begin, labels)
    found, seen = [], np.zeros(0, np.int64)
    for box in boxes:
        for part in regroup(box, shape, tuple(map(int, wiring.out_view))):
            picked = [np.flatnonzero(mask) for mask in part]
            axes = tuple(
                Table.part(axis, places) for axis, places in zip(wiring.axes, picked, strict=True)
            )
            some = Product(axes, wiring.order)
            fan_in, source, label = joint_edges(
                some, joint.tying, labels, begin, np.int64, np.int64
            )
            units = _flat(part, tuple(map(int, wiring.out_view)))
            new = ~np.isin(units, seen)
            if not new.all():  # boxes may overlap
                there = np.repeat(new, fan_in)
                units, fan_in, source, label = units[new], fan_in[new], source[there], label[there]
            seen = np.concatenate([seen, units])
            found.append((np.repeat(units, fan_in), source, label))
    empty = np.zeros(0, np.int64)
    unit, source, label = (np.concatenate([empty, *(e[i] for e in found)]) for i in range(3))
    return unit, source, label


def _listed(
    joint: Joint, boxes: Sequence[Box], shape: tuple[int, ...], begin: int, labels: Labels
) -> Edges:
    """The same from the list of all edges, where the connections or their numbers are one."""
    fan_in, source, label = joint_edges(
        joint.wiring, joint.tying, labels, begin, np.int64, np.int64
    )
    units = np.unique(np.concatenate([_flat(box, shape) for box in boxes]))
    count = fan_in[units]
    start = np.concatenate([[0], np.cumsum(fan_in)])[units]
    # the edges of unit u are start[u], start[u] + 1, ...
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    places = np.repeat(start, count) + within
    return np.repeat(units, count), source[places], label[places]


def _flat(box: Box, shape: Sequence[int]) -> Numbers:
    """The row-major positions of a box's units."""
    steps = np.cumprod([1, *shape[:0:-1]])[::-1]
    terms = [np.flatnonzero(mask) * step for mask, step in zip(box, steps, strict=True)]
    return reduce(np.add.outer, terms, np.zeros((), np.int64)).ravel()

"""Which units compute the same function, by their structure: numbers for functions, row by row.

Every unit gets two numbers: one for its value on an input x, and one for its value on the moved
input g x. Equal numbers mean equal functions of x and the parameters; the converse is the business
of other modules. 0 stands for the value zero.

A unit's function is determined by its reduction and by the list of (label, function) over its
edges, in any order. Where the map of a row is known, a unit is first compared edge by edge with its
image, in the order in which the edges stand: this settles shifts at the cost of one pass. What is
left is compared after sorting. Where no map is known, all units of the row are numbered by hashing
their sorted lists (hash-consing), and what hashes alike is compared in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.network import Network
from convgraph.core.reduction import MAX, PRODUCT
from convgraph.symmetry.equivariance.edge_lists import Lists, canonical_lists, collapsed
from convgraph.symmetry.equivariance.layer_edges import LayerEdges
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["Identities", "identities"]

Integers = NDArray[np.integer[Any]]
Map = Sources
"""Per unit of a row the unit that should have had its value before the move, -1 for a zero."""


@dataclass(frozen=True, eq=False)
class Identities:
    """The numbers of all units' functions: on the input as it is, and on the moved input."""

    plain: Integers
    moved: Integers


@dataclass(eq=False)
class _Side:
    """One side's numbers, and which of them stand for functions that are never negative."""

    ids: Integers
    nonnegative: NDArray[np.bool_]


def identities(
    network: Network,
    layers: Sequence[LayerEdges],
    moves: Mapping[str, Map],
    maps: Mapping[str, Map | None],
    opaque: frozenset[str],
    consed: bool,
) -> Identities:
    """Number the functions of all units of some layers.

    `moves` holds the transformation of each input row, `maps` the map of each row where one is
    known. A layer that computes an `opaque` row does something that its edges do not tell: its
    units are never those of another row. With `consed`, all rows are numbered by hashing.
    """
    # units of the inputs are numbered from 1; 0 is the constant zero, which a shift may bring in
    units = len(network.edges.start) - 1
    dtype = np.int32 if 2 * units + 2 < 2**31 else np.int64
    plain = _Side(np.zeros(units, dtype), np.zeros(units, bool))
    moved = _Side(np.zeros(units, dtype), np.zeros(units, bool))
    for row in network.inputs:
        first, own = network.offsets[row.name], np.arange(int(row.size))
        source = moves[row.name]
        plain.ids[first : first + len(own)] = 1 + first + own
        moved.ids[first : first + len(own)] = np.where(source >= 0, 1 + first + source, 0)
    for layer in layers:
        name = layer.layer.target.name
        hidden = name in opaque
        known = None if consed else maps.get(name)
        if known is None:
            _by_hashing(layer, plain, moved, hidden)
        else:
            _by_map(layer, plain, moved, known, hidden)
        for side in (plain, moved):
            _signs(layer, side)
    return Identities(plain.ids, moved.ids)


def _signs(layer: LayerEdges, side: _Side) -> None:
    """Mark units that are never negative: behind a ReLU, say, and sums and maxima of such."""
    part, function = layer.where, layer.reduction.function
    if function is not None:
        side.nonnegative[part] = layer.bias is None and bool(function.nonnegative)
    elif layer.bias is not None or layer.learned:
        side.nonnegative[part] = False
    elif layer.reduction.linear or layer.reduction in (MAX, PRODUCT):
        # an unlearned edge carries the number 1 or one over a number of units
        value = side.nonnegative[layer.source] | (side.ids[layer.source] == 0)
        one = layer.reduction == MAX
        result = layer.reduced(np.logical_or if one else np.logical_and, value, not one)
        positive = all(getattr(joint.tying, "value", 1) > 0 for joint in layer.layer.joints)
        side.nonnegative[part] = result & positive


def _new_ids(
    layer: LayerEdges, side: _Side, units: NDArray[np.int64], base: int, hidden: bool
) -> Lists:
    """Number units as functions of their own, unless they are zero or what another unit is."""
    lists = canonical_lists(layer, side.ids, side.nonnegative, units)
    own = (1 + base + layer.first + units).astype(side.ids.dtype)
    never_negative = np.zeros(len(units), bool)
    function = layer.reduction.function
    if function is not None and function.keeps_positive:
        read = np.flatnonzero(layer.fan_in[units] > 0)
        never_negative[read] = side.nonnegative[layer.source[layer.start[units[read]]]]
    side.ids[layer.first + units] = collapsed(layer, lists, units, own, never_negative, hidden)
    return lists


def _by_map(layer: LayerEdges, plain: _Side, moved: _Side, known: Map, hidden: bool) -> None:
    units = np.arange(layer.units)
    base = len(plain.ids)
    special = units[_special(layer, plain)]
    plain.ids[layer.first + units] = 1 + layer.first + units
    _new_ids(layer, plain, special, 0, hidden)
    same = _same_in_order(layer, plain, moved, known)
    rest = units[~same]
    moved.ids[layer.first + units[same]] = plain.ids[layer.first + known[same]]
    if not len(rest):
        return
    lists = _new_ids(layer, moved, rest, base, hidden)
    images = known[rest]
    against = canonical_lists(layer, plain.ids, plain.nonnegative, np.maximum(images, 0))
    own = np.arange(len(rest))
    equal = lists.equal(against, own, own) & (images >= 0) & _same_bias(layer, rest, images)
    moved.ids[layer.first + rest[equal]] = plain.ids[layer.first + images[equal]]


def _special(layer: LayerEdges, side: _Side) -> NDArray[np.bool_]:
    """Units that may be zero or pass on what one other unit has."""
    special = np.asarray(layer.fan_in <= 1)
    sources = slice(*_span(layer))
    adds = layer.reduction.linear or layer.reduction in (MAX, PRODUCT)
    if not adds or not side.ids[sources].all():
        zero = side.ids[layer.source] == 0
        if zero.any():
            special |= layer.reduced(np.logical_or, zero, False)
    return special


def _span(layer: LayerEdges) -> tuple[int, int]:
    return (int(layer.source.min()), int(layer.source.max()) + 1) if len(layer.source) else (0, 0)


def _same_bias(
    layer: LayerEdges, units: NDArray[np.int64], images: NDArray[np.int64]
) -> NDArray[np.bool_]:
    if layer.bias is None:
        return np.ones(len(units), bool)
    return np.asarray(layer.bias[units] == layer.bias[np.maximum(images, 0)])


def _same_in_order(layer: LayerEdges, plain: _Side, moved: _Side, known: Map) -> NDArray[np.bool_]:
    """Units whose edges, one after the other, carry what those of their images carry."""
    units = np.arange(layer.units)
    image = np.maximum(known, 0)
    same = (known >= 0) & (layer.fan_in == layer.fan_in[image]) & _same_bias(layer, units, known)
    joined = same[1:] & same[:-1] & (known[1:] == known[:-1] + 1)
    begins = np.flatnonzero(same & ~np.concatenate([[False], joined]))
    ends = np.flatnonzero(same & ~np.concatenate([joined, [False]])) + 1
    on_moved, on_plain = moved.ids[layer.source], plain.ids[layer.source]
    if len(begins) * 8 > len(units):  # few runs: one by one
        lists = (Lists(layer.start, layer.label, each) for each in (on_moved, on_plain))
        same[same] = next(lists).equal(next(lists), units[same], known[same])
        return same
    start = layer.start
    for a, b in zip(begins.tolist(), ends.tolist(), strict=True):
        here = slice(start[a], start[b])
        there = slice(start[known[a]], start[known[a] + b - a])
        equal = on_moved[here] == on_plain[there]
        equal &= layer.label[here] == layer.label[there]
        if not equal.all():
            run = np.arange(a, b)[layer.fan_in[a:b] > 0]
            same[run] = np.logical_and.reduceat(equal, start[run] - start[a])
    return same


def _by_hashing(layer: LayerEdges, plain: _Side, moved: _Side, hidden: bool) -> None:
    units = np.arange(layer.units)
    own = [
        _new_ids(layer, side, units, base, hidden)
        for side, base in ((plain, 0), (moved, len(plain.ids)))
    ]
    both = Lists.stacked(own)
    extra = np.full(len(units), -1) if layer.bias is None else layer.bias
    if hidden:  # units of different channels may stand for different choices of channels
        channel = units // max(len(units) // int(layer.layer.target.shape[0]), 1)
        extra = extra * (len(units) + 1) + channel
    representative = both.first_equal(np.tile(extra, 2))
    part = layer.where
    ids = np.concatenate([side.ids[part] for side in (plain, moved)])
    plain.ids[part], moved.ids[part] = np.split(ids[representative], 2)

"""Lists of (label, function) over the edges of units, in a form in which equal lists look alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.reduction import MAX, PRODUCT
from convgraph.symmetry.equivariance.layer_edges import LayerEdges, segments

__all__ = ["Lists", "canonical_lists", "collapsed", "numbered"]

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Lists:
    """One list of (label, function) for each of some units, laid end to end."""

    start: NDArray[np.int64]
    label: Integers
    function: Integers

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each list."""
        return np.diff(self.start)

    @staticmethod
    def stacked(parts: Sequence[Lists]) -> Lists:
        """The lists of several, one after the other."""
        lengths = np.concatenate([part.lengths for part in parts])
        return Lists(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            np.concatenate([part.label for part in parts]),
            np.concatenate([part.function for part in parts]),
        )

    def equal(
        self, other: Lists, units: NDArray[np.int64], others: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Whether the lists of some units equal those of others, entry by entry."""
        same = self.lengths[units] == other.lengths[others]
        chosen = np.flatnonzero(same & (self.lengths[units] > 0))
        if len(chosen):
            begins, here = segments(self.start, units[chosen])
            _, there = segments(other.start, others[chosen])
            equal = (self.function[here] == other.function[there]) & (
                self.label[here] == other.label[there]
            )
            same[chosen] = np.logical_and.reduceat(equal, begins[:-1])
        return same

    def first_equal(self, extra: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each list the first one that equals it; `extra` has to be equal too.

        Lists that hash alike are compared, so that a collision can only leave two equal ones apart.
        """
        terms = _mixed(self.label.astype(np.uint64) * _ODD[0] + self.function.astype(np.uint64))
        hashes = _mixed(extra.astype(np.uint64) * _ODD[1] + self.lengths.astype(np.uint64))
        filled = self.lengths > 0
        if filled.any():
            hashes[filled] += np.add.reduceat(terms, self.start[:-1][filled])
        _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
        representative = first[which.ravel()]
        units = np.arange(len(hashes))
        doubles = np.flatnonzero(representative != units)
        same = self.equal(self, doubles, representative[doubles])
        same &= extra[doubles] == extra[representative[doubles]]
        representative[doubles[~same]] = doubles[~same]
        return representative


_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93], np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(32))) * _ODD[2]
    values = (values ^ (values >> np.uint64(32))) * _ODD[2]
    return values ^ (values >> np.uint64(32))


def canonical_lists(
    layer: LayerEdges,
    ids: Integers,
    nonnegative: NDArray[np.bool_],
    units: NDArray[np.int64],
) -> Lists:
    """The lists of some units of a layer, sorted and without what makes no difference.

    A sum does not need its zeros. A maximum needs each member once, and no zero beside a member
    that is never negative.
    """
    begins, position = layer.of(units)
    label = layer.label[position].astype(np.int64)
    source = layer.source[position]
    function = ids[source].astype(np.int64)
    owner = np.repeat(np.arange(len(units)), np.diff(begins))
    reduction = layer.reduction
    if not (reduction.linear or reduction in (MAX, PRODUCT)):
        return Lists(begins, label, function)
    keep = np.ones(len(label), bool)
    if reduction.linear:
        keep = function != 0
    elif reduction == MAX:
        zero = function == 0
        label[zero] = layer.one  # whatever the label, a zero is a zero
        bounded = np.zeros(len(units), bool)
        np.logical_or.at(bounded, owner[nonnegative[source] & (label == layer.one) & ~zero], True)
        keep = ~(zero & bounded[owner])
    owner, label, function = owner[keep], label[keep], function[keep]
    order = np.lexsort((function, label, owner))
    owner, label, function = owner[order], label[order], function[order]
    if reduction == MAX and len(owner):
        again = (np.diff(owner) == 0) & (np.diff(label) == 0) & (np.diff(function) == 0)
        keep = np.concatenate([[True], ~again])
        owner, label, function = owner[keep], label[keep], function[keep]
    counts = np.bincount(owner, minlength=len(units))
    return Lists(np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), label, function)


def collapsed(
    layer: LayerEdges,
    lists: Lists,
    units: NDArray[np.int64],
    own: Integers,
    never_negative: NDArray[np.bool_],
    hidden: bool,
) -> Integers:
    """The numbers of some units' functions: 0 or another unit's where they are that, else `own`.

    `never_negative` tells it of what each unit's first edge brings.
    """
    lengths = lists.lengths
    free = np.ones(len(lengths), bool) if layer.bias is None else layer.bias[units] < 0
    first = np.zeros(len(lengths), np.int64)
    first_label = np.full(len(lengths), -2)
    filled = lengths > 0
    first[filled] = lists.function[lists.start[:-1][filled]]
    first_label[filled] = lists.label[lists.start[:-1][filled]]
    single = (lengths == 1) & (first_label == layer.one) & (not hidden)
    function = layer.reduction.function
    if layer.reduction.linear:
        result = np.where(lengths == 0, 0, np.where(single, first, own))
    elif layer.reduction == MAX:
        result = np.where((lengths == 1) & (first == 0), 0, np.where(single, first, own))
    elif layer.reduction == PRODUCT:
        zero = np.zeros(len(lengths), bool)
        at = np.repeat(np.arange(len(lengths)), lengths)
        np.logical_or.at(zero, at, lists.function == 0)
        result = np.where(zero, 0, np.where(single, first, own))
    elif function is not None:
        zero = (lengths == 1) & (first == 0) & bool(function.zero_at_zero)
        kept = single & never_negative & function.keeps_positive
        result = np.where(zero, 0, np.where(kept, first, own))
    else:
        result = own
    return np.where(free, result, own).astype(own.dtype)


def numbered(
    one: tuple[NDArray[np.int64], ...], other: tuple[NDArray[np.int64], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each tuple of entries of some arrays, equal tuples having equal numbers."""
    number = np.zeros(len(one[0]) + len(other[0]), np.int64)
    for pair in zip(one, other, strict=True):
        _, column = np.unique(np.concatenate(pair), return_inverse=True)
        _, number = np.unique(
            number * (int(column.max(initial=0)) + 1) + column, return_inverse=True
        )
    first, second = np.split(number, [len(one[0])])
    return first, second

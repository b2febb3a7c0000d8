"""Boxes: products of one set of positions per axis, the form in which sets of units are kept.

A receptive field in an image is a box (some channels x some rows x some columns), and one of a
branching network a union of few boxes, however many units it holds. A set per axis is a boolean
array as long as the axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import product as cartesian
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory

__all__ = [
    "Box",
    "complement",
    "count",
    "decompose",
    "dense",
    "groups",
    "merge",
    "regroup",
    "union",
    "weighed",
]

# Boxes that are compared with each other one by one, which takes their square in steps of Python;
# more are compared in arrays of numpy, which are slower to begin with.
FEW = 50

Box: TypeAlias = tuple[NDArray[np.bool_], ...]
Bits: TypeAlias = tuple[int, ...]
"""The masks of a box, each as a number."""


def dense(box: Box) -> NDArray[np.bool_]:
    """The box as one boolean array over all units."""
    return reduce(np.logical_and.outer, box) if box else np.ones((), bool)


def decompose(units: NDArray[np.bool_]) -> list[Box]:
    """Disjoint boxes that make up a set of units: positions with the same slice share a box.

    >>> l_shape = np.array([[1, 0], [1, 1]], bool)
    >>> [[mask.tolist() for mask in box] for box in decompose(l_shape)]
    [[[True, False], [True, False]], [[False, True], [True, True]]]
    """
    if units.ndim <= 1:
        return [(units,)] if units.any() else []
    slices: dict[bytes, list[int]] = {}
    for position in np.flatnonzero(units.any(axis=tuple(range(1, units.ndim)))):
        slices.setdefault(units[position].tobytes(), []).append(int(position))
    boxes = []
    for positions in slices.values():
        mask = np.zeros(units.shape[0], bool)
        mask[positions] = True
        boxes += [(mask, *rest) for rest in decompose(units[positions[0]])]
    return boxes


def regroup(box: Box, old: Sequence[int], new: Sequence[int]) -> list[Box]:
    """The same units when the axes of sizes `old` are split and merged into the sizes `new`."""
    if not all(mask.any() for mask in box):
        return []
    if tuple(old) == tuple(new):
        return [box]
    parts: list[list[Box]] = []
    for mine, theirs in groups(old, new):
        masks, sizes = box[mine], tuple(new[theirs])
        same = _with_ones(masks, tuple(old[mine]), sizes)
        parts.append(decompose(dense(masks).reshape(sizes)) if same is None else [same])
    return [sum(choice, ()) for choice in cartesian(*parts)]


def _with_ones(masks: Box, old: tuple[int, ...], new: tuple[int, ...]) -> Box | None:
    """The masks of axes of which nothing but those of one position come and go; else None."""
    if old == new:
        return masks
    if [n for n in old if n != 1] != [n for n in new if n != 1]:
        return None
    rest = (mask for mask, n in zip(masks, old, strict=True) if n != 1)
    return tuple(np.ones(1, bool) if n == 1 else next(rest) for n in new)


def groups(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[slice, slice]]:
    """The smallest runs of axes that hold the same units in two views of a row.

    >>> list(groups((2, 3, 4), (6, 2, 2)))
    [(slice(0, 2, None), slice(0, 1, None)), (slice(2, 3, None), slice(1, 3, None))]
    """
    i = j = 0
    while i < len(old) or j < len(new):
        first_i, first_j, have, want = i, j, 1, 1
        while have != want or (i, j) == (first_i, first_j):
            if i < len(old) and (have <= want or j == len(new)):
                have *= old[i]
                i += 1
            else:
                want *= new[j]
                j += 1
        yield slice(first_i, i), slice(first_j, j)


def _within(a: Bits, b: Bits) -> bool:
    return all(not x & ~y for x, y in zip(a, b, strict=True))


def merge(boxes: Iterable[Box]) -> list[Box]:
    """Boxes with the same union: none inside another, and those that differ on one axis joined."""
    boxes = list(boxes)
    if len(boxes) > FEW:
        return _outermost(_joined(boxes))
    kept: list[tuple[Bits, Box]] = []
    for box in boxes:
        bits, new = tuple(map(_bits, box)), box
        while True:
            if any(_within(bits, other) for other, _ in kept):
                break
            kept = [each for each in kept if not _within(each[0], bits)]
            for position, (others, other) in enumerate(kept):
                differing = [a for a, (x, y) in enumerate(zip(bits, others, strict=True)) if x != y]
                if len(differing) == 1:
                    (axis,) = differing
                    del kept[position]
                    new = (*new[:axis], new[axis] | other[axis], *new[axis + 1 :])
                    bits = (*bits[:axis], bits[axis] | others[axis], *bits[axis + 1 :])
                    break
            else:
                kept.append((bits, new))
                break
    return [box for _, box in kept]


def _bits(mask: NDArray[np.bool_]) -> int:
    """A mask as a number, as two of these are compared in a small part of the time of arrays."""
    return int.from_bytes(np.packbits(mask).tobytes(), "big")


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes of which no two differ on one axis only: equal on all others, they are one."""
    before = -1
    while before != len(boxes):
        before = len(boxes)
        for axis in range(len(boxes[0])):
            found: dict[tuple[bytes, ...], list[Box]] = {}
            for box in boxes:
                others = tuple(m.tobytes() for a, m in enumerate(box) if a != axis)
                found.setdefault(others, []).append(box)
            boxes = [
                (
                    *same[0][:axis],
                    reduce(np.logical_or, [b[axis] for b in same]),
                    *same[0][axis + 1 :],
                )
                for same in found.values()
            ]
    return boxes


def _outermost(boxes: list[Box]) -> list[Box]:
    """The boxes that lie in no other, of boxes that all differ.

    A box can only lie in those that hold its first unit, which are few where boxes are disjoint.
    """
    memory.require("positions", len(boxes) * sum(map(len, boxes[0])), 2)
    axes = [np.stack(masks, axis=1) for masks in zip(*boxes, strict=True)]
    bits = [tuple(map(_bits, box)) for box in boxes]
    kept = []
    for number, box in enumerate(boxes):
        if not all(bits[number]):
            continue
        firsts = [axis[mask.argmax()] for axis, mask in zip(axes, box, strict=True)]
        around = np.flatnonzero(reduce(np.logical_and, firsts))
        if not any(_within(bits[number], bits[other]) for other in around if other != number):
            kept.append(box)
    return kept


def complement(boxes: Sequence[Box], shape: tuple[int, ...]) -> list[Box]:
    """What is in none of the boxes, as disjoint boxes."""
    if len(boxes) > FEW:
        kinds, places = _kinds(boxes)
        outside = decompose(~union(zip(*kinds, strict=True), [k.shape[1] for k in kinds]))
        return [tuple(m[at] for m, at in zip(box, places, strict=True)) for box in outside]
    left: list[Box] = [tuple(np.ones(n, bool) for n in shape)]
    for box in boxes:  # each is cut out of what is left
        cut: list[Box] = []
        for part in left:
            rest = part
            for axis, mask in enumerate(box):
                outside_of_it = (*rest[:axis], rest[axis] & ~mask, *rest[axis + 1 :])
                if outside_of_it[axis].any():
                    cut.append(outside_of_it)
                rest = (*rest[:axis], rest[axis] & mask, *rest[axis + 1 :])
                if not rest[axis].any():
                    break
        left = cut
    return left


def _kinds(boxes: Sequence[Box]) -> tuple[list[NDArray[np.bool_]], list[NDArray[np.int64]]]:
    """Per axis the sets of boxes that positions lie in (boxes x kinds), and the kinds of all."""
    memory.require("positions", len(boxes) * sum(map(len, boxes[0])), 24)
    kinds, places = [], []
    for masks in zip(*boxes, strict=True):
        table = np.stack(masks)
        packed = np.ascontiguousarray(np.packbits(table, axis=0).T)
        words = packed.view(f"V{packed.shape[1]}").ravel()  # compared as one, not bit by bit
        _, firsts, which = np.unique(words, return_index=True, return_inverse=True)
        kinds.append(table[:, firsts])
        places.append(which.ravel())
    memory.require("kinds of units", prod(found.shape[1] for found in kinds), 9)
    return kinds, places


def union(boxes: Iterable[Box], shape: Sequence[int]) -> NDArray[np.bool_]:
    """The union as one boolean array over all units."""
    covered = np.zeros(shape, bool)
    for box in boxes:
        places = [np.flatnonzero(mask) for mask in box]
        if 8 * prod(map(len, places)) < covered.size:  # a box of many: few units each
            covered[np.ix_(*places)] = True
        else:
            covered |= dense(box)
    return covered


def count(boxes: Sequence[Box]) -> int:
    """How many units are in the union."""
    if len(boxes) == 1:
        return prod(map(int, map(np.count_nonzero, boxes[0])))
    return weighed(boxes, [np.ones(len(mask), np.int64) for mask in boxes[0]]) if boxes else 0


def weighed(boxes: Sequence[Box], weights: Sequence[NDArray[np.int64]]) -> int:
    """The sum, over the units of a union, of the product of their weights along each axis.

    Positions of an axis that lie in the same boxes are taken together, so that the cost depends
    on the number of boxes and not on the number of units.

    >>> weighed([(np.array([True, False, True]),)], [np.array([1, 5, 10])])
    11
    """
    if not boxes:
        return 0
    if len(boxes) == 1:
        return prod(int(w[mask].sum()) for mask, w in zip(boxes[0], weights, strict=True))
    kinds, places = _kinds(boxes)
    most = prod(int(weight.sum()) for weight in weights)
    total: NDArray[Any] = union(zip(*kinds, strict=True), [k.shape[1] for k in kinds])
    for found, which, weight in reversed(list(zip(kinds, places, weights, strict=True))):
        of_kinds = np.zeros(found.shape[1], np.int64)
        np.add.at(of_kinds, which, weight)
        total = total @ of_kinds.astype(np.int64 if most < 2**63 else object)
    return int(total)

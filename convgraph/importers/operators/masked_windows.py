"""Windows of which a mask keeps some taps: a few products of axes with taps dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.listed_axes import Sieved
from convgraph.core.tying import Digit, Learned
from convgraph.core.wiring import Product

__all__ = ["sieved"]

# Parts into which a mask may cut a wiring, each of which every question goes through; orders of the
# axes in which they are looked for, all of them for four axes; and pairs of an output and a tap
# that are marked along an axis, 4 MB. Beyond, what the mask leaves is listed connection by
# connection.
MOST_PARTS, MOST_ORDERS, MOST_PAIRS = 16, 24, 2**22
Mask = NDArray[np.bool_]


def sieved(wiring: Product, digits: Sequence[Digit], kept: Mask) -> list[Product] | None:
    """A wiring without the connections of the entries that a mask drops: the parts of a union.

    `digits` say, for each axis of the mask, where its index comes from. None where that would take
    too many parts.
    """
    groups = [
        [number for number, digit in enumerate(digits) if digit.axis == a]
        for a in range(len(wiring.axes))
    ]
    used = [a for a, group in enumerate(groups) if group]
    flat = kept.transpose([number for a in used for number in groups[a]])
    flat = flat.reshape([int(np.prod([kept.shape[n] for n in groups[a]])) for a in used])
    boxes = _fewest(flat)
    if boxes is None:
        return None
    # a weight that is dropped altogether is still a weight: of connections that there are none of
    boxes = boxes or [[np.zeros(n, bool) for n in flat.shape]]
    found = []
    for box in boxes:
        axes = list(wiring.axes)
        for a, mask in zip(used, box, strict=True):
            if mask.all():
                continue
            relation = axes[a]
            if relation.symbolic or int(relation.outputs) * int(relation.taps) > MOST_PAIRS:
                return None
            axes[a] = _without(relation, a, [digits[n] for n in groups[a]], mask)
        found.append(replace(wiring, axes=tuple(axes)))
    return found


def _without(relation: Axis, a: int, digits: Sequence[Digit], mask: Mask) -> Axis:
    """An axis without the pairs whose digits a mask drops."""
    return Sieved(relation, mask[Learned(tuple(digits)).codes(a, relation)])


def _fewest(mask: Mask) -> list[list[Mask]] | None:
    """Products of one set per axis, disjoint, that make up a set: the fewest that were found."""
    best: list[list[Mask]] | None = None
    for order in list(permutations(range(mask.ndim)))[:MOST_ORDERS]:
        boxes = _boxes(mask.transpose(order))
        if boxes is not None and (best is None or len(boxes) < len(best)):
            back = np.argsort(order)
            best = [[box[i] for i in back] for box in boxes]
    return best


def _boxes(mask: Mask) -> list[list[Mask]] | None:
    """By the first axis: positions that keep the same of the others go together."""
    if mask.ndim == 1:
        return [[mask]] if mask.any() else []
    rows, which = np.unique(mask.reshape(len(mask), -1), axis=0, return_inverse=True)
    if len(rows) > MOST_PARTS + 1:
        return None
    found: list[list[Mask]] = []
    for number, row in enumerate(rows):
        inner = _boxes(row.reshape(mask.shape[1:]))
        if inner is None:
            return None
        found += [[which.ravel() == number, *box] for box in inner]
    return found if len(found) <= MOST_PARTS else None

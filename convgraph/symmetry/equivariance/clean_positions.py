"""Positions of the other axes at which a network can be made to compute what its restriction does.

Let the input be constant along an axis, and let each kernel have a one at one tap of that axis (for
a transposed convolution: at as many taps in a row as its stride) and zeros at the others. Then
every position whose chosen tap lies in the row carries the value that the restricted network has,
and it is called clean. Pools keep a position clean if all of its window is clean, averages if
nothing of it is cut off. Where only some of the channels that a position reads are clean, the
weights of the others are set to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint
from convgraph.core.tying import Learned, Mean
from convgraph.symmetry.equivariance.aligned import Aligned, AlignedLayer
from convgraph.symmetry.equivariance.restriction import Classes

__all__ = ["Clean", "clean"]

Mask = NDArray[np.bool_]
Policy = Literal["most", "first", "last"]


@dataclass(frozen=True, eq=False)
class Clean:
    """Clean positions: per row and axis, a (classes x positions) array; and weights set to zero.

    `zeroed` lists (row, joint, own class, source's class).
    """

    masks: dict[str, list[Mask]]
    zeroed: frozenset[tuple[str, int, int, int]]


def clean(
    network: Aligned,
    classes: Mapping[str, Classes],
    axes: Sequence[int],
    starts: Mapping[str, Sequence[Mask]],
    policy: Policy = "most",
) -> Clean:
    """Find the clean positions of all rows along some axes.

    `starts` has, for each input row and each of `axes`, where the input is the constant (an axis
    may be listed twice, once for each side of the equation).
    """
    masks: dict[str, list[Mask]] = {}
    zeroed: set[tuple[str, int, int, int]] = set()
    for name, given in starts.items():
        masks[name] = [np.tile(mask, (classes[name].count, 1)) for mask in given]
    for layer in network.layers:
        name = layer.layer.target.name
        count = classes[name].count
        own: list[Mask] = [np.ones((count, network.shapes[name][axis]), bool) for axis in axes]
        for number, joint in enumerate(layer.layer.joints):
            through = [
                _through(layer, number, axis, mask, policy)
                for axis, mask in zip(axes, masks[joint.source.name], strict=True)
            ]
            reads = classes[name].reads[number]
            for c in range(count):
                read = np.flatnonzero(reads[c])
                if not len(read):
                    continue
                best = int(read[np.argmax([_size(through, int(s)) for s in read])])
                for s in read.tolist():
                    if all((each[s] | ~each[best]).all() for each in through):
                        continue
                    zeroed.add((name, number, c, s))
                for mask, each in zip(own, through, strict=True):
                    mask[c] &= each[best]
        masks[name] = own
    return Clean(masks, frozenset(zeroed))


def _size(through: Sequence[Mask], source: int) -> int:
    return int(np.prod([int(each[source].sum()) for each in through]))


def _through(layer: AlignedLayer, number: int, axis: int, mask: Mask, policy: Policy) -> Mask:
    """Which positions are clean as far as one joint goes: (source's classes x positions)."""
    joint, relation = layer.layer.joints[number], layer.joints[number][axis]
    table = relation.table()
    present = table >= 0
    good = mask[:, table] & present  # (classes, positions, taps)
    if not isinstance(joint.tying, Learned):
        whole = present.any(axis=1) & _whole(joint, relation, present)
        return (good | ~present).all(axis=2) & whole
    choices = _choices(relation)
    if all(taps.stop == taps.start + 1 for taps in choices):
        options = [good[:, :, taps.start] for taps in choices]  # one tap, which is there
    else:
        options = []
        for taps in choices:
            once = present[:, taps].sum(axis=1) == 1
            options.append((good[:, :, taps] | ~present[:, taps]).all(axis=2) & once)
    if policy == "most":
        return max(options, key=lambda option: int(option.sum()))
    return options[0 if policy == "first" else -1]


def _whole(joint: Joint, relation: Axis, present: Mask) -> Mask:
    if not isinstance(joint.tying, Mean):
        return np.ones(len(present), bool)
    return np.asarray(joint.tying._counted(relation) == present.sum(axis=1))


def _choices(relation: Axis) -> list[slice]:
    taps = int(relation.taps)
    upsampled = 1 if relation.step is None else relation.step.denominator
    width = min(upsampled, taps)
    if taps > 64 + width:  # a dense axis: one tap is as good as another
        return [slice(tap, tap + width) for tap in (0, taps // 2, taps - width)]
    return [slice(tap, tap + width) for tap in range(taps - width + 1)]

"""Parameters that no connection uses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import prod

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint
from convgraph.core.tying import Learned
from convgraph.core.wiring import Product
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure

# Entries of an array that is read in several places, of which each is marked: 10 MB. Of a larger
# one it is not told which entries are not used.
MOST_ENTRIES = 10_000_000


@rule(
    "unused-parameter",
    "warning",
    "parameters that no connection uses",
    "Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5",
)
def unused_parameter(structure: Structure) -> Iterator[Occurrence]:
    """Parameter arrays some entries of which label no connection."""
    uses: dict[str, list[tuple[str, Joint]]] = {}
    for layer in structure.network.layers:
        for joint in layer.all_joints:
            if isinstance(joint.tying, Learned) and not joint.tying.fixed:
                uses.setdefault(joint.tying.letter or "", []).append((layer.target.name, joint))
    for letter, joints in uses.items():
        tying = joints[0][1].tying
        assert isinstance(tying, Learned)
        size = prod(int(n) for n in tying.shape)
        used = _used([joint for _, joint in joints], size)
        if used is None or used == size:
            continue
        names = tuple(dict.fromkeys(name for name, _ in joints))
        yield Occurrence(
            tensors=names,
            message=(
                f"{size - used:,} of the {size:,} parameters {letter} "
                f"{'is' if size - used == 1 else 'are'} used by no connection"
            ),
            reason=(
                "Taps that reach beyond the border at every position are stored and never trained, "
                "as where a kernel meets an input that is smaller than it (compare Goodfellow et "
                "al. 2016, section 9.5, on the uses of a kernel's entries)."
            ),
            fix="Use a kernel that fits the input, or a larger input.",
            details={"array": letter, "unused": size - used, "size": size},
        )


def _used(joints: list[Joint], size: int) -> int | None:
    """How many entries of a parameter array label a connection; None where that is not tried."""
    counts = [_count(joint) for joint in joints]
    if None in counts:
        return None
    most = max(count for count in counts if count is not None)
    if len(joints) == 1 or most == size:
        return most
    if size > MOST_ENTRIES:
        return None
    entries = np.zeros(size, bool)
    for joint in joints:
        entries[reduce(np.add.outer, _codes(joint)).ravel()] = True
    return int(entries.sum())


def _count(joint: Joint) -> int | None:
    """How many entries one joint uses: a product over its axes, as these do not depend on each
    other."""
    wiring, tying = joint.wiring, joint.tying
    if not isinstance(wiring, Product) or not isinstance(tying, Learned):
        return None
    total = 1
    for a, axis in enumerate(wiring.axes):
        sizes = [int(digit.size) for digit in tying.digits if digit.axis == a]
        if axis.full or axis.groups > 1:  # all taps of all outputs are connected
            total *= prod(sizes)
        else:
            total *= len(_along(tying, a, axis))
    return total


def _along(tying: Learned, a: int, axis: Axis) -> NDArray[np.int64]:
    """What one axis adds to the flat indices of the parameters that are used."""
    return np.unique(tying.codes(a, axis)[axis.table() >= 0])


def _codes(joint: Joint) -> list[NDArray[np.int64]]:
    wiring, tying = joint.wiring, joint.tying
    assert isinstance(wiring, Product)
    assert isinstance(tying, Learned)
    return [_along(tying, a, axis) for a, axis in enumerate(wiring.axes)]

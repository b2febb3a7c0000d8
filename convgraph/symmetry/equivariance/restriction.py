"""A network cut down to some axes of space, mostly one: what a line of positions computes.

The wiring, the tying and the reduction of every layer are kept along these axes and dropped along
the others, where the input may be thought of as constant. Channels that read alike are one. Equal
structure in the small network is equal structure in the large one: its edges are those of the small
one times the taps of the other axes, on both sides of the equation alike. A difference carries
over to those positions of the other axes on which the large network can be made to compute just
what the small one does (see `clean`).

A layer that learns nothing and does something elsewhere (a pool over the other axis, a
concatenation of channels) is opaque: what it passes on is not taken for what it reads, and nothing
is expanded through it. Nor are products, whose factors the small network could not keep apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.listed_axes import Table
from convgraph.core.network import Network
from convgraph.core.reduction import PRODUCT
from convgraph.core.tying import Constant, Digit, Learned, Mean, Tying
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.aligned import Aligned, AlignedLayer

__all__ = ["Classes", "Restriction", "channel_classes", "restriction"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Classes:
    """Channels that read alike: the class of each channel, and what a class reads.

    `reads` holds for each joint of the row's layer an (own classes x source's classes) array.
    """

    of: Ints
    reads: tuple[NDArray[np.bool_], ...] = ()

    @property
    def count(self) -> int:
        """The number of classes."""
        return int(self.of.max()) + 1


@dataclass(frozen=True, eq=False)
class Restriction:
    """The network along some axes: its rows have the classes of channels and those axes."""

    network: Network
    axes: tuple[int, ...]
    opaque: frozenset[str] = frozenset()
    """Rows whose layer, learning nothing, does more than the small network shows."""
    expands: bool = True
    """Whether equal polynomials in the small network are equal in the large one."""


def channel_classes(network: Aligned) -> dict[str, Classes] | None:
    """The classes of the channels of each row, or None where layers do not allow for any."""
    classes: dict[str, Classes] = {}
    computed = {layer.layer.target.name for layer in network.layers}
    for name, shape in network.shapes.items():
        if name not in computed:
            classes[name] = Classes(np.zeros(shape[0], np.int64))
    for layer in network.layers:
        if not layer.joints:
            return None
        reads = []
        for joint, axes in layer.read():
            found = _read(axes[0], classes[joint.source.name])
            if not isinstance(joint.tying, Learned) and int(found.sum(axis=1).max()) > 1:
                return None
            reads.append(found)
        first, which = _kinds(np.hstack(reads))
        classes[layer.layer.target.name] = Classes(which, tuple(each[first] for each in reads))
    return classes


def _kinds(rows: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """(the first of each kind of row, the kind of each row)."""
    if (rows == rows[:1]).all():
        return np.zeros(1, np.int64), np.zeros(len(rows), np.int64)
    _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, which.ravel().astype(np.int64)


def _read(axis: Axis, source: Classes) -> NDArray[np.bool_]:
    """Which classes of the source each channel reads."""
    found = np.zeros((int(axis.outputs), source.count), bool)
    if axis.full:
        found[:] = True
        return found
    table = axis.table()
    for tap in range(table.shape[1]):
        present = np.flatnonzero(table[:, tap] >= 0)
        found[present, source.of[table[present, tap]]] = True
    return found


def restriction(
    network: Aligned, classes: Mapping[str, Classes], kept: tuple[int, ...]
) -> Restriction | None:
    """Cut a network down to some axes (1 is the first axis of space), if its layers allow it."""
    rows = {
        name: Row(name, (classes[name].count, *(shape[axis] for axis in kept)), channels=True)
        for name, shape in network.shapes.items()
    }
    letters: set[str] = set()
    opaque: set[str] = set()
    layers = []
    for layer in network.layers:
        own = layer.layer
        learned = [t.letter for t in own.arrays]
        if any(letter in letters for letter in learned) or len(set(learned)) < len(learned):
            return None  # parameters shared by layers: their order could not be told apart
        letters.update(letter or "" for letter in learned)
        if own.bias is not None and not isinstance(own.bias.tying, Learned):
            return None
        if not own.arrays:
            elsewhere = _acts_on(layer, [a for a in range(1, network.rank + 1) if a not in kept])
            if elsewhere and len(layer.joints) > 1:
                return None
            if elsewhere or _acts_on(layer, [0]):
                opaque.add(own.target.name)
        layers.append(_cut(layer, classes, rows, kept))
    if any(each is None for each in layers):
        return None
    order = list(rows.values())  # inputs first
    inputs = order[: len(order) - len(layers)]
    made = Network.of(order, [each for each in layers if each is not None], inputs, order[-1:])
    products = any(layer.layer.reduction == PRODUCT for layer in network.layers)
    return Restriction(made, kept, frozenset(opaque), not opaque and not products)


def _acts_on(layer: AlignedLayer, axes: Sequence[int]) -> bool:
    """Whether a layer does anything along some axes."""
    return any(not joint[axis].copies for joint in layer.joints for axis in axes)


def _cut(
    layer: AlignedLayer,
    classes: Mapping[str, Classes],
    rows: Mapping[str, Row],
    kept: tuple[int, ...],
) -> Layer | None:
    own = layer.layer
    target = rows[own.target.name]
    mine = classes[own.target.name]
    joints = []
    for joint, axes, reads in zip(own.joints, layer.joints, mine.reads, strict=True):
        # the axes that are left out become one, of the classes into which their positions fall
        source = rows[joint.source.name]
        wiring = Product((_class_axis(reads), *(axes[axis] for axis in kept)))
        tying = _tying(joint.tying, axes[0], reads, kept, layer.dense)
        if tying is None:
            return None
        joints.append(Joint(source, wiring, tying))
    bias = None
    if own.bias is not None:
        assert isinstance(own.bias.tying, Learned)
        ones = Product(tuple(Full(1, size) for size in target.numbers()))
        digits = (Digit("output", 0, mine.count), *_kept(own.bias.tying, kept, layer.dense))
        bias = Joint(
            Row("1", (1,) * len(target.shape)), ones, Learned(digits, own.bias.tying.letter)
        )
    return Layer(own.spec, tuple(joints), target, own.reduction, bias)


def _class_axis(reads: NDArray[np.bool_]) -> Axis:
    """The relation of the classes: an (own classes x sources read) table."""
    taps = max(int(reads.sum(axis=1).max()), 1)
    order = np.argsort(~reads, axis=1, kind="stable")[:, :taps]
    return Table(reads.shape[1], np.where(np.take_along_axis(reads, order, axis=1), order, -1))


def _kept(tying: Learned, kept: tuple[int, ...], dense: bool) -> tuple[Digit, ...]:
    """The digits of the axes that are kept."""
    if dense:
        return ()
    return tuple(
        Digit(d.kind, 1 + kept.index(d.axis), d.size, True, d.flipped)
        for d in tying.digits
        if d.axis in kept
    )


def _tying(
    tying: Tying, channels: Axis, reads: NDArray[np.bool_], kept: tuple[int, ...], dense: bool
) -> Tying | None:
    if isinstance(tying, Constant | Mean):
        return tying
    if not isinstance(tying, Learned):
        return None
    if not dense:
        # a label for each pair of channels that are connected
        kinds = {digit.kind for digit in tying.digits if digit.axis == 0}
        outputs, taps = int(channels.outputs), int(channels.taps)
        if (outputs > 1 and not kinds & {"output", "input"}) or (taps > 1 and len(kinds) < 2):
            return None
    own = Digit("output", 0, reads.shape[0]), Digit("input", 0, reads.shape[1])
    return Learned((*own, *_kept(tying, kept, dense)), tying.letter)

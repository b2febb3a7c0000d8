"""Why the two sides of the equation differ: what each broken unit meets that its image does not.

A unit after the move is held against its image before it, edge by edge. Edges pair up where their
sources do; those left over, and pairs under different labels, tell what is at fault. A unit that
differs only because a unit that it reads does has that one's causes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.core.reduction import MAX
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.edge_lists import numbered
from convgraph.symmetry.equivariance.identities import Identities
from convgraph.symmetry.equivariance.layer_edges import LayerEdges

__all__ = [
    "CAUSES",
    "FILLED",
    "LOST",
    "PADDING",
    "STRIDE",
    "TYING",
    "WINDOW",
    "Edges",
    "Parting",
    "parting",
]

PADDING = "padding entered"
LOST = "data left the frame"
FILLED = "zeros filled the frame of the output"
STRIDE = "stride does not divide the shift"
TYING = "tying differs"
WINDOW = "window differs"
CAUSES = (PADDING, LOST, FILLED, STRIDE, TYING, WINDOW)

Ints = NDArray[np.int64]
Bits = NDArray[np.uint8]
UNKNOWN = -2  # for an image; -1 is that of a zero


def _bit(cause: str) -> np.uint8:
    return np.uint8(1 << CAUSES.index(cause))


@dataclass(frozen=True, eq=False)
class Parting:
    """Where the two sides part, for all units of a network.

    `image` has the number of each unit's image before the move, -1 for a zero and -2 where none is
    known. `own` and `all` hold causes as bits: those found at a unit, and with those inherited.
    """

    question: Question
    layers: tuple[LayerEdges, ...]
    ids: Identities
    image: Ints
    own: Bits
    all: Bits

    def units(self, cause: str) -> NDArray[np.bool_]:
        """The units of the compared row that a cause breaks."""
        network, row = self.question.network, self.question.row
        first = network.offsets[row]
        part = self.all[first : first + int(network.row(row).size)]
        return np.asarray(part & _bit(cause)) > 0

    def compared(self, layer: LayerEdges) -> tuple[Ints, NDArray[np.bool_]]:
        """The images of a layer's units, and which of the units differ from them."""
        image = self.image[layer.where]
        plain = np.where(image >= 0, self.ids.plain[np.maximum(image, 0)], 0)
        return image, self.ids.moved[layer.where] != plain


def parting(question: Question) -> Parting:
    """Find where the two sides part."""
    network = question.network
    layers = question.asked.layers
    ids = question.asked.identities(question.maps)
    image = np.full(len(ids.plain), UNKNOWN, np.int64)
    for row in network.rows:
        found = question.maps.get(row.name)
        if found is not None:
            first = network.offsets[row.name]
            image[first : first + len(found)] = np.where(found >= 0, found + first, -1)
    made = Parting(
        question,
        layers,
        ids,
        image,
        np.zeros(len(image), np.uint8),
        np.zeros(len(image), np.uint8),
    )
    for layer in layers:
        _layer(made, layer)
    return made


def _layer(made: Parting, layer: LayerEdges) -> None:
    units = np.arange(layer.units)
    image, differing = made.compared(layer)
    unknown = image == UNKNOWN
    own = np.zeros(layer.units, np.uint8)
    if layer.layer.target.name in made.question.undivided:
        own[:] = _bit(STRIDE)
    broken = units[differing]
    filled = broken[image[broken] == -1]
    own[filled] |= _bit(FILLED)
    paired = broken[image[broken] >= 0]
    inherited = np.zeros(layer.units, np.uint8)
    if unknown.any():
        target = np.repeat(units, layer.fan_in)
        np.bitwise_or.at(inherited, target, made.all[layer.source])
    elif len(paired):
        images = image[paired] - layer.first
        inside = (images >= 0) & (images < layer.units)
        paired, images = paired[inside], images[inside]
        found, passed = _compare(made, layer, paired, images)
        own[paired] |= found
        inherited[paired] |= passed
    made.own[layer.where] = own
    made.all[layer.where] = own | inherited


def _compare(made: Parting, layer: LayerEdges, units: Ints, images: Ints) -> tuple[Bits, Bits]:
    """(causes found at units, causes of the units that they read), against their images."""
    own, inherited = np.zeros(len(units), np.uint8), np.zeros(len(units), np.uint8)
    here, there = Edges.of(made, layer, units, moved=True), Edges.of(made, layer, images, False)
    # (owner, source before the move) names a pair of edges; with the label, equal edges
    pair_here, pair_there = numbered((here.owner, here.pair), (there.owner, there.pair))
    same_here, same_there = numbered(
        (here.owner, here.pair, here.label), (there.owner, there.pair, there.label)
    )
    fan_in, fan_in_image = layer.fan_in[units], layer.fan_in[images]
    most = int(layer.fan_in.max(initial=0))
    number = layer.layer.reduction.linear and not layer.learned

    def note(owner: Ints, cause: str) -> None:
        np.bitwise_or.at(own, owner, _bit(cause))

    np.bitwise_or.at(inherited, here.owner, made.all[here.source])
    paired = np.isin(pair_here, pair_there)
    relabelled = here.owner[paired & ~np.isin(same_here, same_there)]
    if number:  # averages of fewer values, where some were cut off
        cut = fan_in[relabelled] != fan_in_image[relabelled]
        note(relabelled[cut], PADDING)
        note(relabelled[~cut], WINDOW)
    else:
        note(relabelled, TYING)
    # what is read here and not there: the image has padding in its place, or another window
    alone = here.owner[~paired & (here.pair >= 0)]
    note(alone[fan_in_image[alone] < most], PADDING)
    note(alone[fan_in_image[alone] == most], WINDOW)
    if layer.reduction == MAX:
        zeros = here.owner[here.pair == -1]
        note(zeros[fan_in_image[zeros] < most], PADDING)
    # what is read there and not here: it is gone, or there is padding, or another window
    left = ~np.isin(pair_there, pair_here) & (made.image[there.source] != UNKNOWN)
    kept = np.isin(there.source, made.image)
    lost, alone = there.owner[left & ~kept], there.owner[left & kept]
    note(lost, LOST)
    note(lost[fan_in[lost] < fan_in_image[lost]], PADDING)
    note(alone[fan_in[alone] < most], PADDING)
    note(alone[fan_in[alone] == most], WINDOW)
    if layer.bias is not None:
        own[layer.bias[units] != layer.bias[images]] |= _bit(TYING)
    return own, inherited


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of some units that bring something: owner, source, source before the move."""

    owner: Ints
    source: Ints
    pair: Ints
    label: Ints

    @staticmethod
    def of(made: Parting, layer: LayerEdges, units: Ints, moved: bool) -> Edges:
        begins, position = layer.of(units)
        owner = np.repeat(np.arange(len(units)), np.diff(begins))
        source = layer.source[position].astype(np.int64)
        ids = made.ids.moved if moved else made.ids.plain
        brings = (ids[source] != 0) | (layer.reduction == MAX)
        owner, source = owner[brings], source[brings]
        pair = made.image[source] if moved else source
        return Edges(owner, source, pair, layer.label[position][brings].astype(np.int64))

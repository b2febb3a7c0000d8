"""Under which equations between parameters the two sides would be equal.

Every unit is held against its image: where the edges pair up by their sources and only the labels
differ, equal labels would do. Units at which something else is at fault (padding, data that left
the frame), or which read such units, are beyond repair, and give no equations.

For one linear layer the equations are necessary as well as sufficient. In deeper networks there may
be other ways, such as hidden channels that trade places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.symmetry.equivariance.causes import Edges, Parting
from convgraph.symmetry.equivariance.cone import cone_of
from convgraph.symmetry.equivariance.layer_edges import LayerEdges

__all__ = ["Ties", "ties"]

Ints = NDArray[np.int64]
Sum: TypeAlias = "tuple[tuple[int, ...], tuple[int, ...]]"


@dataclass(frozen=True, eq=False)
class Ties:
    """Equations between labels: pairs that have to be equal, and sums that have to be.

    `pairs` is an array of pairs of labels; `sums` holds pairs of tuples of labels.
    """

    pairs: Ints
    sums: tuple[Sum, ...] = ()

    def classes(self, labels: int) -> Ints:
        """For each label the first one that the pairs make it equal to."""
        import scipy.sparse as sparse

        a, b = self.pairs.T
        graph = sparse.coo_array((np.ones(len(a), bool), (a, b)), shape=(labels, labels))
        _, component = sparse.csgraph.connected_components(graph, directed=False)
        _, first = np.unique(component, return_index=True)
        return np.asarray(first[component], np.int64)


def ties(made: Parting) -> Ties:
    """The equations that would repair all units of the compared row that can be repaired."""
    network, row = made.question.network, made.question.row
    broken, equations = np.zeros(len(made.image), bool), []
    for layer in made.layers:
        beyond, found = _layer(made, layer, broken)
        broken[layer.first : layer.first + layer.units] = beyond
        equations.append(found)
    first = network.offsets[row]
    good = first + np.flatnonzero(~broken[first : first + int(network.row(row).size)])
    needed = np.zeros(len(broken), bool)
    for part in cone_of(made.layers, good, len(broken)).layers:
        needed[part.units] = True
    chosen = [
        found.of(needed[layer.first : layer.first + layer.units])
        for layer, found in zip(made.layers, equations, strict=True)
    ]
    pairs = np.concatenate([pairs for pairs, _ in chosen] or [np.zeros((0, 2), np.int64)])
    sums = {each for _, found in chosen for each in found}
    return Ties(np.unique(pairs, axis=0), tuple(sorted(sums)))


@dataclass(frozen=True, eq=False)
class _Equations:
    """Equations of the units of a layer, and to which unit each belongs."""

    owner: Ints
    pairs: Ints
    sums: list[tuple[int, Sum]]

    def of(self, needed: NDArray[np.bool_]) -> tuple[Ints, list[Sum]]:
        """Those of the units that are needed."""
        pairs = self.pairs[needed[self.owner]]
        return np.unique(pairs, axis=0), [each for owner, each in self.sums if needed[owner]]


def _layer(
    made: Parting, layer: LayerEdges, broken: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], _Equations]:
    """(units beyond repair, the equations of the others)."""
    units = np.arange(layer.units)
    image = made.image[layer.first + units]
    plain = np.where(image >= 0, made.ids.plain[np.maximum(image, 0)], 0)
    differing = made.ids.moved[layer.first + units] != plain
    beyond = differing & (image < 0)
    asked = np.flatnonzero(differing & (image >= 0))
    images = image[asked] - layer.first
    here = Edges.of(made, layer, asked, moved=True).sorted()
    there = Edges.of(made, layer, images, moved=False).sorted()
    counts = [np.bincount(edges.owner, minlength=len(asked)) for edges in (here, there)]
    apart = counts[0] != counts[1]
    fits = ~apart[here.owner], ~apart[there.owner]
    here, there = here.where(fits[0]), there.where(fits[1])
    mismatch = here.pair != there.pair  # sorted alike, and as many for each owner
    np.logical_or.at(apart, here.owner[mismatch | broken[here.source]], True)
    numbers = made.question.network.labels.parameters
    unequal = here.label != there.label
    alone = _alone(here)
    fixed = unequal & alone & (here.label >= numbers) & (there.label >= numbers)
    np.logical_or.at(apart, here.owner[fixed], True)
    beyond[asked[apart]] = True
    chosen = unequal & alone & ~apart[here.owner]
    owner, pairs = asked[here.owner[chosen]], np.stack([here.label, there.label], 1)[chosen]
    several = ~alone & ~apart[here.owner]
    sums = _sums(here.where(several), there.where(several), asked)
    if layer.bias is not None:
        biased = asked[~apart]
        both = np.stack([layer.bias[biased], layer.bias[image[biased] - layer.first]], 1)
        differ = (both[:, 0] != both[:, 1]) & (both >= 0).all(axis=1)
        owner = np.concatenate([owner, biased[differ]])
        pairs = np.concatenate([pairs, both[differ]])
    return beyond, _Equations(owner, pairs, sums)


def _alone(edges: Edges) -> NDArray[np.bool_]:
    """Edges that are the only one between their two units."""
    again = (np.diff(edges.owner) == 0) & (np.diff(edges.pair) == 0)
    no = np.zeros(1, bool)
    return ~(np.concatenate([no, again]) | np.concatenate([again, no]))


def _sums(here: Edges, there: Edges, asked: Ints) -> list[tuple[int, Sum]]:
    """Where several edges join two units, their labels' sums have to be equal."""
    found: list[tuple[int, Sum]] = []
    changes = np.flatnonzero((np.diff(here.owner) != 0) | (np.diff(here.pair) != 0)) + 1
    for part in np.split(np.arange(len(here.owner)), changes) if len(here.owner) else []:
        left, right = (tuple(sorted(e.label[part].tolist())) for e in (here, there))
        if left != right:
            found.append((int(asked[here.owner[part[0]]]), (left, right)))
    return found

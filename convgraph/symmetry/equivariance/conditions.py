"""Under which equations between parameters the two sides would be equal.

Every unit is held against its image: where they read the same sources, and only the labels differ,
the sum of the labels of each source has to be the same. Units that read a source which their image
does not (padding, data that left the frame), or that read such units, are beyond repair: there a
parameter would have to be zero, and they give no equations.

For one linear layer the equations are necessary as well as sufficient. In deeper networks there may
be other ways, such as hidden channels that trade places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.labels import Labels
from convgraph.symmetry.equivariance.causes import Edges, Parting
from convgraph.symmetry.equivariance.equations import Sum, simplest
from convgraph.symmetry.equivariance.layer_edges import LayerEdges, cone_of

__all__ = ["Ties", "ties"]

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ties:
    """Equations between labels, and the units of the compared row that they cannot mend.

    `pairs` are of labels that have to be equal, the first of each class with each of the others;
    `sums` are pairs of tuples of labels whose sums have to be.
    """

    pairs: Ints
    sums: tuple[Sum, ...]
    beyond: Mask


def ties(made: Parting) -> Ties:
    """The equations that would repair all units of the compared row that can be repaired."""
    network, row = made.question.network, made.question.row
    broken, equations = np.zeros(len(made.image), bool), []
    for layer in made.layers:
        beyond, found = _layer(made, layer, broken)
        broken[layer.where] = beyond
        equations.append(found)
    own = slice(network.offsets[row], network.offsets[row] + int(network.row(row).size))
    good = own.start + np.flatnonzero(~broken[own])
    needed = np.zeros(len(broken), bool)
    for part in cone_of(made.layers, good, len(broken)):
        needed[part.where] = True
    chosen = [
        found.of(needed[layer.where]) for layer, found in zip(made.layers, equations, strict=True)
    ]
    pairs = np.concatenate([pairs for pairs, _ in chosen] or [np.zeros((0, 2), np.int64)])
    sums = {each for _, found in chosen for each in found}
    return Ties(*simplest(pairs, sorted(sums), len(network.labels)), broken[own])


@dataclass(frozen=True, eq=False)
class _Equations:
    """Equations of the units of a layer, and to which unit each belongs."""

    owner: Ints
    pairs: Ints
    sums: list[tuple[int, Sum]]

    def of(self, needed: Mask) -> tuple[Ints, list[Sum]]:
        """Those of the units that are needed."""
        pairs = self.pairs[needed[self.owner]]
        return np.unique(pairs, axis=0), [each for owner, each in self.sums if needed[owner]]


def _layer(made: Parting, layer: LayerEdges, broken: Mask) -> tuple[Mask, _Equations]:
    """(units beyond repair, the equations of the others)."""
    image, differing = made.compared(layer)
    beyond = differing & (image < 0)
    asked = np.flatnonzero(differing & (image >= 0))
    here = Edges.of(made, layer, asked, moved=True)
    there = Edges.of(made, layer, image[asked] - layer.first, moved=False)
    left = _Left.over(here, there)
    apart = np.zeros(len(asked), bool)
    apart[here.owner[broken[here.source]]] = True
    labels = made.question.network.labels
    hopeless, open_ = left.judged(labels, layer.reduction.linear)
    apart[left.owner[hopeless]] = True
    if layer.bias is not None:
        biases = np.stack([layer.bias[asked], layer.bias[image[asked] - layer.first]], 1)
        differ = biases[:, 0] != biases[:, 1]
        apart[differ & (biases < 0).any(axis=1)] = True
        biased = np.flatnonzero(differ & ~apart)
    single, several = left.chosen(~apart[left.owner] & open_)
    owner, pairs = asked[left.owner[single]], left.pairs(single)
    sums = [(int(asked[left.owner[group]]), left.sum(group)) for group in several.tolist()]
    if layer.bias is not None:
        owner = np.concatenate([owner, asked[biased]])
        pairs = np.concatenate([pairs, biases[biased]])
    beyond[asked[apart]] = True
    return beyond, _Equations(owner, pairs, sums)


@dataclass(frozen=True, eq=False)
class _Left:
    """What is left of the labels under which a unit and its image read a source.

    Labels that both read it under are taken away. There is a group for each unit and each source
    for which any are left: group i has the labels from `start[i]` to `start[i + 1]`, how often
    each is left, and on which side: the count is positive for the unit, negative for its image.
    """

    owner: Ints
    start: Ints
    label: Ints
    count: Ints

    @staticmethod
    def over(here: Edges, there: Edges) -> _Left:
        owner, pair, label = (
            np.concatenate([getattr(edges, name) for edges in (here, there)])
            for name in ("owner", "pair", "label")
        )
        signs = np.repeat(np.array([1, -1]), [len(here.owner), len(there.owner)])
        order = np.lexsort((label, pair, owner))
        owner, pair, label, signs = owner[order], pair[order], label[order], signs[order]
        first = _starts(owner, pair, label)[:-1]
        count = np.add.reduceat(signs, first) if len(first) else signs
        first, count = first[count != 0], count[count != 0]
        start = _starts(owner[first], pair[first])
        return _Left(owner[first][start[:-1]], start, label[first], count)

    def _per_group(self, values: Ints) -> Ints:
        return np.add.reduceat(values, self.start[:-1]) if len(self.owner) else self.owner

    def judged(self, labels: Labels, linear: bool) -> tuple[Mask, Mask]:
        """(groups that no equation between parameters makes equal, those that one does).

        Numbers take none: their sums are the same, or they are not.
        """
        hopeless = self._per_group(np.abs(self.count)) == np.abs(self._per_group(self.count))
        if not linear:
            return np.ones(len(hopeless), bool), np.zeros(len(hopeless), bool)
        numbers = self._per_group((self.label < labels.parameters).astype(np.int64)) == 0
        for group in np.flatnonzero(numbers & ~hopeless).tolist():
            own = slice(*self.start[group : group + 2])
            values = labels.pick(self.label[own].tolist())
            total = sum(v * n for v, n in zip(values, self.count[own].tolist(), strict=True))
            hopeless[group] = total != 0
        return hopeless, ~hopeless & ~numbers

    def chosen(self, kept: Mask) -> tuple[Ints, Ints]:
        """Of some groups (those with one label on each side, the others)."""
        single = (np.diff(self.start) == 2) & (self._per_group(np.abs(self.count)) == 2)
        return np.flatnonzero(kept & single), np.flatnonzero(kept & ~single)

    def pairs(self, groups: Ints) -> Ints:
        """The label of the unit and that of its image, for groups of one each."""
        first = self.start[:-1][groups]
        both = np.stack([self.label[first], self.label[first + 1]], 1)
        return np.where(self.count[first, None] > 0, both, both[:, ::-1])

    def sum(self, group: int) -> Sum:
        """The labels on both sides."""
        own = slice(*self.start[group : group + 2])
        label, count = self.label[own], self.count[own]
        return (
            tuple(np.repeat(label, np.maximum(count, 0)).tolist()),
            tuple(np.repeat(label, np.maximum(-count, 0)).tolist()),
        )


def _starts(*keys: Ints) -> Ints:
    """Where runs of equal keys start, and where the last one ends."""
    if not len(keys[0]):
        return np.zeros(1, np.int64)
    new = np.logical_or.reduce([np.diff(key) != 0 for key in keys])
    return np.concatenate([[0], np.flatnonzero(new) + 1, [len(new) + 1]])

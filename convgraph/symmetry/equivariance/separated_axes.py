"""A network and a transformation seen along single axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, decompose, dense, regroup
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.aligned import Aligned
from convgraph.symmetry.equivariance.asked_row import AskedRow, Axes
from convgraph.symmetry.equivariance.clean_positions import Clean, clean
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.equality_along_axes import follow
from convgraph.symmetry.equivariance.moved_network import MovedNetwork
from convgraph.symmetry.equivariance.restriction import Classes
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.transformations.transformation import Sources, joined

__all__ = ["Boxes", "SeparatedAxes", "along_axes"]

Mask = NDArray[np.bool_]
Maps = dict[str, list[Sources]]
Boxes = list[Box]


@dataclass(frozen=True, eq=False)
class SeparatedAxes:
    """A network that keeps the axes apart, a transformation, and a row that is compared.

    `acting` are the axes along which something moves (1 is the first axis of space); `maps` has per
    row and axis the image of each position, where it is known. A transformation that does not keep
    them apart, such as a quarter turn, acts along all of them: then `turned` has per row the images
    of all positions in space, and `maps` is empty.
    """

    of: AskedRow
    along: Aligned
    maps: Maps
    acting: Axes
    turned: Mapping[str, Sources]

    @property
    def network(self) -> Network:
        """The network."""
        return self.of.network

    @property
    def row(self) -> str:
        """The row that is compared."""
        return self.of.name

    @property
    def classes(self) -> Mapping[str, Classes]:
        """The classes of the channels of each row, where a question has been asked."""
        classes = self.of.classes
        assert classes is not None
        return classes

    @cached_property
    def inputs(self) -> list[str]:
        """The input rows on which the row depends."""
        computed = {layer.layer.target.name for layer in self.along.layers}
        return [name for name in self.along.shapes if name not in computed]

    def follows(self) -> bool:
        """Whether every position of the row agrees with its image, tap by tap."""
        if self.turned or any(name not in self.maps for name in self.along.shapes):
            return False
        for axis in self.acting:
            lines = {name: maps[axis - 1] for name, maps in self.maps.items()}
            found = follow(self.along, axis, lines, self.row)
            if found is None or not found.all():
                return False
        return True

    def question(self, axes: Axes, lives: bool = False) -> tuple[Question, list[Clean]] | None:
        """The question about the network cut down to some axes, and what is clean on the others.

        None if the layers do not allow for it.
        """
        asked, small = self.asked(axes), self.of.cut(axes)
        if asked is None or small is None:
            return None
        sources = {row.name: self._sources(row.name, axes) for row in small.network.rows}
        return Question(asked[0], sources, expand=small.expands, lives=lives), asked[1]

    def asked(self, axes: Axes) -> tuple[MovedNetwork, list[Clean]] | None:
        """The network cut down to some axes, its input moved, and what is clean on the others."""
        small, known = self.of.cut(axes), self.of.moved_cuts
        if small is None or axes in known:
            return known.get(axes)
        found = list(self._cleaned([a for a in self._axes if a not in axes]))
        moves = {}
        for name in self.inputs:
            own = self._sources(name, axes)
            assert own is not None
            moves[name] = own
        zeroed = _labels(small.network, found[0].zeroed)
        known[axes] = MovedNetwork(small.network, moves, self.row, small.opaque, zeroed), found
        return known[axes]

    def edges(self, axes: Axes) -> int:
        """How many edges the network cut down to some axes has."""
        small = self.of.cut(axes)
        layers = small.network.layers if small is not None else ()
        return sum(int(layer.connections) for layer in layers)

    def lifted(self, axes: Sequence[int], mask: Mask) -> Boxes:
        """A mask over (classes, positions of some axes) as boxes of the row."""
        found = []
        for number, own in enumerate(
            mask.reshape(self.classes[self.row].count, *self._sizes(axes))
        ):
            for part in decompose(own) if own.ndim else [()] * bool(own):
                found += self.box(number, dict(zip(axes, part, strict=True)))
        return found

    def box(self, number: int, masks: Mapping[int, Mask]) -> Boxes:
        """The units of a class of channels at some positions of some axes as boxes of the row."""
        shape = self.along.shapes[self.row]
        channels = self.classes[self.row].of == number
        full = [channels, *(masks.get(a, np.ones(n, bool)) for a, n in enumerate(shape[1:], 1))]
        return regroup(tuple(full), shape, self.network.row(self.row).numbers())

    def shadow(self, axes: Sequence[int], units: Units) -> Mask:
        """Which (classes, positions of some axes) belong to some units of the row."""
        classes, shape = self.classes[self.row], self.along.shapes[self.row]
        mask = np.zeros((classes.count, *self._sizes(axes)), bool)
        target = self.network.row(self.row).numbers()
        for channels, *space in (part for b in units.boxes for part in regroup(b, target, shape)):
            hit = np.zeros(classes.count, bool)
            hit[classes.of[channels]] = True
            mask |= dense((hit, *(space[axis - 1] for axis in axes)))
        return mask

    def whole_unit(self, axes: Sequence[int], row: str, unit: int) -> tuple[int, int]:
        """A unit of the network, and its image, for one of the network cut down to some axes.

        It is in the first channel of its class, and in the middle of the other axes.
        """
        shape, classes = self.along.shapes[row], self.classes[row]
        sizes = (classes.count, *(shape[axis] for axis in axes))
        number, *rest = (int(i) for i in np.unravel_index(unit, sizes))
        place = [int(np.argmax(classes.of == number)), *(n // 2 for n in shape[1:])]
        for axis, position in zip(axes, rest, strict=True):
            place[axis] = position
        flat = int(np.ravel_multi_index(tuple(place), shape))
        if self.turned:
            image, size = int(self.turned[row][flat % len(self.turned[row])]), len(self.turned[row])
            return flat, -1 if image < 0 else place[0] * size + image
        images = [int(m[p]) for m, p in zip(self.maps[row], place[1:], strict=True)]
        if min(images, default=0) < 0:
            return flat, -1
        return flat, int(np.ravel_multi_index((place[0], *images), shape))

    @property
    def _axes(self) -> range:
        return range(1, self.along.rank + 1)

    def _sizes(self, axes: Sequence[int]) -> tuple[int, ...]:
        return tuple(self.along.shapes[self.row][axis] for axis in axes)

    def _sources(self, name: str, axes: Axes) -> Sources | None:
        count, shape = self.classes[name].count, self.along.shapes[name]
        if name in self.turned:
            image = self.turned[name]
            return joined([np.arange(count), image], (count, len(image)))
        if name not in self.maps:
            return None
        images = [np.arange(count), *(self.maps[name][axis - 1] for axis in axes)]
        return joined(images, (count, *(shape[axis] for axis in axes)))

    def _cleaned(self, others: Sequence[int]) -> Iterator[Clean]:
        """Clean positions of the other axes, twice each: after the move, and before it."""
        twice = [axis for axis in others for _ in range(2)]
        starts = {
            name: [
                mask
                for axis in others
                for mask in (self.maps[name][axis - 1] >= 0, np.ones(shape[axis], bool))
            ]
            for name, shape in self.along.shapes.items()
            if name in self.inputs
        }
        first = clean(self.along, self.classes, twice, starts)
        yield first
        if all(mask.all() for mask in first.masks[self.row]):
            return
        for policy in ("first", "last"):
            found = clean(self.along, self.classes, twice, starts, policy)
            if found.zeroed == first.zeroed:
                yield found

    def others(
        self, axes: Sequence[int], found: Clean, number: int, alone: bool
    ) -> dict[int, Mask]:
        """Per other axis the positions of the row that are clean, for a class of channels.

        On both sides of the equation or, with `alone`, after the move.
        """
        result = {}
        for i, axis in enumerate(a for a in self._axes if a not in axes):
            after, before = (found.masks[self.row][2 * i + side][number] for side in (0, 1))
            image = self.maps[self.row][axis - 1]
            result[axis] = after if alone else after & before[image] & (image >= 0)
        return result


def along_axes(asked: AskedRow, actions: Mapping[str, Action]) -> SeparatedAxes | None:
    """The view along the axes for some action on the row, if it can be seen so."""
    along = asked.along
    if along is None:
        return None
    maps = _maps(along, actions)
    needed = [asked.name, *(r.name for r in asked.network.inputs if r.name in along.shapes)]
    axes = range(1, along.rank + 1)
    if any(name not in maps for name in needed):
        turned = _turned(along, actions)
        if any(name not in turned for name in needed):
            return None
        return SeparatedAxes(asked, along, {}, tuple(axes), turned)
    acting = tuple(
        axis
        for axis in axes
        if any((m[axis - 1] != np.arange(len(m[axis - 1]))).any() for m in maps.values())
    )
    return SeparatedAxes(asked, along, maps, acting, {})


def _maps(along: Aligned, actions: Mapping[str, Action]) -> Maps:
    maps: Maps = {}
    for name, shape in along.shapes.items():
        found = actions[name].per_axis()
        if actions[name].still:
            found = [np.arange(size) for size in shape[1:]]
        if found is not None and tuple(map(len, found)) == shape[1:]:
            maps[name] = found
    return maps


def _turned(along: Aligned, actions: Mapping[str, Action]) -> dict[str, Sources]:
    """The image of each position of the rows all of whose channels move alike."""
    found = {}
    for name, shape in along.shapes.items():
        sources = actions[name].sources()
        if sources is None:
            continue
        each = sources.reshape(shape[0], -1)
        size = each.shape[1]
        starts = size * np.arange(shape[0])[:, None]
        if (each == np.where(each[0] >= 0, each[0] + starts, -1)).all():
            found[name] = each[0]
    return found


def _labels(network: Network, zeroed: frozenset[tuple[str, int, int, int]]) -> frozenset[int]:
    """The labels of weights that are set to zero."""
    found: set[int] = set()
    for row, number, own, source in zeroed:
        tying = network.layer(row).joints[number].tying
        array = getattr(tying, "array", None)
        if array is not None:
            positions = np.arange(len(array)).reshape(array.shape)[own, source].ravel()
            found.update((positions + network.labels.start(array.letter)).tolist())
    return frozenset(found)

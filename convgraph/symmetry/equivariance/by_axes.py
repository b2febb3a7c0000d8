"""The decision on the axes, without the edges of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, decompose
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.actions import Action
from convgraph.symmetry.equivariance.aligned import Aligned, aligned
from convgraph.symmetry.equivariance.clean import Clean, clean
from convgraph.symmetry.equivariance.decide import Decision, Question, decide
from convgraph.symmetry.equivariance.following import follow
from convgraph.symmetry.equivariance.restriction import (
    Classes,
    Restriction,
    channel_classes,
    restriction,
)
from convgraph.symmetry.transformation import Sources

__all__ = ["Answer", "by_axes"]

Mask = NDArray[np.bool_]
Maps = dict[str, list[Sources]]


@dataclass(frozen=True, eq=False)
class Answer:
    """Units of the row that is compared: both sides equal, different, or undecided."""

    exact: Units
    broken: Units
    undecided: Units


def by_axes(network: Network, actions: Mapping[str, Action], row: str) -> Answer | None:
    """Decide on the axes, if the network and the transformation keep them apart."""
    along = aligned(network, row)
    if along is None:
        return None
    maps = _maps(along, actions)
    names = [given.name for given in network.inputs if given.name in along.shapes]
    if row not in maps or any(name not in maps for name in names):
        return None
    acting = [
        axis
        for axis in range(1, along.rank + 1)
        if any((m[axis - 1] != np.arange(len(m[axis - 1]))).any() for m in maps.values())
    ]
    target = network.row(row)
    whole = Units(target, [tuple(np.ones(n, bool) for n in target.numbers())])
    none = Units(target, [])
    quick = [_quickly(along, axis, maps, row) for axis in acting]
    if all(mask is not None and mask.all() for mask in quick):
        return Answer(whole, none, none)
    return _carefully(network, along, maps, row, names, acting)


def _maps(along: Aligned, actions: Mapping[str, Action]) -> Maps:
    """Per row and axis of space the image of each position, where it is known."""
    maps: Maps = {}
    for name, shape in along.shapes.items():
        found = actions[name].per_axis()
        if actions[name].still and len(found or ()) != len(shape) - 1:
            found = [np.zeros(1, np.int64)] * (len(shape) - 1)
        if found is not None and tuple(map(len, found)) == shape[1:]:
            maps[name] = found
        elif all(size == 1 for size in shape[1:]) and actions[name].still:
            maps[name] = [np.zeros(1, np.int64)] * (len(shape) - 1)
    return maps


def _quickly(along: Aligned, axis: int, maps: Maps, row: str) -> Mask | None:
    if any(name not in maps for name in along.shapes):
        return None
    return follow(along, axis, {name: m[axis - 1] for name, m in maps.items()}, row)


def _carefully(
    network: Network,
    along: Aligned,
    maps: Maps,
    row: str,
    names: Sequence[str],
    acting: Sequence[int],
) -> Answer | None:
    """Decide on the restrictions to the axes, and carry it over to the network."""
    classes = channel_classes(along)
    if classes is None:
        return None
    axes = range(1, along.rank + 1)
    decisions: dict[int, Decision] = {}
    cleaned: dict[int, list[_Others]] = {}
    for axis in acting:
        small = restriction(along, classes, axis)
        if small is None:
            return None
        others = [a for a in axes if a != axis]
        found = list(_cleaned(along, classes, others, maps, names))
        decisions[axis] = _on(small, axis, maps, row, found[0].zeroed, len(acting) > 1)
        cleaned[axis] = [_Others(others, each, row, maps) for each in found]
    return _Combination(network, along, maps, row, classes, acting, decisions, cleaned).answer()


def _cleaned(
    along: Aligned,
    classes: Mapping[str, Classes],
    others: Sequence[int],
    maps: Maps,
    names: Sequence[str],
) -> Iterator[Clean]:
    """Clean positions of the other axes, twice each: after the move, and before it."""
    twice = [axis for axis in others for _ in range(2)]
    starts = {
        name: [
            mask
            for axis in others
            for mask in (maps[name][axis - 1] >= 0, np.ones(along.shapes[name][axis], bool))
        ]
        for name in names
    }
    first = clean(along, classes, twice, starts)
    yield first
    if all(mask.all() for mask in first.masks[next(reversed(first.masks))]):
        return
    for policy in ("first", "last"):
        found = clean(along, classes, twice, starts, policy)  # type: ignore[arg-type]
        if found.zeroed == first.zeroed:
            yield found


@dataclass(eq=False)
class _Others:
    """Clean positions of the compared row along the axes other than one, for each class."""

    axes: Sequence[int]
    found: Clean
    row: str
    maps: Maps

    def masks(self, number: int, moved_only: bool) -> dict[int, Mask]:
        """Per axis, where both sides are clean, or the one after the move, for one class."""
        result = {}
        for i, axis in enumerate(self.axes):
            after, before = (self.found.masks[self.row][2 * i + side][number] for side in (0, 1))
            image = self.maps[self.row][axis - 1]
            result[axis] = after if moved_only else after & before[image] & (image >= 0)
        return result


def _on(
    small: Restriction,
    axis: int,
    maps: Maps,
    row: str,
    zeroed: frozenset[tuple[str, int, int, int]],
    lives: bool,
) -> Decision:
    """Decide on the restriction to an axis."""
    network = small.network
    sources: dict[str, Sources | None] = {}
    for each in network.rows:
        count, size = each.numbers()
        image = maps[each.name][axis - 1] if each.name in maps else None
        sources[each.name] = (
            None
            if image is None
            else np.where(image >= 0, np.arange(count)[:, None] * size + image, -1).ravel()
        )
    moves = {}
    for each in network.inputs:
        own = sources[each.name]
        assert own is not None
        moves[each.name] = own
    labels = _labels(network, zeroed)
    return decide(Question(network, moves, sources, row, small.salts, labels, lives=lives))


def _labels(network: Network, zeroed: frozenset[tuple[str, int, int, int]]) -> frozenset[int]:
    """The labels of weights that are set to zero."""
    found: set[int] = set()
    for row, number, own, source in zeroed:
        tying = network.layer(row).joints[number].tying
        array = getattr(tying, "array", None)
        if array is None:
            continue
        positions = np.arange(len(array)).reshape(array.shape)[own, source].ravel()
        found.update((positions + network.labels.start(array.letter)).tolist())
    return frozenset(found)


@dataclass(eq=False)
class _Combination:
    """The answers along single axes, put together."""

    network: Network
    along: Aligned
    maps: Maps
    row: str
    classes: Mapping[str, Classes]
    acting: Sequence[int]
    decisions: Mapping[int, Decision]
    cleaned: Mapping[int, list[_Others]]

    def answer(self) -> Answer:
        """The units of the row: equal, different, undecided."""
        exact: list[Box] = []
        broken: list[Box] = []
        undecided: list[Box] = []
        for number in range(self.classes[self.row].count):
            same, different = self._same(number), self._different(number)
            exact += self._boxes(number, self.acting, same)
            for masks in different:
                broken += self._filled_out(number, masks)
            undecided += self._rest(number, same, different)
        target = self.network.row(self.row)
        return Answer(*(Units(target, boxes) for boxes in (exact, broken, undecided)))

    def _along(self, axis: int, name: str, number: int) -> Mask:
        mask: Mask = getattr(self.decisions[axis], name)
        return mask.reshape(self.classes[self.row].count, -1)[number]

    def _outer(self, masks: Sequence[Mask], all_: bool) -> Mask:
        ufunc = np.logical_and if all_ else np.logical_or
        return np.asarray(reduce(ufunc.outer, masks))

    def _filled(self) -> Mask:
        return self._outer([self.maps[self.row][a - 1] < 0 for a in self.acting], all_=False)

    def _same(self, number: int) -> Mask:
        """Where both sides are equal: along all axes, or because both vanish along one."""
        per_axis = [
            [self._along(axis, name, number) for axis in self.acting]
            for name in ("exact", "vanishes")
        ]
        equal = self._outer(per_axis[0], all_=True) & ~self._filled()
        gone = self._outer([e & v for e, v in zip(*per_axis, strict=True)], all_=False)
        return equal | gone | (self._filled() & self._outer(per_axis[1], all_=False))

    def _different(self, number: int) -> list[dict[int, Mask]]:
        """Where they differ, as boxes of one mask per axis of space."""
        axes = range(1, self.along.rank + 1)
        result: list[dict[int, Mask]] = []
        filled = {a: self.maps[self.row][a - 1] < 0 for a in axes}
        for axis in self.acting:
            for others in self.cleaned[axis]:
                both = {**others.masks(number, False), axis: self._along(axis, "broken", number)}
                result.append({a: both[a] & ~filled[a] for a in axes})
                if not any(filled[a].any() for a in self.acting):
                    continue
                # the other side is filled with zeros, and this one does not vanish
                alone = {**others.masks(number, True), axis: self._along(axis, "lives", number)}
                for a in self.acting:
                    result.append({**alone, a: alone[a] & filled[a]})
        return [box for box in result if all(mask.any() for mask in box.values())]

    def _rest(self, number: int, same: Mask, different: list[dict[int, Mask]]) -> list[Box]:
        """Units that are neither."""
        sizes = self.along.shapes[self.row][1:]
        axes = range(1, len(sizes) + 1)
        rest = ~same.reshape([sizes[a - 1] if a in self.acting else 1 for a in axes])
        if len(different) == 1 and all(
            different[0][a].all() for a in axes if a not in self.acting
        ):
            # one box without a gap: what is left lies along the acting axes
            own = self._outer([different[0][a] for a in self.acting], all_=True)
            return self._boxes(number, self.acting, ~same & ~own)
        rest = np.array(np.broadcast_to(rest, sizes))
        for masks in different:
            rest &= ~self._outer([masks[a] for a in axes], all_=True)
        return self._boxes(number, axes, rest)

    def _boxes(self, number: int, axes: Sequence[int], mask: Mask) -> list[Box]:
        """The units of a class of channels within a mask over some axes."""
        found = []
        for part in decompose(mask):
            found += self._filled_out(number, dict(zip(axes, part, strict=True)))
        return found

    def _filled_out(self, number: int, masks: Mapping[int, Mask]) -> list[Box]:
        """A box over some axes of space as boxes of the row."""
        shape = self.along.shapes[self.row]
        channels = self.classes[self.row].of == number
        target = self.network.row(self.row).numbers()
        full = [channels, *(np.ones(n, bool) for n in shape[1:])]
        for axis, each in masks.items():
            full[axis] = each
        if len(target) == len(shape):
            return [tuple(full)]
        if len(target) == len(shape) - 1 and shape[0] == 1:
            return [tuple(full[1:])]
        return decompose(channels.reshape(target))

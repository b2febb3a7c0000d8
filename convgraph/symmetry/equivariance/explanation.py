"""Causes, counterexample and conditions of a verdict, found on edges or on the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.boxes import decompose
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.actions import Action
from convgraph.symmetry.equivariance.causes import CAUSES, STRIDE, UNKNOWN, WINDOW, Parting, parting
from convgraph.symmetry.equivariance.conditions import ties
from convgraph.symmetry.equivariance.counterexample import Counterexample
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.equations import Block, Equations
from convgraph.symmetry.equivariance.origin import Origin, local, origin
from convgraph.symmetry.equivariance.plane import Plane
from convgraph.symmetry.equivariance.sides import Sides

__all__ = ["EDGES", "Explanation", "edge_question"]

EDGES = 50_000  # up to which the edge table is asked rather than the axes


@dataclass(frozen=True, eq=False)
class Explanation:
    """What the parts of an explanation are found from."""

    network: Network
    actions: Mapping[str, Action]
    row: str
    plane: Plane | None
    divided: bool = True
    """Whether there is a shift of the output at all."""

    @cached_property
    def _on_edges(self) -> bool:
        return self.plane is None or sum(int(x.connections) for x in self.network.layers) <= EDGES

    @cached_property
    def _partings(self) -> list[tuple[tuple[int, ...], Parting]]:
        """Where the sides part: on the edges, or along one acting axis after the other."""
        if self._on_edges:
            return [((), parting(edge_question(self.network, self.actions, self.row)))]
        assert self.plane is not None
        found: list[tuple[tuple[int, ...], Parting]] = []
        for axis in self.plane.acting:
            asked = self.plane.question((axis,))
            assert asked is not None
            question = replace(asked[0], undivided=_undivided(self.actions))
            found.append(((axis,), parting(question)))
        return found

    def causes(self, broken: Units) -> dict[str, Units]:
        """For each cause the units that it breaks."""
        target = self.network.row(self.row)
        if not self.divided:
            return {STRIDE: broken}
        result = {}
        for cause in CAUSES:
            boxes = []
            for axes, made in self._partings:
                mask = made.units(cause)
                if not mask.any():
                    continue
                if axes and self.plane:
                    boxes += self.plane.lifted(axes, mask)
                else:
                    boxes += decompose(mask.reshape(target.numbers()))
            units = _within(Units(target, boxes), broken)
            if units:
                result[cause] = units
        known = Units(target, [box for units in result.values() for box in units.boxes])
        if len(known) < len(broken):  # rows of which it is not known how they move
            boxes = list(result[WINDOW].boxes) if WINDOW in result else []
            boxes += decompose(broken.mask() & ~known.mask())
            result[WINDOW] = Units(target, boxes)
        return result

    def conditions(self) -> Equations:
        """Equations between labels that would mend what can be mended."""
        labels = self.network.labels
        if not self.divided:
            return Equations(labels)
        blocks: dict[Block, None] = {}
        sums: dict[sp.Eq, None] = {}
        for axes, made in self._partings:
            found = ties(made)
            for pair in _grouped(found.classes(len(made.question.network.labels))):
                block = self._block(axes, made.question.network, pair)
                if block is not None:
                    blocks[block] = None
            for each in found.sums if not axes else ():
                left, right = (sp.Add(*labels.pick(side)) for side in each)
                if sp.Eq(right, left, evaluate=False) not in sums:
                    sums[sp.Eq(left, right, evaluate=False)] = None
        return Equations(labels, tuple(blocks), tuple(sums))

    def _block(self, axes: tuple[int, ...], small: Network, pair: tuple[int, int]) -> Block | None:
        """A pair of labels, of the network cut down to axes, as pairs of the network's labels."""
        if not axes:
            return Block(0, (len(self.network.labels),), (0,), pair[:1], pair[1:])
        for array in small.labels.arrays:
            start = small.labels.start(array.letter)
            if not all(start <= number < start + len(array) for number in pair):
                continue
            left, right = (np.unravel_index(n - start, array.shape) for n in pair)
            if left[:2] != right[:2] or any(left[:2]):
                return None  # the first class of channels stands for all
            tying = self._tying(array.letter)
            digits = tuple(a for a, digit in enumerate(tying.digits) if digit.axis in axes)
            shape = tuple(int(n) for n in tying.shape)
            first = self.network.labels.start(array.letter)
            here, there = (tuple(map(int, index[2:])) for index in (left, right))
            return Block(first, shape, digits, here, there)
        return None

    def _tying(self, letter: str) -> Learned:
        return next(
            tying
            for layer in self.network.layers
            for tying in layer.arrays
            if tying.letter == letter
        )

    def counterexample(self, broken: Units) -> Counterexample | None:
        """The smallest failure among the broken units."""
        found = self._smallest(broken)
        if found is None:
            return None
        unit, at = found
        maps = {joint.source.name for joint in self.network.layer(at.row).joints}
        images = {name: self.actions[name].sources() for name in maps}

        def before(name: str, position: int) -> int:
            image = images[name]
            return UNKNOWN if image is None else int(image[position])

        near = local(self.network, at.row, at.unit, at.image, before)
        name = _name(self.network, self.row, unit)
        made = Counterexample(
            self.network,
            name,
            near.left,
            near.right,
            _name(self.network, at.row, at.unit),
            near.edges,
            at.causes if self.divided else (STRIDE,),
        )
        whole = self._sides(unit) if self._on_edges else None
        if whole is None or not whole.short:
            return made
        left, right = whole.expressions()
        example = whole.example()
        given, values = example if example is not None else (None, None)
        return replace(made, left=left, right=right, input=given, values=values)

    def _sides(self, unit: int) -> Sides:
        """Both sides at a unit of the row and its image."""
        parting = self._partings[0][1]
        number = self.network.offsets[self.row] + unit
        return Sides(
            self.network,
            parting.layers,
            parting.question.moves,
            number,
            int(parting.image[number]),
        )

    def _smallest(self, broken: Units) -> tuple[int, Origin] | None:
        """A broken unit of the row that reads as little as possible, and where it goes wrong."""
        for axes, made in self._partings:
            layer = made.layers[-1]
            seen = self.plane.shadow(axes, broken) if axes and self.plane else broken.mask()
            bad = seen.ravel() & (made.all[layer.first : layer.first + layer.units] > 0)
            if not bad.any():
                if axes:
                    continue
                bad = seen.ravel()
            unit = int(np.argmin(np.where(bad, _paths(made), np.inf)))
            at = origin(made, unit)
            if not axes or self.plane is None:
                return unit, at
            whole, _ = self.plane.whole_unit(axes, self.row, unit)
            first, image = self.plane.whole_unit(axes, at.row, at.unit)
            return whole, Origin(at.row, first, image if at.image >= 0 else -1, at.causes)
        return None


def _paths(made: Parting) -> NDArray[np.float64]:
    """How many paths lead from the input to a unit of the compared row and to its image."""
    paths = np.ones(len(made.image))
    for layer in made.layers:
        counts, filled = np.zeros(layer.units), layer.fan_in > 0
        if filled.any():
            counts[filled] = np.add.reduceat(paths[layer.source], layer.start[:-1][filled])
        paths[layer.first : layer.first + layer.units] = counts
    own = slice(layer.first, layer.first + layer.units)
    image = made.image[own]
    return paths[own] + np.where(image >= 0, paths[np.maximum(image, 0)], 0)


def _name(network: Network, row: str, flat: int) -> str:
    shape = network.row(row).numbers()
    return network.row(row).unit(tuple(int(i) for i in np.unravel_index(flat, shape)))


def _within(units: Units, others: Units) -> Units:
    """The units that two sets of a row share."""
    found = []
    for box in units.boxes:
        for other in others.boxes:
            both = tuple(a & b for a, b in zip(box, other, strict=True))
            found += [both] if all(mask.any() for mask in both) else []
    return Units(units.row, found)


def _grouped(classes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs of labels that are to be equal: the first of each class with each of the others."""
    for number in np.flatnonzero(classes != np.arange(len(classes))).tolist():
        yield int(classes[number]), number


def edge_question(network: Network, actions: Mapping[str, Action], row: str) -> Question:
    """The question on the edges of the network."""
    maps = {name: action.sources() for name, action in actions.items()}
    moves = {}
    for given in network.inputs:
        own = maps[given.name]
        assert own is not None
        moves[given.name] = own
    return Question(network, moves, maps, row, undivided=_undivided(actions))


def _undivided(actions: Mapping[str, Action]) -> frozenset[str]:
    """The rows whose stride does not divide the shift."""
    return frozenset(
        name for name, a in actions.items() if a.transformation is None and not a.still
    )

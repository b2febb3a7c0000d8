"""Causes, counterexample and conditions of a verdict, found on edges or on the axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, decompose
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.asked_row import AskedRow, undivided
from convgraph.symmetry.equivariance.causes import CAUSES, STRIDE, UNKNOWN, WINDOW, Parting, parting
from convgraph.symmetry.equivariance.conditions import Ties, ties
from convgraph.symmetry.equivariance.counterexample import Counterexample
from convgraph.symmetry.equivariance.equation_sides import Sides
from convgraph.symmetry.equivariance.equations import Block, Equations, Listed
from convgraph.symmetry.equivariance.first_failure import FirstFailure, first_failure, local
from convgraph.symmetry.equivariance.layer_edges import path_counts
from convgraph.symmetry.equivariance.numeric_difference import expressions_differ, sides_differ
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.equivariance.separated_axes import SeparatedAxes

__all__ = ["EARLIER", "EDGES", "Explanation", "Unexplained"]

EARLIER = "a row before it breaks"

# Edges up to which ...
EDGES = 50_000  # the edge table is asked rather than the axes: it knows single units
SEEN = 2_000  # a counterexample is evaluated edge by edge, 60 times and in exact numbers
AT_ONCE = 500_000  # equations are found along several axes at once


@dataclass(frozen=True, eq=False)
class Explanation:
    """What the parts of an explanation are found from."""

    asked: AskedRow
    actions: Mapping[str, Action]
    view: SeparatedAxes | None
    divided: bool = True
    """Whether the strides on the way divide the shift."""

    @property
    def network(self) -> Network:
        """The network."""
        return self.asked.network

    @property
    def row(self) -> str:
        """The row that is compared."""
        return self.asked.name

    @cached_property
    def _on_edges(self) -> bool:
        return self.view is None or self.asked.edges <= EDGES

    @cached_property
    def _partings(self) -> list[tuple[tuple[int, ...], Parting]]:
        """Where the sides part: on the edges, or along one acting axis after the other."""
        if self._on_edges:
            return [((), parting(self.asked.on_edges(self.actions)))]
        assert self.view is not None
        acting = self.view.acting
        return [self._parting(axes) for axes in ([acting] if self.view.turned else zip(acting))]

    @cached_property
    def _mending(self) -> list[tuple[tuple[int, ...], Parting]]:
        """The partings that equations are taken from.

        Along several axes at once where there are not too many edges: what mends a turn by half
        need not mend the two flips that it is made of.
        """
        if self._on_edges or self.view is None or len(self._partings) < 2:
            return self._partings
        acting = self.view.acting
        return [self._parting(acting)] if self.view.edges(acting) <= AT_ONCE else self._partings

    def _parting(self, axes: tuple[int, ...]) -> tuple[tuple[int, ...], Parting]:
        """Where the sides part in the network cut down to some axes."""
        assert self.view is not None
        asked = self.view.question(axes)
        assert asked is not None
        return axes, parting(replace(asked[0], undivided=undivided(self.actions)))

    def causes(self, broken: Units) -> dict[str, Units]:
        """For each cause the units that it breaks."""
        target = self.network.row(self.row)
        if not self.divided:
            return {STRIDE: broken}
        result = {}
        for cause in CAUSES:
            boxes: list[Box] = []
            for axes, made in self._partings:
                boxes += self._boxes(axes, made.units(cause))
            units = _within(Units(target, boxes), broken)
            if units:
                result[cause] = units
        known = Units(target, [box for units in result.values() for box in units.boxes])
        if len(known) < len(broken):  # rows of which it is not known how they move
            boxes = list(result[WINDOW].boxes) if WINDOW in result else []
            boxes += decompose(broken.mask() & ~known.mask())
            result[WINDOW] = Units(target, boxes)
        return result

    @cached_property
    def _ties(self) -> list[Ties]:
        """The equations of each parting."""
        return [ties(made) for _, made in self._mending]

    def conditions(self) -> Equations:
        """Equations between labels that would mend what can be mended."""
        labels = self.network.labels
        pairs: dict[Block, None] = {}
        sums: dict[Block, None] = {}
        for (axes, made), found in zip(self._mending, self._ties, strict=True):
            if not axes:
                return Equations(labels, [Listed(found.pairs, found.sums)])
            for a, b in found.pairs.tolist():
                pairs.update(self._block(axes, made.question.network, (a,), (b,)))
            for left, right in found.sums:
                sums.update(self._block(axes, made.question.network, left, right))
        return Equations(labels, (*pairs, *sums))

    def mended(self, broken: Units) -> Units:
        """The broken units at which both sides are equal under these equations."""
        beyond: list[Box] = []
        for (axes, _), found in zip(self._mending, self._ties, strict=True):
            beyond += self._boxes(axes, found.beyond)
        left = broken.mask() & ~Units(broken.row, beyond).mask()
        return Units(broken.row, decompose(left)) if beyond else broken

    def _boxes(self, axes: tuple[int, ...], mask: NDArray[np.bool_]) -> list[Box]:
        """A mask over the row, or over the row of the network cut down to axes, as boxes."""
        if not mask.any():
            return []
        if axes and self.view:
            return self.view.lifted(axes, mask)
        return decompose(mask.reshape(self.network.row(self.row).numbers()))

    def _block(
        self, axes: tuple[int, ...], small: Network, left: Sequence[int], right: Sequence[int]
    ) -> dict[Block, None]:
        """An equation in the network cut down to axes, as equations in the whole one."""
        labels = np.array([*left, *right])
        for array in small.labels.arrays:
            start = small.labels.start(array.letter)
            if not ((start <= labels) & (labels < start + len(array))).all():
                continue
            places = np.stack(np.unravel_index(labels - start, array.shape), axis=1)
            if places[:, :2].any():
                return {}  # the first class of channels stands for all
            tying = self._tying(array.letter)
            digits = tuple(a for a, digit in enumerate(tying.digits) if digit.axis in axes)
            shape = tuple(int(n) for n in tying.shape)
            first = self.network.labels.start(array.letter)
            taps = [tuple(place) for place in places[:, 2:].tolist()]
            here, there = tuple(taps[: len(left)]), tuple(taps[len(left) :])
            return {Block(first, shape, digits, here, there): None}
        return {}

    def _tying(self, letter: str) -> Learned:
        assert self.view is not None
        layers = (each.layer for each in self.view.along.layers)
        return next(t for layer in layers for t in layer.arrays if t.letter == letter)

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

        # Both sides in full where they are short, else what is computed differently in the row
        # where the failure begins; either way they are put to the test in numbers before they are
        # shown.
        whole = self._sides(unit) if self._on_edges else None
        if whole is not None and not self._seen(whole, unit):
            return None
        near = local(self.network, at.row, at.unit, at.image, before)
        left, right, given, values = near.left, near.right, None, None
        if whole is not None and whole.short:
            left, right = whole.expressions()
            given, values = whole.example() or (None, None)
        if not expressions_differ(left, right):
            return None
        return Counterexample(
            self.network,
            self.network.row(self.row).unit_at(unit),
            left,
            right,
            self.network.row(at.row).unit_at(at.unit),
            near.edges,
            at.causes if self.divided else (STRIDE,),
            given,
            values,
        )

    def _seen(self, sides: Sides, unit: int) -> bool:
        """Whether both sides were seen to differ, where a few evaluations cost little."""
        network = self.network
        if self.row not in {row.name for row in network.outputs}:
            return True
        if self.asked.edges > SEEN:
            return True
        image = sides.image - network.offsets[self.row] if sides.image >= 0 else -1
        return sides_differ(network, sides.moves, self.row, unit, image)

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

    def _smallest(self, broken: Units) -> tuple[int, FirstFailure] | None:
        """A broken unit of the row that reads as little as possible, and where it goes wrong."""
        for axes, made in self._partings:
            layer = made.layers[-1]
            seen = self.view.shadow(axes, broken) if axes and self.view else broken.mask()
            bad = seen.ravel() & (made.all[layer.where] > 0)
            if not bad.any():
                if axes:
                    continue
                bad = seen.ravel()
            unit = int(np.argmin(np.where(bad, _paths(made), np.inf)))
            at = first_failure(made, unit)
            if not axes or self.view is None:
                return unit, at
            whole, _ = self.view.whole_unit(axes, self.row, unit)
            first, image = self.view.whole_unit(axes, at.row, at.unit)
            return whole, FirstFailure(at.row, first, image if at.image >= 0 else -1, at.causes)
        return None


@dataclass(frozen=True, eq=False)
class Unexplained(Explanation):
    """What can be said of rows behind the axes, with too many edges to be gone through."""

    def causes(self, broken: Units) -> dict[str, Units]:
        return {EARLIER: broken} if broken else {}

    def conditions(self) -> Equations:
        return Equations(self.network.labels)

    def mended(self, broken: Units) -> Units:
        return Units(broken.row, [])

    def counterexample(self, broken: Units) -> None:
        return None


def _paths(made: Parting) -> NDArray[np.float64]:
    """How many paths lead from the input to a unit of the compared row and to its image."""
    paths, last = path_counts(made.layers, len(made.image)), made.layers[-1].where
    image = made.image[last]
    return paths[last] + np.where(image >= 0, paths[np.maximum(image, 0)], 0)


def _within(units: Units, others: Units) -> Units:
    """The units that two sets of a row share."""
    found = []
    for box in units.boxes:
        for other in others.boxes:
            both = tuple(a & b for a, b in zip(box, other, strict=True))
            found += [both] if all(mask.any() for mask in both) else []
    return Units(units.row, found)

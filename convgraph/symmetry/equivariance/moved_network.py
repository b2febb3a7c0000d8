"""A network before and after its inputs are moved: what all questions about one of its rows share.

How the row should move with the inputs is asked again and again where it is searched for. The
edges, the units that compute the same function, and both sides at the points that were tried do
not depend on that, and are kept for the next question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.function import Function
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.symmetry.equivariance.identities import Identities, identities
from convgraph.symmetry.equivariance.intervals import Between, interval_trials
from convgraph.symmetry.equivariance.layer_edges import (
    LayerEdges,
    cone_of,
    edge_count,
    every_layer,
)
from convgraph.symmetry.equivariance.leading_terms import Leading
from convgraph.symmetry.equivariance.points_at_infinity import trials
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["INFINITY", "VALUES", "Evaluated", "MovedNetwork"]

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

KEPT = 5_000  # edges up to which both sides are evaluated at all units, and kept
EVALUATED = 500_000  # edges of a network that is evaluated in intervals, nine times in all
GONE_THROUGH = 30_000_000  # edges, at all points at infinity together
FEWEST = 4  # of those points, however many edges there are
INFINITY, VALUES = "points at infinity", "values"


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Both sides at one point, for all units of a network of which that is known."""

    plain: Leading | Between
    moved: Leading | Between

    def differ(self, units: Ints, images: Ints) -> Mask:
        """Where units after the move differ from images before it, which are -1 for a zero.

        The images may have an axis more in front, for several at once.
        """
        left: Any = self.moved[units]
        right: Any = self.plain[np.maximum(images, 0)].where(images >= 0)
        return np.asarray(left.differs(right))

    def lives(self, units: Ints) -> Mask:
        """Which units are certainly not zero after the move."""
        return self.moved[units].nonzero()


@dataclass(frozen=True, eq=False)
class MovedNetwork:
    """A network whose inputs are moved, and a row of it that is asked about.

    `moves` maps input rows to sources. `opaque` and `zeroed` are for networks cut down to one axis:
    the rows that do something that their edges do not tell, and the labels that are set to zero.
    """

    network: Network
    moves: Mapping[str, Sources]
    row: str
    opaque: frozenset[str] = frozenset()
    zeroed: frozenset[int] = frozenset()

    @classmethod
    def of(cls, network: Network, actions: Mapping[str, Action], row: str) -> MovedNetwork:
        """A network with all its edges, given what the actions on its inputs are."""
        moves = {}
        for given in network.inputs:
            own = actions[given.name].sources()
            assert own is not None
            moves[given.name] = own
        return cls(network, moves, row)

    @cached_property
    def layers(self) -> tuple[LayerEdges, ...]:
        """The edges of the layers on which the row depends."""
        return tuple(every_layer(self.network, rows_before(self.network, self.row)))

    @cached_property
    def first(self) -> int:
        """The number of the row's first unit among all units."""
        return self.network.offsets[self.row]

    @cached_property
    def part(self) -> slice:
        """Where the row's units are among all units."""
        return slice(self.first, self.first + int(self.network.row(self.row).size))

    @cached_property
    def units(self) -> Ints:
        """The numbers of the row's units."""
        return np.arange(self.part.start, self.part.stop)

    @cached_property
    def edges(self) -> int:
        """The number of edges of these layers."""
        return edge_count(self.layers)

    def identities(self, maps: Mapping[str, Sources | None]) -> Identities:
        """The numbers of all units' functions, given how the rows move; hashed if one is unknown.

        Hashing finds more units alike, and does not ask how the rows move.
        """
        if any(maps.get(layer.layer.target.name) is None for layer in self.layers):
            return self.hashed
        return identities(self.network, self.layers, self.moves, maps, self.opaque, consed=False)

    def any_identities(self, maps: Mapping[str, Sources | None]) -> Identities:
        """The same, or those found by hashing where they are at hand."""
        return self.hashed if "hashed" in self.__dict__ else self.identities(maps)

    @cached_property
    def hashed(self) -> Identities:
        """The numbers of all units' functions, found by hashing."""
        return identities(self.network, self.layers, self.moves, {}, self.opaque, consed=True)

    @cached_property
    def telling(self) -> str:
        """Where both sides are evaluated first.

        At infinity functions that do not grow tell nothing, or little.
        """
        bounded = any(_bounded(layer.reduction.function) for layer in self.layers)
        return VALUES if bounded else INFINITY

    def evaluated(self, where: str, *units: Ints) -> Iterator[Evaluated]:
        """Both sides at one point after another, at least at some units.

        They are given by their numbers among all; -1 is none. Without any, all of the row are.
        """
        if self.edges <= KEPT or not units:
            return iter(self._kept[where])
        return self._evaluated(where, np.setdiff1d(np.concatenate(units), [-1]))

    @cached_property
    def _kept(self) -> dict[str, _Kept]:
        return {w: _Kept(partial(self._evaluated, w, self.units)) for w in (INFINITY, VALUES)}

    def _evaluated(self, where: str, units: Ints) -> Iterator[Evaluated]:
        memory.require("parameters", len(self.network.labels), 64)  # a number for each, twice
        cone = cone_of(self.layers, units, len(self.network.edges.start) - 1)
        given, edges = (self.network, cone, self.moves, self.zeroed), edge_count(cone)
        if where == INFINITY:
            maxima = any(layer.reduction == MAX for layer in self.layers)
            afforded = max(FEWEST, GONE_THROUGH // max(edges, 1))
            return (Evaluated(*sides) for sides in islice(trials(*given, maxima), afforded))
        return (Evaluated(*s) for s in (interval_trials(*given) if edges <= EVALUATED else ()))


class _Kept:
    """What an iterator gave, for all who ask."""

    def __init__(self, made: Callable[[], Iterator[Evaluated]]) -> None:
        self._make = made
        self._found: list[Evaluated] = []

    @cached_property
    def _more(self) -> Iterator[Evaluated]:
        return self._make()

    def __iter__(self) -> Iterator[Evaluated]:
        for place in count():
            if place == len(self._found):
                found = next(self._more, None)
                if found is None:
                    return
                self._found.append(found)
            yield self._found[place]


def _bounded(function: Function | None) -> bool:
    """Whether a function is not known to grow at either end."""
    if function is None or not function.known or function.slopes is not None:
        return False
    return not any(end is not None and end[1] > 0 for end in function.ends)

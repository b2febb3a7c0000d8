"""The decision on the edge table: where a network commutes with a transformation, and where not.

Stages each of which can only be right: equal structure proves equality, different leading terms
prove difference, and what is left is settled by values and by normal forms, where the network is
small enough. What none of them settles is said to be undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from convgraph.core.network import Network
from convgraph.symmetry.equivariance.equation_sides import Sides
from convgraph.symmetry.equivariance.identities import Identities
from convgraph.symmetry.equivariance.moved_network import INFINITY, VALUES, MovedNetwork
from convgraph.symmetry.equivariance.normal_form import TooManyTerms, settled
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["Decision", "Question", "decide"]

Mask = NDArray[np.bool_]
# one kind of points comes before all but a few of the other, which may not tell two sides apart
POINTS = 4
SOON = 20_000  # edges of a network whose values take no longer than those points
FORMS = 500_000  # terms, units and edges gone through for normal forms, over all units: seconds
OPEN = 4  # times what it took, which is charged for a form that settles nothing


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a network whose inputs move: whether a row of it moves as is said.

    `maps` has the sources of the rows for which it is known how they should move, of the row that
    is asked about among them.
    """

    asked: MovedNetwork
    maps: Mapping[str, Sources | None]
    expand: bool = True
    """Whether normal forms are tried."""
    lives: bool = False
    """Whether it is asked of all units, and not of the broken ones only, if they do not vanish."""
    one: bool = False
    """Whether it is enough to know of one unit whose two sides differ."""
    undivided: frozenset[str] = frozenset()
    """Rows of which it is not known how they move because a stride does not divide the shift."""

    @property
    def network(self) -> Network:
        """The network."""
        return self.asked.network

    @property
    def row(self) -> str:
        """The row that is asked about."""
        return self.asked.row

    @property
    def moves(self) -> Mapping[str, Sources]:
        """How its inputs move."""
        return self.asked.moves

    @property
    def known(self) -> bool:
        """Whether it is known of all rows how they should move."""
        return all(self.maps.get(x.layer.target.name) is not None for x in self.asked.layers)


def decide(question: Question) -> Decision:
    """Decide for each unit of a row whether f(g(x)) = g(f(x)) there."""
    asked, image = question.asked, question.maps[question.row]
    assert image is not None
    found = Decision(
        question, image, *_structure(asked, image, asked.any_identities(question.maps))
    )
    where, soon = asked.telling, POINTS if asked.edges <= SOON else None
    if question.lives:  # what tends to a limit lives
        where, soon = INFINITY, None
    found.at_points(where, last=soon, lives=question.lives)
    if question.one and found.broken.any():
        return found
    if found.open.any() and question.known:
        found.exact |= _structure(asked, image, asked.hashed)[0] & ~found.broken
    if where != VALUES or soon:
        found.at_points(VALUES, first=soon if where == VALUES else 0)
    if where != INFINITY or soon:
        found.at_points(INFINITY, first=soon if where == INFINITY else 0)
    if question.expand and found.open.any():
        _expand(found)
    return found


def _structure(asked: MovedNetwork, image: Sources, found: Identities) -> tuple[Mask, Mask]:
    """(units that compute the same function as their images, units that are zero)."""
    plain, moved = found.plain[asked.part], found.moved[asked.part]
    return moved == np.where(image >= 0, plain[image], 0), moved == 0


@dataclass(eq=False)
class Decision:
    """Per unit of the row: whether both sides are equal, or differ; neither if undecided.

    `vanishes` marks units that are zero after the move, `lives` those that are certainly not.
    """

    question: Question
    image: Sources
    exact: Mask
    vanishes: Mask
    broken: Mask = field(init=False)
    lives: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.broken, self.lives = np.zeros((2, len(self.image)), bool)

    @property
    def open(self) -> Mask:
        """Units of which neither is known."""
        return ~(self.exact | self.broken)

    def at_points(
        self, where: str, first: int | None = 0, last: int | None = None, lives: bool = False
    ) -> None:
        """Look for units whose two sides differ; and, of all units, if they do not vanish."""
        moved, start = self.question.asked, self.question.asked.first
        asked = np.flatnonzero(self.open | lives)
        if not len(asked):
            return
        units, images = asked + start, self.image[asked]
        images = np.where(images >= 0, images + start, -1)
        for point in islice(moved.evaluated(where, units, images), first, last):
            self.broken[asked] |= point.differ(units, images)
            self.lives[asked] |= point.lives(units)
            if self.question.one and self.broken.any():
                break
            if not self.open.any() and (not lives or (self.lives | self.vanishes).all()):
                break


def _expand(found: Decision) -> None:
    """Settle what is left by normal forms, unit by unit, in place."""
    asked, left = found.question.asked, FORMS
    first, total = asked.first, len(asked.network.edges.start) - 1
    for unit in np.flatnonzero(found.open).tolist():
        image = int(found.image[unit])
        ends = unit + first, image + first if image >= 0 else -1
        try:
            same, work = settled(Sides(asked.network, asked.layers, asked.moves, *ends))
        except TooManyTerms:
            return
        found.exact[unit], found.broken[unit] = same is True, same is False
        # what stays open mostly does for all units, and for each at the same cost
        left -= (work if same is not None else OPEN * work) + total
        if left < 0:
            return

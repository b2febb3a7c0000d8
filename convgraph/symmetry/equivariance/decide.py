"""The decision on the edge table: where a network commutes with a transformation, and where not.

Stages each of which can only be right: equal structure proves equality, different leading terms
prove difference, and what is left is settled by values and by normal forms, where the network is
small enough. What none of them settles is said to be undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.symmetry.equivariance.cone_of_influence import cone_of
from convgraph.symmetry.equivariance.identities import identities
from convgraph.symmetry.equivariance.intervals import Intervals, interval_trials
from convgraph.symmetry.equivariance.layer_edges import LayerEdges, ancestors, every_layer
from convgraph.symmetry.equivariance.normal_form import TooManyTerms, settled
from convgraph.symmetry.equivariance.points_at_infinity import trials
from convgraph.symmetry.transformation import Sources

__all__ = ["Decision", "Question", "decide"]

Mask = NDArray[np.bool_]
VALUES = 500_000  # edges of a network that is evaluated in intervals, nine times in all
# values come before all but a few points at infinity, which do not tell apart what tends to a limit
POINTS = 4
SOON = 20_000  # edges of a network whose values take no longer than those points
FORMS = 500_000  # terms, units and edges gone through for normal forms, over all units: seconds


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: a network, how its inputs move, and how the row that is compared does.

    `moves` maps input rows to sources; `maps` does so for the rows for which it is known how they
    should move, `row` among them. `opaque` and `zeroed` are for networks cut down to one axis.
    """

    network: Network
    moves: Mapping[str, Sources]
    maps: Mapping[str, Sources | None]
    row: str
    opaque: frozenset[str] = frozenset()
    zeroed: frozenset[int] = frozenset()
    expand: bool = True
    """Whether normal forms are tried."""
    lives: bool = False
    """Whether it is asked of all units, and not of the broken ones only, if they do not vanish."""
    one: bool = False
    """Whether it is enough to know of one unit whose two sides differ."""
    undivided: frozenset[str] = frozenset()
    """Rows of which it is not known how they move because a stride does not divide the shift."""


@dataclass(frozen=True, eq=False)
class Decision:
    """Per unit of the row: whether both sides are equal, or differ; neither if undecided.

    `vanishes` marks units that are zero after the move, `lives` those that are certainly not.
    """

    exact: Mask
    broken: Mask
    vanishes: Mask
    lives: Mask


def decide(question: Question) -> Decision:
    """Decide for each unit of a row whether f(g(x)) = g(f(x)) there."""
    network, row = question.network, question.row
    layers = every_layer(network, ancestors(network, row))
    first = network.offsets[row]
    image = question.maps[row]
    assert image is not None
    known = all(question.maps.get(layer.layer.target.name) is not None for layer in layers)
    exact, vanishes = _structure(question, layers, first, image, consed=not known)
    edges = sum(len(layer.source) for layer in layers)
    soon = POINTS if edges <= SOON and not question.lives else None
    broken, lives = _witnesses(question, layers, first, image, ~exact, vanishes, soon)
    if question.one and broken.any():
        return Decision(exact, broken, vanishes, lives)
    if known and not (exact | broken).all():
        exact = exact | (_structure(question, layers, first, image, consed=True)[0] & ~broken)
    if not (exact | broken).all():
        broken = broken | _try_values(question, layers, first, image, ~(exact | broken))
    if soon and not (exact | broken).all():
        open_ = ~(exact | broken)
        more, alive = _witnesses(question, layers, first, image, open_, vanishes, None)
        broken, lives = broken | more, lives | alive
    if question.expand and not (exact | broken).all():
        _expand(question, layers, first, image, exact, broken)
    return Decision(exact, broken, vanishes, lives)


def _structure(
    question: Question, layers: list[LayerEdges], first: int, image: Sources, consed: bool
) -> tuple[Mask, Mask]:
    found = identities(
        question.network, layers, question.moves, question.maps, question.opaque, consed
    )
    part = slice(first, first + len(image))
    plain, moved = found.plain[part], found.moved[part]
    return moved == np.where(image >= 0, plain[image], 0), moved == 0


def _witnesses(
    question: Question,
    layers: list[LayerEdges],
    first: int,
    image: Sources,
    open_: Mask,
    vanishes: Mask,
    most: int | None,
) -> tuple[Mask, Mask]:
    """(units whose two sides certainly differ, units that certainly do not vanish)."""
    broken, lives = np.zeros(len(image), bool), np.zeros(len(image), bool)
    asked = np.flatnonzero(open_ | question.lives)
    if not len(asked):
        return broken, lives
    network = question.network
    both = np.concatenate([asked, np.maximum(image[asked], 0)])
    cone = cone_of(layers, np.unique(both) + first, len(network.edges.start) - 1)
    maxima = any(layer.reduction == MAX for layer in layers)
    points = trials(network, cone, question.moves, question.zeroed, maxima)
    for plain, moved in islice(points, most):
        part = slice(first, first + len(image))
        on_moved = moved[part][asked]
        on_plain = plain[part][np.maximum(image[asked], 0)]
        on_plain.code = np.where(image[asked] >= 0, on_plain.code, 0)
        on_plain.known = on_plain.known | (image[asked] < 0)
        broken[asked] |= on_moved.differs(on_plain)
        lives[asked] |= on_moved.known & (on_moved.code != 0)
        if question.one and broken.any():
            break
        if (broken | ~open_).all() and (lives | vanishes)[asked].all():
            break
    return broken, lives


def _try_values(
    question: Question,
    layers: list[LayerEdges],
    first: int,
    image: Sources,
    open_: Mask,
) -> Mask:
    """Units whose two sides have different values at some point."""
    network, found = question.network, np.zeros(len(image), bool)
    asked = np.flatnonzero(open_)
    both = np.unique(np.concatenate([asked, np.maximum(image[asked], 0)]))
    cone = cone_of(layers, both + first, len(network.edges.start) - 1)
    if cone.edges > VALUES:
        return found
    for plain, moved in interval_trials(network, cone, question.moves, question.zeroed):
        left = moved[first + asked]
        right = plain[first + np.maximum(image[asked], 0)]
        right = Intervals().where(image[asked] >= 0, right)
        found[asked] |= left.differs(right)
        if found[asked].all():
            break
    return found


def _expand(
    question: Question,
    layers: list[LayerEdges],
    first: int,
    image: Sources,
    exact: Mask,
    broken: Mask,
) -> None:
    """Settle what is left by normal forms, unit by unit, in place."""
    network, left = question.network, FORMS
    total = len(network.edges.start) - 1
    for unit in np.flatnonzero(~(exact | broken)).tolist():
        ends = np.unique([unit, max(int(image[unit]), 0)]) + first
        target = int(image[unit]) + first if image[unit] >= 0 else -1
        cone = cone_of(layers, ends, total)
        try:
            same, work = settled(network, cone, question.moves, unit + first, target)
        except TooManyTerms:
            return
        exact[unit], broken[unit] = same is True, same is False
        left -= work + total
        if left < 0:
            return

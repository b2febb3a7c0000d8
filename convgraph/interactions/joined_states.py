"""Two states as one, with a class for each pair of classes that units are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.algebras import Algebra, Bulk, UntraceableError
from convgraph.interactions.class_numbers import compact, kinds_of, meets
from convgraph.interactions.states import State, in_pairs, with_classes

__all__ = ["MOST_JOINED", "Join", "Pairs", "groups_apart", "joined", "pairs_of", "vary_apart"]

P = TypeVar("P")

# Classes of more units than this are not laid out for the sake of a few payloads.
MANY = 1 << 14
# So many payloads are worked out of a sum where one asks for them, some seconds' work.
MOST_JOINED = 1 << 16


class Join(Generic[P]):
    """Two terms that may be joined, and what that would make."""

    one: int
    other: int
    """The places of the terms, which change where others are joined before."""

    def __init__(self, a: State[P], b: State[P], moves: tuple[int | None, ...]) -> None:
        self.states = a, b
        self.same = a.moves == b.moves == moves
        self.read = len(a.payloads) + len(b.payloads)
        self.units = prod(map(max, a.classes.shape, b.classes.shape))

    @property
    def spread(self) -> bool:
        """Whether the join would be of far more units than there are places of classes.

        As that of queries and of keys would: of each pair, where both are few apart.
        """
        places = max(state.classes.size for state in self.states)
        return self.units > max(MANY, 4 * places) and vary_apart(*self.states)

    @cached_property
    def pairs(self) -> Pairs | None:
        """The pairs of classes that units are in; None where these are all."""
        return None if vary_apart(*self.states) else pairs_of(*self.states)

    @cached_property
    def made(self) -> int:
        """How many payloads the join makes: of pairs of classes in which both see something."""
        a, b = self.states
        seen = a.seen, b.seen
        if self.pairs is None:  # all pairs, which need not be listed
            return int(np.count_nonzero(seen[0])) * int(np.count_nonzero(seen[1]))
        first, second = np.divmod(self.pairs.kinds, len(b.payloads))
        return int(np.count_nonzero(seen[0][first] & seen[1][second]))

    @cached_property
    def least(self) -> int:
        """No more than it makes."""
        whole = [bool(state.seen.all()) for state in self.states]
        if not all(whole):  # what sees something meets a class of the other, which may be nothing
            a, b = (int(np.count_nonzero(state.seen)) for state in self.states)
            return b if whole[0] else a if whole[1] else 0
        if all(state.classes.size == len(state.payloads) for state in self.states):
            return self.units  # each unit is in a class of its own
        return max(len(state.payloads) for state in self.states)

    def key(self, made: int) -> tuple[int, bool, int, int]:
        """Which join comes first of those that make so many payloads, or more."""
        return made, self.same, self.one, self.other


def vary_apart(a: State[P], b: State[P]) -> bool:
    """Whether classes vary along other axes, so that each meets all of the other's."""
    sizes = zip(a.classes.shape, b.classes.shape, strict=True)
    return all(m == 1 or n == 1 for m, n in sizes)


def groups_apart(terms: Sequence[tuple[State[P], int]]) -> list[list[tuple[State[P], int]]]:
    """Terms whose classes vary along common axes; each class of a group meets all of another's."""
    groups: list[list[tuple[State[P], int]]] = []
    for term in terms:
        others, own = [], [term]
        for group in groups:
            if all(vary_apart(term[0], state) for state, _ in group):
                others.append(group)
            else:
                own = group + own
        groups = [*others, own]
    return groups


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of classes of two states that units are in, and which of them is where."""

    kinds: list[int]
    number: NDArray[np.integer]


def pairs_of(a: State[P], b: State[P]) -> Pairs:
    """Which pairs of classes there are, found without listing all where one tells the other."""
    count = len(b.payloads)
    if len(a.payloads) == count == 1:
        return Pairs([0], np.zeros((1,) * len(a.view), np.int64))
    if len(a.payloads) * count > 4 * max(a.classes.size, b.classes.size):
        met = meets(a.classes, len(a.payloads), b.classes)
        if met is not None:
            return Pairs((np.arange(len(met)) * count + met).tolist(), a.classes)
        met = meets(b.classes, count, a.classes)
        if met is not None:
            codes = met * count + np.arange(count)
            order = np.argsort(codes)
            number = compact(np.argsort(order), count)
            return Pairs(codes[order].tolist(), number[b.classes])
    return Pairs(*kinds_of(in_pairs(a, b), len(a.payloads) * count))


def joined(
    one: tuple[State[P], int],
    other: tuple[State[P], int],
    algebra: Algebra[P],
    pairs: Pairs | None = None,
) -> State[P]:
    """One state for both, with a class for each pair of classes that units are in."""
    (a, a_times), (b, b_times) = one, other
    moves = tuple(m if m is not None else n for m, n in zip(a.moves, b.moves, strict=True))
    count = len(b.payloads)
    pairs = pairs or pairs_of(a, b)
    kinds, number = pairs.kinds, pairs.number
    if len(kinds) > max(MOST_JOINED, len(a.payloads), count):
        raise UntraceableError
    result: State[P] = State(a.view, moves, number, ())
    if isinstance(algebra, Bulk):
        first, second = np.divmod(np.array(kinds, np.int64), count)
        bulk = algebra.sums([(a.payloads, first, a_times), (b.payloads, second, b_times)])
        if bulk is not None:
            return with_classes(result, number, bulk, algebra)
    payloads: list[P | None] = []
    for kind in kinds:
        p, q = a.payloads[kind // count], b.payloads[kind % count]
        if p is None or q is None:
            only, again = (p, a_times) if q is None else (q, b_times)
            if only is not None and again > 1:
                only = algebra.combine([(only, again)], result.sizes)
            payloads.append(only)
        else:
            payloads.append(algebra.combine([(p, a_times), (q, b_times)], result.sizes))
    return with_classes(result, number, payloads, algebra)

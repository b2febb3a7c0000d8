"""What the units of a row see as a sum of states that need not be worked out.

In attention a score reads a query and a key. Both are classes of n units, and the scores would be
classes of n² units; but all that is ever asked of the scores is read off the queries and the keys,
and the softmax reads all keys. So a row keeps the terms apart: what is linear (path counts) or a
union (fields) can be carried through further layers term by term.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import combinations
from operator import itemgetter
from typing import Generic, TypeVar

import numpy as np

from convgraph.core.sizes import Size
from convgraph.interactions.algebras import Algebra, Bulk, Saturating, UntraceableError
from convgraph.interactions.class_numbers import compact
from convgraph.interactions.joined_states import Join, Pairs, joined
from convgraph.interactions.states import State, Table, align, freeze

__all__ = [
    "FEW",
    "Sum",
    "added",
    "collected",
    "in_two_terms",
    "key_of",
    "times",
    "worked_out",
]

P = TypeVar("P")

# A join that makes at most so many payloads more than it reads is made at once: it costs less than
# to carry two terms on. Products of two classes, of three or of four are.
FEW = 8
# So many terms are carried apart: attention has three (own, other, all). In networks that would
# gather more, each sum costs more than the join that it saves.
MOST_TERMS = 4


@dataclass(frozen=True, eq=False)
class Sum(Generic[P]):
    """What a row's units see: all terms, each so many times. They share a view, and moves."""

    terms: tuple[tuple[State[P], int], ...]

    @property
    def view(self) -> tuple[Size, ...]:
        """The axes into which the row is divided; see `State`."""
        return self.terms[0][0].view

    @property
    def moves(self) -> tuple[int | None, ...]:
        """The axes of the view along which units move over those of the input; see `State`."""
        return self.terms[0][0].moves

    @property
    def sizes(self) -> tuple[Size, ...]:
        """For each axis of the input the positions of the axis that moves over it, or 1."""
        return self.terms[0][0].sizes

    @cached_property
    def whole(self) -> tuple[Sum[P], ...]:
        """Itself, if some of its units see anything; see `Segments`."""
        return (self,) if any(map(_says_any, (state.payloads for state, _ in self.terms))) else ()

    @property
    def payloads(self) -> Iterator[P]:
        """The payloads of all terms: each unit sees one of each term, or none of it."""
        return (p for state, _ in self.terms for p in state.payloads if p is not None)


def _says_any(payloads: Sequence[P | None]) -> bool:
    if isinstance(payloads, Table):
        return bool(payloads.seen.any())
    return any(payload is not None for payload in payloads)


def worked_out(total: Sum[P] | None, algebra: Algebra[P]) -> State[P] | None:
    """A sum as one state; None where it is not known, or too large."""
    if total is None:
        return None
    first, *rest = total.terms
    try:
        for other in rest:
            first = joined(first, other, algebra), 1
        return times(*first, algebra)
    except UntraceableError:
        return None


def in_two_terms(total: Sum[P], algebra: Algebra[P]) -> Sum[P]:
    """A sum of at most two terms, by joining those of the fewest classes."""
    terms = list(total.terms)
    while len(terms) > 2:
        pairs = [(len(a[0].payloads) * len(b[0].payloads), a, b) for a, b in combinations(terms, 2)]
        _, one, other = min(pairs, key=itemgetter(0))
        terms = [term for term in terms if term is not one and term is not other]
        terms.append((joined(one, other, algebra), 1))
    return Sum(tuple(terms))


def times(state: State[P], number: int, algebra: Algebra[P]) -> State[P]:
    """A state whose units see so many times what they see."""
    if number == 1:
        return state
    every = np.arange(len(state.payloads))
    bulk = algebra.sums([(state.payloads, every, number)]) if isinstance(algebra, Bulk) else None
    if bulk is not None:
        return replace(state, payloads=bulk)
    payloads = (
        None if p is None else algebra.combine([(p, number)], state.sizes) for p in state.payloads
    )
    return replace(state, payloads=tuple(payloads))


def added(sums: Sequence[Sum[P]], algebra: Algebra[P]) -> Sum[P]:
    """For a layer that reads several rows: all of what comes from each."""
    first, *rest = sums
    for other in rest:
        first = _two(first, other, algebra)
    return first


def _two(a: Sum[P], b: Sum[P], algebra: Algebra[P]) -> Sum[P]:
    terms = _sufficient(collected((*a.terms, *b.terms), algebra), algebra)
    if len(terms) == 1:
        return Sum(tuple(terms))
    terms = _alike(terms, a.view, b.view, algebra)
    terms = _still_where_one_is(terms, algebra)
    moves = tuple(
        next((m for m in each if m is not None), None)
        for each in zip(*(state.moves for state, _ in terms), strict=True)
    )
    known: dict[tuple[int, int], Join[P]] = {}
    while len(terms) > 1:
        found = _next_join(terms, moves, algebra, known)
        if found is None:
            break
        one, other, pairs = found
        joint = joined(terms[one], terms[other], algebra, pairs), 1
        terms = [term for place, term in enumerate(terms) if place not in (one, other)]
        terms.insert(one, joint)
    return Sum(tuple(terms))


def collected(
    terms: Sequence[tuple[State[P], int]], algebra: Algebra[P]
) -> list[tuple[State[P], int]]:
    """Terms of the same state as one, without those in which nothing is seen."""
    said = [term for term in terms if _says_any(term[0].payloads)]
    found: dict[int, tuple[State[P], int]] = {}
    for state, number in said or terms[:1]:
        before = found[id(state)][1] if id(state) in found else 0
        found[id(state)] = state, 1 if algebra.idempotent else before + number
    return list(found.values())


def _sufficient(
    terms: list[tuple[State[P], int]], algebra: Algebra[P]
) -> list[tuple[State[P], int]]:
    """The one term that says all there is to say of every unit, if there is such a term."""
    if isinstance(algebra, Saturating) and not any(
        m is not None for s, _ in terms for m in s.moves
    ):
        for state, number in terms:
            only = state.payloads[0]
            if len(state.payloads) == 1 and only is not None and algebra.is_everything(only):
                return [(state, number)]
    return terms


def _alike(
    terms: list[tuple[State[P], int]],
    a: tuple[Size, ...],
    b: tuple[Size, ...],
    algebra: Algebra[P],
) -> list[tuple[State[P], int]]:
    """The terms in one view: that of the first, of the second, or one that divides both."""
    for view in (a, b, a):
        if all(state.view == view for state, _ in terms):
            return terms
        terms = [(align(state, view, algebra)[0], number) for state, number in terms]
        views = {state.view for state, _ in terms}
        if len(views) == 1:
            return terms
    raise UntraceableError


def _still_where_one_is(
    terms: list[tuple[State[P], int]], algebra: Algebra[P]
) -> list[tuple[State[P], int]]:
    """With no axis that moves in one term and not, or over something else, in another."""

    def frozen(axes: Sequence[int | None]) -> list[tuple[State[P], int]]:
        still = []
        for (state, number), axis in zip(terms, axes, strict=True):
            still.append((state if axis is None else freeze(state, axis, algebra), number))
        return still

    for b in range(len(terms[0][0].moves)):
        moved = [state.moves[b] for state, _ in terms]
        if len({m for m in moved if m is not None}) > 1:
            terms = frozen(moved)
    for axis in sorted({m for state, _ in terms for m in state.moves if m is not None}):
        if any(state.classes.shape[axis] > 1 for state, _ in terms):
            terms = frozen([axis] * len(terms))
    return terms


def _next_join(
    terms: Sequence[tuple[State[P], int]],
    moves: tuple[int | None, ...],
    algebra: Algebra[P],
    known: dict[tuple[int, int], Join[P]],
) -> tuple[int, int, Pairs | None] | None:
    """Which two terms have to be joined next, or had better be; None where all may stay apart.

    Terms that move alike are carried on alike, so that nothing is lost when they wait. A term that
    does not move is joined to one that does: what global edges count beside others depends on it.
    `known` are the joins that have been looked at, by their states.
    """
    still = not algebra.idempotent and not any(m is not None for m in moves)
    joins = []
    for one, other in combinations(range(len(terms)), 2):
        a, b = terms[one][0], terms[other][0]
        join = known.setdefault((id(a), id(b)), Join(a, b, moves))
        join.one, join.other = one, other
        joins.append(join)
    for join in joins:
        enough = FEW if still else join.read + FEW
        few = join.least <= enough and join.made <= enough
        if few and (not join.spread if join.same else len(terms) == 2):
            return join.one, join.other, join.pairs
    waiting = [join for join in joins if not join.same]
    if not waiting and len(terms) <= MOST_TERMS:
        return None
    best: Join[P] | None = None
    for join in sorted(waiting or joins, key=lambda join: join.units):
        # to count pairs takes as long as there are units: not where it cannot be the fewest
        if best is None or join.key(join.least) < best.key(best.made):
            best = join if best is None or join.key(join.made) < best.key(best.made) else best
    assert best is not None  # as there are two terms
    return best.one, best.other, best.pairs


def key_of(state: State[P], algebra: Algebra[P]) -> Hashable:
    """What is equal for states that say the same, as long as their payloads live."""
    payloads = state.payloads
    said: tuple[Hashable, ...]  # of path counts not what they are, which can be large numbers
    if algebra.idempotent and len(payloads) <= FEW:
        said = tuple(None if p is None else algebra.same(p) for p in payloads)
    else:
        said = (payloads.key,) if isinstance(payloads, Table) else tuple(map(id, payloads))
    # a digest, as the classes of thousands of positions would be kept a second time
    classes = np.ascontiguousarray(compact(state.classes, len(payloads)))
    digest = blake2b(classes.data, digest_size=16).digest()
    return state.view, state.moves, classes.shape, digest, said

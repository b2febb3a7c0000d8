"""What is known of the units of a row, laid out along the axes of a view.

A row of units is divided into axes (a view, finer than its shape where layers split axes, as a
channel shuffle or a patch embedding does). Along some of them, at most one for each axis of the
input, units move over the input: a payload says for all positions at once what is seen along the
input's axis. Along the others units fall into classes, with a payload for each class.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.sizes import Size
from convgraph.interactions.algebras import Algebra, Bulk, UntraceableError
from convgraph.interactions.class_numbers import alike, compact, kinds_of, looked_up, unique_rows

__all__ = [
    "State",
    "Table",
    "align",
    "freeze",
    "in_line",
    "in_pairs",
    "merged",
    "with_classes",
]

P = TypeVar("P")
# Combinations of positions, on all axes that do not move, that each need an answer of their own: an
# image of 64 x 64 without any symmetry. Beyond, a question about all units is not answered, as it
# would take as long as one about each unit, which can be asked.
MOST_CLASSES = 4096


class Table(Sequence["P | None"]):
    """Payloads that are kept in another form than one by one."""

    seen: NDArray[np.bool_]
    """Of each payload whether it says anything: whether it is not None."""

    @abstractmethod
    def take(self, places: Sequence[int] | NDArray[np.integer]) -> Sequence[P | None]:
        """Those at some places, no place twice."""

    @abstractmethod
    def different(self) -> tuple[Sequence[P | None], NDArray[np.integer]]:
        """The different payloads in order of their first places, and which of them each one is."""

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """What is equal for tables that say the same."""


@dataclass(frozen=True)
class State(Generic[P]):
    """Payloads of a row's units: `payloads[classes[...]]`, with one axis of `classes` for each of
    the view's (of size 1 where all positions are alike); `moves[b]` is the axis of the view along
    which the input's axis b is moved over, or None."""

    view: tuple[Size, ...]
    moves: tuple[int | None, ...]
    classes: NDArray[np.integer]
    payloads: Sequence[P | None]

    @property
    def sizes(self) -> tuple[Size, ...]:
        """For each axis of the input the positions of the axis that moves over it, or 1."""
        return tuple(1 if m is None else self.view[m] for m in self.moves)

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Of each payload whether its units see anything."""
        if isinstance(self.payloads, Table):
            return self.payloads.seen
        return np.array([payload is not None for payload in self.payloads])

    def spread(self) -> NDArray[np.integer]:
        """The classes of all units, with size 1 along axes that move."""
        moving = set(self.moves)
        shape = tuple(1 if a in moving else int(n) for a, n in enumerate(self.view))
        return np.broadcast_to(self.classes, shape)


def with_classes(
    state: State[P],
    classes: NDArray[np.integer],
    payloads: Sequence[P | None],
    algebra: Algebra[P],
    **changes: Any,
) -> State[P]:
    """Another assignment of units to classes: those that no unit is in are dropped, and those that
    say the same are one."""
    used, renumbered = kinds_of(classes, len(payloads))
    kept = taken(payloads, used)
    if isinstance(algebra, Bulk):
        kept = algebra.gathered(kept)
    if len(kept) > 1:
        before = len(kept)
        if isinstance(kept, Table):
            kept, number = kept.different()
        else:
            keys = [None if payload is None else algebra.same(payload) for payload in kept]
            kept, number = _different(kept, keys)
        if len(kept) < before:
            renumbered = looked_up(compact(number, len(kept)), renumbered)
    renumbered = np.zeros((1,) * classes.ndim, np.int64) if len(kept) == 1 else alike(renumbered)
    return replace(state, classes=renumbered, payloads=kept, **changes)


def _different(
    payloads: Sequence[P], keys: Sequence[Hashable]
) -> tuple[Sequence[P], NDArray[np.integer]]:
    """The payloads of different keys in order of their first places, and which of them each is."""
    kinds: dict[Hashable, int] = {}
    kept: list[P] = []
    number = []
    for payload, key in zip(payloads, keys, strict=True):
        number.append(kinds.setdefault(key, len(kinds)))
        if number[-1] == len(kept):
            kept.append(payload)
    return tuple(kept), np.array(number)


def taken(
    payloads: Sequence[P | None], places: Sequence[int] | NDArray[np.integer]
) -> Sequence[P | None]:
    """The payloads at some places, no place twice: of a table another one."""
    if isinstance(payloads, Table):
        return payloads.take(places)
    return tuple([payloads[place] for place in places])


def in_line(parts: Sequence[Sequence[Any]], algebra: Algebra[P]) -> Sequence[Any]:
    """The payloads of all parts, one after the other."""
    if isinstance(algebra, Bulk):
        return algebra.joined(parts)
    return tuple([payload for part in parts for payload in part])


def in_pairs(a: State[Any], b: State[Any]) -> NDArray[np.integer]:
    """A number for the classes of two states that each unit is in: of a, times those of b."""
    count = len(b.payloads)
    below = len(a.payloads) * count
    return compact(a.classes, below) * count + compact(b.classes, below)


def _moved(state: State[P], axis: int) -> int | None:
    return state.moves.index(axis) if axis in state.moves else None


def _shifted(moves: tuple[int | None, ...], behind: int, by: int) -> tuple[int | None, ...]:
    return tuple(m + by if m is not None and m > behind else m for m in moves)


def _insert(state: State[P], at: int) -> State[P]:
    view = (*state.view[:at], 1, *state.view[at:])
    moves = _shifted(state.moves, at - 1, 1)
    return replace(state, view=view, moves=moves, classes=np.expand_dims(state.classes, at))


def _squeeze(state: State[P], at: int, algebra: Algebra[P]) -> State[P]:
    """Without an axis of size 1."""
    state = freeze(state, at, algebra)
    view = (*state.view[:at], *state.view[at + 1 :])
    moves = _shifted(state.moves, at, -1)
    return replace(state, view=view, moves=moves, classes=np.squeeze(state.classes, at))


def _split(state: State[P], at: int, outer: int, algebra: Algebra[P]) -> State[P]:
    """An axis as two, of which the outer one keeps moving."""
    inner = int(state.view[at]) // outer
    view = (*state.view[:at], outer, inner, *state.view[at + 1 :])
    moves = _shifted(state.moves, at, 1)
    shape, b = state.classes.shape, _moved(state, at)
    if b is None and shape[at] > 1:
        parts = (outer, inner)
    else:
        parts = (1, 1)
    classes = state.classes.reshape(*shape[:at], *parts, *shape[at + 1 :])
    if b is None:
        return replace(state, view=view, moves=moves, classes=classes)
    _check_classes(len(state.payloads) * inner)
    payloads = [
        each
        for p in state.payloads
        for each in ([None] * inner if p is None else algebra.split(p, b, outer, inner))
    ]
    number = np.arange(inner).reshape(-1, *(1,) * (len(shape) - at - 1))
    numbers = compact(classes, len(payloads)) * inner + number
    return with_classes(state, numbers, payloads, algebra, view=view, moves=moves)


def freeze(state: State[P], at: int, algebra: Algebra[P]) -> State[P]:
    """An axis that moves no more: every position is a class of its own."""
    b = _moved(state, at)
    if b is None:
        return state
    size = int(state.view[at])
    _check_classes(len(state.payloads) * size)
    payloads = [
        each
        for p in state.payloads
        for each in ([None] * size if p is None else algebra.freeze(p, b, size))
    ]
    number = np.arange(size).reshape(-1, *(1,) * (state.classes.ndim - at - 1))
    moves = tuple(None if m == at else m for m in state.moves)
    numbers = compact(state.classes, len(payloads)) * size + number
    return with_classes(state, numbers, payloads, algebra, moves=moves)


def _check_classes(count: int) -> None:
    if count > MOST_CLASSES:
        raise UntraceableError


def _interleaved(state: State[P], at: int, algebra: Algebra[P]) -> State[P] | None:
    """Two axes as one, if the outer one moves and the inner one does not."""
    b = _moved(state, at)
    if b is None or _moved(state, at + 1) is not None:
        return None
    outer, inner = int(state.view[at]), int(state.view[at + 1])
    view = (*state.view[:at], outer * inner, *state.view[at + 2 :])
    moves = _shifted(state.moves, at + 1, -1)
    classes = np.moveaxis(state.classes, at + 1, -1)
    if classes.shape[-1] == 1:
        classes = np.broadcast_to(classes, (*classes.shape[:-1], inner))
    rows = classes.reshape(-1, inner)
    first, number = unique_rows(rows, len(state.payloads))
    kinds = rows[first].tolist()
    payloads = [algebra.interleave([state.payloads[c] for c in kind], b, outer) for kind in kinds]
    return with_classes(
        state, number.reshape(classes.shape[:-1]), payloads, algebra, view=view, moves=moves
    )


def merged(state: State[P], at: int, count: int, algebra: Algebra[P]) -> State[P]:
    """Several axes as one."""
    while count > 1:
        one = _interleaved(state, at + count - 2, algebra)
        if one is None:
            break
        state, count = one, count - 1
    if count == 1:
        return state
    for axis in range(at, at + count):
        state = freeze(state, axis, algebra)
    group = tuple(int(n) for n in state.view[at : at + count])
    size = int(np.prod(group))
    shape = state.classes.shape
    if any(n > 1 for n in shape[at : at + count]):
        classes = np.broadcast_to(state.classes, (*shape[:at], *group, *shape[at + count :]))
        classes = classes.reshape(*shape[:at], size, *shape[at + count :])
    else:
        classes = state.classes.reshape(*shape[:at], 1, *shape[at + count :])
    return replace(
        state,
        view=(*state.view[:at], size, *state.view[at + count :]),
        moves=_shifted(state.moves, at, 1 - count),
        classes=classes,
    )


def align(
    state: State[P], view: tuple[Size, ...], algebra: Algebra[P]
) -> tuple[State[P], list[range]]:
    """The same units with axes split (or, where nothing else helps, merged) so that each axis of
    another view is a run of this one's axes."""
    if state.view == view:
        return state, [range(a, a + 1) for a in range(len(view))]
    if any(not isinstance(n, int) for n in (*state.view, *view)):
        return _align_symbols(state, view, algebra)
    runs: list[range] = []
    at = 0
    for wanted in map(int, view):
        first, left = at, wanted
        while left > 1 or at == first:
            if at == len(state.view) or (left == 1 and state.view[at] != 1):
                state = _insert(state, at)
            here = int(state.view[at])
            if here == 1 and left > 1:
                state = _squeeze(state, at, algebra)
                continue
            if here > left and here % left == 0:
                state = _split(state, at, left, algebra)
            elif left % here:
                # 2 x 3 read as 3 x 2: as many axes as it takes are one, and then divided
                count = 1
                while int(np.prod(state.view[at : at + count], dtype=object)) % left:
                    count += 1
                    if at + count > len(state.view):
                        raise UntraceableError
                state = merged(state, at, count, algebra)
                continue
            left //= int(state.view[at])
            at += 1
        runs.append(range(first, at))
    while at < len(state.view):  # axes of size 1 at the end
        state = _squeeze(state, at, algebra)
    return state, runs


def _align_symbols(
    state: State[P], view: tuple[Size, ...], algebra: Algebra[P]
) -> tuple[State[P], list[range]]:
    """Where sizes are symbols only axes of size 1 are added and left out."""
    at = 0
    for wanted in view:
        while at < len(state.view) and state.view[at] == 1 != wanted:
            state = _squeeze(state, at, algebra)
        if wanted == 1 and (at == len(state.view) or state.view[at] != 1):
            state = _insert(state, at)
        if at == len(state.view) or state.view[at] != wanted:
            raise UntraceableError
        at += 1
    while at < len(state.view) and state.view[at] == 1:
        state = _squeeze(state, at, algebra)
    if at < len(state.view):
        raise UntraceableError
    return state, [range(a, a + 1) for a in range(len(view))]

"""The units of a row that see the most, where what they see is a sum that is not worked out.

A score of attention sees what its query and its key see. Of n queries and n keys the widest field,
the largest one and the one with the most paths are found on arrays, without n² payloads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.sizes import Size
from convgraph.interactions.affine import Fields, Interval, Intervals, union_of
from convgraph.interactions.algebras import Algebra, UntraceableError
from convgraph.interactions.all_fields import counted
from convgraph.interactions.all_path_counts import PathMeasures
from convgraph.interactions.bit_tables import Branches
from convgraph.interactions.class_numbers import kinds_of, unique_rows
from convgraph.interactions.joined_states import MOST_JOINED, groups_apart, vary_apart
from convgraph.interactions.path_count_sums import Paths
from convgraph.interactions.path_tables import PathTable
from convgraph.interactions.path_totals import PathTotals
from convgraph.interactions.states import State, in_pairs
from convgraph.interactions.sums_of_states import Sum, in_two_terms, worked_out

__all__ = ["Widest", "largest_cut", "longest_extent", "most_paths", "widest"]

P = TypeVar("P")
Ints = NDArray[np.int64]

Term: TypeAlias = "tuple[State[Paths], int]"

AT_ONCE = 1 << 20  # pairs, or words of bits, that are looked at in one step: some megabytes
NOWHERE = 1 << 62  # where the interval of a unit that sees nothing starts: it widens no other


class Widest(NamedTuple):
    """The widest interval of a row along an axis, and the size of the narrowest.

    The units that see it move over so many positions.
    """

    field: Interval
    least: int
    positions: Size


def widest(total: Sum[Fields], b: int) -> Widest | None:
    """Along an axis of the input, the intervals of the units that see the most and the least."""
    size = total.sizes[b]
    known = [fields[b] for fields in total.payloads]
    if not known:
        return None
    two = _two_terms(total, Intervals())
    if two is None:
        return None
    if len(two) == 1:
        known = [fields[b] for fields in two[0].payloads if fields is not None]
        least = min(map(_breadth, known))  # of sizes without symbols, as findings ask for it
        return Widest(max(known, key=_breadth), least, size)
    a_kinds, a_number = _distinct([None if p is None else p[b] for p in two[0].payloads])
    b_kinds, b_number = _distinct([None if p is None else p[b] for p in two[1].payloads])
    some = [kind for kind in (*a_kinds, *b_kinds) if kind is not None]
    even = len({kind.step for kind in some}) == 1 and all(len(kind.starts) == 1 for kind in some)
    if even and some[0].step is not None and all(type(kind.step) is int for kind in some):
        sizes = _hull_sizes(_ends(a_kinds), _ends(b_kinds))
    elif len(a_kinds) * len(b_kinds) > MOST_JOINED:
        return None
    else:
        sizes = _union_sizes(a_kinds, b_kinds, size)
    best, least, place = -1, NOWHERE, (0, 0)
    none = [np.array([kind is None for kind in kinds]) for kinds in (a_kinds, b_kinds)]
    for one, other in _blocks(two[0], two[1], a_number, b_number):
        found = sizes(one, other)
        least = min(least, int(np.where(none[0][one] & none[1][other], NOWHERE, found).min()))
        at = int(found.argmax())
        if found.ravel()[at] > best:
            best = int(found.ravel()[at])
            pair = np.broadcast_arrays(one, other)
            place = int(pair[0].ravel()[at]), int(pair[1].ravel()[at])
    return Widest(_both(a_kinds[place[0]], b_kinds[place[1]], size), least, size)


def _both(x: Interval | None, y: Interval | None, size: Any) -> Interval:
    if x is not None and y is not None:
        return union_of(x, y, size)
    found = x if y is None else y
    assert found is not None  # as units that see nothing at all are left out
    return found


def _breadth(field: Interval) -> int:
    return field.size if isinstance(field.size, int) else 0


def _ends(kinds: Sequence[Interval | None]) -> tuple[Ints, Ints]:
    ends = [(NOWHERE, -NOWHERE)] * len(kinds)
    for place, kind in enumerate(kinds):
        if kind is not None and kind.starts[0] is not None:
            ends[place] = kind.starts[0], kind.ends[0]
    first, last = np.array(ends, np.int64).T
    return first, last


def _hull_sizes(a: tuple[Ints, Ints], b: tuple[Ints, Ints]) -> Callable[[Ints, Ints], Ints]:
    def sizes(one: Ints, other: Ints) -> Ints:
        last = np.maximum(a[1][one], b[1][other])
        return np.maximum(last - np.minimum(a[0][one], b[0][other]) + 1, 0)

    return sizes


def _union_sizes(
    a: Sequence[Interval | None], b: Sequence[Interval | None], size: Any
) -> Callable[[Ints, Ints], Ints]:
    table = np.zeros((len(a), len(b)), np.int64)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if x is not None or y is not None:
                table[i, j] = _breadth(_both(x, y, size))
    return lambda one, other: table[one, other]


def longest_extent(
    total: Sum[Branches],
    b: int,
    size: int,
    extents: Callable[[NDArray[np.uint8], int], tuple[Ints, Ints]],
) -> int | None:
    """The largest extent along an axis that a field has within the input, in positions.

    From the first position to the last that a unit sees; of the one the smallest and of the other
    the largest over all terms, so that it is found by pairs of terms.
    """
    if not any(total.payloads):
        return None
    terms = [state for state, _ in total.terms]
    ends = [_stacked([_hull(p, b, size, extents) for p in state.payloads]) for state in terms]
    most = max(int((last - first).max()) for first, last in ends)
    for k, one in enumerate(terms):
        for m, other in enumerate(terms):
            if k == m:
                continue
            first, last = ends[m][0], ends[k][1]
            if vary_apart(one, other):
                most = max(most, int((last.max(axis=0) - first.min(axis=0)).max()))
                continue
            own, others = _classes_met(one, other)
            step = max(AT_ONCE // max(first.shape[1], last.shape[1]), 1)
            for at in range(0, len(own), step):
                i, j = own[at : at + step], others[at : at + step]
                most = max(most, int((last[i] - first[j]).max()))
    return most + 1


def _stacked(ends: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """The first and the last positions of all classes, one row for each."""
    longest = max(len(first) for first, _ in ends)
    first, last = (
        np.concatenate(
            [e if len(e) == longest else np.repeat(e, longest) for e in (p[side] for p in ends)]
        ).reshape(len(ends), longest)
        for side in (0, 1)
    )
    return first, last


def _hull(
    branches: Branches | None,
    b: int,
    size: int,
    extents: Callable[[NDArray[np.uint8], int], tuple[Ints, Ints]],
) -> tuple[Ints, Ints]:
    each = [extents(tables[b], size) for _, tables in branches or ()]
    if not each:
        return np.array([size]), np.array([-1])
    first, last = each[0]
    for other_first, other_last in each[1:]:
        first, last = np.minimum(first, other_first), np.maximum(last, other_last)
    return first, last


def largest_cut(
    total: Sum[Branches], place: tuple[int, ...], algebra: Algebra[Branches]
) -> Branches | None:
    """What the units at a place see, of the class that sees the most; None where none is known.

    `place` is one for each axis of the input. In the answer tables have one row of bits, and
    channels are all the same.
    """
    two = _two_terms(total, algebra)
    if two is None:
        return None
    cuts = [[_cut(p, place) if p else None for p in state.payloads] for state in two]
    if len(two) == 1:
        known = [cut for cut in cuts[0] if cut]
        return max(known, key=lambda cut: _units(cut[:6]), default=None)
    if any(len(cut) > 1 for of_term in cuts for cut in of_term if cut):
        if len(cuts[0]) * len(cuts[1]) > MOST_JOINED // 16:  # counting a union takes about 0.2 ms
            return None
        met = zip(*(classes.tolist() for classes in _classes_met(*two)), strict=True)
        both = ((*(cuts[0][i] or ()), *(cuts[1][j] or ())) for i, j in met)
        return max(filter(None, both), key=lambda cut: _units(cut[:6]), default=None)
    best, found = 0, None
    sizes = [np.array([_units(cut) if cut else 0 for cut in of_term]) for of_term in cuts]
    common = _Common(*cuts)
    numbers = np.arange(len(cuts[0])), np.arange(len(cuts[1]))
    for one, other in _blocks(two[0], two[1], *numbers):
        union = sizes[0][one] + sizes[1][other] - common.units(one, other)
        at = int(union.argmax())
        if union.ravel()[at] > best:
            best = int(union.ravel()[at])
            pair = np.broadcast_arrays(one, other)
            i, j = int(pair[0].ravel()[at]), int(pair[1].ravel()[at])
            found = (*(cuts[0][i] or ()), *(cuts[1][j] or ()))
    return found


def _cut(branches: Branches, place: tuple[int, ...]) -> Branches:
    return tuple(
        (1, tuple(t[i if len(t) > 1 else 0][None] for t, i in zip(tables, place, strict=True)))
        for _, tables in branches
    )


def _units(branches: Branches) -> int:
    if len(branches) > 1:
        return int(counted(branches).sum())
    ((mask, tables),) = branches  # of one position each: thousands of classes are asked this
    ones = [int.from_bytes(bits.tobytes(), "little").bit_count() for bits in tables]
    return mask.bit_count() * prod(ones)


class _Common:
    """How many units two products have in common, for all pairs: a product over their axes."""

    def __init__(self, a: Sequence[Branches | None], b: Sequence[Branches | None]) -> None:
        axes = next(len(cut[0][1]) for cut in (*a, *b) if cut)
        self.axes = []
        for axis in range(axes):
            (ones, one), (others, other) = (
                _distinct([cut[0][1][axis].tobytes() if cut else b"" for cut in cuts])
                for cuts in (a, b)
            )
            self.axes.append((one, other, _in_common(ones, others)))

    def units(self, one: Ints, other: Ints) -> Ints:
        """For pairs of classes."""
        result: Any = 1
        for a, b, table in self.axes:
            result = result * table[a[one], b[other]]
        return np.asarray(result)


def _in_common(ones: Sequence[bytes], others: Sequence[bytes]) -> Ints:
    """How many bits are set in both of two rows, for all pairs."""
    words = max(map(len, (*ones, *others))) // 8 + 1
    a, b = (
        np.frombuffer(b"".join(row.ljust(8 * words, b"\0") for row in rows), np.uint8).reshape(
            len(rows), 8 * words
        )
        for rows in (ones, others)
    )
    own, opposite = _runs(a), _runs(b)
    if own is not None and opposite is not None:
        first, end = (np.expand_dims(ends, 1) for ends in own)
        least = np.minimum(end, opposite[1]) - np.maximum(first, opposite[0])
        return np.maximum(least, 0)
    table = np.zeros((len(ones), len(others)), np.int64)
    step = max(AT_ONCE // (len(others) * words), 1)
    for at in range(0, len(ones), step):
        both = a.view(np.uint64)[at : at + step, None] & b.view(np.uint64)[None]
        table[at : at + step] = np.bitwise_count(both).sum(axis=2, dtype=np.int64)
    return table


def _runs(rows: NDArray[np.uint8]) -> tuple[Ints, Ints] | None:
    """Where the bits of each row begin and end, if all of them are one run; most fields are."""
    bits = np.unpackbits(rows, axis=1)
    first, end = bits.argmax(axis=1), bits.shape[1] - bits[:, ::-1].argmax(axis=1)
    count = np.bitwise_count(rows).sum(axis=1, dtype=np.int64)
    end = np.where(count == 0, first, end)
    return (first, end) if np.array_equal(end - first, count) else None


def most_paths(total: Sum[Paths], known: PathTotals) -> Paths | None:
    """The paths to the class of units to which the most lead, or None where none do."""
    algebra = PathMeasures()
    if len(total.terms) > 1 and all(known.of(state).plain for state, _ in total.terms):
        groups = groups_apart(total.terms)
        parts = [part for group in groups for part in _most_of_group(group, known)]
        return algebra.combine(parts, total.sizes) if parts else None
    state = total.terms[0][0] if len(total.terms) == 1 else worked_out(total, algebra)
    if state is None:
        return None
    each = known.of(state).first
    if isinstance(state.payloads, PathTable):
        return state.payloads[int(each.argmax())]
    kinds = [kind for kind, payload in enumerate(state.payloads) if payload is not None]
    return state.payloads[max(kinds, key=each.__getitem__)] if kinds else None


def _most_of_group(group: Sequence[Term], known: PathTotals) -> list[tuple[Paths, int]]:
    """The payloads of the combination of classes to which the most paths lead."""
    alike: list[NDArray[Any]] = []  # the classes of terms of which several may have the same
    rough: list[NDArray[np.float64]] = []
    places = []
    values = [known.values(state) for state, _ in group]
    largest = max(n.bit_length() + v.power for (_, n), v in zip(group, values, strict=True))
    for (state, number), of_term in zip(group, values, strict=True):
        each = of_term.rough * (number / (1 << max(largest - of_term.power, 0)))
        same = (at for at, classes in enumerate(alike) if np.array_equal(classes, state.classes))
        place = next(same, len(alike))
        if place == len(alike):
            alike.append(state.classes)
            rough.append(each)
        else:
            rough[place] = rough[place] + each
        places.append(place)
    kinds = _likely(alike, rough)
    # Of thousands of combinations few have numbers of their own; these are added up exactly.
    numbers = [of_term.which[kinds[:, at]] for of_term, at in zip(values, places, strict=True)]
    first, which = unique_rows(np.stack(numbers, axis=1), max(len(v.numbers) for v in values))
    total: Any = 0
    for (_, number), of_term, each_of in zip(group, values, numbers, strict=True):
        total = total + number * of_term.numbers[each_of[first]]
    best = kinds[int((total == total.max())[which].argmax())]
    chosen = ((s.payloads[int(best[at])], n) for (s, n), at in zip(group, places, strict=True))
    return [(payload, number) for payload, number in chosen if payload is not None]


def _likely(classes: Sequence[NDArray[Any]], rough: Sequence[NDArray[np.float64]]) -> Ints:
    """The combinations of classes of which the sum may be the largest, in order.

    Sums of a few numbers that are rounded to 53 bits are right to 1 in 10^12.
    """
    if len(classes) == 1:
        return np.flatnonzero(rough[0] >= rough[0].max() * (1 - 1e-12))[:, None]
    total: Any = 0
    for number, each in zip(classes, rough, strict=True):
        total = total + each[number]
    places = np.nonzero(total >= total.max() * (1 - 1e-12))
    rows = np.stack([number[places] for number in np.broadcast_arrays(*classes)], axis=1)
    return rows[unique_rows(rows, max(map(len, rough)))[0]].astype(np.int64)


def _two_terms(total: Sum[P], algebra: Algebra[P]) -> list[State[P]] | None:
    try:
        return [state for state, _ in in_two_terms(total, algebra).terms]
    except UntraceableError:
        return None


def _distinct(values: Sequence[Any]) -> tuple[list[Any], Ints]:
    """The different values, in order, and which of them stands where."""
    first: dict[Any, int] = {}
    number = np.array([first.setdefault(value, len(first)) for value in values])
    return list(first), number


def _classes_met(one: State[Any], other: State[Any]) -> tuple[Ints, Ints]:
    """The pairs of classes that units are in, in order."""
    count = len(other.payloads)
    kinds, _ = kinds_of(in_pairs(one, other), len(one.payloads) * count)
    first, second = np.divmod(np.array(kinds, np.int64), count)
    return first, second


def _blocks(one: State[Any], other: State[Any], a: Ints, b: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The pairs of numbers that stand for the classes of units, in order, some at a time."""
    below_a, below_b = int(a.max()) + 1, int(b.max()) + 1
    if vary_apart(one, other):
        # the numbers are those of a first class each, so that their order is that of the classes
        step = max(AT_ONCE // below_b, 1)
        second = np.arange(below_b)[None]
        for at in range(0, below_a, step):
            yield np.arange(at, min(at + step, below_a))[:, None], second
        return
    kinds, _ = kinds_of(a[one.classes] * below_b + b[other.classes], below_a * below_b)
    pairs = np.array(kinds, np.int64)
    for at in range(0, len(pairs), AT_ONCE):
        yield pairs[at : at + AT_ONCE] // below_b, pairs[at : at + AT_ONCE] % below_b

"""The moments of path counts of many classes at once, where all of them are of one form."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.path_count_sums import PRIMES, Along, Moments, Paths, mark_of
from convgraph.interactions.states import Table
from convgraph.interactions.table_origins import Added, InLine, Listed, Made, Taken

__all__ = ["PathTable", "reads_any", "sum_of_tables", "table_of", "tables_in_line"]

_PRIMES = np.array(PRIMES, np.int64)[:, None]


@dataclass(frozen=True, eq=False)
class PathTable(Table["Paths"]):
    """The payloads of classes that have one phase along each axis, all with the same steps.

    Attributes
    ----------
    numbers
        For each axis of the input the paths, and the sums of their positions and of the squares of
        these, one after the other; of each class: (3 axes, classes), in integers of any size.
    marks
        For each axis the remainders of the marks by the primes: (4 axes, classes).
    steps, everywhere
        Of each axis; see `Along`.
    seen
        Of each class whether its units see anything; the numbers of those that do not are 0.
    made
        Of what the numbers of paths are the sum.
    distinct
        Whether no two are known to say the same.
    """

    numbers: NDArray[np.object_]
    marks: NDArray[np.int64]
    steps: tuple[int, ...]
    everywhere: tuple[bool, ...]
    seen: NDArray[np.bool_]
    made: Made
    distinct: bool = False

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    @overload
    def __getitem__(self, place: int) -> Paths | None: ...
    @overload
    def __getitem__(self, place: slice) -> PathTable: ...
    def __getitem__(self, place: int | slice) -> Paths | PathTable | None:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        if not self.seen[place]:
            return None
        return self._payload(place, self.numbers[:, place].tolist(), self.marks[:, place].tolist())

    def __iter__(self) -> Iterator[Paths | None]:
        each = zip(self.seen.tolist(), self.numbers.T.tolist(), self.marks.T.tolist(), strict=True)
        for place, (seen, numbers, marks) in enumerate(each):
            yield self._payload(place, numbers, marks) if seen else None

    def _payload(self, place: int, numbers: list[int], marks: list[int]) -> Paths:
        axes = []
        for b, (step, everywhere) in enumerate(zip(self.steps, self.everywhere, strict=True)):
            mark, origin = mark_of(marks[4 * b : 4 * b + 4]), self.made.origin(b, place)
            paths, first, second = numbers[3 * b : 3 * b + 3]
            measure = Moments(paths, first, second, mark, origin)
            axes.append(Along((measure,), step, everywhere))
        return Paths(tuple(axes))

    def take(self, places: Sequence[int] | NDArray[np.integer]) -> PathTable:
        """See `Table.take`."""
        at = np.asarray(places)
        if len(at) == len(self) and np.array_equal(at, np.arange(len(self))):
            return self
        return replace(
            self,
            numbers=self.numbers[:, at],
            marks=self.marks[:, at],
            seen=self.seen[at],
            made=Taken(self.made, at),
        )

    @cached_property
    def _digests(self) -> NDArray[np.int64]:
        """A number for each class, the same for those that say the same, and nearly never else."""
        total = self.seen.astype(np.int64)
        for row in self.marks:
            total = total * np.int64(1_000_003) + row
        return total

    def different(self) -> tuple[PathTable, NDArray[np.integer]]:
        """See `Table.different`."""
        every = np.arange(len(self))
        if self.distinct:
            return self, every
        _, first, which = np.unique(self._digests, return_index=True, return_inverse=True)
        stands_for = first[which]
        others = np.flatnonzero(stands_for != every)
        if len(others) and not all(
            np.array_equal(rows[:, others], rows[:, stands_for[others]])
            for rows in (self.marks, self.numbers)
        ):  # digests that are the same by chance
            rows = np.concatenate([self.seen[None], self.marks, self.numbers])
            places: dict[Hashable, int] = {}
            stands_for = np.array([places.setdefault(tuple(k), i) for i, k in enumerate(rows.T)])
        firsts = np.flatnonzero(stands_for == every)
        return replace(self.take(firsts), distinct=True), np.searchsorted(firsts, stands_for)

    @property
    def key(self) -> Hashable:
        """See `Table.key`."""
        return _Said(self, hash(self._digests.tobytes()))

    @property
    def paths(self) -> NDArray[np.object_]:
        """The paths along each axis, to each class; 0 where it sees nothing."""
        return self.numbers[::3]


@dataclass(frozen=True, eq=False)
class _Said:
    """What a table says: equal to all that says the same."""

    table: PathTable
    digest: int

    def __hash__(self) -> int:
        return self.digest

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Said) or self.digest != other.digest:
            return False
        one, two = self.table, other.table
        return one is two or (
            (one.steps, one.everywhere) == (two.steps, two.everywhere)
            and np.array_equal(one.seen, two.seen)
            and np.array_equal(one.marks, two.marks)
            and np.array_equal(one.numbers, two.numbers)
        )


def table_of(payloads: Sequence[Paths | None]) -> PathTable | None:
    """Payloads as a table, or None if they are not of one form."""
    if isinstance(payloads, PathTable):
        return payloads
    first = next((payload for payload in payloads if payload is not None), None)
    if first is None:
        return None
    # One step for each axis and no phases: then sums of many payloads are sums of arrays.
    form = [(along.step, along.everywhere) for along in first.axes]
    rows: list[list[int]] = []
    marks: list[list[int]] = []
    for payload in payloads:
        row: list[int] = []
        mark: list[int] = []
        if payload is None:
            row, mark = [0] * (3 * len(form)), [0] * (4 * len(form))
        elif payload.per != 1:
            return None
        for (phases, step, everywhere), wanted in zip(
            () if payload is None else payload.axes, () if payload is None else form, strict=True
        ):
            if len(phases) != 1 or phases[0] is None or (step, everywhere) != wanted:
                return None
            measure = phases[0]
            row += measure.paths, measure.first, measure.second
            mark += [measure.mark % prime for prime in PRIMES]
        rows.append(row)
        marks.append(mark)
    numbers = np.empty((len(rows), 3 * len(form)), object)
    numbers[:] = rows
    return PathTable(
        np.ascontiguousarray(numbers.T),
        np.array(marks, np.int64).T.copy(),
        tuple(s for s, _ in form),
        tuple(e for _, e in form),
        np.array([payload is not None for payload in payloads]),
        Listed(payloads),
    )


def tables_in_line(parts: Sequence[Sequence[Paths | None]]) -> PathTable | None:
    """Payloads one after the other as a table, or None if they are not of one form."""
    tables: list[PathTable | None] = []
    for part in parts:
        table = table_of(part)
        if table is None and any(payload is not None for payload in part):
            return None
        tables.append(table)
    known = [table for table in tables if table is not None]
    if len({(table.steps, table.everywhere) for table in known}) != 1:
        return None
    axes = len(known[0].steps)
    numbers, marks, seen = [], [], []
    for part, table in zip(parts, tables, strict=True):
        size = len(part)
        numbers.append(np.zeros((3 * axes, size), object) if table is None else table.numbers)
        marks.append(np.zeros((4 * axes, size), np.int64) if table is None else table.marks)
        seen.append(np.zeros(size, bool) if table is None else table.seen)
    made = [None if table is None else table.made for table in tables]
    return PathTable(
        np.concatenate(numbers, axis=1),
        np.concatenate(marks, axis=1),
        known[0].steps,
        known[0].everywhere,
        np.concatenate(seen),
        InLine(list(zip(map(len, parts), made, strict=True))),
        distinct=len(known) == 1 and known[0].distinct and _one_more(parts, known[0]),
    )


def _one_more(parts: Sequence[Sequence[Any]], table: PathTable) -> bool:
    """Whether besides a table there is at most one payload, which it does not have: nothing."""
    return sum(map(len, parts)) <= len(table) + 1 and bool(table.seen.all())


def sum_of_tables(parts: Sequence[tuple[PathTable, NDArray[Any], int]]) -> PathTable:
    """For each of some classes the sum of what it reads of each table, so many times.

    It reads several payloads where a table's places have two axes, and none at a place of -1. Where
    paths that move along an axis meet global edges, these are not counted: see `PathMeasures`.
    """
    read = [_Read(table, places, number) for table, places, number in parts]
    axes = range(len(read[0].table.steps))
    added = [_that_count(read, b) for b in axes]
    alike = all(each == added[0] for each in added)  # then all axes are added up at once
    sums = [_added_up(added[0], None)] if alike else [_added_up(added[b], b) for b in axes]
    return PathTable(
        sums[0][0] if alike else np.concatenate([numbers for numbers, _ in sums]),
        sums[0][1] if alike else np.concatenate([marks for _, marks in sums]),
        tuple(each[0].table.steps[b] for b, each in enumerate(added)),
        tuple(any(part.table.everywhere[b] for part in read) for b in axes),
        np.any([reads_any(part.table, part.places) for part in read], axis=0),
        Added(
            len(read[0].places),
            [[(part.table.made, part.places, part.number) for part in each] for each in added],
        ),
    )


@dataclass(frozen=True, eq=False)
class _Read:
    """What classes read of a table: its places, and how many times."""

    table: PathTable
    places: NDArray[Any]
    number: int

    @cached_property
    def numbers(self) -> NDArray[np.object_]:
        """Of each class, as in the table."""
        read = _at(self.table.numbers, self.places)
        return read if self.number == 1 else read * self.number

    @cached_property
    def marks(self) -> NDArray[np.int64]:
        """Of each class, as in the table, not reduced where they are read once."""
        read = _at(self.table.marks, self.places)
        if self.number == 1:
            return read
        axes = len(self.table.steps)
        primes = np.tile(_PRIMES, (axes, 1))
        return read % primes * np.array([[self.number % p] for p in PRIMES * axes], np.int64)


def _that_count(read: Sequence[_Read], b: int) -> list[_Read]:
    """Those that are counted along an axis; see `PathMeasures`."""
    moving = [part for part in read if part.table.steps[b]]
    besides = all(part.table.everywhere[b] for part in read if not part.table.steps[b])
    added = moving if moving and besides else list(read)
    if len({part.table.steps[b] for part in added}) > 1:
        raise UntraceableError
    return added


def _added_up(
    added: Sequence[_Read], b: int | None
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The sums of numbers and of marks, along an axis or along all of them."""
    three, four = (slice(None) if b is None else slice(n * b, n * b + n) for n in (3, 4))
    numbers, marks = added[0].numbers[three], added[0].marks[four]
    for part in added[1:]:
        numbers, marks = numbers + part.numbers[three], marks + part.marks[four]
    return numbers, marks % np.tile(_PRIMES, (len(marks) // 4, 1))


def reads_any(table: PathTable, places: NDArray[Any]) -> NDArray[np.bool_]:
    """Of each class whether it reads a payload that says something."""
    read = (places >= 0) & table.seen[places]
    return read if places.ndim == 1 else np.asarray(read.any(axis=1))


def _at(rows: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """The sums of what each class reads of some rows of numbers."""
    if places.ndim == 1 and np.array_equal(places, np.arange(rows.shape[1])):
        return rows  # each its own
    if (places < 0).any():
        rows = np.concatenate([rows, np.zeros((len(rows), 1), rows.dtype)], axis=1)
    read = rows[:, places]
    return read if places.ndim == 1 else np.asarray(read.sum(axis=2), rows.dtype)

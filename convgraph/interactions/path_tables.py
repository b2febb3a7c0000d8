"""The moments of path counts of many classes at once, where all of them are of one form."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.path_count_sums import Along, Moments, Paths
from convgraph.interactions.states import Table

__all__ = ["PathTable", "reads_any", "sum_of_tables", "table_of", "tables_in_line"]


@dataclass(frozen=True, eq=False)
class PathTable(Table["Paths[Moments]"]):
    """The payloads of classes that have one phase along each axis, all with the same steps.

    Attributes
    ----------
    numbers
        For each axis of the input the paths, and the sums of their positions and of the squares of
        these, one after the other; of each class: (3 axes, classes), in integers of any size.
    steps, everywhere
        Of each axis; see `Along`.
    seen
        Of each class whether its units see anything; the numbers of those that do not are 0.
    distinct
        Whether no two are known to say the same.
    """

    numbers: NDArray[np.object_]
    steps: tuple[int, ...]
    everywhere: tuple[bool, ...]
    seen: NDArray[np.bool_]
    distinct: bool = False

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    @overload
    def __getitem__(self, place: int) -> Paths[Moments] | None: ...
    @overload
    def __getitem__(self, place: slice) -> PathTable: ...
    def __getitem__(self, place: int | slice) -> Paths[Moments] | PathTable | None:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        return self._payload(self.numbers[:, place].tolist()) if self.seen[place] else None

    def __iter__(self) -> Iterator[Paths[Moments] | None]:
        for numbers, seen in zip(self.numbers.T.tolist(), self.seen.tolist(), strict=True):
            yield self._payload(numbers) if seen else None

    def _payload(self, numbers: list[int]) -> Paths[Moments]:
        axes = enumerate(zip(self.steps, self.everywhere, strict=True))
        return Paths(
            tuple(
                Along((Moments(*numbers[3 * b : 3 * b + 3]),), step, everywhere)
                for b, (step, everywhere) in axes
            )
        )

    def take(self, places: Sequence[int] | NDArray[np.integer]) -> PathTable:
        """See `Table.take`."""
        if len(places) == len(self) and np.array_equal(places, np.arange(len(self))):
            return self
        numbers, seen = self.numbers[:, places], self.seen[places]
        return PathTable(numbers, self.steps, self.everywhere, seen, self.distinct)

    @cached_property
    def _digests(self) -> NDArray[np.int64]:
        """A number for each class, the same for those that say the same, and nearly never else."""
        total = self.seen.astype(np.int64)
        for row in self.numbers[[0, *range(1, len(self.numbers), 3)]]:
            total = total * np.int64(1_000_003) + np.fromiter(map(hash, row), np.int64, len(self))
        return total

    def different(self) -> tuple[PathTable, NDArray[np.integer]]:
        """See `Table.different`."""
        every = np.arange(len(self))
        if self.distinct:
            return self, every
        _, first, which = np.unique(self._digests, return_index=True, return_inverse=True)
        stands_for = first[which]
        others = np.flatnonzero(stands_for != every)
        read = self.numbers[:, others], self.numbers[:, stands_for[others]]
        if len(others) and not np.array_equal(*read):  # digests that are the same by chance
            keys = [(each, *column) for each, column in zip(self.seen, self.numbers.T, strict=True)]
            places: dict[Hashable, int] = {}
            stands_for = np.array([places.setdefault(key, i) for i, key in enumerate(keys)])
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
            and np.array_equal(one.numbers, two.numbers)
        )


def table_of(payloads: Sequence[Paths[Moments] | None]) -> PathTable | None:
    """Payloads as a table, or None if they are not of one form."""
    if isinstance(payloads, PathTable):
        return payloads
    first = next((payload for payload in payloads if payload is not None), None)
    if first is None:
        return None
    # One step for each axis and no phases: then sums of many payloads are sums of arrays.
    form = [(along.step, along.everywhere) for along in first.axes]
    rows: list[list[int]] = []
    for payload in payloads:
        if payload is None:
            rows.append([0] * (3 * len(form)))
            continue
        if payload.per != 1:
            return None
        row: list[int] = []
        for (phases, step, everywhere), wanted in zip(payload.axes, form, strict=True):
            if len(phases) != 1 or phases[0] is None or (step, everywhere) != wanted:
                return None
            row.extend(phases[0])
        rows.append(row)
    numbers = np.empty((len(rows), 3 * len(form)), object)
    numbers[:] = rows
    return PathTable(
        np.ascontiguousarray(numbers.T),
        tuple(s for s, _ in form),
        tuple(e for _, e in form),
        np.array([payload is not None for payload in payloads]),
    )


def tables_in_line(parts: Sequence[Sequence[Paths[Moments] | None]]) -> PathTable | None:
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
    rows = len(known[0].numbers)
    numbers, seen = [], []
    for part, table in zip(parts, tables, strict=True):
        numbers.append(np.zeros((rows, len(part)), object) if table is None else table.numbers)
        seen.append(np.zeros(len(part), bool) if table is None else table.seen)
    return PathTable(
        np.concatenate(numbers, axis=1),
        known[0].steps,
        known[0].everywhere,
        np.concatenate(seen),
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
    read = [(table, _read(table, places), number) for table, places, number in parts]
    total: list[NDArray[np.object_]] = []
    steps, everywhere = [], []
    for b in range(len(parts[0][0].steps)):
        moving = [part for part in read if part[0].steps[b]]
        besides = all(table.everywhere[b] for table, _, _ in read if not table.steps[b])
        summed = moving if moving and besides else read
        if len({table.steps[b] for table, _, _ in summed}) > 1:
            raise UntraceableError
        rows: Any = None
        for _, numbers, number in summed:
            each = numbers[3 * b : 3 * b + 3]
            each = each if number == 1 else each * number
            rows = each if rows is None else rows + each
        total.append(rows)
        steps.append(summed[0][0].steps[b])
        everywhere.append(any(table.everywhere[b] for table, _, _ in read))
    seen = np.any([reads_any(table, places) for table, places, _ in parts], axis=0)
    return PathTable(np.concatenate(total), tuple(steps), tuple(everywhere), seen)


def reads_any(table: PathTable, places: NDArray[Any]) -> NDArray[np.bool_]:
    """Of each class whether it reads a payload that says something."""
    read = (places >= 0) & table.seen[places]
    return read if places.ndim == 1 else np.asarray(read.any(axis=1))


def _read(table: PathTable, places: NDArray[Any]) -> NDArray[np.object_]:
    numbers = table.numbers
    if (places < 0).any():
        numbers = np.concatenate([numbers, np.zeros((len(numbers), 1), object)], axis=1)
    read = numbers[:, places]
    return read if places.ndim == 1 else np.asarray(read.sum(axis=2), object)

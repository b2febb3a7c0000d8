"""The moments of path counts of many classes at once, where all of them are of one form."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.path_count_sums import Along, Moments, Paths
from convgraph.interactions.states import Table, UntraceableError

__all__ = ["PathTable", "sum_of_tables", "table_of"]


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
    """

    numbers: NDArray[np.object_]
    steps: tuple[int, ...]
    everywhere: tuple[bool, ...]

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    @overload
    def __getitem__(self, place: int) -> Paths[Moments]: ...
    @overload
    def __getitem__(self, place: slice) -> PathTable: ...
    def __getitem__(self, place: int | slice) -> Paths[Moments] | PathTable:
        if isinstance(place, slice):
            return PathTable(self.numbers[:, place], self.steps, self.everywhere)
        return self._payload(self.numbers[:, place].tolist())

    def __iter__(self) -> Iterator[Paths[Moments]]:
        return map(self._payload, self.numbers.T.tolist())

    def _payload(self, numbers: list[int]) -> Paths[Moments]:
        axes = enumerate(zip(self.steps, self.everywhere, strict=True))
        return Paths(
            tuple(
                Along((Moments(*numbers[3 * b : 3 * b + 3]),), step, everywhere)
                for b, (step, everywhere) in axes
            )
        )

    def take(self, places: Sequence[int]) -> PathTable:
        """See `Table.take`."""
        if len(places) == len(self) and list(places) == list(range(len(self))):
            return self
        return PathTable(self.numbers[:, places], self.steps, self.everywhere)

    @cached_property
    def _keys(self) -> tuple[Hashable, ...]:
        return tuple(map(tuple, self.numbers.T.tolist()))

    @property
    def keys(self) -> Sequence[Hashable]:
        """See `Table.keys`."""
        return self._keys

    @property
    def key(self) -> Hashable:
        """See `Table.key`."""
        return self.steps, self.everywhere, self._keys

    @property
    def paths(self) -> NDArray[np.object_]:
        """The paths along each axis, to each class."""
        return self.numbers[::3]


def table_of(payloads: Sequence[Paths[Moments] | None]) -> PathTable | None:
    """Payloads as a table, or None if they are not of one form."""
    if isinstance(payloads, PathTable):
        return payloads
    first = payloads[0]
    if first is None:
        return None
    form = [(along.step, along.everywhere) for along in first.axes]
    rows: list[list[int]] = []
    for payload in payloads:
        if payload is None or payload.per != 1:
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
        np.ascontiguousarray(numbers.T), tuple(s for s, _ in form), tuple(e for _, e in form)
    )


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
        rows: Any = 0
        for _, numbers, number in summed:
            rows = rows + numbers[3 * b : 3 * b + 3] * number
        total.append(rows)
        steps.append(summed[0][0].steps[b])
        everywhere.append(any(table.everywhere[b] for table, _, _ in read))
    return PathTable(np.concatenate(total), tuple(steps), tuple(everywhere))


def _read(table: PathTable, places: NDArray[Any]) -> NDArray[np.object_]:
    numbers = table.numbers
    if (places < 0).any():
        numbers = np.concatenate([numbers, np.zeros((len(numbers), 1), object)], axis=1)
    read = numbers[:, places]
    return read if places.ndim == 1 else np.asarray(read.sum(axis=2), object)

"""Carrying what units see forward through the layers, one pass for all rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from convgraph.core.layer import Row
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.interactions.algebras import Algebra
from convgraph.interactions.carrier import Carrier
from convgraph.interactions.segments import Total
from convgraph.interactions.states import State
from convgraph.interactions.sums_of_states import worked_out

__all__ = ["Propagation", "first_state", "propagate"]

P = TypeVar("P")


@dataclass(frozen=True, eq=False)
class Propagation(Generic[P]):
    """What the units of each row see of a row: a sum of states by the row's name.

    A row that does not depend on it is missing, and None stands where the axes do not tell.
    `arrivals` holds, for layers that merge several rows, what comes from each of them: of those
    that a concatenation lays in line, what their own units see.
    """

    sums: dict[str, Total[P] | None]
    arrivals: dict[str, tuple[Total[P] | None, ...]]
    algebra: Algebra[P]

    @cached_property
    def states(self) -> Mapping[str, State[P] | None]:
        """The sums as one state each, worked out where they are asked for."""
        return _States(self.sums, self.algebra)


class _States(Mapping[str, "State[P] | None"]):
    """The sums of rows, worked out where they are asked for."""

    def __init__(self, sums: Mapping[str, Total[P] | None], algebra: Algebra[P]) -> None:
        self._sums, self._algebra = sums, algebra
        self._carrier = Carrier(algebra)
        self._known: dict[int, State[P] | None] = {}

    def __getitem__(self, name: str) -> State[P] | None:
        total = self._sums[name]
        if id(total) not in self._known:
            one = None if total is None else self._carrier.as_one(total)
            self._known[id(total)] = worked_out(one, self._algebra)
        return self._known[id(total)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sums)

    def __len__(self) -> int:
        return len(self._sums)


def first_state(row: Row, payload: P) -> State[P]:
    """The state of the row itself: its units move along all axes but that of its channels."""
    first = 1 if row.channels else 0
    moves = tuple(range(first, len(row.shape)))
    return State(row.shape, moves, np.zeros((1,) * len(row.shape), np.int64), (payload,))


def propagate(
    network: Network,
    start: str,
    state: State[P],
    algebra: Algebra[P],
    until: str | None = None,
    apart: bool = False,
) -> Propagation[P]:
    """Carry a state from a row to all rows behind it (or to those on the way to one of them).

    `apart` keeps what lies in line along an axis as segments, where that would move no more.
    """
    carrier = Carrier(algebra, apart)
    sums: dict[str, Total[P] | None] = {start: carrier.first(state)}
    arrivals: dict[str, tuple[Total[P] | None, ...]] = {}
    wanted = None if until is None else rows_before(network, until)
    for layer in network.layers:
        name = layer.target.name
        if name == start or (wanted is not None and name not in wanted):
            continue
        found = carrier.behind(layer, sums)
        if found is not None:
            if len(found.arrivals) > 1:
                arrivals[name] = found.arrivals
            sums[name] = found.total
    return Propagation(sums, arrivals, algebra)

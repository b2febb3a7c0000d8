"""How many paths lead to the classes of units of a state: counted once, however often it is met."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.path_count_sums import Moments, Paths
from convgraph.interactions.path_tables import PathTable
from convgraph.interactions.states import State

__all__ = ["PathTotals", "Totals"]


class Totals(NamedTuple):
    """The paths to each class of units along the first axis, the most of all phases; 0 for none.

    `plain` says whether every class has one phase, counted once.
    """

    first: NDArray[np.object_]
    plain: bool


class Values(NamedTuple):
    """The different numbers of paths to the classes of a state: often thousands have the same."""

    numbers: NDArray[np.object_]
    which: NDArray[np.int64]
    """Of each class, which of the numbers."""
    rough: NDArray[np.float64]
    """Of each class the number, rounded and divided by 2 to some power; all are below 2^62."""
    power: int


class PathTotals:
    """The totals of states, each looked at once: sums of many rows share their states."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[State[Paths], Totals]] = {}
        self._values: dict[int, Values] = {}

    def of(self, state: State[Paths]) -> Totals:
        """The totals of a state."""
        found = self._known.get(id(state))
        if found is None:
            found = self._known[id(state)] = state, _totals(state)  # which keeps the id its own
        return found[1]

    def values(self, state: State[Paths]) -> Values:
        """The different totals of a state."""
        if id(state) not in self._values:
            self._values[id(state)] = _values(self.of(state).first)
        return self._values[id(state)]


def _values(first: NDArray[np.object_]) -> Values:
    each = first.tolist()
    places = {number: place for place, number in enumerate(dict.fromkeys(each))}
    which = np.fromiter(map(places.__getitem__, each), np.int64, len(each))
    numbers = np.array([*places], object)
    power = max(int(numbers.max()).bit_length() - 62, 0)
    return Values(numbers, which, (numbers >> power).astype(np.float64)[which], power)


def _totals(state: State[Paths]) -> Totals:
    if isinstance(state.payloads, PathTable):
        return Totals(state.payloads.numbers[0], True)
    first, plain = [], True
    for payload in state.payloads:
        first.append(0 if payload is None else _most(payload.axes[0].phases))
        if payload is not None:
            plain = plain and payload.per == 1 and len(payload.axes[0].phases) == 1
    return Totals(np.array(first, object), plain)


def _most(phases: tuple[Moments | None, ...]) -> int:
    if len(phases) == 1:
        return 0 if phases[0] is None else phases[0].paths
    return max((m.paths for m in phases if m is not None), default=0)

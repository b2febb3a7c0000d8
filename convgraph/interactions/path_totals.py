"""How many paths lead to the classes of units of a state: counted once, however often it is met."""

from __future__ import annotations

from typing import NamedTuple

from convgraph.interactions.path_count_sums import Moments, Paths
from convgraph.interactions.path_tables import PathTable
from convgraph.interactions.states import State

__all__ = ["PathTotals", "Totals"]


class Totals(NamedTuple):
    """The paths to each class of units, the most of all phases; 0 where none lead.

    Along different axes different paths may be left out: `first` are those along the first axis,
    `each` the most along any. `plain` says whether every class has one phase, counted once.
    """

    first: tuple[int, ...]
    each: tuple[int, ...]
    plain: bool

    @property
    def most(self) -> int:
        """The most paths to any class."""
        return max(self.each, default=0)


class PathTotals:
    """The totals of states, each looked at once: sums of many rows share their states."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[State[Paths[Moments]], Totals]] = {}

    def of(self, state: State[Paths[Moments]]) -> Totals:
        """The totals of a state."""
        found = self._known.get(id(state))
        if found is None:
            found = self._known[id(state)] = state, _totals(state)  # which keeps the id its own
        return found[1]


def _totals(state: State[Paths[Moments]]) -> Totals:
    if isinstance(state.payloads, PathTable):
        paths = state.payloads.paths
        return Totals(tuple(paths[0].tolist()), tuple(paths.max(axis=0).tolist()), True)
    first, each, plain = [], [], True
    for payload in state.payloads:
        axes = payload.axes if payload is not None else ()
        along = [_most(a.phases) for a in axes]
        first.append(along[0] if along else 0)
        each.append(max(along, default=0))
        if payload is not None:
            plain = plain and payload.per == 1 and len(axes[0].phases) == 1
    return Totals(tuple(first), tuple(each), plain)


def _most(phases: tuple[Moments | None, ...]) -> int:
    if len(phases) == 1:
        return 0 if phases[0] is None else phases[0].paths
    return max((m.paths for m in phases if m is not None), default=0)

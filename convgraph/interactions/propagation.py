"""Carrying what units see forward through the layers, one pass for all rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from convgraph.core.axis import Axis, Full
from convgraph.core.layer import Layer, Row
from convgraph.core.listed_axes import Table
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.window import identity
from convgraph.core.wiring import Listed, Product, Wiring
from convgraph.interactions.class_numbers import compact
from convgraph.interactions.concatenations import laid_in_line, parts_of
from convgraph.interactions.recombined import recombined
from convgraph.interactions.states import (
    Algebra,
    State,
    UntraceableError,
    align,
    freeze,
    in_line,
    merged,
    with_classes,
)
from convgraph.interactions.sums_of_states import FEW, Sum, Sums, added, collected, key_of, times

__all__ = [
    "Carrier",
    "Propagation",
    "first_state",
    "is_identity",
    "propagate",
]

P = TypeVar("P")
MOST_LISTED = 4096


@dataclass(frozen=True, eq=False)
class Propagation(Generic[P]):
    """What the units of each row see of a row: a sum of states by the row's name.

    A row that does not depend on it is missing, and None stands where the axes do not tell.
    `arrivals` holds, for layers that merge several rows, what comes from each of them: of those
    that a concatenation lays in line, what their own units see.
    """

    sums: dict[str, Sum[P] | None]
    arrivals: dict[str, tuple[Sum[P] | None, ...]]
    algebra: Algebra[P]

    @cached_property
    def states(self) -> Mapping[str, State[P] | None]:
        """The sums as one state each, worked out where they are asked for."""
        return Sums(self.sums, self.algebra)


def first_state(row: Row, payload: P) -> State[P]:
    """The state of the row itself: its units move along all axes but that of its channels."""
    first = 1 if row.channels else 0
    moves = tuple(range(first, len(row.shape)))
    return State(row.shape, moves, np.zeros((1,) * len(row.shape), np.int64), (payload,))


def propagate(
    network: Network, start: str, state: State[P], algebra: Algebra[P], until: str | None = None
) -> Propagation[P]:
    """Carry a state from a row to all rows behind it (or to those on the way to one of them)."""
    carrier = Carrier(algebra)
    sums: dict[str, Sum[P] | None] = {start: carrier.first(state)}
    arrivals: dict[str, tuple[Sum[P] | None, ...]] = {}
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


class Behind(NamedTuple, Generic[P]):
    """What the units of a layer see, and what of it comes from each row; see `Propagation`."""

    arrivals: tuple[Sum[P] | None, ...]
    total: Sum[P] | None


class Carrier(Generic[P]):
    """Carries what units see from layer to layer, and remembers it.

    The blocks of a network repeat a few wirings. States that say the same are the same object, so
    that what a layer makes of them is found once, and the terms of a sum are told apart by it.
    """

    def __init__(self, algebra: Algebra[P]) -> None:
        self.algebra = algebra
        self._known: dict[Hashable, State[P]] = {}
        self._carried: dict[Hashable, tuple[State[P], int] | None] = {}
        self._joined: dict[Hashable, Sum[P] | None] = {}
        self._sums: dict[Hashable, Sum[P]] = {}

    def first(self, state: State[P]) -> Sum[P]:
        """What the units of the first row see."""
        return self._named([(state, 1)])

    def behind(self, layer: Layer, sums: Mapping[str, Sum[P] | None]) -> Behind[P] | None:
        """What a layer's units see; None where it reads no row that has a sum."""
        joints = [joint for joint in layer.joints if joint.source.name in sums]
        if not joints:
            return None
        read = tuple(sums[joint.source.name] for joint in joints)
        if len(joints) > 1:
            line = self._in_line(read, [joint.wiring for joint in joints])
            if line is not None:
                return Behind(read, line)
        alone = len(layer.joints) == 1
        wirings = (joint.wiring for joint in joints)
        each = zip(read, wirings, strict=True)
        found = tuple(self._arrival(total, wiring, alone) for total, wiring in each)
        return Behind(found, self._all(found))

    def _in_line(self, read: Sequence[Sum[P] | None], wirings: Sequence[Wiring]) -> Sum[P] | None:
        """Of a concatenation of rows whose sums have a term each; None for all else."""
        states = [
            times(*total.terms[0], self.algebra)
            for total in read
            if total is not None and len(total.terms) == 1
        ]
        if len(states) < len(read) or parts_of(wirings) is None:
            return None
        products = [wiring for wiring in wirings if isinstance(wiring, Product)]
        state = laid_in_line(states, products, self.algebra)
        return None if state is None else self._named([(state, 1)])

    def _all(self, found: tuple[Sum[P] | None, ...]) -> Sum[P] | None:
        """All that comes to a layer as one sum, or None where the axes do not tell."""
        known = [total for total in found if total is not None]
        if len(known) < len(found):
            return None
        if len(known) == 1:
            return known[0]
        key = tuple(tuple((id(state), n) for state, n in total.terms) for total in known)
        if key not in self._joined:
            try:
                self._joined[key] = self._named(added(known, self.algebra).terms)
            except UntraceableError:
                self._joined[key] = None
        return self._joined[key]

    def _arrival(self, total: Sum[P] | None, wiring: Wiring, alone: bool) -> Sum[P] | None:
        if total is None or _keeps_all(wiring):
            return total
        terms = []
        for state, number in total.terms:
            key = id(state), wiring, alone
            if key not in self._carried:
                self._carried[key] = self._through(state, wiring, alone)
            carried = self._carried[key]
            if carried is None:
                return None
            terms.append((carried[0], number * carried[1]))
        return self._named(terms)

    def _through(self, state: State[P], wiring: Wiring, alone: bool) -> tuple[State[P], int] | None:
        try:
            if isinstance(wiring, Listed):
                return _listed(state, wiring, self.algebra), 1
            found, number = _product(state, wiring, alone, self.algebra)
            # of many payloads it is kept how often they count; a few are better counted once
            few = len(found.payloads) <= FEW
            return (times(found, number, self.algebra), 1) if few else (found, number)
        except UntraceableError:
            return None

    def _kept(self, state: State[P]) -> State[P]:
        """The one state that says this."""
        return self._known.setdefault(key_of(state, self.algebra), state)

    def _named(self, terms: Sequence[tuple[State[P], int]]) -> Sum[P]:
        """The one sum of these terms."""
        kept = collected([(self._kept(state), n) for state, n in terms], self.algebra)
        key = tuple((id(state), n) for state, n in kept)
        return self._sums.setdefault(key, Sum(tuple(kept)))


def _keeps_all(wiring: Wiring) -> bool:
    """Whether a wiring reads each unit once, in its place."""
    return (
        isinstance(wiring, Product)
        and all(a == p for a, p in enumerate(wiring.order))
        and all(map(is_identity, wiring.axes))
    )


def is_identity(axis: Axis) -> bool:
    """Whether output i reads input i and nothing else."""
    return axis.sliding is not None and axis.copies


def _divided(wiring: Product) -> tuple[list[Axis], list[int], tuple[Size, ...]]:
    """(axes, order, view of the input) with groups of channels as an axis of their own."""
    if not any(axis.groups > 1 for axis in wiring.axes):
        return list(wiring.axes), list(wiring.order), wiring.in_view
    parts: list[list[Axis]] = []
    for axis in wiring.axes:
        if axis.groups > 1:
            g = axis.groups
            inner = Full(axis.taps, axis.outputs // g)
            parts.append(
                [identity(g)] if inner.inputs == inner.outputs == 1 else [identity(g), inner]
            )
        else:
            parts.append([axis])
    at, first = 0, [0] * len(parts)
    for a in sorted(range(len(parts)), key=wiring.order.__getitem__):
        first[a] = at
        at += len(parts[a])
    axes = [axis for part in parts for axis in part]
    order = [first[a] + i for a, part in enumerate(parts) for i in range(len(part))]
    view: list[Size] = [0] * len(axes)
    for axis, position in zip(axes, order, strict=True):
        view[position] = axis.inputs
    return axes, order, tuple(view)


def _product(
    state: State[P], wiring: Product, alone: bool, algebra: Algebra[P]
) -> tuple[State[P], int]:
    """What units see behind a product of axes, and how many times they see it."""
    times = 1
    straight = all(a == p for a, p in enumerate(wiring.order))
    axes, order, in_view = _divided(wiring)
    changing = [a for a, axis in enumerate(axes) if not is_identity(axis)]
    state, runs = align(state, in_view, algebra)
    for a in changing:  # merging what one relation reads comes first: it renumbers the axes
        run = runs[order[a]]
        if len(run) > 1 and not axes[a].full:
            state = merged(state, run.start, len(run), algebra)
            shift = len(run) - 1
            runs = [
                range(r.start - shift, r.stop - shift) if r.start > run.start else r for r in runs
            ]
            runs[order[a]] = range(run.start, run.start + 1)
    dropped: set[int] = set()
    for a in changing:
        run, axis = runs[order[a]], axes[a]
        if axis.full:
            state, again = _read_all(state, run, algebra)
            times *= again
            view = list(state.view)
            view[run.start] = axis.outputs
            for other in run[1:]:
                view[other] = 1
                dropped.add(other)
            state = State(tuple(view), state.moves, state.classes, state.payloads)
        else:
            state = _along(state, run.start, axis, alone, algebra)
    if straight and not dropped:
        return state, times
    kept = [a for axis in order for a in runs[axis] if a not in dropped]
    moves = tuple(None if m is None else kept.index(m) for m in state.moves)
    classes = state.classes.transpose([*kept, *sorted(dropped)])
    classes = classes.reshape(classes.shape[: len(kept)])
    return State(tuple(state.view[a] for a in kept), moves, classes, state.payloads), times


def _read_all(state: State[P], run: range, algebra: Algebra[P]) -> tuple[State[P], int]:
    """Units that read all positions of some axes, and how many times they see what they see."""
    for b, m in enumerate(state.moves):
        if m is not None and m in run:
            moves = tuple(None if n == m else n for n in state.moves)
            size = state.view[m]
            payloads = tuple(
                None if p is None else algebra.whole(p, b, size) for p in state.payloads
            )
            view = (*state.view[:m], 1, *state.view[m + 1 :])
            state = replace(state, view=view, moves=moves, payloads=payloads)
    repeats: Size = 1
    varying = []
    for axis in run:
        if state.classes.shape[axis] > 1:
            varying.append(axis)
        else:
            repeats = repeats * state.view[axis]
    times = 1 if algebra.idempotent else int(repeats)
    if not varying:
        return state, times
    cells = np.moveaxis(state.classes, varying, range(-len(varying), 0))
    rest = cells.shape[: cells.ndim - len(varying)]
    reads = cells.reshape(int(np.prod(rest)), -1)
    shape = tuple(1 if a in varying else n for a, n in enumerate(state.classes.shape))
    return recombined(state, reads, shape, algebra), times


def _along(state: State[P], at: int, axis: Axis, alone: bool, algebra: Algebra[P]) -> State[P]:
    """Units that read along one axis of the view by some relation."""
    view = (*state.view[:at], axis.outputs, *state.view[at + 1 :])
    if at in state.moves:
        b = state.moves.index(at)
        if not alone and axis.sliding is not None and axis.taps == 1 and not axis.symbolic:
            table = axis.table()
            if (table < 0).any():  # a concatenation: what is missing here comes from elsewhere
                axis = Table(int(axis.inputs), table)
        payloads = tuple(None if p is None else algebra.through(p, b, axis) for p in state.payloads)
        return State(view, state.moves, state.classes, payloads)
    alike = state.classes.shape[at] == 1
    if alike and algebra.idempotent and (axis.symbolic or axis.fan_in().all()):
        return replace(state, view=view)
    if axis.symbolic:
        raise UntraceableError
    table = axis.table()
    size, shape = int(axis.inputs), state.classes.shape
    classes = state.classes
    if alike:
        classes = np.broadcast_to(classes, (*shape[:at], size, *shape[at + 1 :]))
    changed = replace(state, view=view)
    missing = len(state.payloads)
    classes = compact(classes, missing + 1)
    nothing = np.full((*shape[:at], 1, *shape[at + 1 :]), missing, classes.dtype)
    padded = np.concatenate([classes, nothing], axis=at)
    if table.shape[1] == 1:  # every unit is of one class, or of none, for which there is a new one
        picked = padded.take(table[:, 0], axis=at)
        missed = bool(table.min() < 0)
        known = in_line([state.payloads, (None,)], algebra) if missed else state.payloads
        return with_classes(changed, picked, known, algebra)
    padded[padded == missing] = -1
    padded = np.moveaxis(padded, at, -1)
    reads = np.moveaxis(padded[..., table], -2, at)  # (..., outputs at `at`, ..., taps)
    return recombined(changed, reads.reshape(-1, table.shape[1]), reads.shape[:-1], algebra)


def _listed(state: State[P], wiring: Listed, algebra: Algebra[P]) -> State[P]:
    """A relation listed unit by unit: nothing moves any more."""
    if max(wiring.inputs, wiring.outputs) > MOST_LISTED:
        raise UntraceableError
    for axis in range(len(state.view)):
        state = freeze(state, axis, algebra)
    state = merged(state, 0, len(state.view), algebra)
    classes = np.broadcast_to(state.classes, (wiring.inputs,))
    fan_in = np.diff(wiring.start)
    reads = np.full((wiring.outputs, max(int(fan_in.max(initial=0)), 1)), -1, np.int64)
    target = wiring.target()
    reads[target, np.arange(len(target)) - wiring.start[target]] = classes[wiring.source]
    changed = replace(state, view=(wiring.outputs,))
    return recombined(changed, reads, (wiring.outputs,), algebra)

"""What units see behind one wiring, of what the units that it reads see."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full
from convgraph.core.listed_axes import Table
from convgraph.core.sizes import Size
from convgraph.core.window import identity
from convgraph.core.wiring import Listed, Product, Wiring
from convgraph.interactions.algebras import Algebra, Bordered, UntraceableError
from convgraph.interactions.class_numbers import compact
from convgraph.interactions.recombined import recombined
from convgraph.interactions.states import State, align, freeze, in_line, merged, with_classes

__all__ = ["behind_listing", "behind_product", "is_identity", "keeps_all"]

P = TypeVar("P")
MOST_LISTED = 4096  # units of a listed relation, on which nothing moves: each is a class


def keeps_all(wiring: Wiring) -> bool:
    """Whether a wiring reads each unit once, in its place."""
    return isinstance(wiring, Product) and wiring.copies


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


def behind_product(
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
    placed = not alone and axis.sliding is not None and axis.taps == 1 and not axis.symbolic
    if at in state.moves:
        b = state.moves.index(at)
        if placed:
            table = axis.table()
            if (table < 0).any():  # a concatenation: what is missing here comes from elsewhere
                axis = Table(int(axis.inputs), table)
        payloads = tuple(None if p is None else algebra.through(p, b, axis) for p in state.payloads)
        view = (*state.view[:at], axis.outputs, *state.view[at + 1 :])
        return State(view, state.moves, state.classes, payloads)
    state = _along_still(state, at, axis, algebra)
    if not isinstance(algebra, Bordered) or placed or axis.symbolic:
        return state
    if (beyond := axis.beyond()).any():
        touched = tuple(None if p is None else algebra.at_border(p) for p in state.payloads)
        return _bordered(state, at, beyond, touched, algebra)
    return state


def _bordered(
    state: State[P],
    at: int,
    beyond: NDArray[np.bool_],
    touched: tuple[P | None, ...],
    algebra: Algebra[P],
) -> State[P]:
    """Units of which those at some positions along an axis read `beyond` its border.

    What they see is `touched`, payload by payload.
    """
    pairs = zip(state.payloads, touched, strict=True)
    if all(p is None or q is None or algebra.same(p) == algebra.same(q) for p, q in pairs):
        return state
    if beyond.all():
        return with_classes(state, state.classes, touched, algebra)
    shape = (*state.classes.shape[:at], len(beyond), *state.classes.shape[at + 1 :])
    there = np.expand_dims(beyond, [a for a in range(len(shape)) if a != at])
    number = np.broadcast_to(state.classes.astype(np.int64), shape) + len(touched) * there
    return with_classes(state, number, (*state.payloads, *touched), algebra)


def _along_still(state: State[P], at: int, axis: Axis, algebra: Algebra[P]) -> State[P]:
    """The same where nothing moves along that axis of the view."""
    view = (*state.view[:at], axis.outputs, *state.view[at + 1 :])
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
    first = int(table[0, 0])
    if first >= 0 and np.array_equal(table, np.arange(first, first + len(table))[:, None]):
        picked = classes[(slice(None),) * at + (slice(first, first + len(table)),)]  # no copy
        return with_classes(changed, picked, state.payloads, algebra)
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


def behind_listing(state: State[P], wiring: Listed, algebra: Algebra[P]) -> State[P]:
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

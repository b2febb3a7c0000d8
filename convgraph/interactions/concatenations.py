"""What the units of a concatenation see: one after the other, what those of its parts do.

Carried like any other layer that reads several rows, each part would be spread over the whole row,
with a class for what comes from elsewhere, and be joined to the others one by one: of n parts each
step goes through all classes again, and a block of a DenseNet has 24 such layers of up to 24 parts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

from convgraph.core.sizes import Size
from convgraph.core.wiring import Product, Wiring
from convgraph.interactions.algebras import Algebra, UntraceableError
from convgraph.interactions.class_numbers import compact
from convgraph.interactions.states import State, align, in_line, with_classes

__all__ = ["laid_in_line", "parts_of"]

P = TypeVar("P")


def parts_of(wirings: Sequence[Wiring]) -> tuple[int, list[int]] | None:
    """The axis along which parts lie one beside the other, and where each begins; or None.

    >>> from convgraph.core.window import Window, identity
    >>> parts_of([Product((Window(2, 5, 1, padding=at), identity(9))) for at in (0, 3)])
    (0, [0, 3])
    """
    axes, starts, taken = set[int](), list[int](), list[tuple[int, int]]()
    views = set[Hashable]()
    for wiring in wirings:
        if not isinstance(wiring, Product) or wiring.order != tuple(range(len(wiring.axes))):
            return None
        moved = [a for a, axis in enumerate(wiring.axes) if not axis.copies]
        if len(moved) != 1:
            return None
        (at,) = moved
        axis = wiring.axes[at]
        if axis.symbolic or axis.sliding is None or axis.taps != 1 or axis.boundary != "zeros":
            return None
        start, size = int(axis.padding), int(axis.inputs)
        if axis.stride != 1 or start < 0 or start + size > axis.outputs:
            return None
        axes.add(at)
        views.add((len(wiring.axes), *wiring.out_view))
        starts.append(start)
        taken.append((start, start + size))
    taken.sort()
    apart = all(end <= start for (_, end), (start, _) in pairwise(taken))
    return (axes.pop(), starts) if len(axes) == len(views) == 1 and apart else None


def laid_in_line(
    states: Sequence[State[P]], wirings: Sequence[Product], algebra: Algebra[P]
) -> State[P] | None:
    """The state of a row that has others in line along an axis; None where that is no simple case.

    What a part moves along has to be the same for all, and not the axis itself.
    """
    found = parts_of(wirings)
    if found is None:
        return None
    at, starts = found
    parts: list[State[P]] = []
    for state, wiring in zip(states, wirings, strict=True):
        try:
            parts.append(align(state, wiring.in_view, algebra)[0])
        except UntraceableError:
            return None
        if parts[-1].view != tuple(wiring.in_view):
            return None
    moves = parts[0].moves
    if at in moves or any(part.moves != moves for part in parts):
        return None
    view: tuple[Size, ...] = wirings[0].out_view
    nothing = sum(len(part.payloads) for part in parts)
    across = [(*part.classes.shape[:at], 1, *part.classes.shape[at + 1 :]) for part in parts]
    shape = list(np.broadcast_shapes(*across))
    shape[at] = int(view[at])
    numbers = np.full(shape, nothing, np.min_scalar_type(-nothing - 2))
    # Classes of one part after those of the other; where no part lies, units see nothing, which is
    # the class behind all of them.
    before = 0
    for part, start in zip(parts, starts, strict=True):
        here = (*(slice(None),) * at, slice(start, start + int(part.view[at])))
        numbers[here] = compact(part.classes, nothing + 1) + before
        before += len(part.payloads)
    each = [part.payloads for part in parts]
    if sum(int(part.view[at]) for part in parts) < shape[at]:
        each.append((None,))
    payloads = in_line(each, algebra)
    return with_classes(State(view, moves, numbers, ()), numbers, payloads, algebra)

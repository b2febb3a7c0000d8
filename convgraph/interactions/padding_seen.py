"""Which units see padding: whether anything that they depend on was read beyond a border."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product as cartesian
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.interactions.algebras import Bordered, Saturating, UntraceableError
from convgraph.interactions.class_numbers import counts_of
from convgraph.interactions.joined_states import MOST_JOINED, groups_apart
from convgraph.interactions.propagation import Propagation, first_state, propagate
from convgraph.interactions.sums_of_states import Sum, worked_out

__all__ = ["Slabs", "padded_share", "padded_units"]

# Per axis of the input: the positions at which a unit sees padding, whatever its other positions.
Slabs: TypeAlias = "tuple[NDArray[np.bool_], ...]"


def padded_units(network: Network, start: str) -> Propagation[Slabs]:
    """The units of all rows behind a row that see padding somewhere on the way.

    A unit does if it does so along any axis, so that the units are a union of one slab per axis. A
    window that wraps around reads no padding; reflected and replicated borders count as such.

    >>> from convgraph import Conv
    >>> net = (Conv(3, padding="same") >> Conv(3, padding="same")).on(7)
    >>> padded_units(net, "x").states["g"].payloads[0][0].astype(int)
    array([1, 1, 0, 0, 0, 1, 1])
    """
    row = network.row(start)
    shape = row.numbers()
    space = shape[1:] if row.channels else shape
    state = first_state(row, tuple(np.zeros(n, bool) for n in space))
    return propagate(network, start, state, Touching(), apart=True)


def padded_share(total: Sum[Slabs]) -> Fraction | None:
    """The share of a row's units that see padding; None where there are too many kinds of them.

    Classes that vary along other axes each meet all of the others, so that queries and keys are
    counted apart, and not once for each pair.
    """
    algebra = Touching()
    met: dict[Hashable, tuple[Slabs | None, int]] = {None: (None, 1)}
    units = 1
    for group in groups_apart(total.terms):
        state = worked_out(Sum(tuple(group)), algebra)
        if state is None:
            return None
        kinds = len(met), len(state.payloads)
        if kinds[0] * kinds[1] > max(MOST_JOINED, *kinds):
            return None
        counts = counts_of(state.classes, kinds[1]).tolist()
        counted = zip(state.payloads, counts, strict=True)
        before, met = list(met.values()), {}
        for (seen, times), (here, count) in cartesian(before, counted):
            slabs = seen if here is None else here
            if seen is not None and here is not None:
                slabs = algebra.combine([(seen, 1), (here, 1)], state.sizes)
            key = None if slabs is None else algebra.same(slabs)
            met[key] = slabs, times * count + (met[key][1] if key in met else 0)
        units *= state.classes.size
    padded = Fraction(0)
    for slabs, number in met.values():
        if slabs is not None:
            every = prod(map(len, slabs))
            free = prod(len(slab) - int(np.count_nonzero(slab)) for slab in slabs)
            padded += Fraction(number * (every - free), every)
    return padded / units


class Touching(Saturating[Slabs], Bordered[Slabs]):
    """The algebra of slabs; see `convgraph.interactions.algebras.Algebra`."""

    idempotent = True

    def same(self, payload: Slabs) -> Hashable:
        """See `Algebra.same`."""
        return tuple((len(slab), slab.tobytes()) for slab in payload)

    def is_everything(self, payload: Slabs) -> bool:
        """See `Saturating.is_everything`."""
        return all(len(slab) == 1 and slab[0] for slab in payload)

    def through(self, payload: Slabs, b: int, axis: Axis) -> Slabs:
        """See `Algebra.through`."""
        slab = np.broadcast_to(payload[b], int(axis.inputs))
        return _put(payload, b, axis.forward(slab) | axis.beyond())

    def at_border(self, payload: Slabs) -> Slabs:
        """See `Bordered.at_border`: padding is seen there, wherever else units stand."""
        if not payload:
            raise UntraceableError  # of an input without axes of space there are no slabs
        return tuple(np.ones_like(slab) for slab in payload)

    def whole(self, payload: Slabs, b: int, size: Size) -> Slabs:
        """See `Algebra.whole`."""
        return _put(payload, b, np.array([payload[b].any()]))

    def combine(self, parts: Sequence[tuple[Slabs, int]], sizes: Sequence[Size]) -> Slabs:
        """See `Algebra.combine`."""
        each = zip(*(slabs for slabs, _ in parts), strict=True)
        return tuple(reduce(np.logical_or, slabs) for slabs in each)

    def split(self, payload: Slabs, b: int, outer: int, inner: int) -> list[Slabs]:
        """See `Algebra.split`."""
        slab = np.broadcast_to(payload[b], outer * inner)
        return [_put(payload, b, slab[r::inner]) for r in range(inner)]

    def interleave(self, payloads: Sequence[Slabs | None], b: int, outer: int) -> Slabs:
        """See `Algebra.interleave`."""
        known = [slabs for slabs in payloads if slabs is not None]
        for slabs in known[1:]:
            if not all(map(np.array_equal, _put(slabs, b, known[0][b]), known[0])):
                raise UntraceableError  # no union of slabs: one phase sees padding, another not
        both = np.zeros((outer, len(payloads)), bool)
        for r, each in enumerate(payloads):
            if each is not None:
                both[:, r] = each[b]
        return _put(known[0], b, both.ravel())

    def freeze(self, payload: Slabs, b: int, size: int) -> list[Slabs]:
        """See `Algebra.freeze`."""
        slab = np.broadcast_to(payload[b], size)
        return [_put(payload, b, slab[i : i + 1]) for i in range(size)]


def _put(slabs: Slabs, b: int, slab: NDArray[np.bool_]) -> Slabs:
    return (*slabs[:b], slab, *slabs[b + 1 :])

"""Exact receptive fields of all units: which positions see which, as bits, axis by axis.

Each unit sees a union of few products (a channel set times positions per axis): one for each way
through the network that is not covered by another. The positions are rows of bits, eight to a
byte, and the columns of an image mostly share the tables of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.window import Window
from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.propagation import Propagation, propagate
from convgraph.interactions.states import State

__all__ = ["Bits", "Branch", "exact_fields"]

# Which positions of an input axis each position sees; one row of bits where all see the same.
Bits: TypeAlias = NDArray[np.uint8]
# The channels that are seen, as the bits of a number, and a table for each axis.
Branch: TypeAlias = "tuple[int, tuple[Bits, ...]]"
Branches: TypeAlias = "tuple[Branch, ...]"


def exact_fields(
    network: Network, start: str, until: str | None = None, apart: bool = False
) -> Propagation[Branches]:
    """What each unit of each row sees of a row: per class of units a union of products.

    `apart` is that of `propagate`.
    """
    row = network.row(start)
    shape = row.numbers()
    space = shape[1:] if row.channels else shape
    algebra = BitTables()
    if 2 * sum(n * n // 8 for n in set(space)) > MOST_BYTES:  # one for the input, one for a layer
        behind = [layer.target.name for layer in network.layers]
        return Propagation(dict.fromkeys((start, *behind)), {}, algebra)
    own = {n: algebra.kept(_diagonal(n)) for n in set(space)}
    tables = tuple(own[n] for n in space)
    count = shape[0] if row.channels else 1
    first = 1 if row.channels else 0
    classes = np.arange(count).reshape((count,) * first + (1,) * len(space))
    payloads: tuple[Branches, ...] = tuple(((1 << c, tables),) for c in range(count))
    state: State[Branches] = State(row.shape, tuple(range(first, len(shape))), classes, payloads)
    return propagate(network, start, state, algebra, until, apart)


def _diagonal(n: int) -> Bits:
    """Each position sees itself."""
    bits = np.zeros((n, -(-n // 8)), np.uint8)
    position = np.arange(n)
    bits[position, position // 8] = 128 >> (position % 8)
    return bits


# So many bytes of tables are kept. A table of n positions has n²/8 bytes: one second of sound
# at 16 kHz has 32 MB a layer, and ten have 3.2 GB. What does not fit is not known for all units
# at once; `receptive_field` tells it of each unit all the same.
MOST_BYTES = 1 << 29
AT_ONCE = 1 << 16  # bytes up to which all taps are read in one step


class BitTables:
    """The algebra of unions of products; see `convgraph.interactions.algebras.Algebra`."""

    idempotent = True

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], list[Bits]] = {}
        self._unions: dict[frozenset[tuple[int, ...]], Branches] = {}
        self._stepped: dict[Any, Bits] = {}
        self._within: dict[tuple[int, int], bool] = {}
        self._weight: dict[int, int] = {}
        self._bytes = 0

    def kept(self, bits: Bits) -> Bits:
        """The one array of this content, so that equal tables are the same object."""
        few = bits[[0, len(bits) // 2, -1]] if len(bits) > 3 else bits  # they nearly always tell
        alike = self._kept.setdefault((bits.shape, few.tobytes()), [])
        for other in alike:
            if other is bits or _equal(other, bits):
                return other
        self._bytes += bits.nbytes
        if self._bytes > MOST_BYTES:
            raise UntraceableError
        alike.append(bits)
        return bits

    def _each(self, payload: Branches, b: int, change: Callable[[Bits], Bits]) -> Branches:
        """With other tables for one axis; `change` gives arrays that are kept."""
        if len(payload) == 1:  # most often, and there is nothing to unite
            ((mask, tables),) = payload
            return ((mask, (*tables[:b], change(tables[b]), *tables[b + 1 :])),)
        return self._united(
            (mask, (*tables[:b], change(tables[b]), *tables[b + 1 :])) for mask, tables in payload
        )

    def same(self, payload: Branches) -> Hashable:
        """See `Algebra.same`."""
        return tuple((mask, *map(id, tables)) for mask, tables in payload)

    def through(self, payload: Branches, b: int, axis: Axis) -> Branches:
        """See `Algebra.through`."""

        def step(bits: Bits) -> Bits:
            key = axis, id(bits)
            seen = self._stepped.get(key)
            if seen is None:
                seen = self._stepped[key] = self.kept(_seen(axis, bits))
            return seen

        return self._each(payload, b, step)

    def whole(self, payload: Branches, b: int, size: Size) -> Branches:
        """See `Algebra.whole`."""
        return self._each(
            payload, b, lambda bits: self.kept(np.bitwise_or.reduce(bits, axis=0)[None])
        )

    def combine(self, parts: Sequence[tuple[Branches, int]], sizes: Sequence[Size]) -> Branches:
        """See `Algebra.combine`."""
        return self._united(branch for payload, _ in parts for branch in payload)

    def split(self, payload: Branches, b: int, outer: int, inner: int) -> list[Branches]:
        """See `Algebra.split`."""
        return [
            self._each(payload, b, partial(self._part, slice(r, None, inner))) for r in range(inner)
        ]

    def interleave(self, payloads: Sequence[Branches | None], b: int, outer: int) -> Branches:
        """See `Algebra.interleave`."""
        spread: list[Branch] = []
        for r, payload in enumerate(payloads):
            for mask, tables in payload or ():
                bits = np.zeros((outer * len(payloads), tables[b].shape[1]), np.uint8)
                bits[r :: len(payloads)] = tables[b]
                spread.append((mask, (*tables[:b], self.kept(bits), *tables[b + 1 :])))
        return self._united(spread)

    def freeze(self, payload: Branches, b: int, size: int) -> list[Branches]:
        """See `Algebra.freeze`."""
        return [self._each(payload, b, partial(self._part, slice(i, i + 1))) for i in range(size)]

    def _part(self, positions: slice, bits: Bits) -> Bits:
        return bits if len(bits) == 1 else self.kept(bits[positions])

    def _united(self, branches: Iterable[Branch]) -> Branches:
        """The same union with few products: none empty, none covered, none to be joined."""
        by_tables: dict[tuple[int, ...], Branch] = {}
        for mask, tables in branches:
            key = tuple(map(id, tables))
            mask |= by_tables[key][0] if key in by_tables else 0
            by_tables[key] = mask, tables
        if len(by_tables) == 1:
            return tuple(by_tables.values())
        same = frozenset((mask, *key) for key, (mask, _) in by_tables.items())
        known = self._unions.get(same)
        if known is None:
            known = self._unions[same] = self._smallest(list(by_tables.values()))
        return known

    def _smallest(self, found: list[Branch]) -> Branches:
        found = [(mask, tables) for mask, tables in found if all(map(self._size, tables))]
        axes = range(len(found[0][1])) if found else ()
        joined = True
        while joined and len(found) > 1:
            before = len(found)
            for a in axes:
                found = self._joined(found, a)
            joined = len(found) < before
        # what covers another sees as much as it does for the mean position
        found.sort(key=lambda branch: -sum(self._size(table) / len(table) for table in branch[1]))
        kept: list[Branch] = []
        for branch in found:
            if not any(self._covers(other, branch) for other in kept):
                kept.append(branch)
        return tuple(kept)

    def _joined(self, found: list[Branch], a: int) -> list[Branch]:
        """Products that differ on one axis only are one."""
        groups: dict[tuple[int, ...], list[Branch]] = {}
        for branch in found:
            mask, tables = branch
            others = map(id, (*tables[:a], *tables[a + 1 :]))
            groups.setdefault((mask, *others), []).append(branch)
        if len(groups) == len(found):
            return found
        return [self._along(group, a) for group in groups.values()]

    def _along(self, group: list[Branch], a: int) -> Branch:
        mask, tables = group[0]
        if len(group) == 1:
            return group[0]
        both = self.kept(reduce(np.bitwise_or, (branch[1][a] for branch in group)))
        return mask, (*tables[:a], both, *tables[a + 1 :])

    def _size(self, bits: Bits) -> int:
        if id(bits) not in self._weight:
            self._weight[id(bits)] = int(np.bitwise_count(bits).sum(dtype=np.int64))
        return self._weight[id(bits)]

    def _covers(self, big: Branch, small: Branch) -> bool:
        return not small[0] & ~big[0] and all(
            self._is_within(x, y) for x, y in zip(small[1], big[1], strict=True)
        )

    def _is_within(self, small: Bits, big: Bits) -> bool:
        if small is big:
            return True
        key = id(small), id(big)
        if key not in self._within:
            self._within[key] = not (small & ~big).any()
        return self._within[key]


def _equal(a: Bits, b: Bits) -> bool:
    """Whether two tables of one shape have the same entries, compared eight bytes at once."""
    x, y = np.ascontiguousarray(a).reshape(-1), np.ascontiguousarray(b).reshape(-1)
    whole = len(x) // 8 * 8
    words = x[:whole].view(np.uint64), y[:whole].view(np.uint64)
    return np.array_equal(*words) and np.array_equal(x[whole:], y[whole:])


def _seen(axis: Axis, bits: Bits) -> Bits:
    if axis.full:
        return np.repeat(np.bitwise_or.reduce(bits, axis=0)[None], int(axis.outputs), axis=0)
    size = int(axis.inputs)
    if len(bits) < size:  # the same for all positions
        if axis.fan_in().all():
            return bits
        bits = np.broadcast_to(bits, (size, bits.shape[1]))
    table = axis.table()
    if axis.sliding is not None and axis.boundary == "zeros" and bits.nbytes > AT_ONCE:
        return _slid(axis.sliding, bits)
    nothing = np.zeros((1, bits.shape[1]), np.uint8)  # what a missing tap (-1) sees
    with_nothing = np.concatenate([bits, nothing])
    if table.size * bits.shape[1] <= AT_ONCE:
        return np.bitwise_or.reduce(with_nothing[table], axis=1)
    seen = with_nothing[table[:, 0]]
    for tap in range(1, table.shape[1]):
        seen |= with_nothing[table[:, tap]]
    return seen


def _slid(axis: Window, bits: Bits) -> Bits:
    """What a window sees, tap by tap: the outputs of a tap read a slice of the input."""
    seen = np.zeros((int(axis.outputs), bits.shape[1]), np.uint8)
    step = int(axis.stride)
    for tap in range(int(axis.taps)):
        before, behind = axis.missing_of(tap)
        first, end = int(before), len(seen) - int(behind)
        if first < end:
            start = step * first + int(axis.dilation) * tap - int(axis.padding)
            seen[first:end] |= bits[start : start + step * (end - first - 1) + 1 : step]
    return seen

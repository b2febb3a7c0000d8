"""Receptive fields as intervals that move in steps: the classical arithmetic of all rows.

Along an axis of the input, position i of a row sees the interval from `start + stride * i` to
`end + stride * i`, whatever the border cuts off. Behind an enlargement the interval moves every
few positions only, so that there is one interval for each phase of a period.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from convgraph.core.axis import Axis
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.window import Window
from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.periodic_reads import reads_of
from convgraph.interactions.propagation import Propagation, first_state, propagate

__all__ = ["Fields", "Interval", "Intervals", "affine_fields", "union_of"]

Ends: TypeAlias = "tuple[Any, ...]"


class Interval(NamedTuple):
    """What the positions of a row see along one axis of the input.

    Position i = q * period + phase sees `starts[phase] + q * step` to `ends[phase] + q * step`;
    None where a phase sees nothing. A step of None means that the intervals are listed for all
    positions, a step of 0 that they do not move. `everywhere` marks a global edge: besides the
    interval, the whole axis is seen, as behind a global pool or a squeeze-and-excitation.
    """

    starts: Ends
    ends: Ends
    step: Any
    everywhere: bool = False

    @property
    def period(self) -> int:
        """The number of phases."""
        return len(self.starts)

    @property
    def plain(self) -> bool:
        """Whether one interval, that is not empty, moves with the position in equal steps."""
        return len(self.starts) == 1 and self.step is not None and self.starts[0] is not None

    @property
    def moves(self) -> bool:
        """Whether the interval moves in even steps."""
        return self.step is not None and self.step != 0

    @property
    def size(self) -> Any:
        """Positions from the first to the last that a unit sees, the most of all phases."""
        sizes = [b - a + 1 for a, b in zip(self.starts, self.ends, strict=True) if a is not None]
        return sizes[0] if len(sizes) == 1 else max(sizes, default=0)

    @property
    def stride(self) -> Any:
        """Positions of the input between the fields of neighbours, or None."""
        if not self.moves:
            return None
        return Fraction(self.step, self.period) if isinstance(self.step, int) else self.step

    @property
    def centre(self) -> Any:
        """The middle of the first unit's field, on the line through the middles of all phases."""
        if self.step is None or None in self.starts:
            return None
        total: Any = sum(self.starts) + sum(self.ends)
        if not isinstance(total, int):
            return total / 2
        middle = Fraction(total, 2 * self.period)
        return middle - Fraction(self.step * (self.period - 1), 2 * self.period)

    def at(self, position: Any) -> tuple[Any, Any] | None:
        """The interval that a position sees, or None for nothing."""
        if self.step is None:
            if not 0 <= position < self.period:
                return None
            q, phase = 0, position
        elif self.plain:
            return self.starts[0] + position * self.step, self.ends[0] + position * self.step
        else:
            q, phase = divmod(position, self.period)
        start = self.starts[phase]
        moved = 0 if self.step is None else q * self.step
        return None if start is None else (start + moved, self.ends[phase] + moved)


Fields: TypeAlias = tuple[Interval, ...]


def affine_fields(network: Network, start: str, apart: bool = False) -> Propagation[Fields]:
    """The intervals that all rows see of a row, per class of units and axis of that row.

    `apart` is that of `propagate`.

    >>> from convgraph import Conv, MaxPool
    >>> net = (Conv(3, padding="same") >> MaxPool(2) >> Conv(3, padding="same")).on(8)
    >>> affine_fields(net, "x").states["s"].payloads[0]
    (Interval(starts=(-3,), ends=(4,), step=2, everywhere=False),)

    References
    ----------
    Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill
    (2019); Dumoulin and Visin (2016).
    """
    row = network.row(start)
    axes = len(row.shape) - (1 if row.channels else 0)
    state = first_state(row, (Interval((0,), (0,), 1),) * axes)
    return propagate(network, start, state, Intervals(), apart=apart)


class Intervals:
    """The algebra of intervals; see `convgraph.interactions.algebras.Algebra`."""

    idempotent = True

    def same(self, payload: Fields) -> Hashable:
        """See `Algebra.same`."""
        return payload

    def through(self, payload: Fields, b: int, axis: Axis) -> Fields:
        """See `Algebra.through`."""
        return _put(payload, b, _through(payload[b], axis))

    def whole(self, payload: Fields, b: int, size: Size) -> Fields:
        """See `Algebra.whole`."""
        field = payload[b]
        if size == 1:
            seen = field.at(0)
            a, z = (None, None) if seen is None else seen
            return _put(payload, b, Interval((a,), (z,), 0, field.everywhere))
        if field.plain:
            way = field.step * (size - 1)
            before, after = (way, 0) if _backwards(field) else (0, way)
            whole = Interval((field.starts[0] + before,), (field.ends[0] + after,), 0, True)
        else:
            seen_all = [seen for i in range(int(size)) if (seen := field.at(i)) is not None]
            whole = Interval(
                (min((a for a, _ in seen_all), default=None),),
                (max((z for _, z in seen_all), default=None),),
                0,
                True,
            )
        return _put(payload, b, whole)

    def combine(self, parts: Sequence[tuple[Fields, int]], sizes: Sequence[Size]) -> Fields:
        """See `Algebra.combine`."""
        first = parts[0][0]
        for other, _ in parts[1:]:
            if other is not first and other != first:
                pairs = zip(first, other, sizes, strict=True)
                first = tuple(union_of(x, y, size) for x, y, size in pairs)
        return first

    def split(self, payload: Fields, b: int, outer: int, inner: int) -> list[Fields]:
        """See `Algebra.split`."""
        steps = (Window(outer * inner, outer, 1, stride=inner, padding=-r) for r in range(inner))
        return [self.through(payload, b, axis) for axis in steps]

    def interleave(self, payloads: Sequence[Fields | None], b: int, outer: int) -> Fields:
        """See `Algebra.interleave`."""
        fields = [None if p is None else p[b] for p in payloads]
        known = next(p for p in payloads if p is not None)
        rest = [p for p in payloads if p is not None and _put(p, b, known[b]) != known]
        everywhere = any(f is not None and f.everywhere for f in fields)
        steps = {f.step for f in fields if f is not None}
        if rest or any(f is not None and f.period > 1 for f in fields) or len(steps) > 1:
            raise UntraceableError
        starts = tuple(None if f is None else f.starts[0] for f in fields)
        ends = tuple(None if f is None else f.ends[0] for f in fields)
        return _put(known, b, _reduced(Interval(starts, ends, steps.pop(), everywhere)))

    def freeze(self, payload: Fields, b: int, size: int) -> list[Fields]:
        """See `Algebra.freeze`."""
        still = []
        for i in range(size):
            seen = payload[b].at(i)
            a, z = (None, None) if seen is None else seen
            still.append(_put(payload, b, Interval((a,), (z,), 0, payload[b].everywhere)))
        return still


def _put(fields: Fields, b: int, field: Interval) -> Fields:
    return (*fields[:b], field, *fields[b + 1 :])


def _backwards(field: Interval) -> bool:
    return isinstance(field.step, int) and field.step < 0


def _through(field: Interval, axis: Axis) -> Interval:
    if axis.sliding is not None and field.plain:
        first = field.step * axis.padding
        reach = field.step * (axis.dilation * (axis.taps - 1))
        before, after = (reach, 0) if _backwards(field) else (0, reach)
        return Interval(
            (field.starts[0] - first + before,),
            (field.ends[0] - first + after,),
            field.step * axis.stride,
            field.everywhere,
        )
    if axis.symbolic:
        raise UntraceableError
    if field.step is None:
        return _listed(field, axis.table())
    found = reads_of(axis, field.period)
    if found is None:
        return _listed(field, axis.table())
    reads, moved = found
    return _gathered(field, reads, field.step * moved // field.period)


def _gathered(field: Interval, reads: Sequence[Sequence[int]], step: Any) -> Interval:
    starts, ends = [], []
    for positions in reads:
        seen = [interval for q in positions if (interval := field.at(q)) is not None]
        starts.append(min((a for a, _ in seen), default=None))
        ends.append(max((z for _, z in seen), default=None))
    return _reduced(Interval(tuple(starts), tuple(ends), step, field.everywhere))


def _listed(field: Interval, table: Any) -> Interval:
    reads = [[q for q in row if q >= 0] for row in table.tolist()]
    return _gathered(field, reads, None)


def _reduced(field: Interval) -> Interval:
    """With the shortest period."""
    if field.step is None or field.period == 1:
        return field
    for period in range(1, field.period):
        if field.period % period or field.step * period % field.period:
            continue
        step = field.step * period // field.period
        if all(
            field.at(i) == ((seen[0] + step, seen[1] + step) if seen else None)
            for i in range(period, field.period)
            for seen in [field.at(i - period)]
        ):
            return Interval(field.starts[:period], field.ends[:period], step, field.everywhere)
    return field


def union_of(x: Interval, y: Interval, size: Size) -> Interval:
    """The interval from the first end to the last of two, for each of `size` positions."""
    everywhere = x.everywhere or y.everywhere
    if x.step == y.step and x.step is not None and len(x.starts) == len(y.starts) == 1:
        a, z = _least(x.starts[0], y.starts[0]), _most(x.ends[0], y.ends[0])
        return Interval((a,), (z,), x.step, everywhere)
    # where one branch is global, the interval is that of the branch that moves
    if x.everywhere and not x.moves and x.step == 0 and y.moves:
        return y._replace(everywhere=True)
    if y.everywhere and not y.moves and y.step == 0 and x.moves:
        return x._replace(everywhere=True)
    same = x.step is not None and y.step is not None and (x.step * y.period == y.step * x.period)
    if same:
        period = math.lcm(x.period, y.period)
        step = x.step * (period // x.period)
    elif isinstance(size, int):
        period, step = size, None
    else:
        raise UntraceableError
    if period == 1:
        a, z = _least(x.starts[0], y.starts[0]), _most(x.ends[0], y.ends[0])
        return Interval((a,), (z,), step, everywhere)
    both = [(x.at(i), y.at(i)) for i in range(period)]
    starts = tuple(min((s[0] for s in pair if s is not None), default=None) for pair in both)
    ends = tuple(max((s[1] for s in pair if s is not None), default=None) for pair in both)
    return _reduced(Interval(starts, ends, step, everywhere))


def _least(a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int:
        return a if a < b else b
    if a is None or b is None:
        return b if a is None else a
    import sympy as sp

    return sp.Min(a, b)


def _most(a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int:
        return a if a > b else b
    least = _least(None if a is None else -a, None if b is None else -b)
    return None if least is None else -least

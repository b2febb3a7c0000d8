"""Path counts of all rows at once, for units far from the border, axis by axis."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.sizes import Size
from convgraph.interactions.algebras import Bulk, UntraceableError
from convgraph.interactions.path_count_sums import ONE, Along, Moments, Paths, summed
from convgraph.interactions.path_tables import (
    PathTable,
    reads_any,
    sum_of_tables,
    table_of,
    tables_in_line,
)
from convgraph.interactions.periodic_reads import reads_of

__all__ = ["Along", "PathMeasures", "Paths"]

# Fewer payloads than this are summed one by one: a table of them takes longer to make.
FEW = 16


class PathMeasures(Bulk[Paths]):
    """The algebra of path counts; see `convgraph.interactions.algebras.Algebra`.

    A layer multiplies the paths along an axis by its taps there, and those along all other axes by
    how many taps that is. Global edges are left out, and marked.
    """

    idempotent = False

    def start(self, axes: int) -> Paths:
        """The units of the input itself."""
        return Paths((Along((ONE,), 1),) * axes)

    def same(self, payload: Paths) -> Hashable:
        """See `Algebra.same`."""
        return payload

    def through(self, payload: Paths, b: int, axis: Axis) -> Paths:
        """See `Algebra.through`."""
        if axis.symbolic:
            raise UntraceableError
        here = payload.axes[b]
        if not here.step:
            raise UntraceableError
        found = reads_of(axis, len(here.phases))
        if found is None:
            raise UntraceableError
        reads, moved = found
        taps = {len(positions) for positions in reads}
        here = self._gathered(here, reads, here.step * moved // len(here.phases))
        if len(taps) == 1:
            return self._put(payload, b, here, taps.pop())
        total, phases = sum(map(len, reads)), len(reads)
        shared = math.gcd(total, phases)
        total, phases = total // shared, phases // shared
        scaled = self._scaled(here, phases)
        return self._put(payload, b, scaled, total)._replace(per=payload.per * phases)

    def whole(self, payload: Paths, b: int, size: Size) -> Paths:
        """See `Algebra.whole`."""
        if not isinstance(size, int):
            raise UntraceableError
        here = payload.axes[b]
        whole = self._gathered(here, [list(range(size))], 0)
        return self._put(payload, b, whole._replace(everywhere=size > 1 or here.everywhere), size)

    def combine(self, parts: Sequence[tuple[Paths, int]], sizes: Sequence[Size]) -> Paths:
        """See `Algebra.combine`."""
        per = math.lcm(*[payload.per for payload, _ in parts])
        axes = []
        for b in range(len(parts[0][0].axes)):
            moving, still = [], []
            everywhere, besides = False, True  # whether what does not move is but global edges
            for payload, n in parts:
                along = payload.axes[b]
                each = along, n * (per // payload.per)
                everywhere = everywhere or along.everywhere
                if along.step:
                    moving.append(each)
                else:
                    still.append(each)
                    besides = besides and along.everywhere
            summed = moving if moving and besides else moving + still
            axes.append(self._sum(summed, everywhere))
        return Paths(tuple(axes), per)

    def gathered(self, payloads: Sequence[Paths | None]) -> Sequence[Paths | None]:
        """See `Bulk.gathered`."""
        if len(payloads) < FEW:
            return payloads
        table = table_of(payloads)
        return payloads if table is None else table

    def joined(self, parts: Sequence[Sequence[Paths | None]]) -> Sequence[Paths | None]:
        """See `Bulk.joined`."""
        line = tables_in_line(parts) if any(isinstance(p, PathTable) for p in parts) else None
        return tuple([p for part in parts for p in part]) if line is None else line

    def sums(
        self, parts: Sequence[tuple[Sequence[Paths | None], NDArray[Any], int]]
    ) -> Sequence[Paths | None] | None:
        """See `Bulk.sums`."""
        if max(len(p) for p, _, _ in parts) < FEW:
            return None
        if any(places.size < FEW for _, places, _ in parts):
            return None
        read = []
        for payloads, places, number in parts:
            table = table_of(payloads)
            if table is None:
                return None
            read.append((table, places, number))
        if len({(table.steps, table.everywhere) for table, _, _ in read}) > 1 and not all(
            reads_any(table, places).all() for table, places, _ in read
        ):  # what is not read has no say in what counts
            return None
        return sum_of_tables(read)

    def split(self, payload: Paths, b: int, outer: int, inner: int) -> list[Paths]:
        """See `Algebra.split`."""
        here = payload.axes[b]
        turns = math.lcm(inner, len(here.phases))
        found = []
        for r in range(inner):
            reads = [[r + i] for i in range(0, turns, inner)]
            along = self._gathered(here, reads, here.step * turns // len(here.phases))
            found.append(self._put(payload, b, along, 1))
        return found

    def interleave(self, payloads: Sequence[Paths | None], b: int, outer: int) -> Paths:
        """See `Algebra.interleave`."""
        known = [payload for payload in payloads if payload is not None]
        steps = {payload.axes[b].step for payload in known}
        if len(known) < len(payloads) or len(steps) > 1 or len({p.per for p in known}) > 1:
            raise UntraceableError
        if any(len(payload.axes[b].phases) > 1 for payload in known):
            raise UntraceableError
        if any(self._put(p, b, known[0].axes[b], 1) != known[0] for p in known):
            raise UntraceableError
        phases = tuple(payload.axes[b].phases[0] for payload in known)
        return self._put(known[0], b, Along(phases, steps.pop(), known[0].axes[b].everywhere), 1)

    def freeze(self, payload: Paths, b: int, size: int) -> list[Paths]:
        """See `Algebra.freeze`."""
        here = payload.axes[b]
        return [self._put(payload, b, self._gathered(here, [[i]], 0), 1) for i in range(size)]

    def _put(self, payload: Paths, b: int, along: Along, times: int) -> Paths:
        axes = [along if a == b else self._scaled(x, times) for a, x in enumerate(payload.axes)]
        return Paths(tuple(axes), payload.per)

    def _scaled(self, along: Along, number: int) -> Along:
        if number == 1:
            return along
        phases = tuple([None if m is None else summed([(m, 0, number)]) for m in along.phases])
        return Along(phases, along.step, along.everywhere)

    def _gathered(self, along: Along, reads: Sequence[Sequence[int]], step: int) -> Along:
        period = len(along.phases)
        phases: list[Moments | None] = []
        for positions in reads:
            parts = []
            for q in positions:
                turns, phase = divmod(q, period)
                measure = along.phases[phase]
                if measure is not None:
                    parts.append((measure, turns * along.step, 1))
            phases.append(summed(parts))
        return Along(tuple(phases), step, along.everywhere)

    def _sum(self, parts: Sequence[tuple[Along, int]], everywhere: bool) -> Along:
        """All of these, each so many times."""
        step = parts[0][0].step
        if all(len(along.phases) == 1 and along.step == step for along, _ in parts):
            # said plainly: nearly all of thousands of classes are such
            phases = [(m, 0, n) for along, n in parts if (m := along.phases[0]) is not None]
            return Along((summed(phases),), step, everywhere)
        first, *rest = [self._scaled(along, n) for along, n in parts]
        for other in rest:
            if first.step * len(other.phases) != other.step * len(first.phases):
                raise UntraceableError
            period = math.lcm(len(first.phases), len(other.phases))
            step = first.step * (period // len(first.phases))
            a, b = (
                x
                if len(x.phases) == period
                else self._gathered(x, [[i] for i in range(period)], step)
                for x in (first, other)
            )
            pairs = zip(a.phases, b.phases, strict=True)
            both = [summed([(m, 0, 1) for m in pair if m is not None]) for pair in pairs]
            first = Along(tuple(both), step)
        return first._replace(everywhere=everywhere)

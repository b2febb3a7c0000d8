"""What a layer's units see, of what the units of the rows that it reads see."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from convgraph.core.layer import Layer
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Listed, Product, Wiring
from convgraph.interactions.algebras import Algebra, UntraceableError
from convgraph.interactions.behind_wirings import behind_listing, behind_product, keeps_all
from convgraph.interactions.concatenations import laid_in_line, parts_of
from convgraph.interactions.segments import (
    Segments,
    Total,
    in_order,
    lies_on_several,
    parts_read,
    varies_along,
)
from convgraph.interactions.states import State
from convgraph.interactions.sums_of_states import FEW, Sum, added, collected, key_of, times

__all__ = ["Behind", "Carrier"]

P = TypeVar("P")


class Behind(NamedTuple, Generic[P]):
    """What the units of a layer see, and what of it comes from each row; see `Propagation`."""

    arrivals: tuple[Total[P] | None, ...]
    total: Total[P] | None


class Carrier(Generic[P]):
    """Carries what units see from layer to layer, and remembers it.

    The blocks of a network repeat a few wirings. States that say the same are the same object, so
    that what a layer makes of them is found once, and the terms of a sum are told apart by it.

    Where rows lie in line along an axis, and `apart` says so, they are kept as `Segments`.
    """

    def __init__(self, algebra: Algebra[P], apart: bool = False) -> None:
        self.algebra, self.apart = algebra, apart
        self._known: dict[Hashable, State[P]] = {}
        self._carried: dict[Hashable, tuple[State[P], int] | None] = {}
        self._joined: dict[Hashable, Total[P] | None] = {}
        self._sums: dict[Hashable, Sum[P]] = {}
        self._segments: dict[Hashable, tuple[Segments[P], Sum[P] | None]] = {}
        self._as_one: dict[int, tuple[Total[P], Sum[P] | None]] = {}

    def first(self, state: State[P]) -> Sum[P]:
        """What the units of the first row see."""
        return self._named([(state, 1)])

    def behind(self, layer: Layer, sums: Mapping[str, Total[P] | None]) -> Behind[P] | None:
        """What a layer's units see; None where it reads no row that has a sum."""
        joints = [joint for joint in layer.joints if joint.source.name in sums]
        if not joints:
            return None
        read = tuple(sums[joint.source.name] for joint in joints)
        wirings = [joint.wiring for joint in joints]
        if all(map(keeps_all, wirings)):  # most layers take units one by one
            return Behind(read, self._all(read))
        line = self._apart(read, wirings) if self.apart else None
        if line is None and len(joints) > 1:
            line = self._in_line(read, wirings)
        if line is not None:
            return Behind(read, line)
        alone = len(layer.joints) == 1
        each = zip(read, wirings, strict=True)
        found = tuple(self._arrival(total, wiring, alone) for total, wiring in each)
        total = self._all(found)
        if isinstance(total, Sum) and not total.terms:
            total = self._nothing(layer.target.shape, read)
        return Behind(found, total)

    def _nothing(self, shape: tuple[Size, ...], read: Sequence[Total[P] | None]) -> Sum[P]:
        """The units of a row that reads positions of segments in which nothing is seen."""
        axes = next(len(total.moves) for total in read if total is not None)
        classes = np.zeros((1,) * len(shape), np.int64)
        return self._named([(State(shape, (None,) * axes, classes, (None,)), 1)])

    def as_one(self, total: Total[P]) -> Sum[P] | None:
        """A sum, also of segments: with all positions along their axis in classes."""
        if isinstance(total, Sum):
            return total
        if id(total) not in self._as_one:
            self._as_one[id(total)] = total, self._laid_out(total)
        return self._as_one[id(total)][1]

    def _laid_out(self, total: Segments[P]) -> Sum[P] | None:
        read, wirings, start = list[Sum[P] | None](), list[Wiring](), 0
        for size, part in total.parts:
            if part.whole:
                place = Window(size, total.length, 1, padding=start)
                axes = identity(total.before), place, identity(total.inside)
                wirings.append(Product(axes))
                read.append(self.as_one(part))
            start += size
        line = self._in_line(read, wirings)
        if line is not None:
            return line
        arrivals = (self._arrival(s, w, False) for s, w in zip(read, wirings, strict=True))
        found = self._all(tuple(arrivals))
        assert not isinstance(found, Segments)
        return found

    def _apart(self, read: Sequence[Total[P] | None], wirings: Sequence[Wiring]) -> Total[P] | None:
        """Rows in line as segments, where units move along a part of an axis; None for all else."""
        known = [total for total in read if total is not None]
        found = parts_of(wirings)
        if found is None or len(known) < len(read):
            return None
        at, starts = found
        views = [wiring.out_view for wiring in wirings if isinstance(wiring, Product)]
        sizes = [wiring.in_view[at] for wiring in wirings if isinstance(wiring, Product)]
        if is_symbolic(*views[0]):
            return None
        inside = int(product(views[0][at + 1 :]))
        each = zip(known, sizes, strict=True)
        if not any(lies_on_several(total, inside, int(size)) for total, size in each):
            return None
        parts: list[tuple[int, Total[P]]] = []
        end = 0
        for start, size, total in sorted(zip(starts, sizes, known, strict=True), key=_start):
            # what lies between two parts reads nothing; the segments of a part become some of the
            # whole
            parts.append((start - end, Sum(())))
            same = isinstance(total, Segments) and total.inside == inside
            if isinstance(total, Segments) and same and total.length == size:
                parts.extend(total.parts)
            else:
                parts.append((int(size), total))
            end = start + int(size)
        parts.append((int(views[0][at]) - end, Sum(())))
        return self._in_segments(int(product(views[0][:at])), inside, parts)

    def _in_segments(
        self, before: int, inside: int, parts: Sequence[tuple[int, Total[P]]]
    ) -> Total[P]:
        """The one total of these parts in line: segments, if there are several and some move."""
        kept = in_order(parts)
        if len(kept) == 1:
            return kept[0][1]
        gaps = tuple(size for size, part in kept if not part.whole)
        key = before, inside, gaps, tuple((size, id(part)) for size, part in kept if part.whole)
        if key not in self._segments:
            line = Segments(before, inside, kept)
            moving = any(m is not None for whole in line.whole for m in whole.moves)
            # where nothing moves any more, classes of one row take less than those of several
            self._segments[key] = line, (None if moving else self.as_one(line))
        line, one = self._segments[key]
        return line if one is None else one

    def _in_line(self, read: Sequence[Total[P] | None], wirings: Sequence[Wiring]) -> Sum[P] | None:
        """Of a concatenation of rows whose sums have a term each; None for all else."""
        states = [
            times(*total.terms[0], self.algebra)
            for total in read
            if isinstance(total, Sum) and len(total.terms) == 1
        ]
        if len(states) < len(read) or parts_of(wirings) is None:
            return None
        products = [wiring for wiring in wirings if isinstance(wiring, Product)]
        state = laid_in_line(states, products, self.algebra)
        return None if state is None else self._named([(state, 1)])

    def _all(self, found: Sequence[Total[P] | None]) -> Total[P] | None:
        """All that comes to a layer as one sum, or None where the axes do not tell."""
        known = [total for total in found if total is not None]
        if len(known) < len(found):
            return None
        known = [total for total in known if total.whole] or known[:1]
        if len(known) == 1:
            return known[0]
        lines = [total for total in known if isinstance(total, Segments)]
        if lines:
            return self._all_in_segments(known, lines[0])
        sums = [total for total in known if isinstance(total, Sum)]
        key = tuple(tuple((id(state), n) for state, n in total.terms) for total in sums)
        if key not in self._joined:
            try:
                self._joined[key] = self._named(added(sums, self.algebra).terms)
            except UntraceableError:
                self._joined[key] = None
        return self._joined[key]

    def _all_in_segments(self, known: Sequence[Total[P]], line: Segments[P]) -> Total[P] | None:
        """All of several totals, part by part along the axis of one of them.

        Where others have segments along another axis, as the queries and the keys of attention do,
        or differ from position to position of this one, nothing would move, and all are taken as
        one.
        """
        axis, ends = (line.length, line.inside), {line.length}
        parts: list[tuple[int, Total[P]]] = []
        for total in known:
            if isinstance(total, Segments):
                other = (total.length, total.inside) != axis
                ends.update(accumulate(size for size, _ in total.parts))
            else:
                other = varies_along(total, *axis)
            if other:
                return self._all([self.as_one(total) for total in known])
        for start, end in pairwise([0, *sorted(ends)]):
            here = self._all([self._piece(total, line, start, end - start) for total in known])
            if here is None:
                return self._all([self.as_one(total) for total in known])
            parts.append((end - start, here))
        return self._in_segments(line.before, line.inside, parts)

    def _piece(self, total: Total[P], line: Segments[P], start: int, size: int) -> Total[P] | None:
        """What units see at some positions along the axis of segments; None if it is not known."""
        each = total.parts if isinstance(total, Segments) else ((line.length, total),)
        ends = list(accumulate(length for length, _ in each))
        place = bisect(ends, start)
        (length, part), first = each[place], ends[place] - each[place][0]
        if size == length or not part.whole:
            return part
        cut = Window(length, size, 1, padding=first - start)
        return self._arrival(
            part, Product((identity(line.before), cut, identity(line.inside))), True
        )

    def _arrival(self, total: Total[P] | None, wiring: Wiring, alone: bool) -> Total[P] | None:
        if total is None or keeps_all(wiring):
            return total
        if isinstance(total, Segments):
            return self._by_parts(total, wiring, alone)
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

    def _by_parts(self, total: Segments[P], wiring: Wiring, alone: bool) -> Total[P] | None:
        """What segments come to, part by part, or, where the wiring mixes the parts, as one."""
        found = parts_read(total, wiring)
        if found is None:
            return self._arrival(self.as_one(total), wiring, alone)
        read, line = found
        parts: list[tuple[int, Total[P]]] = []
        for size, part, through in read:
            here = part if through is None else self._arrival(part, through, alone)
            if here is None:
                return self._arrival(self.as_one(total), wiring, alone)
            parts.append((size, here))
        if line is None:
            return self._all([part for _, part in parts])
        return self._in_segments(line.before, line.inside, parts)

    def _through(self, state: State[P], wiring: Wiring, alone: bool) -> tuple[State[P], int] | None:
        try:
            if isinstance(wiring, Listed):
                return behind_listing(state, wiring, self.algebra), 1
            found, number = behind_product(state, wiring, alone, self.algebra)
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


def _start(each: tuple[int, object, object]) -> int:
    return each[0]

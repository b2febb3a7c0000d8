"""Groups of channels that never mix."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import reduce
from operator import or_

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.layer import Layer, Row
from convgraph.core.sizes import Size
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.carrier import Carrier
from convgraph.interactions.segments import Total
from convgraph.interactions.states import State
from convgraph.interactions.sums_of_states import Sum, worked_out
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure


@rule(
    "unmixed-groups",
    "warning",
    "groups of channels that never mix",
    "Zhang, Zhou, Lin and Sun, ShuffleNet, CVPR 2018, section 3.1",
)
def unmixed_groups(structure: Structure) -> Iterator[Occurrence]:
    """Grouped layers of which some channel can reach only a part of an output."""
    found: dict[str, list[tuple[Layer, int, Units]]] = {}
    carrier = Carrier(
        Channels(), apart=True
    )  # of all: what blocks do is the same where they repeat
    for layer in structure.network.layers:
        groups = _groups(layer)
        if groups > 1 and structure.live.get(layer.target.name):
            apart = _apart(structure, layer.joints[0].source, carrier)
            if apart is not None:
                found.setdefault(apart.row.name, []).append((layer, groups, apart))
    for output, entries in found.items():
        layer, groups, apart = entries[0]
        names = tuple(entry[0].target.name for entry in entries)
        behind = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        yield Occurrence(
            tensors=(*names, output),
            message=(
                f"the {groups} groups of {names[0]}{behind} never mix: units of {output} depend on "
                f"some channels of {layer.joints[0].source.name} and cannot see the others"
            ),
            reason=(
                "Stacked grouped convolutions are networks side by side: no information passes "
                "between their channels, and what they represent is weaker (Zhang et al. 2018, "
                "section 3.1)."
            ),
            fix=(
                "Shuffle the channels between grouped layers, or follow them with a "
                "1x1 convolution."
            ),
            witness=apart,
            details={"groups": groups, "layers": len(names)},
        )


def _groups(layer: Layer) -> int:
    for joint in layer.joints:
        if isinstance(joint.wiring, Product):
            for axis in joint.wiring.axes:
                if axis.groups > 1:
                    return axis.groups
    return 1


class Channels:
    """The algebra of sets of channels, as the bits of a number; positions do not matter."""

    idempotent = True

    def same(self, payload: int) -> Hashable:
        """See `Algebra.same`."""
        return payload

    def through(self, payload: int, b: int, axis: Axis) -> int:
        """See `Algebra.through`."""
        return payload

    def whole(self, payload: int, b: int, size: Size) -> int:
        """See `Algebra.whole`."""
        return payload

    def combine(self, parts: Sequence[tuple[int, int]], sizes: Sequence[Size]) -> int:
        """See `Algebra.combine`."""
        return reduce(or_, (mask for mask, _ in parts))

    def split(self, payload: int, b: int, outer: int, inner: int) -> list[int]:
        """See `Algebra.split`."""
        return [payload] * inner

    def interleave(self, payloads: Sequence[int | None], b: int, outer: int) -> int:
        """See `Algebra.interleave`."""
        return reduce(or_, (mask for mask in payloads if mask is not None))

    def freeze(self, payload: int, b: int, size: int) -> list[int]:
        """See `Algebra.freeze`."""
        return [payload] * size


def _apart(structure: Structure, row: Row, carrier: Carrier[int]) -> Units | None:
    """Units of an output that see some channels of a row and not others, or None.

    Followed only until all rows that still have readers see every channel or none of them.
    """
    shape = row.numbers()
    channels, full = shape[0], (1 << shape[0]) - 1
    moves = tuple(range(1, len(shape)))
    classes = np.arange(channels).reshape(channels, *(1,) * len(moves))
    start: State[int] = State(row.shape, moves, classes, tuple(1 << c for c in range(channels)))
    algebra = carrier.algebra
    sums: dict[str, Total[int] | None] = {row.name: carrier.first(start)}
    outputs = {end.name for end in structure.network.outputs}
    last = structure.last_reader
    open_rows = {row.name}
    first = structure.behind.get(row.name, 0)
    for position, layer in enumerate(structure.network.layers[first:], start=first):
        found = carrier.behind(layer, sums)
        if found is None:
            continue
        name = layer.target.name
        sums[name] = total = found.total
        states = (
            [worked_out(_enough(part, full), algebra) for part in total.whole] if total else [None]
        )
        known = [state for state in states if state is not None]
        if len(known) < len(states):
            return None
        if any(mask not in (None, full) for state in known for mask in state.payloads):
            if name in outputs:
                one = worked_out(carrier.as_one(total), algebra) if total else None
                return None if one is None else _units(structure.network.row(name), one, full)
            open_rows.add(name)
        open_rows = {name for name in open_rows if last.get(name, -1) > position}
        if not open_rows:
            return None
    return None


def _enough(total: Sum[int], full: int) -> Sum[int]:
    """The term of which all units see every channel, if there is one: others add nothing to it."""
    terms = (Sum((term,)) for term in total.terms if term[0].payloads == (full,))
    return next(terms, total)


def _units(row: Row, state: State[int], full: int) -> Units:
    partly = np.array([mask not in (None, full) for mask in state.payloads])
    view = tuple(int(n) for n in state.view)
    return Units.of(row, np.broadcast_to(partly[state.classes], view))

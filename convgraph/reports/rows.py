"""One line of a report: what the structure says of one row of units."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np

from convgraph.core.layer import Row
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.interactions.affine import Fields, Interval
from convgraph.interactions.all_fields import counted
from convgraph.interactions.bit_tables import Branches
from convgraph.interactions.cost import LayerCost
from convgraph.interactions.path_count_sums import Paths
from convgraph.interactions.sums_of_states import Sum
from convgraph.reports.extremes import largest_cut, longest_extent, most_paths
from convgraph.reports.middle import middle_of
from convgraph.reports.structure import Structure

__all__ = ["ReportRow", "report_rows"]


@dataclass(frozen=True)
class ReportRow:
    """The facts of one row of units; tuples have one entry for each axis of the input's space.

    Attributes
    ----------
    name, kind, shape
        The row, what computes it, and its sizes.
    receptive_field
        The size of the field, from the first position that a unit sees to the last, whatever the
        border cuts off; of the units that see the most along that axis.
    clipped
        The largest extent that a field has within the input.
    everywhere
        Whether there are global edges besides (a global pool, a gate): then the input is seen
        everywhere, and `receptive_field` is that of the other edges, if there are any.
    stride
        Positions of the input between the fields of neighbours; None where fields do not move.
    centre
        The middle of the first unit's field.
    padding
        How far the first unit's field reaches before the input, and the last unit's behind it.
    seen
        The share of the field that is seen, holes left out, for a unit in the middle.
    touches_padding
        The share of the row's units that see padding, directly or through other units.
    deviation
        The standard deviation of the effective receptive field, in positions; None where paths
        were not counted.
    parameters, connections, multiply_adds, macs
        Of the layer that computes the row.
    dense_parameters, dense_connections
        Of its dense counterpart.
    """

    name: str
    kind: str
    shape: tuple[Size, ...]
    receptive_field: tuple[Any, ...] | None
    clipped: tuple[int, ...] | None
    everywhere: tuple[bool, ...] | None
    stride: tuple[Any, ...] | None
    centre: tuple[Any, ...] | None
    padding: tuple[Any, ...] | None
    seen: Fraction | None
    touches_padding: Fraction | None
    deviation: tuple[float, ...] | None
    parameters: Size = 0
    connections: Size = 0
    multiply_adds: Size = 0
    macs: Size = 0
    dense_parameters: Size = 0
    dense_connections: Size = 0

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        return plain({field.name: getattr(self, field.name) for field in dataclasses.fields(self)})


def report_rows(structure: Structure, effective: bool = True) -> tuple[ReportRow, ...]:
    """The facts of all rows, in order of computation; without the deviations if so wanted."""
    costs = {layer.row: layer for layer in structure.cost.layers}
    return tuple(
        _row(structure, row, costs.get(row.name), effective) for row in structure.network.rows
    )


def _row(structure: Structure, row: Row, cost: LayerCost | None, effective: bool) -> ReportRow:
    fields = structure.fields(row.name)
    numbers = not structure.symbolic
    # of all units at once, or of one that tells where there are too many
    exact = structure.exact.sums.get(row.name) is not None if numbers else True
    middle = None if exact else middle_of(structure, row.name)
    counts: dict[str, Size] = {}
    if cost is not None:
        for name in ("parameters", "connections", "multiply_adds", "macs"):
            counts[name] = getattr(cost, name)
        counts["dense_parameters"] = cost.dense.parameters
        counts["dense_connections"] = cost.dense.connections
    return ReportRow(
        name=row.name,
        kind=kind_of(structure, row),
        shape=row.shape,
        receptive_field=_each(fields, "size"),
        clipped=middle.extent if middle else _clipped(structure, row.name) if numbers else None,
        everywhere=_each(fields, "everywhere"),
        stride=_each(fields, "stride"),
        centre=_each(fields, "centre"),
        padding=_padding(structure, row.name),
        seen=middle.seen if middle else _seen(structure, row.name) if numbers else None,
        touches_padding=_touches(structure, row.name) if numbers else None,
        deviation=_deviation(structure, row.name) if numbers and effective else None,
        **counts,
    )


def _each(fields: Fields | None, what: str) -> tuple[Any, ...] | None:
    return None if fields is None else tuple(getattr(field, what) for field in fields)


def kind_of(structure: Structure, row: Row) -> str:
    """The operator of the layer that computes a row, in its own model's words."""
    if row in structure.network.inputs:
        return "input"
    spec = structure.network.layer(row.name).spec
    return getattr(spec, "op", None) or (spec if isinstance(spec, str) else type(spec).__name__)


def _padding(structure: Structure, name: str) -> tuple[Any, ...] | None:
    widest = structure.widest(name)
    if widest is None:
        return None
    source = structure.source
    space = source.shape[1:] if source.channels else source.shape
    sides = zip(widest, space, strict=True)
    return tuple(_sides(along.field, along.positions, n) for along, n in sides)


def _sides(field: Interval, size: Size, n: Size) -> tuple[Any, Any] | None:
    if not field.moves:
        return None
    if isinstance(size, int):
        ends = field.at(0), field.at(size - 1)
        if ends[0] is None or ends[1] is None:
            return None
        return -ends[0][0], ends[1][1] - (n - 1)
    if field.period > 1:
        return None
    return -field.starts[0], field.ends[0] + field.step * (size - 1) - (n - 1)


def _clipped(structure: Structure, name: str) -> tuple[int, ...] | None:
    def find(total: Sum[Branches]) -> tuple[int, ...] | None:
        found = [
            longest_extent(total, b, size, structure.extents)
            for b, size in enumerate(structure.space)
        ]
        known = tuple(most for most in found if most is not None)
        return known if len(known) == len(found) else None

    return structure.of_parts(
        "clipped",
        structure.exact.sums.get(name),
        find,
        lambda _, parts: tuple(map(max, zip(*parts, strict=True))),
    )


def _seen(structure: Structure, name: str) -> Fraction | None:
    return structure.of_parts(
        "seen",
        structure.exact.sums.get(name),
        lambda total: _seen_share(structure, total),
        lambda _, parts: max(parts, key=itemgetter(0))[1],
    )


def _seen_share(structure: Structure, total: Sum[Branches]) -> tuple[int, Fraction] | None:
    """How much a unit in the middle sees, and the share of its field that this is.

    Of the class that sees the most.
    """
    place = tuple(int(n) // 2 for n in total.sizes)
    cut = largest_cut(total, place, structure.exact.algebra)
    if cut is None or len(cut) > 10:
        return None
    branches = [(mask, tables) for mask, tables in cut if all(bits.any() for bits in tables)]
    if not branches:
        return None
    extents = []
    for b, size in enumerate(structure.space):
        both = np.bitwise_or.reduce([tables[b] for _, tables in branches])
        positions = np.flatnonzero(np.unpackbits(both[0], count=size))
        extents.append(int(positions[-1] - positions[0]) + 1)
    seen = int(counted(tuple(branches)).sum())
    return seen, Fraction(seen, prod(extents))


def _touches(structure: Structure, name: str) -> Fraction | None:
    return structure.touching(name)


def _deviation(structure: Structure, name: str) -> tuple[float, ...] | None:
    def find(total: Sum[Paths]) -> tuple[Fraction, tuple[float, ...] | None] | None:
        return _most_and_deviations(most_paths(total, structure.path_totals))

    return structure.of_parts(
        "deviation",
        structure.moments.sums.get(name),
        find,
        lambda _, parts: max(parts, key=itemgetter(0))[1],
    )


def _most_and_deviations(
    best: Paths | None,
) -> tuple[Fraction, tuple[float, ...] | None] | None:
    """How many paths lead to the units to which the most do, along the first axis, and theirs."""
    if best is None:
        return None
    most = max((m.paths for m in best.axes[0].phases if m is not None), default=0)
    return Fraction(most, best.per), _deviations(best)


def _deviations(best: Paths) -> tuple[float, ...] | None:
    found = []
    for along in best.axes:
        measure = next((m for m in along.phases if m is not None), None)
        if measure is None:
            return None
        paths, first, second = measure.paths, measure.first, measure.second
        # a quotient that is rounded once: to reduce a fraction of thousands of digits takes long
        found.append(((second * paths - first * first) / (paths * paths)) ** 0.5)
    return tuple(found)

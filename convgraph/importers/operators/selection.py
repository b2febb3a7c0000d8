"""Choices between two tensors by a condition that is known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.functions import reduction
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size, product
from convgraph.importers.broadcasting import common_shape, stretched
from convgraph.importers.builder import ONE, Builder
from convgraph.importers.masks.fixed_units import HIDDEN, KINDS, Fixed, Kind, fixed
from convgraph.importers.masks.hidden import LOOKED_AT, aligned, is_parameter, sieve
from convgraph.importers.node import Node
from convgraph.importers.numbers import scalar
from convgraph.importers.reductions import or_else
from convgraph.importers.values import Known, Signal, Value

__all__ = ["mark_choice", "select"]


def select(builder: Builder, node: Node, values: Sequence[Value], shape: tuple[Size, ...]) -> bool:
    """A row of which each unit reads what is chosen, and nothing else; whether it was made."""
    condition = values[0]
    if len(values) != 3 or not isinstance(condition, Known) or not condition.there:
        return False
    together = common_shape([value.shape for value in values if isinstance(value, Known)])
    # stretched to one another, two columns are a table
    if condition.size > LOOKED_AT or int(product(together)) > max(condition.size, LOOKED_AT // 8):
        return False
    chosen = aligned(condition.values() != 0, shape)
    sides = list(zip(values[1:], (chosen, ~chosen), strict=True))
    numbers = [
        scalar(value) if isinstance(value, Known) and not is_parameter(builder, value) else None
        for value, _ in sides
    ]
    fill = next((number for number in numbers if number is not None), sp.S.Zero)
    # a side that is a number brings no connection: where it is chosen, nothing is read
    joints = []
    for (value, mask), number in zip(sides, numbers, strict=True):
        if number is None:
            signal = value if isinstance(value, Signal) else builder.constant_row(value)
            wiring = sieve(stretched(signal, shape), mask)
            if wiring is not None:
                joints.append((signal, wiring, ONE))
    made = len(joints) == numbers.count(None) > 0
    for kind in KINDS:
        parts = [_fixed(builder, *side, shape, kind) for side in sides]
        found = [part for part in parts if part is not None]
        if found:
            where = np.logical_or(*np.broadcast_arrays(found[0].where, found[-1].where))
            least = max(part.least for part in found)
            blank = made and all(part.blank for part in found)
            builder.fixed[node.outputs[0], kind] = Fixed(where, blank, least)
    if made:
        builder.emit(node, shape, joints, SUM if fill == 0 else or_else(fill))
    return made


def mark_choice(
    builder: Builder, node: Node, values: Sequence[Value], shape: tuple[Size, ...]
) -> None:
    """Keep in mind which units are fixed of a choice by a condition that is computed.

    Those that are so on both sides, and those for which the condition is known not to hold: that
    one is no number does so where it is one, and holds where it is none.
    """
    condition, *sides = values
    if len(values) != 3 or not isinstance(condition, Signal):
        return
    every = np.ones((1,) * len(aligned(np.ones((1,) * len(shape), bool), shape).shape), bool)
    off = fixed(builder, condition.row, "zero")
    layer = builder.made.get(condition.row.name)
    asks = layer is not None and layer.reduction == reduction("isnan")
    on = fixed(builder, layer.joints[0].source, "nan") if layer is not None and asks else None
    for kind in KINDS:
        a, b = (_fixed(builder, side, every, shape, kind) for side in sides)
        masks = [] if a is None or b is None else [a.where & b.where]
        masks += [] if off is None or b is None else [aligned(off.where, shape) & b.where]
        masks += [] if on is None or a is None else [aligned(on.where, shape) & a.where]
        if masks:
            where = reduce(np.logical_or, masks)
            least = max(each.least for each in (a, b) if each is not None)
            builder.fixed[node.outputs[0], kind] = Fixed(where, False, least)


def _fixed(
    builder: Builder, value: Value, mask: NDArray[np.bool_], shape: tuple[Size, ...], kind: Kind
) -> Fixed | None:
    """The units of one side that are chosen, and of one kind whatever the input."""
    if isinstance(value, Signal):
        before = fixed(builder, value.row, kind)
        if before is None:
            return None
        return Fixed(aligned(before.where, shape) & mask, False, before.least)
    if is_parameter(builder, value) or not value.there or value.size > LOOKED_AT:
        return None
    entries = value.values()
    found = {
        "zero": entries == 0,
        "low": (entries <= HIDDEN) & (entries > -np.inf),
        "minus": entries == -np.inf,
        "plus": entries == np.inf,
        "nan": entries != entries,
    }[kind]
    where = aligned(np.asarray(found), shape) & mask
    if not where.any():
        return None
    least = float(entries[found].max()) if kind == "low" else -np.inf
    return Fixed(where, value.size == 1, least)

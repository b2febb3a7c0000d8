"""Choices between two tensors by a condition that is known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.importers.broadcasting import stretched
from convgraph.importers.builder import ONE, Builder
from convgraph.importers.hidden import HIDDEN, LOOKED_AT, Fixed, aligned, fixed, is_parameter, sieve
from convgraph.importers.node import Node
from convgraph.importers.numbers import scalar
from convgraph.importers.reductions import or_else
from convgraph.importers.values import Known, Signal, Value

__all__ = ["select"]


def select(builder: Builder, node: Node, values: Sequence[Value], shape: tuple[Size, ...]) -> bool:
    """A row of which each unit reads what is chosen, and nothing else; whether it was made."""
    condition = values[0]
    if len(values) != 3 or not isinstance(condition, Known) or not condition.there:
        return False
    if condition.size > LOOKED_AT:
        return False
    chosen = aligned(condition.values() != 0, shape)
    sides = list(zip(values[1:], (chosen, ~chosen), strict=True))
    numbers = [
        scalar(value) if isinstance(value, Known) and not is_parameter(builder, value) else None
        for value, _ in sides
    ]
    fill = next((number for number in numbers if number is not None), sp.S.Zero)
    joints = []
    for (value, mask), number in zip(sides, numbers, strict=True):
        if number is None:
            signal = value if isinstance(value, Signal) else builder.constant_row(value)
            wiring = sieve(stretched(signal, shape), mask)
            if wiring is not None:
                joints.append((signal, wiring, ONE))
    made = len(joints) == numbers.count(None) > 0
    for zero in (False, True):
        parts = [_fixed(builder, *side, shape, zero) for side in sides]
        found = [part for part in parts if part is not None]
        if found:
            where = np.logical_or(*np.broadcast_arrays(found[0].where, found[-1].where))
            least = max(part.least for part in found)
            blank = made and all(part.blank for part in found)
            builder.fixed[node.outputs[0], zero] = Fixed(where, blank, least)
    if made:
        builder.emit(node, shape, joints, SUM if fill == 0 else or_else(fill))
    return made


def _fixed(
    builder: Builder, value: Value, mask: NDArray[np.bool_], shape: tuple[Size, ...], zero: bool
) -> Fixed | None:
    """The units of one side that are chosen, and zero, or minus infinity, whatever the input."""
    if isinstance(value, Signal):
        before = fixed(builder, value.row, zero)
        if before is None:
            return None
        return Fixed(aligned(before.where, shape) & mask, False, before.least)
    if is_parameter(builder, value) or not value.there or value.size > LOOKED_AT:
        return None
    entries = value.values()
    where = aligned(entries == 0 if zero else np.asarray(entries <= HIDDEN), shape) & mask
    if not where.any():
        return None
    least = -np.inf if zero else float(entries[entries <= HIDDEN].max())
    return Fixed(where, value.size == 1, least)

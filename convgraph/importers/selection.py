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
from convgraph.importers.hidden import HIDDEN, MOST, Fixed, aligned, fixed, sieve
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
    if condition.size > MOST:
        return False
    chosen = aligned(condition.values() != 0, shape)
    sides = list(zip(values[1:], (chosen, ~chosen), strict=True))
    numbers = [scalar(value) if isinstance(value, Known) else None for value, _ in sides]
    fill = next((number for number in numbers if number is not None), sp.S.Zero)
    joints = []
    for (value, mask), number in zip(sides, numbers, strict=True):
        if number is None:
            signal = value if isinstance(value, Signal) else builder.constant_row(value)
            wiring = sieve(stretched(signal, shape), mask)
            if wiring is None:
                return False
            joints.append((signal, wiring, ONE))
    if not joints:
        return False
    for zero in (False, True):
        parts = [_fixed(builder, *side, shape, zero) for side in sides]
        found = [part for part in parts if part is not None]
        if found:
            where = np.logical_or(*np.broadcast_arrays(found[0].where, found[-1].where))
            least = max(part.least for part in found)
            blank = all(part.blank for part in found)
            builder.fixed[node.outputs[0], zero] = Fixed(where, blank, least)
    builder.emit(node, shape, joints, SUM if fill == 0 else or_else(fill))
    return True


def _fixed(
    builder: Builder, value: Value, mask: NDArray[np.bool_], shape: tuple[Size, ...], zero: bool
) -> Fixed | None:
    """The units of one side that are chosen, and zero, or minus infinity, whatever the input."""
    if isinstance(value, Signal):
        before = fixed(builder, value.row, zero) if value.shape == shape else None
        return None if before is None else Fixed(before.where & mask, False, before.least)
    entries = value.values() if value.there and value.size <= MOST else np.ones(1)
    where = aligned(entries == 0 if zero else np.asarray(entries <= HIDDEN), shape) & mask
    if not where.any():
        return None
    least = -np.inf if zero else float(entries[entries <= HIDDEN].max())
    return Fixed(where, value.size == 1, least)

"""Operators that make one value of the units along some axes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.axis import Axis, Full
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM, Reduction, by_name
from convgraph.core.sizes import Size
from convgraph.core.tying import Mean
from convgraph.core.window import identity
from convgraph.importers.builder import ONE, Builder, builds, trimmed
from convgraph.importers.node import Node
from convgraph.importers.operator_axes import Prefix
from convgraph.importers.operators.reshaping import integers, node_axes, within
from convgraph.importers.reductions import (
    first_greatest,
    folded,
    log_sum_exp,
    minimum,
)
from convgraph.importers.values import Signal

__all__ = ["arg", "cumulative_sum", "over_axes", "reduce"]

Same = (lambda t: t), (lambda v: v)
SUMS: dict[str, tuple[str, Any, Any]] = {
    "ReduceL1": ("l1", (sp.Abs, np.abs), Same),
    "ReduceL2": ("l2", (lambda t: t**2, np.square), (sp.sqrt, np.sqrt)),
    "ReduceSumSquare": ("sum of squares", (lambda t: t**2, np.square), Same),
}


@by_name
def summed(op: str) -> Reduction:
    """A function of a sum of functions."""
    return folded(*SUMS[op])


MADE: dict[str, Callable[[], Reduction]] = {
    "ReduceSum": lambda: SUM,
    "ReduceMean": lambda: MEAN,
    "ReduceMax": lambda: MAX,
    "ReduceMin": minimum,
    "ReduceProd": lambda: PRODUCT,
    **{op: partial(summed, op) for op in SUMS},
    "ReduceLogSumExp": log_sum_exp,
}


@builds(*MADE)
def reduce(builder: Builder, node: Node) -> None:
    """A sum, mean, norm, ... over some axes, or over all of them."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    axes = node_axes(builder, node, rank)
    if not axes:
        axes = [] if node.number("noop_with_empty_axes", 0) else list(range(rank))
    keep = bool(node.number("keepdims", 1))
    over_axes(builder, node, signal, set(axes), keep, MADE[node.op]())


def over_axes(
    builder: Builder,
    node: Node,
    signal: Signal,
    gone: set[int],
    keep: bool,
    reduction: Reduction,
    name: str | None = None,
) -> Signal:
    """A row of one unit for each position of the axes that stay."""
    axes: list[Axis] = [
        Full(n, 1) if a in gone else identity(n) for a, n in enumerate(signal.shape)
    ]
    shape: list[Size] = [axis.outputs for a, axis in enumerate(axes) if keep or a not in gone]
    tying = Mean() if reduction is MEAN else ONE
    joint = signal, trimmed(signal, axes), tying
    return builder.emit(node, shape, [joint], reduction, name=name)


@builds("ArgMax", "ArgMin")
def arg(builder: Builder, node: Node) -> None:
    """The position of the greatest or smallest value along an axis."""
    signal = builder.signal(node, 0)
    axis = within(node.number("axis", 0), len(signal.shape), "axis")
    made = first_greatest(node.op == "ArgMin", bool(node.number("select_last_index", 0)))
    over_axes(builder, node, signal, {axis}, bool(node.number("keepdims", 1)), made)


@builds("CumSum", "CumProd", "CumMax")
def cumulative_sum(builder: Builder, node: Node) -> None:
    """The sum, the product or the greatest of what stands before along an axis."""
    signal = builder.signal(node, 0)
    stated = integers(builder, node, 1, "axis") or [0]
    axis = within(stated[0], len(signal.shape), "axis")
    axes: list[Axis] = [identity(n) for n in signal.shape]
    reverse, exclusive = (bool(node.number(a, 0)) for a in ("reverse", "exclusive"))
    axes[axis] = Prefix(signal.shape[axis], reverse, exclusive)
    made = {"CumSum": SUM, "CumProd": PRODUCT, "CumMax": MAX}[node.op]
    builder.emit(node, signal.shape, [(signal, trimmed(signal, axes), ONE)], made)

"""Normalisations: each unit beside those that it is normalised by."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import MEAN, SUM, Reduction
from convgraph.core.sizes import is_symbolic
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import places
from convgraph.importers.builder import ONE, Builder, Unread, builds, trimmed, unchanged, unit_bias
from convgraph.importers.masks.fixed_units import Fixed
from convgraph.importers.masks.hidden import behind_softmax, hide
from convgraph.importers.masks.perhaps_infinite import say_if_infinite
from convgraph.importers.node import Node
from convgraph.importers.operator_axes import Neighbours, OwnFirst
from convgraph.importers.operators.elementwise import combine
from convgraph.importers.operators.reducing import over_axes
from convgraph.importers.operators.reshaping import within
from convgraph.importers.reductions import (
    first_greatest,
    inverse_deviation,
    local_response,
    scaled_by_norm,
    softmax,
    standardised,
)
from convgraph.importers.values import Known, Signal

__all__ = ["among", "batch_normalisation", "scaled_and_shifted"]


def among(
    builder: Builder,
    node: Node,
    signal: Signal,
    axes: set[int],
    reduction: Reduction,
    name: str | None = None,
) -> Signal:
    """A row whose units each read themselves and all others along some axes."""
    relations: list[Axis] = [
        OwnFirst(n, n) if a in axes else identity(n) for a, n in enumerate(signal.shape)
    ]
    joint = signal, trimmed(signal, relations), ONE
    return builder.emit(node, signal.shape, [joint], reduction, name=name)


@builds("BatchNormalization")
def batch_normalisation(builder: Builder, node: Node) -> None:
    """As it acts at inference: a scale and a shift for each channel.

    They carry the names of the node's scale and bias; their values have the mean and the variance
    folded in.
    """
    signal = builder.signal(node, 0)
    given = [builder.known(node, position) for position in range(1, 5)]
    known = [each for each in given if each is not None]
    if node.number("training_mode", 0) or len(known) < 4 or any(node.outputs[1:]):
        raise Unread("it normalises by statistics of the batch")
    if len(signal.shape) < 2:
        raise ConvgraphError(f"shape={signal.shape}: a batch normalisation needs channels")
    one_each = node.number("spatial", 1) != 0
    own = (signal.shape[1],) if one_each else signal.shape[1:]
    if any(each.shape != own for each in known):
        raise ConvgraphError(
            f"shapes {', '.join(str(each.shape) for each in known)}: "
            f"scale, bias, mean and variance have the shape {own}"
        )
    scale, bias, mean, variance = known
    epsilon = node.real("epsilon", 1e-5)

    def factor(s: Any, v: Any) -> Any:
        return s / np.sqrt(v + epsilon)

    def shift(b: Any, s: Any, m: Any, v: Any) -> Any:
        return b - m * factor(s, v)

    front = len(signal.shape) - len(signal.row.shape)
    where = [("output", 1 - front + a) for a in range(len(own))]
    shape = signal.row.shape
    tying = builder.tied(scale.instead(factor, variance), where)
    shifts = builder.tied(bias.instead(shift, scale, mean, variance), where)
    wiring = unchanged(shape)
    bias_joint = unit_bias(shape), shifts
    builder.emit(node, signal.shape, [(signal, wiring, tying)], SUM, bias_joint)


@builds("LRN")
def local_response_normalisation(builder: Builder, node: Node) -> None:
    """Each unit divided by the activity of its channel's neighbours."""
    signal = builder.signal(node, 0)
    size = node.number("size", 1)
    if not 1 <= size <= 100_000 or len(signal.shape) < 2:
        raise ConvgraphError(f"size={size}: a positive number of channels, of a tensor with some")
    front = len(signal.shape) - len(signal.row.shape)
    axes: list[Axis] = [identity(n) for n in signal.shape]
    axes[1] = Neighbours(signal.shape[1], (size - 1) // 2, size // 2)
    settings = node.real("alpha", 1e-4), node.real("beta", 0.75), node.real("bias", 1)
    joint = signal, Product(tuple(axes[front:])), ONE
    builder.emit(node, signal.shape, [joint], local_response(size, *settings))


@builds("Softmax", "LogSoftmax")
def softmax_over(builder: Builder, node: Node) -> None:
    """Over one axis; before version 13 over all axes from one on."""
    signal = builder.signal(node, 0)
    axes = _softmax_axes(node, len(signal.shape))
    log, name = node.op == "LogSoftmax", node.outputs[0]
    signal, hidden = behind_softmax(builder, node, signal, axes, log)
    if hidden is None:
        among(builder, node, signal, axes, softmax(log))
        return
    say_if_infinite(builder, node, signal)
    inner = among(builder, node, signal, axes, softmax(log), f"{name}/all")
    fill = sp.S.NegativeInfinity if log else sp.S.Zero
    hide(builder, node, inner, hidden, fill, name)
    builder.fixed[name, "minus" if log else "zero"] = Fixed(hidden)


def _softmax_axes(node: Node, rank: int) -> set[int]:
    old = node.version < 13
    axis = within(node.number("axis", 1 if old else -1), rank, "axis")
    return set(range(axis, rank)) if old else {axis}


@builds("Hardmax")
def hardmax(builder: Builder, node: Node) -> None:
    """One at the first greatest position of an axis, zero elsewhere, through a row of positions."""
    signal = builder.signal(node, 0)
    axes = _softmax_axes(node, len(signal.shape))
    if len(axes) != 1 or is_symbolic(*signal.shape):
        raise Unread("a decision over several axes")
    (axis,) = axes
    found = f"{node.outputs[0]}/position"
    where = over_axes(builder, node, signal, axes, True, first_greatest(False, False), found)
    size = int(signal.shape[axis])
    along = tuple(size if a == axis else 1 for a in range(len(signal.shape)))
    every = Known.of(f"{node.outputs[0]}/positions", np.arange(size).reshape(along))
    equal = Node("Equal", (found, every.name), node.outputs, {}, node.name)
    builder.values[every.name] = every
    assert builder.values[found] is where
    combine(builder, equal)


def scaled_and_shifted(
    builder: Builder,
    node: Node,
    signal: Signal,
    scale: Known | None,
    bias: Known | None,
) -> None:
    """The scale and shift behind a normalisation."""
    shape = signal.shape
    wiring = unchanged(signal.row.shape)
    tying = builder.tied(scale, places(scale, shape)) if scale is not None else ONE
    shift = None
    if bias is not None:
        shift = unit_bias(signal.row.shape), builder.tied(bias, places(bias, shape))
    builder.emit(node, shape, [(signal, wiring, tying)], SUM, shift)


@builds("LayerNormalization", "RMSNormalization")
def layer_normalisation(builder: Builder, node: Node) -> None:
    """Over all axes from one on, then a scale and a shift for each position there."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    axes = set(range(within(node.number("axis", -1), rank, "axis"), rank))
    scale, bias = builder.known(node, 1), builder.known(node, 2)
    if scale is None or (node.input(2) and bias is None):
        raise Unread("a scale or shift that is computed")
    epsilon = node.real("epsilon", 1e-5)
    made = standardised(epsilon, node.op == "LayerNormalization")
    inner = among(builder, node, signal, axes, made, f"{node.outputs[0]}/normalised")
    scaled_and_shifted(builder, node, inner, scale, bias)
    for name, statistic in zip(node.outputs[1:], (MEAN, inverse_deviation(epsilon)), strict=False):
        if name:
            over_axes(builder, node, signal, axes, True, statistic, name)


@builds("InstanceNormalization")
def instance_normalisation(builder: Builder, node: Node) -> None:
    """Each channel over its own positions, then a scale and a shift for each channel."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    scale, bias = builder.known(node, 1), builder.known(node, 2)
    if scale is None or bias is None:
        raise Unread("a scale or shift that is computed")
    made = standardised(node.real("epsilon", 1e-5))
    name = f"{node.outputs[0]}/normalised"
    inner = among(builder, node, signal, set(range(2, rank)), made, name)
    spread = [each.viewed(each.name, (*each.shape, *(1,) * (rank - 2))) for each in (scale, bias)]
    scaled_and_shifted(builder, node, inner, *spread)


@builds("GroupNormalization")
def group_normalisation(builder: Builder, node: Node) -> None:
    """Groups of channels over all positions, then a scale and a shift for each channel."""
    signal = builder.signal(node, 0)
    batch, channels, *space = signal.shape
    groups = node.number("num_groups", 0)
    scale, bias = builder.known(node, 1), builder.known(node, 2)
    if scale is None or bias is None:
        raise Unread("a scale or shift that is computed")
    if is_symbolic(channels) or groups < 1 or channels % groups:
        raise ConvgraphError(f"num_groups={groups}: groups divide the {channels} channels")
    each = int(channels) // groups
    if scale.shape == (groups,) != (channels,):  # before version 21 there is one for each group
        raise Unread("a scale and a shift for each group of channels")
    axes: list[Axis] = [identity(batch), identity(groups), OwnFirst(each, each)]
    axes += [OwnFirst(n, n) for n in space]
    joint = signal, trimmed(signal, axes), ONE
    made = standardised(node.real("epsilon", 1e-5))
    name = f"{node.outputs[0]}/normalised"
    inner = builder.emit(node, signal.shape, [joint], made, name=name)
    ones = (1,) * len(space)
    spread = [each.viewed(each.name, (*each.shape, *ones)) for each in (scale, bias)]
    scaled_and_shifted(builder, node, inner, *spread)


@builds("LpNormalization")
def norm_normalisation(builder: Builder, node: Node) -> None:
    """Divided by the norm along an axis."""
    signal = builder.signal(node, 0)
    axis = within(node.number("axis", -1), len(signal.shape), "axis")
    order = node.number("p", 2)
    if order not in (1, 2):
        raise ConvgraphError(f"p={order}: 1 or 2")
    among(builder, node, signal, {axis}, scaled_by_norm(order))

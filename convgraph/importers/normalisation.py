"""Normalisations: each unit beside those that it is normalised by."""

from __future__ import annotations

from typing import Any

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM, Reduction
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.axes import Neighbours, OwnFirst
from convgraph.importers.broadcasting import places
from convgraph.importers.builder import ONE, Builder, Unread, builds, unit_bias
from convgraph.importers.node import Node
from convgraph.importers.reductions import hardmax, local_response, softmax, standardised
from convgraph.importers.reshaping import within
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
    front = max(len(signal.shape) - len(signal.row.shape), 0)
    all_axes: list[Axis] = [
        OwnFirst(n, n) if a in axes else identity(n) for a, n in enumerate(signal.shape)
    ]
    wiring = Product(tuple(all_axes[front:]) or (identity(1),))
    return builder.emit(node, signal.shape, [(signal, wiring, ONE)], reduction, name=name)


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
    tying = builder.tied(scale.mapped(scale.name, factor, variance), where)
    shifts = builder.tied(bias.mapped(bias.name, shift, scale, mean, variance), where)
    wiring = Product(tuple(map(identity, shape)))
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


@builds("Softmax", "LogSoftmax", "Hardmax")
def softmax_over(builder: Builder, node: Node) -> None:
    """Over one axis; before version 13 over all axes from one on."""
    signal = builder.signal(node, 0)
    rank = len(signal.shape)
    old = node.version < 13
    axis = within(node.number("axis", 1 if old else -1), rank, "axis") if rank else 0
    axes = set(range(axis, rank)) if old else {axis}
    made = hardmax() if node.op == "Hardmax" else softmax(node.op == "LogSoftmax")
    among(builder, node, signal, axes, made)


def scaled_and_shifted(
    builder: Builder,
    node: Node,
    signal: Signal,
    scale: Known | None,
    bias: Known | None,
) -> None:
    """The scale and shift behind a normalisation."""
    shape = signal.shape
    wiring = Product(tuple(map(identity, signal.row.shape)))
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
    axis = within(node.number("axis", -1), rank, "axis")
    scale, bias = builder.known(node, 1), builder.known(node, 2)
    if any(node.outputs[1:]) or scale is None:
        raise Unread("its statistics or a scale that is computed are not read")
    epsilon = node.real("epsilon", 1e-5)
    made = standardised(epsilon, node.op == "LayerNormalization")
    name = f"{node.outputs[0]}/normalised"
    inner = among(builder, node, signal, set(range(axis, rank)), made, name)
    scaled_and_shifted(builder, node, inner, scale, bias)

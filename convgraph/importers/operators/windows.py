"""Operators that move a window: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import MAX, MEAN, SUM, Reduction
from convgraph.core.reversed_window import Reversed
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.tying import Mean, Tying
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import LONGEST_AXIS, ONE, Builder, Unread, builds, unit_bias
from convgraph.importers.node import Node
from convgraph.importers.operator_axes import Shares
from convgraph.importers.operators.reducing import over_axes
from convgraph.importers.reductions import power_sum, unknown_values
from convgraph.importers.values import Known, Signal
from convgraph.layers.arguments import window

__all__ = ["conv", "conv_transpose", "global_pool", "pool", "present_counts"]

same_window = lru_cache(maxsize=4096)(window)  # the layers of a model repeat a few windows


def _front(batch: Size) -> tuple[Window, ...]:
    """The axis of a batch, where the row has one."""
    return () if batch == 1 else (identity(batch),)


def _steps(node: Node, attribute: str, rank: int) -> list[int]:
    values = node.numbers(attribute) or [1] * rank
    if len(values) != rank or not all(1 <= v <= LONGEST_AXIS for v in values):
        raise ConvgraphError(f"{attribute}={values}: a positive number for each of {rank} axes")
    return values


def _pads(node: Node, rank: int) -> list[Any]:
    """The padding of each axis: "valid", "same", "same_lower" or a (before, after) pair."""
    auto = node.word("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        return [{"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}[auto]] * rank
    if auto != "NOTSET":
        raise ConvgraphError(f"auto_pad={auto!r}: one of NOTSET, SAME_UPPER, SAME_LOWER, VALID")
    pads = node.numbers("pads") or [0] * (2 * rank)
    if len(pads) != 2 * rank or not all(0 <= p <= LONGEST_AXIS for p in pads):
        raise ConvgraphError(f"pads={pads}: two numbers that are not negative for each axis")
    return list(zip(pads[:rank], pads[rank:], strict=True))


def _windows(
    node: Node, space: Sequence[Size], kernel: Sequence[int], ceil_mode: bool = False
) -> list[Window]:
    rank = len(kernel)
    steps = _steps(node, "strides", rank), _steps(node, "dilations", rank)
    each = zip(space, kernel, *steps, _pads(node, rank), strict=True)
    return [_window(*one, ceil_mode) for one in each]


def _window(n: Size, k: Size, s: int, d: int, pad: Any, ceil_mode: bool) -> Window:
    if pad == "same_lower":  # an odd padding has its extra position before
        upper = same_window(n, k, s, d, "same")
        assert upper.after is not None
        return replace(upper, padding=upper.after, after=upper.padding)
    return same_window(n, k, s, d, pad, "zeros", ceil_mode)


def _weights(builder: Builder, node: Node) -> Known:
    """The array of a convolution."""
    weights = builder.known(node, 1)
    if weights is None:
        raise Unread("its weights depend on the input")
    return weights


def _image(builder: Builder, signal: Signal, rank: int) -> tuple[Size, Size, tuple[Size, ...]]:
    """(batch, channels, space) of a tensor."""
    if len(signal.shape) != rank + 2:
        raise ConvgraphError(
            f"shape={signal.shape} of {signal.row.name!r}: a batch, channels and {rank} axes"
        )
    builder.windowed.append(signal)
    batch, channels, *space = signal.shape
    return batch, channels, tuple(space)


def _kernel(node: Node, weights: Known, first: int = 2) -> tuple[int, ...]:
    kernel = weights.shape[first:]
    stated = node.numbers("kernel_shape")
    if len(weights.shape) < 3 or (stated is not None and tuple(stated) != kernel):
        raise ConvgraphError(
            f"kernel_shape={stated}: the weights {weights.name!r} have the shape {weights.shape}"
        )
    if not all(1 <= n <= LONGEST_AXIS for n in weights.shape):
        raise ConvgraphError(f"shape={weights.shape} of {weights.name!r}: a size out of range")
    return kernel


def _bias(
    builder: Builder, node: Node, shape: tuple[Size, ...], channel: int
) -> tuple[Product, Tying] | None:
    """The bias of each filter, a third input that is known beforehand."""
    if not node.input(2):
        return None
    known = builder.known(node, 2)
    if known is None or known.shape != (shape[channel],):
        raise ConvgraphError(f"input={node.input(2)!r}: a bias is one number for each filter")
    return unit_bias(shape), builder.tied(known, [("output", channel)])


def _check_groups(groups: int, channels: Size, per_group: int, filters: int, name: str) -> None:
    if is_symbolic(channels):
        raise ConvgraphError(f"channels={channels}: the weights {name!r} need a number of channels")
    if groups < 1 or channels != per_group * groups or filters % groups:
        raise ConvgraphError(
            f"group={groups}: {channels} channels and {filters} filters do not fit the weights "
            f"{name!r} with {per_group} channels in a group"
        )


def _across(channels: Size, filters: int, groups: int) -> Axis:
    """What the filters read of the channels."""
    return Full(channels, filters) if groups == 1 else Blocks(channels, filters, groups)


def _emit(
    builder: Builder,
    node: Node,
    signal: Signal,
    axes: tuple[Axis, ...],
    channel: int,
    tying: Tying,
) -> None:
    """Add the layer of a convolution, given which of its axes is that of the channels."""
    shape = tuple(axis.outputs for axis in axes)
    bias = _bias(builder, node, shape, channel)
    out = (signal.shape[0], *shape[channel:])
    builder.emit(node, out, [(signal, Product(axes), tying)], SUM, bias)


@builds("Conv")
def conv(builder: Builder, node: Node) -> None:
    """A convolution whose weights are known beforehand."""
    weights = _weights(builder, node)
    signal = builder.signal(node, 0)
    kernel = _kernel(node, weights)
    filters, per_group = weights.shape[:2]
    batch, channels, space = _image(builder, signal, len(kernel))
    groups = node.number("group", 1)
    _check_groups(groups, channels, per_group, filters, weights.name)
    windows = _windows(node, space, kernel)
    front = _front(batch)
    at = len(front)
    places = [("output", at), *(("tap", at + a) for a in range(len(kernel) + 1))]
    axes = (*front, _across(channels, filters, groups), *windows)
    _emit(builder, node, signal, axes, at, builder.tied(weights, places))


@builds("ConvTranspose")
def conv_transpose(builder: Builder, node: Node) -> None:
    """A transposed convolution: the wiring of a convolution, reversed."""
    weights = _weights(builder, node)
    signal = builder.signal(node, 0)
    kernel = _kernel(node, weights)
    batch, channels, space = _image(builder, signal, len(kernel))
    groups = node.number("group", 1)
    per_group = weights.shape[1]
    filters = per_group * groups
    _check_groups(groups, channels, weights.shape[0] // max(groups, 1), filters, weights.name)
    windows = _reversed(node, kernel, space)
    front = _front(batch)
    at = len(front)
    # rows of the array are input channels, columns the filters of a group
    places = [("input", at), ("output", at), *(("tap", at + 1 + a) for a in range(len(kernel)))]
    tying = builder.tied(weights, places)
    axes = (*front, _across(channels, filters, groups), *windows)
    _emit(builder, node, signal, axes, at, tying)


def _reversed(node: Node, kernel: tuple[int, ...], space: tuple[Size, ...]) -> list[Reversed]:
    rank = len(kernel)
    strides, dilations = _steps(node, "strides", rank), _steps(node, "dilations", rank)
    extra = node.numbers("output_padding") or [0] * rank
    wanted = node.numbers("output_shape")
    pads = _pads(node, rank)
    if wanted is not None:
        wanted = wanted[-rank:]  # early exporters state the batch and the channels too
    if len(extra) != rank or (wanted is not None and len(wanted) != rank):
        raise ConvgraphError(f"output_padding={extra}, output_shape={wanted}: one for each axis")
    found = []
    for a, (n, k, s, d) in enumerate(zip(space, kernel, strides, dilations, strict=True)):
        whole = s * (n - 1) + extra[a] + d * (k - 1) + 1
        pad = pads[a]
        if wanted is not None or pad in ("same", "same_lower"):
            size = wanted[a] if wanted is not None else n * s
            total = whole - size
            # a total below zero adds positions, behind, that nothing reaches
            total = total if is_symbolic(total) else max(total, 0)
            before = total // 2 if pad != "same_lower" else total - total // 2
        else:
            before, after = (0, 0) if pad == "valid" else pad
            size = whole - before - after
        if not is_symbolic(size) and size < 1:
            raise ConvgraphError(f"pads={pads}: they leave no output of {whole} positions")
        found.append(Reversed(Window(size, n, k, s, d, before)))
    return found


@builds("MaxPool", "AveragePool", "LpPool", "SumPool")
def pool(builder: Builder, node: Node) -> None:
    """A pooling window on each channel by itself."""
    signal = builder.signal(node, 0)
    kernel = node.numbers("kernel_shape") or []
    rank = len(kernel)
    _steps(node, "kernel_shape", rank)
    batch, channels, space = _image(builder, signal, rank)
    ceil_mode = bool(node.number("ceil_mode", 0))
    windows = _windows(node, space, kernel, ceil_mode)
    axes = (*_front(batch), identity(channels), *windows)
    tying: Tying = ONE
    reduction = MAX
    if node.op == "AveragePool":
        tying = Mean("taps" if node.number("count_include_pad", 0) else "present")
        reduction = MEAN
    elif node.op == "SumPool":  # JAX has it, ONNX does not
        reduction = SUM
    elif node.op == "LpPool":
        reduction = _power_sum(node)
    shape = (batch, channels, *(w.outputs for w in windows))
    joint = signal, Product(axes), tying
    builder.emit(node, shape, [joint], reduction)
    for positions in filter(None, node.outputs[1:]):
        builder.emit(node, shape, [joint], unknown_values("MaxPool"), name=positions)


def _power_sum(node: Node) -> Reduction:
    order = node.real("p", 2)
    if not 0 < order < inf:
        raise ConvgraphError(f"p={order:g}: a positive number")
    return power_sum(order)


def present_counts(node: Node, shape: Sequence[int]) -> NDArray[np.int64]:
    """How many units each window of a pooling sees, over the axes of space."""
    kernel = node.numbers("kernel_shape") or []
    windows = _windows(node, shape[2:], kernel)
    return reduce(np.multiply.outer, [window.fan_in() for window in windows], np.ones((), int))


@builds("aten.adaptive_pool")
def adaptive_pool(builder: Builder, node: Node) -> None:
    """Windows that share an axis evenly among the outputs."""
    signal = builder.signal(node, 0)
    sizes = node.numbers("sizes") or []
    batch, channels, space = _image(builder, signal, len(sizes))
    shares = [Shares(int(n), m) for n, m in zip(space, sizes, strict=True)]
    mean = node.word("mode", "AveragePool") == "AveragePool"
    axes = (*_front(batch), identity(channels), *shares)
    joint = signal, Product(axes), Mean("present") if mean else ONE
    builder.emit(node, (batch, channels, *sizes), [joint], MEAN if mean else MAX)


@builds("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
def global_pool(builder: Builder, node: Node) -> None:
    """One value for each channel, from all of its positions."""
    signal = builder.signal(node, 0)
    space = set(range(2, len(signal.shape)))
    reduction = {"GlobalMaxPool": MAX, "GlobalAveragePool": MEAN}.get(node.op)
    over_axes(builder, node, signal, space, True, reduction or _power_sum(node))

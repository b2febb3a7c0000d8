"""The kernel of one layer as an array of expressions, and what two kernels make together."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.tying import Constant, Learned, Mean
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.sharing.reversal import mean_as_constant

__all__ = ["Kernel", "kernel_of", "windows_of"]

Expressions = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A linear convolution: entries (filters x channels x offsets), and where they are placed.

    `entries` lie on the grid of all input positions, so that a dilation shows as zeros; output i
    reads position `stride*i - before + offset`. `steps` are what all offsets are multiples of.
    """

    entries: Expressions
    stride: tuple[int, ...]
    before: tuple[Size, ...]
    after: tuple[Size, ...]
    steps: tuple[int, ...]
    bias: Expressions | None = None

    def then(self, top: Kernel) -> Kernel:
        """This kernel, followed by another.

        The offset j of the upper kernel moves the lower one by j times its stride.
        """
        space = range(2, self.entries.ndim)
        reach = [
            self.entries.shape[a] + s * (top.entries.shape[a] - 1)
            for a, s in zip(space, self.stride, strict=True)
        ]
        entries = np.full((len(top.entries), self.entries.shape[1], *reach), sp.S.Zero)
        for offset in np.ndindex(*top.entries.shape[2:]):
            weights = top.entries[(slice(None), slice(None), *offset)]
            if any(w != 0 for w in weights.ravel()):
                part = tuple(
                    slice(s * o, s * o + self.entries.shape[a])
                    for a, s, o in zip(space, self.stride, offset, strict=True)
                )
                entries[(slice(None), slice(None), *part)] += np.tensordot(
                    weights, self.entries, axes=(1, 0)
                )
        each = list(zip(self.stride, top.stride, strict=True))
        return Kernel(
            entries,
            tuple(s * t for s, t in each),
            tuple(p + s * q for p, s, q in zip(self.before, self.stride, top.before, strict=True)),
            tuple(p + s * q for p, s, q in zip(self.after, self.stride, top.after, strict=True)),
            tuple(
                gcd(g, s * h) for g, s, h in zip(self.steps, self.stride, top.steps, strict=True)
            ),
            self._bias_behind(top),
        )

    def _bias_behind(self, top: Kernel) -> Expressions | None:
        if self.bias is None:
            return top.bias
        sums = top.entries.reshape(len(top.entries), top.entries.shape[1], -1).sum(axis=2)
        moved = sums @ self.bias
        return moved if top.bias is None else moved + top.bias


def windows_of(layer: Layer) -> tuple[Window, ...]:
    """The windows of a layer along the axes of space.

    Raises
    ------
    ConvgraphError
        If the layer is not one of windows.
    """
    wiring = _wiring(layer)
    windows = _split(layer, wiring)[1]
    for window in windows:
        if window.sliding is None or is_symbolic(window.taps, window.stride, window.dilation):
            raise _refused(layer, "it is no convolution with a kernel of numbers")
    return tuple(w.sliding for w in windows if w.sliding is not None)


def kernel_of(network: Network, layer: Layer) -> Kernel:
    """The kernel of a linear layer of windows that is the same everywhere.

    Raises
    ------
    ConvgraphError
        If the layer is no such layer; the message names it.
    """
    wiring = _wiring(layer)
    channels, _ = _split(layer, wiring)
    windows = windows_of(layer)
    table = channels.table()
    reach = [int(w.dilation * (w.taps - 1) + 1) for w in windows]
    entries = np.full((len(table), int(channels.inputs), *reach), sp.S.Zero)
    values = _values(layer, wiring, channels, windows)
    places = tuple(slice(None, None, int(w.dilation)) for w in windows)
    for f, t in zip(*np.nonzero(table >= 0), strict=True):
        entries[(f, table[f, t], *places)] = values[f, t]
    bias = None
    if layer.bias is not None:
        bias = np.array(_biases(network, layer, len(table)), object)
    return Kernel(
        entries,
        tuple(int(w.stride) for w in windows),
        tuple(w.padding for w in windows),
        tuple(_after(w) for w in windows),
        tuple(int(w.dilation) if w.taps > 1 else 0 for w in windows),
        bias,
    )


def _wiring(layer: Layer) -> Product:
    if not layer.reduction.linear:
        raise _refused(layer, f"its reduction {layer.reduction.name!r} is not linear")
    wiring = layer.joints[0].wiring if len(layer.joints) == 1 else None
    if not isinstance(wiring, Product) or wiring.order != tuple(range(len(wiring.axes))):
        raise _refused(layer, "it is no convolution of one input")
    return wiring


def _split(layer: Layer, wiring: Product) -> tuple[Axis, tuple[Axis, ...]]:
    """The relation between channels, and those along the axes of space."""
    source, target = layer.joints[0].source, layer.target
    space = len(source.shape) - source.channels
    channels, windows = wiring.axes[:-space], wiring.axes[-space:]
    fits = (
        len(channels) <= 1
        and tuple(axis.inputs for axis in windows) == source.shape[-space:]
        and tuple(axis.outputs for axis in windows) == target.shape[-space:]
    )
    if not fits or (channels and channels[0].symbolic):
        raise _refused(layer, "it is no convolution with a number of channels")
    return channels[0] if channels else identity(1), windows


def _values(
    layer: Layer, wiring: Product, channels: Axis, windows: tuple[Window, ...]
) -> Expressions:
    """The label of each connection: an array (filters x channel taps x taps of the windows)."""
    tying = layer.joints[0].tying
    shape = (int(channels.outputs), int(channels.taps), *(int(w.taps) for w in windows))
    if isinstance(tying, Mean):
        tying = mean_as_constant(wiring, tying) or tying
    if isinstance(tying, Constant):
        return np.full(shape, tying.value)
    if not isinstance(tying, Learned):
        raise _refused(layer, "its connections do not carry the same numbers everywhere")
    first = len(wiring.axes) - len(windows)
    flat = np.zeros(shape, np.int64)
    if first:
        codes = tying.codes(0, channels)
        flat += codes.reshape(*codes.shape, *(1,) * len(windows))
    step = 1
    for digit in reversed(tying.digits):
        if digit.axis >= first:
            if digit.kind == "tap":
                taps = np.arange(int(digit.size))
                along = [1] * len(shape)
                along[2 + digit.axis - first] = len(taps)
                flat += step * (taps[::-1] if digit.flipped else taps).reshape(along)
            elif digit.size != 1:
                raise _refused(layer, "its kernel is not the same everywhere")
        step *= int(digit.size)
    values = np.empty(shape, object)
    array = tying.array
    values.flat[:] = [array.symbol(i) for i in flat.ravel().tolist()]
    return values


def _biases(network: Network, layer: Layer, filters: int) -> list[sp.Expr]:
    assert layer.bias is not None
    tying = layer.bias.tying
    if not isinstance(tying, Learned) or any(d.axis > 0 and d.size != 1 for d in tying.digits):
        raise _refused(layer, "its bias is not the same everywhere")
    array = tying.array
    return [array.symbol(i) for i in range(filters)]


def _after(window: Window) -> Size:
    """The positions added behind the last one, all of them used where nobody has said."""
    if window.after is not None:
        return window.after
    reach = window.stride * (window.outputs - 1) + window.dilation * (window.taps - 1) + 1
    return reach - window.inputs - window.padding


def _refused(layer: Layer, reason: str) -> ConvgraphError:
    return ConvgraphError(
        f"{layer.spec}: an effective kernel is that of linear convolutions, and {reason}"
    )

"""The effective kernel: a stack of linear convolutions as one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.boxes import Box
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.core.units import Units
from convgraph.core.window import Boundary
from convgraph.layers.convolution import Conv
from convgraph.sharing.border_paths import axis_paths, parting
from convgraph.sharing.kernels import Kernel, kernel_of, windows_of

__all__ = ["EffectiveKernel", "effective_kernel"]


@dataclass(frozen=True, eq=False, repr=False)
class EffectiveKernel:
    """One convolution in place of a stack of them.

    Attributes
    ----------
    kernel
        Its entries, an array (filters x channels x taps along each axis) of polynomials in the
        parameters of all layers.
    stride, dilation
        Of the window in the input, per axis.
    padding
        What it adds (before, behind) the input, per axis.
    padding_mode
        What lies beyond the border.
    bias
        What it adds to each filter, or None.
    """

    network: Network
    kernel: NDArray[Any]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[Size, Size], ...]
    padding_mode: Boundary
    bias: tuple[sp.Expr, ...] | None

    @property
    def spec(self) -> Conv:
        """A convolution of this kernel's shape, stride, dilation and padding."""
        return Conv(
            self.kernel.shape[2:],
            filters=len(self.kernel),
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            padding_mode=self.padding_mode,
            bias=self.bias is not None,
        )

    @cached_property
    def differs(self) -> Units:
        """The output units at which the stack is not the same as the one convolution.

        A stack pads its hidden rows too: near the border it loses paths through hidden units that
        are not there, which the one kernel counts. These are the units for which a path ends
        elsewhere. With zeros beyond the border that is exact; with other borders, paths that carry
        the same parameters or numbers may make up for each other.
        """
        layers, output = self.network.layers, self.network.outputs[0]
        output.numbers()
        each = zip(*(windows_of(layer) for layer in layers), strict=True)
        axes = [axis_paths(stack, self.padding_mode) for stack in each]
        boxes = parting(axes, [layer.bias is not None for layer in layers])
        leading: Box = (np.ones(len(self.kernel), bool),) if output.channels else ()
        return Units(output, [(*leading, *box) for box in boxes])

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        names = ("kernel", "stride", "dilation", "padding", "padding_mode", "bias")
        return plain({name: getattr(self, name) for name in names})

    def __repr__(self) -> str:
        taps = " x ".join(map(str, self.kernel.shape[2:]))
        maps = f"{self.kernel.shape[1]} -> {self.kernel.shape[0]} channels, "
        parts = [f"{maps if self.kernel.shape[:2] != (1, 1) else ''}taps {taps}"]
        for name, usual in (("stride", 1), ("dilation", 1), ("padding", (0, 0))):
            values = getattr(self, name)
            if any(value != usual for value in values):
                parts.append(f"{name} {values[0] if len(values) == 1 else values}")
        parts += [] if self.padding_mode == "zeros" else [self.padding_mode]
        if self.kernel.size <= 9:
            parts.append(str(self.kernel.ravel().tolist()))
        parts += [] if self.bias is None else [f"bias {list(self.bias)}"]
        return f"EffectiveKernel({', '.join(parts)})"


def effective_kernel(network: Network) -> EffectiveKernel:
    """A stack of linear convolutions as one convolution.

    Offsets add up, the upper ones times the lower stride, and along each sum of offsets the
    products of parameters add up: the kernels are convolved. Means, paddings and strides count as
    convolutions, too. Input sizes may be symbols; kernels, strides and channels are numbers.

    Parameters
    ----------
    network
        A chain of layers without nonlinearities.

    Returns
    -------
    EffectiveKernel
        With `kernel`, `stride`, `dilation`, `padding`, `bias`, a `spec` of the same shape, and
        `differs`, the units near the border at which the stack is something else.

    Raises
    ------
    ConvgraphError
        If the network branches, or a layer is no linear convolution; the message names it.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding="same") >> cg.Conv(2, stride=2)).on(8)
    >>> one = cg.effective_kernel(net)
    >>> one
    EffectiveKernel(taps 4, stride 2, padding (1, 1), [v_1*w_1, v_1*w_2 + v_2*w_1, v_1*w_3 + v_2*w_2, v_2*w_3])
    >>> one.differs
    Units(g: none)
    >>> cg.effective_kernel(
    ...     (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(8)
    ... ).differs
    Units(g: g1, g8)
    """  # noqa: E501 - a result is one line
    check_network(network)
    layers = network.layers
    before = [*network.inputs, *(layer.target for layer in layers)]
    chained = all(
        len(layer.joints) == 1 and layer.joints[0].source is source
        for layer, source in zip(layers, before, strict=False)
    )
    if len(network.inputs) != 1 or len(network.outputs) != 1 or not chained:
        raise ConvgraphError(
            f"network={network!r}: an effective kernel is that of layers in a chain, without "
            "branches"
        )
    whole = reduce(Kernel.then, [kernel_of(network, layer) for layer in layers])
    steps = tuple(step or 1 for step in whole.steps)
    grid = tuple(slice(None, None, step) for step in steps)
    entries = whole.entries[(slice(None), slice(None), *grid)]
    kernel = np.empty(entries.shape, object)
    kernel.flat[:] = [sp.expand(entry) for entry in entries.ravel()]
    bias = None if whole.bias is None else tuple(sp.expand(b) for b in whole.bias)
    padding = tuple(zip(whole.before, whole.after, strict=True))
    return EffectiveKernel(network, kernel, whole.stride, steps, padding, _mode(network), bias)


def _mode(network: Network) -> Boundary:
    """What lies beyond the border: the same as in all layers that have one, else zeros."""
    modes: set[Boundary] = {
        window.boundary
        for layer in network.layers
        for window in windows_of(layer)
        if window.padding != 0 or window.after != 0
    }
    return modes.pop() if len(modes) == 1 else "zeros"

"""Convolutions: one wiring of windows, tied in full, in tiles or not at all, or reversed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from convgraph.core.axis import Axis, Blocks, Full
from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.reversed_window import Reversed
from convgraph.core.sizes import Size, as_size, floor_div, is_symbolic
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Digit, Learned, outputs, taps
from convgraph.core.window import Boundary, Window, check_boundary
from convgraph.core.wiring import Product
from convgraph.layers.arguments import (
    Padding,
    Sizes,
    as_letter,
    as_padding,
    as_sizes,
    channels_and_space,
    greatest,
    window,
)
from convgraph.layers.spec import Layer

__all__ = ["Conv", "ConvTranspose", "LocallyConnected", "TiledConv"]

KERNEL_RULE = "a kernel size is a positive integer"
STRIDE_RULE = "a stride is a positive integer"
DILATION_RULE = "a dilation is a positive integer"
FILTERS_RULE = "a number of filters is a positive integer"
GROUPS_RULE = "a number of groups is a positive integer"


@dataclass(frozen=True, repr=False)
class _Windowed(Layer):
    """What all convolutions share: arguments, windows and channels."""

    kernel: Sizes
    filters: Size = 1
    stride: Sizes = 1
    dilation: Sizes = 1
    padding: Padding = "valid"
    padding_mode: Boundary = "zeros"
    groups: int = 1
    bias: bool = False
    letter: str | None = None

    def __post_init__(self) -> None:
        as_sizes("kernel", self.kernel, None, KERNEL_RULE)
        as_size("filters", self.filters, FILTERS_RULE)
        as_sizes("stride", self.stride, self.rank, STRIDE_RULE)
        as_sizes("dilation", self.dilation, self.rank, DILATION_RULE)
        as_padding("padding", self.padding, self.rank)
        check_boundary("padding_mode", self.padding_mode)
        as_flag("bias", self.bias)
        as_flag("flip", getattr(self, "flip", False))
        as_letter(self.letter)
        if is_symbolic(as_size("groups", self.groups, GROUPS_RULE)):
            raise ConvgraphError(f"groups={self.groups}: a number of groups is not a symbol")
        if not is_symbolic(self.filters) and self.filters % self.groups:
            raise ConvgraphError(
                f"groups={self.groups}: the number of groups divides the {self.filters} filters"
            )

    @property
    def rank(self) -> int:
        return len(self.kernel) if isinstance(self.kernel, tuple | list) else 1

    def _each(self, value: Sizes) -> tuple[Size, ...]:
        return as_sizes("", value, self.rank, "")

    def _paddings(self) -> tuple[Any, ...]:
        padding = as_padding("padding", self.padding, self.rank)
        return (padding,) * self.rank if isinstance(padding, str) else padding

    def _channel_axis(self, channels: Size) -> Axis:
        if self.groups == 1:
            return Full(channels, self.filters)
        if not is_symbolic(channels) and channels % self.groups:
            raise ConvgraphError(
                f"groups={self.groups}: the number of groups divides the {channels} input channels"
            )
        return Blocks(channels, self.filters, self.groups)

    def _along(self, space: tuple[Size, ...]) -> Iterator[tuple[Size, Size, Size, Size, Any]]:
        """Size, kernel, stride, dilation and padding, axis by axis."""
        steps = self._each(self.stride), self._each(self.dilation)
        return zip(space, self._each(self.kernel), *steps, self._paddings(), strict=True)

    def _windows(self, space: tuple[Size, ...]) -> list[Window]:
        return [window(*each, self.padding_mode) for each in self._along(space)]

    def bind(self, *tensors: Tensor) -> Bound:
        named, channels, space = channels_and_space(tensors[0], self.rank, self)
        axes = (self._channel_axis(channels), *self._windows(space))
        out_named = named or self.filters != 1
        out_space = tuple(axis.outputs for axis in axes[1:])
        shape = (self.filters, *out_space) if out_named else out_space
        tying = self._tying(axes, named, out_named)
        bias = None
        if self.bias:
            ones = Product(tuple(Full(1, axis.outputs) for axis in axes))
            bias = (
                ones,
                Learned(
                    self._shared_with(axes, out_named), f"b{self.letter}" if self.letter else None
                ),
            )
        return Bound(shape, ((Product(axes), tying),), SUM, bias, out_named)

    def _shared_with(self, axes: tuple[Axis, ...], out_named: bool) -> tuple[Digit, ...]:
        """The output digits: which output positions have parameters of their own."""
        return outputs(self.filters, named=out_named)

    def _tying(self, axes: tuple[Axis, ...], named: bool, out_named: bool) -> Learned:
        channel = Digit("tap", 0, axes[0].taps, named)
        space = taps(axes, start=1, flipped=getattr(self, "flip", False))
        return Learned((*self._shared_with(axes, out_named), channel, *space), self.letter)


@dataclass(frozen=True, repr=False)
class Conv(_Windowed):
    """A convolution: every output position reads a window of the input through the same kernel.

    y[f, i] = sum over c, j of w[f, c, j] x[c, s i + d j - p]: cross-correlation, as in every
    framework; `flip=True` gives the mathematician's convolution.

    Parameters
    ----------
    kernel
        Taps of the window: a number (one axis), or a tuple with one for each axis.
    filters
        Output channels.
    stride, dilation
        Steps between windows and between the taps of a window; one number, or one per axis.
    padding
        "valid" (none), "same" (ceil(n / stride) outputs), "full" (every window that touches the
        input), a number, or one (before, after) pair per axis.
    padding_mode
        What lies beyond the border: "zeros", "circular", "reflect" or "replicate".
    groups
        Groups of channels that do not mix; as many as channels is the depthwise convolution.
    bias
        Whether each filter adds a learned number.
    flip
        Whether the kernel is applied mirrored.
    letter
        The name of the parameter array; layers with the same letter share their parameters.

    Examples
    --------
    >>> Conv(3, padding="same").on(5)
    Network(x[5] -> s[5]: 10 units, 13 connections, 3 parameters)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), sections 9.1 and 9.5.
    """

    flip: bool = False


@dataclass(frozen=True, repr=False)
class LocallyConnected(_Windowed):
    """The wiring of a convolution with nothing tied: each connection has its own parameter.

    >>> LocallyConnected(2).on(5).parameters[:3]
    (w_1_1, w_1_2, w_2_1)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5, equation 9.9.
    """

    def _shared_with(self, axes: tuple[Axis, ...], out_named: bool) -> tuple[Digit, ...]:
        first = outputs(self.filters, named=out_named)
        return first + tuple(Digit("output", a, axes[a].outputs) for a in range(1, len(axes)))


@dataclass(frozen=True, repr=False)
class TiledConv(_Windowed):
    """A convolution that takes `tiles` kernels in turn: output positions t apart share parameters.

    `tiles=1` is the ordinary convolution, as many tiles as outputs the locally connected layer; of
    more tiles the last ones are not used.

    >>> TiledConv(2, tiles=2).on(5).parameters
    (w_1_1, w_1_2, w_2_1, w_2_2)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5, equation 9.10.
    """

    tiles: Sizes = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        as_sizes("tiles", self.tiles, self.rank, "a number of tiles is a positive integer")

    def _shared_with(self, axes: tuple[Axis, ...], out_named: bool) -> tuple[Digit, ...]:
        tiles = enumerate(self._each(self.tiles), start=1)
        return outputs(self.filters, named=out_named) + tuple(
            Digit("output", a, size) for a, size in tiles
        )


@dataclass(frozen=True, repr=False)
class ConvTranspose(_Windowed):
    """The transposed convolution: the wiring of a convolution, reversed.

    The outputs are n' = (n - 1) s + d (k - 1) + 1 - padding + output_padding per axis; "same" gives
    n' = n s. Parameters are laid out as in ONNX and PyTorch, input channel first, so that a
    convolution and a transposed one of the same letter are adjoint.

    >>> ConvTranspose(3, stride=2).on(2).matrix().T == Conv(3, stride=2).on(5).matrix()
    True

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5, equation 9.13;
    Dumoulin and Visin (2016), chapter 4.
    """

    output_padding: Sizes = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.padding == "full" or self.padding_mode != "zeros":
            argument = "padding" if self.padding == "full" else "padding_mode"
            raise ConvgraphError(
                f"{argument}={getattr(self, argument)!r}: a transposed convolution takes "
                '"valid", "same", a number or pairs, and zeros beyond the border'
            )
        if self.padding == "same" and any(extra != 0 for extra in self._extra()):
            raise ConvgraphError(
                f'output_padding={self.output_padding!r}: with padding="same" the outputs are the '
                "inputs times the stride, and none are added"
            )
        steps = zip(self._each(self.stride), self._each(self.dilation), strict=True)
        for extra, (step, apart) in zip(self._extra(), steps, strict=True):
            if not is_symbolic(extra, step, apart) and extra >= max(step, apart):
                raise ConvgraphError(
                    f"output_padding={self.output_padding!r}: "
                    "an output padding is smaller than the stride or the dilation"
                )

    def _extra(self) -> tuple[Size, ...]:
        value = self.output_padding
        values = value if isinstance(value, tuple | list) else (value,) * self.rank
        rule = "an output padding is a number that is not negative, or one for each axis"
        if len(values) != self.rank:
            raise ConvgraphError(f"output_padding={value!r}: {rule}")
        return tuple(as_size("output_padding", v, rule, least=0) for v in values)

    def _windows(self, space: tuple[Size, ...]) -> list[Reversed]:  # type: ignore[override]
        found = []
        for (n, k, s, d, padding), extra in zip(self._along(space), self._extra(), strict=True):
            span = d * (k - 1) + 1
            whole = (n - 1) * s + span
            if padding == "same":
                size = n * s
                before = floor_div(greatest(0, span - s), 2)
                after = whole - size - before
            else:
                before, after = (0, 0) if padding == "valid" else padding
                size = whole - before - after + extra
            if not is_symbolic(size) and size < 1:
                raise ConvgraphError(
                    f"padding={self.padding!r}: it cuts off all {whole} positions of the output"
                )
            found.append(Reversed(Window(size, n, k, s, d, before, after=after)))
        return found

    def _tying(self, axes: tuple[Axis, ...], named: bool, out_named: bool) -> Learned:
        per_group = (
            self.filters // self.groups
            if not is_symbolic(self.filters)
            else self.filters / self.groups
        )
        channels = (
            Digit("input", 0, axes[0].inputs, named),
            Digit("output", 0, per_group, out_named),
        )
        return Learned((*channels, *taps(axes, start=1)), self.letter)

"""Pooling: the wiring of a convolution, nothing learned, and another reduction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convgraph.core.axis import Axis, Full
from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import MAX, MEAN, Reduction
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant, Mean, Tying
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.layers.arguments import (
    Padding,
    Sizes,
    as_padding,
    as_sizes,
    channels_and_space,
    channels_first,
    window,
)
from convgraph.layers.convolution import DILATION_RULE, KERNEL_RULE, STRIDE_RULE
from convgraph.layers.spec import Layer

__all__ = ["AvgPool", "GlobalAvgPool", "GlobalMaxPool", "MaxPool"]


@dataclass(frozen=True, repr=False)
class _Pool(Layer):
    kernel: Sizes
    stride: Sizes | None = None
    padding: Padding = "valid"
    dilation: Sizes = 1
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        as_sizes("kernel", self.kernel, None, KERNEL_RULE)
        if self.stride is not None:
            as_sizes("stride", self.stride, self.rank, STRIDE_RULE)
        as_sizes("dilation", self.dilation, self.rank, DILATION_RULE)
        as_padding("padding", self.padding, self.rank)
        as_flag("ceil_mode", self.ceil_mode)
        as_flag("count_include_pad", getattr(self, "count_include_pad", True))

    @property
    def rank(self) -> int:
        return len(self.kernel) if isinstance(self.kernel, tuple | list) else 1

    def _labels(self) -> tuple[Tying, Reduction]:
        raise AssertionError

    def bind(self, *tensors: Tensor) -> Bound:
        named, channels, space = channels_and_space(tensors[0], self.rank, self)
        kernel = as_sizes("kernel", self.kernel, self.rank, KERNEL_RULE)
        stride = (
            as_sizes("stride", self.stride, self.rank, STRIDE_RULE)
            if self.stride is not None
            else kernel
        )
        dilation = as_sizes("dilation", self.dilation, self.rank, DILATION_RULE)
        padding: Any = as_padding("padding", self.padding, self.rank)
        if isinstance(padding, str):
            padding = (padding,) * self.rank
        axes: list[Axis] = [identity(channels)]
        for n, k, s, d, p in zip(space, kernel, stride, dilation, padding, strict=True):
            axis = window(n, k, s, d, p, ceil_mode=self.ceil_mode)
            axes.append(axis)
        out = tuple(axis.outputs for axis in axes)
        tying, reduction = self._labels()
        return Bound(
            out if named else out[1:], ((Product(tuple(axes)), tying),), reduction, channels=named
        )


@dataclass(frozen=True, repr=False)
class MaxPool(_Pool):
    """The greatest value of each window; padding is never the greatest.

    Parameters
    ----------
    kernel, stride, padding, dilation
        As for `Conv`; the stride is the kernel where none is given.
    ceil_mode
        Whether a last window may reach beyond the padded input (but not start there).

    Examples
    --------
    >>> MaxPool(2).on(5).expressions()
    {'s1': Max(x1, x2), 's2': Max(x3, x4)}
    """

    def _labels(self) -> tuple[Tying, Reduction]:
        return Constant(), MAX


@dataclass(frozen=True, repr=False)
class AvgPool(_Pool):
    """The mean of each window.

    Parameters
    ----------
    kernel, stride, padding, dilation, ceil_mode
        As for `MaxPool`.
    count_include_pad
        Whether padding counts among the units that are averaged.

    Examples
    --------
    >>> AvgPool(2, stride=1, padding="same", count_include_pad=False).on(3).matrix()
    Matrix([
    [1/2, 1/2,   0],
    [  0, 1/2, 1/2],
    [  0,   0,   1]])
    """

    count_include_pad: bool = True

    def _labels(self) -> tuple[Tying, Reduction]:
        return Mean("taps" if self.count_include_pad else "present"), MEAN


@dataclass(frozen=True, repr=False)
class _GlobalPool(Layer):
    def _labels(self) -> tuple[Tying, Reduction]:
        raise AssertionError

    def takes_channels(self, *tensors: Tensor) -> bool:
        return channels_first(tensors[0])

    def bind(self, *tensors: Tensor) -> Bound:
        tensor = tensors[0]
        named = self.takes_channels(tensor)
        channels, space = (tensor.shape[:1], tensor.shape[1:]) if named else ((), tensor.shape)
        if not space:
            raise ConvgraphError(
                f"shape={tensor.shape}: a global pool needs an axis besides the channels"
            )
        axes = (*map(identity, channels), *(Full(n, 1) for n in space))
        tying, reduction = self._labels()
        shape = tuple(axis.outputs for axis in axes)
        return Bound(shape, ((Product(axes), tying),), reduction, channels=named)


@dataclass(frozen=True, repr=False)
class GlobalMaxPool(_GlobalPool):
    """The greatest value of each channel; every axis but the channels shrinks to one position.

    >>> GlobalMaxPool().on((2, 8, 8)).outputs[0].shape
    (2, 1, 1)
    """

    def _labels(self) -> tuple[Tying, Reduction]:
        return Constant(), MAX


@dataclass(frozen=True, repr=False)
class GlobalAvgPool(_GlobalPool):
    """The mean of each channel; every axis but the channels shrinks to one position.

    >>> GlobalAvgPool().on(4).expressions()["s1"]
    x1/4 + x2/4 + x3/4 + x4/4
    """

    def _labels(self) -> tuple[Tying, Reduction]:
        return Mean(), MEAN

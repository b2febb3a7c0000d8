"""Layers that only move units: padding, cropping, nearest-neighbour upsampling, flattening."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.repeat import Repeat
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import Boundary, Window, check_boundary, identity
from convgraph.core.wiring import Product
from convgraph.layers.arguments import Sizes, as_padding, as_pairs, as_sizes, channels_first, window
from convgraph.layers.spec import Layer

__all__ = ["Crop", "Flatten", "Pad", "Upsample"]


CROPPING_RULE = "a cropping is a number that is not negative, or one (before, after) pair per axis"


@dataclass(frozen=True, repr=False)
class _Moving(Layer):
    """What moves units along all axes of space, or along those that its argument is for."""

    def takes_channels(self, *tensors: Tensor) -> bool:
        said = super().takes_channels(*tensors)
        return channels_first(tensors[0]) if said is None else said

    def bind(self, *tensors: Tensor) -> Bound:
        shape, rank = tensors[0].shape, self.rank
        if rank is not None and len(shape) not in (rank, rank + 1):
            raise ConvgraphError(
                f"shape={shape}: a shape of rank {rank}, or {rank + 1} with channels first"
            )
        named = self.takes_channels(tensors[0])
        channels, space = (shape[:1], shape[1:]) if named else ((), shape)
        axes = (*map(identity, channels), *self._axes(space))
        moved = tuple(axis.outputs for axis in axes)
        return Bound(moved, ((Product(axes), Constant()),), SUM, channels=named)

    @abstractmethod
    def _axes(self, space: tuple[Size, ...]) -> Sequence[Axis]:
        """What happens along each axis of space."""


def _rank_of_pairs(value: Any) -> int | None:
    """The number of axes that pairs are for; None for a number, which goes for any."""
    if not isinstance(value, tuple | list):
        return None
    several = value and isinstance(value[0], tuple | list)
    return len(value) if several else 1


def _negative(value: Any) -> bool:
    """Whether a number below 0 stands somewhere in a value."""
    if isinstance(value, tuple | list):
        return any(map(_negative, value))
    return isinstance(value, int | sp.Integer) and value < 0


@dataclass(frozen=True, repr=False)
class Pad(_Moving):
    """Positions added around the input: zeros, or copies of it.

    Parameters
    ----------
    padding
        A number for all sides, or one (before, after) pair per axis.
    padding_mode
        "zeros", "circular", "reflect" or "replicate".

    Examples
    --------
    >>> Pad(1, "reflect").on(3).expressions()
    {'s1': x2, 's2': x1, 's3': x2, 's4': x3, 's5': x2}
    """

    padding: Any
    padding_mode: Boundary = "zeros"

    def __post_init__(self) -> None:
        if _negative(self.padding):
            raise ConvgraphError(
                f"padding={self.padding!r}: a padding adds positions; Crop takes them away"
            )
        as_padding("padding", self.padding, self.rank or 1, words=())
        check_boundary("padding_mode", self.padding_mode)

    @property
    def rank(self) -> int | None:
        return _rank_of_pairs(self.padding)

    def _axes(self, space: tuple[Size, ...]) -> Sequence[Axis]:
        pairs = as_padding("padding", self.padding, len(space), words=())
        padded = zip(space, pairs, strict=True)
        return [window(n, 1, 1, 1, pair, self.padding_mode) for n, pair in padded]


@dataclass(frozen=True, repr=False)
class Crop(_Moving):
    """Positions taken away around the input, as where a U-Net cuts a map to the size of another.

    Parameters
    ----------
    cropping
        A number for all sides, or one (before, after) pair per axis.

    Examples
    --------
    >>> Crop((1, 2)).on(5).expressions()
    {'s1': x2, 's2': x3}
    >>> Crop(2).on((3, 8, 8)).outputs[0].shape
    (3, 4, 4)

    References
    ----------
    Ronneberger, Fischer and Brox, U-Net: convolutional networks for biomedical image segmentation,
    MICCAI 2015.
    """

    cropping: Any

    def __post_init__(self) -> None:
        self._pairs(self.rank or 1)

    @property
    def rank(self) -> int | None:
        return _rank_of_pairs(self.cropping)

    def _pairs(self, rank: int) -> tuple[tuple[Size, Size], ...]:
        return as_pairs("cropping", self.cropping, rank, CROPPING_RULE)

    def _axes(self, space: tuple[Size, ...]) -> Sequence[Axis]:
        windows = []
        for n, (before, after) in zip(space, self._pairs(len(space)), strict=True):
            left = n - before - after
            if not is_symbolic(left) and left < 1:
                raise ConvgraphError(
                    f"cropping={self.cropping!r}: it leaves nothing of an axis of {n}"
                )
            windows.append(Window(n, left, 1, padding=-before))
        return windows


@dataclass(frozen=True, repr=False)
class Upsample(_Moving):
    """Nearest-neighbour enlargement by whole factors: every position is repeated.

    >>> Upsample(2).on(2).expressions()
    {'s1': x1, 's2': x1, 's3': x2, 's4': x2}
    """

    factor: Sizes

    def __post_init__(self) -> None:
        as_sizes("factor", self.factor, None, "a factor is a positive integer")

    @property
    def rank(self) -> int | None:
        return len(self.factor) if isinstance(self.factor, tuple | list) else None

    def _axes(self, space: tuple[Size, ...]) -> Sequence[Axis]:
        factors = as_sizes("factor", self.factor, len(space), "a factor is a positive integer")
        return [Repeat(n, f) for n, f in zip(space, factors, strict=True)]


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """All units in one row, channels first and columns last.

    >>> Flatten().on((2, 3)).outputs[0].shape
    (6,)
    """

    def bind(self, *tensors: Tensor) -> Bound:
        size = product(tensors[0].shape)
        return Bound((size,), ((Product((identity(size),)), Constant()),), SUM, channels=False)

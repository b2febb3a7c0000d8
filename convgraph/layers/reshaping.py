"""Layers that only move units: padding, nearest-neighbour upsampling, flattening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convgraph.core.axis import Repeat
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size, product
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import Boundary, Window, check_boundary, identity
from convgraph.core.wiring import Product
from convgraph.layers.arguments import Sizes, as_padding, as_sizes, window
from convgraph.layers.spec import Layer

__all__ = ["Flatten", "Pad", "Upsample"]


def _split(tensor: Tensor, rank: int | None) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """(channels, space) of a tensor, for a layer that acts on all of space or on `rank` axes."""
    shape = tensor.shape
    named = tensor.channels
    if rank is not None:
        named = len(shape) == rank + 1
        if len(shape) not in (rank, rank + 1):
            raise ConvgraphError(
                f"shape={shape}: a shape of rank {rank}, or {rank + 1} with channels first"
            )
    elif named is None:
        named = len(shape) > 1
    return (shape[:1], shape[1:]) if named else ((), shape)


@dataclass(frozen=True, repr=False)
class Pad(Layer):
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
        as_padding("padding", self.padding, self.rank or 1, words=())
        check_boundary("padding_mode", self.padding_mode)

    @property
    def rank(self) -> int | None:
        if not isinstance(self.padding, tuple | list):
            return None
        several = self.padding and isinstance(self.padding[0], tuple | list)
        return len(self.padding) if several else 1

    def bind(self, *tensors: Tensor) -> Bound:
        channels, space = _split(tensors[0], self.rank)
        pairs = as_padding("padding", self.padding, len(space), words=())
        padded = [
            window(n, 1, 1, 1, pair, self.padding_mode)
            for n, pair in zip(space, pairs, strict=True)
        ]
        axes: tuple[Window, ...] = (*map(identity, channels), *padded)
        shape = tuple(axis.outputs for axis in axes)
        return Bound(shape, ((Product(axes), Constant()),), SUM, channels=bool(channels))


@dataclass(frozen=True, repr=False)
class Upsample(Layer):
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

    def bind(self, *tensors: Tensor) -> Bound:
        channels, space = _split(tensors[0], self.rank)
        factors = as_sizes("factor", self.factor, len(space), "a factor is a positive integer")
        repeats = (Repeat(n, f) for n, f in zip(space, factors, strict=True))
        axes = (*map(identity, channels), *repeats)
        shape = tuple(axis.outputs for axis in axes)
        return Bound(shape, ((Product(axes), Constant()),), SUM, channels=bool(channels))


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """All units in one row, channels first and columns last.

    >>> Flatten().on((2, 3)).outputs[0].shape
    (6,)
    """

    def bind(self, *tensors: Tensor) -> Bound:
        size = product(tensors[0].shape)
        return Bound((size,), ((Product((identity(size),)), Constant()),), SUM, channels=False)

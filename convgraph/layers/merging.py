"""Layers that take several tensors: sums, products and concatenations of branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import PRODUCT, SUM, Reduction
from convgraph.core.sizes import Size
from convgraph.core.sizes_that_fit import fits
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.layers.spec import Layer, check_tensors

__all__ = ["Add", "Concat", "Multiply"]


@dataclass(frozen=True, repr=False)
class _Merge(Layer):
    def _check_inputs(self, tensors: Sequence[Any]) -> None:
        check_tensors(self, tensors)
        if len(tensors) < 2:
            raise ConvgraphError(f"tensors: {self} merges two or more, not {len(tensors)}")

    def takes_channels(self, *tensors: Tensor) -> bool | None:
        return next((t.channels for t in tensors if t.channels is not None), None)


def _shrinking(tensors: Sequence[Tensor]) -> str:
    """The end of a message about shapes that differ: a layer without padding on the way, if any."""
    waiting = list(tensors)
    seen: set[Tensor] = set()
    while waiting:
        tensor = waiting.pop(0)
        spec = tensor.spec
        unpadded = getattr(spec, "padding", None) == "valid" and getattr(spec, "stride", None) == 1
        if unpadded and tensor.shape[-1] != tensor.sources[0].shape[-1]:
            return f'; with padding="same" {spec} keeps the size of what it reads'
        waiting += [source for source in tensor.sources if source not in seen]
        seen.update(tensor.sources)
    return ""


@dataclass(frozen=True, repr=False)
class _Elementwise(_Merge):
    def reduction(self) -> Reduction:
        """How the branches' values become one."""
        raise AssertionError

    def bind(self, *tensors: Tensor) -> Bound:
        shapes = [t.shape for t in tensors]
        if any(shape != shapes[0] for shape in shapes):
            raise ConvgraphError(
                f"{self} of the shapes {', '.join(map(str, shapes))}: "
                "branches that are merged have the same shape"
                f"{fits(shapes) or _shrinking(tensors)}"
            )
        joint = Product(tuple(map(identity, shapes[0]))), Constant()
        channels = self.takes_channels(*tensors)
        return Bound(shapes[0], (joint,) * len(tensors), self.reduction(), channels=channels)


@dataclass(frozen=True, repr=False)
class Add(_Elementwise):
    """The sum of branches of one shape, unit by unit."""

    def reduction(self) -> Reduction:
        return SUM


@dataclass(frozen=True, repr=False)
class Multiply(_Elementwise):
    """The product of branches of one shape, unit by unit: gating."""

    def reduction(self) -> Reduction:
        return PRODUCT


@dataclass(frozen=True, repr=False)
class Concat(_Merge):
    """Branches one after the other along an axis, the channels by default.

    Branches without channels become channels of the result: each is one.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.Parallel(cg.ReLU(), cg.Conv(3, filters=2, padding="same")).on(4)
    Network(x[4] -> h1[4] -> h2[2, 4] -> s[3, 4]: 28 units, 36 connections, 6 parameters)
    """

    axis: int = 0

    def bind(self, *tensors: Tensor) -> Bound:
        kinds = {t.channels for t in tensors}
        unnamed = self.axis == 0 and (kinds == {False} or kinds == {False, True})
        shapes: list[tuple[Size, ...]] = [
            (1, *t.shape) if unnamed and t.channels is False else t.shape for t in tensors
        ]
        rank = len(shapes[0])
        if not isinstance(self.axis, int) or not 0 <= self.axis < rank:
            raise ConvgraphError(
                f"axis={self.axis!r}: an axis of shapes of rank {rank}, counted from 0"
            )
        for shape in shapes:
            if len(shape) != rank or any(
                shape[a] != shapes[0][a] for a in range(rank) if a != self.axis
            ):
                listed = ", ".join(str(t.shape) for t in tensors)
                rule = (
                    "branches without channels, which become channels, have the same shape"
                    if unnamed and True not in kinds
                    else f"branches that are merged may differ on axis {self.axis} only"
                )
                raise ConvgraphError(
                    f"{self} of the shapes {listed}: {rule}{fits(shapes, apart=self.axis)}"
                )
        total: Size = 0
        for shape in shapes:
            total = total + shape[self.axis]
        out = (*shapes[0][: self.axis], total, *shapes[0][self.axis + 1 :])
        joints, at = [], 0
        for shape in shapes:
            axes = [identity(n) for n in shape]
            # the branch's positions start at `at`: a window of one tap, shifted
            axes[self.axis] = Window(shape[self.axis], total, 1, padding=at)
            joints.append((Product(tuple(axes)), Constant()))
            at = at + shape[self.axis]
        channels = True if unnamed else self.takes_channels(*tensors)
        return Bound(out, tuple(joints), SUM, channels=channels)

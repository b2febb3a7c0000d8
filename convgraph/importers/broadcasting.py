"""Operands of several shapes, stretched to a common one as in numpy."""

from __future__ import annotations

from collections.abc import Iterable

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size
from convgraph.core.sizes_that_fit import fits
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import unchanged
from convgraph.importers.values import Known, Signal, row_shape

__all__ = ["common_shape", "places", "stretched"]

Shape = tuple[Size, ...]


def common_shape(shapes: Iterable[Shape]) -> Shape:
    """The shape that all operands are stretched to.

    >>> common_shape([(1, 3, 4, 4), (3, 1, 1)])
    (1, 3, 4, 4)
    """
    result: list[Size] = []
    known = list(shapes)
    for shape in known:
        result = [1] * (len(shape) - len(result)) + result
        for a, n in enumerate(reversed(shape), start=1):
            if result[-a] == 1:
                result[-a] = n
            elif n not in (1, result[-a]):
                listed = ", ".join(map(str, known))
                raise ConvgraphError(
                    f"shapes {listed}: they do not broadcast to one another{fits(known)}"
                )
    return tuple(result)


def _front(shape: Shape) -> int:
    """How many leading axes of a tensor its row leaves out."""
    return max(len(shape) - len(row_shape(shape)), 0)


def stretched(signal: Signal, shape: Shape) -> Product:
    """The wiring of an operand: axes of one position are read by all positions."""
    if signal.shape == shape:
        return unchanged(signal.row.shape)
    own = (1,) * (len(shape) - len(signal.shape)) + signal.shape
    pairs = list(zip(own, shape, strict=True))[_front(shape) :]
    axes: list[Axis] = [identity(m) if n == m else Full(1, m) for n, m in pairs]
    return Product(tuple(axes) or (identity(1),))


def places(known: Known, shape: Shape) -> list[tuple[str, int]]:
    """The digits of an array of parameters that are stretched to a shape: its output positions."""
    first = len(shape) - len(known.shape) - _front(shape)
    return [("output", max(first + a, 0)) for a in range(len(known.shape))]

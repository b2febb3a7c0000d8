"""Which connections along an axis carry which part of a parameter's index.

A parameter array is laid out in digits, each of which belongs to one axis of the wiring. So the
connections of a parameter are a product, too: of the (output, tap) pairs of each axis whose digits
are the parameter's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size, ceil_div, clamp, floor_div, is_symbolic, product
from convgraph.core.sympified import sympified
from convgraph.core.tying import Digit, Learned
from convgraph.core.wiring import Product

__all__ = ["Pairs", "axis_uses", "pairs", "uses_array", "uses_at"]

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """The (output, tap) pairs of one axis that carry given digits.

    `sources` holds the input position that each reads, or -1 where there is none.
    """

    outputs: Positions
    taps: Positions
    sources: Positions

    @property
    def present(self) -> Pairs:
        """Those that are connections."""
        there = self.sources >= 0
        return Pairs(self.outputs[there], self.taps[there], self.sources[there])


def pairs(wiring: Product, tying: Learned, index: Sequence[int]) -> list[Pairs]:
    """Per axis of the wiring, the pairs that carry the parameter at a zero-based index."""
    found = []
    for a, axis in enumerate(wiring.axes):
        codes, wanted = _codes(tying, a, axis)[0], 0
        for number, digit in _own(tying, a):
            wanted = wanted * int(digit.size) + index[number]
        outputs, taps = np.nonzero(codes == wanted)
        found.append(Pairs(outputs, taps, axis.table()[outputs, taps]))
    return found


def axis_uses(wiring: Product, tying: Learned, axis: int) -> NDArray[np.int64]:
    """How many pairs of an axis carry which digits: an array with one axis per digit of it."""
    relation = wiring.axes[axis]
    codes, shape = _codes(tying, axis, relation)
    there = relation.table() >= 0
    counts = np.bincount(codes[there], minlength=int(np.prod(shape, dtype=np.int64)))
    return counts.reshape(shape)


def uses_array(wiring: Product, tying: Learned) -> NDArray[np.int64]:
    """How many connections carry each parameter: an array of the parameter array's shape."""
    shape = tuple(int(size) for size in tying.shape)
    memory.require("parameters", int(np.prod(shape, dtype=np.int64)), 16)
    counts = [axis_uses(wiring, tying, a) for a in range(len(wiring.axes))]
    order = [number for a in range(len(wiring.axes)) for number, _ in _own(tying, a)]
    together = np.asarray(reduce(np.multiply.outer, counts))
    return together.transpose(np.argsort(order)).reshape(shape)


def uses_at(wiring: Product, tying: Learned, index: Sequence[Size]) -> Size:
    """How many connections carry the parameter at a zero-based index, which may hold symbols."""
    total: Size = 1
    for a, axis in enumerate(wiring.axes):
        own = _own(tying, a)
        values = [index[number] for number, _ in own]
        if axis.symbolic or is_symbolic(*values):
            total = total * _in_symbols(axis, [digit for _, digit in own], values)
        else:
            total = total * int(axis_uses(wiring, tying, a)[tuple(int(v) for v in values)])
    return total


def _own(tying: Learned, axis: int) -> list[tuple[int, Digit]]:
    """The digits of an axis of the wiring, each with its axis in the parameter array."""
    return [(number, digit) for number, digit in enumerate(tying.digits) if digit.axis == axis]


def _codes(tying: Learned, axis: int, relation: Axis) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """What the digits of an axis are at each (output, tap) pair, as one number; and their sizes."""
    own = tuple(digit for _, digit in _own(tying, axis))
    sizes = tuple(int(digit.size) for digit in own)
    return replace(tying, digits=own).codes(axis, relation), sizes


def _evenly(axis: Axis, digits: Sequence[Digit], values: Sequence[Size]) -> Size:
    """The same where every output position meets all combinations of the other digits as often.

    Of o positions, ceil((o - v) / t) are v modulo t.
    """
    if all(digit.size == 1 for digit in digits):
        return axis.connections
    others: Size = 1
    positions = axis.outputs
    for digit, value in zip(digits, values, strict=True):
        if digit.kind != "output":
            others = others * digit.size
        elif digit.size == axis.outputs:
            positions = 1
        else:
            positions = ceil_div(axis.outputs - value, digit.size)
    return positions * _quotient(_quotient(axis.connections, axis.outputs), others)


def _in_symbols(axis: Axis, digits: Sequence[Digit], values: Sequence[Size]) -> Size:
    """How many pairs of an axis carry these values of its digits, in closed form."""
    sizes = product(digit.size for digit in digits)
    if axis.window is None or sizes == 1:
        return _evenly(axis, digits, values)
    tap: Size | None = None
    tile: tuple[Size, Size] | None = None
    for digit, value in zip(digits, values, strict=True):
        if digit.kind == "tap":
            tap = digit.size - 1 - value if digit.flipped else value
        elif digit.kind == "output":
            tile = value, digit.size
    if tap is None or (tile is not None and axis.sliding is None):
        raise ConvgraphError(
            f"index={tuple(values)}: the uses of this parameter have no closed form; "
            "bind the network to sizes without symbols"
        )
    if tile is None:
        return axis.uses_of(tap)
    before, behind = axis.window.missing_of(tap)
    value, size = tile  # outputs before ... outputs - behind - 1 that are `value` modulo `size`
    last = floor_div(axis.outputs - behind - 1 - value, size)
    first = ceil_div(before - value, size)
    return clamp(last - first + 1, 0, axis.outputs)


def _quotient(a: Size, b: Size) -> Size:
    value = sp.expand(sympified(a) / b) if is_symbolic(a, b) else sp.Rational(a, b)
    value = sp.cancel(value)
    return int(value) if value.is_Integer else value

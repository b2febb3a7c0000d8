"""Layers read backwards: the wiring and the tying that carry gradients from outputs to inputs.

What reads is read: a window becomes a transposed one, a full axis stays full, groups exchange
their sides. The parameter on a connection stays the same, so the tying keeps its array and its
digits change sides.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.sizes import floor_div
from convgraph.core.tying import Constant, Digit, Learned, Mean, Tying
from convgraph.core.wiring import Product, Wiring

__all__ = ["mean_as_constant", "reversed_connections"]


def reversed_connections(wiring: Wiring, tying: Tying) -> tuple[Product, Tying] | None:
    """The same connections from outputs to inputs; None where they are no product of axes.

    >>> from convgraph.core.axis import Full
    >>> reversed_connections(Product((Full(2, 3),)), Constant())
    (Product(axes=(Full(inputs=3, outputs=2),), order=(0,)), Constant(value=1))
    """
    if not isinstance(wiring, Product):
        return None
    axes: list[Axis] = list(wiring.axes)
    order = list(wiring.order)
    for a, (axis, position) in enumerate(zip(wiring.axes, wiring.order, strict=True)):
        back = axis.opposite()
        if back is None:
            return None
        axes[position] = back
        order[position] = a
    turned = _tying(wiring, tying)
    return None if turned is None else (Product(tuple(axes), tuple(order)), turned)


def _tying(wiring: Product, tying: Tying) -> Tying | None:
    if isinstance(tying, Constant):
        return tying
    if isinstance(tying, Mean):
        return mean_as_constant(wiring, tying)
    if not isinstance(tying, Learned):
        return None
    digits = [_digit(digit, wiring.axes[digit.axis]) for digit in tying.digits]
    if any(digit is None for digit in digits):
        return None
    moved = [replace(d, axis=wiring.order[d.axis]) for d in digits if d is not None]
    return Learned(tuple(moved), tying.letter)


def mean_as_constant(wiring: Product, tying: Mean) -> Constant | None:
    """The mean as one number, where it is clear that all windows count the same number of units."""
    if not any(axis.symbolic for axis in wiring.axes):
        numbers, _ = tying.numbers(wiring)
        return Constant(numbers[0]) if len(numbers) == 1 else None
    count = sp.S.One
    for axis in wiring.axes:
        if axis.sliding is not None and axis.taps != 1:
            after = axis.sliding.after or 0
            room = axis.inputs + axis.padding + after - axis.dilation * (axis.taps - 1) - 1
            fits = sp.expand(floor_div(room, axis.stride) + 1 - axis.outputs) == 0
            pads = tying.over == "present" and (axis.padding != 0 or after != 0)
            if pads or not fits:
                return None
        count = count * axis.taps
    return Constant(1 / count)


def _digit(digit: Digit, axis: Axis) -> Digit | None:
    """The digit on the other side; a tap of a full axis or of a group is a position."""
    if digit.kind == "input":
        return replace(digit, kind="output")
    if axis.full or axis.groups > 1:
        if digit.kind == "tap":
            return None if digit.flipped else replace(digit, kind="output")
        whole_group = sp.Integer(axis.groups) * digit.size == axis.outputs
        return replace(digit, kind="tap" if whole_group else "input")
    if digit.kind == "output":
        return replace(digit, kind="input")
    return None if axis.window is None else digit

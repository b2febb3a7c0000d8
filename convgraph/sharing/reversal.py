"""Layers read backwards: the wiring and the tying that carry gradients from outputs to inputs.

What reads is read: a window becomes a transposed one, a full axis stays full, groups exchange
their sides. The parameter on a connection stays the same, so the tying keeps its array and its
digits change sides.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from convgraph.core.axis import Axis, Blocks, Full, Repeat
from convgraph.core.sizes import floor_div
from convgraph.core.tying import Constant, Digit, Learned, Mean, Tying
from convgraph.core.window import Reversed, Window
from convgraph.core.wiring import Product, Wiring

__all__ = ["mean_as_constant", "reversed_connections"]


def reversed_connections(wiring: Wiring, tying: Tying) -> tuple[Product, Tying] | None:
    """The same connections from outputs to inputs; None where they are no product of axes.

    >>> reversed_connections(Product((Full(2, 3),)), Constant())
    (Product(axes=(Full(inputs=3, outputs=2),), order=(0,)), Constant(value=1))
    """
    if not isinstance(wiring, Product):
        return None
    axes: list[Axis] = list(wiring.axes)
    order = list(wiring.order)
    for a, (axis, position) in enumerate(zip(wiring.axes, wiring.order, strict=True)):
        back = _axis(axis)
        if back is None:
            return None
        axes[position] = back
        order[position] = a
    turned = _tying(wiring, tying)
    return None if turned is None else (Product(tuple(axes), tuple(order)), turned)


def _axis(axis: Axis) -> Axis | None:
    if isinstance(axis, Full):
        return Full(axis.outputs, axis.inputs)
    if isinstance(axis, Blocks):
        return Blocks(axis.outputs, axis.inputs, axis.groups)
    if isinstance(axis, Repeat):
        return Window(axis.outputs, axis.inputs, axis.factor, axis.factor, after=0)
    if isinstance(axis, Reversed):
        return axis.window
    if not isinstance(axis, Window) or axis.boundary != "zeros":
        return None
    copies = axis.taps == 1 and axis.stride == 1 and axis.padding == 0
    return axis if copies and axis.inputs == axis.outputs else Reversed(axis)


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
        if isinstance(axis, Window) and axis.taps != 1:
            after = 0 if axis.after is None else axis.after
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
    if isinstance(axis, Full | Blocks):
        if digit.kind == "tap":
            return None if digit.flipped else replace(digit, kind="output")
        groups = axis.groups if isinstance(axis, Blocks) else 1
        whole_group = sp.Integer(groups) * digit.size == axis.outputs
        return replace(digit, kind="tap" if whole_group else "input")
    if digit.kind == "output":
        return replace(digit, kind="input")
    return digit if isinstance(axis, Window | Reversed) else None

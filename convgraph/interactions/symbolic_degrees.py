"""Fan-in and fan-out along one axis in closed form, for symbolic sizes.

Along a window that does not wrap around, the outputs that lack a tap before the border are the
first ones, and those that lack one behind it are the last ones. On an axis that is long enough to
keep the two apart, how often each fan-in occurs follows from how many outputs lack each tap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.pieces import Pieces, columns
from convgraph.core.sizes import Size, clamp, floor_div, is_symbolic, size_symbol
from convgraph.core.sympified import sympified
from convgraph.core.window import Window

__all__ = ["DegreeForm", "fan_in_form", "fan_out_form", "reading"]

MOST_TAPS = 200  # of a window whose forms go through them one by one, in milliseconds each


@dataclass(frozen=True)
class DegreeForm:
    """How many positions have which fan-in (or fan-out), under the conditions that are listed."""

    counts: dict[Size, Size]
    conditions: tuple[sp.Basic, ...] = ()


def fan_in_form(axis: Axis) -> DegreeForm | None:
    """How many outputs have which fan-in; None where the taps are too symbolic to list them.

    >>> n = size_symbol("n")
    >>> fan_in_form(Window(inputs=n, outputs=n, taps=3, padding=1))
    DegreeForm(counts={3: n - 2, 2: 2}, conditions=(n >= 2,))
    """
    if not axis.symbolic:
        return _counted(axis.fan_in_pieces())
    if axis.complete:
        return DegreeForm({axis.taps: axis.outputs})
    if axis.window is None or is_symbolic(axis.taps):
        return None
    backwards = axis.sliding is None
    return _long_enough(axis.window, _window_fan_out if backwards else _window_fan_in)


def fan_out_form(axis: Axis) -> DegreeForm | None:
    """How many inputs have which fan-out; None where it has no closed form here."""
    if not axis.symbolic:
        return _counted(axis.fan_out_pieces())
    if axis.sliding is None:
        back = axis.opposite()
        return None if back is None else fan_in_form(back)
    if axis.copies:
        return DegreeForm({1: axis.inputs})
    if axis.boundary == "circular" and axis.stride == 1 and axis.inputs == axis.outputs:
        return DegreeForm({axis.taps: axis.inputs})
    return _apart(axis.sliding) or _long_enough(axis.sliding, _window_fan_out)


def _apart(window: Window) -> DegreeForm | None:
    """Windows inside the input that do not meet: each input is read once, or lies between them.

    >>> fan_out_form(Window(inputs=size_symbol("n"), outputs=size_symbol("n"), taps=1))
    DegreeForm(counts={1: n}, conditions=())
    """
    w = window
    known = not is_symbolic(w.taps, w.stride, w.dilation, w.padding)
    if not known or w.dilation != 1 or w.taps > w.stride or w.padding != 0 or not w.ends_inside:
        return None
    read = sp.expand(w.taps * w.outputs)
    left = sp.expand(w.inputs - read)
    return DegreeForm({1: read} | ({0: left} if left != 0 else {}))


def reading(axis: Axis) -> Size | None:
    """How many outputs read anything at all, for every size; None where there is no closed form.

    >>> n = size_symbol("n")
    >>> reading(Window(inputs=n, outputs=n + 4, taps=2, padding=3))
    n + 1
    """
    if not axis.symbolic:
        return sum(n for degree, n in _counted(axis.fan_in_pieces()).counts.items() if degree)
    if axis.window is None or axis.complete:
        return axis.outputs
    if axis.sliding is None:
        return _reading_backwards(axis.window)
    axis = axis.sliding
    # the whole window lies before the border, or the whole window behind it, ...
    before, behind = axis.missing_of(axis.taps - 1)[0], axis.missing_of(0)[1]
    total = axis.outputs - before - behind
    if axis.dilation == 1 or axis.taps == 1:
        return total
    if is_symbolic(axis.taps) or axis.taps > MOST_TAPS:
        return None
    # ... or its holes span the whole input
    lost = [axis.missing_of(tap) for tap in range(int(axis.taps))]
    for (before, _), (_, behind) in pairwise(lost):
        total = total - sp.Max(0, before + behind - axis.outputs)
    return sp.expand(total)


def _counted(degrees: Pieces) -> DegreeForm:
    counts: dict[Size, Size] = {}
    (values,), lengths = columns([degrees])
    for value, length in sorted(zip(values.tolist(), lengths.tolist(), strict=True)):
        counts[value] = counts.get(value, 0) + length
    return DegreeForm(counts)


def _long_enough(window: Window, form: Any) -> DegreeForm | None:
    """A form under the condition that keeps the borders apart.

    An output lacks tap 0 before the border where s*i < p, and tap k-1 behind it where
    s*i + d*(k-1) - p >= n; both at once need n < d*(k-1). An input lacks outputs on both sides
    where s*o <= i + p < d*(k-1).
    """
    if is_symbolic(window.taps) or window.taps > MOST_TAPS:
        return None
    reach = window.dilation * (window.taps - 1)
    rooms = [sympified(window.inputs)]
    if form is _window_fan_out:
        rooms.append(sp.expand(window.stride * window.outputs))
        if (rooms[0] - rooms[1]).is_nonnegative:
            del rooms[0]
    conditions = [sp.Ge(room, reach) for room in rooms]
    # with n = m + reach - 1 and m positive, sympy settles more comparisons
    m = size_symbol("_m")
    moved = _with_inputs(window, m + reach - 1) if is_symbolic(window.inputs) and reach else None
    counts = form(moved or window)
    if counts is None:
        return None
    back = {m: window.inputs - reach + 1}
    counts = {degree: _settled(sympified(count).subs(back)) for degree, count in counts.items()}
    return DegreeForm(counts, tuple(c for c in conditions if c is not sp.true))


def _with_inputs(window: Window, inputs: Size) -> Window | None:
    """The same window on another input, where it is clear how its outputs follow from the input."""
    if window.outputs == window.inputs:
        return replace(window, inputs=inputs, outputs=inputs)
    if window.after is None:
        return None
    room = window.padding + window.after - window.dilation * (window.taps - 1) - 1
    if sp.expand(floor_div(window.inputs + room, window.stride) + 1 - window.outputs) != 0:
        return None
    outputs = floor_div(inputs + room, window.stride) + 1
    return replace(window, inputs=inputs, outputs=outputs)


def _settled(count: sp.Expr) -> Size:
    expanded = sp.expand(count)
    return int(expanded) if expanded.is_Integer else expanded


def _window_fan_in(window: Window) -> dict[Size, Size]:
    lost = [window.missing_of(tap) for tap in range(int(window.taps))]
    return _from_losses(window.outputs, [b for b, _ in lost], [b for _, b in lost])


def _window_fan_out(window: Window) -> dict[Size, Size] | None:
    """The distribution over the inputs of a window.

    Inputs that leave the same rest when divided by the stride meet the same taps, and these meet
    them in order: each rest is a window of its own, read backwards, with a stride of 1.
    """
    w = window
    if w.boundary != "zeros" or is_symbolic(w.stride):
        return None
    if w.stride != 1 and is_symbolic(w.padding, w.dilation):
        return None
    found: dict[Size, Size] = {}
    stride = int(w.stride)
    for rest in range(stride):
        positions = floor_div(w.inputs - 1 - rest, stride) + 1
        before: list[Size] = []
        behind: list[Size] = []
        for tap in reversed(range(int(w.taps))):
            shift = w.dilation * tap - w.padding - rest
            if stride == 1 or int(shift) % stride == 0:
                lag = shift if stride == 1 else int(shift) // stride
                before.append(clamp(lag, 0, positions))
                behind.append(positions - clamp(w.outputs + lag, 0, positions))
        for degree, count in _from_losses(positions, before, behind).items():
            found[degree] = _settled(sympified(found.get(degree, 0) + count))
    return {degree: count for degree, count in found.items() if count != 0}


def _from_losses(
    positions: Size, before: Sequence[Size], behind: Sequence[Size]
) -> dict[Size, Size]:
    """The distribution from how many positions lack each tap before and behind the border.

    `before` falls from tap to tap and `behind` rises: who lacks a tap before the border lacks those
    in front of it, too. So before[m - 1] positions lack at least m taps on that side.
    """
    taps = len(before)
    counts: dict[Size, Size] = {}
    for lost in range(taps + 1):
        total = positions if lost == 0 else before[lost - 1] + behind[taps - lost]
        if lost < taps:
            total = total - before[lost] - behind[taps - lost - 1]
        total = _settled(sympified(total))
        if total != 0:
            counts[taps - lost] = total
    return counts


def _reading_backwards(w: Window) -> Size | None:
    """How many inputs of a window any of its outputs reads."""
    if w.dilation == 1 and w.boundary == "zeros":
        # windows do not meet where the kernel is no longer than the stride, else they leave no gap
        last = w.stride * (w.outputs - 1) + w.taps - w.padding
        covered = clamp(last, 0, w.inputs) - clamp(-w.padding, 0, w.inputs)
        apart = sp.Le(w.taps, w.stride)
        if apart is sp.true or apart is sp.false or isinstance(apart, bool):
            return w.connections if apart else covered
        return sp.Piecewise((w.connections, apart), (covered, True))
    form = _window_fan_out(w) if not is_symbolic(w.taps, w.stride) else None
    return None if form is None else w.inputs - form.get(0, 0)

"""How many connections a window has, and each of its inputs and outputs, without its table."""

from __future__ import annotations

from functools import lru_cache, partial
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.pieces import Pieces, in_pieces, total
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.sympified import sympified

if TYPE_CHECKING:
    from convgraph.core.window import Window

__all__ = ["connections", "fan_in_at", "fan_in_pieces", "fan_out_at", "fan_out_pieces"]

Numbers = NDArray[np.int64]
FEW = 1_000  # numbers that numpy sooner adds than Python divides them into pieces
# Taps whose uses are added one by one where sizes are symbols, over which sympy takes a second;
# wider windows have a closed form where they move by one, or keep a sum that is not worked out.
ADDED = 64


def fan_in_at(axis: Window, outputs: Numbers) -> Numbers:
    """The fan-in of some outputs."""
    taps = int(axis.taps)
    if axis.boundary != "zeros":
        return np.full(len(outputs), taps)
    # tap j reads a position if 0 <= s i - p + d j < n, whatever the number of taps
    first = int(axis.stride) * outputs - int(axis.padding)
    low = (-(first // int(axis.dilation))).clip(0, taps)
    return (-((first - int(axis.inputs)) // int(axis.dilation))).clip(0, taps) - low


def fan_in_pieces(axis: Window) -> Pieces:
    """The fan-in of all outputs, in pieces that repeat."""
    at = partial(fan_in_at, axis)
    outputs, inputs, padding = int(axis.outputs), int(axis.inputs), int(axis.padding)
    if axis.boundary != "zeros":
        return in_pieces(at, outputs, [(0, outputs, 1)])
    stride, dilation = int(axis.stride), int(axis.dilation)
    reach = dilation * (int(axis.taps) - 1)
    # the first output whose last tap is in the input, whose first tap is, whose last tap is
    # not any more, and whose first tap is not
    ends = (padding - reach, padding, inputs + padding - reach, inputs + padding)
    touches, inside, leaves, gone = (-(-end // stride) for end in ends)
    across = dilation // gcd(stride, dilation)  # both ends of the window are outside
    stretches = [(0, touches, 1), (inside, leaves, 1), (gone, outputs, 1)]
    between = (max(touches, leaves), min(inside, gone), across)
    return in_pieces(at, outputs, [*stretches, between])


def fan_out_at(axis: Window, inputs: Numbers) -> Numbers:
    """What leaves some inputs within the border."""
    stride, outputs, taps = int(axis.stride), int(axis.outputs), int(axis.taps)
    last = inputs + int(axis.padding)
    if axis.dilation == 1:  # output i reads position m if m + p - k < s i <= m + p
        past = (last // stride + 1).clip(0, outputs)
        return past - ((last - taps) // stride + 1).clip(0, outputs)
    memory.require("positions", len(inputs) * taps, 1)
    found = np.zeros(len(inputs), np.int64)
    for tap in range(taps):
        output, rest = np.divmod(last - int(axis.dilation) * tap, stride)
        found += (rest == 0) & (output >= 0) & (output < outputs)
    return found


def fan_out_pieces(axis: Window) -> Pieces:
    """The fan-out of all inputs, in pieces that repeat."""
    within = partial(fan_out_at, axis)
    inputs, padding, stride = int(axis.inputs), int(axis.padding), int(axis.stride)
    outputs, reach = int(axis.outputs), int(axis.dilation) * (int(axis.taps) - 1)
    # from where on the first output does not matter, to where the last one does not
    low, high = reach + 1 - stride - padding, stride * outputs - padding
    if axis.dilation != 1:
        low += stride - 1
    stretches = [(0, -padding, 1), (low, high, stride)]
    stretches.append((high - stride + reach + 1, inputs, 1))
    if axis.dilation == 1:  # every output reads it
        stretches.append((high, low, 1))
    if axis.boundary == "zeros":
        return in_pieces(within, inputs, stretches)
    beyond = _folded(axis)
    left, right = beyond[beyond < inputs // 2], beyond[beyond >= inputs // 2]
    first, end = max([0, *left[-1:] + 1]), min([inputs, *right[:1]])
    places, times = np.unique(beyond, return_counts=True)

    def at(positions: Numbers) -> Numbers:
        found = within(positions)
        if len(places):
            spot = np.searchsorted(places, positions).clip(0, len(places) - 1)
            found += np.where(places[spot] == positions, times[spot], 0)
        return found

    between = [(max(a, first), min(b, end), period) for a, b, period in stretches]
    return in_pieces(at, inputs, between)


def _folded(axis: Window) -> Numbers:
    """Where the taps beyond the border read instead, in rising order."""
    stride, padding = int(axis.stride), int(axis.padding)
    reach = int(axis.dilation) * (int(axis.taps) - 1)
    outputs = int(axis.outputs)
    inside = min(max(-(-padding // stride), 0), outputs)
    leaves = min(max(-(-(int(axis.inputs) + padding - reach) // stride), inside), outputs)
    memory.require("positions", (inside + outputs - leaves) * int(axis.taps), 4 * 8)
    rows = np.concatenate([np.arange(inside), np.arange(leaves, outputs)])
    raw = axis.raw(rows)
    return np.sort(axis.bounded(raw)[(raw < 0) | (raw >= int(axis.inputs))])


@lru_cache(maxsize=4096)  # the layers of a network are alike, and several questions ask for it
def connections(axis: Window) -> Size:
    """The number of connections, in closed form where a size is a symbol."""
    if not axis.symbolic:
        if axis.taps == 1:  # nearly all axes of a network, and no array is needed
            return int(axis.uses_of(0))
        if min(axis.outputs, axis.taps) > FEW:
            return total(fan_in_pieces(axis))
        return int((axis.fan_in() if axis.outputs < axis.taps else axis.tap_uses()).sum())
    if axis.boundary != "zeros":
        return axis.outputs * axis.taps
    if not is_symbolic(axis.taps) and axis.taps <= ADDED:
        uses: Size = 0
        for tap in range(int(axis.taps)):
            uses = uses + axis.uses_of(tap)
        return sp.expand(uses)
    if axis.stride == 1 and axis.dilation == 1:
        return _unit_step_connections(axis)
    tap = sp.Dummy("j", integer=True, nonnegative=True)
    of_tap = sympified(axis.uses_of(tap))
    if tap not in of_tap.free_symbols:
        return of_tap * axis.taps
    return sp.Sum(of_tap, (tap, 0, axis.taps - 1))


def _unit_step_connections(axis: Window) -> Size:
    """Connections for stride 1 and dilation 1 without a sum over the taps.

    On each side, with q positions of padding, tap after tap loses min(o, max(0, q - j)) outputs
    for j = 0 ... k-1; with T(m) = m (m + 1) / 2 for m > 0 these add up to
    T(q) - T(q - k) - T(q - o) + T(q - o - k).
    """

    # sympy settles more comparisons when it knows that there is an output
    outputs = (
        sp.Dummy("o", integer=True, positive=True) if is_symbolic(axis.outputs) else axis.outputs
    )

    def triangle(m: Size) -> Size:
        positive = sp.Max(0, sp.expand(m))
        return positive * (positive + 1) / 2

    def lost(q: Size) -> Size:
        k, o = axis.taps, outputs
        return triangle(q) - triangle(q - k) - triangle(q - o) + triangle(q - o - k)

    behind = sp.expand(axis.outputs + axis.taps - 1 - axis.inputs - axis.padding)
    present = outputs * axis.taps - lost(axis.padding) - (0 if axis.ends_inside else lost(behind))
    return sp.expand(sympified(present).subs(outputs, axis.outputs))

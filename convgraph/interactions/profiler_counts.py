"""Multiply-accumulates as profilers count them, for figures that can be laid beside theirs."""

from __future__ import annotations

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer
from convgraph.core.listed_on_demand import Entries
from convgraph.core.reduction import PAIRED
from convgraph.core.sizes import Size, product
from convgraph.core.tying import Explicit, Learned
from convgraph.core.wiring import Product
from convgraph.interactions.connections import simplest

__all__ = ["profiled_multiply_adds"]


def profiled_multiply_adds(layer: Layer) -> Size:
    """The multiply-accumulates of a convolution, a dense layer or a matrix product; 0 of others.

    A window counts all of its taps wherever it stands, on padding as well: once for each output, or
    for a transposed convolution once for each input. This is what `FlopCounterMode` of PyTorch
    counts, twice over.
    """
    if layer.reduction == PAIRED:  # one side's, with those that a mask hides
        wiring = layer.joints[0].wiring
        if not isinstance(wiring, Product):
            return wiring.connections
        return simplest(product(axis.outputs * axis.taps for axis in wiring.axes))
    if not layer.reduction.linear:
        return 0
    total: Size = 0
    for joint in layer.joints:
        if _is_weighted_sum(joint):
            total = total + _with_padding(joint)
    return simplest(total)


def _is_weighted_sum(joint: Joint) -> bool:
    """Whether weights differ from tap to tap; those of a normalisation only do among outputs."""
    tying = joint.tying
    if isinstance(tying, Entries) and all(digit.kind == "output" for digit in tying.digits.digits):
        return False  # a scale that is computed from parameters, such as 1 + w
    if isinstance(tying, Learned):
        return any(digit.kind != "output" for digit in tying.digits)
    if not isinstance(tying, Explicit) or tying.numbers_only:
        return False
    several = not isinstance(joint.wiring, Product) or any(n != 1 for n in joint.wiring.taps)
    learned = not isinstance(tying.expressions, tuple) or any(
        expression.free_symbols for expression in tying.expressions
    )
    return several and learned


def _with_padding(joint: Joint) -> Size:
    if not isinstance(joint.wiring, Product):
        return joint.wiring.connections
    return product(_taps(axis) for axis in joint.wiring.axes)


def _taps(axis: Axis) -> Size:
    window = axis.window
    return axis.connections if window is None else window.outputs * window.taps

"""Padding that a stride applies unevenly: both sides get it, and one side uses less of it.

The last window of a strided layer need not reach the end of the padded input. What it leaves unused
there, the other side has used: a shift that brings new data in on one side does not do the same on
the other, and a reflected input does not give the reflected output. Whether that happens depends on
the remainder of the size by the stride, so that the sizes for which it does not are a congruence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.congruence import Congruence
from convgraph.core.layer import Layer
from convgraph.core.window import Window
from convgraph.layers.arguments import window

__all__ = ["AlongAxis", "EvenSizes", "UnevenPadding", "even_sizes", "uneven_paddings"]

AlongAxis: TypeAlias = "Sequence[tuple[Layer, Sequence[tuple[str, Axis]]]]"
"""The layers of a network, each with the rows that it reads and its relations along one axis."""

Sizes: TypeAlias = NDArray[np.int64]

# Sizes are tried together, an array of this length for each row.
MOST_SIZES = 1 << 16  # tried in one array for each layer; strides multiply to far less


@dataclass(frozen=True)
class UnevenPadding:
    """A layer that uses its padding unevenly along an axis.

    `given` and `used` are positions (before, after) the input of size `size`; `even` are the sizes
    of the layer's input for which both sides use the same.
    """

    row: str
    size: int
    given: tuple[int, int]
    used: tuple[int, int]
    even: Congruence

    def __str__(self) -> str:
        return (
            f"{self.row}: padding {self.given[0]} and {self.given[1]}, "
            f"of which {self.used[0]} and {self.used[1]} are used for n = {self.size}; "
            f"even for {self.even}"
        )


def uneven_paddings(layers: AlongAxis) -> tuple[UnevenPadding, ...]:
    """The layers whose stride uses the padding of one side more than that of the other."""
    found = []
    for layer, read in layers:
        for _, axis in read:
            window = axis.sliding
            if window is None or not _strides_over_padding(window):
                continue
            used = axis.used_padding
            if used[0] != used[1]:
                size, stride = int(axis.inputs), int(axis.stride)
                residues = np.flatnonzero(_rule(layer, window).even) + size
                even = Congruence.of(stride, residues.tolist())
                found.append(UnevenPadding(layer.target.name, size, _given(window), used, even))
    return tuple(found)


class EvenSizes(NamedTuple):
    """Sizes of an input for which no layer uses its padding unevenly.

    `sizes` are all of them that are not smaller than the input, `nearest` the next ones below and
    above it for which the network can be built.
    """

    sizes: Congruence
    nearest: tuple[int, ...]


def even_sizes(layers: AlongAxis, inputs: Mapping[str, int]) -> EvenSizes | None:
    """The sizes of the input for which no stride uses padding unevenly; None if unknown.

    What a layer does depends on the remainder of the size before it by its stride, and so on the
    remainder of the input's size by the product of the strides so far. One such period of sizes
    below that of the input, and one from there on, are sent through the network at once. Sizes for
    which it cannot be built, or its branches not be merged, are not among the answers.
    """
    steps = _steps(layers, inputs)
    if steps is None or len(set(inputs.values())) != 1:
        return None
    strides = [
        (steps[name] * int(axis.stride)).numerator
        for _, read in layers
        for name, axis in read
        if axis.sliding is not None and steps.get(name)
    ]
    period = lcm(*strides)
    if period > MOST_SIZES:
        return None
    size = next(iter(inputs.values()))
    tried = np.arange(max(size - period, 1), size + period, dtype=np.int64)
    good = _all_even(layers, steps, dict.fromkeys(inputs, tried))
    if good is None:
        return None
    even = tried[good].tolist()
    below, above = [n for n in even if n < size], [n for n in even if n >= size]
    return EvenSizes(Congruence.of(period, above), (*below[-1:], *above[:1]))


def _all_even(
    layers: AlongAxis, steps: Mapping[str, Fraction], sizes: dict[str, Sizes]
) -> NDArray[np.bool_] | None:
    """For which sizes of the input all strides use padding evenly; None if one cannot tell."""
    good = np.ones(len(next(iter(sizes.values()))), bool)
    for layer, read in layers:
        arriving = []
        for name, axis in read:
            if axis.sliding is not None and _strides_over_padding(axis.sliding):
                rule = _rule(layer, axis.sliding)
                if name in sizes:
                    good &= rule.evenly(sizes[name])
                elif not rule.even.all():
                    return None
            follows = name in sizes and layer.target.name in steps
            if follows and _step(axis, steps[name]) == steps[layer.target.name]:
                arriving.append(_outputs(layer, axis, sizes[name]))
        if arriving:
            sizes[layer.target.name] = arriving[0]
            good &= arriving[0] > 0
        for other in arriving[1:]:
            good &= other == arriving[0]
    return good


def _steps(layers: AlongAxis, inputs: Iterable[str]) -> dict[str, Fraction] | None:
    """By how many positions of the input a row's positions differ; 0 for a size that is fixed.

    Rows whose size is not known to follow that of the input are left out. None where branches of
    different steps meet: they fit each other for one size at the most.
    """
    steps = dict.fromkeys(inputs, Fraction(1))
    for layer, read in layers:
        found = [_step(axis, steps[name]) for name, axis in read if name in steps]
        moving = {step for step in found if step}
        if len(moving) > 1:
            return None
        # a gate that is the same for all sizes fits what it is multiplied with
        if moving or Fraction(0) in found:
            steps[layer.target.name] = moving.pop() if moving else Fraction(0)
    return steps


def _step(axis: Axis, step: Fraction) -> Fraction | None:
    if axis.step is not None:
        return step * axis.step
    return Fraction(0) if axis.full else None


def _outputs(layer: Layer, axis: Axis, sizes: Sizes) -> Sizes:
    """The sizes behind a layer that is bound to axes of other sizes."""
    inputs, outputs = int(axis.inputs), int(axis.outputs)
    if axis.sliding is not None:
        if axis.stride == 1 and axis.boundary == "zeros":
            return sizes if inputs == outputs else sizes + (outputs - inputs)
        return _rule(layer, axis.sliding).outputs_of(sizes)
    if axis.step is None:
        return np.full_like(sizes, outputs)
    return (sizes - inputs) * int(1 / axis.step) + outputs


class _Rule(NamedTuple):
    """What a window does on axes of any size: alike for sizes that differ by its stride.

    `outputs` and `even` are those of axes of `own` positions, its own number, and the next ones,
    for one stride; `least` is the smallest axis that it fits.
    """

    own: int
    least: int
    outputs: Sizes
    even: NDArray[np.bool_]

    def outputs_of(self, sizes: Sizes) -> Sizes:
        """The positions behind axes of some sizes; 0 where it does not fit."""
        periods, place = np.divmod(sizes - self.own, len(self.outputs))
        return np.where(sizes < self.least, 0, self.outputs[place] + periods)

    def evenly(self, sizes: Sizes) -> NDArray[np.bool_]:
        """Whether both sides use the same padding of axes of some sizes."""
        return self.even[(sizes - self.own) % len(self.even)]


def _rule(layer: Layer, axis: Window) -> _Rule:
    same = getattr(layer.spec, "padding", None) == "same"
    return _rule_of(axis, same, getattr(layer.spec, "ceil_mode", None))


@lru_cache(maxsize=1024)  # the layers of a model repeat a few windows
def _rule_of(axis: Window, same: bool, ceil_mode: bool | None) -> _Rule:
    own, given = int(axis.inputs), _given(axis)

    def on(n: int, ceil_mode: bool) -> Window:
        shape, padding = (axis.taps, axis.stride, axis.dilation), "same" if same else given
        return window(n, *shape, padding, axis.boundary, ceil_mode=ceil_mode)

    if ceil_mode is None:  # a model that was read says so by its number of outputs only
        ceil_mode = on(own, False).outputs != axis.outputs
    each = [on(n, ceil_mode) for n in range(own, own + int(axis.stride))]
    outputs = np.array([int(one.outputs) for one in each], dtype=np.int64)
    used = [one.used_padding for one in each]
    even = np.array([before == after for before, after in used])
    return _Rule(own, 1 if same else _least(axis, given), outputs, even)


def _least(axis: Window, given: tuple[int, int]) -> int:
    """The smallest axis that a window fits, with what its boundary asks of the padding."""
    span = int(axis.dilation) * (int(axis.taps) - 1) + 1
    asked = {"reflect": max(given) + 1, "circular": max(given)}.get(axis.boundary, 1)
    return max(span - sum(given), asked, 1)


def _strides_over_padding(axis: Window) -> bool:
    return axis.stride != 1 and axis.boundary != "circular"


def _given(axis: Window) -> tuple[int, int]:
    before = int(axis.padding)
    return before, axis.used_padding[1] if axis.after is None else int(axis.after)

"""Padding that a stride applies unevenly: both sides get it, and one side uses less of it.

The last window of a strided layer need not reach the end of the padded input. What it leaves unused
there, the other side has used: a shift that brings new data in on one side does not do the same on
the other, and a reflected input does not give the reflected output. Whether that happens depends on
the remainder of the size by the stride, so that the sizes for which it does not are a congruence.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from convgraph.core.axis import Axis, Full, Repeat
from convgraph.core.layer import Layer
from convgraph.core.window import Reversed, Window
from convgraph.layers.arguments import window
from convgraph.symmetry.congruence import Congruence
from convgraph.symmetry.equivariance.aligned import Aligned
from convgraph.symmetry.transformation import Steps

__all__ = ["UnevenPadding", "even_sizes", "uneven_paddings"]


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


def uneven_paddings(network: Aligned, axis: int) -> tuple[UnevenPadding, ...]:
    """The layers that use their padding unevenly along an axis."""
    found = []
    for layer in network.layers:
        for axes in layer.joints:
            relation = axes[axis]
            if not isinstance(relation, Window) or _moves_only(relation):
                continue
            given, used = _given(relation), _used(relation)
            if used[0] != used[1]:
                size, stride = int(relation.inputs), int(relation.stride)
                rule = _Rule(layer.layer, relation)
                even = [n for n in range(size, size + stride) if rule.even(n)]
                name = layer.layer.target.name
                found.append(UnevenPadding(name, size, given, used, Congruence.of(stride, even)))
    return tuple(found)


def even_sizes(network: Aligned, axis: int, steps: dict[str, Steps | None]) -> Congruence | None:
    """The sizes of the input for which no layer uses its padding unevenly; None if unknown.

    A layer's behaviour depends on the remainder of the size before it by its stride, and so on the
    remainder of the input's size by the product of the strides so far: one period is tried out.
    """
    period = 1
    for layer in network.layers:
        for joint, axes in zip(layer.layer.joints, layer.joints, strict=True):
            own = steps[joint.source.name]
            step = own[axis - 1] if own is not None and len(own) >= axis else None
            relation = axes[axis]
            if isinstance(relation, Window) and step is not None:
                period = lcm(period, (step * Fraction(int(relation.stride))).numerator)
    inputs = [name for name in network.shapes if name not in _computed(network)]
    size = network.shapes[inputs[0]][axis]
    even = []
    for n in range(size, size + period):
        answer = _all_even(network, axis, dict.fromkeys(inputs, n))
        if answer is None:
            return None
        even += [n] if answer else []
    return Congruence.of(period, even)


def _computed(network: Aligned) -> set[str]:
    return {layer.layer.target.name for layer in network.layers}


def _all_even(network: Aligned, axis: int, sizes: dict[str, int]) -> bool | None:
    """Whether all layers use their padding evenly for an input of a size; None if unknown."""
    even = True
    for layer in network.layers:
        found = set()
        for joint, axes in zip(layer.layer.joints, layer.joints, strict=True):
            rule = _Rule(layer.layer, axes[axis])
            n = sizes[joint.source.name]
            found.add(rule.outputs(n))
            even &= rule.even(n)
        size = found.pop() if len(found) == 1 else None  # a row of constants reads no other
        if size is None:
            return None
        sizes[layer.layer.target.name] = size
    return even


@dataclass(frozen=True)
class _Rule:
    """A relation as a rule for axes of any size."""

    layer: Layer
    relation: Axis

    def outputs(self, n: int) -> int | None:
        """The positions behind an axis of n positions."""
        relation = self.relation
        inputs, outputs = int(relation.inputs), int(relation.outputs)
        if isinstance(relation, Window):
            return n + outputs - inputs if _moves_only(relation) else int(self._window(n).outputs)
        if isinstance(relation, Reversed):
            return (n - inputs) * int(relation.window.stride) + outputs
        if isinstance(relation, Repeat):
            return n * int(relation.factor)
        if isinstance(relation, Full) and outputs == 1:
            return 1
        return n if inputs == outputs else None

    def even(self, n: int) -> bool:
        """Whether both sides use the same padding for an axis of n positions."""
        if not isinstance(self.relation, Window) or _moves_only(self.relation):
            return True
        before, after = _used(self._window(n))
        return before == after

    def _window(self, n: int) -> Window:
        own = self.relation
        assert isinstance(own, Window)
        spec: Any = self.layer.spec
        same = getattr(spec, "padding", None) == "same"
        padding: Any = "same" if same else _given(own)
        ceil_mode = bool(getattr(spec, "ceil_mode", False))
        return window(
            n, own.taps, own.stride, own.dilation, padding, own.boundary, ceil_mode=ceil_mode
        )


def _moves_only(relation: Window) -> bool:
    """Whether a window of one tap only copies: the identity, a slice, a padding, a branch."""
    return relation.taps == 1 and relation.stride == 1


def _given(relation: Window) -> tuple[int, int]:
    before = int(relation.padding)
    if relation.after is not None:
        return before, int(relation.after)
    return before, max(_reach(relation), 0)


def _used(relation: Window) -> tuple[int, int]:
    return max(int(relation.padding), 0), max(_reach(relation), 0)


def _reach(relation: Window) -> int:
    """How far the last window reaches beyond the input."""
    last = int(relation.stride) * (int(relation.outputs) - 1) - int(relation.padding)
    return last + int(relation.dilation) * (int(relation.taps) - 1) - (int(relation.inputs) - 1)

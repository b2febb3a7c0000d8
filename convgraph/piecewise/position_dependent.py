"""Parameters that depend on where a unit is: what a piece cannot share with the whole.

A convolution has the same parameters everywhere. A locally connected layer, a positional embedding
or a mask does not: the network on a piece would use those of other positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from convgraph.core.layer import Joint, Layer
from convgraph.core.sizes import product
from convgraph.core.tying import Explicit, Learned
from convgraph.core.wiring import Product
from convgraph.importers.interpolation import Separable
from convgraph.importers.node import Operator
from convgraph.interactions.propagation import Propagation
from convgraph.interactions.states import State
from convgraph.piecewise.spoiled import Axes

__all__ = ["placed", "sized_by_number", "tied_apart"]


def placed(layer: Layer, found: Propagation[Axes]) -> bool:
    """Whether a layer has parameters of its own, or constants, for every position that moves."""
    state = found.states.get(layer.target.name)
    if state is None:
        return False
    for joint in layer.all_joints:
        if isinstance(joint.tying, Explicit) and not isinstance(joint.tying, Separable):
            return True
        for axis, size, kind in _digits(joint, layer, state):
            if kind == "input" or size >= int(state.view[axis]):
                return True
    return any(
        _varies(joint, state) for joint in layer.joints if joint.source.name not in found.states
    )


def tied_apart(layer: Layer, found: Propagation[Axes]) -> dict[int, int]:
    """For each axis of the input, how many positions of the layer apart its parameters are tied."""
    state = found.states.get(layer.target.name)
    apart: dict[int, int] = {}
    if state is not None:
        for joint in layer.all_joints:
            for axis, size, _ in _digits(joint, layer, state):
                b = state.moves.index(axis)
                apart[b] = apart.get(b, 1) * size
    return apart


def sized_by_number(layer: Layer) -> bool:
    """Whether a layer is told how many positions it has, as PyTorch's adaptive pools are.

    Its windows are as large as the input makes them. What is read from other formats has windows.
    """
    spec = layer.spec
    if not isinstance(spec, Operator) or spec.op.startswith("Global"):
        return False
    return spec.node.removeprefix("_").startswith("adaptive_") and "Pool" in spec.op


def _digits(joint: Joint, layer: Layer, state: State[Axes]) -> Iterator[tuple[int, int, str]]:
    """The digits of a parameter array that tell positions apart: (axis of the view, size, kind)."""
    if not isinstance(joint.tying, Learned) or not isinstance(joint.wiring, Product):
        return
    for digit in joint.tying.digits:
        if digit.kind == "tap" or digit.size == 1:
            continue
        for axis in _axes_of(joint.wiring, digit.axis, state):
            if axis in state.moves:
                yield axis, int(digit.size), digit.kind


def _axes_of(wiring: Product, axis: int, state: State[Axes]) -> list[int]:
    """The axes of a view of the row that an axis of the wiring's outputs covers, or is part of."""
    sizes = [int(n) for n in wiring.out_view]
    first, last = product(sizes[axis:]), product(sizes[axis + 1 :])
    view = [int(n) for n in state.view]
    found = []
    for own in range(len(view)):
        begin, end = product(view[own:]), product(view[own + 1 :])
        if view[own] > 1 and begin > last and end < first:
            found.append(own)
    return found


def _varies(joint: Joint, state: State[Axes]) -> bool:
    """Whether a row that does not depend on the input has more than one position to be moved."""
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return True
    return any(
        int(axis.inputs) > 1 and not (axis.complete and axis.taps == axis.inputs)
        for a, axis in enumerate(wiring.axes)
        for own in _axes_of(wiring, a, state)
        if own in state.moves
    )

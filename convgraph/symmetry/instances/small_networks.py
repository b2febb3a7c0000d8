"""Networks to try a statement on: specs bound to numbers, and large networks along one axis.

Specs that were bound are kept for a while: a theorem is verified soon after it is proved. What is
kept is what a spec is at a size, and not what was found of it.

Windows keep their strides, dilations and paddings, whatever the size; so a model is tried at sizes
at which all of its edges would be too many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.settled import settled
from convgraph.core.sympified import sympified
from convgraph.core.tying import Constant, Explicit, Learned, Mean, Tying
from convgraph.core.wiring import Product
from convgraph.network.functional import bound
from convgraph.symmetry.instances.borders import axes_of

__all__ = ["binder", "cropped", "remembered"]

KEPT = 64  # networks, of which each that is evaluated has few edges
remembered = lru_cache(maxsize=KEPT)(bound)


def binder(spec: Any) -> Callable[[Any, tuple[int, ...], int | None], Network]:
    """What binds a spec to sizes of an input, and keeps the network where nobody can alter it."""
    return remembered if settled(spec) else bound


def cropped(network: Network, axis: int, size: int) -> tuple[Network, int]:
    """The network along an axis of its input, and which axis of its output that has become."""
    (start,) = network.inputs
    rows = {start.name: Row(start.name, (size,))}
    places = {start.name: axis}
    layers = []
    for layer in network.layers:
        joints, sizes, made = [], set(), set()
        for joint in layer.joints:
            number, old, place = _followed(joint, layer, places[joint.source.name])
            source = rows[joint.source.name]
            new = _resized(old, int(source.shape[0]))
            joints.append(Joint(source, Product((new,)), _tying(joint.tying, number)))
            sizes.add(int(new.outputs))
            made.add(place)
        if len(sizes) != 1 or len(made) != 1 or min(sizes) < 1:
            raise ConvgraphError(f"size={size}: {layer.spec} joins rows of the sizes {sizes}")
        (outputs,), (place,) = sizes, made
        target = Row(layer.target.name, (outputs,))
        rows[target.name], places[target.name] = target, place
        bias = None if layer.bias is None else _bias(layer, layer.bias, place, outputs)
        layers.append(Layer(layer.spec, tuple(joints), target, layer.reduction, bias))
    end = network.outputs[0].name
    made_of = [rows[row.name] for row in network.rows]
    return Network.of(made_of, layers, [rows[start.name]], [rows[end]]), places[end]


def _followed(joint: Joint, layer: Layer, place: int) -> tuple[int, Axis, int]:
    for number, axis, read, made in axes_of(joint, layer.target):
        if read == place and made is not None:
            return number, axis, made
    raise ConvgraphError(f"{layer.spec} does not keep the axis that moves")


def _resized(axis: Axis, inputs: int) -> Axis:
    """An axis of the same kind on another number of positions."""
    if axis.pace is None and not (axis.uniform and axis.outputs == 1):
        raise ConvgraphError(f"{axis}: it has this one size only")
    return axis.resized(inputs)


def _tying(tying: Tying, number: int) -> Tying:
    if isinstance(tying, Explicit):
        raise ConvgraphError("parameters that are listed one by one have no axes")
    if isinstance(tying, Constant | Mean):
        return tying
    own = tuple(replace(digit, axis=0) for digit in tying.digits if digit.axis == number)
    return Learned(own, tying.letter)


def _bias(layer: Layer, bias: Joint, place: int, outputs: int) -> Joint:
    for number, _, _, made in axes_of(bias, layer.target):
        if made == place:
            wiring = Product((Full(1, outputs),))
            return Joint(Row("1", (1,)), wiring, _tying(bias.tying, number))
    raise ConvgraphError(f"{sympified(place)}: the bias of {layer.spec} has no such axis")

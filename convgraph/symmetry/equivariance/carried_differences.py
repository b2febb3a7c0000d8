"""Differences that later layers carry on: what is decided of a row from one in front of it.

Behind a flattening there are no axes to decide on, and often too many edges; a softmax has no
value that could be compared. But let the row in front differ, r(g x) = a and r(x) = b with a != b
at some point. A dense layer whose weights are free, and occur nowhere else, can be given rows w
with w a != w b, of any sign and size: all of its units differ at once, and still do behind a ReLU,
where one of the two values is made positive. Behind a softmax unit i differs where the other
channels are zero on both sides, which weights that are free see to. So the difference is carried
on, and where a layer is none of these nothing follows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.tying import Constant, Learned
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.aligned import aligned_axes

__all__ = ["Carrier", "carrier", "carries_on"]


@dataclass(frozen=True)
class Carrier:
    """A row in front of another from whose differences those of the other follow.

    If `spreads`, all units of the other row differ if any of this one does; else each unit differs
    if that of the same place does.
    """

    row: str
    spreads: bool


def carrier(network: Network, row: str) -> Carrier | None:
    """The row furthest in front whose differences are carried on to a row, if there is one."""
    letters = Counter(t.letter for layer in network.layers for t in layer.arrays)
    layers = {layer.target.name: layer for layer in network.layers}
    behind: list[Layer] = []
    found, name = None, row
    while name in layers and _may_carry(layers[name], letters):
        behind.insert(0, layers[name])
        name = layers[name].joints[0].source.name
        if carries_on(letters, behind):
            found = name
    if found in layers:
        return Carrier(found, True)
    last = layers.get(row)
    if last is None or len(last.joints) != 1 or not _is_softmax(last, over_all=False):
        return None
    front = last.joints[0].source.name
    return Carrier(front, False) if _apart(layers, front, letters) else None


def _may_carry(layer: Layer, letters: Counter[str | None]) -> bool:
    """Whether a layer is of a kind that carries differences on, at some place."""
    if len(layer.joints) != 1:
        return False
    pointwise = _copies(layer) or _rectifies(layer)
    return pointwise or _is_free(layer, letters) or _is_softmax(layer, over_all=True)


def carries_on(letters: Counter[str | None], behind: list[Layer]) -> bool:
    """Whether all units behind some layers differ wherever any unit in front of them does.

    `letters` counts the uses of the parameter arrays of the network.
    """
    dense = False
    for number, layer in enumerate(behind):
        if _copies(layer):
            continue
        if _is_free(layer, letters):
            dense = True
        elif not dense or not _rectifies(layer):
            last = number == len(behind) - 1
            return dense and last and _is_softmax(layer, over_all=True)
    return dense


def _rectifies(layer: Layer) -> bool:
    function = layer.reduction.function
    return function is not None and function.rectifies and _plain(layer)


def _plain(layer: Layer) -> bool:
    """Whether what its connections bring is neither scaled nor shifted."""
    (joint,) = layer.joints
    return isinstance(joint.tying, Constant) and joint.tying.value == 1 and layer.bias is None


def _copies(layer: Layer) -> bool:
    """Whether a layer only writes all of a row in another shape."""
    wiring = layer.joints[0].wiring
    same = isinstance(wiring, Product) and all(axis.copies for axis in wiring.axes)
    return layer.reduction.linear and same and _plain(layer)


def _is_free(layer: Layer, letters: Counter[str | None]) -> bool:
    """Whether a layer is dense, each connection with a parameter of its own."""
    (joint,) = layer.joints
    tying, wiring = joint.tying, joint.wiring
    if not (layer.reduction.linear and isinstance(tying, Learned) and isinstance(wiring, Product)):
        return False
    size = int(np.prod([int(n) for n in tying.shape], dtype=object))
    full = all(axis.full for axis in wiring.axes)
    kinds = {digit.kind for digit in tying.digits}  # a tap of a dense axis is an input
    own = size == int(layer.connections) and kinds in ({"output", "tap"}, {"output", "input"})
    return full and own and letters[tying.letter] == 1


def _is_softmax(layer: Layer, over_all: bool) -> bool:
    """Whether a layer is a softmax over all of a row, or over the channels of each position."""
    (joint,) = layer.joints
    if (
        layer.reduction.name not in ("softmax", "log_softmax")
        or layer.reduction.pointwise
        or not _plain(layer)
    ):
        return False
    size = int(layer.target.size)
    if over_all:
        return size > 1 and int(layer.connections) == size**2
    axes = aligned_axes(joint, layer.target)
    if axes is None or not all(axis.copies for axis in axes[1:]):
        return False
    channels = axes[0]
    return channels.full and channels.inputs == channels.outputs != 1


def _apart(layers: dict[str, Layer], row: str, letters: Counter[str | None]) -> bool:
    """Whether each channel of a row can be made zero without a change of the others.

    That is so where it is made of the output of free weights channel by channel, by layers that
    make zeros of zeros.
    """
    while row in layers and len(layers[row].joints) == 1:
        layer = layers[row]
        joint = layer.joints[0]
        axes = aligned_axes(joint, layer.target)
        if axes is None:
            return False
        if layer.arrays:
            return layer.reduction.linear and _free_channels(layer, int(axes[0].outputs), letters)
        function = layer.reduction.function
        keeps = layer.reduction.linear or bool(function is not None and function.zero_at_zero)
        if not (keeps and layer.bias is None and axes[0].copies):
            return False
        row = joint.source.name
    return False


def _free_channels(layer: Layer, channels: int, letters: Counter[str | None]) -> bool:
    """Whether each channel of a layer has weights, and maybe a bias, that no other has."""
    joints = layer.all_joints
    for joint in joints:
        tying = joint.tying
        if not isinstance(tying, Learned) or letters[tying.letter] != 1:
            return False
        if not any(d.kind == "output" and d.axis == 0 and d.size == channels for d in tying.digits):
            return False
    return True

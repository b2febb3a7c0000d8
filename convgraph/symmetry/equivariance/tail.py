"""What comes behind the axes: dense layers that read a row whose two sides are known to differ.

Behind a flattening there are no axes to decide on, and often too many edges. But let the row in
front differ, r(g x) = a and r(x) = b with a != b at some point. A dense layer whose weights are
free, and occur nowhere else, can be given rows w with w a != w b, of any sign and size: all of its
units differ at once, and still do behind a ReLU, where one of the two values is made positive.
Behind a softmax unit i differs where the other rows are zero. So the difference is carried on, and
where a layer is none of these it is left undecided.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from convgraph.core.axis import Full
from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.tying import Constant, Learned
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.aligned import aligned
from convgraph.symmetry.equivariance.restriction import is_identity

__all__ = ["carries_on", "last_aligned"]


def last_aligned(network: Network, row: str) -> tuple[str, tuple[Layer, ...]] | None:
    """The last row in front that keeps the axes apart, and the layers from it to a row.

    None where these are no chain.
    """
    layers = {layer.target.name: layer for layer in network.layers}
    tail: list[Layer] = []
    while aligned(network, row) is None:
        if row not in layers or len(layers[row].joints) != 1:
            return None
        tail.append(layers[row])
        row = layers[row].joints[0].source.name
    return (row, tuple(reversed(tail))) if row in layers else None


def carries_on(network: Network, tail: tuple[Layer, ...]) -> bool:
    """Whether all units behind some layers differ wherever any unit in front of them does."""
    letters = Counter(t.letter for layer in network.layers for t in layer.arrays)
    dense = False
    for number, layer in enumerate(tail):
        if _copies(layer):
            continue
        if _is_free(layer, letters):
            dense = True
        elif not dense or not (layer.reduction.name == "relu" and layer.reduction.pointwise):
            last = number == len(tail) - 1
            return dense and last and _is_softmax(layer)
    return dense


def _copies(layer: Layer) -> bool:
    """Whether a layer only writes all of a row in another shape."""
    (joint,) = layer.joints
    one = isinstance(joint.tying, Constant) and joint.tying.value == 1
    wiring = joint.wiring
    same = isinstance(wiring, Product) and all(map(is_identity, wiring.axes))
    return layer.reduction.linear and one and same and layer.bias is None


def _is_free(layer: Layer, letters: Counter[str | None]) -> bool:
    """Whether a layer is dense, each connection with a parameter of its own."""
    (joint,) = layer.joints
    tying, wiring = joint.tying, joint.wiring
    if not (layer.reduction.linear and isinstance(tying, Learned) and isinstance(wiring, Product)):
        return False
    size = int(np.prod([int(n) for n in tying.shape], dtype=object))
    full = all(isinstance(axis, Full) for axis in wiring.axes)
    kinds = {digit.kind for digit in tying.digits}  # a tap of a dense axis is an input
    own = size == int(layer.connections) and kinds in ({"output", "tap"}, {"output", "input"})
    return full and own and letters[tying.letter] == 1


def _is_softmax(layer: Layer) -> bool:
    """Whether a layer is one softmax over all of a row, as models are read."""
    (joint,) = layer.joints
    size = int(layer.target.size)
    whole = size > 1 and int(layer.connections) == size**2
    one = isinstance(joint.tying, Constant) and joint.tying.value == 1
    return layer.reduction.name == "softmax" and whole and one and not layer.reduction.pointwise

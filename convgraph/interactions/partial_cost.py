"""The cost of some units of a layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convgraph.core.boxes import Box, regroup, union, weighed
from convgraph.core.layer import Joint, Layer
from convgraph.core.reduction import PAIRED
from convgraph.core.tying import Constant, Explicit, Mean
from convgraph.core.wiring import Listed

__all__ = ["multiply_adds"]


def multiply_adds(layer: Layer, boxes: Sequence[Box] | None) -> int:
    """How many products some units of a layer take (None: all of them), counted as `cost` does.

    >>> import numpy as np
    >>> from convgraph import Conv
    >>> (layer,) = Conv(3, padding=1).on(8).layers
    >>> multiply_adds(layer, [(np.arange(8) < 2,)])  # the first one lacks a tap
    5
    """
    shape = layer.target.numbers()
    wanted = [tuple(np.ones(n, bool) for n in shape)] if boxes is None else list(boxes)
    if layer.reduction == PAIRED:  # one multiplication takes an edge from either row
        return _connections(layer.joints[0], wanted, shape)
    return sum(_weighted(joint, wanted, shape) for joint in layer.joints)


def _weighted(joint: Joint, boxes: list[Box], shape: tuple[int, ...]) -> int:
    tying = joint.tying
    if isinstance(tying, Explicit):
        ones = [i for i, expression in enumerate(tying.expressions) if expression == 1]
        return int(np.count_nonzero(~np.isin(tying.labels, ones)[_entering(joint, boxes, shape)]))
    plain_copy = isinstance(tying, Constant) and tying.value == 1
    return 0 if plain_copy or isinstance(tying, Mean) else _connections(joint, boxes, shape)


def _connections(joint: Joint, boxes: list[Box], shape: tuple[int, ...]) -> int:
    wiring = joint.wiring
    if isinstance(wiring, Listed):
        return int(np.count_nonzero(_entering(joint, boxes, shape)))
    view = tuple(map(int, wiring.out_view))
    parts = [part for box in boxes for part in regroup(box, shape, view)]
    return weighed(parts, [axis.fan_in() for axis in wiring.axes])


def _entering(joint: Joint, boxes: list[Box], shape: tuple[int, ...]) -> np.ndarray:
    """Which of all connections enter one of the units."""
    wiring = joint.wiring
    units = union(boxes, shape)
    if isinstance(wiring, Listed):
        fan_in = np.diff(wiring.start)
    else:
        fan_in = np.ones(1, np.int64)
        for axis in wiring.axes:
            fan_in = np.multiply.outer(fan_in, axis.fan_in()).ravel()
    return np.repeat(units.ravel(), fan_in)

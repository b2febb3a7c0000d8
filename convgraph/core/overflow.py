"""Whether whole numbers stay within 64 bits on their way through a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.reduction import MAX, PAIRED

if TYPE_CHECKING:
    from convgraph.core.layer import Layer

__all__ = ["OverflowingError", "Rounded", "require_bits"]

HELD = 2.0**62
"""What 64 bits hold with a bit to spare, as the check itself is made in rounded numbers."""

Rounded = Callable[[NDArray[Any]], NDArray[Any]]


class OverflowingError(Exception):
    """Whole numbers that 64 bits may not hold come up on the way."""


def require_bits(
    layer: Layer,
    sources: Sequence[NDArray[Any]],
    labels: NDArray[Any],
    again: Callable[[Rounded], NDArray[Any]],
) -> None:
    """Refuse to go on in 64 bits where what a unit computes may be larger.

    For sums and maxima the largest factors and the number of connections mostly show that nothing
    is. Otherwise the layer is computed `again` in floating point, a sum with absolute values: terms
    that cancel may be rounded by more than is left of them.
    """
    if any(values.dtype.kind != "i" for values in (*sources, labels)):
        return
    linear = layer.reduction.linear
    if linear or layer.reduction is MAX:
        value, label = max(map(_largest, sources), default=0.0), _largest(labels)
        if (value * int(layer.connections) + 1) * max(label, 1.0) < HELD:
            return
    adds = linear or layer.reduction is PAIRED
    with np.errstate(all="ignore"):  # what has no value in numbers has none here
        made = again((lambda a: np.abs(a.astype(float))) if adds else (lambda a: a.astype(float)))
    if _largest(made) >= HELD:
        raise OverflowingError


def _largest(values: NDArray[Any]) -> float:
    return float(np.abs(values.astype(float)).max()) if values.size else 0.0

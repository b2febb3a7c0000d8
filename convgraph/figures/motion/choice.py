"""Which frames of a film are kept: so many of them, a slice, or a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError

__all__ = ["chosen"]

RULE = "how many, spread from the first to the last, a slice, or a list of numbers"


def chosen(frames: Any, count: int) -> Sequence[int]:
    """The numbers of the frames that are kept of so many, counted from 0.

    >>> chosen(3, 11), chosen(slice(0, 9, 4), 11), chosen([0, -1], 11)
    ([0, 5, 10], [0, 4, 8], [0, 10])
    """
    if frames is None:
        return range(count)
    if isinstance(frames, slice):
        try:
            found = list(range(count))[frames]
        except (TypeError, ValueError):
            raise ConvgraphError(
                f"frames={frames!r}: a slice of whole numbers, whose step is not 0"
            ) from None
        if not found:
            raise ConvgraphError(f"frames={frames!r}: no frame of {count}, which count from 0")
        return found
    if _whole(frames):
        if not 1 <= frames <= count:
            raise ConvgraphError(f"frames={frames!r}: from 1 to all {count} of them, or {RULE}")
        # with halves up, as the middle of an even number is
        last = max(int(frames) - 1, 1)
        return [(2 * i * (count - 1) + last) // (2 * last) for i in range(int(frames))]
    if isinstance(frames, str | bytes) or not isinstance(frames, Sequence | np.ndarray | range):
        raise ConvgraphError(f"frames={frames!r}: {RULE}")
    listed = list(frames)
    if not listed:
        raise ConvgraphError(f"frames={frames!r}: one frame at least")
    for each in listed:
        if not _whole(each) or not -count <= each < count:
            raise ConvgraphError(
                f"frames={frames!r}: {each!r} is no frame; there are {count}, which count from 0 "
                "on, or from -1 back"
            )
    return [int(each) % count for each in listed]


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)

"""Where a stack of windows and the single window that replaces it part: near the border.

A stack pads between its layers, so that a path which leaves a hidden row is lost even if it would
come back into the input. Followed axis by axis, path by path; paths that are alike at all outputs
are followed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box
from convgraph.core.window import Boundary, Window

__all__ = ["AxisPaths", "axis_paths", "parting"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AxisPaths:
    """Along one axis, at which outputs there is a path of each kind.

    A path is `real` if the stack has it, `ideal` if the single window has it; `stray` paths end
    elsewhere in the one than in the other. `cut` is for each layer where a path has left its row.
    """

    real: Mask
    ideal: Mask
    real_stray: Mask
    ideal_stray: Mask
    cut: tuple[Mask, ...]


def axis_paths(stack: Sequence[Window], boundary: Boundary) -> AxisPaths:
    """The paths of a stack of windows, first layer first, against those of one window."""
    outputs = int(stack[-1].outputs)
    place = np.arange(outputs)[:, None]  # (outputs x paths), -1 once a path is lost
    offset = np.zeros(1, np.int64)  # where the path is in the single window, in input positions
    cut: list[Mask] = []
    for window in reversed(stack):
        cut.append(_any(place < 0))
        moved = np.where(place[:, :, None] >= 0, window.table()[place], -1)
        ahead = int(window.stride) * offset[:, None] + int(window.dilation) * np.arange(window.taps)
        paths = np.unique(np.vstack([ahead.ravel(), moved.reshape(outputs, -1)]), axis=1)
        offset, place = paths[0], paths[1:]
    single = _single(stack, int(offset.max(initial=0)) + 1, boundary)
    ideal = single.table()[:, offset]
    stray = place != ideal
    return AxisPaths(
        _any(place >= 0),
        _any(ideal >= 0),
        _any(stray & (place >= 0)),
        _any(stray & (ideal >= 0)),
        tuple(reversed(cut)),
    )


def _any(paths: Mask) -> Mask:
    return np.asarray(paths.any(axis=1))


def _single(stack: Sequence[Window], reach: int, boundary: Boundary) -> Window:
    stride, padding = 1, 0
    for window in stack:
        padding += stride * int(window.padding)
        stride *= int(window.stride)
    return Window(stack[0].inputs, stack[-1].outputs, reach, stride, 1, padding, boundary)


def parting(axes: Sequence[AxisPaths], biased: Sequence[bool]) -> list[Box]:
    """The outputs at which stack and single window differ, as boxes over the axes of space.

    They differ where a path of either strays on some axis and is whole on all others, or where a
    path towards a bias of a lower layer (`biased` says which have one) is cut.
    """
    boxes = []
    everywhere = [np.ones_like(axis.real) for axis in axes]
    for a, axis in enumerate(axes):
        reals, ideals = [x.real for x in axes], [x.ideal for x in axes]
        boxes.append((*reals[:a], axis.real_stray, *reals[a + 1 :]))
        boxes.append((*ideals[:a], axis.ideal_stray, *ideals[a + 1 :]))
        for cut, has_bias in zip(axis.cut, biased, strict=True):
            if has_bias:
                boxes.append((*everywhere[:a], cut, *everywhere[a + 1 :]))
    return [box for box in boxes if all(mask.any() for mask in box)]

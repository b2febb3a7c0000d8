"""The zeros around an input, drawn: where windows read beyond the border."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint
from convgraph.core.network import Network
from convgraph.core.window import Window
from convgraph.core.wiring import Product

__all__ = ["padding_around", "padding_edges", "padding_name", "sliding_axis"]


def padding_edges(network: Network) -> Iterator[tuple[str, int, str, int]]:
    """Where padding is read: (source row, position, target row, output), positions from zero.

    Positions below zero are before the first unit, those from the row's size on behind the last.

    >>> import convgraph as cg
    >>> list(padding_edges(cg.Conv(3, padding=1).on(4)))
    [('x', -1, 's', 0), ('x', 4, 's', 3)]
    """
    for layer in network.layers:
        for joint in layer.joints:
            chosen = sliding_axis(joint)
            if chosen is None or chosen[1].boundary != "zeros":
                continue
            axis = chosen[1]
            missing = np.argwhere(axis.table() < 0)
            for output, tap in missing.tolist():
                at = int(axis.stride) * output + int(axis.dilation) * tap - int(axis.padding)
                yield joint.source.name, at, layer.target.name, output


def padding_around(network: Network) -> dict[str, tuple[tuple[int, int], ...]]:
    """How many zeros are read before and behind each axis of the rows that are padded.

    >>> import convgraph as cg
    >>> padding_around(cg.Conv((3, 2), padding=((1, 1), (0, 1))).on((4, 4)))
    {'x': ((1, 1), (0, 1))}
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for layer in network.layers:
        for joint in layer.joints:
            if not isinstance(joint.wiring, Product):
                continue
            row = joint.source
            unnamed = len(joint.wiring.order) - len(row.shape)  # the only channel of a row
            for axis, place in zip(joint.wiring.axes, joint.wiring.order, strict=True):
                window, at = axis.sliding, place - unnamed
                if window is None or window.boundary != "zeros" or not (window.table() < 0).any():
                    continue
                if at < 0 or row.numbers()[at] != int(window.inputs):
                    raise ConvgraphError(
                        f"padding=True: {layer.target.name!r} pads another shape than that of "
                        f"{row.name!r}, {row.shape}"
                    )
                last = int(window.stride) * (int(window.outputs) - 1)
                last += int(window.dilation) * (int(window.taps) - 1) - int(window.padding)
                mine = found.setdefault(row.name, [(0, 0)] * len(row.shape))
                before, behind = max(0, int(window.padding)), max(0, last + 1 - int(window.inputs))
                mine[at] = max(mine[at][0], before), max(mine[at][1], behind)
    return {name: tuple(around) for name, around in found.items()}


def sliding_axis(joint: Joint) -> tuple[int, Window] | None:
    """The number of the one axis that is longer than one, and its window; None without windows."""
    if not isinstance(joint.wiring, Product):
        return None
    axes = joint.wiring.axes
    windows = [a for a, axis in enumerate(axes) if axis.sliding is not None]
    if not any((axes[a].sliding.table() < 0).any() for a in windows):  # type: ignore[union-attr]
        return None
    wide = [a for a, axis in enumerate(axes) if int(axis.inputs) > 1 or int(axis.outputs) > 1]
    if len(wide) > 1:
        raise ConvgraphError(
            f"padding=True: row {joint.source.name!r} has the shape {joint.source.shape}, and "
            "padding is drawn beside rows of one axis; draw_grid draws images"
        )
    chosen = wide[0] if wide and axes[wide[0]].sliding is not None else windows[0]
    window = axes[chosen].sliding
    assert window is not None
    return chosen, window


def padding_name(row: str, at: int, size: int) -> str:
    """The name of a padding unit.

    >>> padding_name("x", -1, 5), padding_name("x", 6, 5)
    ('padding,x,left,1', 'padding,x,right,2')
    """
    return f"padding,{row},left,{-at}" if at < 0 else f"padding,{row},right,{at - size + 1}"

"""How many values are alive at once while a network is computed, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.interactions.affine import affine_fields

__all__ = ["peak", "row_sizes"]


def peak(network: Network, until: str, tile: Sequence[int]) -> int:
    """The most values of rows that are held at once, with the input of a tile's size.

    Rows are computed in their order; one is held until the last layer that reads it has been
    computed, and the input to the end, by whoever hands it over. Parameters and what a layer needs
    for itself are not counted.

    >>> from convgraph import Conv, MaxPool
    >>> net = (Conv((3, 3), filters=4, padding=1) >> MaxPool((2, 2))).on((1, 8, 8))
    >>> peak(net, "g", (8, 8))  # 64 inputs, 4 x 64 and 4 x 16
    384
    """
    sizes = row_sizes(network, tile)
    wanted = rows_before(network, until)
    layers = [layer for layer in network.layers if layer.target.name in wanted]
    last = {row.name: -1 for row in network.inputs}
    for number, layer in enumerate(layers):
        for joint in layer.joints:
            last[joint.source.name] = number
    for name in (until, *(row.name for row in network.inputs)):
        last[name] = len(layers)
    alive = sum(sizes[row.name] for row in network.inputs)
    most = alive
    for number, layer in enumerate(layers):
        alive += sizes[layer.target.name]
        most = max(most, alive)
        read = {joint.source.name for joint in layer.joints}
        alive -= sum(sizes[name] for name in read if last[name] == number)
    return most


def row_sizes(network: Network, tile: Sequence[int]) -> dict[str, int]:
    """How many values each row has when the input has other sizes."""
    source = network.inputs[0]
    fields = affine_fields(network, source.name)
    space = source.numbers()[1 if source.channels else 0 :]
    sizes = {row.name: int(row.size) for row in network.rows}
    for name, state in fields.states.items():
        payload = None if state is None else next((p for p in state.payloads if p), None)
        if state is None or payload is None:
            continue
        view = [int(n) for n in state.view]
        for place, interval, whole, part in zip(state.moves, payload, space, tile, strict=True):
            if place is not None and interval.step:
                step = Fraction(interval.step, interval.period)
                view[place] -= int((whole - part) / step)
        sizes[name] = prod(view)
    return sizes

"""Figures 9.5, 9.14 and 9.16: which connections share a parameter."""

from __future__ import annotations

import string

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure


@figure("9.5", "parameter sharing", units=range(3, 10), kernel=range(1, 6))
def shared_parameters(units: int = 5, kernel: int = 3) -> Figure:
    """Where the middle parameter of a convolution is used, and of a dense layer."""
    convolution = cg.Conv(kernel, padding="same").on(units)
    dense = cg.Dense(units).on(units)

    def panel(net: cg.Network) -> Figure:
        central = net.parameters[len(net.parameters) // 2]
        return cg.draw(net, emphasize=cg.uses(net, central), row_distance=1)

    return panel(convolution).above(panel(dense))


def _lettered(spec: cg.Conv | cg.LocallyConnected | cg.TiledConv, units: int) -> Figure:
    """One letter to a parameter, in the order in which the connections use them."""
    return cg.draw(spec.on(units), letters=string.ascii_lowercase)


SIZES = {"units": range(3, 9), "kernel": range(1, 4)}


@figure("9.14", "local connections, convolution and full connections", **SIZES)
def local_and_full(units: int = 5, kernel: int = 2) -> Figure:
    """One wiring untied and tied, with its parameters as letters, and the full wiring."""
    padding = ((0, kernel - 1),)  # at the end alone: the last unit sees the last input alone
    local = _lettered(cg.LocallyConnected(kernel, padding=padding), units)
    convolution = _lettered(cg.Conv(kernel, padding=padding), units)
    full = cg.draw(cg.Dense(units).on(units), row_distance=1)
    return local.above(convolution).above(full)


@figure("9.16", "local, tiled and ordinary convolution", tiles=range(1, 5), **SIZES)
def tiled_convolution(units: int = 5, kernel: int = 2, tiles: int = 2) -> Figure:
    """One wiring with no kernel, with several in turn and with one at all positions."""
    padding = ((0, kernel - 1),)
    local = _lettered(cg.LocallyConnected(kernel, padding=padding), units)
    tiled = _lettered(cg.TiledConv(kernel, padding=padding, tiles=tiles), units)
    return local.above(tiled).above(_lettered(cg.Conv(kernel, padding=padding), units))

"""Figures 9.5, 9.14 and 9.16: which connections share a parameter."""

from __future__ import annotations

import string

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

AT_THE_END = ((0, 1),)  # padding: s_i sees x_i and x_(i+1), the last one x_5 alone


@figure("9.5", "parameter sharing")
def shared_parameters() -> Figure:
    convolution, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)

    def panel(net: cg.Network) -> Figure:
        central = net.parameters[len(net.parameters) // 2]
        return cg.draw(net, emphasize=cg.uses(net, central), row_distance=1)

    return panel(convolution).above(panel(dense))


def _lettered(spec: cg.Conv | cg.LocallyConnected | cg.TiledConv) -> Figure:
    """One letter to a parameter, in the order in which the connections use them."""
    return cg.draw(spec.on(5), letters=string.ascii_lowercase)


@figure("9.14", "local connections, convolution and full connections")
def local_and_full() -> Figure:
    local, convolution = cg.LocallyConnected(2, padding=AT_THE_END), cg.Conv(2, padding=AT_THE_END)
    full = cg.draw(cg.Dense(5).on(5), row_distance=1)
    return _lettered(local).above(_lettered(convolution)).above(full)


@figure("9.16", "local, tiled and ordinary convolution")
def tiled_convolution() -> Figure:
    local, tiled = (
        cg.LocallyConnected(2, padding=AT_THE_END),
        cg.TiledConv(2, padding=AT_THE_END, tiles=2),
    )
    return _lettered(local).above(_lettered(tiled)).above(_lettered(cg.Conv(2, padding=AT_THE_END)))

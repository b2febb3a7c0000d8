"""Figure 9.13: zero padding and the size of a network."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

SIZES = {"units": range(8, 21, 4), "kernel": range(2, 7), "layers": range(1, 4)}


@figure("9.13", "zero padding and network size", **SIZES)
def padding_and_size(units: int = 16, kernel: int = 6, layers: int = 3) -> Figure:
    """A stack of convolutions that shrinks, and one that zeros keep at its size."""
    bare = cg.Conv(kernel)
    left = kernel // 2
    padded = cg.Conv(kernel, padding=((left, kernel - 1 - left),))

    def panel(spec: cg.Conv) -> Figure:
        x = tensor = cg.Input(units)
        for _ in range(layers):
            tensor = spec(tensor)
        net = cg.Network(x, tensor)
        blank = {row.name: [""] * int(row.size) for row in net.rows}
        return cg.draw(net, values=blank, edges_of="ends", padding=True, row_distance=1.5)

    return panel(bare).above(panel(padded), 1.5)

"""Figure 9.13: zero padding and the size of a network."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

UNITS, KERNEL, LAYERS = 16, 6, 3


@figure("9.13", "zero padding and network size")
def padding_and_size() -> Figure:
    bare = cg.Conv(KERNEL)
    left = KERNEL // 2
    padded = cg.Conv(KERNEL, padding=((left, KERNEL - 1 - left),))

    def panel(spec: cg.Conv) -> Figure:
        x = tensor = cg.Input(UNITS)
        for _ in range(LAYERS):
            tensor = spec(tensor)
        net = cg.Network(x, tensor)
        blank = {row.name: [""] * int(row.size) for row in net.rows}
        return cg.draw(net, values=blank, edges_of="ends", padding=True, row_distance=1.5)

    return panel(bare).above(panel(padded), 1.5)

"""Figure 9.5: parameter sharing."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure


@figure("9.5", "parameter sharing")
def shared_parameters() -> Figure:
    convolution, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)

    def panel(net: cg.Network) -> Figure:
        central = net.parameters[len(net.parameters) // 2]
        return cg.draw(net, emphasize=cg.uses(net, central), row_distance=1)

    return panel(convolution).above(panel(dense))

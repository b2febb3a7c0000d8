"""Figure 9.8: max pooling brings invariance."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure


@figure("9.8", "max pooling brings invariance", kernel=range(1, 6))
def pooling_and_a_shift(kernel: int = 3) -> Figure:
    """Maxima over windows, before and after the input moved by one unit."""
    signal = [0, 0.3, 0.1, 1, 0.2, 0.1, 0]
    net = cg.MaxPool(kernel, stride=1, padding="same").on(6)
    inner = [unit for row in net.rows for unit in row.units()[1:-1]]
    headings = {"x": "DETECTOR STAGE", "s": "POOLING STAGE"}

    def panel(detector: list[float]) -> Figure:
        values = {"x": detector, "s": net.evaluate(detector)}
        return cg.draw(net, show=inner, values=values, headings=headings)

    # Of the longer signal, what stands one to the left is the same moved right by one.
    return panel(signal[1:]).above(panel(signal[:-1]), 2)

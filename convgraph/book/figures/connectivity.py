"""Figures 9.2 to 9.4: sparse interactions, from below, from above, and through two layers."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

# The greys of the printed figures, and the distances between their rows and panels.
FROM_BELOW, FROM_ABOVE = "#A8A8A8", "#BDBDBD"
ROWS, PANELS = 1.5, 1.08


@figure("9.2", "sparse connectivity, viewed from below", units=range(3, 10), kernel=range(1, 6))
def from_below(units: int = 5, kernel: int = 3) -> Figure:
    """What the middle input affects: a few outputs of a convolution, all of a dense layer."""
    sparse = cg.Conv(kernel, padding="same").on(units)
    dense = cg.Dense(units).on(units)
    middle = f"x{(units + 1) // 2}"

    def panel(net: cg.Network) -> Figure:
        affected = {middle} | cg.projective_field(net, middle)
        return cg.draw(net, shade={FROM_BELOW: affected}, row_distance=ROWS)

    return panel(sparse).above(panel(dense), PANELS)


@figure("9.3", "sparse connectivity, viewed from above", units=range(3, 10), kernel=range(1, 6))
def from_above(units: int = 5, kernel: int = 3) -> Figure:
    """What the middle output sees: a few inputs of a convolution, all of a dense layer."""
    sparse = cg.Conv(kernel, padding="same").on(units)
    dense = cg.Dense(units).on(units)
    middle = f"s{(units + 1) // 2}"

    def panel(net: cg.Network) -> Figure:
        seen = {middle} | cg.receptive_field(net, middle)
        return cg.draw(net, shade={FROM_ABOVE: seen}, row_distance=ROWS)

    return panel(sparse).above(panel(dense), PANELS)


@figure("9.4", "receptive fields of deeper units", units=range(3, 10), kernel=range(1, 6))
def through_two_layers(units: int = 5, kernel: int = 3) -> Figure:
    """What a unit behind two convolutions sees in each row before it."""
    net = (cg.Conv(kernel, padding="same") >> cg.Conv(kernel, padding="same")).on(units)
    middle = f"g{(units + 1) // 2}"
    seen = [cg.receptive_field(net, middle, row=row) for row in "ghx"]
    return cg.draw(net, shade={FROM_ABOVE: seen})

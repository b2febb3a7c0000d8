"""Figures 9.2 to 9.4: sparse interactions, from below, from above, and through two layers."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

# The greys of the printed figures, and the distances between their rows and panels.
FROM_BELOW, FROM_ABOVE = "#A8A8A8", "#BDBDBD"
ROWS, PANELS = 1.5, 1.08


@figure("9.2", "sparse connectivity, viewed from below")
def from_below() -> Figure:
    sparse, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)

    def panel(net: cg.Network) -> Figure:
        affected = {"x3"} | cg.projective_field(net, "x3")
        return cg.draw(net, shade={FROM_BELOW: affected}, row_distance=ROWS)

    return panel(sparse).above(panel(dense), PANELS)


@figure("9.3", "sparse connectivity, viewed from above")
def from_above() -> Figure:
    sparse, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)

    def panel(net: cg.Network) -> Figure:
        seen = {"s3"} | cg.receptive_field(net, "s3")
        return cg.draw(net, shade={FROM_ABOVE: seen}, row_distance=ROWS)

    return panel(sparse).above(panel(dense), PANELS)


@figure("9.4", "receptive fields of deeper units")
def through_two_layers() -> Figure:
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    seen = [cg.receptive_field(net, "g3", row=row) for row in "gh"]
    return cg.draw(net, shade={FROM_ABOVE: [*seen, cg.receptive_field(net, "g3")]})

"""The slides' figures: a 3x3 image under a 2x2 filter, neuron by neuron."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

IMAGE = list("abcdefghi")


@figure("slides", "a 3x3 image under a 2x2 filter, neuron by neuron")
def neuron_by_neuron() -> Figure:
    """What each output of a small image filter reads, and a dense layer on the same image."""
    net = cg.Conv((2, 2)).on((3, 3))
    dense = cg.Dense(net.outputs[0].shape).on(net.inputs[0].shape)

    outputs = [name.replace(",", "") for name in net.outputs[0].units()]
    values = {"x": IMAGE, "s": outputs}

    def columns(panel: cg.Network, parameter: str | None) -> Figure:
        return cg.draw(
            panel,
            emphasize=parameter and cg.uses(panel, parameter),
            values=values,
            headings={"s": (parameter or "dense").replace("_", "")},
            direction="right",
            row_distance=2.5,
        )

    filtered = [columns(net, str(parameter)) for parameter in net.parameters]
    grids = cg.draw_grid(net, net.outputs[0].units()[0], values=values, kernels=True)
    upper = filtered[0]
    for other in filtered[1:]:
        upper = upper.beside(other)
    # Two rows, so that letters can be read where the whole is as wide as a page.
    return upper.above(columns(dense, None).beside(grids), distance=2)

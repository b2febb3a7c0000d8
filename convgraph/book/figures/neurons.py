"""The slides' figures: a 3x3 image under a 2x2 filter, neuron by neuron."""

from __future__ import annotations

import functools

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

IMAGE = list("abcdefghi")


@figure("slides", "a 3x3 image under a 2x2 filter, neuron by neuron")
def neuron_by_neuron() -> Figure:
    net = cg.Conv((2, 2)).on((3, 3))
    dense = cg.Dense(net.outputs[0].shape).on(net.inputs[0].shape)

    def columns(panel: cg.Network, parameter: str | None) -> Figure:
        outputs = [name.replace(",", "") for name in panel.outputs[0].units()]
        return cg.draw(
            panel,
            emphasize=parameter and cg.uses(panel, parameter),
            values={"x": IMAGE, "s": outputs},
            headings={"s": (parameter or "dense").replace("_", "")},
            direction="right",
            row_distance=2.5,
        )

    filtered = [columns(net, str(parameter)) for parameter in net.parameters]
    return functools.reduce(Figure.beside, [*filtered, columns(dense, None)])

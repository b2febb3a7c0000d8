"""Figures 9.10 and 9.12: pooling with downsampling, and convolution with a stride."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure


@figure("9.10", "pooling with downsampling", kernel=range(1, 6), stride=range(1, 5))
def pooling_with_downsampling(kernel: int = 3, stride: int = 2) -> Figure:
    """Maxima over windows that lie more than one unit apart."""
    detector = [0.1, 1, 0.2, 0.1, 0, 0.1]
    net = cg.MaxPool(kernel, stride=stride, ceil_mode=True).on(len(detector))
    return cg.draw(net, values={"x": detector, "s": net.evaluate(detector)})


@figure("9.12", "convolution with a stride", units=range(5, 10), stride=range(1, 5))
def strided_convolution(units: int = 5, stride: int = 2) -> Figure:
    """A convolution with a stride, and the same as a convolution and a downsampling."""
    strided = cg.Conv(3, stride=stride, padding=1).on(units)
    x = cg.Input(units)
    z = cg.Conv(3, padding=1)(x)
    downsampled = cg.Network(x, cg.MaxPool(1, stride=stride)(z), names=["x", "z", "s"])
    top = cg.draw(strided, row_distance=1.5, captions="Strided\nconvolution")
    captions = {"s": "Downsampling", "z": "Convolution"}
    return top.above(cg.draw(downsampled, row_distance=1.5, captions=captions), 1.2)

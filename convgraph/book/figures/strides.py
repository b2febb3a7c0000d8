"""Figures 9.10 and 9.12: pooling with downsampling, and convolution with a stride."""

from __future__ import annotations

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure


@figure("9.10", "pooling with downsampling")
def pooling_with_downsampling() -> Figure:
    detector = [0.1, 1, 0.2, 0.1, 0, 0.1]
    net = cg.MaxPool(3, stride=2, ceil_mode=True).on(len(detector))
    return cg.draw(net, values={"x": detector, "s": net.evaluate(detector)})


@figure("9.12", "convolution with a stride")
def strided_convolution() -> Figure:
    strided = cg.Conv(3, stride=2, padding=1).on(5)
    x = cg.Input(5)
    z = cg.Conv(3, padding=1)(x)
    downsampled = cg.Network(x, cg.MaxPool(1, stride=2)(z), names=["x", "z", "s"])
    top = cg.draw(strided, row_distance=1.5, captions="Strided\nconvolution")
    captions = {"s": "Downsampling", "z": "Convolution"}
    return top.above(cg.draw(downsampled, row_distance=1.5, captions=captions), 1.2)

"""The settings of convolution arithmetic that textbooks animate, each as a spec and a shape.

They are those of https://github.com/vdumoulin/conv_arithmetic , whose pictures are drawn by hand.
"""

from __future__ import annotations

from convgraph.layers.convolution import Conv, ConvTranspose
from convgraph.layers.pooling import AvgPool, MaxPool
from convgraph.layers.spec import Spec

__all__ = ["SETTINGS"]

K3, K4 = (3, 3), (4, 4)

SETTINGS: dict[str, tuple[Spec, tuple[int, int]]] = {
    "No padding, no strides": (Conv(K3), (4, 4)),
    "Arbitrary padding, no strides": (Conv(K4, padding=2), (5, 5)),
    "Half padding, no strides": (Conv(K3, padding=1), (5, 5)),
    "Full padding, no strides": (Conv(K3, padding=2), (5, 5)),
    "No padding, strides": (Conv(K3, stride=2), (5, 5)),
    "Padding, strides": (Conv(K3, stride=2, padding=1), (5, 5)),
    "Padding, strides (odd)": (Conv(K3, stride=2, padding=1), (6, 6)),
    "No padding, no strides, transposed": (ConvTranspose(K3), (2, 2)),
    "Arbitrary padding, no strides, transposed": (ConvTranspose(K4, padding=2), (6, 6)),
    "Half padding, no strides, transposed": (ConvTranspose(K3, padding=1), (5, 5)),
    "Full padding, no strides, transposed": (ConvTranspose(K3, padding=2), (7, 7)),
    "No padding, strides, transposed": (ConvTranspose(K3, stride=2), (2, 2)),
    "Padding, strides, transposed": (ConvTranspose(K3, stride=2, padding=1), (3, 3)),
    "Padding, strides, transposed (odd)": (
        ConvTranspose(K3, stride=2, padding=1, output_padding=1),
        (3, 3),
    ),
    "Dilation": (Conv(K3, dilation=2), (7, 7)),
    "Max pooling": (MaxPool(K3, stride=1), (5, 5)),
    "Average pooling": (AvgPool(K3, stride=1), (5, 5)),
}

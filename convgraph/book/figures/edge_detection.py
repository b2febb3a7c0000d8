"""Figure 9.6: edge detection in a photograph."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

HEIGHT, WIDTH = 280, 320
TOP, LEFT = 30, 100  # of the part of the photograph
PIXEL = 0.7  # points


@figure("9.6", "edge detection")
def edge_detection() -> Figure:
    """A photograph, and the difference of each of its pixels and the one on the left."""
    photo = _photograph()
    net = cg.Conv((1, 2)).on(photo.shape)
    # each pixel less its neighbour on the left
    edges = net.evaluate(photo, {"w": [[-1, 1]]})
    left = cg.draw_image(photo, pixel=PIXEL, title="A photograph")
    difference = "The difference of each of its pixels and the one on the left"
    right = cg.draw_image(edges, pixel=PIXEL, title=difference)
    return left.beside(right, distance=0.5)


def _photograph() -> NDArray[Any]:
    """A part of the portrait of Grace Hopper that comes with matplotlib, in shades of grey."""
    from matplotlib import image
    from matplotlib.cbook import get_sample_data

    colors = image.imread(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    part = colors[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH].astype(float)
    return part @ [0.299, 0.587, 0.114]

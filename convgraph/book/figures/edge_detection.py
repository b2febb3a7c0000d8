"""Figure 9.6: edge detection in a photograph."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.core.errors import ConvgraphError
from convgraph.figures.figure import Figure
from convgraph.figures.images import image_mark
from convgraph.figures.panel import Panel
from convgraph.figures.theme import BOOK

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
    middle = HEIGHT * PIXEL / 2
    apart = (WIDTH + 40) * PIXEL
    marks = (
        image_mark("photograph", photo, 0, middle, PIXEL),
        image_mark("edges", edges, apart, middle, PIXEL),
    )
    words = (
        f"A photograph of {photo.shape[1]} by {photo.shape[0]} pixels, and beside it the "
        f"difference of each pixel and its left neighbour, {edges.shape[1]} by {edges.shape[0]}."
    )
    return Figure((Panel((), (), (), HEIGHT * PIXEL, words, marks=marks),), BOOK)


def _photograph() -> NDArray[Any]:
    """A part of the portrait of Grace Hopper that comes with matplotlib, in shades of grey."""
    try:
        from matplotlib import image
        from matplotlib.cbook import get_sample_data
    except ImportError as error:
        raise ConvgraphError(
            "figure='9.6': its photograph comes with matplotlib; pip install 'convgraph[plot]'"
        ) from error
    colors = image.imread(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    part = colors[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH].astype(float)
    return part @ [0.299, 0.587, 0.114]

"""Draw an array of numbers as a picture, to stand beside a network."""

from __future__ import annotations

from numpy.typing import ArrayLike

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.figures.figure import Figure
from convgraph.figures.images import image_mark
from convgraph.figures.panel import Panel
from convgraph.figures.pictures import as_picture
from convgraph.figures.theme import ThemeLike, as_theme

__all__ = ["draw_image"]

PIXELS = (0.05, 100.0)  # points


@checked
def draw_image(
    values: ArrayLike, *, pixel: float = 1.0, theme: ThemeLike = "book", title: str = "An image"
) -> Figure:
    """Draw an array as an image in shades of grey, its least number black and its largest white.

    Parameters
    ----------
    values
        Rows of numbers, (height, width), or of yes and no, in which yes is black. Numbers that are
        all alike are grey.
    pixel
        The side of a pixel in points.
    theme
        As for `draw`; it has the frame's colour and the distances to figures above or beside
        it.
    title
        What the image shows, for those who do not see it.

    Returns
    -------
    Figure
        As from `draw`; TikZ and DOT have no images.

    Raises
    ------
    ConvgraphError
        If the values are no rows of finite numbers, or if there are more than 1,024 on a side.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv((1, 2)).on((3, 4))
    >>> photo = [[0, 0, 9, 9], [0, 9, 9, 9], [9, 9, 9, 9]]
    >>> edges = net.evaluate(photo, {"w": [[-1, 1]]})
    >>> both = cg.draw_image(photo, pixel=20).beside(cg.draw_image(edges, pixel=20))
    >>> both.save("edges.svg").name
    'edges.svg'
    """
    array = as_picture("values", values)
    low, high = PIXELS
    if not isinstance(pixel, int | float) or not low <= pixel <= high:
        raise ConvgraphError(f"pixel={pixel!r}: a number of points from {low:g} to {high:g}")
    rows, columns = array.shape
    middle = rows * pixel / 2
    words = f"{title}, {columns} by {rows} pixels."
    panel = Panel(
        (), (), (), rows * pixel, words, marks=(image_mark("image", array, 0, middle, pixel),)
    )
    return Figure((panel,), as_theme(theme), title)

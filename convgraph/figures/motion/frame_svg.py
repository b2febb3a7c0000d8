"""Frames as SVG: one, a strip of several, or all of them for a page that plays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from convgraph.core import escape
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.shapes import COLOURS, Box, Frame, Line, Pixels, Shape, Text
from convgraph.figures.motion.wrapped import left_to_right

__all__ = ["bordered", "elements", "strip_svg"]

FONT = "Helvetica, Arial, sans-serif"


def elements(
    shapes: Sequence[Shape], colour: Callable[[str], str] = COLOURS.__getitem__
) -> Iterator[str]:
    """The elements of some shapes; `colour` turns a name into what CSS knows."""
    for shape in shapes:
        if isinstance(shape, Box):
            fill = colour(shape.fill) if shape.fill else "none"
            stroke = f' stroke="{colour(shape.stroke)}"' if shape.stroke else ""
            dash = ' stroke-dasharray="3 2"' if shape.dash else ""
            yield (
                f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" '
                f'height="{shape.height:g}" fill="{fill}"{stroke} '
                f'stroke-width="{shape.line:g}"{dash}/>'
            )
        elif isinstance(shape, Line):
            yield (
                f'<path d="M{shape.x:g} {shape.y:g}L{shape.to_x:g} {shape.to_y:g}" '
                f'stroke="{colour(shape.stroke)}" stroke-width="{shape.line:g}"/>'
            )
        elif isinstance(shape, Pixels):
            yield _map(shape, colour)
        else:
            yield _text(shape, colour)


def _map(shape: Pixels, colour: Callable[[str], str]) -> str:
    """A path for each colour, in cells as units; edges are sharp, as neighbours have no line."""
    paths = "".join(
        f'<path fill="{colour(name)}" d="'
        + "".join(f"M{at} {row}h{long}v1h-{long}z" for row, at, long in runs)
        + '"/>'
        for name, runs in shape.runs()
    )
    across, down = shape.width / shape.columns, shape.height / shape.rows
    return (
        f'<g transform="translate({shape.x:g} {shape.y:g})scale({across:g} {down:g})" '
        f'shape-rendering="crispEdges">{paths}</g>'
    )


def _text(shape: Text, colour: Callable[[str], str]) -> str:
    bold = ' font-weight="700"' if shape.bold else ""
    return (
        f'<text x="{shape.x:g}" y="{shape.y + 0.36 * shape.size:g}" '
        f'font-size="{shape.size:.3g}" text-anchor="{shape.anchor}" '
        f'fill="{colour(shape.fill)}"{bold}>{left_to_right(escape.markup(shape.text))}</text>'
    )


def bordered(size: tuple[float, float]) -> Box:
    """A thin line around a frame that stands among others."""
    return Box(0, 0, *size, None, "line", 0.5)


def strip_svg(frames: Sequence[Frame], size: tuple[float, float], columns: int, title: str) -> str:
    """Frames side by side, in rows of so many."""
    width, height = size
    rows = -(-len(frames) // columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * columns:g} '
        f'{height * rows:g}" width="{width * columns:g}" height="{height * rows:g}" '
        f'font-family="{FONT}" role="img">',
        f"<title>{escape.markup(title)}</title>",
        f'<rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>',
    ]
    base, over = layered(frames)
    parts += ['<defs><g id="base">', *elements((bordered(size), *base)), "</g></defs>"]
    for number, shapes in enumerate(over):
        x, y = number % columns * width, number // columns * height
        parts.append(f'<g transform="translate({x:g} {y:g})"><use href="#base"/>')
        parts += elements(shapes)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])

"""Panels as a standalone TikZ document, for papers: the same places, LaTeX's own letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.figures.lettering import fitted, label_size
from convgraph.figures.panel import Edge, Line, Mark, Panel, Text, Unit
from convgraph.figures.routes import Route
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["to_tikz"]

Point: TypeAlias = tuple[float, float]

_NAMED = {"gray", "white", "black", "red", "orange", "yellow", "green", "cyan", "blue", "purple"}


def to_tikz(panels: Sequence[Panel], places: Sequence[Point], theme: Theme) -> str:
    """A LaTeX document of the class `standalone` that draws the panels; it needs only TikZ.

    Parameters
    ----------
    panels, theme
        What to draw, and how.
    places
        How far to move each panel, in points.
    """
    body: list[str] = []
    for strong in (False, True):  # black edges over grey ones, units over both
        for panel, place in zip(panels, places, strict=True):
            body += [_edge(edge, place, theme) for edge in panel.edges if edge.strong == strong]
            body += [_line(line, place, theme) for line in panel.lines if line.strong == strong]
    for panel, place in zip(panels, places, strict=True):
        body += [_unit(unit, place, theme) for unit in panel.units]
        body += [_mark(mark, place, theme) for mark in panel.marks]
        body += [_text(text, place) for text in panel.texts]
    return "\n".join([*_head(theme), *body, r"\end{tikzpicture}", r"\end{document}", ""])


def _head(theme: Theme) -> Iterator[str]:
    yield r"\documentclass[border=4pt]{standalone}"
    yield r"\usepackage{tikz}"
    yield r"\usetikzlibrary{arrows.meta}"
    yield r"\begin{document}"
    yield (
        f"\\begin{{tikzpicture}}[x=1bp, y=1bp, line width={theme.stroke:g}bp, "
        f"draw={_color(theme.ink)}, text={_color(theme.ink)},"
    )
    size = 2 * theme.radius
    yield f"  unit/.style={{draw, circle, inner sep=0, minimum size={size:g}bp}},"
    yield "  cell/.style={draw, inner sep=0},"
    tip = f"Triangle[length={10 * theme.arrow:g}bp, width={7 * theme.arrow:g}bp]"
    yield f"  connection/.style={{-{{{tip}}}}}]"


def _color(color: str) -> str:
    """A colour as TikZ takes it.

    >>> _color("#A8A8A8"), _color("blue")
    ('{rgb,255:red,168;green,168;blue,168}', 'blue')
    """
    if not color.startswith("#"):
        return color if color in _NAMED else "black"
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _typeset(text: str) -> str:
    r"""A name as mathematics, other text as it is.

    >>> print(_typeset("x2,3"), _typeset("a & b"), _typeset("..."))
    $x_{2,3}$ a \& b \dots{}
    """
    symbol = split_symbol(text)
    if symbol is not None:
        letter, subscript = (escape.tex(part) for part in symbol)
        letter = letter if len(letter) == 1 else rf"\mathit{{{letter}}}"
        return f"${letter}_{{{subscript}}}$" if subscript else f"${letter}$"
    return _lines(text)


def _lines(text: str) -> str:
    return r"\\".join(escape.tex(line) for line in text.split("\n"))


def _at(x: float, y: float, place: Point) -> str:
    return f"({round(x + place[0], 2) + 0:g}, {round(y + place[1], 2) + 0:g})"


def _unit(unit: Unit, place: Point, theme: Theme) -> str:
    shape = "unit" if unit.side is None else f"cell, minimum size={unit.side:g}bp"
    fill = _color(unit.fill if unit.shaded else theme.fill)
    size = label_size(unit, theme)
    return _node(f"{shape}, fill={fill}", size, _at(unit.x, unit.y, place), unit.text)


def _mark(mark: Mark, place: Point, theme: Theme) -> str:
    if mark.kind == "image":
        raise ConvgraphError("format='tex': TikZ has no images of its own; ask for pdf, svg or png")
    options = {
        "dots": "",
        "padding": "unit",
        "cell": f"cell, minimum width={mark.width:g}bp, minimum height={mark.height:g}bp",
        "box": f"cell, minimum width={mark.width:g}bp, minimum height={mark.height:g}bp",
    }[mark.kind]
    if mark.kind != "dots" and mark.fill != "transparent":
        options += f", fill={_color(mark.fill or theme.fill)}"
    name, at = mark.kind == "cell", _at(mark.x, mark.y, place)
    size = fitted(mark.text, mark.size, mark.width - 6) if name else mark.size
    return _node(f"{options}, align=center", size, at, mark.text, name)


def _text(text: Text, place: Point) -> str:
    name, at = text.edge is not None, _at(text.x, text.y, place)
    return _node("inner sep=0, align=center", text.size, at, text.text, name)


def _node(options: str, size: float, at: str, text: str, name: bool = True) -> str:
    font = rf"\fontsize{{{size:g}bp}}{{{1.2 * size:g}bp}}\selectfont"
    label = _typeset(text) if name else _lines(text)
    return rf"\node[{options.lstrip(', ')}, font={font}] at {at} {{{label}}};"


def _edge(edge: Edge, place: Point, theme: Theme) -> str:
    return _arrow(edge.route, place, theme.ink if edge.strong else theme.quiet)


def _line(line: Line, place: Point, theme: Theme) -> str:
    return _arrow(line.route, place, theme.ink if line.strong else theme.quiet, line.dashed)


def _arrow(route: Route, place: Point, color: str, dashed: bool = False) -> str:
    """A chain of Bezier curves, then straight on to the tip."""
    first, *rest = (_at(x, y, place) for x, y in route.points)
    curves = [
        f" .. controls {rest[i]} and {rest[i + 1]} .. {rest[i + 2]}" for i in range(0, len(rest), 3)
    ]
    tip = _at(*route.tip, place)
    style = "connection, dashed" if dashed else "connection"
    return rf"\draw[{style}, draw={_color(color)}] {first}{''.join(curves)} -- {tip};"

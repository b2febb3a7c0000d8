"""Panels as a standalone TikZ document, for papers: the same places, LaTeX's own letters."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.figures.colors import ink_on
from convgraph.figures.dot import mark_id, unit_id
from convgraph.figures.lettering import fitted, label_size
from convgraph.figures.panel import Edge, Line, Mark, Panel, Unit
from convgraph.figures.routes import Point
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["to_tikz"]

# Letters are of any size: without fix-cm, LaTeX takes the next of a few.
TIKZ = r"""\documentclass[border=4pt]{{standalone}}
\usepackage{{fix-cm}}
\usepackage{{tikz}}
{letters}\usetikzlibrary{{arrows.meta, backgrounds, positioning, shapes.geometric}}
{colors}
\begin{{document}}
{resize}% Every unit is a node of its own name: go on with \node[right=of x3] or \draw (x1) -- (s2).
% Places are in columns; x and y say how far these are apart.
\begin{{tikzpicture}}[x={pitch:g}bp, y={pitch:g}bp, line width={stroke:g}bp, draw=ink, text=ink,
  unit/.style={{draw, circle, inner sep=0, minimum size={size:g}bp, fill=blank}},
  cell/.style={{draw, inner sep=0, fill=blank}},
  shaded/.style={{fill=shade}},
  dots/.style={{circle, inner sep=0, minimum size={size:g}bp}},
  text beside/.style={{inner sep=0, align=center}},
  connection/.style={{-{{Triangle[length={length:g}bp, width={width:g}bp]}}}},
  quiet/.style={{draw=quiet}}{paper}]"""

# Behind a figure whose paper is not white; it goes where the picture goes.
PAPER = """,
  show background rectangle, inner frame sep=4bp,
  background rectangle/.style={fill=paper, draw=none}"""


# Letters beyond ASCII: in formulas as text, and where pdfLaTeX has none, by their numbers.
TEXT_IN_FORMULAS = r"\usepackage{amstext}"
T1 = "ąęįųĄĘĮŲđĐðÐþÞŋŊ«»‹›„‚"  # which its usual encoding lacks
LETTERS = r"""% pdfLaTeX writes the number of a letter that it does not know; LuaLaTeX and XeLaTeX
% write what their face has: say \usepackage{{fontspec}} \setmainfont{{...}} to choose one.
\ifdefined\Umathcode\else{encoding}
  \newcommand\letter[2]{{\ifcsname u8:\detokenize{{#1}}\endcsname\else
    \DeclareUnicodeCharacter{{#2}}{{\resizebox{{.8em}}{{!}}{{U+#2}}}}\fi}}
{known}
\fi"""


def to_tikz(
    panels: Sequence[Panel], places: Sequence[Point], theme: Theme, width: float | None = None
) -> str:
    """A LaTeX document of the class `standalone` that draws the panels; it needs only TikZ.

    Units are nodes that bear their names (`x2_3` for x2,3; `panel2_x3` in a second panel), and
    straight connections run from name to name, so that whoever moves or restyles a unit moves its
    connections, too.

    Parameters
    ----------
    panels, theme
        What to draw, and how.
    places
        How far to move each panel, in points.
    width
        How wide everything together is to be, in points.
    """
    drawings = [_Drawing(*each, theme) for each in zip(panels, places, itertools.count())]
    body = [line for drawing in drawings for line in drawing.nodes()]
    for strong in (False, True):  # black edges over grey ones, letters over both
        body += [line for drawing in drawings for line in drawing.arrows(strong)]
    body += [line for drawing in drawings for line in drawing.texts()]
    colors = {"ink": theme.ink, "quiet": theme.quiet, "blank": theme.fill, "shade": theme.shade}
    colors["paper"] = theme.paper
    used = sorted({found for line in body for found in re.findall(r"\brgb([0-9A-F]{6})\b", line)})
    defined = [rf"\definecolor{{{name}}}{{HTML}}{{{c[1:].upper()}}}" for name, c in colors.items()]
    defined += [rf"\definecolor{{rgb{color}}}{{HTML}}{{{color}}}" for color in used]
    head = TIKZ.format(
        letters=_letters("".join(body)),
        colors="\n".join(defined),
        resize="" if width is None else f"\\resizebox{{{width:g}bp}}{{!}}{{%\n",
        pitch=theme.pitch,
        stroke=theme.stroke,
        size=2 * theme.radius,
        length=10 * theme.arrow,
        width=7 * theme.arrow,
        paper="" if theme.paper.upper() == "#FFFFFF" else PAPER,
    )
    end = r"\end{tikzpicture}" + ("" if width is None else "}")
    return "\n".join([head, *body, end, r"\end{document}", ""])


def _color(color: str) -> str:
    """A colour by the name under which it is defined.

    >>> _color("#A8a8A8")
    'rgbA8A8A8'
    """
    return f"rgb{color[1:].upper()}"


def _typeset(text: str) -> str:
    r"""A name as mathematics, other text as it is.

    >>> print(_typeset("x2,3"), _typeset("a & b"), _typeset("..."))
    $x_{2,3}$ a \& b \dots{}
    """
    symbol = split_symbol(text)
    if symbol is not None:
        letter, subscript = (_in_formula(part) for part in symbol)
        if not symbol[0].isascii():
            letter = rf"\text{{\textit{{{escape.tex(symbol[0])}}}}}"
        elif len(letter) > 1:
            letter = rf"\mathit{{{letter}}}"
        return f"${letter}_{{{subscript}}}$" if subscript else f"${letter}$"
    return escape.tex_lines(text)


def _in_formula(text: str) -> str:
    written = escape.tex(text)
    return written if text.isascii() else rf"\text{{{written}}}"


def _letters(body: str) -> str:
    """What a document needs for letters beyond ASCII, if it has any."""
    needed = [TEXT_IN_FORMULAS] if r"\text{" in body else []
    beyond = sorted({character for character in body if not character.isascii()})
    if beyond:
        encoding = "\n  \\usepackage[T1]{fontenc}" if {*beyond} & {*T1} else ""
        known = "\n".join(rf"  \letter{{{c}}}{{{ord(c):04X}}}" for c in beyond)
        needed.append(LETTERS.format(encoding=encoding, known=known))
    return "".join(f"{each}\n" for each in needed)


@dataclass(frozen=True)
class _Drawing:
    """One panel's lines of TikZ."""

    panel: Panel
    place: Point
    number: int
    theme: Theme

    def nodes(self) -> Iterator[str]:
        """Units and marks."""
        for unit in self.panel.units:
            yield self._unit(unit)
        for mark in self.panel.marks:
            yield self._mark(mark)

    def arrows(self, strong: bool) -> Iterator[str]:
        """Connections, the black ones or the grey ones."""
        round_ones = {unit.name: unit_id(unit.name).removeprefix("unit_") for unit in self._round}
        round_ones |= {
            mark.name: mark_id(mark.name)
            for mark in self.panel.marks
            if mark.kind in ("padding", "dots")
        }
        for edge in self.panel.edges:
            if edge.strong == strong:
                style = "connection" + _looks(edge, self.theme)
                yield self._arrow(edge, style, round_ones)
        for line in self.panel.lines:
            if line.strong == strong:
                style = "connection" + ("" if strong else ", quiet")
                yield self._arrow(line, style + (", dashed" if line.dashed else ""), round_ones)

    def texts(self) -> Iterator[str]:
        """Letters, captions and headings."""
        for text in self.panel.texts:
            at = self._at((text.x, text.y))
            style = "text beside" + (", fill=paper, inner sep=1bp" if text.masking else "")
            style += ", anchor=west, align=left" if text.left else ""
            name = text.symbol or text.edge is not None
            yield _node(style, "", text.size, at, text.text, name)

    @property
    def _round(self) -> list[Unit]:
        return [unit for unit in self.panel.units if unit.side is None]

    def _named(self, name: str) -> str:
        return f"panel{self.number + 1}_{name}" if self.number else name

    def _at(self, point: Point) -> str:
        x, y = ((p + q) / self.theme.pitch for p, q in zip(point, self.place, strict=True))
        return f"({round(x, 4) + 0:g}, {round(y, 4) + 0:g})"

    def _unit(self, unit: Unit) -> str:
        options = "unit" if unit.side is None else f"cell, minimum size={unit.side:g}bp"
        if unit.extent != 1:
            shape = {"circle": "", "square": ", rectangle", "diamond": ", diamond"}[unit.shape]
            options += f"{shape}, minimum size={2 * self.theme.radius * unit.extent:.4g}bp"
        options += ", align=center" if "\n" in unit.text else ""
        options += "" if unit.line is None else f", draw={_color(unit.line)}"
        options += _filled(unit, self.theme)
        name = self._named(unit_id(unit.name).removeprefix("unit_"))
        size = label_size(unit, self.theme)
        return _node(options, name, size, self._at((unit.x, unit.y)), unit.text)

    def _mark(self, mark: Mark) -> str:
        if mark.kind == "image":
            raise ConvgraphError(
                "format='tex': TikZ has no images of its own; ask for pdf, svg or png"
            )
        frame = f"cell, minimum width={mark.width:g}bp, minimum height={mark.height:g}bp"
        options = {"dots": "dots", "padding": "unit"}.get(mark.kind, frame)
        if mark.fills:
            options += _filled(
                Unit(mark.name, "", mark.text, mark.x, mark.y, mark.fills), self.theme
            )
        if mark.fill == "transparent":
            options += ", fill=none"
        elif mark.fill is not None:
            options += (
                ", fill=ink" if mark.fill == self.theme.ink else f", fill={_color(mark.fill)}"
            )
            ink = ink_on([mark.fill], self.theme.ink)
            options += "" if ink == self.theme.ink else f", text={_color(ink)}"
        name = mark.kind == "cell"
        size = fitted(mark.text, mark.size, mark.width - 6, self.theme.font) if name else mark.size
        at = self._at((mark.x, mark.y))
        return _node(
            f"{options}, align=center", self._named(mark_id(mark.name)), size, at, mark.text, name
        )

    def _arrow(self, arrow: Edge | Line, style: str, round_ones: Mapping[str, str]) -> str:
        """A straight line from name to name, or a chain of Bezier curves."""
        ends = [round_ones.get(end) for end in (arrow.source, arrow.target)]
        way = arrow.route
        if None in ends:
            first, *rest, last = (self._at(point) for point in (*way.points, way.tip))
            curves = "".join(
                f" .. controls {rest[i]} and {rest[i + 1]} .. {rest[i + 2]}"
                for i in range(0, len(rest), 3)
            )
            return rf"\draw[{style}] {first}{curves} -- {last};"
        start, end = (f"({self._named(str(name))})" for name in ends)
        if way.straight:
            return rf"\draw[{style}] {start} -- {end};"
        knots = [self._at(point) for point in way.points[1:-1]]
        chain = start
        for i in range(0, len(knots), 3):
            chain += f" .. controls {knots[i]} and {knots[i + 1]} .. "
            chain += knots[i + 2] if i + 2 < len(knots) else end
        return rf"\draw[{style}] {chain};"


def _looks(edge: Edge, theme: Theme) -> str:
    """The options of a connection that is not like all others."""
    if not edge.strong:
        options = ", quiet"
    else:
        options = "" if edge.color is None else f", draw={_color(edge.color)}"
    options += "" if edge.width == 1 else f", line width={theme.stroke * edge.width:g}bp"
    return options + ("" if edge.line == "solid" else f", {edge.line}")


def _filled(unit: Unit, theme: Theme) -> str:
    """The options for a unit's colours: one, or a part for each of several."""
    if not unit.fills:
        return ""
    ink = ink_on(unit.fills, theme.ink)
    text = "" if ink == theme.ink else f", text={_color(ink)}"
    if unit.fills == (theme.shade,):
        return f", shaded{text}"
    first, *others = (_color(color) for color in unit.fills)
    if not others:
        return f", fill={first}{text}"
    return f", path picture={{{_parts(unit, [first, *others], theme)}}}{text}"


def _parts(unit: Unit, colors: Sequence[str], theme: Theme) -> str:
    """Stripes of a cell, or sectors of a circle; two stand left and right as in other formats."""
    box = "path picture bounding box"
    many = len(colors)
    if unit.side is not None or many == 2 or unit.shape != "circle":
        size = unit.side or 2 * theme.radius * unit.extent + theme.stroke
        return " ".join(
            rf"\fill[{color}] ([xshift={i * size / many:.4g}bp]{box}.south west) "
            f"rectangle ++({size / many:.4g}bp, {size:g}bp);"
            for i, color in enumerate(colors)
        )
    radius = theme.radius * unit.extent + theme.stroke
    return " ".join(
        rf"\fill[{color}] ({box}.center) -- ++({360 * i / many:.4g}:{radius:g}bp) "
        f"arc[start angle={360 * i / many:.4g}, delta angle={360 / many:.4g}, "
        f"radius={radius:g}bp] -- cycle;"
        for i, color in enumerate(colors)
    )


def _node(options: str, called: str, size: float, at: str, text: str, name: bool = True) -> str:
    if not text:
        return rf"\node[{options}]{f' ({called})' if called else ''} at {at} {{}};"
    font = rf"\fontsize{{{size:g}bp}}{{{1.2 * size:g}bp}}\selectfont"
    text = unicodedata.normalize("NFC", text)  # a letter and its accent are one
    label = _typeset(text) if name else escape.tex_lines(text)
    bears = f" ({called})" if called else ""
    return rf"\node[{options}, font={font}]{bears} at {at} {{{label}}};"

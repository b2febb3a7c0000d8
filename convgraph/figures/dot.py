"""Panels as DOT text: every place is given, nothing is left to a layout.

Ids are stable: `unit_x3`, `edge_x3_s2`; from the second panel on with `panel2_` before them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

import graphviz

from convgraph.core import escape
from convgraph.figures.colors import ink_on
from convgraph.figures.faces import room_for
from convgraph.figures.lettering import fitted, label_size
from convgraph.figures.panel import Edge, Line, Mark, Panel, Text, Unit
from convgraph.figures.routes import Point, Route
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import Theme

__all__ = ["edge_id", "mark_id", "to_dot", "unit_id"]


_OTHER = re.compile("[^a-zA-Z0-9]")
_OTHER_OR_COMMA_BEFORE_COMMA = re.compile("[^a-zA-Z0-9,]|,(?=,)")


def _code(match: re.Match[str]) -> str:
    return f"__{ord(match[0]):x}_"


def _plain(name: str) -> str:
    """A name in letters, digits and underscores, different names differently.

    >>> _plain("x2,3"), _plain("h1:4"), _plain("a_b"), _plain("a,,5f,b")
    ('x2_3', 'h1__3a_4', 'a__5f_b', 'a__2c__5f_b')
    """
    return _OTHER_OR_COMMA_BEFORE_COMMA.sub(_code, name).replace(",", "_")


def _end(name: str) -> str:
    """A name beside another: an underscore in it stands before an index or begins a code.

    >>> _end("x2,3"), _end("a,b"), _end("1,2")
    ('x2_3', 'a__2c_b', '1__2c_2')
    """
    head = name.rstrip("0123456789,")
    indices = name[len(head) :]
    if not head or ",," in indices or indices.endswith(","):
        head, indices = name, ""
    return _OTHER.sub(_code, head) + indices.replace(",", "_")


def unit_id(name: str, panel: int = 0) -> str:
    """The id of a unit.

    >>> unit_id("x3"), unit_id("x2,3", panel=1)
    ('unit_x3', 'panel2_unit_x2_3')
    """
    return f"{_panel(panel)}unit_{_plain(name)}"


def edge_id(edge: Edge, panel: int = 0) -> str:
    """The id of an edge; second and further edges of the same two units are numbered."""
    number = f"__{edge.key + 1}" if edge.key else ""
    return f"{_panel(panel)}edge_{_end(edge.source)}_{_end(edge.target)}{number}"


def _panel(panel: int) -> str:
    return f"panel{panel + 1}_" if panel else ""


def to_dot(
    panels: Sequence[Panel],
    places: Sequence[Point],
    theme: Theme,
    *,
    layered: bool = False,
    images: Mapping[str, str] | None = None,
    width: float | None = None,
    layout: str | None = None,
) -> str:
    """The DOT text of panels.

    Parameters
    ----------
    panels, theme
        What to draw, and how.
    places
        How far to move each panel, in points.
    layered
        Graphviz draws edges in the order of their tails, whatever the order of the text, so that
        grey edges would run over black ones. Layered text hangs the black ones on an invisible
        node behind all others: it draws as it should, and says less to who reads it.
    images
        The files of the images, by the ids of their marks; without them there are frames.
    width
        How wide everything together is to be, in points.
    layout
        The layout that the text asks Graphviz's programs for.
    """
    graph = _empty(theme, width, layout)
    for number, (panel, place) in enumerate(zip(panels, places, strict=True)):
        for unit in panel.units:
            _add_unit(graph, unit, number, place, theme)
        for mark in panel.marks:
            _add_mark(graph, mark, number, place, images or {}, theme)
        for text in panel.texts:
            _add_text(graph, text, number, place, theme)
    if layered:
        graph.node("over", pos=f"{_pos((0, 0), places[0])}!", label="", style="invis", width="0.01")
    for strong in (False, True):
        for number, (panel, place) in enumerate(zip(panels, places, strict=True)):
            marks = {mark.name for mark in panel.marks}
            for line in panel.lines:
                if line.strong == strong:
                    _add_line(graph, line, number, place, theme, layered, marks)
            for edge in panel.edges:
                if edge.strong == strong:
                    _add_edge(graph, edge, number, place, theme, layered)
    return graph.source


def _empty(theme: Theme, width: float | None, layout: str | None) -> graphviz.Digraph:
    """A graph without nodes, with the looks that all of them share."""
    return graphviz.Digraph(
        graph_attr={
            "outputorder": "edgesfirst",
            "bgcolor": theme.paper,
            "pad": "0.06",
            **({} if width is None else {"size": f"{width / 72:.4f},1000!"}),
            **({} if layout is None else {"layout": layout}),
        },
        node_attr={
            "shape": "circle",
            "fixedsize": "true",
            "width": f"{theme.diameter * theme.pitch / 72:.4g}",
            "fontname": theme.font,
            "fontsize": f"{theme.label_size:g}",
            "fontcolor": theme.ink,
            "color": theme.ink,
            "penwidth": f"{theme.stroke:g}",
            "style": "filled",
            "fillcolor": theme.fill,
        },
        edge_attr={
            "color": theme.ink,
            "penwidth": f"{theme.stroke:g}",
            "arrowsize": f"{theme.arrow:g}",
        },
        engine="neato",
    )


def _add_unit(graph: graphviz.Digraph, unit: Unit, panel: int, place: Point, theme: Theme) -> None:
    size = label_size(unit, theme)
    options = {"fontsize": f"{size:.3g}"} if size < theme.label_size and unit.text else {}
    if unit.side is not None:
        options |= {"shape": "box", "width": f"{unit.side / 72:.4g}"}
        options |= {"height": f"{unit.side / 72:.4g}"}
    elif unit.extent != 1:
        side = f"{2 * theme.radius * unit.extent / 72:.4g}"
        shape = {"circle": "circle", "square": "box", "diamond": "diamond"}[unit.shape]
        options |= {"shape": shape, "width": side, "height": side}
    if unit.line is not None:
        options["color"] = unit.line
    name = unit_id(unit.name, panel)
    at = _pos((unit.x, unit.y), place) + "!"
    form = {key: options[key] for key in ("shape", "width", "height", "color") if key in options}
    options |= _fill(unit, theme)
    if len(unit.fills) > 2:
        # Graphviz draws the lines between parts in the colour of the outline, through the letters.
        options["color"] = "transparent"
    shaded = "hole" if unit.fills == (theme.hole,) else "shaded"
    graph.node(
        name,
        label=escape.dot(unit.text),
        id=name,
        pos=at,
        **{"class": f"unit {shaded}" if unit.shaded else "unit"},
        **options,
    )
    if len(unit.fills) > 2:
        outline = {"id": f"outline_{name}", "class": "outline", "style": "", "label": ""}
        graph.node(f"outline_{name}", pos=at, **outline, **form)


def _fill(unit: Unit, theme: Theme) -> dict[str, str]:
    """The colours of a unit, and of its letters where the usual ones could not be read."""
    if not unit.fills:
        return {}
    options = {"fillcolor": ":".join(unit.fills)}
    round_ = unit.side is None and unit.shape == "circle"
    if len(unit.fills) == 2:
        # A gradient without a transition: halves, and no line through the letters.
        options["fillcolor"] = f"{unit.fills[0]};0.5:{unit.fills[1]}"
    elif len(unit.fills) > 2:
        options["style"] = "wedged" if round_ else "striped"
    ink = ink_on(unit.fills, theme.ink)
    return options | ({"fontcolor": ink} if ink != theme.ink else {})


def _add_text(graph: graphviz.Digraph, text: Text, panel: int, place: Point, theme: Theme) -> None:
    letter = text.edge is not None
    name = f"letter_{edge_id(text.edge, panel)}" if text.edge else _caption_id(text, panel)
    # As wide as it may become: a picture ends where its nodes end, whatever their letters do.
    # What hides a part of its arrow is exact: it must hide no other.
    exact = text.symbol or text.masking or len(text.text) == 1
    width = text.width if exact else max(text.width, room_for(text.text, text.size))
    middle = text.x + width / 2 if text.left else text.x
    filled = {"style": "filled", "fillcolor": theme.paper, "penwidth": "0"}
    graph.node(
        name,
        label=_on_the_left(text.text) if text.left and not text.symbol else escape.dot(text.text),
        id=name,
        pos=_pos((middle, text.y), place) + "!",
        shape="plaintext",
        **(filled if text.masking else {"style": ""}),
        width=f"{width / 72:.3g}",
        height=f"{text.size * (1 + 1.2 * text.text.count(chr(10))) / 72:.3g}",
        fontsize=f"{text.size:g}",
        **{"class": "parameter" if letter or text.symbol else "caption"},
        **({"margin": "0"} if text.left else {}),
    )


def _on_the_left(text: str) -> str:
    return "".join(escape.dot(line) + r"\l" for line in text.split("\n"))


def _caption_id(text: Text, panel: int) -> str:
    place = f"{text.x:.6g},{text.y:.6g}".replace("-", "m").replace(".", "p")
    return f"{_panel(panel)}caption_{_plain(place)}"


def _add_edge(
    graph: graphviz.Digraph, edge: Edge, panel: int, place: Point, theme: Theme, layered: bool
) -> None:
    head = unit_id(edge.target, panel)
    tail = "over" if layered and edge.strong else unit_id(edge.source, panel)
    options = {} if edge.strong else {"color": theme.quiet}
    if edge.strong and edge.color is not None:
        options["color"] = edge.color
    if edge.width != 1:
        options["penwidth"] = f"{theme.stroke * edge.width:g}"
    if edge.line != "solid":
        options["style"] = edge.line
    graph.edge(
        tail,
        head,
        id=edge_id(edge, panel),
        pos=_way(edge.route, place),
        **({"class": "emphasized"} if edge.emphasized else {}),
        **options,
    )


def _add_mark(
    graph: graphviz.Digraph,
    mark: Mark,
    panel: int,
    place: Point,
    images: Mapping[str, str],
    theme: Theme,
) -> None:
    name = mark_id(mark.name, panel)
    options: dict[str, str] = {"class": mark.kind}
    if mark.fills:
        unit = Unit(mark.name, "", mark.text, mark.x, mark.y, mark.fills)
        options |= {"color": "transparent", **_fill(unit, theme)}
        options["class"] += " shaded"
    elif mark.kind == "dots":
        options |= {"shape": "plaintext", "style": ""}
    elif mark.kind in ("cell", "box", "image", "key", "zero"):
        options |= {"shape": "box", "height": f"{mark.height / 72:.4g}"}
    if mark.kind != "padding":
        options["width"] = f"{mark.width / 72:.4g}"
    if mark.text:
        fits = mark.kind == "cell"
        size = fitted(mark.text, mark.size, mark.width - 6, theme.font) if fits else mark.size
        options["fontsize"] = f"{size:.3g}"
    if mark.fill is not None:
        options["fillcolor"] = mark.fill
        ink = theme.ink if mark.fill == "transparent" else ink_on([mark.fill], theme.ink)
        if mark.text and ink != theme.ink and mark.kind == "cell":
            options["fontcolor"] = ink
        options["class"] += " ink" if mark.kind == "cell" else ""
    if mark.kind == "cell" and split_symbol(mark.text):
        options["class"] = "cell parameter"  # typeset as a name
    if mark.kind == "image":
        # A line as thin as can be seen, without which white pixels are white paper.
        options |= {"color": theme.quiet, "penwidth": "0" if mark.fill else "0.6"}
    if name in images:
        options |= {"image": images[name], "imagescale": "both"}
    at = _pos((mark.x, mark.y), place) + "!"
    graph.node(name, label=escape.dot(mark.text), id=name, pos=at, **options)


def mark_id(name: str, panel: int = 0) -> str:
    """The id of what is no unit.

    >>> mark_id("padding,x,left,1")
    'padding_x_left_1'
    """
    return f"{_panel(panel)}{_plain(name)}"


def _add_line(
    graph: graphviz.Digraph,
    line: Line,
    panel: int,
    place: Point,
    theme: Theme,
    layered: bool,
    marks: Set[str],
) -> None:
    tail, head = (
        mark_id(end, panel) if end in marks else unit_id(end, panel)
        for end in (line.source, line.target)
    )
    options = {} if line.strong else {"color": theme.quiet}
    if line.dashed:
        options["style"] = "dashed"
    name = f"{_panel(panel)}line_{_plain(line.source)}_{_plain(line.target)}"
    tail = "over" if layered and line.strong else tail
    graph.edge(tail, head, id=name, pos=_way(line.route, place), **options)


def _way(way: Route, place: Point) -> str:
    return f"e,{_pos(way.tip, place)} " + " ".join(_pos(point, place) for point in way.points)


def _pos(point: Point, place: Point) -> str:
    # Adding zero turns a rounded -0 into 0.
    x, y = point[0] + place[0], point[1] + place[1]
    return f"{round(x, 2) + 0:.6g},{round(y, 2) + 0:.6g}"

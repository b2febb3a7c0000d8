"""The page around live figures: their SVG, what they know, and a little JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.figures.grid_panel import GAP
from convgraph.figures.html_page import html_page
from convgraph.figures.live.figure_data import facts, letters, parameters
from convgraph.figures.live.narrow import legend_below, without_legend, wrapped
from convgraph.figures.symbols import split_symbol
from convgraph.figures.theme import BOOK, COLORS

if TYPE_CHECKING:
    from convgraph.figures.drawing import Drawing

__all__ = ["asset", "document", "page", "widths"]

HELP = (
    "Point at or tab to a unit or a parameter; arrow keys move between {}, "
    "Enter or a click pins the answer, Escape lets go."
)
LEAST = 25  # pixels of a unit, however narrow the window: a finger finds 24 (WCAG 2.2, 2.5.8)
MOST = 1.8  # times its own size that a picture takes where there is room
TALLEST = 800  # pixels to which a picture grows
PIXELS = 4 / 3  # to a point
SCRIPTS = (
    "indices.js", "boxes.js", "blocks.js", "axes.js", "relations.js", "shifts.js", "fit.js",
    "cells.js", "matrices.js", "labels.js", "live.js",
)  # fmt: skip
_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')


def page(figures: Sequence[Drawing], title: str) -> str:
    """A self-contained HTML page with these figures, live."""
    sections = (_section(figure, number) for number, figure in enumerate(figures, 1))
    return document(title, "\n".join(sections), SCRIPTS)


def document(title: str, body: str, scripts: Sequence[str]) -> str:
    """A page with the live figures' looks and some of their scripts, which alone may run."""
    script = "\n" + "".join(map(asset, scripts))
    return html_page(title, f"\n{asset('live.css')}", f"<main>\n{body}\n</main>", script)


def asset(name: str) -> str:
    """The text of a script or a style of live figures."""
    return resources.files("convgraph.figures.live").joinpath(name).read_text(encoding="utf-8")


def _section(figure: Drawing, number: int) -> str:
    panels = {
        str(i): facts(panel)
        for i, panel in enumerate(figure.panels, 1)
        if panel.network is not None
    }
    same = {id(panel.network): i for i, panel in enumerate(figure.panels, 1)}
    for i, panel in enumerate(figure.panels, 1):
        if same[id(panel.network)] != i or str(i) not in panels:
            continue
        of = [n for n, other in enumerate(figure.panels, 1) if other.network is panel.network]
        for n in of if len(of) > 1 else ():
            panels[str(n)]["together"] = [str(other) for other in of if other != n]
    shown, colors = without_legend(figure)
    # A picture has no parts for a screen reader; a group has.
    svg = shown.svg(prefix=f"f{number}-").replace('role="img"', 'role="group"', 1)
    stage, more = "cg-stage", {}
    if len(figure.panels) == 1 and figure.panels[0].cells:
        gap = GAP * figure.theme.pitch
        stage, more = "cg-stage cg-parts", {"--gap": f"{gap / _points(svg)[0]:.4f}"}
    looks = _looks(shown, svg, more)
    if more:
        svg = wrapped(svg, gap)
    return (
        f'<section class="cg-figure" aria-label="{escape.markup(figure.title)}">\n'
        f"<h2>{escape.markup(figure.title)}</h2>\n"
        f'<div class="{stage}"{looks}>\n{svg}</div>\n{legend_below(colors)}'
        f'<p class="cg-caption" role="status" aria-live="polite">'
        f"{escape.markup(figure.description)}</p>\n"
        f"{_legend(figure)}{_slider(panels, number)}"
        + (f'<p class="cg-help">{_help(figure)}</p>\n' if panels else "")
        + '<script type="application/json" class="cg-data">'
        + f"{escape.json_in_html({'panels': panels})}</script>\n"
        "</section>"
    )


def widths(figure: Drawing, svg: str) -> tuple[float, float, float]:
    """The pixels that a picture is wide at least and at most, and its height for each of them."""
    width, height = (size * PIXELS for size in _points(svg))
    units = [unit.side or 2 * figure.theme.radius for p in figure.panels for unit in p.units]
    least = width * LEAST / (min(units) * PIXELS) if units else 0.0
    most = max(width, min(MOST * width, TALLEST * width / height))
    return min(width, least), most, height / width


def _points(svg: str) -> tuple[float, float]:
    found = _SIZE.search(svg)
    assert found is not None
    return float(found[1]), float(found[2])


def _looks(figure: Drawing, svg: str, more: Mapping[str, str]) -> str:
    """A theme's colours, and how small and how large the picture may become.

    Without a theme of its own it is light or dark as the reader likes it.
    """
    least, most, _ = widths(figure, svg)
    looks = {"--least": f"{least:.0f}px", "--most": f"{most:.0f}px", **more}
    colors = {name: getattr(figure.theme, name) for name in COLORS}
    if any(value != getattr(BOOK, name) for name, value in colors.items()):
        looks |= {f"--{name}": value for name, value in colors.items()}
        looks["background"] = figure.theme.paper
    return f' style="{"; ".join(f"{name}: {value}" for name, value in looks.items())}"'


def _legend(figure: Drawing) -> str:
    """A button for each parameter, in a list for each panel that has any."""
    named = {i: parameters(panel) for i, panel in enumerate(figure.panels, 1)}
    lists = []
    for number, names in named.items():
        called = letters(figure.panels[number - 1])
        if called.keys() >= {*names}:  # letters stand in their own order
            names = sorted(names, key=called.__getitem__)
        items = [
            '<li><button type="button" aria-pressed="false" '
            f'data-parameter="{escape.markup(name)}" data-panel="{number}">'
            f"{_typeset(called.get(name, name))}</button></li>"
            for name in names
        ]
        if items:
            panel = f"Panel {number}" if sum(map(bool, named.values())) > 1 else ""
            head = f'<li class="cg-panel">{panel}</li>' if panel else ""
            label = f"Parameters{panel and f' of panel {number}'}"
            lists.append(
                f'<ul class="cg-legend" aria-label="{label}">\n{head}{"".join(items)}\n</ul>\n'
            )
    return "".join(lists)


def _typeset(name: str) -> str:
    letter, subscript = map(escape.markup, split_symbol(name) or (name, ""))
    return f"{letter}<sub>{subscript}</sub>" if subscript else letter


def _help(figure: Drawing) -> str:
    grids = [panel.network for panel in figure.panels if panel.cells and panel.network]
    if not grids:
        return HELP.format("units")
    stacked = any(len(row.shape) > 2 for network in grids for row in network.rows)
    return HELP.format(f"cells{', Page Up and Page Down between channels' if stacked else ''}")


def _slider(panels: dict[str, Any], number: int) -> str:
    """A slider for each axis of space; panels of fewer axes answer to the last ones."""
    found = [panel["shifts"]["most"] for panel in panels.values() if "shifts" in panel]
    axes = max(map(len, found), default=0)
    sliders = []
    for axis in range(axes):
        most = max(m[len(m) - axes + axis] for m in found if len(m) >= axes - axis)
        name = f"f{number}-shift{axis + 1 if axes > 1 else ''}"
        sliders.append(
            f'<p class="cg-shift"><label for="{name}">{_direction(axis, axes)}</label> '
            f'<input id="{name}" type="range" min="{-most}" max="{most}" value="0" '
            f'step="1"> <output for="{name}">0</output></p>\n'
        )
    return "".join(sliders)


def _direction(axis: int, axes: int) -> str:
    if axes == 1:
        return "Shift of the input"
    return ("Shift down", "Shift right")[axis] if axes == 2 else f"Shift along axis {axis + 1}"

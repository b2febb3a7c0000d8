"""Frames as one page that plays them: SVG, and a little JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import groupby

from convgraph.core import escape
from convgraph.figures.html_page import html_page
from convgraph.figures.motion.area import Area
from convgraph.figures.motion.frame_svg import FONT, elements
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.panels import EDGE, Layout, Panels, loose
from convgraph.figures.motion.shapes import COLOURS, DARK, Shape, texts
from convgraph.figures.motion.wrapped import left_to_right

__all__ = ["READ", "figure", "page"]

MOST = 2.4  # times its size is a film shown at most
# Pixels of the smallest letter: below the first nobody reads, and a film goes on to the right; up
# to the second a film is as wide as its window, and higher if need be.
READ, EASY = 8.0, 11.0
AROUND = 9.5  # heights of a letter for the caption, the buttons and margins, before any script
SPEEDS = {
    "0.25": "\u00bc\u00d7",
    "0.5": "\u00bd\u00d7",
    "1": "1\u00d7",
    "2": "2\u00d7",
    "4": "4\u00d7",
}
BUTTONS = (  # each with what it is for, its key, and that key's name in ARIA
    ("first", "first frame", "Home", "Home"),
    ("back", "one frame back", "\u2190", "ArrowLeft"),
    ("play", "play or pause", "space", "Space"),
    ("next", "one frame on", "\u2192", "ArrowRight"),
    ("last", "last frame", "End", "End"),
)


def _style() -> str:
    light = "".join(f"--{name}:{code};" for name, code in COLOURS.items())
    dark = "".join(f"--{name}:{code};" for name, code in DARK.items())
    return (
        f".mo{{{light}}}@media (prefers-color-scheme: dark){{.mo{{{dark}}}}}"
        f"@media print{{.mo{{{light}}}}}\n" + _resource("motion.css")
    )


def _resource(name: str) -> str:
    """The text of a file beside this one."""
    return resources.files("convgraph.figures.motion").joinpath(name).read_text(encoding="utf-8")


def _bar(count: int) -> str:
    """What is pressed, moved and chosen: buttons, a slider, the number of the frame, the speed."""
    buttons = "".join(
        f'<button type="button" value="{value}" title="{title} ({key})" '
        f'aria-keyshortcuts="{shortcut}">{value}</button>'
        for value, title, key, shortcut in BUTTONS
    )
    speeds = "".join(
        f'<option value="{value}"{" selected" * (value == "1")}>{told}</option>'
        for value, told in SPEEDS.items()
    )
    return (
        f'<div class="mo-bar"><div class="mo-steps">{buttons}</div>\n<div class="mo-place">'
        f'<input type="range" min="0" max="{count - 1}" value="0" aria-label="Frame">'
        f'<span class="mo-number" aria-hidden="true">1/{count}</span>'
        '<select aria-label="Speed" title="speed (+ and \u2212)" aria-keyshortcuts="+ -">'
        f"{speeds}</select></div></div>\n"
    )


def _variable(name: str) -> str:
    return f"var(--{name})"


def figure(panels: Panels, seconds: Sequence[float], title: str) -> str:
    """The frames one over the other in one SVG, with what plays them."""
    left, drawn = _trimmed(panels)
    width, height = drawn.size
    frames = panels.frames
    smallest = min((each.size for frame in frames for each in texts(frame)), default=EASY)
    base, over = layered(frames)
    parts = ["".join(_drawn(panels, base))]
    for number, shapes in enumerate(over):
        shown = "hidden" if number else "visible"
        parts.append(f'<g class="mo-frame" visibility="{shown}">')
        parts += [*_drawn(panels, shapes), "</g>"]
    data = {
        "seconds": list(seconds),
        "captions": [_said(frame.caption) for frame in frames],
        "layouts": [_rounded(layout) for layout in (drawn, *panels.layouts[1:])],
        "left": round(left, 1),
        "least": [round(pixels / smallest, 3) for pixels in (READ, EASY)],
    }
    first = frames[0].caption
    attributes = " ".join(
        f'data-{name}="{escape.markup(json.dumps(value, separators=(",", ":")))}"'
        for name, value in data.items()
    )
    return (
        f'<section class="mo" aria-label="{escape.markup(title)}" {attributes}>\n'
        '<div class="mo-view" role="group" aria-label="The film">'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} 0 {width:g} {height:g}" '
        f'style="width:min(100%,(100vh - {AROUND}rem)*{width / height:.4g},{MOST * width:g}px);'
        f'min-width:{READ / smallest * width:.0f}px" '
        f'font-family="{FONT}" role="img" aria-label="{escape.markup(title)}">\n'
        + "".join(parts)
        + "\n</svg></div>\n"
        '<div class="mo-foot"><p class="mo-caption" aria-hidden="true">'
        + left_to_right(escape.markup(first))
        + "</p>\n"
        + _bar(len(frames))
        + '</div>\n<p class="mo-said" role="status" aria-live="polite"></p>\n</section>'
    )


def _trimmed(panels: Panels) -> tuple[float, Layout]:
    """The frame as it was drawn but for wide margins: where it begins, and its layout.

    A frame is as wide as a caption below it, which a page writes by itself.
    """
    first = panels.layouts[0]
    whole = Area.around(area for line in panels.lines for area in line)
    left = max(whole.left - EDGE, 0.0)
    right = min(whole.right + EDGE, first.size[0])
    return left, Layout((right - left, first.size[1]), first.moves)


def _said(caption: str) -> str:
    """A caption whose sizes are not taken apart."""
    return left_to_right(escape.plain(caption)).replace(" x ", "\u00a0x\u00a0")


def _drawn(panels: Panels, shapes: Sequence[Shape]) -> Iterator[str]:
    """Shapes panel by panel, each where the script puts it."""
    if panels.count == 1:
        yield from elements(shapes, _variable)
        return
    lines = [shape for shape in shapes if loose(shape)]
    if lines:
        yield f'<g class="mo-between">{"".join(elements(lines, _variable))}</g>'
    inner = sorted((shape for shape in shapes if not loose(shape)), key=panels.number)
    for number, some in groupby(inner, panels.number):
        inside = "".join(elements(list(some), _variable))
        yield f'<g style="transform:var(--panel{number})">{inside}</g>'


def _rounded(layout: Layout) -> list[float]:
    """Width and height, and by how much each panel moves right and down, in turns."""
    return [round(each, 1) for pair in (layout.size, *layout.moves) for each in pair]


def page(panels: Panels, seconds: Sequence[float], title: str) -> str:
    """One self-contained page."""
    script = "\n" + _resource("motion.js")
    return html_page(title, _style(), figure(panels, seconds, title), script)

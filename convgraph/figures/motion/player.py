"""Frames as one page that plays them: SVG, and a little JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import groupby

from convgraph.core import escape
from convgraph.figures.html_page import html_page
from convgraph.figures.motion.frame_svg import FONT, elements
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.panels import Layout, Panels, loose
from convgraph.figures.motion.shapes import COLOURS, DARK, Shape
from convgraph.figures.motion.wrapped import left_to_right

__all__ = ["figure", "page"]

MOST = 2.4  # times its size is a film shown at most
AROUND = 9.5  # heights of a letter for the caption, the buttons and margins


def _style() -> str:
    light = "".join(f"--{name}:{code};" for name, code in COLOURS.items())
    dark = "".join(f"--{name}:{code};" for name, code in DARK.items())
    return (
        f".mo{{{light}}}@media (prefers-color-scheme: dark){{.mo{{{dark}}}}}"
        f"@media print{{.mo{{{light}}}.mo-bar{{display:none}}}}\n"
        ":root{color-scheme:light dark}body{margin:0;font:15px/1.5 system-ui,sans-serif}"
        ".mo{background:var(--paper);color:var(--ink);padding:1rem;min-height:100vh;"
        "box-sizing:border-box}.mo svg{display:block;margin:0 auto;height:auto}"
        ".mo-caption{min-height:1.5em;margin:.5rem 0 0;text-align:center;color:var(--soft);"
        "font-size:clamp(1rem,1.4vw,1.3rem);"
        "overflow-wrap:anywhere}@media (max-width:40rem){.mo-caption{min-height:3em}}"
        ".mo-bar{display:flex;gap:.5rem;justify-content:center;align-items:center;"
        "margin:.75rem auto;max-width:34rem}.mo-bar input{flex:1;min-width:4rem;"
        "accent-color:var(--window)}.mo button{font:inherit;color:inherit;min-width:4.2em;"
        "background:none;border:1px solid var(--line);border-radius:.5rem;padding:.25rem .7rem;"
        "cursor:pointer}.mo button:focus-visible,.mo input:focus-visible{outline:3px solid "
        "var(--window);outline-offset:2px}.mo-said{position:absolute;width:1px;height:1px;"
        "overflow:hidden;clip-path:inset(50%)}.mo-wrapped .mo-between{display:none}"
        ".mo-number{font-variant-numeric:tabular-nums;white-space:nowrap}"
    )


def _variable(name: str) -> str:
    return f"var(--{name})"


def figure(panels: Panels, seconds: Sequence[float], title: str) -> str:
    """The frames one over the other in one SVG, with what plays them."""
    width, height = panels.layouts[0].size
    frames = panels.frames
    base, over = layered(frames)
    parts = ["".join(_drawn(panels, base))]
    for number, shapes in enumerate(over):
        shown = "hidden" if number else "visible"
        parts.append(f'<g class="mo-frame" visibility="{shown}">')
        parts += [*_drawn(panels, shapes), "</g>"]
    data = {
        "seconds": list(seconds),
        "captions": [_said(frame.caption) for frame in frames],
        "layouts": [_rounded(layout) for layout in panels.layouts],
    }
    first = frames[0].caption
    attributes = " ".join(
        f'data-{name}="{escape.markup(json.dumps(value, separators=(",", ":")))}"'
        for name, value in data.items()
    )
    return (
        f'<section class="mo" aria-label="{escape.markup(title)}" {attributes}>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'style="width:min(100%,(100vh - {AROUND}rem)*{width / height:.4g},{MOST * width:g}px)" '
        f'font-family="{FONT}" role="img" aria-label="{escape.markup(title)}">\n'
        + "".join(parts)
        + "\n</svg>\n"
        f'<p class="mo-caption" aria-hidden="true">{left_to_right(escape.markup(first))}</p>\n'
        '<div class="mo-bar"><button type="button" value="back">back</button>'
        '<button type="button" value="play">play</button>'
        '<button type="button" value="next">next</button>'
        f'<input type="range" min="0" max="{len(frames) - 1}" value="0" aria-label="Frame">'
        f'<span class="mo-number" aria-hidden="true">1/{len(frames)}</span></div>\n'
        '<p class="mo-said" role="status" aria-live="polite"></p>\n</section>'
    )


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
    script = "\n" + resources.files("convgraph.figures.motion").joinpath("motion.js").read_text(
        encoding="utf-8"
    )
    return html_page(title, _style(), figure(panels, seconds, title), script)

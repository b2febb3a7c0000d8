"""Frames as one page that plays them: SVG, and a little JavaScript."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources

from convgraph.core import escape
from convgraph.figures.html_page import html_page
from convgraph.figures.motion.frame_svg import FONT, elements
from convgraph.figures.motion.shapes import COLOURS, DARK, Frame, layered

__all__ = ["figure", "page"]

MOST = 2.4  # times its size is a film shown at most


def _style() -> str:
    light = "".join(f"--{name}:{code};" for name, code in COLOURS.items())
    dark = "".join(f"--{name}:{code};" for name, code in DARK.items())
    return (
        f".mo{{{light}}}@media (prefers-color-scheme: dark){{.mo{{{dark}}}}}"
        f"@media print{{.mo{{{light}}}.mo-bar{{display:none}}}}\n"
        "body{margin:0;font:15px/1.5 system-ui,sans-serif;color-scheme:light dark}"
        ".mo{background:var(--paper);color:var(--ink);padding:1rem;min-height:100vh;"
        "box-sizing:border-box}.mo svg{display:block;margin:0 auto;height:auto}"
        ".mo-caption{display:none;min-height:3em;margin:0;text-align:center;"
        "overflow-wrap:anywhere}@media (max-width:40rem){.mo-caption{display:block}"
        ".mo-line{visibility:hidden}}"
        ".mo-bar{display:flex;gap:.5rem;justify-content:center;align-items:center;"
        "margin:.75rem auto;max-width:34rem}.mo-bar input{flex:1;min-width:4rem;"
        "accent-color:var(--window)}.mo button{font:inherit;color:inherit;min-width:4.2em;"
        "background:none;border:1px solid var(--line);border-radius:.5rem;padding:.25rem .7rem;"
        "cursor:pointer}.mo button:focus-visible,.mo input:focus-visible{outline:3px solid "
        "var(--window);outline-offset:2px}.mo-said{position:absolute;width:1px;height:1px;"
        "overflow:hidden;clip-path:inset(50%)}"
    )


def _variable(name: str) -> str:
    return f"var(--{name})"


def figure(
    frames: Sequence[Frame], size: tuple[float, float], seconds: Sequence[float], title: str
) -> str:
    """The frames one over the other in one SVG, with what plays them."""
    width, height = size
    base, over = layered(frames)
    parts = ["".join(elements(base, _variable))]
    for number, shapes in enumerate(over):
        shown = "hidden" if number else "visible"
        drawn = "".join(elements(shapes[:-1], _variable))
        line = "".join(elements(shapes[-1:], _variable))
        parts.append(
            f'<g class="mo-frame" visibility="{shown}">{drawn}<g class="mo-line">{line}</g></g>'
        )
    data = {"seconds": list(seconds), "captions": [frame.caption for frame in frames]}
    attributes = " ".join(
        f'data-{name}="{escape.markup(json.dumps(value))}"' for name, value in data.items()
    )
    return (
        f'<section class="mo" aria-label="{escape.markup(title)}" {attributes}>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'style="width:min(100%,(100vh - 7rem)*{width / height:.4g},{MOST * width:g}px)" '
        f'font-family="{FONT}" role="img" aria-label="{escape.markup(title)}">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
        f'<p class="mo-caption" aria-hidden="true">{escape.markup(frames[0].caption)}</p>\n'
        '<div class="mo-bar"><button type="button" value="back">back</button>'
        '<button type="button" value="play">play</button>'
        '<button type="button" value="next">next</button>'
        f'<input type="range" min="0" max="{len(frames) - 1}" value="0" aria-label="Frame"></div>\n'
        '<p class="mo-said" role="status" aria-live="polite"></p>\n</section>'
    )


def page(
    frames: Sequence[Frame], size: tuple[float, float], seconds: Sequence[float], title: str
) -> str:
    """One self-contained page."""
    script = "\n" + resources.files("convgraph.figures.motion").joinpath("motion.js").read_text(
        encoding="utf-8"
    )
    return html_page(title, _style(), figure(frames, size, seconds, title), script)

"""A live page inside a notebook: in a frame that lies over a still picture of the same.

The frame runs scripts of its own alone, and where frames are taken out, as by viewers that trust no
notebook, the picture is what is left.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.figures.live.figure_data import letters, parameters
from convgraph.figures.live.narrow import without_legend
from convgraph.figures.live.page import page, widths

if TYPE_CHECKING:
    from convgraph.figures.drawing import Drawing

__all__ = ["LiveFigure", "framed"]

WIDEST = 720.0  # pixels of a picture in a notebook
# In pixels: margins, title and sentences, a slider, a line of buttons, a button and its letters.
BESIDE, SAID, SLIDER, LINE, BUTTON, LETTER = 36, 288, 40, 32, 24, 7


def framed(whole: str, still: str, title: str, width: float, height: float) -> str:
    """A page of so many pixels in a frame, over a still picture in SVG."""
    picture = base64.b64encode(still.encode()).decode()
    name = escape.markup(title)
    return (
        f'<div style="position:relative;max-width:{width:.0f}px;height:{height:.0f}px">'
        f'<img src="data:image/svg+xml;base64,{picture}" alt="{name}" '
        'style="max-width:100%;max-height:100%">'
        f'<iframe srcdoc="{escape.markup(whole)}" title="{name}" sandbox="allow-scripts" '
        'style="position:absolute;left:0;top:0;width:100%;height:100%;border:0"></iframe></div>'
    )


@dataclass(frozen=True)
class LiveFigure:
    """A figure that answers inside a notebook; `figure.live()` makes it."""

    figure: Drawing

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figure, svg = self.figure, self.figure.svg()
        shown, colors = without_legend(figure)
        least, most, ratio = widths(shown, shown.svg() if colors else svg)
        wide = max(least, min(most, WIDEST))
        whole = page([figure], figure.title)
        sliders = whole.count('<input id="')
        lines = _lines(figure, wide) + len(colors)
        tall = ratio * wide + SAID + SLIDER * sliders + LINE * lines
        html = framed(whole, svg, figure.title, wide + BESIDE, tall)
        return {"text/html": html, "image/svg+xml": svg, "text/plain": repr(self)}


def _lines(figure: Drawing, wide: float) -> int:
    """How many lines the buttons of a figure's parameters take."""
    buttons = [
        sum(BUTTON + LETTER * len(called.get(name, name)) for name in parameters(panel))
        for panel in figure.panels
        for called in [letters(panel)]
    ]
    return sum(ceil(each / wide) for each in buttons)

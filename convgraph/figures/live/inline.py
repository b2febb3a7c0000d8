"""A live page inside a notebook: in a frame that lies over a still picture of the same.

The frame runs scripts of its own alone, and where frames are taken out, as by viewers that trust no
notebook, the picture is what is left.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.figures.live.page import page, widths

if TYPE_CHECKING:
    from convgraph.figures.figure import Figure

__all__ = ["LiveFigure", "framed"]

WIDEST = 720.0  # pixels of a picture in a notebook
BESIDE, ABOVE, BELOW = 36, 230, 60  # pixels of margins, of title and sentences, of controls


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

    figure: Figure

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        figure, svg = self.figure, self.figure.svg()
        least, most, ratio = widths(figure, svg)
        wide = max(least, min(most, WIDEST))
        tall = ratio * wide + ABOVE + BELOW * (1 + len(figure.panels))
        html = framed(page([figure], figure.title), svg, figure.title, wide + BESIDE, tall)
        return {"text/html": html, "image/svg+xml": svg, "text/plain": repr(self)}

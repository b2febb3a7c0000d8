"""A page on which the sizes of a figure can be changed: all choices are derived, and come along."""

from __future__ import annotations

import itertools
from typing import Any

from convgraph.book.figure_script import figure_script
from convgraph.book.figures import figure_function, figure_sizes, make
from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.figures.live.page import document, widths

__all__ = ["sizes_page"]


def sizes_page(number: str) -> str:
    """A self-contained HTML page: a slider for each size of a figure, the figure, and its lines.

    Parameters
    ----------
    number
        The figure's number, as "9.4".

    Raises
    ------
    ConvgraphError
        If the figure has no sizes to change.

    Examples
    --------
    >>> page = sizes_page("9.8")
    >>> page.count('<input type="range"')
    1
    """
    sizes = figure_sizes(number)
    if not sizes:
        raise ConvgraphError(f"number={number!r}: this figure has no sizes to change")
    own = figure_function(number).__defaults__ or ()
    data = {
        "made": {
            ",".join(map(str, chosen)): _made(number, dict(zip(sizes, chosen, strict=True)))
            for chosen in itertools.product(*sizes.values())
        },
        "script": figure_script(number),
        "names": ", ".join(sizes),
        "own": ", ".join(map(str, own)),
    }
    title = escape.markup(make(number).title)
    sliders = "\n".join(
        f'<p class="cg-shift"><label for="{name}">{name}</label> '
        f'<input type="range" id="{name}" min="{values[0]}" max="{values[-1]}" '
        f'step="{values.step}" value="{value}"> <output for="{name}">{value}</output></p>'
        for (name, values), value in zip(sizes.items(), own, strict=True)
    )
    body = (
        f'<section class="cg-figure" aria-label="{title}">\n<h2>{title}</h2>\n{sliders}\n'
        '<div class="cg-stage"></div>\n'
        '<p class="cg-caption" role="status" aria-live="polite"></p>\n'
        '<pre class="cg-script"></pre>\n'
        f'<script type="application/json" class="cg-data">{escape.json_in_html(data)}</script>\n'
        "</section>"
    )
    return document(make(number).title, body, ["sizes.js"])


def _made(number: str, sizes: dict[str, int]) -> dict[str, Any]:
    """The figure of these sizes and what it shows in words, or why there is none."""
    try:
        figure = make(number, **sizes)
    except ConvgraphError as refusal:
        return {"words": f"There is no figure of these sizes. {refusal}."}
    svg = figure.svg()
    least, most, _ = widths(figure, svg)
    return {"svg": svg, "widths": [round(least), round(most)], "words": figure.description}

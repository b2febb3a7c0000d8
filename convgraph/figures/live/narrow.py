"""What makes a live figure fit a narrow window: grids that wrap like words, a legend below them.

A picture with arrows stays whole, and scrolls where it is wider than the window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convgraph.core import escape
from convgraph.figures.panel import Mark, Panel, Text
from convgraph.figures.symbols import split_symbol

if TYPE_CHECKING:
    from convgraph.figures.drawing import Drawing

__all__ = ["legend_below", "typeset", "without_legend", "wrapped"]

_NODE = re.compile(r'<g id="[^"]*" class="node.*?</g>\n?', re.DOTALL)
_GRAPH = re.compile(r'(<g )id="[^"]*" (class="graph" transform="[^"]*">)')
_TRANSFORM = re.compile(r"scale\(([\d.]+)[^)]*\).*?translate\(([-\d.]+)")
_BOX = re.compile(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"')
_SIZE = re.compile(r'<svg width="[\d.]+pt" height="([\d.]+pt)"')
_CORNERS = re.compile(r'<polygon [^>]*\bpoints="([^"]*)"')
_TEXT = re.compile(r'<text [^>]*\bx="([-\d.]+)"')
_BACK = re.compile(r"<polygon [^>]*/>\n")
APART = 0.5  # of the gap between two grids: more is between them, and less within


@dataclass(frozen=True)
class _Part:
    """Elements that stand in one piece, from where to where."""

    left: float
    right: float
    elements: tuple[str, ...]


def wrapped(svg: str, gap: float) -> str:
    """An `svg` element as several, one for each grid, which share its coordinates.

    `gap` is what is between two grids, in points. On a line of their own they are as in one
    picture, each with its share of the width.
    """
    graph, box = _GRAPH.search(svg), _BOX.search(svg)
    if graph is None or box is None:
        return svg
    scale, shift = map(float, _TRANSFORM.findall(graph[2])[0])
    parts = _parts(_NODE.findall(svg), gap * APART)
    if len(parts) < 2:
        return svg
    whole, high = float(box[1]), box[2]
    begin = svg[: graph.start()]
    result = []
    for number, part in enumerate(parts):
        left = 0.0 if not number else scale * (part.left + shift) - 1
        right = whole if part is parts[-1] else scale * (part.right + shift) + 1
        head = begin if not number else re.sub(r"<(title|desc) .*?</\1>\n?", "", begin, flags=re.S)
        head = _BOX.sub(f'viewBox="{left:.2f} 0 {right - left:.2f} {high}"', head)
        share = f"--share: {(right - left) / whole:.4f}"
        head = _SIZE.sub(rf'<svg style="{share}" width="{right - left:.2f}pt" height="\1"', head)
        opening = graph[0] if not number else graph[1] + graph[2]
        back = _BACK.search(svg, graph.end()) if not number else None
        inside = (back[0] if back else "") + "".join(part.elements)
        result.append(f"{head}{opening}\n{inside}</g>\n</svg>\n")
    return "".join(result)


def _parts(elements: list[str], gap: float) -> list[_Part]:
    """Elements from left to right, apart where nothing is for so many points."""
    boxes, words = [], []
    for element in elements:
        corners = [p.split(",") for found in _CORNERS.findall(element) for p in found.split()]
        if corners:
            xs = [float(x) for x, _ in corners]
            boxes.append((min(xs), max(xs), element))
        else:
            words.append((float((_TEXT.findall(element) or ["0"])[0]), element))
    found: list[tuple[float, float, list[str]]] = []
    right = -1e9
    for low, high, element in sorted(boxes, key=lambda box: box[0]):
        if low > right + gap:
            found.append((low, high, []))
        first, last, mine = found[-1]
        right = max(last, high)
        found[-1] = first, right, mine
        mine.append(element)
    order = {element: number for number, element in enumerate(elements)}
    for x, element in words:
        near = min(found, key=lambda part: max(part[0] - x, x - part[1]))
        near[2].append(element)
    return [_Part(a, b, tuple(sorted(each, key=order.__getitem__))) for a, b, each in found]


def without_legend(figure: Drawing) -> tuple[Drawing, list[tuple[str, str]]]:
    """A figure without the legends on its right side, and these as colours and texts."""
    ends = [p.span[1] + x for p, (x, _) in zip(figure.panels, figure.places, strict=True)]
    panels: list[Panel] = []
    entries: list[tuple[str, str]] = []
    for number, panel in enumerate(figure.panels):
        keys = [mark for mark in panel.marks if mark.kind == "key"]
        others = [end for i, end in enumerate(ends) if i != number]
        if keys and min(key.x for key in keys) + figure.places[number][0] > max(others, default=0):
            entries += _entries(panel, keys)
            marks = tuple(mark for mark in panel.marks if mark.kind != "key")
            texts = tuple(text for text in panel.texts if not text.left)
            panel = replace(panel, marks=marks, texts=texts)
        panels.append(panel)
    return replace(figure, panels=tuple(panels)), entries


def _entries(panel: Panel, keys: list[Mark]) -> Iterator[tuple[str, str]]:
    texts: list[Text] = [text for text in panel.texts if text.left]
    for key, text in zip(keys, texts, strict=True):
        yield str(key.fill), typeset(text.text) if text.symbol else escape.markup(text.text)


def typeset(name: str) -> str:
    """A name in HTML, its subscript lowered."""
    letter, subscript = map(escape.markup, split_symbol(name) or (name, ""))
    return f"<i>{letter}</i><sub>{subscript}</sub>" if subscript else f"<i>{letter}</i>"


def legend_below(entries: list[tuple[str, str]]) -> str:
    """A list of colours and what they mean, as HTML."""
    if not entries:
        return ""
    items = "".join(
        f'<li><span style="background: {color}"></span> {text}</li>' for color, text in entries
    )
    return f'<ul class="cg-colours" aria-label="Colours">\n{items}\n</ul>\n'

"""What an SVG says beyond its shapes: titles, a description, and the names of units and edges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from convgraph.core import escape
from convgraph.core.network import Network
from convgraph.figures.colors import ink_on, is_dark
from convgraph.figures.dot import edge_id, mark_id, unit_id
from convgraph.figures.panel import Mark, Panel, Unit
from convgraph.figures.theme import Theme

__all__ = ["annotate"]

Known = tuple[str, dict[str, str]]  # a title, and data

_GROUP = re.compile(r'<g id="(?P<id>[^"]*)" class="(?P<classes>[^"]*)">\n?<title>[^<]*</title>')


def annotate(
    svg: str, panels: Sequence[Panel], prefix: str, title: str, description: str, theme: Theme
) -> str:
    """Give a rendered figure its title and description, and each unit and edge its own.

    Units carry `data-unit`, `data-row` and `data-panel`, and `data-at`, their place in the row,
    cells `data-valued` or `data-counted` where a value or a count stands in place of their name
    (the latter with the name); what has a colour of its author's `data-own`, which says whether the
    letters on it are dark or light;
    edges `data-source`, `data-target`, `data-parameter` and `data-panel`, grey ones `data-quiet`;
    the cells of a kernel `data-parameter` and `data-kernel`, the row that it computes, and those of
    a matrix `data-of` and `data-at`, the unit that reads and its place, and `data-read`,
    `data-reads` and `data-from`, the name, row and place of what is read: enough for a page to find
    what belongs together.
    """
    known = dict(_known(panels, theme))

    def group(match: re.Match[str]) -> str:
        element = known.get(match["id"].removeprefix(prefix))
        head = f'<g id="{match["id"]}" class="{match["classes"]}"'
        if element is None:
            return head + ">"
        text, data = element
        attributes = "".join(f' data-{key}="{escape.markup(v)}"' for key, v in data.items())
        title = f"\n<title>{escape.markup(text)}</title>" if text else ""
        return f"{head}{attributes}>{title}"

    svg = _GROUP.sub(group, svg)
    start = svg.index(">") + 1
    named = f' role="img" aria-labelledby="{prefix}title {prefix}desc"'
    texts = (
        f'\n<title id="{prefix}title">{escape.markup(title)}</title>'
        f'\n<desc id="{prefix}desc">{escape.markup(description)}</desc>'
    )
    return svg[: start - 1] + named + ">" + texts + svg[start:]


def _known(
    panels: Sequence[Panel], theme: Theme
) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    for number, panel in enumerate(panels):
        for unit in panel.units:
            yield unit_id(unit.name, number), (unit.name, _unit(panel, unit, number, theme))
        for mark in panel.marks:
            if mark.parameter is not None:
                data = {"parameter": mark.parameter, "kernel": _row_of(mark)}
                data["panel"] = str(number + 1)
                data |= _own(mark, theme) | _ends(panel, mark)
                yield mark_id(mark.name, number), (mark.parameter, data)
            elif mark.fills and not {*mark.fills} <= {theme.shade}:
                own = "dark" if is_dark(ink_on(mark.fills, theme.ink)) else "light"
                yield mark_id(mark.name, number), ("", {"own": own})
            elif mark.kind == "key" or (mark.kind == "cell" and _own(mark, theme)):
                yield mark_id(mark.name, number), ("", _own(mark, theme))
        for edge in panel.edges:
            data = {"source": edge.source, "target": edge.target, "parameter": edge.parameter}
            if not edge.strong:
                data["quiet"] = "true"
            elif edge.color is not None:
                data["own"] = "true"
            yield (
                edge_id(edge, number),
                (
                    f"{edge.source} → {edge.target}: {edge.parameter}",
                    {**data, "panel": str(number + 1)},
                ),
            )


def _unit(panel: Panel, unit: Unit, number: int, theme: Theme) -> dict[str, str]:
    data = {"unit": unit.name, "row": unit.row, "panel": str(number + 1)}
    if panel.network is not None:
        data["at"] = _place(panel.network, unit.name)[1]
    if unit.valued:
        data["valued"] = "true"
    elif unit.side is not None and unit.text not in ("", unit.name):
        data["counted"] = unit.called
    if unit.shape != "circle":
        data["shape"] = unit.shape
    if unit.line is not None:
        data["outlined"] = "true"
    if unit.fills and not {*unit.fills} <= {theme.shade, theme.hole}:
        data["own"] = "dark" if is_dark(ink_on(unit.fills, theme.ink)) else "light"
    return data


def _place(network: Network, unit: str) -> tuple[str, str]:
    """The row of a unit, and its place there."""
    row, index = network.find(unit)
    return row.name, str(int(np.ravel_multi_index(index, row.numbers())))


def _ends(panel: Panel, mark: Mark) -> dict[str, str]:
    if mark.ends is None or panel.network is None:
        return {}
    unit, read = mark.ends
    row, place = _place(panel.network, read)
    at = _place(panel.network, unit)[1]
    return {"of": unit, "at": at, "read": read, "reads": row, "from": place}


def _own(mark: Mark, theme: Theme) -> dict[str, str]:
    if mark.fill in (None, "transparent", theme.ink):
        return {}
    return {"own": "dark" if is_dark(ink_on([str(mark.fill)], theme.ink)) else "light"}


def _row_of(kernel: Mark) -> str:
    return kernel.name.removeprefix("kernel,").rpartition(",")[0]

"""The graph of a network's rows, drawn: a node for each row, with what follows it unit by unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convgraph.core import escape
from convgraph.core.wiring import Product
from convgraph.figures.render import render
from convgraph.interactions.behind_wirings import is_identity
from convgraph.reports.rows import ReportRow
from convgraph.reports.short_names import short
from convgraph.reports.structure import Structure

__all__ = ["row_graph"]

PITCH, COLUMN, WIDTH, HEIGHT = 60, 210, 190, 42
LETTERS = 34  # of a line in a box


@dataclass
class Node:
    """Rows drawn as one: a layer, and the pointwise layers that alone read it."""

    rows: list[str]
    sources: list[str] = field(default_factory=list)
    depth: int = 0
    lane: int = 0


def row_graph(structure: Structure, rows: tuple[ReportRow, ...]) -> str:
    """The rows of a network from top to bottom as SVG; one column where there are no branches.

    A box has the module that computes its first row, or the row's name where none is stated; the
    kinds of its layers; and the shape and the field that come out.
    """
    modules = structure.network.modules
    facts = {row.name: row for row in rows}
    nodes = _nodes(structure)
    _place(nodes)
    ids = {name: f"row{number}" for number, name in enumerate(nodes, 1)}
    lines = ["digraph rows {", 'graph [bgcolor="transparent" outputorder="edgesfirst"]']
    lines.append('node [shape=box style="rounded,filled" fillcolor="#ffffff" fontsize=10 ')
    lines.append(f'fontname="Helvetica" width={WIDTH / 72:.3f} height={HEIGHT / 72:.3f} ')
    lines.append('fixedsize=true margin=0 class="row"]')
    lines.append('edge [arrowsize=0.5 class="link"]')
    for node in nodes.values():
        x, y = node.lane * COLUMN, -node.depth * PITCH
        label, tip = _label(node, facts, modules)
        lines.append(f'{ids[node.rows[0]]} [pos="{x},{y}!" label="{label}" tooltip="{tip}"]')
    for node in nodes.values():
        for source in node.sources:
            ends = nodes[source], node
            lines.append(f'{ids[source]} -> {ids[node.rows[0]]} [pos="{_route(*ends)}"]')
    lines.append("}")
    return render("\n".join(lines), "svg").decode()


def _label(node: Node, facts: dict[str, ReportRow], modules: Mapping[str, str]) -> tuple[str, str]:
    first, last = facts[node.rows[0]], facts[node.rows[-1]]
    kinds = [facts[name].kind for name in node.rows]
    title = " + ".join(kinds)
    if len(title) > LETTERS:
        title = f"{kinds[0]} + {len(kinds) - 1}" if len(kinds) > 1 else short(title, LETTERS)
    size = "x".join(map(str, last.shape))
    if first.receptive_field and first.stride and None not in first.stride:
        sizes = dict.fromkeys(map(str, first.receptive_field))
        size += f", field {' x '.join(sizes)}"
    name = short(modules.get(first.name) or first.name, LETTERS)
    tip = "; ".join(f"{facts[name].name}: {facts[name].kind}" for name in node.rows)
    return escape.dot(f"{name}\n{title}\n{size}"), escape.dot(tip)


def _nodes(structure: Structure) -> dict[str, Node]:
    """The nodes by the name of their first row; pointwise layers join what they read."""
    nodes: dict[str, Node] = {}
    home: dict[str, str] = {}
    for row in structure.network.inputs:
        nodes[row.name] = Node([row.name])
        home[row.name] = row.name
    for layer in structure.network.layers:
        name = layer.target.name
        sources = list(dict.fromkeys(home[j.source.name] for j in layer.joints))
        wiring = layer.joints[0].wiring if len(layer.joints) == 1 else None
        alone = len(layer.joints) == 1 and len(structure.readers[layer.joints[0].source.name]) == 1
        same = isinstance(wiring, Product) and all(map(is_identity, wiring.axes))
        if alone and same and layer.joints[0].source not in structure.network.inputs:
            home[name] = sources[0]
            nodes[sources[0]].rows.append(name)
            continue
        home[name] = name
        nodes[name] = Node([name], sources)
    return nodes


def _place(nodes: dict[str, Node]) -> None:
    """Depths by the longest way from the input, lanes by the order of computation."""
    taken: dict[int, int] = {}
    for node in nodes.values():
        node.depth = max((nodes[s].depth + 1 for s in node.sources), default=0)
        node.lane = taken.get(node.depth, 0)
        taken[node.depth] = node.lane + 1


def _route(source: Node, target: Node) -> str:
    """A straight edge to the next row, or one that passes beside the rows between.

    To another lane it goes down in its own, so that it does not seem to end behind what is between.
    """
    x0: float = source.lane * COLUMN
    x1: float = target.lane * COLUMN
    y0, y1 = -source.depth * PITCH - HEIGHT / 2, -target.depth * PITCH + HEIGHT / 2
    end = f"e,{x1:.1f},{y1:.1f}"
    top = y1 + 5
    if target.depth > source.depth + 1 and source.lane != target.lane:
        turn = y1 + PITCH - HEIGHT + 2
        third = (y0 - turn) / 3
        curve = [(x0, y0), (x0, y0 - third), (x0, turn + third), (x0, turn)]
        curve += [(x0, (turn + top) / 2), (x1, (turn + top) / 2), (x1, top)]
    elif target.depth == source.depth + 1 or source.lane != target.lane:
        third = (y0 - top) / 3
        curve = [(x0, y0), (x0, y0 - third), (x1, top + third), (x1, top)]
    else:
        side = x0 - WIDTH / 2 - min(14 + 5 * (target.depth - source.depth), 70)
        x0, x1 = x0 - WIDTH / 2 + 12, x1 - WIDTH / 2 + 12
        end = f"e,{x1:.1f},{y1:.1f}"
        curve = [(x0, y0), (side, y0 - PITCH / 2), (side, top + PITCH / 2), (x1, top)]
    return " ".join([end, *(f"{x:.1f},{y:.1f}" for x, y in curve)])

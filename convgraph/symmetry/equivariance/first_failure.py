"""Where on the way to a broken unit the two sides part first, and over which connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp

from convgraph.core.edges import joint_edges
from convgraph.core.layer import Layer
from convgraph.core.listed_axes import Table
from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.causes import CAUSES, UNKNOWN, WINDOW, Parting
from convgraph.symmetry.equivariance.counterexample import Edge

__all__ = ["FirstFailure", "local", "first_failure"]

TERMS = 12  # up to which both sides are shown with the terms that they share


@dataclass(frozen=True)
class FirstFailure:
    """A unit of a row, as flat positions: its own, and its image's (-1 for a zero)."""

    row: str
    unit: int
    image: int
    causes: tuple[str, ...]


def first_failure(made: Parting, unit: int) -> FirstFailure:
    """Go back from a broken unit of the compared row to the first one that goes wrong."""
    network = made.question.network
    rows = {layer.layer.target.name: layer for layer in made.layers}
    name = made.question.row
    while True:
        layer = rows[name]
        number = layer.first + unit
        image = int(made.image[number])
        edges = slice(int(layer.start[unit]), int(layer.start[unit + 1]))
        sources = layer.source[edges].tolist()
        worse = [s for s in sources if made.all[s] and made.image[s] != UNKNOWN]
        if worse:
            name = next(
                row.name
                for row in network.rows
                if 0 <= worse[0] - network.offsets[row.name] < int(row.size)
            )
            unit = worse[0] - network.offsets[name]
            continue
        causes = tuple(c for i, c in enumerate(CAUSES) if made.own[number] >> i & 1)
        image = image - layer.first if image >= 0 else image
        return FirstFailure(name, unit, image, causes or (WINDOW,))


@dataclass(frozen=True)
class UnitEdge:
    """An edge into a unit: the row and flat position of its source, and its label's number."""

    row: str
    source: int
    label: int


def unit_edges(network: Network, layer: Layer, unit: int) -> list[UnitEdge]:
    """The edges into the unit at a flat position, from the axes and not from the edge table."""
    found = []
    for joint in layer.joints:
        wiring, tying, at = joint.wiring, joint.tying, unit
        if isinstance(wiring, Product) and not isinstance(tying, Explicit):
            place = np.unravel_index(unit, tuple(int(n) for n in wiring.out_view))
            axes = (Table.part(a, np.array([o])) for a, o in zip(wiring.axes, place, strict=True))
            wiring, at = Product(tuple(axes), wiring.order), 0
        counts, *columns = joint_edges(wiring, tying, network.labels, 0, np.int64, np.int64)
        first = int(counts[:at].sum())
        own = (column[first : first + int(counts[at])].tolist() for column in columns)
        found += [UnitEdge(joint.source.name, *edge) for edge in zip(*own, strict=True)]
    return found


@dataclass(frozen=True)
class Local:
    """Both sides at a unit in the units that it reads, and the connections at fault."""

    left: sp.Expr
    right: sp.Expr
    edges: tuple[Edge | None, Edge | None]


def local(
    network: Network, row: str, unit: int, image: int, before: Callable[[str, int], int]
) -> Local:
    """Hold a unit against its image; `before(row, position)` is where a source was before."""
    layer = network.layer(row)
    here = unit_edges(network, layer, unit)
    there = unit_edges(network, layer, image) if image >= 0 else []
    paired = [(UnitEdge(e.row, before(e.row, e.source), e.label), e) for e in here]
    # Connections of both sides that are the same are crossed out; what is left on either is the
    # failure. A zero adds nothing to a sum, and counts in a maximum.
    spare = Counter(there)
    left_over = []
    for pair, edge in paired:
        if spare[pair] > 0:
            spare[pair] -= 1
        elif pair.source != -1 or layer.reduction == MAX:
            left_over.append((pair, edge))
    missing = list(spare.elements())
    edges = _pair(network, row, unit, image, left_over, missing)
    shared = len(here) > TERMS and layer.reduction.linear
    mine = [pair for pair, _ in (left_over if shared else paired)]
    sides = []
    for terms, at in ((mine, unit), (missing if shared else there, image)):
        values = [_term(network, e) for e in terms if e.source != -1 or not layer.reduction.linear]
        value = layer.reduction.exact(values) if values or layer.reduction.linear else sp.S.Zero
        if layer.bias is not None and at >= 0 and not shared:
            value = value + network.labels[int(network.bias_numbers(layer)[at])]
        sides.append(value)
    return Local(sides[0], sides[1] if image >= 0 else sp.S.Zero, edges)


def _term(network: Network, edge: UnitEdge) -> sp.Expr:
    if edge.source == -1:
        return sp.S.Zero
    if edge.source < 0:  # a value that no unit of the row had before
        return network.labels[edge.label] * sp.Symbol(f"{edge.row}'")
    return network.labels[edge.label] * sp.Symbol(network.row(edge.row).unit_at(edge.source))


def _pair(
    network: Network,
    row: str,
    unit: int,
    image: int,
    left_over: list[tuple[UnitEdge, UnitEdge]],
    missing: list[UnitEdge],
) -> tuple[Edge | None, Edge | None]:
    """The pair of connections at fault: the same pair of units under two labels, if any is."""

    def shown(edge: UnitEdge | None, target: int) -> Edge | None:
        if edge is None:
            return None
        source = network.row(edge.row).unit_at(edge.source)
        return source, network.row(row).unit_at(target), network.labels[edge.label]

    for pair, edge in left_over:
        for other in missing:
            if (pair.row, pair.source) == (other.row, other.source):
                return shown(edge, unit), shown(other, image)
    if missing:
        by_label = [edge for pair, edge in left_over if pair.label == missing[0].label]
        return shown(by_label[0] if by_label else None, unit), shown(missing[0], image)
    return shown(left_over[0][1] if left_over else None, unit), None

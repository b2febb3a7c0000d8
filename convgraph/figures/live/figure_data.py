"""What a live figure knows besides its picture, as plain data for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.figures.live.relations import relations
from convgraph.figures.live.shifts import shifts
from convgraph.figures.panel import Panel

__all__ = ["facts", "letters", "parameters"]

LONGEST = 300  # characters of an expression that still helps in a caption
MOST_CONNECTIONS = 20_000  # of a network whose units show their expressions
MOST_IN_LEGEND = 64  # parameters of a grid


def facts(panel: Panel) -> dict[str, Any]:
    """What a panel's network says of its units, its parameters and its shifts.

    Of all of the network, whatever of it is drawn.
    """
    network = panel.network
    assert network is not None
    drawn = {unit.name for unit in panel.units}
    called = letters(panel)
    found: dict[str, Any] = {"expressions": _expressions(network, drawn, called)}
    moving = shifts(network)
    if moving is not None:
        found["shifts"] = moving
    found["relations"] = relations(network)
    if called:
        found["letters"] = called
    shown = [mark.parameter for mark in panel.marks if mark.parameter is not None]
    if panel.cells or shown:
        found["parameters"] = _places(network, [*shown, *parameters(panel)])
    else:
        found["uses"] = _uses(network, {edge.parameter for edge in panel.edges})
    return found


def letters(panel: Panel) -> dict[str, str]:
    """What the author calls parameters: the letters beside their connections, if all are alike.

    Of a matrix, those in its cells.
    """
    found: dict[str, set[str]] = {}
    for edge in panel.edges:
        found.setdefault(edge.parameter, set()).add(edge.label)
    for mark in panel.marks:
        if mark.parameter is not None:
            found.setdefault(mark.parameter, set()).add(mark.text)
    return {
        name: letter
        for name, (letter, *others) in found.items()
        if not others and letter not in ("", name)
    }


def parameters(panel: Panel) -> list[str]:
    """The parameters of a panel that stand in no cell of it, in the order of the arrays."""
    network = panel.network
    if network is None:
        return []
    labels = network.labels
    if not panel.cells:
        on_edges = {edge.parameter for edge in panel.edges}
        return [name for name in map(str, labels[: labels.parameters]) if name in on_edges]
    shown = {mark.parameter for mark in panel.marks}
    if labels.parameters > len(shown) + MOST_IN_LEGEND:
        return []
    names = [str(label) for label in labels[: labels.parameters]]
    left = [name for name in names if name not in shown]
    return left if len(left) <= MOST_IN_LEGEND else []


def _uses(network: Network, drawn: Set[str]) -> dict[str, int]:
    """How many connections carry each label that is drawn."""
    labels = network.labels
    counts = np.bincount(network.edges.label, minlength=len(labels))
    numbers = {str(number): labels.parameters + i for i, number in enumerate(labels.numbers)}
    places = {name: labels.find(name) for name in drawn}
    return {
        name: int(counts[numbers[name] if place is None else place])
        for name, place in places.items()
    }


def _places(network: Network, names: Iterable[str]) -> dict[str, tuple[str, int]]:
    """The letter of each parameter's array, and its place there."""
    places = {}
    labels = network.labels
    for name in names:
        position = labels.find(name)
        assert position is not None
        for array in labels.arrays:
            start = labels.start(array.letter)
            if start <= position < start + len(array):
                places[name] = (array.letter, position - start)
    return places


def _expressions(network: Network, drawn: Set[str], called: Mapping[str, str]) -> dict[str, str]:
    """Each drawn unit that is computed, in terms of the units that it reads.

    Parameters have the author's letters, but for one that is a unit's name.
    """
    if int(network.connection_count) > MOST_CONNECTIONS:
        return {}
    names = [unit for row in network.rows for unit in row.units()]
    taken = set(names)
    letter_of = {
        sp.Symbol(name): sp.Symbol(letter) for name, letter in called.items() if letter not in taken
    }
    found = {}
    for layer in network.layers:
        try:
            expressions = _layer_expressions(network, layer, names, drawn)
        except ConvgraphError:  # of an operator only the connections are known
            continue
        for unit, expression in expressions:
            text = f"{unit} = {sp.sstr(expression.xreplace(letter_of))}"
            if len(text) <= LONGEST:
                found[unit] = text
    return found


def _layer_expressions(
    network: Network, layer: Layer, names: list[str], drawn: Set[str]
) -> list[tuple[str, sp.Expr]]:
    edges, first = network.edges, network.offsets[layer.target.name]
    biases = network.bias_labels(layer.target.name)
    result = []
    for i, unit in enumerate(layer.target.units()):
        part = slice(int(edges.start[first + i]), int(edges.start[first + i + 1]))
        count = part.stop - part.start
        if unit not in drawn or 3 * count > LONGEST:  # each takes 'a, ' at least
            continue
        read = zip(edges.label[part].tolist(), edges.source[part].tolist(), strict=True)
        value = layer.reduction.exact([edges.labels[a] * sp.Symbol(names[b]) for a, b in read])
        result.append((unit, value if biases is None else value + biases[i]))
    return result

"""What a live figure knows besides its graph: expressions, and what each shift leaves unchanged."""

from __future__ import annotations

from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer
from convgraph.core.network import Network

__all__ = ["facts"]

LONGEST = 300  # characters of an expression that still helps in a caption
MOST_SHIFTS = 24  # steps of the slider to each side
MOST_UNITS = 200  # of an input whose shifts are decided beforehand


def facts(network: Network) -> dict[str, Any]:
    """The expressions and the shifts of a network, as plain data for a page."""
    return {"expressions": _expressions(network), "shifts": _shifts(network)}


def _expressions(network: Network) -> dict[str, str]:
    """Each computed unit in terms of the units that it reads."""
    names = [unit for row in network.rows for unit in row.units()]
    found = {}
    for layer in network.layers:
        for unit, expression in _layer_expressions(network, layer, names):
            text = f"{unit} = {sp.sstr(expression)}"
            if len(text) <= LONGEST:
                found[unit] = text
    return found


def _layer_expressions(
    network: Network, layer: Layer, names: list[str]
) -> list[tuple[str, sp.Expr]]:
    edges, first = network.edges, network.offsets[layer.target.name]
    biases = network.bias_labels(layer.target.name)
    result = []
    for i, unit in enumerate(layer.target.units()):
        part = slice(int(edges.start[first + i]), int(edges.start[first + i + 1]))
        read = zip(edges.label[part].tolist(), edges.source[part].tolist(), strict=True)
        value = layer.reduction.exact([edges.labels[a] * sp.Symbol(names[b]) for a, b in read])
        result.append((unit, value if biases is None else value + biases[i]))
    return result


def _shifts(network: Network) -> dict[str, Any]:
    """For each shift of the last axis: where values go, and which outputs commute with it."""
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        return {}
    row = network.inputs[0]
    if row.given is not None or row.size > MOST_UNITS:
        return {}
    width = row.numbers()[-1]
    most = min(width - 1, MOST_SHIFTS)
    answers = {}
    for amount in range(-most, most + 1):
        answer = _shift(network, amount) if amount else None
        if answer is not None:
            answers[str(amount)] = answer
    return answers


def _shift(network: Network, amount: int) -> dict[str, Any] | None:
    from convgraph.symmetry.equivariance.check import check_equivariance
    from convgraph.symmetry.transformations import Shift

    try:
        verdict = check_equivariance(network, Shift(amount))
    except ConvgraphError:  # a network on which a shift has no meaning
        return None
    row, out = network.inputs[0], network.outputs[0]
    width = row.numbers()[-1]
    moved = {}
    for unit in row.units():
        index = row.find(unit)
        assert index is not None
        source = index[-1] - amount
        moved[unit] = row.unit((*index[:-1], source)) if 0 <= source < width else None
    return {
        "moved": moved,
        "exact": list(verdict.exact),
        "broken": list(verdict.broken),
        "sentence": _sentence(amount, verdict, len(out.units())),
    }


def _sentence(amount: int, verdict: Any, outputs: int) -> str:
    shift = f"Shifted by {amount}"
    if verdict.holds:
        return f"{shift}: shifting first and shifting after give the same at all {outputs} outputs."
    causes = "; ".join(f"{cause} ({', '.join(units)})" for cause, units in verdict.causes.items())
    exact = len(list(verdict.exact))
    return (
        f"{shift}: shifting first and shifting after agree at {exact} of the {outputs} outputs "
        f"and differ at {', '.join(verdict.broken)}: {causes}."
    )

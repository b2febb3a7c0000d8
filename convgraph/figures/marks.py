"""What a caller may say about shading, emphasis and letters, resolved to units and edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.figures.colors import as_color

__all__ = ["Emphasis", "Shade", "edge_mask", "emphasized", "fills", "letters_of", "unit_names"]

Shade: TypeAlias = "str | Iterable[Any] | Mapping[str, Any] | None"
Emphasis: TypeAlias = "str | sp.Symbol | Iterable[Any] | None"


def fills(network: Network, shade: Shade, color: str) -> dict[str, tuple[str, ...]]:
    """The colours of each unit that has any, in the order in which they were given.

    `shade` is a unit, a set of units, a list of sets, or a dict from colour to any of those.
    """
    if shade is None:
        return {}
    chosen = shade if isinstance(shade, Mapping) else {color: shade}
    result: dict[str, tuple[str, ...]] = {}
    for key, units in chosen.items():
        named = as_color(f"shade={{{key!r}: ...}}", key)
        for name in unit_names("shade", network, units):
            if named not in result.get(name, ()):
                result[name] = (*result.get(name, ()), named)
    return result


def unit_names(argument: str, network: Network, units: Any) -> list[str]:
    """The units that a caller named: a unit, a set of units, or a list of those."""
    if isinstance(units, str):
        network.find(units)
        return [units]
    if isinstance(units, Units):
        _check_row(argument, network, units)
        return list(units)
    if not isinstance(units, Iterable):
        ways = (
            " or a dict from colour to such sets" if argument == "shade" else " or a list of sets"
        )
        raise ConvgraphError(f"{argument}={units!r}: a unit, a set of units,{ways}")
    return [name for part in units for name in unit_names(argument, network, part)]


def _check_row(argument: str, network: Network, units: Units) -> None:
    row = network.row(units.row.name)
    if row.shape != units.row.shape:
        raise ConvgraphError(
            f"{argument}={units!r}: units of another network, whose row {row.name!r} has the "
            f"shape {units.row.shape}, not {row.shape}"
        )


def emphasized(network: Network, emphasize: Emphasis) -> NDArray[np.bool_] | None:
    """Which edges of the table are emphasized, or None where nobody asked.

    `emphasize` is a parameter (its name or symbol), a (source, target) pair or a set of pairs, a
    set of parameters, or the answer of `uses`.
    """
    if emphasize is None:
        return None
    if isinstance(emphasize, Units):
        raise ConvgraphError(
            f"emphasize={emphasize!r}: connections are emphasized and units are shaded, "
            "as in shade=receptive_field(net, 's3')"
        )
    return edge_mask(network, emphasize)


def edge_mask(network: Network, what: Any, argument: str = "emphasize") -> NDArray[np.bool_]:
    """The connections that a caller named: a parameter, a pair of units, or a set of those."""
    edges = network.edges
    if isinstance(what, str | sp.Expr):
        return np.asarray(edges.label == _label(network, what, argument))
    if hasattr(what, "parameter") and hasattr(what, "edges"):
        # By its label first: of two connections between the same units one may carry another.
        carrying = edge_mask(network, what.parameter, argument)
        return carrying if carrying.any() else edge_mask(network, what.edges, argument)
    if (
        isinstance(what, tuple)
        and len(what) in (2, 3)
        and all(isinstance(e, str) for e in what[:2])
    ):
        source, target = (_number(network, unit) for unit in what[:2])
        found = (edges.source == source) & (edges.target == target)
        if len(what) == 3:
            found &= np.cumsum(found) == int(what[2]) + 1
        if not found.any():
            raise ConvgraphError(f"{argument}={what!r}: there is no such connection")
        return np.asarray(found)
    if isinstance(what, Iterable):
        mask = np.zeros(len(edges), bool)
        for part in what:
            mask |= edge_mask(network, part, argument)
        return mask
    raise ConvgraphError(
        f"{argument}={what!r}: a parameter, a (source, target) pair, or a set of those"
    )


def _label(network: Network, parameter: str | sp.Expr, argument: str) -> int:
    position = network.labels.find(str(parameter))
    if position is None:
        known = [str(label) for label in network.labels[:2000]]
        raise ConvgraphError(
            f"{argument}={str(parameter)!r}: no parameter of this network"
            f"{nearest(str(parameter), known)}"
        )
    return position


def _number(network: Network, unit: str) -> int:
    row, index = network.find(unit)
    return network.offsets[row.name] + int(np.ravel_multi_index(index, row.numbers()))


def letters_of(network: Network, letters: Any) -> list[str] | None:
    """The letter beside each edge of the table, "" for none; None where no edge has any.

    `letters` is True for the parameters' names, a dict from parameters to text, or a text (or
    list) whose characters go to the parameters in the order in which they appear on the edges.
    """
    if letters is None or letters is False:
        return None
    table = network.edges
    used, first = np.unique(table.label, return_index=True)
    order = used[np.argsort(first)].tolist()
    names = {number: str(table.labels[number]) for number in order}
    if letters is True:
        text = names
    elif isinstance(letters, Mapping):
        known = {str(key): str(value) for key, value in letters.items()}
        for key in known:
            if key not in names.values():
                raise ConvgraphError(
                    f"letters={{{key!r}: ...}}: no parameter on an edge of this network"
                    f"{nearest(key, names.values())}"
                )
        text = {number: known.get(name, "") for number, name in names.items()}
    else:
        given = list(letters) if isinstance(letters, Sequence) else []
        if len(given) < len(order):
            raise ConvgraphError(
                f"letters={letters!r}: True, a dict, or a letter for each of the {len(order)} "
                "parameters on the edges"
            )
        text = {number: str(letter) for number, letter in zip(order, given, strict=False)}
    return [text[number] for number in table.label.tolist()]

"""The uses of one parameter: which connections carry it, and where the border leaves it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.layer import Row
from convgraph.core.names import split_parameter
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.core.tying import Explicit, Learned
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.connections import simplest
from convgraph.sharing.digits import uses_at
from convgraph.sharing.listed_uses import listed_uses
from convgraph.sharing.parameter_places import Flat, Missing, Place

__all__ = ["Uses", "find_parameter", "uses"]


@dataclass(frozen=True, repr=False)
class Uses:
    """Where a parameter is used.

    Attributes
    ----------
    parameter
        Its symbol.
    count
        How many connections carry it, a bias counted once for each unit that adds it.
    places
        The same for each layer that uses it.
    """

    parameter: sp.Symbol
    count: Size
    places: tuple[Place, ...]

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The connections as (source, target) names, by target; a bias is no connection."""
        found = []
        for place in self.places:
            if not place.biases:
                targets, sources = place.connections
                from_, to = place.joint.source, place.layer.target
                found += list(zip(_names(from_, sources), _names(to, targets), strict=True))
        return tuple(found)

    @property
    def units(self) -> tuple[Units, ...]:
        """The units that use it, one set for each place."""
        sets = []
        for place in self.places:
            mask = np.zeros(int(place.layer.target.size), bool)
            mask[place.connections[0]] = True
            sets.append(Units.of(place.layer.target, mask))
        return tuple(sets)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Where it is not used, and why: which units' tap falls before or behind the border."""
        return tuple(missing for place in self.places for missing in place.missing)

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data; the connections too, unless they are many."""
        facts: dict[str, Any] = {"parameter": self.parameter, "count": self.count}
        facts["rows"] = [place.row for place in self.places]
        if isinstance(self.count, int):
            facts["missing"] = [
                {"side": m.side, "axis": m.axis, "count": len(m.units)} for m in self.missing
            ]
            if self.count <= 1000:
                facts["edges"] = self.edges
        return plain(facts)

    def __repr__(self) -> str:
        count = f"{self.count:,}" if isinstance(self.count, int) else str(self.count)
        rows = ", ".join(dict.fromkeys(place.row for place in self.places))
        text = f"Uses({self.parameter}: {count} in {rows or 'no row'}"
        if isinstance(self.count, int):
            text += "".join(f"; not at {missing}" for missing in self.missing)
        return text + ")"


@checked
def uses(network: Network, parameter: str | sp.Symbol) -> Uses:
    """Where a parameter is used, and where the border leaves it out.

    Found on the axes, as a product of the (output, tap) pairs of each; connections get their names
    when they are asked for. With symbolic sizes the count is a closed form.

    Parameters
    ----------
    network
        A bound network.
    parameter
        A parameter's name or symbol.

    Returns
    -------
    Uses
        With `count`, `edges`, `units` and `missing`.

    Raises
    ------
    ConvgraphError
        If the network has no such parameter.

    Examples
    --------
    >>> import sympy, convgraph as cg
    >>> first = cg.uses(cg.Conv(3, padding="same").on(5), "w_1")
    >>> first
    Uses(w_1: 4 in s; not at s1 before the border)
    >>> first.edges
    (('x1', 's2'), ('x2', 's3'), ('x3', 's4'), ('x4', 's5'))
    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> cg.uses(cg.Conv(3, padding="same").on(n), "w_1").count
    n - 1

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figure 9.5.
    """
    check_network(network)
    symbol, letter, index = find_parameter(network, parameter)
    places = []
    count: Size = 0
    for layer in network.layers:
        for joint in layer.all_joints:
            tying = joint.tying
            if isinstance(tying, Explicit):
                if tying.may_hold(symbol):
                    places.append(Place(network, layer, joint, symbol, None))
            elif isinstance(tying, Learned) and tying.letter == letter and index is not None:
                places.append(Place(network, layer, joint, symbol, index))
                assert isinstance(joint.wiring, Product)
                count = count + uses_at(joint.wiring, tying, index)
    if any(place.index is None for place in places):
        count = count + listed_uses(network)[symbol.name]
    return Uses(symbol, simplest(count), tuple(places))


def find_parameter(
    network: Network, parameter: str | sp.Symbol
) -> tuple[sp.Symbol, str, tuple[int, ...] | None]:
    """A parameter's symbol, the letter of its array, and its zero-based index there (or None)."""
    name = str(parameter)
    if not network.symbolic:
        labels = network.labels
        position = labels.find(name)
        if position is None:
            few = [
                *(a.letter for a in labels.arrays),
                *map(str, labels[: min(labels.parameters, 500)]),
            ]
            raise _unknown(name, few)
        for array in labels.arrays:
            first = labels.start(array.letter)
            if first <= position < first + len(array):
                index = np.unravel_index(position - first, array.shape) if array.shape else ()
                return labels[position], array.letter, tuple(int(i) for i in index)
    for tying in (tying for layer in network.layers for tying in layer.arrays):
        parts = split_parameter(name, tying.letter or "", len(tying.named_axes))
        sizes = [tying.shape[a] for a in tying.named_axes]
        if parts is not None and not any(
            sympified(i >= size) is sp.true for i, size in zip(parts, sizes, strict=True)
        ):
            whole = [0] * len(tying.shape)
            for a, i in zip(tying.named_axes, parts, strict=True):
                whole[a] = i
            return sp.Symbol(name), tying.letter or "", tuple(whole)
    raise _unknown(name, [tying.letter or "" for layer in network.layers for tying in layer.arrays])


def _unknown(name: str, known: Sequence[str]) -> ConvgraphError:
    return ConvgraphError(f"parameter={name!r}: no parameter of this network{nearest(name, known)}")


def _names(row: Row, flat: Flat) -> list[str]:
    index = np.stack(np.unravel_index(flat, row.numbers()), axis=1)
    return [row.unit(i) for i in index.tolist()]

"""The uses of one parameter: which connections carry it, and where the border leaves it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.axis import Axis
from convgraph.core.boxes import Box, regroup
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.names import split_parameter
from convgraph.core.network import Network
from convgraph.core.plain import plain
from convgraph.core.sizes import Size
from convgraph.core.tying import Explicit, Learned
from convgraph.core.units import Units
from convgraph.core.window import Reversed, Window
from convgraph.core.wiring import Product
from convgraph.interactions.connections import simplest
from convgraph.sharing.digits import Pairs, pairs, uses_at
from convgraph.sharing.listed import listed_connections, listed_uses

__all__ = ["Missing", "Place", "Uses", "find_parameter", "uses"]

Flat = NDArray[np.int64]
Side = Literal["before", "behind", "between"]


@dataclass(frozen=True)
class Missing:
    """Units at which a parameter is not used, and why.

    Attributes
    ----------
    units
        The units that would have a connection with the parameter if the input went on.
    axis
        The axis of their row along which the tap leaves the input.
    side
        "before" or "behind" the border; "between" where the stride of a transposed convolution
        leaves no input at the tap.
    """

    units: Units
    axis: int
    side: Side

    def __str__(self) -> str:
        names = ", ".join(self.units) if len(self.units) <= 6 else f"{len(self.units):,} units"
        where = "between inputs" if self.side == "between" else f"{self.side} the border"
        return f"{names} {where}" + (
            f" of axis {self.axis}" if len(self.units.row.shape) > 1 else ""
        )


@dataclass(frozen=True, eq=False)
class Place:
    """A layer that uses a parameter, and the connections (from one row, or to a bias) that do."""

    network: Network = field(repr=False)
    layer: Layer = field(repr=False)
    joint: Joint = field(repr=False)
    parameter: sp.Symbol
    index: tuple[int, ...] | None = field(repr=False)

    @property
    def row(self) -> str:
        """The row that the layer computes."""
        return self.layer.target.name

    @property
    def biases(self) -> bool:
        """Whether the parameter is used as a bias here."""
        return self.joint is self.layer.bias

    @cached_property
    def _pairs(self) -> list[Pairs]:
        wiring, tying = self.joint.wiring, self.joint.tying
        assert isinstance(wiring, Product)
        assert isinstance(tying, Learned)
        assert self.index is not None
        return pairs(wiring, tying, self.index)

    @cached_property
    def connections(self) -> tuple[Flat, Flat]:
        """The connections as flat positions in their rows, (targets, sources), by target."""
        if self.index is None:
            return listed_connections(self.network, self.joint, self.parameter)
        wiring = self.joint.wiring
        assert isinstance(wiring, Product)
        present = [pair.present for pair in self._pairs]
        memory.require("edges", int(np.prod([len(p.taps) for p in present], dtype=float)), 32)
        outputs = [int(size) for size in wiring.out_view]
        steps = np.append(np.cumprod(outputs[::-1])[-2::-1], 1).tolist()
        target = _sums([step * p.outputs for step, p in zip(steps, present, strict=True)])
        source = _sums(
            [step * p.sources for step, p in zip(wiring.in_steps(), present, strict=True)]
        )
        order = np.argsort(target, kind="stable")
        return target[order], source[order]

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """Where the parameter is not used because its tap leaves the input."""
        if self.index is None:
            return ()
        wiring, target = self.joint.wiring, self.layer.target
        assert isinstance(wiring, Product)
        found = []
        everywhere = [
            _mask(axis, p.outputs) for axis, p in zip(wiring.axes, self._pairs, strict=True)
        ]
        for a, axis in enumerate(wiring.axes):
            for side, outputs in _sides(axis, self._pairs[a]):
                box: Box = (*everywhere[:a], _mask(axis, outputs), *everywhere[a + 1 :])
                view = tuple(int(size) for size in wiring.out_view)
                units = Units(target, regroup(box, view, target.numbers()))
                found.append(Missing(units, a - (len(wiring.axes) - len(target.shape)), side))
        return tuple(found)


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
    symbol, letter, index = find_parameter(network, parameter)
    places = []
    count: Size = 0
    for layer in network.layers:
        for joint in [*layer.joints, *([layer.bias] if layer.bias else [])]:
            tying = joint.tying
            if isinstance(tying, Explicit):
                if any(symbol in expression.free_symbols for expression in tying.expressions):
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
            sp.sympify(i >= size) is sp.true for i, size in zip(parts, sizes, strict=True)
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


def _sums(terms: Sequence[Flat]) -> Flat:
    return np.asarray(reduce(np.add.outer, terms)).ravel()


def _mask(axis: Axis, outputs: Flat) -> NDArray[np.bool_]:
    mask = np.zeros(int(axis.outputs), bool)
    mask[outputs] = True
    return mask


def _sides(axis: Axis, found: Pairs) -> list[tuple[Side, Flat]]:
    """The outputs at which the tap of these pairs leaves the input, on either side."""
    gone = found.sources < 0
    outputs, taps = found.outputs[gone], found.taps[gone]
    if not len(outputs) or not isinstance(axis, Window | Reversed):
        return []
    w = axis.window if isinstance(axis, Reversed) else axis
    if isinstance(axis, Window):
        position, between = (
            w.stride * outputs + w.dilation * taps - w.padding,
            np.zeros_like(gone[gone]),
        )
    else:
        position, rest = np.divmod(outputs + w.padding - w.dilation * taps, w.stride)
        between = rest != 0
    parts: list[tuple[Side, Flat]] = [
        ("before", outputs[(position < 0) & ~between]),
        ("behind", outputs[(position >= int(axis.inputs)) & ~between]),
        ("between", outputs[between]),
    ]
    return [(side, where) for side, where in parts if len(where)]

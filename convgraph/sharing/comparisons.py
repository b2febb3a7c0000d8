"""Comparing layers: whether their wiring is the same, and which ties more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network

__all__ = ["Comparison", "refines", "same_tying", "same_wiring"]

BIAS = -1  # the source of a connection to a bias
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Comparison:
    """Whether something holds of two networks, and what shows that it does not.

    It counts as true or false by itself; `reason` is a sentence, empty where it holds.
    """

    holds: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return "Comparison(holds)" if self.holds else f"Comparison(does not hold: {self.reason})"


def same_wiring(a: Network, b: Network) -> Comparison:
    """Whether two networks connect the same units, whatever the parameters.

    Rows are compared in order, by their sizes; their names may differ. A bias counts as a
    connection.

    Examples
    --------
    >>> import convgraph as cg
    >>> bool(cg.same_wiring(cg.Conv(2).on(5), cg.LocallyConnected(2).on(5)))
    True
    >>> cg.same_wiring(cg.Conv(2).on(5), cg.Conv(2, dilation=2, padding=((0, 1),)).on(5))
    Comparison(does not hold: s1 reads x2 in the first only)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figures 9.14 and 9.16.
    """
    for argument, network in (("a", a), ("b", b)):
        check_network(network, argument)
    sizes = [[int(np.prod(row.numbers())) for row in network.rows] for network in (a, b)]
    if sizes[0] != sizes[1]:
        return Comparison(False, f"their rows have the sizes {sizes[0]} and {sizes[1]}")
    first, second = _connections(a), _connections(b)
    if np.array_equal(first.key, second.key):
        return Comparison(True)
    for ours, theirs, which in ((first, second, "first"), (second, first, "second")):
        more = _more(ours.key, theirs.key)
        if len(more):
            source, target = ours.names(int(more[0]))
            return Comparison(False, f"{target} reads {source} in the {which} only")
    raise AssertionError


def refines(fine: Network, coarse: Network) -> Comparison:
    """Whether connections that share a parameter in one layer do so in the other, too.

    Then the second ties all that the first does and maybe more: it is the same layer under
    additional equations between parameters.

    Parameters
    ----------
    fine, coarse
        Two networks of the same wiring.

    Raises
    ------
    ConvgraphError
        If their wiring differs.

    Examples
    --------
    >>> import convgraph as cg
    >>> local, tiled, conv = (
    ...     spec.on(5) for spec in (cg.LocallyConnected(2), cg.TiledConv(2, tiles=2), cg.Conv(2))
    ... )
    >>> bool(cg.refines(local, tiled)), bool(cg.refines(tiled, conv))
    (True, True)
    >>> cg.refines(conv, tiled)
    Comparison(does not hold: x1 -> s1 and x2 -> s2 share w_1, but have w_1_1 and w_2_1)
    """
    for argument, network in (("fine", fine), ("coarse", coarse)):
        check_network(network, argument)
    wiring = same_wiring(fine, coarse)
    if not wiring:
        raise ConvgraphError(f"refines: tyings of one wiring are compared, and {wiring.reason}")
    a, b = _connections(fine), _connections(coarse)
    kinds, first, which = np.unique(a.label, return_index=True, return_inverse=True)
    apart = np.flatnonzero(b.label != b.label[first][which])
    if not len(apart):
        return Comparison(True)
    one, other = int(first[which[apart[0]]]), int(apart[0])
    shown = [" -> ".join(a.names(i)) for i in (one, other)]
    shared = fine.labels[int(kinds[which[other]])]
    apart_as = [coarse.labels[int(b.label[i])] for i in (one, other)]
    return Comparison(
        False,
        f"{shown[0]} and {shown[1]} share {shared}, but have {apart_as[0]} and {apart_as[1]}",
    )


def same_tying(a: Network, b: Network) -> Comparison:
    """Whether two networks have the same wiring and tie the same connections.

    Examples
    --------
    >>> import convgraph as cg
    >>> bool(cg.same_tying(cg.TiledConv(2, tiles=1).on(5), cg.Conv(2).on(5)))
    True
    >>> bool(cg.same_tying(cg.TiledConv(2, tiles=4).on(5), cg.LocallyConnected(2).on(5)))
    True
    """
    wiring = same_wiring(a, b)
    if not wiring:
        return wiring
    forth = refines(a, b)
    return refines(b, a) if forth else forth


@dataclass(frozen=True, eq=False)
class _Connections:
    """All connections, sorted by target and source; several of one pair stay in order of taps."""

    network: Network
    key: Integers
    label: Integers
    units: int

    def names(self, position: int) -> tuple[str, str]:
        """The source and the target of a connection."""
        target, source = divmod(int(self.key[position]), self.units + 1)
        return "1" if source == 0 else self._unit(source - 1), self._unit(target)

    def _unit(self, number: int) -> str:
        for row in reversed(self.network.rows):
            first = self.network.offsets[row.name]
            if number >= first:
                return row.unit_at(number - first)
        raise AssertionError


def _connections(network: Network) -> _Connections:
    edges = network.edges
    units = len(edges.start) - 1
    source, target, label = [edges.source], [edges.target], [edges.label]
    for layer in network.layers:
        if layer.bias is not None:
            numbers = network.bias_numbers(layer)
            first = network.offsets[layer.target.name]
            source.append(np.full(len(numbers), BIAS))
            target.append(first + np.arange(len(numbers)))
            label.append(numbers)
    key = _long(target) * (units + 1) + _long(source) + 1
    order = np.argsort(key, kind="stable")
    return _Connections(network, key[order], _long(label)[order], units)


def _long(parts: list[NDArray[Any]]) -> Integers:
    return np.concatenate([part.astype(np.int64) for part in parts])


def _more(ours: Integers, theirs: Integers) -> Integers:
    """The positions of what one sorted list holds more often than the other."""
    values, first, counts = np.unique(ours, return_index=True, return_counts=True)
    there = np.searchsorted(theirs, values, "right") - np.searchsorted(theirs, values, "left")
    return first[counts > there]

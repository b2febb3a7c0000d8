"""Sparsity: how many of the possible connections a network has, and how they are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.sympified import sympified
from convgraph.core.tables import Table, counted
from convgraph.interactions import degrees
from convgraph.interactions.connections import (
    dense_connections,
    is_concat,
    missing_connections,
    simplest,
    summed,
)
from convgraph.interactions.degrees import Distribution

__all__ = ["LayerSparsity", "Sparsity", "sparsity"]


@dataclass(frozen=True)
class _Counted:
    connections: Size
    dense: Size
    missing: Size
    fan_in: Distribution | None
    fan_out: Distribution | None

    @property
    def density(self) -> Fraction | sp.Expr:
        """The share of the dense counterpart's connections that are there; 0 where it has none."""
        if self.dense == 0:
            return Fraction(0)
        if is_symbolic(self.connections, self.dense):
            return sympified(self.connections) / self.dense
        return Fraction(int(self.connections), int(self.dense))

    def _facts(self) -> dict[str, Any]:
        return {
            "connections": self.connections,
            "dense": self.dense,
            "density": self.density,
            "missing": self.missing,
            "fan_in": self.fan_in,
            "fan_out": self.fan_out,
        }

    def _summary(self) -> str:
        parts = [f"{counted(self.connections)} of {counted(self.dense)} connections"]
        parts += [f"{counted(self.missing)} missing at the border"] if self.missing != 0 else []
        parts += [f"fan-in {self.fan_in}"] if self.fan_in is not None else []
        parts += [f"fan-out {self.fan_out}"] if self.fan_out is not None else []
        given = [*(self.fan_in or _NONE).conditions, *(self.fan_out or _NONE).conditions]
        parts += [f"if {c}" for c in dict.fromkeys(given)]
        return ", ".join(parts)


_NONE = Distribution({})


@dataclass(frozen=True, repr=False)
class LayerSparsity(_Counted):
    """The connections of one layer; fields as in `Sparsity`."""

    row: str
    spec: Any

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {"row": self.row, "spec": repr(self.spec), **plain(self._facts())}

    def __repr__(self) -> str:
        return f"LayerSparsity({self.row}: {self._summary()})"


@dataclass(frozen=True, repr=False)
class Sparsity(_Counted):
    """The connections of a network.

    Attributes
    ----------
    connections, dense, density
        The connections, those of the dense counterpart (every unit of a layer connected to every
        unit of the rows that it reads), and their exact ratio.
    missing
        Connections that the border cuts off: taps times outputs, less the connections.
    fan_in
        How many units (of all rows but the inputs) have which fan-in.
    fan_out
        How many units (of all rows that a layer reads) have which fan-out.
    layers
        The same for each layer.
    """

    layers: tuple[LayerSparsity, ...]

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {**plain(self._facts()), "layers": [layer.to_dict() for layer in self.layers]}

    def _repr_html_(self) -> str:
        numbers = ("connections", "dense", "density", "missing")
        spread = ("fan_in", "fan_out")
        rows = [
            (
                name,
                layer,
                *(counted(getattr(each, fact)) for fact in numbers),
                *(_spread(getattr(each, fact)) for fact in spread),
            )
            for name, layer, each in [
                *((layer.row, repr(layer.spec), layer) for layer in self.layers),
                ("all", "", self),
            ]
        ]
        columns = ("row", "layer", *numbers, "fan-in (units)", "fan-out (units)")
        title = f"{counted(self.connections)} of {counted(self.dense)} connections"
        return Table(title, columns, rows, numbers).html()

    def __repr__(self) -> str:
        return f"Sparsity({self._summary()})"


def sparsity(network: Network) -> Sparsity:
    """How many of the possible connections a network has, and which fan-in and fan-out its units.

    Counted on the axes, so that a layer costs its taps times its positions per axis, whatever the
    number of edges. With symbolic sizes the answer is in closed form; a distribution then states
    the `conditions` under which it holds (that the input is long enough to keep the two borders
    apart), or is None where it has no closed form. Connections to a bias do not count.

    Parameters
    ----------
    network
        A bound network.

    Returns
    -------
    Sparsity
        With `connections`, `dense`, `density`, `missing`, `fan_in`, `fan_out`, and all of these
        for each of its `layers`.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.sparsity(cg.Conv(3, padding="same").on(5))
    Sparsity(13 of 25 connections, 2 missing at the border, fan-in {3: 3, 2: 2}, fan-out {3: 3, 2: 2})
    >>> cg.sparsity(cg.Conv((2, 2)).on((3, 3))).density
    Fraction(4, 9)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.2, figures 9.2 and 9.3.
    """  # noqa: E501 - a result is one line
    check_network(network)
    layers = tuple(_of_layer(layer) for layer in network.layers)
    readers: dict[str, list[Joint]] = {}
    for joint in (joint for layer in network.layers for joint in layer.joints):
        readers.setdefault(joint.source.name, []).append(joint)
    return Sparsity(
        connections=summed(layer.connections for layer in layers),
        dense=summed(layer.dense for layer in layers),
        missing=summed(layer.missing for layer in layers),
        fan_in=_joined([layer.fan_in for layer in layers]),
        fan_out=_joined([_fan_out(joints) for joints in readers.values()]),
        layers=layers,
    )


def _of_layer(layer: Layer) -> LayerSparsity:
    readers: dict[str, list[Joint]] = {}
    for joint in layer.joints:
        readers.setdefault(joint.source.name, []).append(joint)
    fan_in: Distribution | None
    if not layer.joints:  # a row of constants reads nothing
        fan_in = Distribution({0: layer.target.size})
    elif _in_symbols(layer.joints):
        fan_in = degrees.fan_in_in_symbols(layer.joints, is_concat(layer))
    else:
        fan_in = degrees.fan_in(layer.joints)
    return LayerSparsity(
        connections=simplest(layer.connections),
        dense=dense_connections(layer),
        missing=missing_connections(layer),
        fan_in=fan_in,
        fan_out=_joined([_fan_out(joints) for joints in readers.values()]),
        row=layer.target.name,
        spec=layer.spec,
    )


def _fan_out(joints: Sequence[Joint]) -> Distribution | None:
    if _in_symbols(joints):
        return degrees.fan_out_in_symbols(joints)
    return degrees.fan_out(joints)


def _in_symbols(joints: Sequence[Joint]) -> bool:
    axes = [axis for joint in joints for axis in getattr(joint.wiring, "axes", ())]
    return any(axis.symbolic for axis in axes)


def _joined(distributions: Sequence[Distribution | None]) -> Distribution | None:
    if any(distribution is None for distribution in distributions):
        return None
    return Distribution.joined(d for d in distributions if d is not None)


def _spread(distribution: Distribution | None) -> str:
    """Each number of connections, and how many units have so many."""
    pairs = (distribution or _NONE).items()
    return ", ".join(f"{degree} ({counted(units)})" for degree, units in pairs)

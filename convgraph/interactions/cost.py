"""Cost: parameters, operations and activations, against the dense counterpart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.reduction import MAX, PAIRED, PRODUCT
from convgraph.core.sizes import Size, product
from convgraph.core.tables import Table, counted
from convgraph.core.tying import Constant, Explicit, Mean
from convgraph.core.wiring import Listed, Product
from convgraph.interactions.connections import (
    dense_connections,
    is_concat,
    layer_parameters,
    simplest,
    summed,
)
from convgraph.interactions.degrees import fan_in
from convgraph.interactions.profiler_counts import profiled_multiply_adds
from convgraph.interactions.symbolic_degrees import reading

__all__ = ["Cost", "Counts", "LayerCost", "cost"]


_SUMMED = ("parameters", "connections", "comparisons", "evaluations", "activations")


@dataclass(frozen=True, repr=False)
class Counts:
    """What a layer or a network takes; the fields are explained at `cost`."""

    parameters: Size = 0
    connections: Size = 0
    multiply_adds: Size = 0
    macs: Size = 0
    multiplications: Size = 0
    additions: Size = 0
    comparisons: Size = 0
    evaluations: Size = 0
    activations: Size = 0

    @property
    def operations(self) -> Size:
        """Multiplications and additions: the floating-point operations."""
        return simplest(self.multiplications + self.additions)

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        counts = {name: getattr(self, name) for name in Counts.__dataclass_fields__}
        return plain({**counts, "operations": self.operations})

    def _summary(self) -> str:
        named = [(name, getattr(self, name)) for name in Counts.__dataclass_fields__]
        exact = [pair for pair in named if pair[0] in _SUMMED]
        shown = [*exact[:2], ("operations", self.operations), *exact[2:]]
        always = ("parameters", "operations", "activations")
        return ", ".join(
            f"{n:,} {name}" if isinstance(n, int) else f"{n} {name}"
            for name, n in shown
            if n != 0 or name in always
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._summary()})"


@dataclass(frozen=True, repr=False)
class LayerCost(Counts):
    """The cost of one layer, and of its dense counterpart."""

    row: str = ""
    spec: Any = None
    dense: Counts = Counts()

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        own = {"row": self.row, "spec": repr(self.spec), **super().to_dict()}
        return {**own, "dense": self.dense.to_dict()}

    def __repr__(self) -> str:
        return f"LayerCost({self.row}: {self._summary()})"


@dataclass(frozen=True, repr=False)
class Cost(Counts):
    """The cost of a network; `dense` is that of its dense counterpart, `layers` that of each."""

    dense: Counts = Counts()
    layers: tuple[LayerCost, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        layers = [layer.to_dict() for layer in self.layers]
        return {**super().to_dict(), "dense": self.dense.to_dict(), "layers": layers}

    def _repr_html_(self) -> str:
        names = ("parameters", "connections", "operations", "activations")
        dense = ("parameters", "operations")
        rows = [
            (c.row, repr(c.spec), *_shown(c, names), *_shown(c.dense, dense)) for c in self.layers
        ]
        rows.append(("all", "", *_shown(self, names), *_shown(self.dense, dense)))
        numbers = (*names, *(f"dense {name}" for name in dense))
        return Table(repr(self), ("row", "layer", *numbers), rows, numbers).html()


def _shown(counts: Counts, names: Iterable[str]) -> list[str]:
    return [counted(getattr(counts, name)) for name in names]


@checked
def cost(network: Network) -> Cost:
    """Parameters, operations and activations of a network and of its dense counterpart.

    What is counted, per layer and in all:

    - *parameters*: entries of the parameter arrays, biases included. Layers of one letter share
      theirs, which the total counts once.
    - *connections*: edges; a bias adds none.
    - *multiply_adds*: connections that carry a parameter, or a number other than 1, and pairs of
      values that a matrix product of two rows multiplies. Exact: what padding cuts off is no
      connection, and normalisation is there.
    - *macs*: what profilers count: multiply-accumulates of convolutions, dense layers and matrix
      products, taps on padding among them, without biases, normalisation and pooling.
    - *multiplications*: one for each of the `multiply_adds`; a mean takes one for each unit, and a
      product of n values n - 1.
    - *additions*: a unit with n connections adds n - 1 times, and once more for a bias.
    - *comparisons*: a maximum over n connections takes n - 1.
    - *evaluations*: units of a pointwise nonlinearity.
    - *activations*: units that are computed.
    - *operations*: multiplications and additions.

    The dense counterpart connects every unit of a layer that has parameters to every unit of the
    rows that it reads, each through a parameter of its own, and leaves the other layers as they
    are. Nothing is allocated for it. With symbolic sizes all counts are closed forms.

    Parameters
    ----------
    network
        A bound network.

    Returns
    -------
    Cost
        The counts, with `dense` and `layers`.

    Raises
    ------
    ConvgraphError
        If how many units have a connection at all has no closed form, for symbolic sizes.

    Examples
    --------
    >>> import convgraph as cg
    >>> edges = cg.cost(cg.Conv((1, 2)).on((280, 320)))
    >>> edges
    Cost(2 parameters, 178,640 connections, 267,960 operations, 89,320 activations)
    >>> edges.dense.parameters, edges.dense.operations
    (8003072000, 16006054680)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.2 and figure 9.6.
    """
    check_network(network)
    layers = tuple(_of_layer(layer) for layer in network.layers)
    total = {**_added(layers), "parameters": simplest(network.parameter_count)}
    dense = Counts(**_added([layer.dense for layer in layers]))
    return Cost(**total, dense=dense, layers=layers)


def _of_layer(layer: Layer) -> LayerCost:
    parameters, reads = layer_parameters(layer), _reading(layer)
    own = _counts(
        layer,
        parameters=parameters,
        connections=simplest(layer.connections),
        weighted=summed(_weighted(joint) for joint in layer.joints),
        reading=reads,
        biased=_biased(layer, reads),
        macs=profiled_multiply_adds(layer),
    )
    dense = own
    if parameters != 0:
        pairs, units = dense_connections(layer), layer.target.size
        biased = units if layer.bias is not None else 0
        dense = _counts(
            layer, simplest(pairs + biased), pairs, pairs, units, (biased, units), pairs
        )
    return LayerCost(**own, row=layer.target.name, spec=layer.spec, dense=Counts(**dense))


def _counts(
    layer: Layer,
    parameters: Size,
    connections: Size,
    weighted: Size,
    reading: Size,
    biased: tuple[Size, Size],
    macs: Size,
) -> dict[str, Size]:
    """The counts of a layer of which `reading` units have a connection.

    `biased` is how many units have a bias, and how many have a bias or a connection.
    """
    reduction, edges = layer.reduction, connections
    if reduction == PAIRED:  # one multiplication takes an edge from either row
        connections = weighted = simplest(layer.joints[0].wiring.connections)
    joined = simplest(connections - reading)  # how often a value joins those before it
    means = reading if any(isinstance(j.tying, Mean) for j in layer.joints) else 0
    biases, either = biased
    return {
        "parameters": parameters,
        "connections": edges,
        "multiply_adds": weighted,
        "macs": macs,
        "multiplications": simplest(weighted + means + (joined if reduction == PRODUCT else 0)),
        "additions": simplest(connections + biases - either) if _adds(layer) else biases,
        "comparisons": joined if reduction == MAX else 0,
        "evaluations": 0 if _combines(layer) else layer.target.size,
        "activations": layer.target.size,
    }


def _combines(layer: Layer) -> bool:
    return _adds(layer) or layer.reduction in (MAX, PRODUCT)


def _adds(layer: Layer) -> bool:
    return layer.reduction.linear or layer.reduction == PAIRED


def _weighted(joint: Joint) -> Size:
    """How many connections carry a parameter, or a number other than 1."""
    tying = joint.tying
    if isinstance(tying, Explicit):
        return simplest(joint.wiring.connections - tying.carrying(sp.S.One))
    plain_copy = isinstance(tying, Constant) and tying.value == 1
    return 0 if plain_copy or isinstance(tying, Mean) else joint.wiring.connections


def _biased(layer: Layer, reading: Size) -> tuple[Size, Size]:
    """How many units have a bias, and how many have one or a connection, which so many have."""
    if layer.bias is None:
        return 0, reading
    tying, units = layer.bias.tying, layer.target.size
    if not isinstance(tying, Explicit):
        return units, units
    zeros = tying.numbered(sp.S.Zero)
    if not zeros:
        return units, units
    has = ~np.isin(tying.labels, zeros)
    biases, either = int(np.count_nonzero(has)), has.copy()
    for wiring in (joint.wiring for joint in layer.joints):
        if isinstance(wiring, Listed):
            either |= np.diff(wiring.start) > 0
        else:
            reads = [axis.fan_in() > 0 for axis in wiring.axes]
            either |= np.asarray(reduce(np.logical_and.outer, reads)).ravel()
    return biases, int(np.count_nonzero(either))


def _reading(layer: Layer) -> Size:
    """How many units have a connection at all."""
    if not layer.joints:
        return 0
    if any(isinstance(joint.wiring, Product) and joint.wiring.copies for joint in layer.joints):
        return layer.target.size
    if not layer.symbolic:
        return int(layer.target.size) - int(fan_in(layer.joints).get(0, 0))
    if is_concat(layer):
        return layer.target.size
    found: list[Size] = []
    for wiring in (joint.wiring for joint in layer.joints):
        assert isinstance(wiring, Product)
        each = [reading(axis) for axis in wiring.axes]
        if all(size is not None for size in each):
            found.append(product(size for size in each if size is not None))
    everything = layer.target.size
    if any(sp.expand(size - everything) == 0 for size in found):
        return everything
    if len(found) == len(layer.joints) == 1:
        return simplest(found[0])
    raise ConvgraphError(
        f"{layer.spec}: how many units of row {layer.target.name!r} have a connection has no "
        "closed form for these symbols; bind the network to numbers, or give the kernel numbers"
    )


def _added(counts: Iterable[Counts]) -> dict[str, Size]:
    parts = list(counts)
    return {name: summed(getattr(c, name) for c in parts) for name in Counts.__dataclass_fields__}

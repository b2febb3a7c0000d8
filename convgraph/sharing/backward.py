"""The backward network: the edges of a network reversed, on the way from output gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.arrays import Array
from convgraph.core.errors import ConvgraphError
from convgraph.core.evaluate import layer_edges
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, SUM, Reduction
from convgraph.core.tying import Constant, Explicit
from convgraph.core.window import identity
from convgraph.core.wiring import Listed, Product
from convgraph.sharing.reversal import reversed_connections

__all__ = ["Backward", "backward", "edge_derivatives", "gradient_prefix", "put_in", "unit_symbols"]


@dataclass(frozen=True)
class Backward:
    """The spec of a reversed layer: it computes the gradient of this row."""

    row: str


def backward(network: Network) -> Network:
    """The network that carries the gradients of the outputs back to the inputs.

    Where a layer is linear its edges keep their labels. Where it is not, they carry the derivative
    as well, in symbols named as the units of the forward network.
    """
    prefix = gradient_prefix(network)
    ends = {row.name for row in network.outputs}
    readers: dict[str, list[tuple[Layer, int]]] = {}
    for layer in network.layers:
        for number, joint in enumerate(layer.joints):
            readers.setdefault(joint.source.name, []).append((layer, number))
    given: list[Row] = []
    computed: list[Row] = []
    layers: list[Layer] = []
    gradients: dict[str, Row] = {}
    for row in reversed(network.rows):
        joints = [
            _reversed(network, layer, number, gradients[layer.target.name])
            for layer, number in readers.get(row.name, [])
            if layer.target.name in gradients
        ]
        own = _gradient_row(row, prefix)
        if row.name in ends:
            given.append(own)
            gradients[row.name] = own
            if not joints:
                continue
            # an output that other layers read has both its own gradient and theirs
            joints.insert(0, _copy(own))
            own = Row(own.name + "'", row.shape, row.channels, _marked(own))
        elif not joints:
            continue
        computed.append(own)
        layers.append(Layer(Backward(row.name), tuple(joints), own, SUM))
        gradients[row.name] = own
    starts = [gradients[row.name] for row in network.inputs if row.name in gradients]
    if not starts or not layers:
        raise ConvgraphError("network: no input reaches an output, so that there is no gradient")
    return Network.of([*given, *computed], layers, given, starts)


def gradient_prefix(network: Network) -> str:
    """What goes before the names of rows to name their gradients: "d", unless that is taken."""
    taken = {row.name for row in network.rows}
    for row in network.rows:
        taken.update(row.given or ())
    prefix = "d"
    while any(prefix + name in taken for name in taken):
        prefix += "_"
    return prefix


def unit_symbols(row: Row) -> NDArray[Any]:
    """A symbol for each unit of a row, of the unit's name."""
    symbols = np.empty(int(row.size), object)
    symbols[:] = [sp.Symbol(unit) for unit in row.units()]
    return symbols


def edge_derivatives(network: Network, layer: Layer) -> NDArray[Any] | None:
    """The derivative of a unit by what each of its edges brings, in symbols of the units.

    None for a linear layer, where they are 1.
    """
    if layer.reduction.linear:
        return None
    start, source, label = layer_edges(network, layer)
    units = np.concatenate([unit_symbols(row) for row in network.rows])
    labels = np.array(network.labels.pick(np.unique(label).tolist()), object)
    terms = (labels[np.searchsorted(np.unique(label), label)] * units[source]).tolist()
    result = np.empty(len(terms), object)
    if layer.reduction == MAX:
        for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
            result[low:high] = _steps(terms[low:high])
        return result
    partial: dict[int, tuple[Sequence[sp.Dummy], Sequence[sp.Expr]]] = {}
    for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        if high - low not in partial:
            partial[high - low] = _partial(layer.reduction, high - low)
        dummies, derivatives = partial[high - low]
        values = dict(zip(dummies, terms[low:high], strict=True))
        result[low:high] = [put_in(derivative, values) for derivative in derivatives]
    return result


def _steps(values: list[sp.Expr]) -> list[sp.Expr]:
    """The derivatives of a maximum: 1 for the first of the greatest values, else 0.

    They add up to 1 at ties, too, which copies of one unit have everywhere. Heaviside's second
    argument is its value at 0.
    """
    steps = []
    for i, value in enumerate(values):
        before, after = values[:i], values[i + 1 :]
        first = sp.Heaviside(value - MAX.exact(before), 0) if before else sp.S.One
        least = sp.Heaviside(value - MAX.exact(after), 1) if after else sp.S.One
        steps.append(first * least)
    return steps


def _partial(reduction: Reduction, terms: int) -> tuple[Sequence[sp.Dummy], Sequence[sp.Expr]]:
    """The partial derivatives of a reduction of so many terms, in dummies for the terms."""
    # of complex numbers an absolute value has no derivative
    dummies = [sp.Dummy(f"t{i}", real=True) for i in range(terms)]
    value = reduction.exact(dummies)
    return dummies, [sp.diff(value, dummy) for dummy in dummies]


def put_in(expression: sp.Expr, values: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """An expression with values for symbols, in unknown functions' derivatives too."""
    # xreplace is many times faster, but it would differentiate by an expression
    return expression.subs(values) if expression.has(sp.Derivative) else expression.xreplace(values)


def _reversed(network: Network, layer: Layer, number: int, gradient: Row) -> Joint:
    """The edges of one joint of a layer, reversed: from the gradient of what it computes."""
    joint = layer.joints[number]
    if layer.reduction.linear:
        turned = reversed_connections(joint.wiring, joint.tying)
        if turned is not None:
            return Joint(gradient, *turned)
    inputs, outputs = int(np.prod(joint.source.numbers())), int(np.prod(layer.target.numbers()))
    count = int(joint.wiring.connections)
    memory.require("edges", count, 400)
    start, source, label = layer_edges(network, layer)
    first = network.offsets[joint.source.name]
    mine = _edges_of_joint(layer, number, np.diff(start))
    labels = np.array(network.labels.pick(label[mine].tolist()), object)
    derivatives = edge_derivatives(network, layer)
    if derivatives is not None:
        labels = labels * derivatives[mine]
    target = np.repeat(np.arange(outputs), np.diff(start))[mine]
    reads = source[mine].astype(np.int64) - first
    order = np.argsort(reads, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(reads, minlength=inputs))])
    expressions = list(dict.fromkeys(labels.tolist()))
    position = {expression: i for i, expression in enumerate(expressions)}
    numbers = np.array([position[label] for label in labels[order].tolist()], np.int64)
    wiring = Listed(outputs, inputs, starts, target[order])
    arrays = tuple(array for array in network.labels.arrays if isinstance(array, Array))
    return Joint(gradient, wiring, Explicit(numbers, tuple(expressions), arrays))


def _edges_of_joint(layer: Layer, number: int, fan_in: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which edges of a layer belong to one of its joints; each unit's come joint by joint."""
    mine = np.zeros(int(fan_in.sum()), bool)
    at = np.concatenate([[0], np.cumsum(fan_in)[:-1]])
    for other, joint in enumerate(layer.joints):
        degrees = _degrees(joint)
        if other == number:
            for offset in range(int(degrees.max(initial=0))):
                mine[(at + offset)[degrees > offset]] = True
        at = at + degrees
    return mine


def _degrees(joint: Joint) -> NDArray[np.int64]:
    if isinstance(joint.wiring, Listed):
        return np.diff(joint.wiring.start)
    degrees = np.ones((), np.int64)
    for axis in joint.wiring.axes:
        degrees = np.multiply.outer(degrees, axis.fan_in())
    return degrees.ravel()


def _gradient_row(row: Row, prefix: str) -> Row:
    given = None if row.given is None else tuple(prefix + unit for unit in row.given)
    return Row(prefix + row.name, row.shape, row.channels, given)


def _marked(row: Row) -> tuple[str, ...] | None:
    return None if row.given is None else tuple(unit + "'" for unit in row.given)


def _copy(row: Row) -> Joint:
    return Joint(row, Product(tuple(identity(size) for size in row.shape)), Constant())

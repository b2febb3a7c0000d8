"""Values of a network's units: in numbers, or exactly in sympy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.along_axes import through_axes
from convgraph.core.edges import interleaved, joint_edges
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.labels import Labels

if TYPE_CHECKING:
    from convgraph.core.layer import Layer, Row
    from convgraph.core.network import Network

__all__ = [
    "evaluate",
    "expressions",
    "input_symbols",
    "input_values",
    "label_values",
    "layer_edges",
    "reduced",
    "unit_values",
]


LARGEST_BLOCK = 2**24
"""Edges times inputs that are evaluated at once: values of 128 MB."""


def evaluate(network: Network, x: Any, parameters: Mapping[str, Any]) -> Any:
    """See `Network.evaluate`."""
    if not isinstance(parameters, Mapping):
        raise ConvgraphError(f"parameters={parameters!r}: a dict from names or letters to numbers")
    _require_values(network)
    given, batch = input_values(network, x, batches=True)
    parameters = {**network.weights, **parameters}
    exact = any(values.dtype == object for values in given)
    labels = label_values(network.labels, parameters, exact)
    exact = exact or labels.dtype == object
    several = 1
    if batch is not None and not exact:
        edges = sum(int(layer.connections) for layer in network.layers)
        several = LARGEST_BLOCK // max(edges, 1)
    if batch is not None and several > 1:
        blocks = [
            _rows(network, _all_values(network, [v[i : i + several] for v in given], labels))
            for i in range(0, batch, several)
        ]
    else:
        inputs = [given] if batch is None else [[v[i] for v in given] for i in range(batch)]
        ways = _rows_of_objects if exact else _through_layers
        blocks = [ways(network, single, labels) for single in inputs]
    results = {}
    for row in network.outputs:
        own = [block[row.name].T.reshape(-1, int(row.size)) for block in blocks]
        found = np.concatenate(own) if own else np.empty(0, np.int64)
        results[row.name] = found.reshape(*(() if batch is None else (batch,)), *row.numbers())
    return next(iter(results.values())) if len(results) == 1 else results


def _rows(network: Network, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The values of all units, row by row."""
    first = network.offsets
    return {
        row.name: values[first[row.name] : first[row.name] + int(row.size)] for row in network.rows
    }


def _rows_of_objects(
    network: Network, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    return _rows(network, _all_values(network, given, labels))


def _through_layers(
    network: Network, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """The values of all rows in numbers; only what has to be is done edge by edge."""
    kind = np.result_type(*given, labels)
    rows = {row.name: array.ravel() for row, array in zip(network.inputs, given, strict=True)}
    last = {joint.source.name: layer for layer in network.layers for joint in layer.joints}
    kept = {row.name for row in network.outputs}
    for layer in network.layers:
        made = through_axes(layer, rows, network.labels, labels)
        made = _edge_by_edge(network, layer, rows, labels) if made is None else made
        rows[layer.target.name] = made.astype(np.result_type(made, kind), copy=False)
        for name in {joint.source.name for joint in layer.joints} - kept:
            if last[name] is layer:
                del rows[name]
    return rows


def _edge_by_edge(
    network: Network, layer: Layer, rows: Mapping[str, NDArray[Any]], labels: NDArray[Any]
) -> NDArray[Any]:
    """The values of one layer, whose edges are listed for it alone."""
    biases = labels[network.bias_numbers(layer)] if layer.bias is not None else None
    if not layer.joints:  # a row of constants reads nothing
        none = np.empty(0, np.int64)
        start = np.zeros(int(layer.target.size) + 1, np.int64)
        return reduced(layer, (start, none, none), np.zeros(0, labels.dtype), labels, biases)
    memory.require("edges", int(layer.connections), 2 * 16 if len(layer.joints) > 1 else 16)
    first, at = {}, 0
    for name in dict.fromkeys(joint.source.name for joint in layer.joints):
        first[name], at = at, at + len(rows[name])
    pieces = [
        joint_edges(j.wiring, j.tying, network.labels, first[j.source.name], np.int64, np.int64)
        for j in layer.joints
    ]
    counts, source, label = pieces[0] if len(pieces) == 1 else interleaved(pieces)
    start = np.concatenate([[0], np.cumsum(counts)])
    values = np.concatenate([rows[name] for name in first])
    return reduced(layer, (start, source, label), values, labels, biases)


def _all_values(
    network: Network, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> NDArray[Any]:
    """The values of all units; those of a batch stand side by side, along a second axis."""
    rows = list(zip(network.inputs, given, strict=True))
    columns = [array.shape[: array.ndim - len(row.shape)] for row, array in rows]
    shape = len(network.edges.start) - 1, *next(iter(columns), ())
    values = np.zeros(shape, np.result_type(*given, labels))
    for row, array in rows:
        _put(values, network, row, array.reshape(*shape[1:], int(row.size)).T)
    for layer in network.layers:
        result = _layer_values(network, layer, values, labels)
        if np.result_type(result, values) != values.dtype:
            values = values.astype(np.result_type(result, values))
        _put(values, network, layer.target, result)
    return values


def _require_values(network: Network) -> None:
    """Refuse before anything is computed what cannot be at the end."""
    for row in network.rows:
        memory.require("units", int(np.prod(row.numbers(), dtype=object)), 8)
    for layer in network.layers:
        if not layer.reduction.known:
            raise ConvgraphError(
                f"operator={layer.reduction.name!r}: its values are not known, "
                f"only its connections; it computes {layer.target.name!r}"
            )


def input_symbols(network: Network) -> dict[str, sp.Symbol]:
    """A sympy symbol for each input unit, of the unit's name."""
    return {unit: sp.Symbol(unit) for row in network.inputs for unit in row.units()}


def expressions(network: Network, row: str | None = None) -> dict[str, sp.Expr]:
    """See `Network.expressions`."""
    wanted = [network.row(row)] if row is not None else list(network.outputs)
    values = unit_values(network)
    result: dict[str, sp.Expr] = {}
    for each in wanted:
        first = network.offsets[each.name]
        result.update(zip(each.units(), values[first : first + int(each.size)], strict=True))
    return result


def unit_values(network: Network, labels: Sequence[sp.Expr] | None = None) -> NDArray[Any]:
    """All units in sympy, rows one after the other, in inputs and parameters (or other labels)."""
    _require_values(network)
    units = sum(int(row.size) for row in network.rows)
    memory.require("units and labels", units + len(network.labels), 600)  # a symbol for each
    values = np.zeros(len(network.edges.start) - 1, object)
    symbols = list(input_symbols(network).values())
    values[: len(symbols)] = symbols
    carried = np.empty(len(network.labels), object)
    carried[:] = list(network.labels if labels is None else labels)
    for layer in network.layers:
        _put(values, network, layer.target, _layer_values(network, layer, values, carried))
    return values


def _put(values: NDArray[Any], network: Network, row: Row, new: NDArray[Any]) -> None:
    first = network.offsets[row.name]
    values[first : first + len(new)] = new


def layer_edges(
    network: Network, layer: Layer
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """The edges of one layer: (where each unit's start, source units, labels), as numbers."""
    edges = network.edges
    first = network.offsets[layer.target.name]
    start = edges.start[first : first + int(layer.target.size) + 1]
    part = slice(int(start[0]), int(start[-1]))
    return start - start[0], edges.source[part], edges.label[part]


def reduced(
    layer: Layer,
    edges: tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]],
    values: NDArray[Any],
    labels: NDArray[Any],
    biases: NDArray[Any] | None,
) -> NDArray[Any]:
    """What the units of a layer make of the edges that enter them (as `layer_edges` gives them).

    `values` are those of the source units, `labels` those of all labels; both may be objects.
    """
    exact = object in (values.dtype, labels.dtype)
    result = (_exactly if exact else _fast)(layer, edges, values, labels)
    return result if biases is None else result + _beside(biases, result)


def _beside(numbers: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Numbers that go with the first axis of values, whether these have one more or not."""
    return numbers.reshape(-1, *(1,) * (values.ndim - 1))


def _fast(
    layer: Layer,
    edges: tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]],
    values: NDArray[Any],
    labels: NDArray[Any],
) -> NDArray[Any]:
    start, source, label = edges
    if not layer.reduction.linear:
        read = values[source]
        return layer.reduction.fast(_beside(labels[label], read) * read, start)
    import scipy.sparse as sparse

    shape = (len(start) - 1, len(values))
    result: NDArray[Any] = sparse.csr_array((labels[label], source, start), shape=shape) @ values
    return result


def _exactly(
    layer: Layer,
    edges: tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]],
    values: NDArray[Any],
    labels: NDArray[Any],
) -> NDArray[Any]:
    start, source, label = edges
    memory.require("terms", len(source), 400)  # of two factors each
    terms = (labels[label] * values[source]).tolist()
    reduce = layer.reduction.exact
    result = np.empty(len(start) - 1, object)
    for i, (lo, hi) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        result[i] = reduce(terms[lo:hi])
    return result


def _layer_values(
    network: Network, layer: Layer, values: NDArray[Any], labels: NDArray[Any]
) -> NDArray[Any]:
    biases = labels[network.bias_numbers(layer)] if layer.bias is not None else None
    return reduced(layer, layer_edges(network, layer), values, labels, biases)


def input_values(
    network: Network, x: Any, batches: bool = False
) -> tuple[list[NDArray[Any]], int | None]:
    """The arrays of the inputs, in their order, checked, and how many each is if it is a batch."""
    rows = network.inputs
    if isinstance(x, Mapping):
        for name in x:
            if name not in {row.name for row in rows}:
                raise ConvgraphError(
                    f"x[{name!r}]: no input row{nearest(name, [r.name for r in rows])}"
                )
        missing = [row.name for row in rows if row.name not in x]
        if missing:
            raise ConvgraphError(f"x: no values for the input rows {', '.join(missing)}")
        arrays = [_array(f"x[{row.name!r}]", x[row.name]) for row in rows]
    elif len(rows) == 1:
        arrays = [_array("x", x)]
    else:
        raise ConvgraphError(
            f"x: a dict of arrays, one for each of the inputs {[r.name for r in rows]}"
        )
    counts: set[int | None] = set()
    for row, array in zip(rows, arrays, strict=True):
        shape = row.numbers()
        batched = batches and array.ndim == len(shape) + 1 and array.shape[1:] == shape
        if array.shape != shape and not batched:
            rule = "; an axis before it is a batch" if batches else ""
            raise ConvgraphError(
                f"x of shape {array.shape}: row {row.name!r} has the shape {shape}{rule}"
            )
        counts.add(len(array) if batched else None)
    if len(counts) > 1:
        shapes = ", ".join(f"{r.name} {a.shape}" for r, a in zip(rows, arrays, strict=True))
        raise ConvgraphError(f"x of the shapes {shapes}: all are batches of one size, or none is")
    return arrays, next(iter(counts), None)


def _array(argument: str, values: Any) -> NDArray[Any]:
    """What a user gives as an array of numbers that hold it, or of objects."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ConvgraphError(f"{argument}: lists of different lengths are no array") from None
    if array.dtype.kind not in "iufbO":
        raise ConvgraphError(f"{argument} of type {array.dtype}: numbers or sympy expressions")
    if array.dtype.kind == "O":
        for value in array.ravel().tolist():
            real = hasattr(value, "__float__") and not isinstance(value, np.complexfloating)
            if not real and not isinstance(value, sp.Expr):
                raise ConvgraphError(f"{argument} with {value!r}: numbers or sympy expressions")
    elif array.dtype.kind == "f":  # sums of numbers of 16 bits need not have 16
        return array.astype(np.float32) if array.dtype.itemsize < 4 else array
    elif array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        return array.astype(object)
    else:
        return array.astype(np.int64)
    return array


def label_values(labels: Labels, parameters: Mapping[str, Any], exact: bool) -> NDArray[Any]:
    """The value of every label: exact objects, or numbers of a type that holds them all."""
    learned: list[NDArray[Any]] = []
    rest = {str(name): value for name, value in parameters.items()}
    named: dict[int, Any] = {}
    whole: dict[str, NDArray[Any]] = {}
    for name, value in rest.items():
        array = next((a for a in labels.arrays if a.letter == name and name), None)
        given = _array(f"parameters[{name!r}]", value)
        if array is not None:
            if given.size != len(array):
                raise ConvgraphError(
                    f"parameters[{name!r}] of shape {given.shape}: "
                    f"{name} has the shape {array.shape}"
                )
            whole[name] = given.ravel()
            continue
        position = labels.find(name)
        if position is None:
            raise ConvgraphError(
                f"parameters[{name!r}]: no such parameter{nearest(name, _some(labels))}"
            )
        named[position] = value
    at = 0
    for array in labels.arrays:
        if array.letter in whole:
            learned.append(_changed(whole[array.letter], at, named))
        else:
            missing = [p for p in range(at, at + len(array)) if p not in named]
            if missing:
                few = ", ".join(map(str, labels.pick(missing[:4])))
                more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
                raise ConvgraphError(f"parameters: no value for {few}{more}")
            values = [named[p] for p in range(at, at + len(array))]
            learned.append(np.asarray(values) if values else np.empty(0, np.int64))
        at += len(array)
    exact = exact or any(values.dtype == object for values in learned)
    known = np.concatenate([np.empty(0, np.int64), *learned])
    return np.concatenate([known, _numbers(_settled(labels, known), exact)])


def _changed(values: NDArray[Any], start: int, named: Mapping[int, Any]) -> NDArray[Any]:
    """The values of an array, with those in place that were given entry by entry."""
    own = {p - start: value for p, value in named.items() if start <= p < start + len(values)}
    if own:
        values = values.astype(np.result_type(values, *map(np.asarray, own.values())))
        values[list(own)] = list(own.values())
    return values


def _settled(labels: Labels, values: NDArray[Any]) -> list[sp.Expr]:
    """The labels that are not single parameters, with the parameters' values put in."""
    free = {symbol for label in labels.numbers for symbol in label.free_symbols}
    if not free:
        return list(labels.numbers)
    known = {symbol: sp.sympify(values[labels.find(symbol.name)]) for symbol in free}
    return [label.xreplace(known) for label in labels.numbers]


def _numbers(numbers: Iterable[sp.Expr], exact: bool) -> NDArray[Any]:
    values = list(numbers)
    if exact:
        result = np.empty(len(values), object)
        result[:] = values
        return result
    if all(value.is_Integer for value in values):
        if any(abs(value) >= 2**63 for value in values):
            return _numbers(values, exact=True)
        return np.array([int(value) for value in values], np.int64)
    try:
        return np.array([float(value) for value in values])
    except TypeError:
        strange = next(v for v in values if not (v.is_number and v.is_comparable))
        raise ConvgraphError(
            f"label={strange}: it has no value in numbers, as it is of a function that is not known"
        ) from None


def _some(labels: Labels) -> list[str]:
    return [a.letter for a in labels.arrays if a.letter] + [
        str(s) for s in labels[: min(labels.parameters, 500)]
    ]

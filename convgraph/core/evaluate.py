"""Values of a network's units: in numbers, or exactly in sympy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.along_axes import through_axes
from convgraph.core.checks import as_parameters
from convgraph.core.edges import interleaved, joint_edges
from convgraph.core.errors import ConvgraphError
from convgraph.core.expression_lengths import Lengths
from convgraph.core.given_values import input_values, label_values
from convgraph.core.overflow import OverflowingError, Rounded, require_bits
from convgraph.core.reduction import MEAN, PAIRED, PRODUCT, SUM, Reduction

if TYPE_CHECKING:
    from convgraph.core.layer import Layer, Row
    from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = [
    "evaluate",
    "expressions",
    "input_symbols",
    "layer_edges",
    "reduced",
    "unit_values",
]


LARGEST_BLOCK = 2**24
"""Edges times inputs that are evaluated at once: values of 128 MB."""


def evaluate(network: RowsAndLayers, x: Any, parameters: Mapping[str, Any]) -> Any:
    """See `Network.evaluate`."""
    parameters = as_parameters(parameters)
    _require_values(network)
    given, batch = input_values(network, x, batches=True)
    parameters = {**network.weights, **parameters}
    exact = any(values.dtype == object for values in given)
    labels = label_values(network.labels, parameters, exact)
    exact = exact or labels.dtype == object
    try:
        blocks = _blocks(network, given, labels, batch, exact)
    except OverflowingError:
        given = [values.astype(object) for values in given]
        labels = label_values(network.labels, parameters, exact=True)
        blocks = _blocks(network, given, labels, batch, exact=True)
    results = {}
    for row in network.outputs:
        own = [block[row.name].T.reshape(-1, int(row.size)) for block in blocks]
        found = np.concatenate(own) if own else np.empty(0, np.int64)
        results[row.name] = found.reshape(*(() if batch is None else (batch,)), *row.numbers())
    return next(iter(results.values())) if len(results) == 1 else results


def _blocks(
    network: RowsAndLayers,
    given: Sequence[NDArray[Any]],
    labels: NDArray[Any],
    batch: int | None,
    exact: bool,
) -> list[dict[str, NDArray[Any]]]:
    """The values of the rows, for a part of the batch each."""
    several = 1
    if batch is not None and not exact:
        edges = int(network.connection_count)
        several = LARGEST_BLOCK // max(edges, 1)
    if batch is not None and several > 1:
        return [
            _rows(network, _all_values(network, [v[i : i + several] for v in given], labels))
            for i in range(0, batch, several)
        ]
    inputs = [given] if batch is None else [[v[i] for v in given] for i in range(batch)]
    ways = _rows_of_objects if exact else _through_layers
    return [ways(network, single, labels) for single in inputs]


def _rows(network: RowsAndLayers, values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The values of all units, row by row."""
    first = network.offsets
    return {
        row.name: values[first[row.name] : first[row.name] + int(row.size)] for row in network.rows
    }


def _rows_of_objects(
    network: RowsAndLayers, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    return _rows(network, _all_values(network, given, labels))


def _through_layers(
    network: RowsAndLayers, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """The values of all rows in numbers; only what has to be is done edge by edge."""
    kind = np.result_type(*given, labels)
    rows = {row.name: array.ravel() for row, array in zip(network.inputs, given, strict=True)}
    last = {joint.source.name: layer for layer in network.layers for joint in layer.joints}
    kept = {row.name for row in network.outputs}
    for layer in network.layers:
        made = _held(network, layer, rows, labels)
        rows[layer.target.name] = made.astype(np.result_type(made, kind), copy=False)
        for name in {joint.source.name for joint in layer.joints} - kept:
            if last[name] is layer:
                del rows[name]
    return rows


def _values_of(
    network: RowsAndLayers, layer: Layer, rows: Mapping[str, NDArray[Any]], labels: NDArray[Any]
) -> NDArray[Any]:
    made = through_axes(layer, rows, network.labels, labels)
    return _edge_by_edge(network, layer, rows, labels) if made is None else made


def _held(
    network: RowsAndLayers, layer: Layer, rows: Mapping[str, NDArray[Any]], labels: NDArray[Any]
) -> NDArray[Any]:
    """The values of a layer, if their type holds them."""
    sources = {joint.source.name: rows[joint.source.name] for joint in layer.joints}

    def again(rounded: Rounded) -> NDArray[Any]:
        numbers = {name: rounded(values) for name, values in sources.items()}
        return _values_of(network, layer, numbers, rounded(labels))

    require_bits(layer, list(sources.values()), labels, again)
    return _values_of(network, layer, rows, labels)


def _edge_by_edge(
    network: RowsAndLayers, layer: Layer, rows: Mapping[str, NDArray[Any]], labels: NDArray[Any]
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
    network: RowsAndLayers, given: Sequence[NDArray[Any]], labels: NDArray[Any]
) -> NDArray[Any]:
    """The values of all units; those of a batch stand side by side, along a second axis."""
    rows = list(zip(network.inputs, given, strict=True))
    columns = [array.shape[: array.ndim - len(row.shape)] for row, array in rows]
    shape = len(network.edges.start) - 1, *next(iter(columns), ())
    values = np.zeros(shape, np.result_type(*given, labels))
    for row, array in rows:
        _put(values, network, row, array.reshape(*shape[1:], int(row.size)).T)
    for layer in network.layers:
        result = _all_held(network, layer, values, labels)
        if np.result_type(result, values) != values.dtype:
            values = values.astype(np.result_type(result, values))
        _put(values, network, layer.target, result)
    return values


def _all_held(
    network: RowsAndLayers, layer: Layer, values: NDArray[Any], labels: NDArray[Any]
) -> NDArray[Any]:
    """The values of a layer for a batch, if their type holds them."""

    def again(rounded: Rounded) -> NDArray[Any]:
        return _layer_values(network, layer, rounded(values), rounded(labels))

    require_bits(layer, [values], labels, again)
    return _layer_values(network, layer, values, labels)


def _require_values(network: RowsAndLayers) -> None:
    """Refuse before anything is computed what cannot be at the end."""
    for row in network.rows:
        memory.require("units", int(np.prod(row.numbers(), dtype=object)), 8)
    for layer in network.layers:
        if not layer.reduction.known:
            raise ConvgraphError(
                f"operator={layer.reduction.name!r}: its values are not known, "
                f"only its connections; it computes {layer.target.name!r}"
            )


def input_symbols(network: RowsAndLayers) -> dict[str, sp.Symbol]:
    """A sympy symbol for each input unit, of the unit's name."""
    return {unit: sp.Symbol(unit) for row in network.inputs for unit in row.units()}


def expressions(network: RowsAndLayers, row: str | None = None) -> dict[str, sp.Expr]:
    """See `Network.expressions`."""
    wanted = [network.row(row)] if row is not None else list(network.outputs)
    values = unit_values(network)
    result: dict[str, sp.Expr] = {}
    for each in wanted:
        first = network.offsets[each.name]
        result.update(zip(each.units(), values[first : first + int(each.size)], strict=True))
    return result


def unit_values(network: RowsAndLayers, labels: Sequence[sp.Expr] | None = None) -> NDArray[Any]:
    """All units in sympy, rows one after the other, in inputs and parameters (or other labels)."""
    _require_values(network)
    units = sum(int(row.size) for row in network.rows)
    memory.require("units and labels", units + len(network.labels), 600)  # a symbol for each
    values = np.zeros(len(network.edges.start) - 1, object)
    symbols = list(input_symbols(network).values())
    values[: len(symbols)] = symbols
    carried = np.empty(len(network.labels), object)
    carried[:] = list(network.labels if labels is None else labels)
    lengths = Lengths(network)
    for layer in network.layers:
        through = layer.reduction not in (SUM, MEAN, PRODUCT, PAIRED)
        lengths.add(layer, layer_edges(network, layer), through)
        _put(values, network, layer.target, _layer_values(network, layer, values, carried))
    return values


def _put(values: NDArray[Any], network: RowsAndLayers, row: Row, new: NDArray[Any]) -> None:
    first = network.offsets[row.name]
    values[first : first + len(new)] = new


def layer_edges(
    network: RowsAndLayers, layer: Layer
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
        return _reduced_terms(layer.reduction, _beside(labels[label], read) * read, start)
    import scipy.sparse as sparse

    shape = (len(start) - 1, len(values))
    result: NDArray[Any] = sparse.csr_array((labels[label], source, start), shape=shape) @ values
    return result


def _reduced_terms(
    reduction: Reduction, terms: NDArray[Any], start: NDArray[np.int64]
) -> NDArray[Any]:
    """What a reduction makes of runs of terms, of which those of a batch stand side by side."""
    if terms.ndim == 1 or reduction.elementary or reduction == PAIRED:
        return reduction.fast(terms, start)
    count, batch = terms.shape
    units = len(start) - 1
    if not batch:
        return np.zeros((units, 0), terms.dtype)
    starts = np.append(np.add.outer(count * np.arange(batch), start[:-1]), count * batch)
    return reduction.fast(terms.T.ravel(), starts).reshape(batch, units).T


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
    network: RowsAndLayers, layer: Layer, values: NDArray[Any], labels: NDArray[Any]
) -> NDArray[Any]:
    biases = labels[network.bias_numbers(layer)] if layer.bias is not None else None
    return reduced(layer, layer_edges(network, layer), values, labels, biases)

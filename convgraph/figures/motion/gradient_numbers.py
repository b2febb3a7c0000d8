"""The gradient of one unit in numbers, layer by layer from the outputs back.

What the reversed graph says in symbols is computed here where all derivatives are known functions
of few numbers (reverse accumulation; Linnainmaa, 1970): symbols of each edge take too long for
networks of thousands of units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.edges import interleaved, joint_edges
from convgraph.core.given_values import label_values
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, SUM, Reduction
from convgraph.sharing.backward import Backward
from convgraph.sharing.reversal import reversed_connections

__all__ = ["gradient_numbers"]

MOST_TERMS = 32  # of a unit that is no sum: as many derivatives are found in symbols, once for all

Numbers = NDArray[Any]


def gradient_numbers(
    network: Network, unit: str, rows: Mapping[str, Numbers], arrays: Mapping[str, Numbers]
) -> dict[str, Numbers] | None:
    """The gradient of a unit of an output by each unit of each row that leads to an output.

    None where a unit on the way is neither a sum nor a maximum nor a function of few numbers, or
    where a derivative is no number.
    """
    start, place = network.find(unit)
    found = {row.name: np.zeros(row.numbers()) for row in network.outputs}
    found[start.name][place] = 1.0
    labels = label_values(network.labels, dict(arrays), exact=False).astype(np.float64)
    for layer in reversed(network.layers):
        if layer.target.name not in found:
            continue
        gradient = found[layer.target.name].ravel()
        parts = _linear(layer, gradient, arrays) if layer.reduction.linear else None
        if parts is None:
            parts = _edge_by_edge(network, layer, gradient, rows, labels)
        if parts is None:
            return None
        for row, part in parts:
            shape = row.numbers()
            found[row.name] = found.get(row.name, np.zeros(shape)) + part.reshape(shape)
    return found


def _linear(
    layer: Layer, gradient: Numbers, arrays: Mapping[str, Numbers]
) -> list[tuple[Row, Numbers]] | None:
    """What the joints of a linear layer carry back, each as the layer that reverses it does."""
    parts = []
    above = Row("above", layer.target.shape, layer.target.channels, None)
    for joint in layer.joints:
        turned = reversed_connections(joint.wiring, joint.tying)
        if turned is None:
            return None
        below = Row("below", joint.source.shape, joint.source.channels, None)
        step = Layer(Backward(below.name), (Joint(above, *turned),), below, SUM)
        back = Network.of([above, below], [step], [above], [below])
        known = {array.letter: arrays[array.letter] for array in back.labels.arrays}
        parts.append(
            (joint.source, np.asarray(back.evaluate(gradient.reshape(above.numbers()), known)))
        )
    return parts


def _edge_by_edge(
    network: Network, layer: Layer, gradient: Numbers, rows: Mapping[str, Numbers], labels: Numbers
) -> list[tuple[Row, Numbers]] | None:
    """What all edges of a layer carry back: the gradient, times the label, times the derivative."""
    if not layer.joints:
        return []
    sources = {joint.source.name: joint.source for joint in layer.joints}
    ends = np.cumsum([0, *(int(row.size) for row in sources.values())]).tolist()
    offsets = dict(zip(sources, ends, strict=False))
    pieces = [
        joint_edges(
            joint.wiring, joint.tying, network.labels, offsets[joint.source.name],
            np.int64, np.int64,
        )
        for joint in layer.joints
    ]  # fmt: skip
    counts, source, label = pieces[0] if len(pieces) == 1 else interleaved(pieces)
    start = np.concatenate([[0], np.cumsum(counts)])
    count = np.diff(start)
    carried = np.repeat(gradient, count) * labels[label]
    if not layer.reduction.linear:
        values = np.concatenate([np.asarray(rows[name], np.float64).ravel() for name in sources])
        terms = labels[label] * values[source]
        if layer.reduction == MAX:
            slopes = _first_greatest(terms, start)
        elif int(count.max(initial=0)) <= MOST_TERMS:
            slopes = _derivatives(layer.reduction, terms, count)
        else:
            return None
        if not np.isfinite(slopes).all():
            return None
        carried = carried * slopes
    whole = np.bincount(source, carried, ends[-1])
    return list(zip(sources.values(), np.split(whole, ends[1:-1]), strict=True))


def _first_greatest(terms: Numbers, start: NDArray[np.int64]) -> Numbers:
    """1 for the first of the greatest of each run, else 0, as the reversed graph has it."""
    count = np.diff(start)
    most = np.repeat(MAX.fast(terms, start), count)
    at = np.where(terms == most, np.arange(len(terms)), len(terms))
    some = count > 0
    found = np.zeros(len(terms))
    found[np.minimum.reduceat(at, start[:-1][some])] = 1.0
    return found


def _derivatives(reduction: Reduction, terms: Numbers, count: NDArray[np.int64]) -> Numbers:
    """The derivative of each unit by each of its terms; NaN where it is no number."""
    found = np.full(len(terms), np.nan)
    first = np.cumsum(count) - count
    for number in np.unique(count[count > 0]).tolist():
        at = first[count == number][:, None] + np.arange(number)
        # ties and constants are met again and again: each set of terms is asked once
        runs, which = np.unique(terms[at], axis=0, return_inverse=True)
        dummies = [sp.Dummy(f"t{i}", real=True) for i in range(number)]
        value = reduction.exact(dummies)
        slopes = [sp.diff(value, dummy) for dummy in dummies]
        if any(each.has(sp.Derivative) or each.free_symbols - set(dummies) for each in slopes):
            return found
        try:
            with np.errstate(all="ignore"):
                made = sp.lambdify(dummies, slopes, ["scipy", "numpy"])(*runs.T)
                columns = [np.broadcast_to(np.float64(each), len(runs)) for each in made]
        except (TypeError, ValueError, NameError, AttributeError):  # what numpy has no function for
            return found
        found[at] = np.stack(columns, axis=1)[which.ravel()]
    return found

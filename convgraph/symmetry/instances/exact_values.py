"""Exact values of a network's output, edge by edge, for several inputs at once.

Parameters are drawn, and numbers are whole; where a mean divides, those of a row are divided by one
number. A function whose values are not whole has another one of whole numbers in its place, always
the same: what holds for every function holds for that one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.evaluate import layer_edges
from convgraph.core.labels import Labels
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, PRODUCT, SUM, Reduction, segments
from convgraph.core.wiring import Product
from convgraph.symmetry.instances.divided_numbers import (
    FITS,
    Divided,
    DividedLabels,
    divided,
    fractions,
    greatest,
    times,
)

__all__ = ["CROPPED_EDGES", "FEW_EDGES", "draw", "is_small", "values"]

FEW_EDGES = 20_000  # are read in milliseconds
CROPPED_EDGES = 1_000_000  # of a network that is cropped to one axis: half a second
LEAST = -(10**9)  # stands for the greatest of nothing, on both sides alike
PRIME = 2_039  # modulo which functions are stood in for: cubes of what is below fit 64 bits
PROBE = np.array([-7, -1, 0, 2, 9])  # of both signs, 0, even and odd: where functions differ


def is_small(network: Network, most: int = FEW_EDGES) -> bool:
    """Whether a network has few edges and parameters."""
    edges = 0
    for layer in network.layers:
        every = sum(_taps(joint) for joint in layer.joints) * int(layer.target.size)
        edges += every if every <= most else int(layer.connections)
        if edges > most:
            return False
    return network.labels.parameters <= most


def _taps(joint: Joint) -> int:
    """How many units one is connected to, at most: to count taps beyond borders takes longer."""
    wiring = joint.wiring
    if isinstance(wiring, Product):
        return math.prod(int(taps) for taps in wiring.taps)
    return int(np.diff(wiring.start).max(initial=0))


def draw(shape: Sequence[int], seed: int) -> NDArray[np.int64]:
    """Whole numbers, none of them 0; not to be written to."""
    return _drawn(tuple(shape), seed)


@lru_cache(maxsize=256)
def _drawn(shape: tuple[int, ...], seed: int) -> NDArray[np.int64]:
    drawn = np.random.default_rng(seed).integers(-49, 49, shape)
    drawn += drawn >= 0
    drawn.flags.writeable = False
    return drawn


def values(
    network: Network, inputs: Sequence[NDArray[Any]], seed: int = 0, bounded: bool = False
) -> list[NDArray[Any]]:
    """The outputs for several inputs, with the same parameters.

    If `bounded`, every pointwise function has another one in its place whose values are small, so
    that those of a deep network do not grow beyond what is quick to compute with.
    """
    (row,) = network.inputs
    (end,) = network.outputs
    labels = _label_values(network.labels, seed)
    found = np.zeros((len(network.edges.start) - 1, len(inputs)), np.int64)
    first, unders = network.offsets[row.name], {row.name: 1}
    found[first : first + int(row.size)] = np.stack([x.ravel() for x in inputs], axis=1)
    for layer in network.layers:
        made = _layer(network, layer, _Values(found, unders), labels, bounded)
        if made.over.dtype == object and found.dtype != object:
            found = found.astype(object)
        first, unders[layer.target.name] = network.offsets[layer.target.name], made.under
        found[first : first + len(made.over)] = made.over
    first, under = network.offsets[end.name], unders[end.name]
    out = found[first : first + int(end.size)]
    out = out if under == 1 else fractions(out, under)
    return [out[:, number].reshape(end.numbers()) for number in range(len(inputs))]


@dataclass(frozen=True)
class _Values:
    """Whole numbers for the units of all rows, and by what those of each row are divided."""

    over: NDArray[Any]
    unders: Mapping[str, int]


def _label_values(labels: Labels, seed: int) -> DividedLabels:
    drawn = draw((labels.parameters,), seed + 1) % 9 - 4
    drawn[drawn == 0] = 5
    known = [_number(e, labels, drawn) for e in labels.numbers]
    over = [each.numerator for each in known]
    kind = np.int64 if max(map(abs, over), default=0) < FITS else object
    numbers = np.concatenate([drawn, np.array(over, kind)]) if over else drawn
    under = [each.denominator for each in known]
    if all(each == 1 for each in under):
        return DividedLabels(numbers, None)
    return DividedLabels(numbers, np.array([1] * len(drawn) + under))


def _number(e: sp.Expr, labels: Labels, drawn: NDArray[np.int64]) -> int | Fraction:
    for symbol in e.free_symbols:
        position = labels.find(symbol.name)
        if position is None:
            raise ConvgraphError(f"{e}: it is not said what {symbol} stands for")
        e = e.xreplace({symbol: sp.Integer(int(drawn[position]))})
    if not e.is_Rational:
        raise ConvgraphError(f"{e}: a number that is not rational")
    return int(e) if e.is_Integer else Fraction(int(e.p), int(e.q))


def _layer(
    network: Network, layer: Layer, found: _Values, labels: DividedLabels, bounded: bool
) -> Divided:
    start, source, label = layer_edges(network, layer)
    carried, read = labels.pick(label), _read(network, layer, found, source)
    fan_in = int(np.diff(start).max(initial=0))
    under = carried.under * read.under
    factors = carried.over[:, None], read.over
    # Python's own integers where the greatest possible sum would not fit 64 bits
    if all(each.dtype != object for each in factors) and (
        layer.reduction == PRODUCT
        or max(math.prod(map(greatest, factors)) * (fan_in + 1), -LEAST * under) > FITS
    ):
        factors = factors[0], factors[1].astype(object)
    terms = factors[0] * factors[1]
    # sums and maxima are those of the numerators; all else needs the fractions themselves
    if under == 1 or layer.reduction.linear or layer.reduction == MAX:
        made = Divided(_reduced(layer.reduction, terms, start, bounded, LEAST * under), under)
    else:
        terms = fractions(terms, under)
        made = divided(_reduced(layer.reduction, terms, start, bounded, LEAST))
    if layer.bias is None:
        return made
    bias = labels.pick(network.bias_numbers(layer))
    under = math.lcm(made.under, bias.under)
    sides = (times(each.over, under // each.under) for each in (made, bias))
    left, right = sides
    return Divided(left + right[:, None], under)


def _read(network: Network, layer: Layer, found: _Values, source: NDArray[Any]) -> Divided:
    """What the edges of a layer read, divided by one number."""
    own = {joint.source.name: found.unders[joint.source.name] for joint in layer.joints}
    under = math.lcm(*own.values())
    read = found.over[source]
    if len(set(own.values())) <= 1:
        return Divided(read, under)
    scale = np.ones(len(found.over), object)
    for name, each in own.items():
        first = network.offsets[name]
        scale[first : first + int(network.row(name).size)] = under // each
    factors = scale[source][:, None]
    return Divided(times(read, factors if under > FITS else factors.astype(np.int64)), under)


def _reduced(
    reduction: Reduction, terms: NDArray[Any], start: NDArray[np.int64], bounded: bool, least: int
) -> NDArray[Any]:
    if reduction.pointwise:
        return _function(reduction, terms, bounded)
    if reduction.linear or reduction == PRODUCT:
        return (PRODUCT if reduction == PRODUCT else SUM).fast(terms, start)
    if reduction == MAX:
        return segments(np.maximum, least)(terms, start)
    return _of_many(reduction, terms, start)


def _function(reduction: Reduction, terms: NDArray[Any], bounded: bool) -> NDArray[Any]:
    if not bounded and _is_whole(reduction):
        flat = terms.ravel()
        return np.asarray(reduction.fast(flat, np.arange(len(flat) + 1))).reshape(terms.shape)
    seed = crc32(reduction.name.encode())
    if terms.dtype == object:
        terms = _codes(terms).astype(np.int64)
    return _stand_in(terms, seed)


@lru_cache(maxsize=256)
def _is_whole(reduction: Reduction) -> bool:
    """Whether a function of whole numbers is known, and has whole values."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(reduction.fast(PROBE, np.arange(len(PROBE) + 1)))
            wide = np.asarray(reduction.fast(PROBE.astype(object), np.arange(len(PROBE) + 1)))
    except (ConvgraphError, TypeError, AttributeError, ValueError):
        return False
    return found.shape == PROBE.shape and found.dtype.kind == "i" and wide.dtype == object


def _stand_in(value: Any, seed: int) -> Any:
    """A function of whole numbers without a symmetry of its own, and not 0 at 0."""
    v = value % PRIME
    square = v * v % PRIME
    return (square * v + seed % 97 * square + seed % 89 * v + seed % 83 + 1) % PRIME - 1_000


def _code(value: Any) -> int:
    """A small whole number for a whole number or a fraction."""
    return (int(value.numerator) + 1_009 * (int(value.denominator) - 1)) % PRIME


_codes = np.frompyfunc(_code, 1, 1)


def _of_many(reduction: Reduction, terms: NDArray[Any], start: NDArray[np.int64]) -> Any:
    """A function of several values, one after the other, of which nothing is known."""
    seed = crc32(reduction.name.encode())
    result = np.zeros((len(start) - 1, terms.shape[1]), object)
    for unit, (low, high) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        for column in range(terms.shape[1]):
            total = 0
            for value in terms[low:high, column].tolist():
                total = _stand_in(31 * total + _code(value), seed)
            result[unit, column] = total
    return result

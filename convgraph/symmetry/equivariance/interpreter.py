"""One walk over the units of a network, for values of any kind.

What a unit does (add, take the greatest, multiply, apply a function) is told apart here and nowhere
else; an algebra says what that comes to for its values: leading terms, intervals, expressions,
polynomials. The two sides of an equation f(g x) = g f(x) are two such walks.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.function import Function
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, PRODUCT
from convgraph.symmetry.equivariance.layer_edges import Cone, LayerEdges
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["Algebra", "OneByOne", "Values", "both_sides", "interpret", "objects", "sample"]

Mask = NDArray[np.bool_]
Objects = NDArray[Any]


class Values(Protocol):
    """An array of values of one kind."""

    def __getitem__(self, index: Any, /) -> Any: ...
    def __setitem__(self, index: Any, value: Any, /) -> None: ...


V = TypeVar("V", bound=Values)


class Algebra(Protocol[V]):
    """What units' operations come to. `terms` are laid end to end, unit by unit, as edges are."""

    def zeros(self, size: int) -> V:
        """Zeros, so many."""

    def where(self, there: Mask, values: V) -> V:
        """The values where a mask is true, and zeros elsewhere."""

    def plus(self, a: V, b: V) -> V:
        """The sum, entry by entry."""

    def times(self, layer: LayerEdges, labels: V, values: V) -> V:
        """The product of what the edges of a layer carry and what they read, entry by entry."""

    def total(self, layer: LayerEdges, terms: V) -> V:
        """The sum of the terms of each unit."""

    def greatest(self, layer: LayerEdges, terms: V) -> V:
        """The greatest of the terms of each unit; minus infinity where there is none."""

    def product(self, layer: LayerEdges, terms: V) -> V:
        """The product of the terms of each unit."""

    def applied(self, function: Function, terms: V) -> V:
        """A function of each value."""

    def other(self, layer: LayerEdges, terms: V) -> V:
        """What units make of their terms that do none of this."""


def interpret(cone: Cone, values: V, labels: V, algebra: Algebra[V]) -> V:
    """Compute the units of a cone, in place of what `values` has for them."""
    for layer in cone:
        terms = algebra.times(layer, labels[layer.label], values[layer.source])
        result = _reduced(layer, terms, algebra)
        if layer.bias is not None:
            bias = algebra.where(layer.bias >= 0, labels[np.maximum(layer.bias, 0)])
            result = algebra.plus(result, bias)
        values[layer.where] = result
    return values


def _reduced(layer: LayerEdges, terms: V, algebra: Algebra[V]) -> V:
    reduction = layer.reduction
    if reduction.linear:
        return algebra.total(layer, terms)
    if reduction == MAX:
        return algebra.greatest(layer, terms)
    if reduction == PRODUCT:
        return algebra.product(layer, terms)
    if reduction.function is not None and layer.single:
        return algebra.applied(reduction.function, terms)
    return algebra.other(layer, terms)


def both_sides(
    network: Network,
    cone: Cone,
    moves: Mapping[str, Sources],
    x: V,
    labels: V,
    algebra: Algebra[V],
) -> tuple[V, V]:
    """The units of a cone on an input x, and on g x: what is not in the cone is zero.

    `moves` says for each input row where the value at each position comes from, -1 for a zero.
    """
    units = len(network.edges.start) - 1
    source = np.concatenate(
        [
            np.where(own >= 0, own + network.offsets[row.name], -1)
            for row in network.inputs
            for own in (moves[row.name],)
        ]
    )
    inputs = slice(0, len(source))
    found = []
    for given in (x, algebra.where(source >= 0, x[np.maximum(source, 0)])):
        values = algebra.zeros(units)
        values[inputs] = given
        found.append(interpret(cone, values, labels, algebra))
    return found[0], found[1]


class OneByOne(ABC):
    """An algebra of single objects, from what their sums, products and functions are."""

    zero: Any

    @abstractmethod
    def add(self, terms: Sequence[Any]) -> Any:
        """The sum of some values."""

    @abstractmethod
    def multiply(self, terms: Sequence[Any]) -> Any:
        """Their product."""

    @abstractmethod
    def maximum(self, terms: Sequence[Any]) -> Any:
        """The greatest of them."""

    @abstractmethod
    def apply(self, function: Function, value: Any) -> Any:
        """A function of a value."""

    @abstractmethod
    def combine(self, layer: LayerEdges, terms: Sequence[Any]) -> Any:
        """Another reduction of some values."""

    def zeros(self, size: int) -> Objects:
        return objects([self.zero] * size)

    def where(self, there: Mask, values: Objects) -> Objects:
        kept = zip(there.tolist(), values, strict=True)
        return objects([value if mask else self.zero for mask, value in kept])

    def plus(self, a: Objects, b: Objects) -> Objects:
        return objects([self.add(pair) for pair in zip(a, b, strict=True)])

    def times(self, layer: LayerEdges, labels: Objects, values: Objects) -> Objects:
        return objects([self.multiply(pair) for pair in zip(labels, values, strict=True)])

    def total(self, layer: LayerEdges, terms: Objects) -> Objects:
        return objects([self.add(own) for own in _each(layer, terms)])

    def greatest(self, layer: LayerEdges, terms: Objects) -> Objects:
        return objects([self.maximum(own) for own in _each(layer, terms)])

    def product(self, layer: LayerEdges, terms: Objects) -> Objects:
        return objects([self.multiply(own) for own in _each(layer, terms)])

    def applied(self, function: Function, terms: Objects) -> Objects:
        return objects([self.apply(function, term) for term in terms])

    def other(self, layer: LayerEdges, terms: Objects) -> Objects:
        return objects([self.combine(layer, own) for own in _each(layer, terms)])


def objects(values: Sequence[Any]) -> Objects:
    """An array of objects, whatever they are."""
    result = np.empty(len(values), object)
    result[:] = values
    return result


def _each(layer: LayerEdges, terms: Objects) -> list[list[Any]]:
    bounds, every = layer.start.tolist(), list(terms)
    return [every[a:b] for a, b in pairwise(bounds)]


@dataclass(frozen=True)
class Sample:
    """The function rising * t + constant for t > 0, and falling * t + constant for t < 0."""

    rising: int
    falling: int
    constant: int


@lru_cache(maxsize=1024)
def sample(name: str) -> Sample:
    """The function that stands for an unknown one: it has a kink, and is not zero at zero.

    >>> sample("phi") == sample("phi"), sample("phi") == sample("psi")
    (True, False)
    """
    code = zlib.crc32(name.encode())
    return Sample(3 + code % 5, 1 + code // 5 % 2, 1 + code // 10 % 89)

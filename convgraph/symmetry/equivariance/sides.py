"""Both sides of the equation at a unit: as expressions, and for an input that tells them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef

from convgraph.core.network import Network
from convgraph.symmetry.equivariance.cone import Cone, ConeLayer, cone_of
from convgraph.symmetry.equivariance.layer_edges import LayerEdges
from convgraph.symmetry.transformation import Sources, moved

__all__ = ["Sides"]

PATHS = 400  # from the inputs to a unit, up to which its expression is written out
Objects = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sides:
    """The two sides, f(g x) at a unit and f(x) at its image (or zero, where that is -1)."""

    network: Network
    layers: Sequence[LayerEdges]
    moves: Mapping[str, Sources]
    unit: int
    image: int

    @cached_property
    def _total(self) -> int:
        return len(self.network.edges.start) - 1

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.unique([self.unit, self.image if self.image >= 0 else self.unit])

    @cached_property
    def _cone(self) -> Cone:
        return cone_of(self.layers, self._ends, self._total)

    @property
    def short(self) -> bool:
        """Whether the expressions are short enough to be written out."""
        paths = np.ones(self._total)
        for layer in self._cone.layers:
            counts = np.zeros(len(layer.fan_in))
            if layer.filled.any():
                counts[layer.filled] = np.add.reduceat(paths[layer.source], layer.begins)
            paths[layer.units] = counts
        return bool(paths[self._ends].max() <= PATHS)

    def expressions(self) -> tuple[sp.Expr, sp.Expr]:
        """Both sides in the inputs and the parameters."""
        symbols = [sp.Symbol(name) for row in self.network.inputs for name in row.units()]
        return self._at(_objects(symbols), _objects(list(self.network.labels)))

    def example(self) -> tuple[dict[str, int], tuple[sp.Expr, sp.Expr]] | None:
        """An input with few entries that are not zero, and both sides for it in the parameters.

        Tried out are single ones, single minus ones, all of them, and random whole numbers, at
        random values of the parameters.
        """
        names = [name for row in self.network.inputs for name in row.units()]
        there = [number for number in self._inputs if number < len(names)]
        random = np.random.default_rng(1)
        for given in _tries(there, random):
            x = _objects([sp.Integer(given.get(number, 0)) for number in range(len(names))])
            if self._differ(x, random):
                values = self._at(x, _objects(list(self.network.labels)))
                return {names[number]: value for number, value in given.items()}, values
        return None

    def _differ(self, x: Objects, random: np.random.Generator) -> bool:
        """Whether both sides differ for an input, at some of a few values of the parameters."""
        labels = self.network.labels
        for _ in range(3):
            drawn = random.integers(-99, 100, labels.parameters).tolist()
            at = dict(zip(labels[: labels.parameters], map(sp.Integer, drawn), strict=True))
            rest = [value.xreplace(at) for value in labels.numbers]
            left, right = self._at(x, _objects([*at.values(), *rest]))
            if _settled(left) != _settled(right):
                return True
        return False

    @property
    def _inputs(self) -> list[int]:
        """The numbers of the inputs on which either side depends."""
        seen = np.zeros(self._total, bool)
        for layer in self._cone.layers:
            seen[layer.source] = True
        images = np.zeros(self._total, bool)
        for row in self.network.inputs:
            first, source = self.network.offsets[row.name], self.moves[row.name]
            own = seen[first : first + len(source)]
            images[first : first + len(source)] = own
            images[first + source[own & (source >= 0)]] = True
        return np.flatnonzero(images).tolist()

    def _at(self, x: Objects, labels: Objects) -> tuple[sp.Expr, sp.Expr]:
        right = self._values(x, labels)[self.image] if self.image >= 0 else sp.S.Zero
        after, at = x.copy(), 0
        for row in self.network.inputs:
            part = slice(at, at + int(row.size))
            after[part] = moved(self.moves[row.name], x[part])
            at = part.stop
        return self._values(after, labels)[self.unit], right

    def _values(self, x: Objects, labels: Objects) -> Objects:
        values = np.zeros(self._total, object)
        values[: len(x)] = x
        for layer, whole in zip(self._cone.layers, self._wholes(), strict=True):
            values[layer.units] = _computed(layer, whole, values, labels)
        return values

    def _wholes(self) -> Iterator[LayerEdges]:
        """The whole layer of each layer of the cone."""
        for part in self._cone.layers:
            number = part.units.start if isinstance(part.units, slice) else int(part.units[0])
            yield next(w for w in self.layers if w.first <= number < w.first + w.units)


def _objects(values: Sequence[Any]) -> Objects:
    result = np.empty(len(values), object)
    result[:] = values
    return result


def _tries(there: Sequence[int], random: np.random.Generator) -> Iterator[dict[int, int]]:
    yield {}
    yield from ({number: value} for value in (1, -1) for number in there)
    yield dict.fromkeys(there, 1)
    yield dict.fromkeys(there, -1)
    for _ in range(20):
        drawn = random.integers(-9, 10, len(there)).tolist()
        yield {number: value for number, value in zip(there, drawn, strict=True) if value}


def _computed(layer: ConeLayer, whole: LayerEdges, values: Objects, labels: Objects) -> Objects:
    start, source, label = layer.start.tolist(), layer.source.tolist(), layer.label.tolist()
    result = np.empty(len(start) - 1, object)
    for i in range(len(result)):
        edges = range(start[i], start[i + 1])
        value = _reduced(layer, whole, [labels[label[e]] * values[source[e]] for e in edges])
        biased = layer.bias is not None and layer.bias[i] >= 0
        result[i] = (
            value + labels[int(layer.bias[i])] if biased and layer.bias is not None else value
        )
    return result


def _reduced(layer: ConeLayer, whole: LayerEdges, terms: list[sp.Expr]) -> sp.Expr:
    if layer.kind == "max":
        return _maximum(terms) if terms else sp.S.NegativeInfinity
    if layer.kind == "relu":
        return _maximum([sp.S.Zero, terms[0]])
    if layer.slope is not None and not terms[0].is_number:
        # max(0, t) + a min(0, t) = a t + (1 - a) max(0, t)
        positive = _maximum([sp.S.Zero, terms[0]])
        return layer.slope * terms[0] + (1 - layer.slope) * positive
    if layer.keeps_zero and terms[0] == 0:
        return sp.S.Zero
    return whole.layer.reduction.exact(terms)


def _maximum(terms: Sequence[sp.Expr]) -> sp.Expr:
    """The maximum; sympy would compare all terms with each other, which can take minutes."""
    members = {
        each for term in terms for each in (term.args if isinstance(term, sp.Max) else (term,))
    }
    numbers = [each for each in members if each.is_number]
    rest = sorted(members.difference(numbers), key=sp.default_sort_key)
    if numbers:
        rest = [max(numbers), *rest]
    return rest[0] if len(rest) == 1 else sp.Max(*rest, evaluate=False)


def _settled(value: sp.Expr) -> sp.Expr:
    """With 3 t + 1 for every function of t that is only a name."""
    return value.replace(lambda e: isinstance(e, AppliedUndef), lambda e: 3 * e.args[0] + 1)

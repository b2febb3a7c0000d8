"""Both sides of the equation at a unit: as expressions, and for an input that tells them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import Function
from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.symmetry.equivariance.interpreter import (
    Algebra,
    OneByOne,
    Values,
    both_sides,
    objects,
)
from convgraph.symmetry.equivariance.intervals import Intervals, drawn_labels, exactly
from convgraph.symmetry.equivariance.layer_edges import (
    Cone,
    LayerEdges,
    cone_of,
    path_counts,
)
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["Sides"]

PATHS = 400  # from the inputs to a unit, up to which its expression is written out
V = TypeVar("V", bound=Values)


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
    def cone(self) -> Cone:
        """The layers, cut down to what both depend on."""
        return cone_of(self.layers, self._ends, self._total)

    @property
    def short(self) -> bool:
        """Whether the expressions are short enough to be written out."""
        return bool(path_counts(self.cone, self._total)[self._ends].max() <= PATHS)

    def expressions(self) -> tuple[sp.Expr, sp.Expr]:
        """Both sides in the inputs and the parameters."""
        symbols = [sp.Symbol(name) for row in self.network.inputs for name in row.units()]
        return self._written(symbols)

    def example(self) -> tuple[dict[str, int], tuple[sp.Expr, sp.Expr]] | None:
        """An input with few entries that are not zero, and both sides for it in the parameters.

        Tried out are single ones, single minus ones, all of them, and random whole numbers, at
        random values of the parameters.
        """
        names = [name for row in self.network.inputs for name in row.units()]
        there = [number for number in self._inputs if number < len(names)]
        random = np.random.default_rng(1)
        for given in _tries(there, random):
            if self._differ(given, random):
                values = self._written([sp.Integer(given.get(i, 0)) for i in range(len(names))])
                return {names[number]: value for number, value in given.items()}, values
        return None

    def _differ(self, given: Mapping[int, int], random: np.random.Generator) -> bool:
        """Whether both sides differ for an input, at some of a few values of the parameters."""
        values = np.zeros(sum(int(row.size) for row in self.network.inputs))
        values[list(given)] = list(given.values())
        for trial in (6, 3, 0):  # of both signs, the greatest numbers first
            labels = drawn_labels(self.network, random, trial)
            with np.errstate(all="ignore"):  # what is no number says nothing
                left, right = self.at(exactly(values), labels, Intervals())
            if left.differs(right).any():
                return True
        return False

    @property
    def _inputs(self) -> list[int]:
        """The numbers of the inputs on which either side depends."""
        seen = np.zeros(self._total, bool)
        for layer in self.cone:
            seen[layer.source] = True
        images = np.zeros(self._total, bool)
        for row in self.network.inputs:
            first, source = self.network.offsets[row.name], self.moves[row.name]
            own = seen[first : first + len(source)]
            images[first : first + len(source)] = own
            images[first + source[own & (source >= 0)]] = True
        return np.flatnonzero(images).tolist()

    def at(self, x: V, labels: V, algebra: Algebra[V]) -> tuple[V, V]:
        """Both sides, each an array of one value."""
        plain, moved = both_sides(self.network, self.cone, self.moves, x, labels, algebra)
        right = plain[[self.image]] if self.image >= 0 else algebra.zeros(1)
        return moved[[self.unit]], right

    def _written(self, x: Sequence[sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
        labels = objects(list(self.network.labels))
        left, right = self.at(objects(x), labels, Expressions())
        return left[0], right[0]


def _tries(there: Sequence[int], random: np.random.Generator) -> Iterator[dict[int, int]]:
    yield {}
    yield from ({number: value} for value in (1, -1) for number in there)
    yield dict.fromkeys(there, 1)
    yield dict.fromkeys(there, -1)
    for _ in range(20):
        drawn = random.integers(-9, 10, len(there)).tolist()
        yield {number: value for number, value in zip(there, drawn, strict=True) if value}


class Expressions(OneByOne):
    """The algebra of sympy's expressions."""

    zero = sp.S.Zero

    def add(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        return sp.Add(*terms)

    def multiply(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        return sp.Mul(*terms)

    def maximum(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        return MAX.exact(terms)

    def apply(self, function: Function, value: sp.Expr) -> sp.Expr:
        return function.exact(value)

    def combine(self, layer: LayerEdges, terms: Sequence[sp.Expr]) -> sp.Expr:
        return layer.reduction.exact(list(terms))

"""Proof that two functions differ: their values at a few points, as numbers between two others.

Leading terms do not tell functions apart that differ in lower terms only, such as sums of different
maxima of the same values, nor those whose growth says nothing, such as cosines. Evaluation does.
Every value is kept between two floating-point numbers, each result rounded outwards by more than
its operations can be wrong; where the bounds of both sides are apart, so are the values.

References
----------
Moore, Kearfott and Cloud, Introduction to Interval Analysis, SIAM 2009, chapters 2 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import Function, rational
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.symmetry.equivariance.interpreter import both_sides, sample
from convgraph.symmetry.equivariance.layer_edges import Cone, LayerEdges
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["Between", "Intervals", "drawn_labels", "exactly", "interval_trials"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
TRIALS = 9  # three choices of signs, at three sizes of numbers each
STEP = 2.0**-52  # between a number and the next, in proportion
ERROR = 2.0**-44  # more than the functions of numpy and their compositions are wrong by


@dataclass(eq=False)
class Between:
    """Values that lie between two numbers each; not a number where nothing is known."""

    low: Floats
    high: Floats

    def __getitem__(self, index: Any) -> Between:
        return Between(self.low[index], self.high[index])

    def __setitem__(self, index: Any, value: Between) -> None:
        self.low[index], self.high[index] = value.low, value.high

    def where(self, there: Mask) -> Between:
        """The values where a mask is true, and zeros elsewhere."""
        return Between(np.where(there, self.low, 0), np.where(there, self.high, 0))

    def nonzero(self) -> Mask:
        """Where they are certainly not zero."""
        return np.asarray((self.low > 0) | (self.high < 0))

    def differs(self, other: Between) -> Mask:
        """Where the two are certainly different."""
        return np.asarray((self.low > other.high) | (self.high < other.low))


def _out(low: Floats, high: Floats) -> Between:
    """The next numbers outside of results that were rounded; an infinite value stays that."""
    kept = np.isinf(low) & (low == high)
    return Between(
        np.where(kept, low, np.nextafter(low, -np.inf)),
        np.where(kept, high, np.nextafter(high, np.inf)),
    )


def exactly(values: Floats) -> Between:
    """Numbers that are what they are."""
    return Between(values, values.copy())


class Intervals:
    """The algebra of values between two numbers; an unknown function is an instance of it."""

    def zeros(self, size: int) -> Between:
        return Between(np.zeros(size), np.zeros(size))

    def where(self, there: Mask, values: Between) -> Between:
        return values.where(there)

    def plus(self, a: Between, b: Between) -> Between:
        return _out(a.low + b.low, a.high + b.high)

    def times(self, layer: LayerEdges, labels: Between, values: Between) -> Between:
        return self._times(labels, values)

    def _times(self, a: Between, b: Between) -> Between:
        if a.low is a.high or (a.low == a.high).all():
            one = (a.low == 1).all()  # nothing is rounded
            ends = a.low * b.low, a.low * b.high
            found = Between(np.minimum(*ends), np.maximum(*ends))
            return found if one else _out(found.low, found.high)
        every = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
        return _out(np.minimum.reduce(every), np.maximum.reduce(every))

    def total(self, layer: LayerEdges, terms: Between) -> Between:
        size = np.maximum(np.abs(terms.low), np.abs(terms.high))
        size = layer.reduced(np.add, np.where(np.isfinite(size), size, 0), 0)
        # n terms are added in n - 1 steps, each of which rounds a part of the whole
        wrong = np.where(layer.fan_in > 1, (layer.fan_in + 2) * STEP * size, 0)
        low, high = (layer.reduced(np.add, each, 0) for each in (terms.low, terms.high))
        return Between(low - wrong, high + wrong)

    def greatest(self, layer: LayerEdges, terms: Between) -> Between:
        ends = (layer.reduced(np.maximum, each, -np.inf) for each in (terms.low, terms.high))
        return Between(*ends)

    def product(self, layer: LayerEdges, terms: Between) -> Between:
        return layer.multiplied(exactly(np.ones(layer.units)), terms, self._times)

    def applied(self, function: Function, terms: Between) -> Between:
        if not function.known:
            phi = sample(function.name)
            bent = self._bent(float(phi.rising), float(phi.falling), terms)
            return self.plus(bent, exactly(np.full(len(terms.low), float(phi.constant))))
        if function.slopes is not None:
            right, left = map(sympified, function.slopes)
            if right.is_Rational and left.is_Rational:
                return self._bent(right, left, terms)
            return self._nothing(len(terms.low))
        if function.order is not None:
            return self._ordered(function, terms)
        if function.steepest is not None:
            middle = terms.low / 2 + terms.high / 2
            reach = np.maximum(terms.high - middle, middle - terms.low)
            value = function.fast(middle)
            reach = function.steepest * reach * (1 + ERROR)
            return _around(value - reach, value + reach, np.abs(middle))
        return self._nothing(len(terms.low))

    def other(self, layer: LayerEdges, terms: Between) -> Between:
        return self._nothing(len(layer.fan_in))

    def _nothing(self, size: int) -> Between:
        return exactly(np.full(size, np.nan))

    def _bent(self, right: Any, left: Any, t: Between) -> Between:
        """right t for t > 0 and left t for t < 0."""
        sides = []
        for slope, low, high in (
            (right, np.maximum(t.low, 0), np.maximum(t.high, 0)),
            (left, np.minimum(t.low, 0), np.minimum(t.high, 0)),
        ):
            flat = slope == 0  # of minus infinity too
            part = self.zeros(len(low)) if flat else Between(low, high)
            sides.append(self._times(_number(sympified(slope)), part))
        straddles = (t.low < 0) & (t.high > 0)
        low = np.where(t.low >= 0, sides[0].low, sides[1].low)
        high = np.where(t.low >= 0, sides[0].high, sides[1].high)
        low = np.where(straddles, np.minimum(sides[0].low, sides[1].low), low)
        high = np.where(straddles, np.maximum(sides[0].high, sides[1].high), high)
        nothing = np.isnan(t.low) | np.isnan(t.high)
        return Between(np.where(nothing, np.nan, low), np.where(nothing, np.nan, high))

    def _ordered(self, function: Function, t: Between) -> Between:
        """A function that keeps or turns the order on its domain, beyond it by its symmetry."""
        least, most = function.domain
        low, high = t.low, t.high
        turned = np.zeros(len(low), bool)
        if least >= 0 and (function.even or function.odd):
            turned = high < 0
            low, high = np.where(turned, -high, low), np.where(turned, -low, high)
        outside = ~((low >= least) & (high <= most))
        ends = [function.fast(np.where(outside, 1.0, v)).astype(float) for v in (low, high)]
        ends = ends[:: function.order]
        if function.odd:
            ends = [
                np.where(turned, -ends[1], ends[0]),
                np.where(turned, -ends[0], ends[1]),
            ]
        found = _around(ends[0], ends[1], np.maximum(np.abs(low), np.abs(high)))
        return Between(np.where(outside, np.nan, found.low), np.where(outside, np.nan, found.high))


def _around(low: Floats, high: Floats, size: Floats) -> Between:
    """Bounds, moved apart by more than what a function of a number of some size is wrong by."""
    # an argument near infinity says nothing of an error; nor does an infinite value
    size = np.where(np.isfinite(size), size, 0)
    wrong = [ERROR * (1 + size + np.where(np.isfinite(end), np.abs(end), 0)) for end in (low, high)]
    return _out(low - wrong[0], high + wrong[1])


def _number(value: sp.Expr) -> Between:
    """A number between its neighbours; nothing where it is none."""
    exact = rational(value)
    plain = np.array([float(value)]) if value.is_real and value.is_number else np.array([np.nan])
    if exact is not None and sp.Rational(float(plain[0])) == exact:
        return exactly(plain)
    reach = 4 * STEP * np.abs(plain)
    return _out(plain - reach, plain + reach)


def drawn_labels(network: Network, random: np.random.Generator, trial: int) -> Between:
    """All labels of a network, its parameters drawn."""
    labels = network.labels
    learned = _drawn(random, labels.parameters, trial)
    result = Between(*(np.concatenate([learned, np.zeros(len(labels.numbers))]) for _ in "lh"))
    for number, value in enumerate(labels.numbers, labels.parameters):
        free = {s: labels.find(s.name) for s in value.free_symbols}
        at = {s: sp.Rational(learned[p]) for s, p in free.items() if p is not None}
        result[number : number + 1] = _number(value.xreplace(at))
    return result


def interval_trials(
    network: Network,
    cone: Cone,
    moves: Mapping[str, Sources],
    zeroed: frozenset[int],
) -> Iterator[tuple[Between, Between]]:
    """Values of all units of a cone before and after the move, at one point after another."""
    random = np.random.default_rng(20160101)
    algebra = Intervals()
    for trial in range(TRIALS):
        labels = drawn_labels(network, random, trial)
        parameters = [number for number in zeroed if number < network.labels.parameters]
        labels[parameters] = algebra.zeros(len(parameters))
        x = exactly(_drawn(random, sum(int(row.size) for row in network.inputs), trial))
        with np.errstate(all="ignore"):  # what is no number says nothing
            sides = both_sides(network, cone, moves, x, labels, algebra)
        yield sides


def _drawn(random: np.random.Generator, size: int, trial: int) -> Floats:
    """Numbers of both signs or of one; small ones first, where few functions are near a limit."""
    values = random.integers(-19, 20, size).astype(float)
    signed = (values, np.abs(values), -np.abs(values))[trial % 3]
    return np.asarray(signed * 2.0 ** (trial // 3 * 2 - 4))

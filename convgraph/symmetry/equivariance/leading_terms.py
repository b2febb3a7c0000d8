"""Proof that two functions differ: their leading terms at a point that runs off to infinity.

Put x_i = c z^a with a sign, an exponent a and a whole number c of its own for each unit, likewise
for each parameter, and let z grow. The value of every unit is then governed by its leading term:
sums keep the terms of the highest exponent, a maximum keeps the highest term of all, a ReLU keeps
what is positive. Two units whose leading terms differ have different values for all large z, so
that they are different functions; nothing is claimed where terms of opposite signs might cancel.

Exponents are exact in 64 bits at any depth, where values would overflow. Coefficients are positive
whole numbers, kept modulo a prime: different residues prove different numbers. With all exponents
zero and all signs positive, every ReLU passes its input on and this is the evaluation of a
polynomial at a random point modulo a prime (Schwartz and Zippel, 1979 and 1980); with all
coefficients one it is the evaluation of a tropical polynomial. Of a function that is no ReLU its
own leading terms are taken, at zero and at both ends: a tanh of what grows goes to one.

Near zero, too, functions have leading terms. Let all biases be zero and h -> 0: where every layer F
has a limit F(h x) / h -> F0(x), the network has f(h x) / h -> f0(x), and where the two sides of f0
differ, those of f do for all small h. A layer of sums, maxima or ReLUs is its own limit, and a
local response normalisation x_i / (k + a (x_j^2 + ...))^b has the limit x_i / k^b.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import Function, rational
from convgraph.core.reduction import MAX
from convgraph.core.sympified import sympified
from convgraph.symmetry.equivariance.interpreter import sample
from convgraph.symmetry.equivariance.layer_edges import LayerEdges

__all__ = ["PRIME", "Leading", "LeadingTerms", "number"]

# products of two residues fit 64 bits; the greatest such prime that is 7 modulo 8 and modulo which
# all primes up to 47 are squares, so that their fourth roots have residues
PRIME = 2_147_260_631
LARGEST = 2**31  # numbers up to it are factored at once
NOTHING = -(1 << 62)  # the maximum of no values, minus infinity
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(eq=False)
class Leading:
    """Leading terms: sign * coefficient * z ** exponent, coefficients modulo a prime.

    `code` is sign * (1 + exponent), and 0 for zero: in the order of the numbers themselves, for
    large z. Exponents are not negative.
    """

    code: Ints
    coefficient: Ints
    known: NDArray[np.bool_]

    @staticmethod
    def zeros(size: int) -> Leading:
        """Zeros."""
        return Leading(np.zeros(size, np.int64), np.ones(size, np.int64), np.ones(size, bool))

    def __getitem__(self, index: Any) -> Leading:
        return Leading(self.code[index], self.coefficient[index], self.known[index])

    def __setitem__(self, index: Any, value: Leading) -> None:
        self.code[index] = value.code
        self.coefficient[index] = value.coefficient
        self.known[index] = value.known

    def where(self, there: Mask) -> Leading:
        """The values where a mask is true, and zeros elsewhere."""
        code = np.where(there, self.code, 0)
        return Leading(code, self.coefficient, self.known | ~there)

    def nonzero(self) -> Mask:
        """Where they are certainly not zero."""
        return self.known & (self.code != 0)

    def differs(self, other: Leading) -> NDArray[np.bool_]:
        """Where the two are certainly different."""
        different = (self.code != other.code) | (
            (self.code != 0) & (self.coefficient != other.coefficient)
        )
        return self.known & other.known & different

    def times(self, other: Leading) -> Leading:
        """The product, entry by entry."""
        sizes = np.abs(self.code) + np.abs(other.code) - 1
        code = np.sign(self.code) * np.sign(other.code) * sizes
        zero = (self.known & (self.code == 0)) | (other.known & (other.code == 0))
        return Leading(
            code,
            self.coefficient * other.coefficient % PRIME,
            (self.known & other.known) | zero,
        )

    def plus(self, other: Leading) -> Leading:
        """The sum, entry by entry."""
        mine, others = np.abs(self.code), np.abs(other.code)
        tie = (mine == others) & (mine > 0)
        code = np.where(mine >= others, self.code, other.code)
        coefficient = np.where(mine >= others, self.coefficient, other.coefficient)
        both = (self.coefficient + other.coefficient) % PRIME
        coefficient = np.where(tie, both, coefficient)
        clash = tie & (self.code != other.code)
        return Leading(code, coefficient, self.known & other.known & ~clash)


def number(value: sp.Expr) -> Leading:
    """A number as a leading term; unknown unless it is a product of fourth roots of fractions."""
    result = Leading.zeros(1)
    residue = _residue(value)
    if residue is None:
        result.known[:] = False
        return result
    result.code[:] = int(sp.sign(value))
    result.coefficient[:] = residue
    return result


@lru_cache(maxsize=4096)
def _residue(value: sp.Expr) -> int | None:
    """The size of a number modulo the prime, if it is a product of fourth roots of fractions.

    Fourth roots of different primes satisfy no relation over the rational numbers but that their
    fourth powers are what they are (Besicovitch, On the linear independence of fractional powers of
    integers, 1940), so that any fourth roots modulo the prime may stand for them.
    """
    exact = rational(value)
    if exact is not None:
        return abs(int(exact.p)) * pow(int(exact.q), -1, PRIME) % PRIME if exact.q % PRIME else None
    if not (value.is_number and value.is_positive):
        return None
    result = 1
    for base, power in value.as_powers_dict().items():
        own = _power(base, power)
        if own is None:
            return None
        result = result * own % PRIME
    return result


def _power(base: sp.Expr, power: sp.Expr) -> int | None:
    """A fourth root of a fraction, or a power of one, modulo the prime."""
    if not (base.is_Rational and base > 0 and power.is_Rational and 4 % power.q == 0):
        return None
    if max(base.p, base.q) > LARGEST:
        return None
    result = 1
    for size, sign in ((base.p, 1), (base.q, -1)):
        for prime, times in sp.factorint(size).items():
            if pow(prime, (PRIME - 1) // 2, PRIME) != 1:
                return None  # no square, whose root would be one
            root = prime
            for _ in range(2):  # the prime is 3 modulo 4, so that this is the root that is a square
                root = pow(root, (PRIME + 1) // 4, PRIME)
            exponent = sign * times * int(power.p) * (4 // int(power.q))
            result = result * pow(root, exponent, PRIME) % PRIME
    return result


@dataclass(frozen=True, eq=False)
class LeadingTerms:
    """The algebra of leading terms; an unknown function is an instance of it, plus `constant`.

    With `near_zero`, of the limits near zero, where the `constant` is zero.
    """

    constant: Leading
    near_zero: bool = False

    def zeros(self, size: int) -> Leading:
        return Leading.zeros(size)

    def where(self, there: Mask, values: Leading) -> Leading:
        return values.where(there)

    def plus(self, a: Leading, b: Leading) -> Leading:
        return a.plus(b)

    def times(self, layer: LayerEdges, labels: Leading, values: Leading) -> Leading:
        terms = labels.times(values)
        # minus infinity is followed through maxima, ReLUs and copies, and nothing else
        reduction = layer.reduction
        rectifies = reduction.function is not None and reduction.function.rectifies
        followed = (labels.code == 1) & (reduction.linear or reduction == MAX or rectifies)
        terms.known &= (values.code > NOTHING) | followed
        return terms

    def total(self, layer: LayerEdges, terms: Leading) -> Leading:
        return self._extreme(layer, terms, greatest=False)

    def greatest(self, layer: LayerEdges, terms: Leading) -> Leading:
        return self._extreme(layer, terms, greatest=True)

    def _extreme(self, layer: LayerEdges, terms: Leading, greatest: bool) -> Leading:
        """The terms of the highest exponent, or the highest of all."""
        highest = layer.reduced(np.maximum, terms.code, NOTHING if greatest else 0)
        known = layer.reduced(np.logical_and, terms.known, True)
        code = highest
        if not greatest:
            lowest = layer.reduced(np.minimum, terms.code, 0)
            code = np.where(highest >= -lowest, highest, lowest)
            known &= (highest != -lowest) | (code == 0)
            known &= (lowest > NOTHING) | (layer.fan_in == 1)
        leads = terms.code == np.repeat(code, layer.fan_in)
        if not greatest:
            total = layer.reduced(np.add, np.where(leads, terms.coefficient, 0), 1)
            return Leading(code, total % PRIME, known)
        most = layer.reduced(np.maximum, np.where(leads, terms.coefficient, -1), 1)
        least = layer.reduced(np.minimum, np.where(leads, terms.coefficient, PRIME), 1)
        return Leading(code, most, known & ((most == least) | (code == 0)))

    def product(self, layer: LayerEdges, terms: Leading) -> Leading:
        if self.near_zero:
            return _nothing(layer.units)
        ones = Leading.zeros(layer.units)
        ones.code[:] = 1
        return layer.multiplied(ones, terms, Leading.times)

    def applied(self, function: Function, terms: Leading) -> Leading:
        if not function.known:
            phi = sample(function.name)
            coefficient = self.constant.coefficient * phi.constant % PRIME
            constant = Leading(self.constant.code, coefficient, self.constant.known)
            return _bent(sp.Integer(phi.rising), sp.Integer(phi.falling), terms).plus(constant)
        if function.slopes is not None:
            return _bent(*function.slopes, terms)
        return _nothing(len(terms.code)) if self.near_zero else _at_ends(function, terms)

    def other(self, layer: LayerEdges, terms: Leading) -> Leading:
        result = _nothing(len(layer.fan_in))
        if self.near_zero and layer.reduction.near_zero is not None:
            own = terms[layer.begins]
            result[layer.filled] = own.times(number(layer.reduction.near_zero))
        return result


def _nothing(size: int) -> Leading:
    result = Leading.zeros(size)
    result.known[:] = False
    return result


def _bent(right: sp.Expr, left: sp.Expr, terms: Leading) -> Leading:
    """right t for t > 0, and left t for t < 0."""
    above, below = number(sympified(right)), number(sympified(left))
    negative = terms.code < 0
    if below.known[0] and below.code[0] == 0:  # minus infinity too
        code = np.where(negative, 0, terms.code)
        terms = Leading(code, terms.coefficient, terms.known)
    slopes = Leading(
        np.where(negative, below.code, above.code),
        np.where(negative, below.coefficient, above.coefficient),
        np.where(negative, below.known, above.known) | (terms.code == 0),
    )
    return terms.times(slopes)


def _at_ends(function: Function, terms: Leading) -> Leading:
    """A function of what grows, or is zero; at other values it has one that is not known here."""
    result = _nothing(len(terms.code))
    sizes = np.abs(terms.code) - 1
    for end, there in ((function.ends[0], terms.code < -1), (function.ends[1], terms.code > 1)):
        if end is not None:
            value = number(end[0])
            powers = terms.coefficient if end[1] else np.ones_like(terms.coefficient)
            grown = Leading(
                np.where(value.code == 0, 0, value.code * (1 + end[1] * sizes)),
                value.coefficient * powers % PRIME,
                terms.known & value.known,
            )
            result[there] = grown[there]
    if function.at_zero is not None:
        zero = terms.code == 0
        at_zero = number(function.at_zero)
        result.code[zero] = at_zero.code
        result.coefficient[zero] = at_zero.coefficient
        result.known[zero] = terms.known[zero] & at_zero.known
    return result

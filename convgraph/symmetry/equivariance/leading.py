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
coefficients one it is the evaluation of a tropical polynomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import rational
from convgraph.core.network import Network
from convgraph.symmetry.equivariance.cone import Cone, ConeLayer

__all__ = ["PRIME", "Leading", "evaluate", "number"]

PRIME = 2**31 - 1
NOTHING = -(1 << 62)  # the maximum of no values, minus infinity
Ints = NDArray[np.int64]


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
    """A number as a leading term; unknown unless it is rational."""
    result = Leading.zeros(1)
    exact = rational(value)
    if exact is None or exact.q % PRIME == 0:
        result.known[:] = False
        return result
    result.code[:] = int(sp.sign(exact))
    result.coefficient[:] = abs(int(exact.p)) * pow(int(exact.q), -1, PRIME) % PRIME
    return result


def evaluate(
    network: Network,
    cone: Cone,
    inputs: list[tuple[slice, Leading]],
    labels: Leading,
    constant: Leading,
) -> Leading:
    """Leading terms of all units of a network, right for those of a cone.

    `inputs` holds those of the inputs, `labels` those of all labels; an activation of which only
    the name is known adds `constant`.
    """
    values = Leading.zeros(len(network.edges.start) - 1)
    for part, given in inputs:
        values[part] = given
    for layer in cone.layers:
        sources, weights = values[layer.source], labels[layer.label]
        terms = weights.times(sources)
        # minus infinity is followed through maxima, ReLUs and copies, and nothing else
        followed = (weights.code == 1) & (layer.kind in ("max", "relu", "sum"))
        terms.known &= (sources.code > NOTHING) | followed
        result = _reduced(layer, terms, constant)
        if layer.bias is not None:
            bias = labels[np.maximum(layer.bias, 0)]
            bias.code = np.where(layer.bias >= 0, bias.code, 0)
            result = result.plus(bias)
        values[layer.units] = result
    return values


def _reduced(layer: ConeLayer, terms: Leading, constant: Leading) -> Leading:
    if layer.kind == "product":
        return _product(layer, terms)
    if layer.kind in ("sum", "max"):
        return _extreme(layer, terms)
    if not layer.single:
        result = Leading.zeros(len(layer.fan_in))
        result.known[:] = False
        return result
    if layer.kind == "relu":
        terms.code = np.maximum(terms.code, 0)
        return terms
    if layer.kind == "abs":
        terms.code = np.abs(terms.code)
        return terms
    if layer.slope is not None:
        negative = terms.code < 0
        slope = number(layer.slope)
        code = np.where(negative, slope.code, 1)
        coefficient = np.where(negative, slope.coefficient, 1)
        return terms.times(Leading(code, coefficient, slope.known | ~negative))
    if layer.keeps_zero:
        return terms
    # any function may stand here; t + c for some c is one
    coefficient = (constant.coefficient + layer.name_code) % PRIME
    return terms.plus(Leading(constant.code, coefficient, constant.known))


def _extreme(layer: ConeLayer, terms: Leading) -> Leading:
    """Sums and maxima: the terms of the highest exponent, or the highest of all."""
    result = Leading.zeros(len(layer.fan_in))
    if layer.kind == "max":
        result.code[layer.fan_in == 0] = NOTHING
    if not layer.filled.any():
        return result
    at = layer.begins
    highest, lowest = np.maximum.reduceat(terms.code, at), np.minimum.reduceat(terms.code, at)
    known = np.logical_and.reduceat(terms.known, at)
    if layer.kind == "max":
        code = highest
        leads = terms.code == np.repeat(code, layer.counts)
        greatest = np.maximum.reduceat(np.where(leads, terms.coefficient, -1), at)
        least = np.minimum.reduceat(np.where(leads, terms.coefficient, PRIME), at)
        known &= (greatest == least) | (code == 0)
        coefficient = greatest
    else:
        code = np.where(highest >= -lowest, highest, lowest)
        known &= (highest != -lowest) | (code == 0)
        known &= (lowest > NOTHING) | (layer.counts == 1)
        leads = terms.code == np.repeat(code, layer.counts)
        coefficient = np.add.reduceat(np.where(leads, terms.coefficient, 0), at) % PRIME
    result[layer.filled] = Leading(code, coefficient, known)
    return result


def _product(layer: ConeLayer, terms: Leading) -> Leading:
    result = Leading.zeros(len(layer.fan_in))
    result.code[:] = 1
    for k in range(int(layer.fan_in.max(initial=0))):
        there = layer.fan_in > k
        result[there] = result[there].times(terms[layer.start[:-1][there] + k])
    return result

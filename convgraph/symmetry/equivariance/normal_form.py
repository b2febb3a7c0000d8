"""Functions of units as polynomials in a normal form: equal forms are equal functions.

Sums and products are expanded into polynomials over the parameters, the inputs and atoms; an atom
is a maximum or another function of polynomials in normal form. ReLU(t) is the maximum of 0 and t,
maxima of maxima are one, and a zero in a maximum with a member that is never negative is left out.
Two different forms without atoms are different functions. With atoms they may be equal all the
same, and nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import sympy as sp

from convgraph.core.function import rational
from convgraph.core.network import Network
from convgraph.symmetry.equivariance.cone import Cone, ConeLayer
from convgraph.symmetry.transformation import Sources

__all__ = ["Forms", "TooLarge", "forms"]

Monomial: TypeAlias = "tuple[int, ...]"
Polynomial: TypeAlias = "dict[Monomial, Fraction]"
Frozen: TypeAlias = "frozenset[tuple[Monomial, Fraction]]"

TERMS = 200_000  # in all, beyond which a form is given up


class TooLarge(Exception):  # noqa: N818 - a signal between modules, which no user sees
    """A normal form that would take too many terms."""


@dataclass
class Forms:
    """The normal forms of the units of a cone, before and after the move."""

    plain: dict[int, Polynomial] = field(default_factory=dict)
    moved: dict[int, Polynomial] = field(default_factory=dict)
    _variables: dict[object, int] = field(default_factory=dict)
    _atoms: dict[int, tuple[str, frozenset[Frozen]]] = field(default_factory=dict)
    _work: int = 0

    def same(self, unit: int, image: int) -> bool | None:
        """Whether a unit after the move is its image before; None where that is not decided.

        An image of -1 is a zero.
        """
        one = self.moved[unit]
        other: Polynomial = self.plain[image] if image >= 0 else {}
        if one == other:
            return True
        known = all(v not in self._atoms for p in (one, other) for m in p for v in m)
        return False if known else None

    # -- algebra ----------------------------------------------------------------------------------

    def variable(self, key: object) -> int:
        """The number of a variable: a parameter, an input or an atom."""
        return self._variables.setdefault(key, len(self._variables))

    def times(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The product."""
        result: Polynomial = {}
        self._spend(len(a) * len(b))
        for m, c in a.items():
            for n, d in b.items():
                key = tuple(sorted(m + n))
                result[key] = result.get(key, Fraction(0)) + c * d
        return {m: c for m, c in result.items() if c}

    def plus(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The sum."""
        self._spend(len(b))
        result = dict(a)
        for m, c in b.items():
            result[m] = result.get(m, Fraction(0)) + c
        return {m: c for m, c in result.items() if c}

    def maximum(self, members: Sequence[Polynomial]) -> Polynomial:
        """The maximum of some polynomials."""
        flat: set[Frozen] = set()
        for member in members:
            flat |= self._members(member)
        zero: Frozen = frozenset()
        if zero in flat and any(m != zero and self._never_negative(m) for m in flat):
            flat.remove(zero)
        if len(flat) == 1:
            return dict(next(iter(flat)))
        return self.atom("max", frozenset(flat))

    def atom(self, name: str, arguments: frozenset[Frozen]) -> Polynomial:
        """A function of polynomials as a polynomial: one variable."""
        variable = self.variable((name, arguments))
        self._atoms[variable] = (name, arguments)
        return {(variable,): Fraction(1)}

    def _members(self, polynomial: Polynomial) -> frozenset[Frozen]:
        if len(polynomial) == 1:
            (monomial, coefficient), *_ = polynomial.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0] in self._atoms:
                name, members = self._atoms[monomial[0]]
                if name == "max":
                    return members
        return frozenset([frozenset(polynomial.items())])

    def _never_negative(self, polynomial: Frozen) -> bool:
        return all(
            coefficient > 0 and all(self._positive_atom(v) for v in monomial)
            for monomial, coefficient in polynomial
        )

    def _positive_atom(self, variable: int) -> bool:
        name, members = self._atoms.get(variable, ("", frozenset()))
        return name == "max" and any(self._never_negative(member) for member in members)

    def _spend(self, terms: int) -> None:
        self._work += terms
        if self._work > TERMS:
            raise TooLarge

    # -- units ------------------------------------------------------------------------------------

    def unit(self, layer: ConeLayer, terms: list[Polynomial], bias: Polynomial) -> Polynomial:
        """The form of a unit from those of its edges."""
        if layer.kind == "max":
            value = self.maximum(terms)
        elif layer.kind == "relu":
            value = self.maximum([{}, *terms[:1]])
        elif layer.kind == "abs":
            # the absolute value is 2 max(0, t) - t
            positive = self.maximum([{}, terms[0]])
            negative = self.times({(): Fraction(-1)}, terms[0])
            value = self.plus(self.times({(): Fraction(2)}, positive), negative)
        elif layer.slope is not None:
            # max(0, t) + a min(0, t) = a t + (1 - a) max(0, t)
            slope = self.constant(layer.slope)
            rest = self.plus({(): Fraction(1)}, self.times({(): Fraction(-1)}, slope))
            positive = self.maximum([{}, terms[0]])
            value = self.plus(self.times(slope, terms[0]), self.times(rest, positive))
        elif layer.kind == "sum":
            value = {}
            for term in terms:
                value = self.plus(value, term)
        elif layer.kind == "product":
            value = {(): Fraction(1)}
            for term in terms:
                value = self.times(value, term)
        elif layer.keeps_zero and terms and not terms[0]:
            value = {}
        else:
            value = self.atom(layer.kind, frozenset(frozenset(term.items()) for term in terms[:1]))
        return self.plus(value, bias) if bias else value

    def constant(self, label: sp.Expr) -> Polynomial:
        """A label as a polynomial in its symbols."""
        exact = rational(label)
        if exact is not None:
            value = Fraction(int(exact.p), int(exact.q))
            return {(): value} if value else {}
        if label.is_Symbol:
            return {(self.variable(label),): Fraction(1)}
        parts = sp.Poly(label)
        result: Polynomial = {}
        powers = [self._generator(g) for g in parts.gens]
        for exponents, coefficient in parts.terms():
            term = self.constant(sp.sympify(coefficient)) if coefficient.is_Rational else None
            if term is None:
                term = self._generator(coefficient)
            for power, exponent in zip(powers, exponents, strict=True):
                for _ in range(int(exponent)):
                    term = self.times(term, power)
            result = self.plus(result, term)
        return result

    def _generator(self, generator: sp.Expr) -> Polynomial:
        if generator.is_Symbol:
            return {(self.variable(generator),): Fraction(1)}
        # a root or a sine may satisfy relations that are not seen here: it is kept as an atom
        variable = self.variable(generator)
        self._atoms[variable] = ("expression", frozenset())
        return {(variable,): Fraction(1)}


def forms(network: Network, cone: Cone, moves: Mapping[str, Sources]) -> Forms:
    """The normal forms of the units of a cone.

    Raises
    ------
    TooLarge
        If they take too many terms.
    """
    if cone.edges > TERMS:
        raise TooLarge
    made = Forms()
    for row in network.inputs:
        first = network.offsets[row.name]
        for u, source in enumerate(moves[row.name].tolist()):
            own: Polynomial = {(made.variable(("x", first + u)),): Fraction(1)}
            at: Polynomial = {}
            made.plain[first + u] = own
            if source >= 0:
                at = {(made.variable(("x", first + source)),): Fraction(1)}
            made.moved[first + u] = at
    labels: dict[int, Polynomial] = {}

    def label(number: int) -> Polynomial:
        if number not in labels:
            labels[number] = made.constant(network.labels[number])
        return labels[number]

    for layer in cone.layers:
        units = layer.units
        numbers = np.arange(units.start, units.stop) if isinstance(units, slice) else units
        start, source, names = layer.start.tolist(), layer.source.tolist(), layer.label.tolist()
        biases = layer.bias.tolist() if layer.bias is not None else [-1] * len(numbers)
        for i, number in enumerate(numbers.tolist()):
            bias = label(biases[i]) if biases[i] >= 0 else {}
            edges = [(label(names[e]), source[e]) for e in range(start[i], start[i + 1])]
            for side in (made.plain, made.moved):
                terms = [made.times(weight, side[s]) for weight, s in edges]
                side[number] = made.unit(layer, terms, bias)
    return made

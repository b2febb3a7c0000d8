"""Functions of units as polynomials in a normal form: equal forms are equal functions.

Sums and products are expanded into polynomials over the parameters, the inputs and atoms; an atom
is a maximum or another function of polynomials in normal form. ReLU(t) is the maximum of 0 and t,
maxima of maxima are one, and a zero in a maximum with a member that is never negative is left out.
A function that is even or odd is one of its argument or of minus that, whichever comes first.
Two different forms without atoms are different functions. With atoms they may be equal all the
same, and nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import ClassVar, TypeAlias

import numpy as np
import sympy as sp

from convgraph.core import memory
from convgraph.core.function import Function, rational
from convgraph.core.reduction import MAX
from convgraph.core.sympified import sympified
from convgraph.symmetry.equivariance.equation_sides import Sides
from convgraph.symmetry.equivariance.interpreter import OneByOne, objects
from convgraph.symmetry.equivariance.layer_edges import LayerEdges, edge_count

__all__ = ["Forms", "TooManyTerms", "settled"]

Monomial: TypeAlias = "tuple[int, ...]"
Coefficient: TypeAlias = "int | Fraction"  # an int wherever it is one, which is five times as fast
Polynomial: TypeAlias = "dict[Monomial, Coefficient]"
Frozen: TypeAlias = "frozenset[tuple[Monomial, Coefficient]]"
Arguments: TypeAlias = "frozenset[Frozen] | tuple[Frozen, ...]"

TERMS = 200_000  # in all, beyond which a form is given up: each takes microseconds


class TooManyTerms(Exception):  # noqa: N818 - a signal between modules, which no user sees
    """A normal form that would take too many terms."""


@dataclass
class Forms(OneByOne):
    """The algebra of polynomials in normal form.

    Raises
    ------
    TooManyTerms
        If they take too many terms.
    """

    zero: Polynomial = field(default_factory=dict)
    work: int = 0
    """How many terms were made."""
    _variables: dict[object, int] = field(default_factory=dict)
    _atoms: dict[int, tuple[object, Arguments]] = field(default_factory=dict)

    one: ClassVar[Polynomial] = {(): 1}
    minus: ClassVar[Polynomial] = {(): -1}

    def same(self, one: Polynomial, other: Polynomial) -> bool | None:
        """Whether two functions are the same; None where that is not decided."""
        if one == other:
            return True
        known = all(v not in self._atoms for p in (one, other) for m in p for v in m)
        return False if known else None

    # -- algebra ----------------------------------------------------------------------------------

    def variable(self, key: object) -> int:
        """The number of a variable: a parameter, an input or an atom."""
        return self._variables.setdefault(key, len(self._variables))

    def timed(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The product."""
        self._spend(len(a) * len(b))
        if a == self.one:  # as most labels are
            return b
        result: Polynomial = {}
        for m, c in a.items():
            for n, d in b.items():
                key = tuple(sorted(m + n))
                result[key] = result.get(key, 0) + c * d
        return {m: c for m, c in result.items() if c}

    def sum(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The sum."""
        self._spend(len(b))
        result = dict(a)
        for m, c in b.items():
            result[m] = result.get(m, 0) + c
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
        return self.atom(MAX, frozenset(flat))

    def atom(self, name: object, arguments: Arguments) -> Polynomial:
        """A function of polynomials as a polynomial: one variable."""
        self._spend(sum(map(len, arguments)))  # all of which are hashed
        variable = self.variable((name, arguments))
        self._atoms[variable] = (name, arguments)
        return {(variable,): 1}

    def _members(self, polynomial: Polynomial) -> frozenset[Frozen]:
        if len(polynomial) == 1:
            (monomial, coefficient), *_ = polynomial.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0] in self._atoms:
                name, members = self._atoms[monomial[0]]
                if name == MAX and isinstance(members, frozenset):
                    return members
        return frozenset([frozenset(polynomial.items())])

    def _never_negative(self, polynomial: Frozen) -> bool:
        return all(
            coefficient > 0 and all(self._positive_atom(v) for v in monomial)
            for monomial, coefficient in polynomial
        )

    def _positive_atom(self, variable: int) -> bool:
        name, members = self._atoms.get(variable, (None, ()))
        if isinstance(name, Function):
            return bool(name.nonnegative)
        return name == MAX and any(self._never_negative(member) for member in members)

    def _spend(self, terms: int) -> None:
        self.work += terms
        if self.work > TERMS:
            raise TooManyTerms

    # -- units ------------------------------------------------------------------------------------

    def add(self, terms: Sequence[Polynomial]) -> Polynomial:
        return reduce(self.sum, terms) if terms else {}

    def multiply(self, terms: Sequence[Polynomial]) -> Polynomial:
        return reduce(self.timed, terms) if terms else self.one

    def apply(self, function: Function, value: Polynomial) -> Polynomial:
        turned = self.timed(self.minus, value)
        turns = sorted(turned.items()) > sorted(value.items())
        if function.slopes is not None:
            # a max(0, t) + b min(0, t) = b t + (a - b) max(0, t) = a t + (a - b) max(0, -t)
            above, below = (self.constant(sympified(slope)) for slope in function.slopes)
            bend = self.sum(above, self.timed(self.minus, below))
            turns = turns and not function.rectifies  # that is a maximum with others as it is
            line = self.timed(above if turns else below, value)
            positive = self.maximum([{}, turned if turns else value]) if bend else {}
            return self.sum(line, self.timed(bend, positive))
        if not value and function.at_zero is not None:
            return self.constant(function.at_zero)
        sign = self.one
        if turns and (function.even or function.odd):
            value, sign = turned, self.minus if function.odd else self.one
        return self.timed(sign, self.atom(function, _frozen([value])))

    def combine(self, layer: LayerEdges, terms: Sequence[Polynomial]) -> Polynomial:
        return self.atom(layer.reduction, _frozen(terms))

    def constant(self, label: sp.Expr) -> Polynomial:
        """A label as a polynomial in its symbols."""
        exact = rational(label)
        if exact is not None:
            above, below = int(exact.p), int(exact.q)
            return {(): above if below == 1 else Fraction(above, below)} if above else {}
        if label.is_Symbol:
            return {(self.variable(label),): 1}
        parts = sp.Poly(label)
        result: Polynomial = {}
        powers = [self._generator(g) for g in parts.gens]
        for exponents, coefficient in parts.terms():
            term = self.constant(sympified(coefficient)) if coefficient.is_Rational else None
            if term is None:
                term = self._generator(coefficient)
            for power, exponent in zip(powers, exponents, strict=True):
                for _ in range(int(exponent)):
                    term = self.timed(term, power)
            result = self.sum(result, term)
        return result

    def _generator(self, generator: sp.Expr) -> Polynomial:
        if generator.is_Symbol:
            return {(self.variable(generator),): 1}
        # a root or a sine may satisfy relations that are not seen here: it is kept as an atom
        variable = self.variable(generator)
        self._atoms[variable] = ("expression", ())
        return {(variable,): 1}


def _frozen(terms: Sequence[Polynomial]) -> tuple[Frozen, ...]:
    return tuple(frozenset(term.items()) for term in terms)


def settled(sides: Sides) -> tuple[bool | None, int]:
    """Whether both sides are the same function, and what it took to find out.

    It is None where that is not decided.

    Raises
    ------
    TooManyTerms
        If it takes too many terms.
    """
    network, edges = sides.network, edge_count(sides.cone)
    if edges > TERMS:
        raise TooManyTerms
    made = Forms()
    inputs = sum(int(row.size) for row in network.inputs)
    x: list[Polynomial] = [{(made.variable(("x", u)),): 1} for u in range(inputs)]
    memory.require("parameters", len(network.labels), 32)
    labels = made.zeros(len(network.labels))
    used = [each for layer in sides.cone for each in (layer.label, layer.bias)]
    for number in np.unique(np.concatenate([each for each in used if each is not None])).tolist():
        if number >= 0:
            labels[number] = made.constant(network.labels[number])
    left, right = sides.at(objects(x), labels, made)
    return made.same(left[0], right[0]), made.work + edges

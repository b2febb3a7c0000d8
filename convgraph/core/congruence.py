"""Sizes with given remainders: what a condition on the size of an input comes down to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from convgraph.core.sizes import size_symbol

__all__ = ["Congruence"]


@dataclass(frozen=True)
class Congruence:
    """The whole numbers that leave one of some remainders, with the smallest modulus.

    >>> even = Congruence.of(4, [1, 3])
    >>> even, 7 in even, even.condition()
    (Congruence(n ≡ 1 (mod 2)), True, Eq(Mod(n, 2), 1))
    """

    modulus: int
    residues: tuple[int, ...]

    @staticmethod
    def of(modulus: int, residues: Iterable[int]) -> Congruence:
        """The numbers that leave one of some remainders."""
        given = {r % modulus for r in residues}
        for smaller in sp.divisors(modulus):
            classes = {r % smaller for r in given}
            if len(classes) * (modulus // smaller) == len(given):
                return Congruence(int(smaller), tuple(sorted(classes)))
        raise AssertionError

    def __contains__(self, number: int) -> bool:
        return number % self.modulus in self.residues

    def condition(self, n: sp.Expr | None = None) -> sp.Basic:
        """The condition in sympy, on n (or another expression)."""
        if len(self.residues) in (0, self.modulus):
            return sp.true if self.residues else sp.false
        n = size_symbol("n") if n is None else n
        return sp.Or(*(sp.Eq(sp.Mod(n, self.modulus), r) for r in self.residues))

    def __str__(self) -> str:
        if len(self.residues) in (0, self.modulus):
            return "every n" if self.residues else "no n"
        return f"n ≡ {' or '.join(map(str, self.residues))} (mod {self.modulus})"

    def __repr__(self) -> str:
        return f"Congruence({self})"

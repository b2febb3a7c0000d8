"""Closed forms in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

__all__ = ["in_numbers"]


def in_numbers(size: Any, values: Mapping[sp.Symbol, int]) -> Any:
    """A closed form with numbers for its symbols, sums added term by term.

    `Sum.doit` of sympy 1.14 answers now 1 and now 2 for the sum of 1 - min(1, -ceiling(-j/3)) over
    the single j = 0.
    """

    def added(term: sp.Expr, limits: sp.Tuple) -> sp.Expr:
        j, low, high = limits
        return sp.Add(*[term.subs(j, i) for i in range(int(low), int(high) + 1)])

    return sp.sympify(size).subs(values).replace(sp.Sum, added)

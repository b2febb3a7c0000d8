"""What a source can state besides a plain value: roughly, over, of the order of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.sympified import sympified

__all__ = ["Order", "Over", "Roughly", "UpTo"]


def _in_words(value: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if value % size == 0:
            return f"{value // size:,} {word}"
    return f"{value:,}"


def _last_place(value: int) -> int:
    """The size of the last digit that is not a zero.

    >>> _last_place(60_000), _last_place(16 * 10**9)
    (10000, 1000000000)
    """
    place = 1
    while value % (10 * place) == 0:
        place *= 10
    return place


@dataclass(frozen=True)
class Roughly:
    """A rounded number: it admits what rounds to it at its last non-zero digit.

    >>> Roughly(60_000).admits(59_733), Roughly(60_000).admits(54_999)
    (True, False)
    """

    value: int

    def admits(self, derived: Any) -> bool:
        """Whether a derived number is roughly that."""
        return bool(2 * abs(derived - self.value) <= _last_place(self.value))

    def __str__(self) -> str:
        return f"roughly {_in_words(self.value)}"


@dataclass(frozen=True)
class Over:
    """A number cut short: it admits what is larger, by less than one of its last non-zero digit.

    >>> Over(8 * 10**9).admits(8_003_072_000), Over(8 * 10**9).admits(9_100_000_000)
    (True, False)
    """

    value: int

    def admits(self, derived: Any) -> bool:
        """Whether a derived number is over that."""
        return bool(self.value < derived < self.value + _last_place(self.value))

    def __str__(self) -> str:
        return f"over {_in_words(self.value)}"


@dataclass(frozen=True)
class Order:
    """An order of growth O(f): it admits g if g/f is bounded for sizes of 1 and more.

    That is so where every term of g/f has powers of zero and less only, which for the polynomials
    that counts are is easily seen: g/f is then a polynomial in one over each size.

    >>> m, n = sp.symbols("m n", positive=True)
    >>> Order(m * n).admits(2 * m * n - n), Order(m).admits(m * n)
    (True, False)
    """

    growth: sp.Expr

    def admits(self, derived: Any) -> bool:
        """Whether a derived expression is of that order."""
        ratio = sympified(derived) / self.growth
        sizes = sorted(ratio.free_symbols, key=str)
        inverse = ratio.subs({size: 1 / size for size in sizes}, simultaneous=True)
        return bool(sp.expand(inverse).is_polynomial(*sizes))

    def __str__(self) -> str:
        return f"O({self.growth})"


@dataclass(frozen=True)
class UpTo:
    """A count but for some exceptions: it admits that count and up to `fewer` less.

    >>> n = sp.Symbol("n")
    >>> UpTo(n, fewer=2).admits(n - 1), UpTo(n, fewer=2).admits(n - 3)
    (True, False)
    """

    value: Any
    fewer: int

    def admits(self, derived: Any) -> bool:
        """Whether a derived count is that, with no more than these exceptions."""
        missing = sp.simplify(sympified(self.value) - derived)
        return bool(missing.is_Integer and 0 <= missing <= self.fewer)

    def __str__(self) -> str:
        return f"{self.value}, or up to {self.fewer} fewer"

"""A function of one number as an object: its forms, and what is known of it.

Whatever a fact says nothing about is unknown (None), and nothing follows from that. A function of
which only the name is known stands for any function; what is said of it is said of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.sympified import sympified

__all__ = ["End", "Function", "rational"]

Array = NDArray[Any]
End = tuple[sp.Expr, int]
"""(coefficient c, exponent e) of a function f with f(t) / t**e -> c, or f(t) = 0 if c is 0."""

PLACES = [sp.Rational(n, 8) for n in (1, 3, 8, 20, 56)]  # at which symmetries are refuted


@dataclass(frozen=True)
class Function:
    """A function of one number; two are the same if they have the same name.

    Attributes
    ----------
    name
        Its name, with the numbers that it depends on: "relu", "clip(0, 6)".
    exact, fast
        Its value as a sympy expression, and on an array of numbers.
    known
        Whether it is one function, and not any.
    slopes
        (a, b) if it is a t for t > 0, b t for t < 0, and 0 at 0: if it is positively homogeneous.
    order
        1 if it never decreases on its domain, -1 if it never increases.
    strict
        Whether it never stays the same there either.
    domain
        The lowest and the highest number for which the other facts are meant.
    nonnegative
        Whether it is never negative.
    steepest
        A number L with |f(s) - f(t)| <= L |s - t|.
    ends
        Its leading terms at minus and plus infinity.
    """

    name: str
    exact: Callable[[sp.Expr], sp.Expr] = field(compare=False, repr=False)
    fast: Callable[[Array], Array] = field(compare=False, repr=False)
    known: bool = True
    slopes: tuple[sp.Expr, sp.Expr] | None = field(default=None, compare=False, repr=False)
    order: int | None = field(default=None, compare=False, repr=False)
    strict: bool | None = field(default=None, compare=False, repr=False)
    domain: tuple[float, float] = field(default=(-np.inf, np.inf), compare=False, repr=False)
    nonnegative: bool | None = field(default=None, compare=False, repr=False)
    steepest: float | None = field(default=None, compare=False, repr=False)
    ends: tuple[End | None, End | None] = field(default=(None, None), compare=False, repr=False)

    @property
    def increasing(self) -> bool | None:
        """Whether a greater number always has a greater value."""
        if self.order is None or self.domain != (-np.inf, np.inf):
            return None
        return self.strict if self.order == 1 else False

    @property
    def rectifies(self) -> bool:
        """Whether it is max(0, t)."""
        return self.slopes == (1, 0)

    @property
    def keeps_positive(self) -> bool:
        """Whether it is known to be t for t >= 0."""
        return self.slopes is not None and self.slopes[0] == 1

    @cached_property
    def at_zero(self) -> sp.Expr | None:
        """Its value at zero, a number; None if that is not known."""
        value = self._at(sp.S.Zero)
        return value if value is not None and value.is_number and value.is_real else None

    @property
    def zero_at_zero(self) -> bool | None:
        """Whether it is zero at zero."""
        return None if self.at_zero is None else self.at_zero.is_zero

    @cached_property
    def even(self) -> bool | None:
        """Whether f(-t) = f(t), for all t for which there is a value."""
        return self._symmetric(1)

    @cached_property
    def odd(self) -> bool | None:
        """Whether f(-t) = -f(t), for all t for which there is a value."""
        return self._symmetric(-1)

    def _symmetric(self, sign: int) -> bool | None:
        """Whether f(-t) = sign f(t): shown by sympy, or refuted by a value."""
        if not self.known:
            return None
        if self.slopes is not None:
            right, left = map(sympified, self.slopes)
            return sp.expand(right + sign * left).is_zero
        for place in PLACES:
            here, there = self._at(place), self._at(-place)
            if here is None or there is None:
                continue
            gap = (there - sign * here).evalf(30)
            if gap.is_comparable and abs(gap) > sp.Float("1e-20"):
                return False
        t = sp.Symbol("t", real=True)
        value, turned = self._at(t), self._at(-t)
        if value is None or turned is None:
            return None
        # no more than sympy sees by itself: to simplify a table of cases takes seconds
        return True if sp.expand(turned - sign * value) == 0 else None

    def _at(self, value: sp.Expr) -> sp.Expr | None:
        """A value, if there is one."""
        if not self.known:
            return None
        found = sympified(self.exact(value))
        return None if found.has(sp.nan, sp.zoo) else found


def rational(value: sp.Expr) -> sp.Rational | None:
    """A number as a fraction, floating-point numbers as what they are exactly; else None.

    >>> rational(sp.Float(0.5)), rational(sp.sqrt(2)) is None
    (1/2, True)
    """
    if isinstance(value, sp.Float):
        return sp.Rational(value)
    return value if isinstance(value, sp.Rational) else None

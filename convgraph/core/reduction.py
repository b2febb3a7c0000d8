"""Reductions: what a unit does with the values that its edges bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import Function
from convgraph.core.long_expressions import applied, length

__all__ = [
    "MAX",
    "MEAN",
    "PAIRED",
    "PRODUCT",
    "SUM",
    "Reduction",
    "by_name",
    "pointwise",
    "segments",
]

# Pairs of expressions times their lengths, up to which sympy compares each with each for a maximum.
# Beyond, that takes a tenth of a second or more for each of the maxima of a network; then equal
# ones and numbers are all that is taken together.
COMPARED = 300


@dataclass(frozen=True)
class Reduction:
    """How a unit's value follows from parameter times source value, over its edges.

    `exact` takes a list of sympy expressions, `fast` an array of values and the positions at which
    each unit's values start (values of a batch stand side by side, along a second axis). A mean is
    a sum: its edges carry one over the number of units.
    """

    name: str
    exact: Callable[[Sequence[sp.Expr]], sp.Expr] = field(compare=False, repr=False)
    fast: Callable[[NDArray[Any], NDArray[np.int64]], NDArray[Any]] = field(
        compare=False, repr=False
    )
    linear: bool = False
    function: Function | None = None
    """The function that it applies to the one value that it gets, if that is all that it does."""
    known: bool = True
    """Whether its values are known, and not its connections alone."""
    near_zero: sp.Expr | None = field(default=None, compare=False, repr=False)
    """A number c, if its value is c times its first term, up to what vanishes faster than they."""
    settings: tuple[Any, ...] = field(default=(), repr=False)
    """What tells it apart from others of the same name: the size of a neighbourhood, say."""
    made: Any = field(default=None, compare=False, repr=False)
    """What makes it again where it is unpickled, as functions do not pickle: a name of this module,
    or a factory (see `by_name`) and its arguments."""

    @property
    def pointwise(self) -> bool:
        """Whether it applies a function to one value."""
        return self.function is not None

    @property
    def elementary(self) -> bool:
        """Whether it is a sum, a maximum, a product or a function of one value."""
        return self.linear or self.pointwise or self in (MAX, PRODUCT)

    def __reduce__(self) -> Any:
        return object.__reduce__(self) if self.made is None else self.made


def by_name(factory: Callable[..., Reduction]) -> Callable[..., Reduction]:
    """A factory whose reductions are pickled as its name and its arguments."""

    @lru_cache(maxsize=1024, typed=True)  # a model has the same ones in each of its layers
    @wraps(factory)
    def make(*arguments: Any) -> Reduction:
        found = factory(*arguments)
        settings = () if found.pointwise else arguments  # a function's name tells it all
        return replace(found, settings=settings, made=(make, arguments))

    return make


def segments(
    ufunc: np.ufunc, empty: Any
) -> Callable[[NDArray[Any], NDArray[np.int64]], NDArray[Any]]:
    """What reduces runs of values, each to one; `empty` is the value of a run of none."""

    def reduce(values: NDArray[Any], start: NDArray[np.int64]) -> NDArray[Any]:
        filled = np.diff(start) > 0
        if filled.all():
            return ufunc.reduceat(values, start[:-1]) if len(filled) else values[:0]
        # a unit that reads nothing may have a value that only floating-point numbers hold
        shape = len(filled), *values.shape[1:]
        result = np.full(shape, empty, np.result_type(values, np.asarray(empty)))
        if filled.any():
            result[filled] = ufunc.reduceat(values, start[:-1][filled])
        return result

    return reduce


def greatest(values: Sequence[sp.Expr]) -> sp.Expr:
    """The greatest of some expressions; -oo of none.

    sympy compares each with each, which for symbols comes to nothing, and takes a second for 50; of
    many or of long ones only the numbers are.
    """
    if not values:
        return sp.S.NegativeInfinity
    flat = {each for value in values for each in (value.args if value.func == sp.Max else [value])}
    if all(value.is_Symbol for value in flat):
        return sp.Max(*flat, evaluate=False)
    terms = sum(length(value, COMPARED) for value in flat)
    if len(flat) ** 2 // 2 * terms <= COMPARED:
        return sp.Max(*flat)
    numbers = {each for each in flat if each.is_number}
    most = sp.Max(*numbers)
    return sp.Max(*(flat - numbers), *([] if most == -sp.oo else [most]), evaluate=False)


SUM = Reduction("sum", lambda terms: sp.Add(*terms), segments(np.add, 0), linear=True, made="SUM")
MEAN = Reduction("mean", SUM.exact, SUM.fast, linear=True, made="MEAN")
MAX = Reduction(
    "max",
    greatest,
    segments(np.maximum, -np.inf),
    made="MAX",
)
PRODUCT = Reduction(
    "product", lambda terms: sp.Mul(*terms), segments(np.multiply, 1), made="PRODUCT"
)


def _paired(terms: Sequence[sp.Expr]) -> sp.Expr:
    """The products of the first half of the terms with the second half, one by one, in all."""
    half = len(terms) // 2
    return sp.Add(*(a * b for a, b in zip(terms[:half], terms[half:], strict=True)))


def _fast_paired(values: NDArray[Any], start: NDArray[np.int64]) -> NDArray[Any]:
    counts = np.diff(start)  # of even numbers
    first = np.arange(len(values)) - np.repeat(start[:-1], counts) < np.repeat(counts // 2, counts)
    return SUM.fast(values[first] * values[~first], start // 2)


# two rows multiplied as matrices: each product takes one edge from either
PAIRED = Reduction("sum of products", _paired, _fast_paired, made="PAIRED")


def pointwise(function: Function) -> Reduction:
    """The reduction of a unit that applies a function to the one value that it gets."""
    # a function of no known values may be called as a reduction is
    clash = function.name in {"sum", "mean", "max", "product", "input"}
    return Reduction(
        f"{function.name}()" if clash else function.name,
        lambda terms: applied(function.exact, terms[0]),
        lambda values, start: function.fast(values),
        function=function,
    )

"""Arrays of sympy symbols on which numpy's maxima and functions work, as its sums do anyway.

numpy adds and multiplies the elements of an array of objects, but compares them to take a maximum,
which symbols cannot answer, and asks them for a method `tanh`. Here both become sympy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError

__all__ = ["SymbolArray", "symbol_array"]


def symbol_array(values: NDArray[Any]) -> SymbolArray:
    """The array of objects, as one on which maxima are symbolic."""
    return values.view(SymbolArray)


class SymbolArray(np.ndarray):
    """An array of sympy expressions.

    >>> x = symbol_array(np.array(sp.symbols("x1:4"), object))
    >>> np.maximum(x, 0)[:1]
    SymbolArray([Max(0, x1)], dtype=object)
    >>> x.max()
    Max(x1, x2, x3)
    """

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [_plain(value) for value in inputs]
        if "out" in options:
            options["out"] = tuple(_plain(value) for value in options["out"])
        exact = FUNCTIONS.get(ufunc.__name__)
        if exact is not None:
            ufunc = np.frompyfunc(exact, ufunc.nin, 1)
            options = {name: value for name, value in options.items() if name != "dtype"}
        return _symbolic(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3:
            return _symbolic(CHOICE(*map(_plain, args)))
        return _symbolic(super().__array_function__(function, types, args, options))


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, SymbolArray) else value


def _symbolic(result: Any) -> Any:
    if isinstance(result, tuple | list):
        return type(result)(map(_symbolic, result))
    if isinstance(result, np.ndarray) and result.dtype == object:
        return result.view(SymbolArray)
    return result


def _choice(condition: Any, a: Any, b: Any) -> sp.Expr:
    """a where the condition l > r holds, else b: a maximum, if both agree where l = r.

    With a - b = c (l - r), that is b + c max(l - r, 0), and max(a, b) for c = 1.
    """
    if isinstance(condition, bool | np.bool_ | sp.logic.boolalg.BooleanAtom):
        return sp.sympify(a if condition else b)
    greater = isinstance(condition, sp.Gt | sp.Ge)
    if not greater and not isinstance(condition, sp.Lt | sp.Le):
        raise ConvgraphError(f"np.where({condition}): a condition compares two values by < or >")
    over = condition.lhs - condition.rhs if greater else condition.rhs - condition.lhs
    a, b = sp.sympify(a), sp.sympify(b)
    slope = sp.cancel(sp.expand(a - b) / sp.expand(over))
    if not slope.is_number:
        raise ConvgraphError(
            f"np.where({condition}, {a}, {b}): both values agree where the two sides of the "
            "condition do, as in np.where(x > 0, x, 0)"
        )
    return sp.Max(a, b) if slope == 1 else b + slope * sp.Max(over, 0)


def _least(a: Any, b: Any) -> sp.Expr:
    return -sp.Max(-a, -b)


def _clipped(value: Any, low: Any, high: Any) -> sp.Expr:
    return _least(sp.Max(value, low), high)


CHOICE = np.frompyfunc(_choice, 3, 1)
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "maximum": sp.Max,
    "fmax": sp.Max,
    "minimum": _least,
    "fmin": _least,
    "clip": _clipped,
    "greater": sp.Gt,
    "greater_equal": sp.Ge,
    "less": sp.Lt,
    "less_equal": sp.Le,
    "absolute": sp.Abs,
    "fabs": sp.Abs,
    "sign": sp.sign,
    "tanh": sp.tanh,
    "exp": sp.exp,
    "log": sp.log,
    "sin": sp.sin,
    "cos": sp.cos,
    "arctan": sp.atan,
    "expit": sp.Function("sigmoid"),
    "erf": sp.erf,
}

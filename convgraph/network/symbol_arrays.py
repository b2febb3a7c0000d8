"""Arrays of sympy symbols on which numpy's maxima and functions work, as its sums do anyway.

numpy adds and multiplies the elements of an array of objects, but compares them to take a maximum,
which symbols cannot answer, and asks them for a method `tanh`. Here the value of a maximum or of a
function is a new symbol, and a tape remembers of what. So what is computed from it stays small, and
each such value becomes one hidden unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.network.tape import Tape

__all__ = ["SymbolArray", "symbol_array"]


def symbol_array(tape: Tape, values: NDArray[Any]) -> SymbolArray:
    """An array of expressions whose maxima and functions are recorded on a tape."""
    result = values.view(SymbolArray)
    result.tape = tape
    return result


class SymbolArray(np.ndarray):
    """An array of sympy expressions.

    >>> symbols = sp.symbols("x1:4")
    >>> tape = Tape(frozenset(symbols))
    >>> x = symbol_array(tape, np.array(symbols, object))
    >>> [tape.written_out(value) for value in np.maximum(x, 0)]
    [Max(0, x1), Max(0, x2), Max(0, x3)]
    >>> tape.written_out(x.max() + 1)
    Max(x1, x2, x3) + 1
    """

    tape: Tape

    def __array_finalize__(self, other: Any) -> None:
        if isinstance(other, SymbolArray):
            self.tape = other.tape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [_plain(value) for value in inputs]
        if "out" in options:
            options["out"] = tuple(map(_plain, options["out"]))
        name = ufunc.__name__
        if name in EXTREMES:
            return self._symbolic(self._extreme(EXTREMES[name], method, plain, options))
        exact = self._function(name)
        if exact is not None:
            ufunc = np.frompyfunc(exact, ufunc.nin, 1)
            options = {key: value for key, value in options.items() if key != "dtype"}
        return self._symbolic(getattr(ufunc, method)(*plain, **options))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3:
            return self._symbolic(np.frompyfunc(self._choice, 3, 1)(*map(_plain, args)))
        return self._symbolic(super().__array_function__(function, types, args, options))

    def _symbolic(self, result: Any) -> Any:
        if isinstance(result, tuple | list):
            return type(result)(map(self._symbolic, result))
        if isinstance(result, np.ndarray) and result.dtype == object:
            return symbol_array(self.tape, result)
        return result

    def _function(self, name: str) -> Callable[..., Any] | None:
        if name == "clip":
            return lambda value, low, high: self._least(self.tape.greatest(value, low), high)
        if name in COMPARISONS:
            return COMPARISONS[name]
        if name in FUNCTIONS:
            return lambda value: self.tape.of(FUNCTIONS[name], value)
        return None

    def _extreme(
        self, sign: int, method: str, inputs: list[Any], options: dict[str, Any]
    ) -> NDArray[Any]:
        """A maximum, or minus that of minus the values: operands are collected, then named."""

        def collected(a: Any, b: Any) -> _Operands:
            return _Operands((*_operands(a), *_operands(b)))

        def named(a: Any) -> sp.Expr:
            return sign * self.tape.greatest(*[sign * value for value in _operands(a)])

        # an identity of None says that operands may be taken in any order, so over many axes
        collect = np.frompyfunc(collected, 2, 1, identity=None)
        options = {key: value for key, value in options.items() if key not in ("dtype", "out")}
        if options.get("initial") is np._NoValue:
            del options["initial"]
        return np.frompyfunc(named, 1, 1)(getattr(collect, method)(*inputs, **options))

    def _least(self, a: Any, b: Any) -> sp.Expr:
        return -self.tape.greatest(-sp.sympify(a), -sp.sympify(b))

    def _choice(self, condition: Any, a: Any, b: Any) -> sp.Expr:
        """a where the condition l > r holds, else b: a maximum, if both agree where l = r.

        With a - b = c (l - r), that is b + c max(l - r, 0), and max(a, b) for c = 1.
        """
        if isinstance(condition, bool | np.bool_ | sp.logic.boolalg.BooleanAtom):
            return sp.sympify(a if condition else b)
        greater = isinstance(condition, sp.Gt | sp.Ge)
        shown = self.tape.written_out(condition) if isinstance(condition, sp.Basic) else condition
        if not greater and not isinstance(condition, sp.Lt | sp.Le):
            raise ConvgraphError(f"np.where({shown}): a condition compares two values by < or >")
        over = condition.lhs - condition.rhs if greater else condition.rhs - condition.lhs
        a, b = sp.sympify(a), sp.sympify(b)
        slope = sp.cancel(sp.expand(a - b) / sp.expand(over))
        if not slope.is_number:
            raise ConvgraphError(
                f"np.where({shown}, {self.tape.written_out(a)}, {self.tape.written_out(b)}): both "
                "values agree where the two sides of the condition do, as in np.where(x > 0, x, 0)"
            )
        if slope == 1:
            return self.tape.greatest(a, b)
        return b + slope * self.tape.greatest(over, 0)


@dataclass(frozen=True)
class _Operands:
    """The values of which a maximum is taken: no sequence, which numpy would make an array of."""

    values: tuple[sp.Expr, ...]


def _operands(value: Any) -> tuple[sp.Expr, ...]:
    return value.values if isinstance(value, _Operands) else (sp.sympify(value),)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, SymbolArray) else value


EXTREMES: Mapping[str, int] = {"maximum": 1, "fmax": 1, "minimum": -1, "fmin": -1}
COMPARISONS: Mapping[str, Callable[..., Any]] = {
    "greater": sp.Gt,
    "greater_equal": sp.Ge,
    "less": sp.Lt,
    "less_equal": sp.Le,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
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

"""Arrays of symbols on which numpy's maxima and functions work, as its sums do anyway.

numpy adds and multiplies the elements of an array of objects, but compares them to take a maximum,
which symbols cannot answer, and asks them for a method `tanh`. Here the value of a maximum or of a
function is a new symbol, and a tape remembers of what. So what is computed from it stays small, and
each such value becomes one hidden unit. Whatever else numpy would compute is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convgraph.network.symbolic_value import Comparison, Value, expression_of
from convgraph.network.tape import Tape

__all__ = ["SymbolArray", "apply", "symbol_array"]


def symbol_array(tape: Tape, symbols: Iterable[sp.Expr], shape: tuple[int, ...]) -> SymbolArray:
    """An array of expressions whose maxima and functions are recorded on a tape."""
    values = [Value(tape, symbol) for symbol in symbols]
    array = np.empty(len(values), object)
    array[:] = values
    return _of_symbols(tape, array.reshape(shape))


class SymbolArray(np.ndarray):
    """An array of values.

    >>> symbols = sp.symbols("x1:4")
    >>> x = symbol_array(Tape(frozenset(symbols)), symbols, (3,))
    >>> np.maximum(x, 0).tolist()
    [Max(0, x1), Max(0, x2), Max(0, x3)]
    >>> x.max() + 1
    Max(x1, x2, x3) + 1
    """

    tape: Tape | None = None

    def __array_finalize__(self, other: Any) -> None:
        if isinstance(other, SymbolArray):
            self.tape = other.tape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return apply(self._known(), ufunc, method, inputs, options)

    def _known(self) -> Tape:
        if self.tape is None:
            raise TypeError("an array of symbols is made by symbol_array")
        return self.tape

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        tape = self._known()
        if function is np.where and len(args) == 3:
            choose = np.frompyfunc(lambda *parts: _choice(tape, *parts), 3, 1)
            return _of_symbols(tape, choose(*map(_plain, args)))
        return _of_symbols(tape, super().__array_function__(function, types, args, options))


def apply(
    tape: Tape, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """What a ufunc, or its method such as "reduce", gives for arrays of values.

    With `out`, the values are written there and `out` itself is returned, as numpy does.
    """
    name = ufunc.__name__
    if name not in (*NATIVE, *EXTREMES, *COMPARISONS, *FUNCTIONS, "clip"):
        tape.refuse(
            f"np.{name}: what it gives depends on numbers, and the function is run on symbols"
        )
    if options.get("dtype") not in (None, object, np.dtype(object)):
        tape.refuse(f"np.{name}(..., dtype={options['dtype']}): symbols are held as objects")
    options = {key: value for key, value in options.items() if key != "dtype"}
    out = options.get("out")
    if out is None and options.get("where", True) is not True and method == "__call__":
        tape.refuse(f"np.{name}(..., where=...): without out= it leaves values undefined")
    plain = [_plain(value) for value in inputs]
    if "out" in options:
        options["out"] = None if out is None else tuple(map(_plain, out))
    if name in EXTREMES:
        result = _extreme(tape, EXTREMES[name], method, plain, options)
    else:
        exact = _function(tape, name)
        known = ufunc if exact is None else np.frompyfunc(exact, ufunc.nin, 1)
        result = getattr(known, method)(*plain, **options)
    return _of_symbols(tape, result) if out is None else out[0]


def _of_symbols(tape: Tape, result: Any) -> Any:
    if isinstance(result, tuple | list):
        return type(result)(_of_symbols(tape, part) for part in result)
    if isinstance(result, SymbolArray) and result.tape is tape:
        return result  # the array that was given as out=
    if isinstance(result, np.ndarray) and result.dtype == object:
        array = result.view(SymbolArray)
        array.tape = tape
        return array
    return result


def _function(tape: Tape, name: str) -> Callable[..., Any] | None:
    if name == "clip":
        return lambda value, low, high: _greatest(tape, -1, _greatest(tape, 1, value, low), high)
    if name in COMPARISONS:
        return COMPARISONS[name]
    if name in FUNCTIONS:
        return lambda value: Value(tape, tape.of(FUNCTIONS[name], expression_of(value)))
    return None


def _extreme(tape: Tape, sign: int, method: str, inputs: list[Any], options: dict[str, Any]) -> Any:
    """A maximum, or minus that of minus the values: operands are collected, then named."""

    def collected(a: Any, b: Any) -> _Operands:
        return _Operands((*_operands(a), *_operands(b)))

    def named(a: Any) -> Any:
        return _greatest(tape, sign, *_operands(a))

    if method == "at":
        return np.frompyfunc(lambda a, b: _greatest(tape, sign, a, b), 2, 1).at(*inputs)
    # an identity of None says that operands may be taken in any order, so over many axes
    collect = np.frompyfunc(collected, 2, 1, identity=None)
    # in a reduction the mask says what is read, in a call what is written
    out = options.pop("out", None)
    written = options.pop("where", True) if method == "__call__" else True
    if options.get("initial") is np._NoValue:
        del options["initial"]
    result = np.frompyfunc(named, 1, 1)(getattr(collect, method)(*inputs, **options))
    if out is not None:
        np.copyto(out[0], result, where=written)
    return result


def _greatest(tape: Tape, sign: int, *values: Any) -> Any:
    known = []
    for value in values:
        expression = expression_of(value)
        if expression is None:
            tape.refuse(f"{value!r} is not a real number, of which a maximum could be taken")
        known.append(sign * expression)
    return Value(tape, sign * tape.greatest(*known))


def _choice(tape: Tape, condition: Any, a: Any, b: Any) -> Any:
    """a where the condition l > r holds, else b: a maximum, if both agree where l = r.

    With a - b = c (l - r), that is b + c max(l - r, 0), and max(a, b) for c = 1.
    """
    if isinstance(condition, bool | np.bool_):
        return a if condition else b
    if not isinstance(condition, Comparison):
        tape.refuse(f"np.where({condition!r}): a condition compares two values by < or >")
    over = condition.greater - condition.lesser
    chosen, other = expression_of(a), expression_of(b)
    slope = (
        sp.nan
        if chosen is None or other is None
        else sp.cancel(sp.expand(chosen - other) / sp.expand(over))
    )
    if not slope.is_number or slope is sp.nan:
        tape.refuse(
            f"np.where({condition!r}, {a!r}, {b!r}): both "
            "values agree where the two sides of the condition do, as in np.where(x > 0, x, 0)"
        )
    if slope == 1:
        return Value(tape, tape.greatest(chosen, other))
    return Value(tape, other + slope * tape.greatest(over, sp.S.Zero))


@dataclass(frozen=True)
class _Operands:
    """The values of which a maximum is taken: no sequence, which numpy would make an array of."""

    values: tuple[Any, ...]


def _operands(value: Any) -> tuple[Any, ...]:
    return value.values if isinstance(value, _Operands) else (value,)


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        single = np.empty((), object)
        single[()] = value
        return single
    return value.view(np.ndarray) if isinstance(value, SymbolArray) else value


NATIVE = frozenset(
    {
        *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide"),
        *("negative", "positive", "square", "power", "conjugate"),
        *("matmul", "vecdot", "matvec", "vecmat"),
    }
)
"""What numpy does with objects by their own operators."""

EXTREMES: Mapping[str, int] = {"maximum": 1, "fmax": 1, "minimum": -1, "fmin": -1}
COMPARISONS: Mapping[str, Callable[..., Any]] = {
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
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

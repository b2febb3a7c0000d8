"""One value of a run on symbols: it adds and multiplies, and refuses what only numbers decide.

A sympy symbol is true, unequal to any other and hashable, so that code which branches on it takes
one branch without a word. A value here has no truth, no equality, no hash and no number.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
import sympy as sp

from convgraph.core.sympified import sympified
from convgraph.network.tape import Tape

__all__ = ["Comparison", "Value", "expression_of"]

Operation = Callable[[sp.Expr, sp.Expr], Any]


class Undecided:
    """What has no truth, no equality and no number before the input is known."""

    __slots__ = ("tape",)
    __hash__ = None  # type: ignore[assignment]

    tape: Tape

    def _refused(self, use: str) -> NoReturn:
        self.tape.refuse(f"{self!r}: {use} depends on numbers, and the function is run on symbols")

    def __bool__(self) -> bool:
        self._refused(
            "whether it is true (for a maximum of single values use sympy.Max, of arrays "
            "np.maximum; for a choice np.where)"
        )

    def __eq__(self, other: object) -> bool:
        self._refused(f"whether it equals {other!r}")

    def __ne__(self, other: object) -> bool:
        self._refused(f"whether it equals {other!r}")

    def __int__(self) -> int:
        self._refused("its integer part")

    def __index__(self) -> int:
        self._refused("a position or a size")

    def __float__(self) -> float:
        self._refused(
            "its value as a float (an array to be filled is one of objects, as np.zeros_like(x))"
        )

    def __complex__(self) -> complex:
        self._refused("its value as a complex number")

    def __str__(self) -> str:
        self._refused("its text (for a look at it use repr)")

    def __format__(self, how: str) -> str:
        self._refused("its text (for a look at it use repr)")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class Comparison(Undecided):
    """That one value is greater than another, or than or equal to it."""

    __slots__ = ("greater", "lesser")

    def __init__(self, tape: Tape, greater: sp.Expr, lesser: sp.Expr) -> None:
        self.tape, self.greater, self.lesser = tape, greater, lesser

    def __repr__(self) -> str:
        return f"{self.tape.written_out(self.greater)} > {self.tape.written_out(self.lesser)}"


class Value(Undecided):
    """A sympy expression in the input, the parameters and what a tape has recorded.

    >>> tape = Tape(frozenset(sp.symbols("x1:3")))
    >>> a, b = (Value(tape, s) for s in sp.symbols("x1:3"))
    >>> 2 * a - b, a > b
    (2*x1 - x2, x1 > x2)
    >>> bool(a)
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: x1: whether it is true (for a maximum of single values ...
    """

    __slots__ = ("expression",)
    _op_priority = 1000.0  # sympy leaves an operation with such an operand to the operand

    def __init__(self, tape: Tape, expression: sp.Expr) -> None:
        self.tape, self.expression = tape, expression

    def __repr__(self) -> str:
        return str(self.tape.written_out(self.expression))

    def _sympy_(self) -> sp.Expr:
        return self.expression

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        from convgraph.network.symbol_arrays import apply

        return apply(self.tape, ufunc, method, inputs, options)

    def _with(self, other: Any, operation: Operation, reflected: bool = False) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        known = expression_of(other)
        if known is None:
            if isinstance(other, complex | np.complexfloating):
                self.tape.refuse(f"{self!r}, {other}: values and numbers are real")
            return NotImplemented
        pair = (known, self.expression) if reflected else (self.expression, known)
        return Value(self.tape, operation(*pair))

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, self._divided)

    def __pow__(self, other: Any) -> Any:
        return self._with(other, self._power)

    def __floordiv__(self, other: Any) -> Any:
        return self._with(other, self._floor)

    def __mod__(self, other: Any) -> Any:
        self._refused(f"the remainder on division by {other!r}")

    def __divmod__(self, other: Any) -> Any:
        self._refused(f"the remainder on division by {other!r}")

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b, reflected=True)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b, reflected=True)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b, reflected=True)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, self._divided, reflected=True)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, self._power, reflected=True)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with(other, self._floor, reflected=True)

    def __neg__(self) -> Value:
        return Value(self.tape, -self.expression)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return Value(self.tape, self.tape.of(sp.Abs, self.expression))

    def conjugate(self) -> Value:
        """Itself, as it is real."""
        return self

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, lambda a, b: (a, b), lambda d: d > 0)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, lambda a, b: (a, b), lambda d: d >= 0)

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, lambda a, b: (b, a), lambda d: d > 0)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, lambda a, b: (b, a), lambda d: d >= 0)

    def _compared(self, other: Any, order: Operation, holds: Callable[[sp.Expr], Any]) -> Any:
        known = expression_of(other)
        if known is None:
            return NotImplemented
        greater, lesser = order(self.expression, known)
        difference = sp.expand(greater - lesser)
        if difference.is_number:
            return bool(holds(difference))
        return Comparison(self.tape, greater, lesser)

    def _divided(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        """What sympy would shorten, x/x to 1, has no value where the divisor is 0."""
        if b.free_symbols or b == 0:
            over = self.tape.written_out(b)
            rule = "a term is a parameter times one value of the input, divided by numbers only"
            quotient = sp.Mul(
                self.tape.written_out(a), sp.Pow(over, -1, evaluate=False), evaluate=False
            )
            self.tape.refuse(f"it computes the term {quotient}: {rule}")
        return a / b

    def _power(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        if not (b.is_number and b.is_nonnegative):
            self._refused(f"the power {a}**({b})")
        return a**b

    def _floor(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        return self.tape.of(sp.floor, self._divided(a, b))


def expression_of(value: Any) -> sp.Expr | None:
    """A value or a real number as sympy has it, or None."""
    if isinstance(value, Value):
        return value.expression
    if isinstance(value, bool | np.bool_):
        return sp.Integer(int(value))
    if isinstance(value, int | float | Fraction | np.integer | np.floating | sp.Expr):
        return sympified(value)
    return None

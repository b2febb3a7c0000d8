"""Values of maxima and functions as symbols, and a record of what each of them is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified

__all__ = ["Made", "Tape"]


@dataclass(frozen=True)
class Made:
    """What a symbol stands for: the maximum of some values, or a function of one."""

    function: Callable[..., sp.Expr]
    values: tuple[sp.Expr, ...]

    @property
    def expression(self) -> sp.Expr:
        """It, as sympy has it."""
        return self.function(*self.values)


@dataclass(frozen=True)
class Tape:
    """The values of maxima and functions of the inputs, each a symbol, in order of making."""

    inputs: frozenset[sp.Symbol]
    made: dict[sp.Symbol, Made] = field(default_factory=dict)
    known: dict[Made, sp.Symbol] = field(default_factory=dict)
    refusals: list[ConvgraphError] = field(default_factory=list)
    """What was refused, for a function that goes on after an exception."""

    def refuse(self, message: str) -> NoReturn:
        """Raise, and remember that it was raised."""
        self.refusals.append(ConvgraphError(message))
        raise self.refusals[-1]

    def of(self, function: Callable[..., sp.Expr], *values: Any) -> sp.Expr:
        """The symbol for a function of values; what reads no input is left as it is."""
        made = Made(function, tuple(map(sympified, values)))
        if not any(map(self.reads, made.values)):
            return made.expression
        if made not in self.known:
            self.known[made] = sp.Dummy(f"value{len(self.made) + 1}")
            self.made[self.known[made]] = made
        return self.known[made]

    def reads(self, expression: sp.Expr) -> bool:
        """Whether an expression depends on the inputs."""
        return any(s in self.inputs or s in self.made for s in expression.free_symbols)

    def greatest(self, *values: Any) -> sp.Expr:
        """The symbol for a maximum; one of maxima is one of all their values, but for a ReLU's."""
        every: dict[sp.Expr, None] = {}
        for value in map(sympified, values):
            inner = self.made.get(value)
            joined = inner is not None and inner.function is sp.Max and 0 not in inner.values
            every.update(dict.fromkeys(inner.values if inner is not None and joined else (value,)))
        if len(every) > 1:
            every.pop(sp.S.NegativeInfinity, None)
        return self.of(sp.Max, *every) if len(every) > 1 else next(iter(every))

    def written_out(self, expression: sp.Expr) -> sp.Expr:
        """An expression without the tape's symbols."""
        for symbol, made in reversed(self.made.items()):
            if expression.has(symbol):
                expression = expression.xreplace({symbol: made.expression})
        return expression

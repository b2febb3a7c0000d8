"""Functions of one number by name: one for each name, whatever door it comes through."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import UndefinedFunction

from convgraph.core.errors import ConvgraphError
from convgraph.core.function import Function
from convgraph.core.function_families import MAKERS
from convgraph.core.reduction import Reduction, by_name, pointwise
from convgraph.core.simple_functions import TABLE

__all__ = ["NAMES", "by_function", "function", "opaque", "reduction", "unknown"]

Array = NDArray[Any]

NAMES = frozenset({*TABLE, "relu", "abs", "identity", "silu", "gelu"})
"""The functions that are known by a name alone."""

CLASSES: dict[Any, str] = {
    **{entry[0]: name for name, entry in TABLE.items() if isinstance(entry[0], type)},
    sp.Abs: "abs",
}
"""The names of sympy's functions."""


@lru_cache(maxsize=1024)
def function(name: str, *arguments: Any) -> Function:
    """A function of the table, by its name and the numbers that it depends on.

    >>> function("tanh").odd, function("cos").even, function("relu").slopes
    (True, True, (1, 0))
    >>> function("clip", sp.S.Zero, None) == function("leaky_relu", 0) == function("relu")
    True
    """
    if name in TABLE:
        exact, fast, facts = TABLE[name]
        return Function(name, exact, fast, **facts)
    return MAKERS[name](*arguments)


@lru_cache(maxsize=1024)
def opaque(name: str) -> Function:
    """A function of which no more is known than its name."""

    def fast(v: Array) -> Array:
        raise ConvgraphError(
            f"name={name!r}: the values of this activation are not known; those of "
            f"{', '.join(sorted(NAMES))} are"
        )

    return Function(name, sp.Function(name), fast, known=False)


@by_name
def reduction(name: str, *arguments: Any) -> Reduction:
    """What units do that apply a function of the table."""
    return pointwise(function(name, *arguments))


@by_name
def unknown(name: str) -> Reduction:
    """What units do that apply a function of which no more is known than its name."""
    return pointwise(opaque(name))


def by_function(exact: Any) -> Reduction:
    """What units do that apply a function of sympy's, or one that sympy knows by its name only."""
    if isinstance(exact, UndefinedFunction):
        name = str(exact)
        return reduction(name) if name in NAMES else unknown(name)
    return reduction(CLASSES[exact]) if exact in CLASSES else foreign(exact)


@by_name
def foreign(exact: Any) -> Reduction:
    """What units do that apply a function of sympy's that is not in the table."""
    name = str(exact)
    name = f"{exact.__module__}.{name}" if name in NAMES else name
    return pointwise(Function(name, exact, sp.lambdify(*_call(exact))))


def _call(exact: Any) -> tuple[sp.Symbol, sp.Expr]:
    t = sp.Symbol("t")
    return t, exact(t)

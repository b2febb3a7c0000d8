"""Pointwise nonlinearities: each unit has one edge, and a function as its reduction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import Reduction, by_name, pointwise
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.layers.spec import Layer

__all__ = ["Activation", "LeakyReLU", "ReLU"]


@dataclass(frozen=True, repr=False)
class _Pointwise(Layer):
    def reduction(self) -> Reduction:
        """The function as a reduction."""
        raise AssertionError

    def bind(self, *tensors: Tensor) -> Bound:
        tensor = tensors[0]
        wiring = Product(tuple(map(identity, tensor.shape)))
        return Bound(
            tensor.shape, ((wiring, Constant()),), self.reduction(), channels=tensor.channels
        )


@dataclass(frozen=True, repr=False)
class ReLU(_Pointwise):
    """The rectified linear unit, max(0, t).

    >>> ReLU().on(1).expressions()
    {'s1': Max(0, x1)}
    """

    def reduction(self) -> Reduction:
        return rectified()


@dataclass(frozen=True, repr=False)
class LeakyReLU(_Pointwise):
    """max(0, t) + slope * min(0, t), with an exact slope: a rational number or a sympy expression.

    >>> LeakyReLU(sp.Rational(1, 10)).on(1).expressions()
    {'s1': Max(0, x1) + Min(0, x1)/10}
    """

    slope: Any = Fraction(1, 100)

    def __post_init__(self) -> None:
        if isinstance(self.slope, bool | float) or not isinstance(
            self.slope, int | Fraction | sp.Expr
        ):
            raise ConvgraphError(
                f"slope={self.slope!r}: a slope is an int, a Fraction or a sympy expression"
            )

    def reduction(self) -> Reduction:
        return leaky(self.slope)


@by_name
def rectified() -> Reduction:
    """max(0, t)."""
    return pointwise("relu", lambda t: sp.Max(0, t), lambda t: np.maximum(t, 0))


@by_name
def leaky(given: int | Fraction | sp.Expr) -> Reduction:
    """max(0, t) + slope * min(0, t)."""
    slope = sp.Rational(given) if isinstance(given, Fraction) else sp.sympify(given)

    def fast(t: NDArray[Any]) -> NDArray[Any]:
        return np.maximum(t, 0) + float(slope) * np.minimum(t, 0)

    return pointwise(f"leaky_relu({slope})", lambda t: sp.Max(0, t) + slope * sp.Min(0, t), fast)


NUMERIC: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "sigmoid": lambda t: 1 / (1 + np.exp(-t)),
    "softplus": lambda t: np.logaddexp(t, 0),
}


@dataclass(frozen=True, repr=False)
class Activation(_Pointwise):
    """Any pointwise function by name; in expressions it stays a sympy function of that name.

    Its values in numbers are known for tanh, sigmoid, exp, abs, sin, cos, sqrt, sign and softplus.

    >>> Activation("phi").on(1).expressions()
    {'s1': phi(x1)}
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ConvgraphError(
                f"name={self.name!r}: an activation's name is an identifier, such as 'phi'"
            )

    def reduction(self) -> Reduction:
        return activation(self.name)


@by_name
def activation(name: str) -> Reduction:
    """A function of which sympy knows the name only."""
    return named(name, sp.Function(name))


@by_name
def named(name: str, exact: Callable[[sp.Expr], sp.Expr]) -> Reduction:
    """The reduction of a function by its name, with values in numbers where they are known."""

    def fast(t: NDArray[Any]) -> NDArray[Any]:
        if name not in NUMERIC:
            raise ConvgraphError(
                f"name={name!r}: the values of this activation are not known; those of "
                f"{', '.join(NUMERIC)} are"
            )
        return NUMERIC[name](t)

    return pointwise(name, exact, fast)

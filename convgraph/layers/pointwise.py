"""Pointwise nonlinearities: each unit has one edge, and a function as its reduction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import NAMES, reduction, unknown
from convgraph.core.reduction import Reduction
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
        return reduction("relu")


@dataclass(frozen=True, repr=False)
class LeakyReLU(_Pointwise):
    """max(0, t) + slope * min(0, t), with an exact slope: a rational number or a sympy expression.

    >>> LeakyReLU(sp.Rational(1, 10)).on(1).expressions()
    {'s1': Max(0, x1) + Min(0, x1)/10}
    """

    slope: Any = Fraction(1, 100)

    def __post_init__(self) -> None:
        exact = isinstance(self.slope, int | Fraction) or (
            isinstance(self.slope, sp.Expr) and not self.slope.has(sp.Float)
        )
        if isinstance(self.slope, bool) or not exact:
            raise ConvgraphError(
                f"slope={self.slope!r}: a slope is an int, a Fraction or a sympy expression"
            )

    def reduction(self) -> Reduction:
        return reduction("leaky_relu", self.slope)


@dataclass(frozen=True, repr=False)
class Activation(_Pointwise):
    """Any pointwise function by name.

    Names such as tanh, sigmoid, exp, cos, abs, softplus, gelu and silu are those of the functions
    so called, and relu is `ReLU`. Any other name stands for a function of which no more is known:
    what is said of the network is said for every function in its place.

    >>> Activation("phi").on(1).expressions(), Activation("relu").on(1).expressions()
    ({'s1': phi(x1)}, {'s1': Max(0, x1)})
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ConvgraphError(
                f"name={self.name!r}: an activation's name is an identifier, such as 'phi'"
            )

    def reduction(self) -> Reduction:
        return reduction(self.name) if self.name in NAMES else unknown(self.name)

"""The dense layer: full wiring, nothing tied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convgraph.core.axis import Full
from convgraph.core.checks import as_flag
from convgraph.core.reduction import SUM
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Digit, Learned
from convgraph.core.wiring import Product
from convgraph.layers.arguments import Sizes, as_letter, as_sizes
from convgraph.layers.spec import Layer

__all__ = ["Dense"]

UNITS_RULE = "a number of units is a positive integer"


@dataclass(frozen=True, repr=False)
class Dense(Layer):
    """Every output unit reads every input unit, each through a parameter of its own.

    Parameters
    ----------
    units
        Output units: a number, or a tuple for an output of several axes.
    bias
        Whether each unit adds a learned number.
    letter
        The name of the weights; layers with the same letter share them.

    Examples
    --------
    >>> Dense(2).on(3).matrix()
    Matrix([
    [w_1_1, w_1_2, w_1_3],
    [w_2_1, w_2_2, w_2_3]])
    """

    units: Sizes
    bias: bool = False
    letter: str | None = None

    def __post_init__(self) -> None:
        as_sizes("units", self.units, None, UNITS_RULE)
        as_flag("bias", self.bias)
        as_letter(self.letter)

    def bind(self, *tensors: Tensor) -> Bound:
        inputs = tensors[0].shape
        units = as_sizes("units", self.units, None, UNITS_RULE)
        axes = (*(Full(1, u) for u in units), *(Full(n, 1) for n in inputs))
        own = tuple(Digit("output", a, u) for a, u in enumerate(units))
        read = tuple(Digit("tap", a, n) for a, n in enumerate(inputs, start=len(units)))
        bias = None
        if self.bias:
            ones = Product(tuple(Full(1, u) for u in units))
            bias = ones, Learned(own, f"b{self.letter}" if self.letter else None)
        joint = Product(axes), Learned(own + read, self.letter)
        return Bound(
            units, (joint,), SUM, bias, isinstance(self.units, Sequence) and len(units) > 1
        )

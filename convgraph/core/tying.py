"""Tying: which connections share a parameter.

A learned tying lays the connections of a wiring out in a parameter array. Each axis of that array
is a digit: the *tap* through which a connection runs, or the *output* or *input* position (modulo
the digit's size). Connections with the same digits share a parameter, so that

- no output digit on an axis ties over all positions: the convolution,
- an output digit of size t ties positions t steps apart: the tiled convolution,
- an output digit of the axis's full size ties nothing: the locally connected and the dense layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Literal, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.wiring import Product, Wiring

__all__ = ["Constant", "Digit", "Explicit", "Learned", "Mean", "Tying", "outputs", "taps"]


@dataclass(frozen=True)
class Digit:
    """One axis of a parameter array: where its index comes from, and how long it is."""

    kind: Literal["output", "tap", "input"]
    axis: int
    size: Size
    named: bool = True
    """Whether the index shows in the parameters' names; an unnamed channel does not."""
    flipped: bool = False
    """Whether taps are counted from the far end, as in the mathematician's convolution."""


def outputs(*sizes: Size, named: bool = True) -> tuple[Digit, ...]:
    """Output digits for the first axes of a wiring."""
    return tuple(Digit("output", axis, size, named) for axis, size in enumerate(sizes))


def taps(axes: Sequence[Axis], start: int = 0, flipped: bool = False) -> tuple[Digit, ...]:
    """Tap digits for the axes of a wiring from number `start` on."""
    return tuple(
        Digit("tap", a, axis.taps, flipped=flipped) for a, axis in enumerate(axes) if a >= start
    )


@dataclass(frozen=True)
class Learned:
    """Connections labelled with the entries of one parameter array."""

    digits: tuple[Digit, ...]
    letter: str | None = None
    """The array's name; a network gives one to those that have none."""
    fixed: bool = False
    """Whether the entries are numbers that a model holds, such as a buffer, and not learned."""
    counts: tuple[tuple[str, int], ...] = ()
    """Names and sizes of the parameter arrays from which a model computes this one, if it does."""

    @property
    def counted(self) -> dict[str | None, Size]:
        """How many parameters the connections bring, by the name of their array."""
        return dict(self.counts) if self.counts else {self.letter: self.size}

    @property
    def shape(self) -> tuple[Size, ...]:
        """The shape of the parameter array."""
        return tuple(digit.size for digit in self.digits)

    @property
    def size(self) -> Size:
        """The number of entries of the parameter array."""
        return product(self.shape)

    @property
    def array(self) -> Array:
        """The parameter array."""
        if is_symbolic(self.shape):
            raise ConvgraphError(
                f"shape={self.shape} of {self.letter or 'the parameters'}: this question needs "
                "numbers; make the layer without symbols"
            )
        return Array(self.letter or "w", tuple(int(n) for n in self.shape), self.named_axes)

    @property
    def named_axes(self) -> tuple[int, ...]:
        """The axes of the array that show in the names of its entries."""
        return tuple(a for a, digit in enumerate(self.digits) if digit.named)

    def codes(self, axis: int, relation: Axis) -> NDArray[np.int64]:
        """What an axis of a wiring adds to flat indices: an (outputs x taps) array."""
        code = np.zeros((1, 1), np.int64)
        step = 1
        for digit in reversed(self.digits):
            if digit.axis == axis:
                code = code + step * _values(digit, relation)
            step *= int(digit.size)
        return np.broadcast_to(code, (int(relation.outputs), int(relation.taps)))

    def period(self, axis: int) -> Size:
        """How many steps apart output positions share parameters along an axis of the wiring."""
        return product(d.size for d in self.digits if d.axis == axis and d.kind == "output")


def _values(digit: Digit, relation: Axis) -> NDArray[np.int64]:
    if digit.kind == "output":
        return (relation.places() % int(digit.size))[:, None]
    if digit.kind == "input":
        return np.maximum(relation.table(), 0) % int(digit.size)
    tap = np.arange(digit.size, dtype=np.int64)
    return (tap[::-1] if digit.flipped else tap)[None, :]


@dataclass(frozen=True)
class Constant:
    """Connections that are not learned and all carry the same number."""

    value: sp.Expr = sp.S.One


@dataclass(frozen=True)
class Mean:
    """Connections that carry one over the number of units that are averaged.

    `over` says what is counted: the "taps" of a window that lie in the padded input (a last window
    that a ceil_mode adds may reach beyond), or only those "present", not cut off by the border.
    """

    over: Literal["taps", "present"] = "taps"

    def numbers(self, wiring: Wiring) -> tuple[tuple[sp.Expr, ...], NDArray[np.int64]]:
        """The different numbers on the connections, and which of them each output unit has."""
        assert isinstance(wiring, Product)
        counts, which = zip(
            *(np.unique(self._counted(axis), return_inverse=True) for axis in wiring.axes),
            strict=True,
        )
        # few counts per axis, so that few of their products differ
        different, of_products = np.unique(reduce(np.multiply.outer, counts), return_inverse=True)
        numbers = tuple(sp.Rational(1, max(int(c), 1)) for c in different)
        shape = tuple(map(len, counts))
        return numbers, of_products.reshape(shape)[np.ix_(*which)].ravel()

    def different(self, wiring: Wiring) -> tuple[sp.Expr, ...]:
        """The different numbers on the connections, in the same order."""
        assert isinstance(wiring, Product)
        counts = [self._kinds(axis) for axis in wiring.axes]
        products = np.unique(reduce(np.multiply.outer, counts))
        return tuple(sp.Rational(1, max(int(c), 1)) for c in products)

    def _kinds(self, axis: Axis) -> NDArray[np.int64]:
        if self.over == "present":
            return np.unique(np.concatenate([p for length, p in axis.fan_in_pieces() if length]))
        return axis.window_kinds()

    def _counted(self, axis: Axis) -> NDArray[np.int64]:
        if self.over == "present":
            return axis.fan_in()
        return axis.window_sizes()


@dataclass(frozen=True, eq=False)
class Explicit:
    """Labels listed one by one, for a listed wiring: positions in a tuple of expressions.

    In place of the tuple there may be one parameter array, whose symbols are then made when they
    are asked for; a network gives it a letter where it has none.
    """

    labels: NDArray[np.integer]
    expressions: tuple[sp.Expr, ...] | Array
    arrays: tuple[Array, ...] = ()
    """Parameter arrays to which symbols among the expressions belong."""
    numbers_only: ClassVar[bool] = False
    """Whether it is known, without a look at the expressions, that none has a symbol."""

    @property
    def factors(self) -> Sequence[NDArray[np.float64]] | None:
        """Where labels are products of a number per axis: an (outputs x taps) array for each."""
        return None

    @property
    def whole(self) -> tuple[Array, ...]:
        """The parameter arrays to which the labels belong; all their entries are parameters."""
        own = self.expressions if isinstance(self.expressions, Array) else None
        return self.arrays if own is None else (own, *self.arrays)

    def may_hold(self, symbol: sp.Basic) -> bool:
        """Whether an expression has a parameter; of a whole array every one is taken to be used."""
        if isinstance(self.expressions, Array):
            return self.expressions.find(str(symbol)) is not None
        return any(symbol in expression.free_symbols for expression in self.expressions)

    def numbered(self, value: sp.Expr) -> list[int]:
        """The labels that are a number."""
        if isinstance(self.expressions, Array):
            return []
        return [i for i, expression in enumerate(self.expressions) if expression == value]

    def carrying(self, value: sp.Expr) -> int:
        """How many connections carry a number."""
        labels = self.numbered(value)
        return int(np.count_nonzero(np.isin(self.labels, labels))) if labels else 0


Tying: TypeAlias = Learned | Constant | Mean | Explicit

"""Shifts, reflections, quarter turns and enlargements of rows of units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import sympy as sp

from convgraph.core.checks import as_word
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.sizes import Size, as_size, is_symbolic
from convgraph.symmetry.transformations.transformation import (
    AxisWise,
    Sources,
    Steps,
    Transformation,
    space,
)

__all__ = ["Flip", "Rotate90", "Scale", "Shift"]

AMOUNT_RULE = "a shift is a whole number of positions, or one for each axis"
AXIS_RULE = "an axis is a whole number, counted from 0 without the channels, or back from -1"


def _axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ConvgraphError(f"axis={axis}: {_has(rank)}")
    return axis % rank


def _has(rank: int) -> str:
    return f"the row has {rank} {'axis' if rank == 1 else 'axes'} besides the channels"


def _checked_axis(axis: Any) -> None:
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ConvgraphError(f"axis={axis!r}: {AXIS_RULE}")


@dataclass(frozen=True, repr=False)
class Shift(AxisWise):
    """A translation: the value at position i moves to position i + amount.

    Behind layers of stride s, a shift by s t acts as a shift by t.

    Parameters
    ----------
    amount
        Positions, towards larger indices where positive: a number, moved along `axis`, or one
        number for each axis besides the channels.
    axis
        The axis of a single amount; the last by default.
    boundary
        "zeros": what leaves the frame is lost and zeros come in; "wrap": it comes back in.

    Examples
    --------
    >>> Shift(1)([3, 1, 4]), Shift(1, boundary="wrap")([3, 1, 4])
    (array([0, 3, 1]), array([4, 3, 1]))
    """

    amount: Size | tuple[Size, ...]
    axis: int = -1
    boundary: Literal["zeros", "wrap"] = "zeros"

    def __post_init__(self) -> None:
        amounts = self.amount if isinstance(self.amount, Sequence) else (self.amount,)
        if not amounts or isinstance(self.amount, str):
            raise ConvgraphError(f"amount={self.amount!r}: {AMOUNT_RULE}")
        checked = tuple(as_size("amount", a, AMOUNT_RULE, least=-math.inf) for a in amounts)
        if isinstance(self.amount, Sequence):
            object.__setattr__(self, "amount", checked)
        _checked_axis(self.axis)
        rule = 'a boundary is "zeros" or "wrap"'
        as_word("boundary", self.boundary, ("zeros", "wrap"), rule)

    def amounts(self, rank: int) -> tuple[Size, ...]:
        """The amount for each of a row's axes besides the channels."""
        if isinstance(self.amount, tuple):
            if len(self.amount) != rank:
                raise ConvgraphError(f"amount={self.amount}: {_has(rank)}")
            return self.amount
        own = _axis(self.axis, rank)
        return tuple(self.amount if a == own else 0 for a in range(rank))

    def per_axis(self, shape: tuple[int, ...]) -> list[Sources]:
        amounts = self.amounts(len(shape))
        if is_symbolic(amounts):
            raise ConvgraphError(f"amount={self.amount}: this question needs numbers")
        maps = []
        for n, t in zip(shape, amounts, strict=True):
            wrapped = self.boundary == "wrap"
            # an amount may be of any size, the numbers of an array may not
            own = int(t) % n if wrapped else max(-n, min(int(t), n))
            source = np.arange(n, dtype=np.int64) - own
            inside = (source >= 0) & (source < n)
            maps.append(source % n if wrapped else np.where(inside, source, -1))
        return maps

    def behind(self, steps: Steps) -> Shift | None:
        amounts = []
        for amount, step in zip(self.amounts(len(steps)), steps, strict=True):
            if step is None:
                amounts.append(0)
                continue
            each = sp.Rational(step.denominator, step.numerator) * amount
            if each.is_integer is False:
                return None
            amounts.append(int(each) if each.is_Integer else each)
        if isinstance(self.amount, tuple):
            return Shift(tuple(amounts), boundary=self.boundary)
        axis = _axis(self.axis, len(steps))
        return Shift(amounts[axis], self.axis, self.boundary)

    def __repr__(self) -> str:
        axis = f", axis={self.axis}" if self.axis != -1 else ""
        boundary = f", boundary={self.boundary!r}" if self.boundary != "zeros" else ""
        return f"Shift({self.amount}{axis}{boundary})"


@dataclass(frozen=True, repr=False)
class Flip(AxisWise):
    """A reflection along one axis, the last by default.

    >>> Flip()([3, 1, 4])
    array([4, 1, 3])
    """

    axis: int = -1

    def __post_init__(self) -> None:
        _checked_axis(self.axis)

    def per_axis(self, shape: tuple[int, ...]) -> list[Sources]:
        own = _axis(self.axis, len(shape))
        return [np.arange(n)[:: -1 if a == own else 1] for a, n in enumerate(shape)]

    def __repr__(self) -> str:
        return f"Flip({self.axis})" if self.axis != -1 else "Flip()"


@dataclass(frozen=True, repr=False)
class Rotate90(Transformation):
    """Quarter turns of the last two axes, counter-clockwise as in `numpy.rot90`.

    >>> Rotate90()([[1, 2], [3, 4]])
    array([[2, 4],
           [1, 3]])
    """

    turns: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.turns, bool) or not isinstance(self.turns, int):
            raise ConvgraphError(f"turns={self.turns!r}: a number of quarter turns is whole")

    def sources(self, row: Row) -> Sources:
        shape = space(row)
        if len(shape) < 2 or (self.turns % 2 and shape[-1] != shape[-2]):
            raise ConvgraphError(
                f"turns={self.turns}: quarter turns take a square of rows and columns, "
                f"and row {row.name!r} is {'x'.join(map(str, shape))}"
            )
        positions = np.arange(int(np.prod(row.numbers()))).reshape(row.numbers())
        return np.ascontiguousarray(np.rot90(positions, self.turns, (-2, -1))).ravel()

    def __repr__(self) -> str:
        return f"Rotate90({self.turns if self.turns != 1 else ''})"


@dataclass(frozen=True, repr=False)
class Scale(AxisWise):
    """Nearest-neighbour enlargement within the frame: position i takes what was at i // factor.

    Parameters
    ----------
    factor
        A whole number.
    axis
        The axis that is enlarged; all axes besides the channels by default.

    Examples
    --------
    >>> Scale(2)([3, 1, 4])
    array([3, 3, 1])
    """

    factor: int
    axis: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.factor, bool) or not isinstance(self.factor, int) or self.factor < 1:
            raise ConvgraphError(f"factor={self.factor!r}: a factor is a positive whole number")
        if self.axis is not None:
            _checked_axis(self.axis)

    def per_axis(self, shape: tuple[int, ...]) -> list[Sources]:
        own = None if self.axis is None else _axis(self.axis, len(shape))
        return [
            np.arange(n) // (self.factor if own in (None, a) else 1) for a, n in enumerate(shape)
        ]

    def __repr__(self) -> str:
        return f"Scale({self.factor}{'' if self.axis is None else f', axis={self.axis}'})"

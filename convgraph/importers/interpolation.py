"""Which positions an interpolated one reads, and with which weights, along one axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.tying import Explicit

__all__ = ["Grid", "Interpolated", "Separable", "cubic", "linear"]

Kernel = Callable[[Any], Any]


@dataclass(frozen=True)
class Grid:
    """Where the outputs lie on the input's axis: output i at (step * i + first) / scale.

    Whole numbers, so that a point which lies on a position is never missed by rounding.
    """

    inputs: int
    outputs: int
    step: int
    first: int
    scale: int

    @staticmethod
    def of(inputs: int, outputs: int, step: Fraction, first: Fraction) -> Grid:
        """Output i lies at step * i + first."""
        scale = int(np.lcm(step.denominator, first.denominator))
        numbers = int(step * scale), int(first * scale), scale
        if max(map(abs, numbers)) > 2**40:  # times 2^22 positions, they fit 64 bits
            raise ConvgraphError(f"scale={float(step)}: a ratio of numbers that are not so large")
        return Grid(inputs, outputs, *numbers)

    def points(self) -> NDArray[np.int64]:
        """The outputs' places, times `scale`."""
        return np.arange(self.outputs, dtype=np.int64) * self.step + self.first

    def nearest(self, mode: str) -> NDArray[np.int64]:
        """The position nearest to each output; halves go where the mode says."""
        at, c = self.points(), self.scale
        found = {
            "round_prefer_floor": lambda: -((c - 2 * at) // (2 * c)),
            "round_prefer_ceil": lambda: (2 * at + c) // (2 * c),
            "floor": lambda: at // c,
            "ceil": lambda: -(-at // c),
        }
        if mode not in found:
            raise ConvgraphError(f"nearest_mode={mode!r}: one of {', '.join(found)}")
        return found[mode]().clip(0, self.inputs - 1)

    def outside(self) -> NDArray[np.bool_]:
        """Which outputs lie beyond the first or the last position."""
        at = self.points()
        return (at < 0) | (at > (self.inputs - 1) * self.scale)


def linear(t: Any) -> Any:
    """The triangle of linear interpolation at a distance."""
    return max(Fraction(0), 1 - abs(t))


def cubic(a: Fraction) -> Kernel:
    """The kernel of cubic convolution with a coefficient a (Keys, 1981)."""

    return partial(_keys, a)


def _keys(a: Fraction, t: Fraction) -> Fraction:
    t = abs(t)
    if t <= 1:
        return ((a + 2) * t - (a + 3)) * t * t + 1
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a if t < 2 else Fraction(0)


@dataclass(frozen=True, eq=False)
class Interpolated(Axis):
    """Every output reads the positions around its place, each with a weight.

    Beyond the border the last position counts again. A position without weight is not read, so that
    receptive fields stay exact.
    """

    grid: Grid
    kernel: Kernel
    radius: int
    """Positions on either side that may have weight."""
    width: Fraction = Fraction(1)
    """By how much the kernel is widened against aliasing."""
    exclude_outside: bool = False
    blank: bool = False
    """Whether outputs beyond the border read nothing."""

    @property
    def inputs(self) -> int:  # type: ignore[override]
        return self.grid.inputs

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.grid.outputs

    @property
    def taps(self) -> int:  # type: ignore[override]
        return 2 * self.radius

    @cached_property
    def weights(self) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Input positions, -1 where there is no weight, and the weights as fractions."""
        base, rest = np.divmod(self.grid.points(), self.grid.scale)
        steps = np.arange(1 - self.radius, self.radius + 1)
        made: dict[int, list[Fraction]] = {}
        for r in np.unique(rest).tolist():
            ratio = Fraction(r, self.grid.scale)
            made[r] = [Fraction(self.kernel((int(k) - ratio) / self.width)) for k in steps]
        weight = np.array([made[r] for r in rest.tolist()], object).reshape(len(rest), -1)
        position = base[:, None] + steps
        if self.exclude_outside:
            weight[(position < 0) | (position >= self.inputs)] = Fraction(0)
        if self.exclude_outside or self.width != 1:
            weight = weight / weight.sum(axis=1, keepdims=True)
        position = position.clip(0, self.inputs - 1)
        for tap in range(1, position.shape[1]):
            again = position[:, tap] == position[:, tap - 1]
            weight[again, tap] += weight[again, tap - 1]
            weight[again, tap - 1] = Fraction(0)
        if self.blank:
            weight[self.grid.outside()] = Fraction(0)
        return np.where(weight == 0, -1, position), weight

    def _positions(self) -> NDArray[np.int64]:
        return self.weights[0]


class Separable(Explicit):
    """Connections that carry the product of one number per axis; listed when asked for."""

    numbers_only = True

    def __init__(self, axes: tuple[Axis, ...]) -> None:
        object.__setattr__(self, "axes", axes)

    @cached_property
    def numbers_of_axes(self) -> list[tuple[list[Fraction], NDArray[np.int64]]]:
        """Per axis its different numbers, and which of them each tap has, -1 for none."""
        tables = []
        for axis in self.axes:  # type: ignore[attr-defined]
            table = axis.table()
            weight = (
                axis.weights[1]
                if isinstance(axis, Interpolated)
                else np.full(table.shape, Fraction(1), object)
            )
            numbers = sorted(set(weight[table >= 0].tolist()))
            place = {number: i for i, number in enumerate(numbers)}
            which = np.array([place.get(w, 0) for w in weight.reshape(-1)]).reshape(table.shape)
            tables.append((numbers, np.where(table >= 0, which, -1)))
        return tables

    @property
    def factors(self) -> list[NDArray[np.float64]]:
        """The weight of each tap, 0 where there is no connection."""
        return [
            np.array([*map(float, numbers), 0.0])[which]  # the last one is that of -1
            for numbers, which in self.numbers_of_axes
        ]

    @cached_property
    def expressions(self) -> tuple[sp.Expr, ...] | Array:
        products: list[Fraction] = [Fraction(1)]
        for numbers, _ in self.numbers_of_axes:
            products = [a * b for a in products for b in numbers]
        return tuple(sp.Rational(p.numerator, p.denominator) for p in products)

    def carrying(self, value: sp.Expr) -> int:
        """How many connections carry a number: counted axis by axis, of which none is listed."""
        *first, (numbers, which) = self.numbers_of_axes
        last = dict(zip(numbers, np.bincount(which[which >= 0]).tolist(), strict=False))
        products = {Fraction(1): 1}
        for numbers, which in first:
            counts = np.bincount(which[which >= 0]).tolist()
            longer: dict[Fraction, int] = {}
            for (a, m), (b, n) in product(products.items(), zip(numbers, counts, strict=False)):
                longer[a * b] = longer.get(a * b, 0) + m * n
            products = longer
        wanted = Fraction(int(value.p), int(value.q))
        return sum(n * last.get(wanted / number, 0) for number, n in products.items() if number)

    @cached_property
    def labels(self) -> NDArray[np.integer[Any]]:
        def joined(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
            """Outputs and taps of both, outputs first, as in an edge table."""
            both = left[:, None, :, None], right[None, :, None, :]
            number = both[0] * right_size + both[1]
            there = (both[0] >= 0) & (both[1] >= 0)
            shape = left.shape[0] * right.shape[0], -1
            return np.where(there, number, -1).reshape(shape)

        total = np.zeros((1, 1), np.int64)
        for numbers, which in self.numbers_of_axes:
            right_size = len(numbers)
            total = joined(total, which)
        return total[total >= 0]

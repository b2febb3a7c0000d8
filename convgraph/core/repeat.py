"""Repeated positions along an axis: nearest-neighbour enlargement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from convgraph.core.axis import Axis, Positions, alike
from convgraph.core.pieces import Pieces
from convgraph.core.sizes import Size, floor_div, is_symbolic
from convgraph.core.window import Window

__all__ = ["Repeat"]


@dataclass(frozen=True)
class Repeat(Axis):
    """Nearest-neighbour enlargement by a whole factor: output i reads input floor(i / factor)."""

    inputs: Size
    factor: Size

    @property
    def copies(self) -> bool:
        return self.factor == 1

    @property
    def complete(self) -> bool:
        return True

    @property
    def step(self) -> Fraction:
        return Fraction(1, int(self.factor))

    @property
    def middle(self) -> Fraction:
        return Fraction(1 - int(self.factor), 2 * int(self.factor))

    @property
    def pace(self) -> tuple[Size, Size]:  # type: ignore[override]
        return self.factor, 1

    def span(self, output: Size) -> tuple[Size, Size]:
        return self.place(output, 0), self.place(output, 0)

    def place(self, output: Size, tap: Size) -> Size:
        return floor_div(output, self.factor)

    def link(
        self, output: Size, tap: Size, read: Size
    ) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
        past = output - self.factor * read
        return (), (past, self.factor - 1 - past)

    def resized(self, inputs: Size) -> Axis:
        return replace(self, inputs=inputs)

    def pattern(self, period: int) -> tuple[list[list[int]], int]:
        factor = int(self.factor)
        return [[o // factor] for o in range(period * factor)], period

    def opposite(self) -> Axis:
        return Window(self.outputs, self.inputs, self.factor, self.factor, after=0)

    def longer(self, inputs: int) -> Axis:
        return Repeat(inputs, self.factor)

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return self.inputs * self.factor

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return 1

    @property
    def symbolic(self) -> bool:
        return is_symbolic(self.inputs, self.factor)

    def _positions(self) -> Positions:
        return (np.arange(self.outputs, dtype=np.int64) // int(self.factor))[:, None]

    def fan_in_pieces(self) -> Pieces:
        return alike(self.outputs, 1)

    def fan_out_pieces(self) -> Pieces:
        return alike(self.inputs, self.factor)

    @property
    def connections(self) -> Size:
        return self.outputs

    def uses_of(self, tap: Size) -> Size:
        return self.outputs

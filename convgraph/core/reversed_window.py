"""Windows read from their outputs to their inputs: transposed convolutions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Positions
from convgraph.core.pieces import Pieces
from convgraph.core.sizes import Size, ceil_div, floor_div
from convgraph.core.window import Window

__all__ = ["Reversed"]


@dataclass(frozen=True)
class Reversed(Axis):
    """A window with zero boundary read from its outputs to its inputs: the transposed convolution.

    >>> Reversed(Window(inputs=5, outputs=2, taps=3, stride=2)).table()[2].tolist()
    [1, -1, 0]
    """

    window: Window

    @property
    def inputs(self) -> Size:  # type: ignore[override]
        return self.window.outputs

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return self.window.inputs

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return self.window.taps

    @property
    def symbolic(self) -> bool:
        return self.window.symbolic

    @property
    def placed(self) -> Size:
        return self.taps * self.inputs

    @property
    def step(self) -> Fraction:
        return 1 / self.window.step

    @property
    def middle(self) -> Fraction:
        return -self.window.middle / self.window.step

    @property
    def pace(self) -> tuple[Size, Size]:  # type: ignore[override]
        return self.window.stride, 1

    gaps: ClassVar[bool] = True

    def place(self, output: Size, tap: Size) -> Size:
        w = self.window
        return floor_div(output + w.padding - w.dilation * tap, w.stride)

    def link(
        self, output: Size, tap: Size, read: Size
    ) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
        return self.window.link(read, tap, output)

    def resized(self, inputs: Size) -> Axis:
        w = self.window
        outputs = inputs * w.stride + (w.inputs - w.outputs * w.stride)
        return Reversed(replace(w, inputs=outputs, outputs=inputs))

    def with_padding(self, padding: Size) -> Axis:
        return Reversed(replace(self.window, padding=padding))

    def span(self, output: Size) -> tuple[Size, Size]:
        w = self.window
        low = ceil_div(output + w.padding - w.dilation * (w.taps - 1), w.stride)
        return low, floor_div(output + w.padding, w.stride)

    def pattern(self, period: int) -> tuple[list[list[int]], int]:
        w = self.window
        stride, dilation, padding = int(w.stride), int(w.dilation), int(w.padding)
        reads = []
        for output in range(stride * period):
            apart = [divmod(output + padding - dilation * j, stride) for j in range(int(w.taps))]
            reads.append([position for position, rest in apart if rest == 0])
        return reads, period

    def opposite(self) -> Axis:
        return self.window

    def longer(self, inputs: int) -> Axis:
        w = self.window
        reach = int(w.stride) * inputs + int(w.dilation) * int(w.taps)
        return Reversed(replace(w, inputs=reach, outputs=inputs))

    def beyond(self) -> NDArray[np.bool_]:
        i, fits = self._read()
        return np.any(fits & ((i < 0) | (i >= int(self.window.outputs))), axis=1)

    def _read(self) -> tuple[Positions, NDArray[np.bool_]]:
        """What output o reads at tap j on an axis without end, and whether there is such."""
        w = self.window
        apart = np.arange(int(w.inputs), dtype=np.int64)[:, None] + int(w.padding)
        i, rest = np.divmod(apart - int(w.dilation) * np.arange(int(w.taps)), int(w.stride))
        return i, rest == 0

    def _positions(self) -> Positions:
        i, fits = self._read()
        return np.where(fits & (i >= 0) & (i < int(self.window.outputs)), i, -1)

    def tap_uses(self) -> NDArray[np.int64]:
        return self.window.tap_uses()

    def fan_in_pieces(self) -> Pieces:
        return self.window.fan_out_pieces()

    def fan_out_pieces(self) -> Pieces:
        return self.window.fan_in_pieces()

    @property
    def connections(self) -> Size:
        return self.window.connections

    def uses_of(self, tap: Size) -> Size:
        return self.window.uses_of(tap)

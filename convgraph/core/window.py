"""Windows along an axis: convolution, pooling, padding, slicing, and their reverse.

The arithmetic is that of Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
(2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd
from typing import Any, Literal, get_args

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory, window_counts
from convgraph.core.axis import Axis, Mask, Positions
from convgraph.core.checks import as_word
from convgraph.core.pieces import Pieces
from convgraph.core.sizes import Size, ceil_div, clamp, floor_div, is_symbolic

__all__ = ["Boundary", "Window", "check_boundary", "identity"]

SHORT = 4_096  # positions up to which a table is sooner read than slices of taps

Boundary = Literal["zeros", "circular", "reflect", "replicate"]


def check_boundary(argument: str, value: Any) -> Boundary:
    """Check the word for what lies beyond the border."""
    word: Any = as_word(argument, value, get_args(Boundary), "a boundary is one of {}")
    return word


@dataclass(frozen=True)
class Window(Axis):
    """Output i reads, at tap j, the input position `stride*i + dilation*j - padding`.

    `padding` is what is added before the first position, `after` what is added behind the last one
    (None where nobody has said; a stride may leave some of it unused). A window of one tap is a
    slice, a padding or, at stride 1, the identity.

    >>> Window(inputs=5, outputs=5, taps=3, padding=1).table()[0].tolist()
    [-1, 0, 1]
    """

    inputs: Size
    outputs: Size
    taps: Size
    stride: Size = 1
    dilation: Size = 1
    padding: Size = 0
    boundary: Boundary = "zeros"
    after: Size | None = None

    @property
    def window(self) -> Window:  # type: ignore[override]
        return self

    @property
    def sliding(self) -> Window:  # type: ignore[override]
        return self

    @property
    def copies(self) -> bool:
        return (
            self.taps == 1
            and self.stride == 1
            and self.padding == 0
            and self.inputs == self.outputs
        )

    def settings(self) -> dict[str, Size]:
        return {
            "kernel": self.taps,
            "stride": self.stride,
            "dilation": self.dilation,
            "padding": self.padding,
        }

    @property
    def complete(self) -> bool:
        if self.boundary != "zeros":
            return True
        return self.padding == 0 and self.missing_of(self.taps - 1)[1] == 0

    @property
    def step(self) -> Fraction:
        self.require_numbers()
        return Fraction(int(self.stride))

    @property
    def middle(self) -> Fraction:
        self.require_numbers()
        return Fraction(int(self.dilation) * (int(self.taps) - 1), 2) - int(self.padding)

    @property
    def pace(self) -> tuple[Size, Size]:  # type: ignore[override]
        return 1, self.stride

    def span(self, output: Size) -> tuple[Size, Size]:
        return self.place(output, 0), self.place(output, self.taps - 1)

    def place(self, output: Size, tap: Size) -> Size:
        return self.stride * output + self.dilation * tap - self.padding

    def resized(self, inputs: Size) -> Axis:
        span, after = self.dilation * (self.taps - 1) + 1, self.after
        if after is None or (self.inputs + self.padding + after - span) // self.stride + 1 != (
            self.outputs
        ):  # up to the last window, where nobody has said, or said something else
            after = (self.outputs - 1) * self.stride + span - self.inputs - self.padding
        room = inputs + self.padding + after - span
        outputs = (
            sp.floor(room / sp.Integer(self.stride)) + 1
            if is_symbolic(room)
            else (room // self.stride + 1)
        )
        return replace(self, inputs=inputs, outputs=outputs, after=after)

    def with_padding(self, padding: Size) -> Axis:
        return replace(self, padding=padding)

    def pattern(self, period: int) -> tuple[list[list[int]], int]:
        stride = int(self.stride)
        phases = period // gcd(period, stride)
        memory.require("positions", (1 + phases) * int(self.taps), 100)
        taps = [int(self.dilation) * tap for tap in range(int(self.taps))]
        firsts = [stride * output - int(self.padding) for output in range(phases)]
        return [[first + tap for tap in taps] for first in firsts], stride * phases

    def opposite(self) -> Axis | None:
        if self.boundary != "zeros":
            return None
        from convgraph.core.reversed_window import Reversed

        return self if self.copies else Reversed(self)

    def beyond(self) -> NDArray[np.bool_]:
        return super().beyond() if self.boundary == "circular" else self._outside()

    def wraps(self) -> NDArray[np.bool_]:
        return self._outside() if self.boundary == "circular" else super().wraps()

    def _outside(self) -> NDArray[np.bool_]:
        first, last = self.span(np.arange(int(self.outputs)))
        return np.asarray((first < 0) | (last >= int(self.inputs)))

    @property
    def symbolic(self) -> bool:
        return is_symbolic(
            self.inputs, self.outputs, self.taps, self.stride, self.dilation, self.padding
        )

    def _positions(self) -> Positions:
        return self.bounded(self.raw(np.arange(self.outputs, dtype=np.int64)))

    def raw(self, outputs: Positions) -> Positions:
        """What outputs read, tap by tap, on an axis without end."""
        taps = int(self.dilation) * np.arange(self.taps, dtype=np.int64)
        return int(self.stride) * outputs[:, None] + taps - int(self.padding)

    def bounded(self, raw: Positions) -> Positions:
        """Where they read within the border; -1 where they read nothing."""
        n = int(self.inputs)
        if self.boundary == "circular":
            return raw % n
        if self.boundary == "replicate":
            return raw.clip(0, n - 1)
        if self.boundary == "reflect":
            period = max(2 * (n - 1), 1)
            folded = raw % period
            return np.minimum(folded, period - folded) if n > 1 else np.zeros_like(raw)
        return np.where((raw >= 0) & (raw < n), raw, -1)

    def window_sizes(self) -> NDArray[np.int64]:
        sizes = super().window_sizes()
        if self.after is None:
            return sizes
        room = int(self.inputs + self.after + self.padding) - self.stride * self.places()
        return np.minimum(sizes, -(-room // int(self.dilation)))

    def window_kinds(self) -> NDArray[np.int64]:
        self.require_numbers()
        whole = np.full(1, int(self.taps))
        if self.after is None:
            return whole[: int(self.outputs)]
        # all taps are there but in the last windows
        room = int(self.inputs + self.after + self.padding) - int(self.dilation) * int(self.taps)
        first = min(max(room // int(self.stride), 0), int(self.outputs))
        last = replace(
            self, outputs=int(self.outputs) - first, padding=self.padding - first * self.stride
        )
        return np.union1d(whole[:first], last.window_sizes())

    def back(self, outputs: Mask) -> Mask:
        if self._by_table():
            return super().back(outputs)
        memory.require("positions", int(self.inputs), 1)
        seen = np.zeros(int(self.inputs), bool)
        for read, tap_outputs in self._slices():
            seen[read] |= outputs[tap_outputs]
        return seen

    def forward(self, inputs: Mask) -> Mask:
        if self._by_table():
            return super().forward(inputs)
        memory.require("positions", int(self.outputs), 1)
        reached = np.zeros(int(self.outputs), bool)
        for read, tap_outputs in self._slices():
            reached[tap_outputs] |= inputs[read]
        return reached

    def _by_table(self) -> bool:
        few = self.symbolic or max(self.inputs, self.outputs) <= SHORT
        return few or self.boundary != "zeros" or self.taps > SHORT

    def _slices(self) -> Iterator[tuple[slice, slice]]:
        """For each tap, the inputs that are read, and the outputs that read them in turn."""
        step = int(self.stride)
        for tap in range(int(self.taps)):
            before, behind = map(int, self.missing_of(tap))
            first, end = before, int(self.outputs) - behind
            if first < end:
                start = step * first + int(self.dilation) * tap - int(self.padding)
                last = start + step * (end - first - 1)
                yield slice(start, last + 1, step), slice(first, end)

    @property
    def used_padding(self) -> tuple[int, int]:  # type: ignore[override]
        """How many positions before the input, and behind it, the windows reach.

        >>> Window(inputs=6, outputs=3, taps=3, stride=2, padding=1, after=1).used_padding
        (1, 0)
        """
        last = int(self.stride) * (int(self.outputs) - 1) - int(self.padding)
        past = last + int(self.dilation) * (int(self.taps) - 1) + 1
        return max(int(self.padding), 0), max(past - int(self.inputs), 0)

    @cached_property
    def ends_inside(self) -> bool:
        """Whether nothing is added behind the input and no window was added for what is left over.

        The clamps below say so too, but sympy does not see it through a floor.
        """
        room = self.inputs + self.padding - self.dilation * (self.taps - 1) - 1
        return self.after == 0 and self.outputs == floor_div(room, self.stride) + 1

    def missing_of(self, tap: Size) -> tuple[Size, Size]:
        """At how many output positions a tap falls before, and at how many behind, the input.

        Output i misses tap j before the input when s*i < p - d*j, and behind it when
        s*i >= n + p - d*j; never both, as the input has at least one position.
        """
        return _missing_of(self, tap) if self.symbolic else self._missing_of(tap)

    def _missing_of(self, tap: Size) -> tuple[Size, Size]:
        if self.boundary != "zeros":
            return 0, 0
        before: Size = 0
        behind: Size = 0
        p = self.padding
        # sympy takes long to see that no tap falls before an input which is not padded there
        if p > 0 if isinstance(p, int) else not p.is_nonpositive:
            first = ceil_div(self.padding - self.dilation * tap, self.stride)
            before = clamp(first, 0, self.outputs)
        if not self.ends_inside:
            past = ceil_div(self.inputs + self.padding - self.dilation * tap, self.stride)
            behind = clamp(self.outputs - past, 0, self.outputs)
        return before, behind

    def uses_of(self, tap: Size) -> Size:
        before, behind = self.missing_of(tap)
        return self.outputs - before - behind

    def tap_uses(self) -> NDArray[np.int64]:
        if self.symbolic:
            return super().tap_uses()  # which says what is wrong
        outputs, taps = int(self.outputs), int(self.taps)
        if self.boundary != "zeros":
            return np.full(taps, outputs)
        # missing_of, of all taps at once: what matters is the taps, however many outputs there are
        offset = int(self.padding) - int(self.dilation) * np.arange(taps, dtype=np.int64)
        first = -(-offset // int(self.stride))
        past = -(-(offset + int(self.inputs)) // int(self.stride))
        return outputs - first.clip(0, outputs) - (outputs - past).clip(0, outputs)

    def fan_in(self) -> NDArray[np.int64]:
        if self.symbolic:
            return super().fan_in()
        memory.require("positions", int(self.outputs), 3 * 8)
        return window_counts.fan_in_at(self, np.arange(int(self.outputs), dtype=np.int64))

    def fan_out(self) -> NDArray[np.int64]:
        if self.symbolic or self.boundary != "zeros" or self.dilation != 1:
            return super().fan_out()
        memory.require("positions", int(self.inputs), 3 * 8)
        return window_counts.fan_out_at(self, np.arange(int(self.inputs), dtype=np.int64))

    def fan_in_pieces(self) -> Pieces:
        return super().fan_in_pieces() if self.symbolic else window_counts.fan_in_pieces(self)

    def fan_out_pieces(self) -> Pieces:
        return super().fan_out_pieces() if self.symbolic else window_counts.fan_out_pieces(self)

    @property
    def connections(self) -> Size:
        return window_counts.connections(self)


@lru_cache(maxsize=1024)  # sympy takes a tenth of a second for one, which several answers need
def _missing_of(window: Window, tap: Size) -> tuple[Size, Size]:
    return window._missing_of(tap)


@lru_cache(maxsize=4096)  # a model has as many identities as axes, of few sizes
def identity(size: Size) -> Window:
    """The axis on which output i reads input i and nothing else."""
    return Window(size, size, 1)

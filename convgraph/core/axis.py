"""One axis of a wiring: which input positions each output position reads, tap by tap.

A wiring of images is a product of such small relations, one per axis (channels, rows, columns).
Each is an (outputs x taps) table of input positions in which -1 stands for a missing connection,
one that would fall outside of the input.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.pieces import Pieces
from convgraph.core.sizes import Size, floor_div, is_symbolic

if TYPE_CHECKING:
    from convgraph.core.window import Window

__all__ = ["Axis", "Blocks", "Full", "Positions", "alike"]

Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


class Axis:
    """A relation between the input and the output positions of one axis.

    A subclass gives the sizes and the table (`_positions`); everything else has a default. Abstract
    without `abc.ABC`, whose classes answer `isinstance` several times slower, and every layer asks.
    """

    def __init_subclass__(cls) -> None:
        if cls._positions is Axis._positions:
            raise TypeError(f"{cls.__name__}: an axis says by `_positions` what its outputs read")

    inputs: Size
    outputs: Size
    taps: Size

    # What is true of most relations; those of which something else is true say so.
    full: ClassVar[bool] = False
    """Whether every output reads every input."""
    uniform: ClassVar[bool] = False
    """Whether a tap reads the same input at every output."""
    listed: ClassVar[bool] = False
    """Whether what it reads is listed one by one, and follows from no formula."""
    groups: int = 1
    """Into how many parts the axis falls that have nothing to do with each other."""
    stride: Size = 1
    """By how many inputs the windows of neighbouring outputs lie apart."""
    dilation: Size = 1
    """By how many inputs neighbouring taps lie apart."""
    padding: Size = 0
    """How many positions are added before the first input."""
    boundary: str = "zeros"
    """What lies beyond the border."""
    used_padding: tuple[int, int] = (0, 0)
    """How many positions before the input, and behind it, are read."""
    window: Window | None = None
    """The window that slides over the inputs or, read backwards, over the outputs."""
    sliding: Window | None = None
    """The window that slides over the inputs."""
    pace: tuple[Size, Size] | None = None
    """By how much outputs and inputs move together so that the same is read; None for nothing."""
    gaps: ClassVar[bool] = False
    """Whether a tap may read nothing, border or not."""

    @abstractmethod
    def _positions(self) -> Positions:
        """The table, made anew; all sizes are numbers."""

    @property
    def copies(self) -> bool:
        """Whether each output reads the input of its own place, and no other."""
        return False

    @property
    def complete(self) -> bool:
        """Whether it is plain from the arithmetic that no connection is missing."""
        return False

    @property
    def unmasked(self) -> Axis:
        """The same relation without the mask that drops some of its taps."""
        return self

    @property
    def step(self) -> Fraction | None:
        """By how many inputs neighbouring outputs lie apart; None where that has no meaning."""
        return Fraction(1) if self.inputs == self.outputs else None

    @property
    def middle(self) -> Fraction | None:
        """The middle of what the first output reads, as an input position; None for no window."""
        return None

    def span(self, output: Size) -> tuple[Size, Size]:
        """The first and the last input that an output reads, as if there were no border."""
        return 0, self.inputs - 1

    def place(self, output: Size, tap: Size) -> Size:
        """The input that a tap reads as if there were no border, where it reads one (see `link`).

        >>> from sympy import symbols
        >>> i, s = symbols("i s", integer=True, positive=True)
        >>> from convgraph.core.repeat import Repeat
        >>> Repeat(9, s).place(i, 0), Blocks(6, 4, 2).place(i, 1)
        (floor(i/s), 3*floor(i/2) + 1)
        """
        raise ConvgraphError(f"axis={self!r}: a table of positions has no formula")

    def link(
        self, output: Size, tap: Size, read: Size
    ) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
        """What is 0, and what is not negative, where a tap of an output reads an input and only
        there, as if there were no border.

        >>> from sympy import symbols
        >>> i, a, f = symbols("i a f", integer=True, positive=True)
        >>> from convgraph.core.repeat import Repeat
        >>> Repeat(9, f).link(i, 0, a)
        ((), (-a*f + i, a*f + f - i - 1))
        """
        return (self.place(output, tap) - read,), ()

    def resized(self, inputs: Size) -> Axis:
        """The same relation on another number of inputs, where it has more sizes than its own."""
        return self

    def with_padding(self, padding: Size) -> Axis:
        """The same relation with another padding before the first position, where it has one."""
        return self

    def pattern(self, period: int) -> tuple[list[list[int]], int] | None:
        """What each phase of the outputs reads of inputs of a period, on an axis without end.

        And by how many inputs a period of the outputs moves on; None for what has no such period.
        """
        return None

    def opposite(self) -> Axis | None:
        """The same connections, read from the outputs to the inputs; None for what has no name."""
        return None

    def longer(self, inputs: int) -> Axis:
        """The same relation on at least so many inputs."""
        raise ConvgraphError(f"axis={self!r}: a relation that is not the same for all sizes")

    def beyond(self) -> Mask:
        """The output positions with a tap beyond the border."""
        return np.zeros(int(self.outputs), bool)

    def wraps(self) -> Mask:
        """The output positions with a tap that goes around a circle."""
        return np.zeros(int(self.outputs), bool)

    @property
    def symbolic(self) -> bool:
        """Whether a size or an offset of this axis is a symbol."""
        return is_symbolic(self.inputs, self.outputs, self.taps)

    def table(self) -> Positions:
        """Input positions, (outputs x taps), read-only; -1 where there is no connection."""
        self.require_numbers()
        return _table(self)

    def require_numbers(self) -> None:
        """Refuse a question that needs numbers where the axis has a symbol."""
        if self.symbolic:
            settings = {"shape": self.inputs, **self.settings()}
            found = (name for name, value in settings.items() if is_symbolic(value))
            name = next(found, "shape")
            raise ConvgraphError(
                f"{name}={settings[name]}: this question needs numbers; "
                "bind the network to sizes without symbols"
            )

    def settings(self) -> dict[str, Size]:
        """What the axis depends on besides the sizes, by the names of a spec's arguments."""
        return {"kernel": self.taps}

    def tap_uses(self) -> NDArray[np.int64]:
        """For each tap, at how many output positions it is connected."""
        return (self.table() >= 0).sum(axis=0)

    def fan_in(self) -> NDArray[np.int64]:
        """For each output position, how many of its taps are connected."""
        return (self.table() >= 0).sum(axis=1)

    def fan_out(self) -> NDArray[np.int64]:
        """For each input position, how many connections leave it."""
        table = self.table()
        return np.bincount(table[table >= 0], minlength=int(self.inputs))

    def fan_in_pieces(self) -> Pieces:
        """The same as `fan_in`, in pieces that repeat."""
        return ((int(self.outputs), self.fan_in()),)

    def fan_out_pieces(self) -> Pieces:
        """The same as `fan_out`, in pieces that repeat."""
        return ((int(self.inputs), self.fan_out()),)

    @property
    def connections(self) -> Size:
        """How many (output, tap) pairs are connected."""
        return int(self.tap_uses().sum())

    @property
    def placed(self) -> Size:
        """How many connections there would be if the input had no border."""
        return self.taps * self.outputs

    def uses_of(self, tap: Size) -> Size:
        """At how many output positions one tap is connected; taps may be symbols."""
        return int(self.tap_uses()[int(tap)])

    def places(self) -> Positions:
        """The numbers of the output positions, by which a tying tells them apart."""
        return np.arange(int(self.outputs), dtype=np.int64)

    def window_sizes(self) -> NDArray[np.int64]:
        """For each output position, how many of its taps lie in the input or its padding."""
        memory.require("positions", int(self.outputs), 3 * 8)
        return np.full(int(self.outputs), int(self.taps))

    def window_kinds(self) -> NDArray[np.int64]:
        """The different numbers of taps that lie in the input or its padding."""
        return np.unique(self.window_sizes())

    def back(self, outputs: Mask) -> Mask:
        """The input positions that a set of output positions reads, as boolean arrays."""
        seen = np.zeros(int(self.inputs) + 1, bool)  # the last entry collects the missing ones (-1)
        seen[self.table()[outputs]] = True
        return seen[:-1]

    def forward(self, inputs: Mask) -> Mask:
        """The output positions that read any of a set of input positions."""
        padded = np.append(inputs, False)
        return np.any(padded[self.table()], axis=1)


@lru_cache(maxsize=512)
def _table(axis: Axis) -> Positions:
    count = int(axis.outputs) * int(axis.taps)
    memory.require("positions", count, 3 * 8)  # the table, and what it is computed from
    table = axis._positions()
    table.flags.writeable = False
    return table


def alike(length: Size, number: Size) -> Pieces:
    """As many positions, each with the same count."""
    return ((int(length), np.array([int(number)], np.int64)),)


@dataclass(frozen=True)
class Full(Axis):
    """Every output reads every input; tap j is input j."""

    inputs: Size
    outputs: Size

    full: ClassVar[bool] = True
    uniform: ClassVar[bool] = True

    @property
    def copies(self) -> bool:
        return self.inputs == self.outputs == 1

    @property
    def complete(self) -> bool:
        return True

    def place(self, output: Size, tap: Size) -> Size:
        return tap

    def resized(self, inputs: Size) -> Axis:
        return replace(self, inputs=inputs)

    def opposite(self) -> Axis:
        return Full(self.outputs, self.inputs)

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return self.inputs

    def table(self) -> Positions:
        if self.symbolic:
            return super().table()
        # a view of one row: the table of a dense layer costs no more than its input
        return np.broadcast_to(
            np.arange(self.inputs, dtype=np.int64), (int(self.outputs), int(self.inputs))
        )

    _positions = table

    def tap_uses(self) -> NDArray[np.int64]:
        memory.require("positions", int(self.inputs), 8)
        return np.full(int(self.inputs), int(self.outputs))

    def fan_in(self) -> NDArray[np.int64]:
        memory.require("positions", int(self.outputs), 8)
        return np.full(int(self.outputs), int(self.inputs))

    def fan_out(self) -> NDArray[np.int64]:
        return self.tap_uses()

    def fan_in_pieces(self) -> Pieces:
        return alike(self.outputs, self.inputs)

    def fan_out_pieces(self) -> Pieces:
        return alike(self.inputs, self.outputs)

    @property
    def connections(self) -> Size:
        return self.inputs * self.outputs

    def uses_of(self, tap: Size) -> Size:
        return self.outputs

    def back(self, outputs: Mask) -> Mask:
        return np.full(int(self.inputs), outputs.any())

    def forward(self, inputs: Mask) -> Mask:
        return np.full(int(self.outputs), inputs.any())


@dataclass(frozen=True)
class Blocks(Axis):
    """Channels in groups: the outputs of a group read all inputs of that group and no others."""

    inputs: Size
    outputs: Size
    groups: int

    @property
    def copies(self) -> bool:
        return self.inputs == self.outputs == self.groups

    @property
    def full(self) -> bool:  # type: ignore[override]
        return self.groups == 1

    @property
    def complete(self) -> bool:
        return True

    def place(self, output: Size, tap: Size) -> Size:
        return floor_div(output * self.groups, self.outputs) * self.taps + tap

    def opposite(self) -> Axis:
        return Blocks(self.outputs, self.inputs, self.groups)

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return (
            self.inputs // self.groups
            if isinstance(self.inputs, int)
            else self.inputs / self.groups
        )

    def _positions(self) -> Positions:
        group = np.arange(self.outputs, dtype=np.int64) // (int(self.outputs) // self.groups)
        return group[:, None] * int(self.taps) + np.arange(self.taps, dtype=np.int64)

    def fan_in_pieces(self) -> Pieces:
        return alike(self.outputs, self.taps)

    def fan_out_pieces(self) -> Pieces:
        return alike(self.inputs, int(self.outputs) // self.groups)

    @property
    def connections(self) -> Size:
        return self.outputs * self.taps

    def uses_of(self, tap: Size) -> Size:
        return self.outputs

"""One axis of a wiring: which input positions each output position reads, tap by tap.

A wiring of images is a product of such small relations, one per axis (channels, rows, columns).
Each is an (outputs x taps) table of input positions in which -1 stands for a missing connection,
one that would fall outside of the input. The arithmetic of windows is that of Dumoulin and Visin,
"A guide to convolution arithmetic for deep learning" (2016).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size, ceil_div, clamp, is_symbolic

__all__ = [
    "Axis",
    "Blocks",
    "Boundary",
    "Full",
    "Repeat",
    "Reversed",
    "Table",
    "Window",
    "check_boundary",
    "identity",
]

Boundary = Literal["zeros", "circular", "reflect", "replicate"]
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


def check_boundary(argument: str, value: Any) -> Boundary:
    """Check the word for what lies beyond the border."""
    if value not in get_args(Boundary):
        raise ConvgraphError(
            f"{argument}={value!r}: a boundary is one of {', '.join(get_args(Boundary))}"
        )
    return value


class Axis(ABC):
    """A relation between the input and the output positions of one axis."""

    inputs: Size
    outputs: Size
    taps: Size

    @abstractmethod
    def _positions(self) -> Positions:
        """The table, made anew; all sizes are numbers."""

    @property
    def symbolic(self) -> bool:
        """Whether a size or an offset of this axis is a symbol."""
        return is_symbolic(self.inputs, self.outputs, self.taps)

    def table(self) -> Positions:
        """Input positions, (outputs x taps), read-only; -1 where there is no connection."""
        if self.symbolic:
            raise ConvgraphError(
                f"shape={self.inputs}: this question needs numbers; "
                "bind the network to sizes without symbols"
            )
        return _table(self)

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

    @property
    def connections(self) -> Size:
        """How many (output, tap) pairs are connected."""
        return int(self.tap_uses().sum())

    def uses_of(self, tap: Size) -> Size:
        """At how many output positions one tap is connected; taps may be symbols."""
        return int(self.tap_uses()[int(tap)])

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
    table = axis._positions()
    table.flags.writeable = False
    return table


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
    def symbolic(self) -> bool:
        return is_symbolic(
            self.inputs, self.outputs, self.taps, self.stride, self.dilation, self.padding
        )

    def _positions(self) -> Positions:
        i = np.arange(self.outputs, dtype=np.int64)[:, None]
        j = np.arange(self.taps, dtype=np.int64)
        raw = self.stride * i + self.dilation * j - self.padding
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

    def missing_of(self, tap: Size) -> tuple[Size, Size]:
        """At how many output positions a tap falls before, and at how many behind, the input.

        Output i misses tap j before the input when s*i < p - d*j, and behind it when
        s*i >= n + p - d*j; never both, as the input has at least one position.
        """
        if self.boundary != "zeros":
            return 0, 0
        first = ceil_div(self.padding - self.dilation * tap, self.stride)
        past = ceil_div(self.inputs + self.padding - self.dilation * tap, self.stride)
        behind = 0 if self.after == 0 else clamp(self.outputs - past, 0, self.outputs)
        return clamp(first, 0, self.outputs), behind

    def uses_of(self, tap: Size) -> Size:
        before, behind = self.missing_of(tap)
        return self.outputs - before - behind

    @property
    def connections(self) -> Size:
        if not self.symbolic:
            return int(self.tap_uses().sum())
        if self.boundary != "zeros":
            return self.outputs * self.taps
        if not is_symbolic(self.taps):
            total: Size = 0
            for tap in range(int(self.taps)):
                total = total + self.uses_of(tap)
            return sp.expand(total)
        if self.stride == 1 and self.dilation == 1:
            return self._unit_step_connections()
        tap = sp.Dummy("j", integer=True, nonnegative=True)
        return sp.Sum(self.uses_of(tap), (tap, 0, self.taps - 1))

    def _unit_step_connections(self) -> Size:
        """Connections for stride 1 and dilation 1 without a sum over the taps.

        On each side, with q positions of padding, tap after tap loses min(o, max(0, q - j)) outputs
        for j = 0 ... k-1; with T(m) = m (m + 1) / 2 for m > 0 these add up to
        T(q) - T(q - k) - T(q - o) + T(q - o - k).
        """

        # sympy settles more comparisons when it knows that there is an output
        outputs = (
            sp.Dummy("o", integer=True, positive=True)
            if is_symbolic(self.outputs)
            else self.outputs
        )

        def triangle(m: Size) -> Size:
            positive = sp.Max(0, sp.expand(m))
            return positive * (positive + 1) / 2

        def lost(q: Size) -> Size:
            k, o = self.taps, outputs
            return triangle(q) - triangle(q - k) - triangle(q - o) + triangle(q - o - k)

        behind = sp.expand(self.outputs + self.taps - 1 - self.inputs - self.padding)
        total = outputs * self.taps - lost(self.padding) - (0 if self.after == 0 else lost(behind))
        return sp.expand(sp.sympify(total).subs(outputs, self.outputs))


def identity(size: Size) -> Window:
    """The axis on which output i reads input i and nothing else."""
    return Window(size, size, 1)


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

    def _positions(self) -> Positions:
        w = self.window
        o = np.arange(w.inputs, dtype=np.int64)[:, None]
        j = np.arange(w.taps, dtype=np.int64)
        i, rest = np.divmod(o + w.padding - w.dilation * j, w.stride)
        return np.where((rest == 0) & (i >= 0) & (i < w.outputs), i, -1)

    @property
    def connections(self) -> Size:
        return self.window.connections

    def uses_of(self, tap: Size) -> Size:
        return self.window.uses_of(tap)


@dataclass(frozen=True)
class Full(Axis):
    """Every output reads every input; tap j is input j."""

    inputs: Size
    outputs: Size

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
        return np.full(int(self.inputs), int(self.outputs))

    def fan_in(self) -> NDArray[np.int64]:
        return np.full(int(self.outputs), int(self.inputs))

    def fan_out(self) -> NDArray[np.int64]:
        return self.tap_uses()

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
    def taps(self) -> Size:  # type: ignore[override]
        return (
            self.inputs // self.groups
            if isinstance(self.inputs, int)
            else self.inputs / self.groups
        )

    def _positions(self) -> Positions:
        group = np.arange(self.outputs, dtype=np.int64) // (int(self.outputs) // self.groups)
        return group[:, None] * int(self.taps) + np.arange(self.taps, dtype=np.int64)

    @property
    def connections(self) -> Size:
        return self.outputs * self.taps

    def uses_of(self, tap: Size) -> Size:
        return self.outputs


@dataclass(frozen=True)
class Repeat(Axis):
    """Nearest-neighbour enlargement by a whole factor: output i reads input floor(i / factor)."""

    inputs: Size
    factor: Size

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

    @property
    def connections(self) -> Size:
        return self.outputs

    def uses_of(self, tap: Size) -> Size:
        return self.outputs


class Table(Axis):
    """Any relation of bounded fan-in, given by its table itself."""

    def __init__(self, inputs: int, positions: NDArray[np.integer[Any]]) -> None:
        table = np.array(positions, dtype=np.int64, order="C")
        if table.ndim != 2 or (table.size and not (table.min() >= -1 and table.max() < inputs)):
            raise ConvgraphError(
                f"positions of shape {table.shape}: an (outputs x taps) array of positions "
                f"below {inputs}, or -1"
            )
        table.flags.writeable = False
        self.inputs = inputs
        self._given = table

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return int(self._given.shape[0])

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return int(self._given.shape[1])

    def _positions(self) -> Positions:
        return self._given

    def table(self) -> Positions:
        return self._given

    def _key(self) -> tuple[Any, ...]:
        return self.inputs, self._given.shape, self._given.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Table(inputs={self.inputs}, positions={self._given.tolist()})"

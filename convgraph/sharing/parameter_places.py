"""Where a layer uses a parameter: its connections, and units at which a tap leaves the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.axis import Axis
from convgraph.core.boxes import Box, regroup
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.sharing.digits import Pairs, pairs
from convgraph.sharing.listed_uses import listed_connections

__all__ = ["Flat", "Missing", "Place"]

Flat = NDArray[np.int64]
Side = Literal["before", "behind", "between"]


@dataclass(frozen=True)
class Missing:
    """Units at which a parameter is not used, and why.

    Attributes
    ----------
    units
        The units that would have a connection with the parameter if the input went on.
    axis
        The axis of their row along which the tap leaves the input.
    side
        "before" or "behind" the border; "between" where the stride of a transposed convolution
        leaves no input at the tap.
    """

    units: Units
    axis: int
    side: Side

    def __str__(self) -> str:
        names = ", ".join(self.units) if len(self.units) <= 6 else f"{len(self.units):,} units"
        where = "between inputs" if self.side == "between" else f"{self.side} the border"
        return f"{names} {where}" + (
            f" of axis {self.axis}" if len(self.units.row.shape) > 1 else ""
        )


@dataclass(frozen=True, eq=False)
class Place:
    """A layer that uses a parameter, and the connections (from one row, or to a bias) that do."""

    network: Network = field(repr=False)
    layer: Layer = field(repr=False)
    joint: Joint = field(repr=False)
    parameter: sp.Symbol
    index: tuple[int, ...] | None = field(repr=False)

    @property
    def row(self) -> str:
        """The row that the layer computes."""
        return self.layer.target.name

    @property
    def biases(self) -> bool:
        """Whether the parameter is used as a bias here."""
        return self.joint is self.layer.bias

    @cached_property
    def _pairs(self) -> list[Pairs]:
        wiring, tying = self.joint.wiring, self.joint.tying
        assert isinstance(wiring, Product)
        assert isinstance(tying, Learned)
        assert self.index is not None
        return pairs(wiring, tying, self.index)

    @cached_property
    def connections(self) -> tuple[Flat, Flat]:
        """The connections as flat positions in their rows, (targets, sources), by target."""
        if self.index is None:
            return listed_connections(self.network, self.joint, self.parameter)
        wiring = self.joint.wiring
        assert isinstance(wiring, Product)
        present = [pair.present for pair in self._pairs]
        memory.require("edges", int(np.prod([len(p.taps) for p in present], dtype=float)), 32)
        outputs = [int(size) for size in wiring.out_view]
        steps = np.append(np.cumprod(outputs[::-1])[-2::-1], 1).tolist()
        target = _sums([step * p.outputs for step, p in zip(steps, present, strict=True)])
        source = _sums(
            [step * p.sources for step, p in zip(wiring.in_steps(), present, strict=True)]
        )
        order = np.argsort(target, kind="stable")
        return target[order], source[order]

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """Where the parameter is not used because its tap leaves the input."""
        if self.index is None:
            return ()
        wiring, target = self.joint.wiring, self.layer.target
        assert isinstance(wiring, Product)
        found = []
        everywhere = [
            _mask(axis, p.outputs) for axis, p in zip(wiring.axes, self._pairs, strict=True)
        ]
        for a, axis in enumerate(wiring.axes):
            for side, outputs in _sides(axis, self._pairs[a]):
                box: Box = (*everywhere[:a], _mask(axis, outputs), *everywhere[a + 1 :])
                view = tuple(int(size) for size in wiring.out_view)
                units = Units(target, regroup(box, view, target.numbers()))
                found.append(Missing(units, a - (len(wiring.axes) - len(target.shape)), side))
        return tuple(found)


def _sums(terms: Sequence[Flat]) -> Flat:
    return np.asarray(reduce(np.add.outer, terms)).ravel()


def _mask(axis: Axis, outputs: Flat) -> NDArray[np.bool_]:
    mask = np.zeros(int(axis.outputs), bool)
    mask[outputs] = True
    return mask


def _sides(axis: Axis, found: Pairs) -> list[tuple[Side, Flat]]:
    """The outputs at which the tap of these pairs leaves the input, on either side."""
    gone = found.sources < 0
    outputs, taps = found.outputs[gone], found.taps[gone]
    w = axis.window
    if not len(outputs) or w is None:
        return []
    if axis.sliding is not None:
        position, between = (
            w.stride * outputs + w.dilation * taps - w.padding,
            np.zeros_like(gone[gone]),
        )
    else:
        position, rest = np.divmod(outputs + w.padding - w.dilation * taps, w.stride)
        between = rest != 0
    parts: list[tuple[Side, Flat]] = [
        ("before", outputs[(position < 0) & ~between]),
        ("behind", outputs[(position >= int(axis.inputs)) & ~between]),
        ("between", outputs[between]),
    ]
    return [(side, where) for side, where in parts if len(where)]

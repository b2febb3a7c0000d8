"""The chance that a maximum, or a mean, is the same over two windows of independent values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.window import Window
from convgraph.symmetry.pooled import Pooled, moved
from convgraph.symmetry.proofs.endless import along
from convgraph.symmetry.transformations import Shift

__all__ = ["Counts", "Shared", "counted", "in_symbols"]


@dataclass(frozen=True)
class Shared:
    """Two windows: their sizes, what they share, and whether zeros came into the second.

    With u units in both together and b in each of them, and the chance q that a value is not
    positive, the chance that the maximum is the same is b / u; see `convgraph.invariance`.
    """

    kind: Literal["max", "mean"]
    rectified: bool
    before: Any
    after: Any
    both: Any
    zeros: bool = False

    def chance(self, q: sp.Expr) -> sp.Expr:
        """The chance that the window's maximum, or mean, is the same."""
        union = sp.sympify(self.before + self.after - self.both)
        if self.kind == "mean":
            if self.rectified:  # no value that only one of the windows holds may be positive
                return q ** (union - self.both)
            return sp.Integer(int(sp.expand(union - self.both) == 0))
        if union == 0:
            return sp.Integer(int(not self.zeros))
        shared = sp.factor(self.both / union)
        none_positive = q**union
        if self.rectified:
            return none_positive + shared * (1 - none_positive)
        return shared * (1 - none_positive) if self.zeros else shared


@dataclass(frozen=True, eq=False)
class Counts:
    """The same for every output of a network, as arrays; `whole` marks what no border cuts."""

    kind: Literal["max", "mean"]
    rectified: bool
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    both: NDArray[np.int64]
    zeros: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    def table(self, q: sp.Expr) -> tuple[list[sp.Expr], NDArray[np.intp]]:
        """The chances that occur, and which of them each output has."""
        stacked = np.stack([self.before, self.after, self.both, self.zeros])
        kinds, which = np.unique(stacked.reshape(4, -1), axis=1, return_inverse=True)
        chances = [
            Shared(self.kind, self.rectified, int(a), int(b), int(c), bool(z)).chance(q)
            for a, b, c, z in kinds.T
        ]
        return chances, which.reshape(self.before.shape)

    def inside(self, q: sp.Expr) -> sp.Expr | None:
        """The chance of an output with a whole window, if there is one."""
        if not self.whole.any():
            return None
        a, b, c = (n.ravel()[self.whole.argmax()] for n in (self.before, self.after, self.both))
        return Shared(self.kind, self.rectified, int(a), int(b), int(c)).chance(q)


def counted(found: Pooled) -> Counts:
    """Count on the axes: a window is a product, and so is what two of them share."""
    windows, sources = found.windows(), found.sources()
    after = [moved(*pair) for pair in zip(windows, sources, strict=True)]
    if found.kind == "mean" and any(len(set(s[s >= 0])) < (s >= 0).sum() for s in sources):
        raise ConvgraphError(f"g={found.transformation!r}: a mean of values that are repeated")
    kept = [w @ (s >= 0) for w, s in zip(windows, sources, strict=True)]
    within = [w @ (s >= 0) for w, s in zip(windows, found.sources(still=True), strict=True)]
    before = _product([w.sum(axis=1) for w in windows])
    return Counts(
        found.kind,
        found.rectified,
        before,
        _product([w.sum(axis=1) for w in after]),
        _product([w.multiply(m).sum(axis=1) for w, m in zip(windows, after, strict=True)]),
        _product(kept) < before,
        _whole(found) & (_product(within) == before),
    )


def _product(parts: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = reduce(np.multiply.outer, [np.asarray(p, np.int64) for p in parts])
    return counts


def _whole(found: Pooled) -> NDArray[np.bool_]:
    """The outputs whose windows the border does not cut."""
    free = [np.ones(n, bool) for n in found.row.numbers()]
    for layer in found.layers:
        steps = zip(found.axes(layer), free, strict=True)
        free = [along(axis, before) for axis, before in steps]
    if not isinstance(found.transformation, Shift):
        free = [np.zeros_like(f) for f in free]  # elsewhere the probability is another
    whole: NDArray[np.bool_] = reduce(np.logical_and.outer, free)
    return whole


def in_symbols(found: Pooled) -> Shared:
    """For one layer: a window of k taps, d apart, and the same T positions away.

    They share the taps that lie q = |T| / d apart, k - q of them, if d divides T; and none if not.
    """
    if len(found.layers) != 1 or not isinstance(found.transformation, Shift):
        raise ConvgraphError("network: with symbols for sizes, one layer that pools and a shift")
    (layer,) = found.layers
    axes = found.axes(layer)[found.row.channels :]
    size, shared = sp.S.One, sp.S.One
    for axis, amount in zip(axes, found.transformation.amounts(len(axes)), strict=True):
        if not isinstance(axis, Window):
            raise ConvgraphError(f"network: {layer.spec} reads whole rows, whose size is a symbol")
        size = size * axis.taps
        shared = shared * _taps_in_both(axis, sp.sympify(amount))
    return Shared(found.kind, found.rectified, size, size, shared)


def _taps_in_both(window: Window, amount: sp.Expr) -> sp.Expr:
    steps = sp.Abs(amount) / window.dilation
    if steps.is_integer:
        return sp.Max(0, window.taps - steps)
    if steps.is_integer is False:
        return sp.S.Zero
    raise ConvgraphError(
        f"amount={amount}: whether the dilation {window.dilation} divides it is open"
    )

"""The chance that a maximum, or a mean, is the same over two windows of independent values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified
from convgraph.core.window import Window
from convgraph.symmetry.instances.borders import along
from convgraph.symmetry.invariance.pooled import Pooled, moved
from convgraph.symmetry.transformations.geometric import Shift

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
        union = sympified(self.before + self.after - self.both)
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
    """The same for every output of a network.

    Windows are products of one set per axis, and so is what two of them share; what is counted is
    kept per axis, as four rows over the outputs along it: units before, units after, units in both,
    and units whose values come from the frame. Few kinds of columns occur on each axis.
    """

    kind: Literal["max", "mean"]
    rectified: bool
    axes: tuple[NDArray[np.int64], ...]
    whole: NDArray[np.bool_]

    @cached_property
    def _kinds(self) -> list[tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]]:
        """Per axis the columns that occur, which of them each output has, and how often each is."""
        found = []
        for axis in self.axes:
            columns, which, times = np.unique(axis, axis=1, return_inverse=True, return_counts=True)
            found.append((columns, which.reshape(-1), times))
        return found

    def chances(self, q: sp.Expr) -> NDArray[Any]:
        """The chance for each combination of kinds."""
        sizes = [columns.shape[1] for columns, _, _ in self._kinds]
        found = np.empty(sizes, object)
        for index in np.ndindex(*sizes):
            kinds = [columns[:, i] for (columns, *_), i in zip(self._kinds, index, strict=True)]
            before, after, both, kept = (int(n) for n in np.prod(kinds, axis=0))
            shared = Shared(self.kind, self.rectified, before, after, both, kept < before)
            found[index] = shared.chance(q)
        return found

    def of_outputs(self, q: sp.Expr) -> NDArray[Any]:
        """The chance for each output, as an array of the output's shape."""
        result: NDArray[Any] = self.chances(q)[np.ix_(*[which for _, which, _ in self._kinds])]
        return result

    def mean(self, q: sp.Expr) -> sp.Expr:
        """The mean chance over all outputs."""
        times = reduce(np.multiply.outer, [times for _, _, times in self._kinds])
        pairs = zip(times.ravel(), self.chances(q).ravel(), strict=True)
        total = sum((int(n) * chance for n, chance in pairs), sp.S.Zero)
        return total / int(times.sum())

    def inside(self, q: sp.Expr) -> sp.Expr | None:
        """The chance of an output with a whole window, if there is one."""
        if not self.whole.any():
            return None
        index = np.unravel_index(int(self.whole.argmax()), self.whole.shape)
        at = [axis[:, i] for axis, i in zip(self.axes, index, strict=True)]
        before, after, both, _ = (int(n) for n in np.prod(at, axis=0))
        return Shared(self.kind, self.rectified, before, after, both).chance(q)


def counted(found: Pooled) -> Counts:
    """Count on the axes."""
    memory.require("positions", sum(found.row.numbers()), 200)  # lists of taps, before and after
    windows, sources = found.windows(), found.sources()
    if found.kind == "mean" and any(len(set(s[s >= 0])) < (s >= 0).sum() for s in sources):
        raise ConvgraphError(f"g={found.transformation!r}: a mean of values that are repeated")
    axes, within = [], []
    steps = zip(windows, sources, found.sources(still=True), strict=True)
    for window, source, still in steps:
        after = moved(window, source)
        before = window.sum(axis=1)
        both = window.multiply(after).sum(axis=1)
        axes.append(np.stack([before, after.sum(axis=1), both, window @ (source >= 0)]))
        within.append(window @ (still >= 0) == before)
    inside: NDArray[np.bool_] = reduce(np.logical_and.outer, within)
    return Counts(found.kind, found.rectified, tuple(axes), _whole(found) & inside)


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
        if axis.sliding is None:
            raise ConvgraphError(f"network: {layer.spec} reads whole rows, whose size is a symbol")
        size = size * axis.taps
        shared = shared * _taps_in_both(axis.sliding, sympified(amount))
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

"""The search for a counterexample, over small sizes, in exact numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Repeat
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.window import Reversed, Window
from convgraph.layers.spec import Spec
from convgraph.symmetry.proofs.numbers import assignments, symbols_of, with_numbers
from convgraph.symmetry.proofs.restate import amounts_of
from convgraph.symmetry.proofs.setting import Unproved, axis_pairs, shifts
from convgraph.symmetry.transformation import Transformation
from convgraph.symmetry.transformations import Shift

if TYPE_CHECKING:
    from convgraph.symmetry.smt.recheck import Recheck

__all__ = ["Refutation", "Undecided", "refute"]

LARGEST = {1: 12, 2: 6}  # positions per axis, by the number of axes
ASSIGNMENTS = 48
DRAWS = 3


@dataclass(frozen=True, repr=False)
class Refutation:
    """A counterexample: sizes at which a spec and a transformation do not commute.

    Attributes
    ----------
    spec, transformation, where
        What was asked.
    values
        Numbers for the symbols of the spec and of the transformation.
    network
        The spec at these numbers, bound to the smallest input that shows the difference.
    unit
        An output unit whose value differs.
    left, right
        Its value when the input is transformed first, and when the output is.
    reason
        Where the search for a proof ended.
    """

    spec: Spec
    transformation: Transformation
    where: str
    values: Mapping[sp.Symbol, int]
    network: Network
    unit: str
    left: sp.Expr
    right: sp.Expr
    reason: str

    holds = False

    def recheck(self) -> Recheck:
        """Have z3 look for the smallest frame on which this fails; for counterexamples on one.

        Raises
        ------
        ConvgraphError
            If z3 is not installed, or if this is not about a frame.
        """
        from convgraph.symmetry.smt.recheck import recheck_frame

        return recheck_frame(self)

    def smt2(self) -> str:
        """What `recheck` asks, as an SMT-LIB 2 script; the answer should be sat."""
        from convgraph.symmetry.smt.recheck import frame_script

        return frame_script(self)

    def __repr__(self) -> str:
        return f"Refutation({self.spec!r}, {self.transformation!r}: {self.unit} differs)"

    def __str__(self) -> str:
        at = ", ".join(f"{s} = {v}" for s, v in self.values.items())
        size = " x ".join(map(str, self.network.inputs[0].shape))
        return "\n".join(
            [
                f"{self.spec!r} does not commute with {self.transformation!r}: {self.reason}",
                f"Counterexample: an input of {size}{', with ' * bool(at)}{at}, unit {self.unit}:",
                f"    transformed first: {self.left}",
                f"    transformed after: {self.right}",
            ]
        )


@dataclass(frozen=True)
class Undecided:
    """Neither a proof nor a counterexample was found.

    Attributes
    ----------
    spec, transformation, where
        What was asked.
    reason
        Where the search for a proof ended.
    """

    spec: Spec
    transformation: Transformation
    where: str
    reason: str

    holds = None

    def __str__(self) -> str:
        return (
            f"Whether {self.spec!r} commutes with {self.transformation!r} is undecided: "
            f"{self.reason}, and no counterexample was found among small sizes"
        )


def refute(
    spec: Spec, shift: Shift, where: str, channels: Size | None, reason: str
) -> Refutation | None:
    """The smallest counterexample among small sizes, or None."""
    symbols = sorted(symbols_of((spec, shift, channels)), key=lambda s: s.name)
    for values in itertools.islice(assignments(symbols), ASSIGNMENTS):
        numbered, moved, c = (with_numbers(e, values) for e in (spec, shift, channels))
        amounts = tuple(int(a) for a in amounts_of(numbered, moved))
        for n in range(1, LARGEST.get(len(amounts), 3) + 1):
            shape = (*(() if c is None else (int(c),)), *(n,) * len(amounts))
            try:
                trial = _Trial(numbered.on(shape), amounts, where)
            except ConvgraphError:  # too small for the kernel
                continue
            index = trial.difference()
            if index is not None:
                left, right = trial.expressions(index)
                unit = trial.network.outputs[0].unit(index)
                return Refutation(
                    spec, shift, where, values, trial.network, unit, left, right, reason
                )
    return None


class _Trial:
    """One network with numbers for all sizes, and its input before and after the shift."""

    def __init__(self, network: Network, amounts: tuple[int, ...], where: str) -> None:
        self.network, self.amounts, self.where = network, amounts, where
        self.shape = network.inputs[0].numbers()
        self.out = network.outputs[0].numbers()
        lead = len(self.shape) - len(amounts)
        self.moves = (0,) * lead + amounts
        self.random = np.random.default_rng(0)

    def difference(self) -> tuple[int, ...] | None:
        """An output at which the two sides differ, whatever shift one takes for the output."""
        values: dict[Any, sp.Integer] = {}

        def number(_: Any) -> sp.Integer:
            return sp.Integer(int(self.random.integers(2, 60) * self.random.choice([-1, 1])))

        def drawn(position: tuple[int, ...]) -> sp.Integer:
            return values.setdefault(position, number(position))

        candidates = list(self._candidates())
        found: dict[tuple[int, ...], tuple[int, ...]] = {}
        for _ in range(DRAWS):  # two functions may agree at some numbers, above all maxima
            values.clear()
            parameters = {str(s): number(s) for s in self.network.parameters}
            self.before, self.after = self._sides(drawn, parameters)
            for shift in candidates:
                index = self._first_difference(shift) if shift not in found else None
                if index is not None:
                    found[shift] = index
        if not candidates or len(found) < len(candidates):
            return None
        self.found_shift = candidates[0]
        return found[candidates[0]]

    def expressions(self, index: tuple[int, ...]) -> tuple[sp.Expr, sp.Expr]:
        """Both sides at an output unit, in symbols."""
        row = self.network.inputs[0]

        def symbol(position: tuple[int, ...]) -> sp.Symbol:
            inside = all(0 <= a < n for a, n in zip(position, self.shape, strict=True))
            outside = f"{row.name}[{','.join(str(a + 1) for a in position)}]"
            return sp.Symbol(row.unit(position) if inside else outside)

        parameters = {str(s): s for s in self.network.parameters}
        self.before, self.after = self._sides(symbol, parameters)
        return self.after[index], self._shifted(index, self.found_shift)

    def _sides(self, value: Any, parameters: Mapping[str, Any]) -> tuple[NDArray[Any], ...]:
        """The output for the input as it is, and for the input moved."""
        x, moved = np.empty(self.shape, object), np.empty(self.shape, object)
        for index in np.ndindex(*self.shape):
            x[index] = value(index)
            source = tuple(a - t for a, t in zip(index, self.moves, strict=True))
            moved[index] = self._at(source, value)
        return self.network.evaluate(x, parameters), self.network.evaluate(moved, parameters)

    def _at(self, source: tuple[int, ...], value: Any) -> Any:
        if self.where == "circle":
            return value(tuple(a % n for a, n in zip(source, self.shape, strict=True)))
        if self.where == "frame":
            inside = all(0 <= a < n for a, n in zip(source, self.shape, strict=True))
            return value(source) if inside else sp.S.Zero
        return value(source)

    def _candidates(self) -> Iterator[tuple[int, ...]]:
        """The shift of the output, or all that might be it where the strides give none."""
        try:
            amounts = tuple(sp.Integer(a) for a in self.amounts)
            known = dict(shifts(self.network, amounts))[self.network.outputs[0].name]
            yield tuple(map(int, known))
        except Unproved:
            lead = len(self.out) - len(self.amounts)
            ranges = [
                range(-n + 1, n) if a >= lead and (lead < 0 or self.amounts[a - lead]) else (0,)
                for a, n in enumerate(self.out)
            ]
            near = sorted(itertools.product(*ranges), key=lambda t: sum(map(abs, t)))
            yield from near

    def _first_difference(self, shift: tuple[int, ...]) -> tuple[int, ...] | None:
        free = self._free() if self.where in ("line", "interior") else None
        for index in np.ndindex(*self.out):
            if free is not None:
                source = tuple(i - t for i, t in zip(index, shift, strict=True))
                inside = all(0 <= a < n for a, n in zip(source, self.out, strict=True))
                if not (inside and free[index] and free[source]):
                    continue
            if self.after[index] != self._shifted(index, shift):
                return index
        return None

    def _shifted(self, index: tuple[int, ...], shift: tuple[int, ...]) -> Any:
        source = tuple(i - t for i, t in zip(index, shift, strict=True))
        if self.where == "circle":
            return self.before[tuple(a % n for a, n in zip(source, self.out, strict=True))]
        inside = all(0 <= a < n for a, n in zip(source, self.out, strict=True))
        return self.before[source] if inside else sp.S.Zero

    def _free(self) -> NDArray[np.bool_]:
        """The outputs that no border reaches, along the axes that move."""
        known = {row.name: np.ones(row.numbers(), bool) for row in self.network.inputs}
        for layer in self.network.layers:
            free = np.ones(layer.target.numbers(), bool)
            for joint in layer.joints:
                source = known[joint.source.name]
                try:
                    pairs = list(axis_pairs(joint, layer.target))
                except Unproved:
                    return np.zeros(self.out, bool)
                for axis, place, out in pairs:
                    if place is None or out is None:
                        continue
                    if place < len(joint.source.shape) - len(self.amounts):
                        continue
                    others = tuple(a for a in range(source.ndim) if a != place)
                    along = _unreached(axis, np.all(source, axis=others))
                    free &= along.reshape([-1 if a == out else 1 for a in range(free.ndim)])
            known[layer.target.name] = free
        return known[self.network.outputs[0].name]


def _unreached(axis: Axis, source: Any) -> NDArray[np.bool_]:
    """The positions of an axis all of whose taps are there, and unreached themselves."""
    i = np.arange(int(axis.outputs))[:, None]
    there = np.True_
    match axis:
        case Window():
            read = axis.stride * i + axis.dilation * np.arange(int(axis.taps)) - axis.padding
        case Reversed(window=w):
            read, rest = np.divmod(i + w.padding - w.dilation * np.arange(int(w.taps)), w.stride)
            there = rest == 0
        case Repeat():
            read = axis.table()
        case _:
            return np.zeros(int(axis.outputs), bool)
    inside = (read >= 0) & (read < len(source))
    return np.all(~there | (inside & source[np.where(inside, read, 0)]), axis=1)

"""What a layer computes, as one equation between functions of positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.core.tying import Constant, Digit, Learned, Mean
from convgraph.symmetry.proofs.open_network import Setting
from convgraph.symmetry.proofs.row_shifts import Unproved, axis_pairs
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.vocabulary import (
    Greatest,
    Impulse,
    Residue,
    Values,
    applied,
    index,
)

__all__ = ["has_formula", "meaning"]


def meaning(layer: Layer, setting: Setting) -> Equation:
    """The definition of a layer's row: y(i) = sum of w(j) x(s i + d j - p) over j, and its like."""
    positions = setting.positions(layer.target)
    place = _joined_along(layer)
    if not has_formula(layer):
        right = _function(layer, setting, positions)
    elif place is not None:
        right = _concatenated(layer, setting, positions, place)
    else:
        terms = [_Reading(layer, joint, setting, positions).value() for joint in layer.joints]
        right = sp.Mul(*terms) if layer.reduction == PRODUCT else sp.Add(*terms)
    if layer.bias is not None:
        right = right + _Reading(layer, layer.bias, setting, positions).entry()
    conditions: list[sp.Expr] = []
    if setting.where == "interior":  # the positions lie in their row, along the axes that move
        for t, i, size in zip(
            setting.shifts[layer.target.name],
            positions,
            setting.sizes[layer.target.name],
            strict=True,
        ):
            conditions += [i, size - 1 - i] if t != 0 else []
    left = applied(setting.names[layer.target.name], *positions)
    return Equation(left, right, tuple(conditions), setting.moduli(layer.target))


def has_formula(layer: Layer) -> bool:
    """Whether a layer adds or multiplies what its joints bring, or is a function of one value.

    Of others (a normalisation across channels, a softmax) no more is said than that they are some
    function of what a unit reads, another one for each channel.
    """
    reduction = layer.reduction
    if reduction.pointwise or reduction == MAX:
        return len(layer.joints) == 1 and layer.joints[0].tying == Constant()
    if reduction == PRODUCT:
        pairs = (pair for joint in layer.joints for pair in axis_pairs(joint, layer.target))
        return all(axis.taps == 1 for axis, _, _ in pairs)
    return reduction in (SUM, MEAN)


def _function(layer: Layer, setting: Setting, positions: tuple[sp.Symbol, ...]) -> sp.Expr:
    moving = setting.moving(layer.target)
    own = [at for at, moves in zip(positions, moving, strict=True) if not moves]
    read = [_Reading(layer, joint, setting, positions).collected() for joint in layer.joints]
    word = re.split(r"\W", layer.reduction.name)[0]
    name = setting.free(f"{word}_{setting.names[layer.target.name]}")
    return applied(name, *own, *read)


@dataclass
class _Reading:
    """One joint of a layer on its way to a formula: what is read where, summed over what."""

    layer: Layer
    joint: Joint
    setting: Setting
    positions: tuple[sp.Symbol, ...]

    def __post_init__(self) -> None:
        self.pairs = list(axis_pairs(self.joint, self.layer.target))
        self.axes = [axis for axis, _, _ in self.pairs]
        self.limits: list[tuple[sp.Symbol, Any, Any]] = []
        self.taps: dict[int, sp.Expr] = {}
        self.factors: list[sp.Expr] = []

    def value(self) -> sp.Expr:
        """What the joint brings to the unit at `positions`."""
        return self._reduced(self._read_from())

    def collected(self) -> sp.Expr:
        """The values that the joint brings, for a function of which nothing is known."""
        term = self._labelled(self._read_from())
        return Values(term, *self.limits) if self.limits else term

    def _read_from(self) -> sp.Expr:
        arguments: list[sp.Expr] = [sp.S.Zero] * len(self.joint.source.shape)
        for number, (axis, source, out) in enumerate(self.pairs):
            read = self._read(number, axis, source, self._at(out))
            if source is not None:
                modulus = self.setting.moduli(self.joint.source)[source]
                arguments[source] = read if modulus is None else self._wrapped(axis, read, modulus)
        return applied(self.setting.names[self.joint.source.name], *arguments)

    def _at(self, out: int | None) -> sp.Expr:
        return sp.S.Zero if out is None else self.positions[out]

    def _read(self, number: int, axis: Axis, source: int | None, at: sp.Expr) -> sp.Expr:
        """The position that is read along one axis; the tap becomes a bound variable."""
        setting = self.setting
        moves = source is not None and setting.moving(self.joint.source)[source]
        if axis.full and moves and setting.where != "circle":
            raise Unproved(f"{self.layer.spec} reads a whole row, which has no end here")
        if axis.full:
            return self._tap(number, axis)
        if axis.gaps:
            return self._among_all(number, axis, at)
        try:
            return sympified(setting.padded(axis).place(at, self._tap(number, axis)))
        except ConvgraphError:
            if source is None or moves:
                raise Unproved(
                    f"{self.layer.spec} has no formula: its positions are a table"
                ) from None
        near = setting.free(f"near_{setting.names[self.layer.target.name]}")
        return applied(near, at, self.taps[number])

    def _among_all(self, number: int, axis: Axis, at: sp.Expr) -> sp.Expr:
        """Any position, with an impulse where a tap reads it."""
        if self.setting.where == "circle":
            raise Unproved(f"{self.layer.spec} does not go around the circle")
        several = sum(a.gaps for a in self.axes) > 1
        a = index(self.setting.free(f"a_{number}" if several else "a"))
        self.limits.append((a, -sp.oo, sp.oo))
        zeros, _ = self.setting.padded(axis).link(at, self._tap(number, axis), a)
        self.factors += map(Impulse, zeros)
        return a

    def _tap(self, number: int, axis: Axis) -> sp.Expr:
        if axis.taps == 1:
            self.taps[number] = sp.S.Zero
            return sp.S.Zero
        many = sum(not _channelwise(a) and a.taps != 1 for a in self.axes) > 1
        channel = self.layer.target.channels and number == 0
        name = "c" if channel or _channelwise(axis) else (f"j_{number}" if many else "j")
        self.taps[number] = index(self.setting.free(name))
        self.limits.append((self.taps[number], sp.S.Zero, sympified(axis.taps) - 1))
        return self.taps[number]

    def _wrapped(self, axis: Axis, read: sp.Expr, modulus: sp.Expr) -> sp.Expr:
        """A position on the circle; only a window that goes around is one of a circle."""
        if axis.sliding is not None:
            span = axis.dilation * (axis.taps - 1)
            inside = axis.padding == 0 and sp.expand(axis.stride - 1 - span).is_nonnegative
            if not (axis.boundary == "circular" or inside):
                raise Unproved(f"{self.layer.spec} does not go around the circle")
            if sp.expand(axis.outputs * axis.stride - axis.inputs) != 0:
                raise Unproved(
                    f"{self.layer.spec} turns {axis.inputs} positions into {axis.outputs}, "
                    f"which is not a stride-{axis.stride} circle of them"
                )
            if read.is_Symbol:
                return read
            return Residue(read, modulus)
        return read

    def _reduced(self, x: sp.Expr) -> sp.Expr:
        reduction, tying = self.layer.reduction, self.joint.tying
        if reduction.function is not None:
            return applied(reduction.function.name, x)
        if reduction == MAX:
            return Greatest(x, *self.limits) if self.limits else x
        term = self._labelled(x)
        if isinstance(tying, Mean):
            count = sp.Mul(*(sympified(axis.taps) for axis in self.axes))
            return (sp.Sum(term, *self.limits) if self.limits else term) / count
        return sp.Sum(term, *self.limits) if self.limits else term

    def _labelled(self, x: sp.Expr) -> sp.Expr:
        """A value times what its connection carries; a mean's number is left to the whole."""
        tying = self.joint.tying
        term = sp.Mul(*self.factors, x)
        if isinstance(tying, Learned):
            return self.entry() * term
        if isinstance(tying, Constant):
            return tying.value * term
        if isinstance(tying, Mean):
            return term
        raise Unproved(f"the parameters of {self.layer.spec} are a list, without a formula")

    def entry(self) -> sp.Expr:
        """The entry of the parameter array on a connection: w(f, c, j)."""
        tying = self.joint.tying
        assert isinstance(tying, Learned)
        named = (digit for digit in tying.digits if digit.named or digit.size != 1)
        return applied(tying.letter or "w", *map(self._digit, named))

    def _digit(self, digit: Digit) -> sp.Expr:
        axis, _, out = self.pairs[digit.axis]
        if digit.kind == "output":
            at = self._at(out)
            return at if digit.size == axis.outputs else Residue(at, sympified(digit.size))
        tap = self.taps[digit.axis]
        return digit.size - 1 - tap if digit.flipped else tap


def _channelwise(axis: Axis) -> bool:
    return (axis.full or axis.groups > 1) and axis.outputs != 1


def _joined_along(layer: Layer) -> int | None:
    """The axis along which a layer lays its branches one after the other, if that is what it does.

    A branch that begins at position a is a window of one tap with padding a.
    """
    along = None
    begins: Size = 0
    for joint in layer.joints if len(layer.joints) > 1 else ():
        wider = [
            (axis, out)
            for axis, _, out in axis_pairs(joint, layer.target)
            if axis.inputs != axis.outputs
        ]
        if len(wider) != 1 or wider[0][1] is None or wider[0][0].sliding is None:
            return None
        ((axis, out),) = wider
        if (axis.taps, axis.stride, axis.boundary, axis.padding) != (1, 1, "zeros", begins):
            return None
        if out != (out if along is None else along):
            return None
        along, begins = out, begins + axis.inputs
    return along if along is not None and begins == layer.target.shape[along] else None


def _concatenated(
    layer: Layer, setting: Setting, positions: tuple[sp.Symbol, ...], along: int
) -> sp.Expr:
    """Branches one after the other along an axis: which one, and which position of its own."""
    if setting.moving(layer.target)[along]:
        raise Unproved(f"{layer.spec} joins branches along the axis that moves")
    pieces, end = [], sp.S.Zero
    f = positions[along]
    for joint in layer.joints:
        source = joint.source
        own = list(positions)
        own[along] = f - end
        if len(source.shape) < len(positions):  # a branch of one unnamed channel
            del own[along]
        end = end + (1 if len(source.shape) < len(positions) else source.shape[along])
        piece = applied(setting.names[source.name], *own)
        pieces.append((piece, sp.Lt(f, end) if joint is not layer.joints[-1] else True))
    return sp.Piecewise(*pieces)

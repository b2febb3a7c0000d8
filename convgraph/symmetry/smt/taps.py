"""What one tap of a layer brings to an output, before and after the move, for an SMT solver.

The two sides of f(g x) = g(f x) are written down from the wiring and the tying of a layer: the left
side reads moved rows at i, the right side reads rows as they are at i - t. What a shift does to a
frame is written out: zeros come in, or what has left it at the other end. Nothing here is taken
from the steps of a proof, nor from what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from convgraph.core.axis import Axis, Full, Repeat
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.tying import Digit, Learned
from convgraph.core.window import Reversed, Window
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.smt.script import Script, call, conjunction, difference, term, total, whole
from convgraph.symmetry.smt.stated_network import Stated

__all__ = ["Both", "Tap", "output_digit", "tap_axes"]


@dataclass(frozen=True)
class Both:
    """The same thing on the left and on the right side."""

    left: str
    right: str

    @property
    def equal(self) -> str:
        """That both are equal."""
        return call("=", self.left, self.right)


@dataclass
class Along:
    """Where one axis is read: the position on each side, and when it lies inside of its row."""

    at: Both
    inside: Both | None = None
    there: Both | None = None
    """When there is a connection at all, where that is not said by `inside`."""
    border: str = "zeros"


def tap_axes(joint: Joint, layer: Layer) -> list[tuple[int, Axis]]:
    """The axes over whose taps a unit adds up or takes the greatest, with their numbers."""
    pairs = axes_of(joint, layer.target)
    return [(number, axis) for number, axis, _, _ in pairs if axis.taps != 1]


@dataclass
class Tap:
    """One joint at one choice of taps, on both sides."""

    script: Script
    setting: Stated
    layer: Layer
    joint: Joint
    taps: Mapping[int, str]
    positions: Sequence[Both]
    turns: Sequence[str]
    """On a circle, how many times the output's position went around when it was moved."""
    along: dict[int, Along] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, axis, place, out in axes_of(self.joint, self.layer.target):
            here = Both("0", "0") if out is None else self.positions[out]
            moves = place is not None and self.setting.shifts[self.joint.source.name][place] != 0
            found = (
                self._moving(number, axis, place, out) if moves else self._still(number, axis, here)
            )
            self.along[number] = found

    def weight(self) -> Both:
        """The parameter on the connection."""
        tying = self.joint.tying
        if not isinstance(tying, Learned):
            return Both("1.0", "1.0")
        digits = [self._digit(d) for d in tying.digits if d.named or d.size != 1]
        name = self.script.parameter(tying.letter, len(digits))
        return Both(call(name, *[d.left for d in digits]), call(name, *[d.right for d in digits]))

    def value(self) -> tuple[Both, Both]:
        """Whether there is a connection, and the value of the unit that is read."""
        row = self.joint.source
        places = [place for _, _, place, _ in axes_of(self.joint, self.layer.target)]
        ordered: list[Along] = [Along(Both("0", "0"))] * len(row.shape)
        for number, place in enumerate(places):
            if place is not None:
                ordered[place] = self.along[number]
        left = self._moved(row, ordered)
        right = self._plain(row, [a.at.right for a in ordered])
        there = Both(
            *[
                conjunction([getattr(w, side) for a in ordered for w in _conditions(a)])
                for side in SIDES
            ]
        )
        return there, Both(
            self._beyond(ordered, "left", left), self._beyond(ordered, "right", right)
        )

    # -- positions ------------------------------------------------------------------------------

    def _still(self, number: int, axis: Axis, here: Both) -> Along:
        """An axis that does not move: both sides read the same place, whatever it is.

        What lies beyond its border (zeros, nothing, a reflection) is the same on both sides, too,
        so that no more has to be said of it.
        """
        tap = self.taps.get(number, "0")
        match axis:
            case Window():
                at = self._window(axis, here.left, tap)
            case Full():
                at = tap
            case Reversed(window=w):
                reach = total(here.left, self.script.size(self.setting.named(w.padding)))
                reach = difference(reach, whole(self.script.size(w.dilation), tap))
                at, rest = self.script.remainder(reach, self.script.size(w.stride))
                return Along(Both(at, at), there=Both(*[call("=", rest, "0")] * 2))
            case _:
                name = self.script.function(f"place!{number}", 2, "Int")
                at = call(name, here.left, tap)
        return Along(Both(at, at))

    def _window(self, axis: Window, position: str, tap: str) -> str:
        size = self.script.size
        reach = total(whole(size(axis.stride), position), whole(size(axis.dilation), tap))
        return difference(reach, size(self.setting.named(axis.padding)))

    def _moving(self, number: int, axis: Axis, place: int | None, out: int | None) -> Along:
        """An axis along which the input moves."""
        assert place is not None
        assert out is not None
        row = self.joint.source
        tap = self.taps.get(number, "0")
        here = self.positions[out]
        step = self.script.size(self.setting.shifts[row.name][place])
        match axis:
            case Window() if self.setting.where == "circle":
                return self._around(axis, place, out, tap, step)
            case Window():
                left, right = (self._window(axis, at, tap) for at in (here.left, here.right))
                if self.setting.where == "line":
                    return Along(Both(difference(left, step), right))
                size = self.script.size(self.setting.sizes[row.name][place])
                within = Both(*[self.script.between("0", at, size) for at in (left, right)])
                return Along(Both(left, right), inside=within, border=axis.boundary)
            case Repeat(factor=factor):
                return self._repeated(self.script.size(factor), place, out, step)
            case Reversed(window=w):
                return self._reversed(w, place, out, tap, step)
        raise TypeError(f"{axis} on an axis that moves")

    def _around(self, axis: Window, place: int, out: int, tap: str, step: str) -> Along:
        """A position on a circle: moved by the input's shift, or read from where the output was."""
        script = self.script
        modulus = script.size(self.setting.sizes[self.joint.source.name][place])
        first, at = script.remainder(self._window(axis, self.positions[out].left, tap), modulus)
        second, left = script.remainder(difference(at, step), modulus)
        third, right = script.remainder(self._window(axis, self.positions[out].right, tap), modulus)
        # s (i - t - m u) = s i - T - n u, as the stride times the output's circle is the input's
        around = difference(total(self.turns[out], third), total(first, second))
        script.small_multiple(modulus, around)
        return Along(Both(left, right))

    def _repeated(self, factor: str, place: int, out: int, step: str) -> Along:
        """The input position whose copies an output is among: floor(i/f), and floor((i - f t)/f).

        On a circle the output's turns are the input's: floor((i - f t - f m u)/f) is
        floor(i/f) - t - m u.
        """
        script = self.script
        here = self.positions[out]
        before, _ = script.remainder(here.left, factor)
        after, _ = script.remainder(here.right, factor)
        moved = difference(before, step)
        if self.setting.where == "circle":
            modulus = script.size(self.setting.sizes[self.joint.source.name][place])
            turn, around = script.remainder(moved, modulus)
            moved = difference(moved, whole(modulus, self.turns[out]))
            script.small_multiple(factor, difference(moved, after))
            script.small_multiple(modulus, difference(turn, self.turns[out]))
            return Along(Both(around, after))
        script.small_multiple(factor, difference(moved, after))
        return Along(Both(before if self.setting.where == "interior" else moved, after))

    def _reversed(self, window: Window, place: int, out: int, tap: str, step: str) -> Along:
        """The input position from which a transposed convolution's tap comes, if there is one."""
        script = self.script
        here = self.positions[out]
        s = script.size(window.stride)
        away = difference(
            script.size(self.setting.named(window.padding)),
            whole(script.size(window.dilation), tap),
        )
        before, rest = script.remainder(total(here.left, away), s)
        after, other = script.remainder(total(here.right, away), s)
        left = difference(before, step)
        script.small_multiple(s, difference(left, after))
        there = Both(call("=", rest, "0"), call("=", other, "0"))
        if self.setting.where == "line":
            return Along(Both(left, after), there=there)
        size = script.size(self.setting.sizes[self.joint.source.name][place])
        inside = Both(*[script.between("0", at, size) for at in (before, after)])
        return Along(Both(before, after), inside=inside, there=there)

    # -- values ---------------------------------------------------------------------------------

    def _plain(self, row: Row, at: Sequence[str]) -> str:
        name = self.script.row(row.name, len(row.shape))
        return call(name, *at)

    def _moved(self, row: Row, ordered: Sequence[Along]) -> str:
        """The value of a row of which it was shown that it moves."""
        at = [a.at.left for a in ordered]
        if self.setting.where != "interior":
            return self._plain(row, at)  # the positions have moved already
        steps = [self.script.size(step) for step in self.setting.shifts[row.name]]
        came = [difference(a, step) for a, step in zip(at, steps, strict=True)]
        if row in self.setting.network.inputs and self.setting.wrapped:
            return self._plain(row, self._wrapped(row, came))
        value = self._plain(row, came)
        if row in self.setting.network.inputs:
            within = [
                self.script.between("0", c, self.script.size(size))
                for c, size, moves in zip(
                    came, self.setting.sizes[row.name], self.setting.moving(row), strict=True
                )
                if moves
            ]
            return call("ite", conjunction(within), value, "0.0")
        # outside of what has been shown, a row may be anything
        source = self.setting.claims[row.name]
        known = dict(zip(source.left.args, at, strict=True))
        shown = [call(">=", self._condition(c, known), "0") for c in source.conditions]
        other = call(self.script.row(row.name, len(at), "unknown"), *at)
        return call("ite", conjunction(shown), value, other)

    def _wrapped(self, row: Row, came: Sequence[str]) -> list[str]:
        """Where values come from that come in at the other end: positions modulo the size."""
        sizes = self.setting.sizes[row.name]
        return [
            self.script.remainder(c, self.script.size(size))[1] if moves else c
            for c, size, moves in zip(came, sizes, self.setting.moving(row), strict=True)
        ]

    def _condition(self, condition: sp.Expr, known: Mapping[sp.Symbol, str]) -> str:
        self.script.size(condition.xreplace(dict.fromkeys(known, sp.S.Zero)))
        return term(condition, known)

    def _beyond(self, ordered: Sequence[Along], side: str, value: str) -> str:
        """Beyond a border that is not one of zeros, a value of which nothing is known."""
        inside = [getattr(a.inside, side) for a in ordered if a.inside and a.border != "zeros"]
        if not inside:
            return value
        other = self.script.function(f"beyond!{side}", len(ordered))
        return call(
            "ite", conjunction(inside), value, call(other, *[getattr(a.at, side) for a in ordered])
        )

    # -- parameters -----------------------------------------------------------------------------

    def _digit(self, digit: Digit) -> Both:
        pairs = list(axes_of(self.joint, self.layer.target))
        _, axis, _, out = pairs[digit.axis]
        if digit.kind == "tap" and digit.flipped:
            at = difference(self.script.size(digit.size - 1), self.taps.get(digit.axis, "0"))
            return Both(at, at)
        if digit.kind != "output":
            return Both(*[self.taps.get(digit.axis, "0")] * 2)
        return output_digit(
            self.script,
            self.setting,
            self.layer.target,
            digit,
            axis,
            out,
            self.positions,
            self.turns,
        )


def output_digit(
    script: Script,
    setting: Stated,
    row: Row,
    digit: Digit,
    axis: Axis,
    out: int | None,
    positions: Sequence[Both],
    turns: Sequence[str],
) -> Both:
    """Which parameter an output has along an axis: its own, or that of the kernel whose turn it is.

    `positions` and `turns` are those of a `Tap`.
    """
    here = Both("0", "0") if out is None else positions[out]
    if digit.size == axis.outputs:
        return here
    tiles = sp.sympify(digit.size)
    modulus = script.size(tiles)
    first, left = script.remainder(here.left, modulus)
    second, right = script.remainder(here.right, modulus)
    assert out is not None
    step = sp.cancel(setting.shifts[row.name][out] / tiles)
    if not step.is_integer:  # then the kernels do differ, and no lemma says otherwise
        return Both(left, right)
    multiple = difference(total(second, script.size(step)), first)
    if setting.where == "circle":
        around = sp.cancel(setting.sizes[row.name][out] / tiles)
        multiple = total(multiple, whole(script.size(around), turns[out]))
    script.small_multiple(modulus, multiple)
    return Both(left, right)


SIDES = ("left", "right")


def _conditions(along: Along) -> list[Both]:
    """When a connection is there at all: beyond a border of zeros there is none."""
    inside = [along.inside] if along.inside and along.border == "zeros" else []
    return [*inside, *([along.there] if along.there else [])]

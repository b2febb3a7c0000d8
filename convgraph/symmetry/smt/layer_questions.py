"""Each layer's equation as questions for an SMT solver.

A fixed small number of taps is written out. A number of taps that is a symbol is met by induction
on partial sums (or partial maxima): they are equal before the first tap, and one more tap keeps
them equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM
from convgraph.core.sizes import is_symbolic, product
from convgraph.core.tying import Constant, Learned
from convgraph.core.wiring import Product
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.smt.folds import Fold, State, defined, fold_of, same, unknown
from convgraph.symmetry.smt.script import Query, Script, call, conjunction, difference, whole
from convgraph.symmetry.smt.stated_network import Stated
from convgraph.symmetry.smt.taps import Both, Tap, output_digit, tap_axes

__all__ = ["LayerQueries"]

WRITTEN_OUT = 9  # taps; a circle, with its remainders, is met by induction at once


@dataclass
class LayerQueries:
    """The questions about one layer, given what has been shown of the rows that it reads."""

    setting: Stated
    layer: Layer

    @property
    def claim(self) -> Any:
        """What is claimed of the layer's row."""
        return self.setting.claims[self.layer.target.name]

    def __iter__(self) -> Iterator[Query]:
        for joint in self.layer.joints:
            if not _adds_up(self.layer):
                yield self._any_tap(joint)
                continue
            if any(self._turning(joint)):
                yield from _turned(fold_of(self.layer, joint), self._name)
                continue
            axes = tap_axes(joint, self.layer)
            if self._few(axes):
                yield self._written_out(joint, axes)
            else:
                yield from self._induction(joint, axes)
        if self.layer.bias is not None or len(self.layer.joints) > 1:
            yield self._together()
        if self.setting.where == "interior":
            yield self._within()

    def _few(self, axes: list[tuple[int, Axis]]) -> bool:
        taps = tuple(axis.taps for _, axis in axes)
        most = 1 if self.setting.where == "circle" else WRITTEN_OUT
        return not is_symbolic(taps) and product(taps) <= most

    @property
    def _name(self) -> str:
        return str(self.layer.target.name)

    def _turning(self, joint: Joint) -> Iterator[bool]:
        """For each axis whether a whole circle is read, so that only where it begins moves."""
        shifts = self.setting.shifts[joint.source.name]
        for _, axis, place, _ in axes_of(joint, self.layer.target):
            yield axis.full and place is not None and shifts[place] != 0

    # -- where ----------------------------------------------------------------------------------

    def _places(self, script: Script) -> tuple[list[Both], list[str]]:
        """The output's position on both sides; on a circle also how often it went around."""
        row = self.layer.target
        positions, turns = [], []
        for i, t, modulus in zip(
            self.claim.left.args,
            self.setting.shifts[row.name],
            self.setting.moduli(row),
            strict=True,
        ):
            here, step = script.size(i), script.size(t)
            if modulus is None or t == 0:
                positions.append(Both(here, difference(here, step)))
                turns.append("0")
                continue
            size = script.size(modulus)
            script.claim(script.between("0", here, size))
            turn, there = script.remainder(difference(here, step), size)
            positions.append(Both(here, there))
            turns.append(turn)
        for symbol, value in self.setting.floors.items():
            script.rounded_down(symbol, value)
        for condition in self.claim.conditions:
            script.claim(call(">=", script.size(condition), "0"))
        return positions, turns

    def _tap(self, script: Script, joint: Joint, taps: Mapping[int, str]) -> Tap:
        positions, turns = self._places(script)
        return Tap(script, self.setting, self.layer, joint, taps, positions, turns)

    # -- sums and maxima ------------------------------------------------------------------------

    def _written_out(self, joint: Joint, axes: list[tuple[int, Axis]]) -> Query:
        """Each tap brings the same on both sides, and so do their sum and their maximum."""
        fold = fold_of(self.layer, joint)
        script = Script()
        place = self._places(script)
        equal = []
        for taps in itertools.product(*[range(int(axis.taps)) for _, axis in axes]):
            numbers = {number: str(tap) for (number, _), tap in zip(axes, taps, strict=True)}
            tap = Tap(script, self.setting, self.layer, joint, numbers, *place)
            states = [defined(script, fold, one) for one in _sides(fold, tap)]
            equal.append(same(*states))
        return script.ask(f"{self._name}, each tap", conjunction(equal))

    def _any_tap(self, joint: Joint) -> Query:
        """Whatever a function makes of its values, it does of the same ones on both sides."""
        script = Script()
        taps = {}
        for number, axis in tap_axes(joint, self.layer):
            taps[number] = script.integer(f"tap!{number}")
            script.claim(script.between("0", taps[number], script.size(axis.taps)))
        tap = self._tap(script, joint, taps)
        fold = Fold("max")  # of one value: whether it is there, and which it is
        there, value = tap.value()
        weight = tap.weight()
        sides = [
            fold.of(getattr(there, side), "1.0", whole(getattr(weight, side), getattr(value, side)))
            for side in SIDES
        ]
        return script.ask(f"{self._name}, whatever its function", same(*sides))

    def _induction(self, joint: Joint, axes: list[tuple[int, Axis]]) -> Iterator[Query]:
        """One more tap of the innermost axis; then one more of the next, each a whole sum."""
        fold = fold_of(self.layer, joint)
        for level in reversed(range(len(axes))):
            script = Script()
            names = {number: script.integer(f"tap!{number}") for number, _ in axes[: level + 1]}
            for number, axis in axes[: level + 1]:
                script.claim(script.between("0", names[number], script.size(axis.taps)))
            m = names[axes[level][0]]
            if level == len(axes) - 1:
                ones = _sides(fold, self._tap(script, joint, names))
            else:
                ones = (
                    unknown(script, fold, "inner!left", [m]),
                    unknown(script, fold, "inner!right", [m]),
                )
                script.claim(same(*ones))
            partial, after = [], []
            for side, one in zip(SIDES, ones, strict=True):
                before, here, next_ = (
                    unknown(script, fold, f"partial!{side}", [at])
                    for at in ("0", m, call("+", m, "1"))
                )
                script.claim(same(before, fold.empty))
                script.claim(same(next_, defined(script, fold, fold.both(here, one))))
                partial.append((before, here))
                after.append(next_)
            script.claim(same(partial[0][1], partial[1][1]))
            goal = call("and", same(partial[0][0], partial[1][0]), same(*after))
            yield script.ask(f"{self._name}, one more tap of axis {axes[level][0]}", goal)

    def _within(self) -> Query:
        """The claim speaks of positions of the row only: of the output's, and of its image's."""
        script = Script()
        positions, _ = self._places(script)
        row = self.layer.target
        inside = [
            script.between("0", at, script.size(size))
            for place, size, moves in zip(
                positions, self.setting.sizes[row.name], self.setting.moving(row), strict=True
            )
            for at in (place.left, place.right)
            if moves
        ]
        return script.ask(f"{self._name}, within its frame", conjunction(inside))

    def _together(self) -> Query:
        """Joints that are equal on both sides make rows that are, bias included."""
        script = Script()
        sides: list[list[str]] = [[], []]
        for number, _ in enumerate(self.layer.joints):
            for side, terms in zip(SIDES, sides, strict=True):
                terms.append(script.real(f"joint!{number}!{side}"))
            script.claim(call("=", sides[0][-1], sides[1][-1]))
        if self.layer.bias is not None:
            for terms, entry in zip(sides, self._biases(script, self.layer.bias), strict=True):
                terms.append(entry)
        word = "*" if self.layer.reduction == PRODUCT else "+"
        return script.ask(f"{self._name}, all joints", call("=", *[call(word, *t) for t in sides]))

    def _biases(self, script: Script, bias: Joint) -> list[str]:
        """The entry of the bias on each side."""
        assert isinstance(bias.tying, Learned)
        row = self.layer.target
        positions, turns = self._places(script)
        pairs = list(axes_of(bias, row))
        digits = [d for d in bias.tying.digits if d.named or d.size != 1]
        name = script.parameter(bias.tying.letter or "b", len(digits))
        places = []
        for digit in digits:
            _, axis, _, out = pairs[digit.axis]
            places.append(
                output_digit(script, self.setting, row, digit, axis, out, positions, turns)
            )
        return [call(name, *[getattr(place, side) for place in places]) for side in SIDES]


SIDES = ("left", "right")


def _adds_up(layer: Layer) -> bool:
    """Whether a unit is a sum, a product of single values, a maximum, or a function of one value.

    A product of several connections, or any other way of taking values, is some function of them.
    """
    if layer.reduction.pointwise or layer.reduction == MAX:
        return len(layer.joints) == 1 and layer.joints[0].tying == Constant()
    if layer.reduction == PRODUCT:
        wirings = [joint.wiring for joint in layer.joints]
        return all(isinstance(w, Product) and all(t == 1 for t in w.taps) for w in wirings)
    return layer.reduction in (SUM, MEAN)


def _sides(fold: Fold, tap: Tap) -> tuple[State, State]:
    """What one tap brings on each side."""
    weight = tap.weight()
    there, value = tap.value()
    return (
        fold.of(there.left, weight.left, value.left),
        fold.of(there.right, weight.right, value.right),
    )


def _turned(fold: Fold, name: str) -> Iterator[Query]:
    """A sum over a circle is the same when it begins one position later; so for every shift.

    With g any function on the n positions, A(m) takes in g(0) ... g(m - 1) and B(m) takes in
    g(-1) ... g(m - 2), g(-1) being g(n - 1). Then B(m) is A(m - 1) with g(n - 1) taken in, and so
    B(n) = A(n).
    """
    script = Script()
    n, m = script.integer("n", 1), script.integer("m")
    script.claim(script.between("1", m, n))
    before, last = call("-", m, "1"), call("-", n, "1")

    def g(at: str) -> State:
        return fold.of("true", "1.0", call(script.function("g", 1), at))

    def partial(which: str, at: str) -> State:
        return unknown(script, fold, which, [at])

    script.claim(same(partial("A", "0"), fold.empty))
    script.claim(same(partial("A", m), fold.both(partial("A", before), g(before))))
    script.claim(same(partial("B", "1"), fold.both(fold.empty, g(last))))
    script.claim(same(partial("B", m), fold.both(partial("A", before), g(last))))
    script.claim(same(partial("B", call("+", m, "1")), fold.both(partial("B", m), g(before))))
    begins = same(partial("B", "1"), fold.both(partial("A", "0"), g(last)))
    goes_on = same(partial("B", call("+", m, "1")), fold.both(partial("A", m), g(last)))
    yield script.ask(f"{name}, around a circle", call("and", begins, goes_on))
    end = Script()
    n = end.integer("n", 1)
    whole_a, whole_b, most, final = (
        unknown(end, fold, which) for which in ("A!n", "B!n", "A!before", "g!last")
    )
    end.claim(same(whole_a, fold.both(most, final)))
    end.claim(same(whole_b, fold.both(most, final)))
    yield end.ask(f"{name}, all around", same(whole_a, whole_b))

"""What a layer's claim asks of its sizes and its border, so that the lemmas apply.

The two sides of f(g x) = g(f x) are the layer's value at i, of rows that have moved, and at i - t,
of rows as they are. Along each axis both read the same if outputs and inputs move together; what is
read beyond a border has to be the same, too, and so have the parameters. Nothing here is taken from
the steps of a proof, nor from what it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import MAX, MEAN, SUM
from convgraph.core.sizes import floor_div
from convgraph.core.sympified import sympified
from convgraph.core.tying import Constant, Explicit, Learned, Mean
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.smt import lemmas
from convgraph.symmetry.smt.folds import Kind
from convgraph.symmetry.smt.script import Query, Script, call, conjunction, difference, term, whole
from convgraph.symmetry.smt.stated_network import Stated

__all__ = ["layer_questions"]

TAP, READ = sp.Symbol("tap!", integer=True), sp.Symbol("read!", integer=True)


def layer_questions(setting: Stated, layer: Layer) -> Iterator[Query]:
    """The lemmas that a layer's claim uses, and what has to be so that they apply."""
    for joint in layer.all_joints:
        kind = _kind(layer, joint)
        if kind and joint is not layer.bias:
            yield lemmas.alike(kind)
        for number, axis, read, made in axes_of(joint, layer.target):
            along = _Along(setting, layer, joint, kind, number, axis, read, made)
            yield from along.questions()
    if setting.where == "interior":
        yield _within(setting, layer)


def _kind(layer: Layer, joint: Joint) -> Kind | None:
    """How a unit takes its values in: a fold of which there are lemmas, or none for any function.

    A function of one value, a product of several connections, or any other way of taking values is
    some function of them.
    """
    if layer.reduction == MAX and len(layer.joints) == 1 and joint.tying == Constant():
        return "max"
    if layer.reduction in (SUM, MEAN):
        means = isinstance(joint.tying, Mean) and joint.tying.over == "present"
        return "mean" if means else "sum"
    return None


def _given(setting: Stated, layer: Layer, script: Script, made: Sequence[int]) -> list[str]:
    """Positions of an output of which a layer's claim speaks, along some of its axes."""
    claim = setting.claims[layer.target.name]
    own = [claim.left.args[each] for each in made]
    others = set(claim.left.args) - set(own)
    for condition in claim.conditions:
        if not condition.free_symbols & others:
            script.claim(call(">=", script.size(condition), "0"))
    return [script.size(i) for i in own]


def _within(setting: Stated, layer: Layer) -> Query:
    """The claim speaks of positions of the row only: of the output's, and of its image's."""
    script, row = Script(), layer.target
    moving = [a for a, moves in enumerate(setting.moving(row)) if moves]
    setting.say_sizes(script, row, [setting.sizes[row.name][a] for a in moving])
    inside = []
    for a, i in zip(moving, _given(setting, layer, script, moving), strict=True):
        size, step = (script.size(e[row.name][a]) for e in (setting.sizes, setting.shifts))
        inside += [script.between("0", at, size) for at in (i, difference(i, step))]
    return script.ask(f"{row.name}, within its frame", conjunction(inside))


@dataclass
class _Along:
    """One axis of a joint: `came` is by how much its inputs move, `went` its outputs."""

    setting: Stated
    layer: Layer
    joint: Joint
    kind: Kind | None
    number: int
    axis: Axis
    read: int | None
    made: int | None

    def __post_init__(self) -> None:
        sides = (self.joint.source, self.read), (self.layer.target, self.made)
        (self.came, self.inputs), (self.went, self.outputs) = (
            (sp.S.Zero, sp.S.One)  # an axis that is not listed, or a bias, which nothing moves
            if place is None or row.name not in self.setting.shifts
            else (self.setting.shifts[row.name][place], self.setting.sizes[row.name][place])
            for row, place in sides
        )
        claim = self.setting.claims[self.layer.target.name]
        self.output = sp.S.Zero if self.made is None else claim.left.args[self.made]
        self.name = f"{self.layer.target.name}, axis {self.number}"

    def questions(self) -> Iterator[Query]:
        """What both sides read along this axis, and with which parameters."""
        yield from self._parameters()
        if self.came == 0 and (self.axis.uniform or self.went == 0):
            return  # whichever input a tap reads, it is the same on both sides
        if self.axis.uniform:
            yield self._turning()
            return
        yield lemmas.translated(self.axis)
        yield lemmas.one_input(self.axis)
        yield from self._together()
        around = self.setting.where == "circle"
        if around:
            yield lemmas.multiples()
        if self.setting.where == "interior" or (around and self.axis.boundary != "circular"):
            yield from self._border()

    # -- what is read -----------------------------------------------------------------------------

    def _turning(self) -> Query:
        """A whole circle is read, which begins elsewhere."""
        parameters = isinstance(self.joint.tying, Learned) and any(
            digit.axis == self.number and digit.kind != "output" and digit.size != 1
            for digit in self.joint.tying.digits
        )
        alike = self.setting.where == "circle" and self.went == 0 and not parameters
        if not alike or not self.kind:
            raise ConvgraphError(f"{self.layer.spec}: no lemma says that a whole row may turn")
        return lemmas.around(self.kind)

    def _together(self) -> Iterator[Query]:
        """Outputs and inputs move together, and so do they once around a circle."""
        script = Script()
        equal = self._in_step(script, self.went, self.came)
        if self.setting.where == "circle":
            equal += self._in_step(script, self.outputs, self.inputs)
        if equal:
            yield script.ask(f"{self.name}: what moves together", conjunction(equal))

    def _in_step(self, script: Script, went: sp.Expr, came: sp.Expr) -> list[str]:
        assert self.axis.pace is not None  # or there is no lemma
        out, by = map(sympified, self.axis.pace)
        unit = went if out == 1 else came if by == 1 else sp.cancel(went / out)
        return [
            self._multiple(script, size, part, unit)
            for size, part in ((went, out), (came, by))
            if part != 1 or unit != size
        ]

    def _multiple(self, script: Script, size: sp.Expr, part: Any, times: sp.Expr) -> str:
        try:
            made = whole(script.size(part), script.size(sp.cancel(times)))
        except TypeError:  # it is no whole number of times, as far as one can see
            return "false"
        return call("=", script.size(size), made)

    # -- what lies beyond a border ----------------------------------------------------------------

    def _border(self) -> Iterator[Query]:
        """What a tap reads beyond the border, where its output is one that the claim speaks of.

        On a circle no window that stops at the border may reach it. In a frame a connection that is
        missing on one side has to be missing on the other, and beyond other borders than zeros
        nothing may be read. A sum may take zeros that come in for those beyond.
        """
        setting, script, row = self.setting, Script(), self.joint.source
        setting.say_sizes(script, self.layer.target, [self.inputs], row)
        _given(setting, self.layer, script, [] if self.made is None else [self.made])
        read, step, size = map(script.size, (READ, self.came, self.inputs))
        moved = difference(read, step)
        inside, came = (script.between("0", at, size) for at in (read, moved))
        self._tap(script)
        shown = self._shown(script, row)
        beyond = [call("-", "0", at, "1") for at in (read, moved, *shown)]
        beyond += [call("-", at, size) for at in (read, moved)]
        if setting.where == "circle":
            output, end = script.size(self.output), script.size(self.outputs)
            script.claim(script.between("0", output, end))
            beyond.append(call("-", end, "1", output))
            alike = [inside]
        else:
            alike = self._alike(script, inside, came, shown)
        if self._cut:
            assert self.axis.sliding is not None
            after = script.size(self.axis.sliding.after or 0)
            alike += [call("<", at, call("+", size, after)) for at in (read, moved)]
        for part in self.axis.pace or ():
            for bound in beyond:
                script.product(script.size(part), bound)
        yield from lemmas.used(script)
        yield script.ask(f"{self.name}: what lies beyond the border", conjunction(alike))

    def _tap(self, script: Script) -> None:
        """Some tap of the output reads some input."""
        axis = self.setting.padded(self.axis)
        tap, last = script.size(TAP), difference(script.size(axis.taps), "1")
        script.claim(call("and", call("<=", "0", tap), call("<=", tap, last)))
        script.claim(lemmas.linked(script, axis, self.output, TAP, READ))
        if axis.window is not None:
            for inside in (tap, difference(last, tap)):
                script.product(script.size(axis.window.dilation), inside)

    def _alike(self, script: Script, inside: str, came: str, shown: list[str]) -> list[str]:
        """In a frame: where what is read was there before it moved, and what is known of it."""
        alike = [call("=>", came, inside)]
        if self.joint.source not in self.setting.network.inputs:
            alike.append(call("=>", inside, conjunction([call(">=", c, "0") for c in shown])))
        elif self.kind != "sum" or self.setting.wrapped:
            alike.append(call("=>", inside, came))
        return alike if self.axis.boundary == "zeros" else [*alike, inside, came]

    def _shown(self, script: Script, row: Row) -> list[str]:
        """What is known of the positions of a row at which its own claim holds: what is >= 0."""
        claim = self.setting.claims.get(row.name)
        if claim is None:
            return []
        own = claim.left.args[self.read or 0]
        found = []
        for condition in claim.conditions:
            if condition.has(own):
                script.size(condition.xreplace({own: READ}))
                found.append(term(condition, {own: script.size(READ)}))
        return found

    @property
    def _cut(self) -> bool:
        """Whether the last window may reach beyond what the input is padded to, as it does where a
        mean is rounded up: then it is divided by another number."""
        window = self.axis.sliding
        if window is None or window.after is None or self.joint.tying != Mean("taps"):
            return False
        room = window.inputs + window.padding + window.after - window.dilation * (window.taps - 1)
        return bool(sp.expand(floor_div(room - 1, window.stride) + 1 - window.outputs) != 0)

    # -- parameters -------------------------------------------------------------------------------

    def _parameters(self) -> Iterator[Query]:
        """Kernels that take turns have as many turns in what the outputs move by."""
        tying, circle = self.joint.tying, self.setting.where == "circle"
        if isinstance(tying, Explicit):
            raise ConvgraphError(f"{self.layer.spec}: parameters that are listed have no lemma")
        for digit in tying.digits if isinstance(tying, Learned) else ():
            moved, around = self.went, self.outputs
            if digit.kind == "input":
                moved, around = self.came, self.inputs
            if digit.axis != self.number or digit.kind == "tap" or digit.size == 1 or moved == 0:
                continue
            script = Script()
            equal = [
                self._multiple(script, size, digit.size, size / digit.size)
                for size in (moved, *([around] if circle else []))
            ]
            yield script.ask(f"{self.name}: whose turn it is", conjunction(equal))

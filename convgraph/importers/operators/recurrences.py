"""Recurrent layers: each step reads itself and all steps before it; the values are not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size
from convgraph.core.tying import Tying
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import EXACTLY, ONE, Builder, Unread, builds, trimmed
from convgraph.importers.node import Node
from convgraph.importers.operator_axes import Prefix
from convgraph.importers.operators.joining import concat, cut
from convgraph.importers.operators.products import linear
from convgraph.importers.operators.reshaping import regrouped
from convgraph.importers.reductions import unknown_values
from convgraph.importers.values import Known, Recipe, Signal

__all__ = ["recurrence"]

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
WEIGHTS, LENGTHS, STARTS, OTHERS = range(1, 4), 4, (5, 6), 7  # positions among the inputs
Shape = tuple[Size, ...]
Joints = list[tuple[Signal, Product, Tying]]


@builds(*GATES)
def recurrence(builder: Builder, node: Node) -> None:
    """In one direction or in both; with `layout=1` the batch comes first.

    What a step takes of the input is a layer with weights; the states read it at their own step,
    gate by gate, and all of it at the steps before.
    """
    given = [builder.known(node, position) for position in WEIGHTS]
    if any(node.input(p) and each is None for p, each in zip(WEIGHTS, given, strict=True)):
        raise Unread("weights that are computed")
    if node.input(LENGTHS):
        raise Unread("lengths of its own for each sequence")
    signal, time = builder.signal(node, 0), node.number("layout", 0)
    directions = DIRECTIONS.get(node.word("direction", "forward"))
    weights, again, bias = given
    if weights is None or again is None or directions is None or time not in (0, 1):
        raise ConvgraphError("W, R, direction, layout: weights, a direction, and 0 or 1")
    front = len(directions), GATES[node.op] * again.shape[-1]
    # PyTorch gives the bias of the states by itself
    both = 2 * front[1] if bias is None or bias.shape[-1] != front[1] else front[1]
    wanted = [(*front, signal.shape[-1]), (*front, again.shape[-1]), (front[0], both)]
    found = [weights.shape, again.shape, wanted[2] if bias is None else bias.shape]
    if len(signal.shape) != 3 or found != wanted:
        raise ConvgraphError(f"shapes {signal.shape}, {found} of W, R and B: they are {wanted}")
    passes = [
        _Pass(builder, node, time, number, backward) for number, backward in enumerate(directions)
    ]
    for one in passes:
        one.take(signal, weights, bias)
    others = builder.known(node, OTHERS)
    lost = again.size + (0 if others is None else others.size)
    lost += 0 if bias is None or both == front[1] else bias.size // 2
    if again.learned:
        caveat = (
            f"node={node.label!r} ({node.op}): of its values only the connections are known, and "
            f"its {lost:,} recurrent parameters are not counted"
        )
        if builder.strict:
            raise ConvgraphError(f"{caveat}{EXACTLY}")
        builder.caveats.append(caveat)
    for position, name in enumerate(node.outputs[:3]):
        if name:
            rows = [one.states() if position == 0 else one.last(position) for one in passes]
            shapes = [row.shape for row in rows]  # the last states have an axis of one step
            if position == 0:
                shapes = [(*s[: 1 + time], 1, *s[1 + time :]) for s in shapes]
            _side_by_side(builder, rows, shapes, 1 + time if position == 0 else time, name)


@dataclass
class _Pass:
    """The steps in one direction."""

    builder: Builder
    node: Node
    time: int
    number: int
    backward: bool
    gates: Signal = field(init=False)

    @property
    def name(self) -> str:
        """How its rows are called."""
        out = next(filter(None, self.node.outputs))
        return f"{out}/{'backward' if self.backward else 'forward'}"

    def take(self, signal: Signal, weights: Known, bias: Known | None) -> None:
        """What each step takes of the input."""
        values, name = self.builder.values, f"{self.name}/gates"
        names = [signal.row.name, f"{name}/weights", ""]
        values[names[1]] = _of(weights, self.number, names[1])
        if bias is not None:
            names[2] = f"{name}/bias"
            count = weights.shape[1]
            values[names[2]] = _of(
                bias, self.number, names[2], None if bias.shape[1] == count else count
            )
        values[names[0]] = signal
        linear(self.builder, Node("aten.linear", tuple(names), (name,), {}, self.node.name))
        found = values[name]
        assert isinstance(found, Signal)
        self.gates = found

    def states(self) -> Signal:
        """The states at all steps."""
        steps = self.gates.shape[self.time]
        before = Prefix(steps, self.backward, exclusive=True)
        joints = self._own() + self._reading(before) if steps != 1 else self._own()
        return self._emit(steps, joints + self._starts(steps), f"{self.name}/states")

    def last(self, which: int) -> Signal:
        """The states, or the cells of an LSTM, behind the last step."""
        known = self.builder.values.get(f"{self.name}/states")
        steps = self.gates.shape[self.time]
        name = f"{self.name}/{'state' if which == 1 else 'cell'}"
        if which == 1 and isinstance(known, Signal):
            end = Window(steps, 1, 1, padding=0 if self.backward else 1 - steps)
            cut(self.builder, self.node, known, {self.time: end}, name)
            found = self.builder.values[name]
            assert isinstance(found, Signal)
            return found
        return self._emit(1, self._reading(Full(steps, 1)) + self._starts(1), name)

    def _emit(self, steps: Size, joints: Joints, name: str) -> Signal:
        shape = [*self.gates.shape[:2], self.gates.shape[2] // GATES[self.node.op]]
        shape[self.time] = steps
        values = unknown_values(self.node.op)
        return self.builder.emit(self.node, shape, joints, values, name=name)

    def _reading(self, along: Axis) -> Joints:
        """All gates at some of the steps."""
        n = self.gates.shape[2]
        axes: list[Axis] = [identity(m) for m in self.gates.shape[:2]]
        axes[self.time] = along
        wiring = trimmed(self.gates, [*axes, Full(n, n // GATES[self.node.op])])
        return [(self.gates, wiring, ONE)]

    def _own(self) -> Joints:
        """The gates of the unit at its own step; of a GRU all those that reset a state."""
        kinds, hidden = GATES[self.node.op], self.gates.shape[2] // GATES[self.node.op]
        if self.node.op == "GRU" and not self.node.number("linear_before_reset", 0):
            return self._reading(identity(self.gates.shape[self.time]))
        steps = [identity(m) for m in self.gates.shape[:2]]
        return [(self.gates, trimmed(self.gates, [*steps, Full(kinds, 1), identity(hidden)]), ONE)]

    def _starts(self, steps: Size) -> Joints:
        """What the first step begins with, where that depends on the input."""
        found: Joints = []
        for position in STARTS:
            if not self.node.input(position) or self.builder.known(self.node, position):
                continue
            start = self.builder.signal(self.node, position)  # of directions, a batch and units
            directions, batch = start.shape[self.time], identity(start.shape[1 - self.time])
            one, all_steps = Window(directions, 1, 1, padding=-self.number), Full(1, steps)
            units = Full(start.shape[2], start.shape[2])
            if self.time == 0:
                found.append((start, Product((one, all_steps, batch, units), (0, 3, 1, 2)), ONE))
            else:
                found.append((start, Product((batch, one, all_steps, units), (0, 1, 3, 2)), ONE))
        return found


def _of(known: Known, direction: int, name: str, length: int | None = None) -> Known:
    """The weights of one direction."""
    if known.shape[0] == 1 and length is None:
        return known.viewed(known.name, known.shape[1:])
    shape = (*known.shape[1:-1], known.shape[-1] if length is None else length)
    made = Recipe("moves", lambda values: values[direction, ..., : shape[-1]], (known,))
    return known.mapped(name, made.function, shape=shape, made=made)


def _side_by_side(
    builder: Builder, rows: Sequence[Signal], shapes: Sequence[Shape], axis: int, name: str
) -> None:
    """The rows of the directions along an axis of their own."""
    names = [name] if len(rows) == 1 else [f"{row.row.name}/direction" for row in rows]
    for row, shape, own in zip(rows, shapes, names, strict=True):
        regrouped(builder, Node("Reshape", (row.row.name,), (own,)), shape)
    if len(rows) > 1:
        concat(builder, Node("Concat", tuple(names), (name,), {"axis": axis}))

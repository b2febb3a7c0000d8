"""Along each axis of an input: what cuts spoil of the output, and where one may cut."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.interactions.propagation import Propagation
from convgraph.interactions.states import State, align, merged
from convgraph.piecewise.position_dependent import tied_apart
from convgraph.piecewise.spoiled import Axes, Cuts, Spoiled

__all__ = ["Cut", "cuts_of", "in_shape"]


@dataclass(frozen=True)
class Cut:
    """One axis of the input, and how a network may be run on pieces of it.

    Attributes
    ----------
    size, outputs
        How many positions the whole input and the whole output have.
    step
        Input positions from one output to the next; less than 1 behind an enlargement.
    period
        Pieces begin at multiples of it, and their sizes differ from `size` by multiples of it.
    before, after
        How many outputs a cut in front of a piece spoils, and one behind it. The one that is
        furthest from the cut is spoiled indeed; no output further on is.
    least
        How many positions a piece has at least.
    circular
        Whether the axis is a circle: pieces may reach over its end, and it has no true border.
    """

    size: int
    outputs: int
    step: Fraction
    period: int
    before: int
    after: int
    least: int
    circular: bool

    @property
    def halo(self) -> tuple[Fraction, Fraction]:
        """What a piece has to read in front of what it keeps, and behind it, in input positions."""
        return self.before * self.step, self.after * self.step

    def outputs_of(self, size: int) -> int:
        """How many outputs a piece of so many positions has."""
        return self.outputs - int((self.size - size) / self.step)

    @property
    def smallest(self) -> int:
        """The smallest piece of which something is kept when it is cut on both sides."""
        size = self.fitting(max(self.least, 1) + self.period - 1)
        spoiled = self.before + self.after
        while size < self.least or self.outputs_of(size) - spoiled < self.period / self.step:
            size += self.period
        return size

    def fitting(self, size: int) -> int:
        """The greatest size of a piece that is at most `size`."""
        return size - (size - self.size) % self.period


def cuts_of(network: Network, target: Row, found: Propagation[Axes]) -> tuple[Cut, ...]:
    """How the first input of a network may be cut for a row, axis by axis; others are as they are.

    The row comes in pieces; `found` is what cuts of that input spoil in each row.
    """
    source = network.inputs[0]
    state = found.states.get(target.name)
    if state is None:
        raise ConvgraphError(f"row={target.name!r}: does not depend on {source.name!r}")
    space = source.numbers()[1 if source.channels else 0 :]
    places = tuple(len(target.shape) - len(space) + a for a in range(len(space)))
    state = in_shape(state, target, Cuts())
    if state.moves != places:
        raise ConvgraphError(
            f"row={target.name!r} of shape {target.numbers()}: its last axes are not those of the "
            f"input {source.name!r}, of shape {source.numbers()}, in their order; pieces of it "
            "cannot be put side by side"
        )
    payloads = [payload for payload in state.payloads if payload is not None]
    periods = _periods(network, found, target.name, len(space))
    return tuple(
        _cut(size, target.numbers()[place], [payload[a] for payload in payloads], period)
        for a, (size, place, period) in enumerate(zip(space, places, periods, strict=True))
    )


def in_shape(state: State[Axes], target: Row, algebra: Cuts) -> State[Axes]:
    """The state along the row's own axes: one that an enlargement wrote as two, such as the last
    step of a pixel shuffle, is one again."""
    state, runs = align(state, tuple(target.shape), algebra)
    for run in reversed(runs):
        if len(run) > 1:
            state = merged(state, run.start, len(run), algebra)
    return state


def _periods(network: Network, found: Propagation[Axes], until: str, axes: int) -> list[int]:
    """By how much pieces may be moved so that tiles of parameters are where they were."""
    periods = [1] * axes
    wanted = rows_before(network, until)
    for layer in network.layers:
        name = layer.target.name
        state = found.states.get(name)
        if name not in wanted or state is None:
            continue
        for axis, apart in tied_apart(layer, found).items():
            step = next(p[axis].step for p in state.payloads if p is not None)
            periods[axis] = lcm(periods[axis], (step * apart).numerator)
    return periods


def _cut(size: int, outputs: int, of_classes: list[Spoiled], period: int) -> Cut:
    first = of_classes[0]
    for one in of_classes:
        if one.step != first.step:
            raise ConvgraphError(f"row: channels of different steps, {first.step} and {one.step}")
        period = lcm(period, one.period)
    circular = any(one.wraps for one in of_classes)
    if circular and (size % period or outputs * first.step != size):
        raise ConvgraphError(
            f"shape={size}: a circle in pieces has a multiple of {period} positions"
        )
    before = max(len(one.before) for one in of_classes)
    after = max(len(one.after) for one in of_classes)
    least = max(one.least for one in of_classes)
    return Cut(size, outputs, first.step, period, before, after, least, circular)

"""When the positions of each row can be computed, as the positions of the input come one by one.

A position of a row can be computed once the last position that it reads is there. Rows are looked
at as if they had no end: what is read beyond the end of the input is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.core.sizes import Size, product
from convgraph.core.wiring import Product
from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.periodic_reads import reads_of
from convgraph.interactions.states import State, align
from convgraph.piecewise.position_dependent import placed, sized_by_number
from convgraph.piecewise.spoiled import Axes, Cuts, spoiled

__all__ = ["Reading", "Timing", "same_axis", "timing"]


@dataclass(frozen=True)
class Reading:
    """What the positions of a layer read of one of its source rows, along the axis of time.

    Position i reads `reads[i % phases]`, moved on by `moved` for each turn of `phases` positions.
    """

    joint: Joint
    place: int
    """Which of the axes of the joint's wiring is that of time."""
    axis: Axis
    reads: tuple[tuple[int, ...], ...]
    moved: int
    waits: int = 0
    """How many positions beyond those that it reads the source has at least where there is such a
    position: more than none in layers that cut off the end of a row."""

    @property
    def phases(self) -> int:
        """After how many positions the pattern comes again."""
        return len(self.reads)

    @property
    def repeats_last(self) -> bool:
        """Whether the source's last position is read again when it has ended."""
        return self.axis.boundary == "replicate" and self.axis.used_padding[1] > 0

    def first(self, i: int) -> int | None:
        """The first position that position i reads; None if it reads nothing."""
        turn, phase = divmod(i, self.phases)
        return min(self.reads[phase]) + turn * self.moved if self.reads[phase] else None

    def length(self, least: int) -> int:
        """How many positions there are at least, where the source has so many at least.

        A turn of positions more or less of the source is one more or less of the layer.
        """
        turns = -((int(self.axis.inputs) - least) // -self.moved)
        return max(int(self.axis.outputs) - turns * self.phases, self.count(least, self.waits), 0)

    def arriving(self, there: int, least: int) -> int:
        """How many positions can be computed once the source has `there`, and will have `least`."""
        known = self.count(there)
        return min(known, self.length(least)) if self.waits else known

    def count(self, there: int, waits: int = 0) -> int:
        """How many positions, from the first on, read nothing beyond the first `there`, less
        `waits`."""
        if there < 1 and self.axis.boundary == "replicate":
            return 0  # what lies in front is the first one, which is not there
        lasts = [max(reads, default=None) for reads in self.reads]
        known = [(last, phase) for phase, last in enumerate(lasts) if last is not None]
        if not known:
            raise ConvgraphError(f"axis={self.axis!r}: a layer that reads nothing has no time")
        # phase p of turn q waits for last + q * moved: the first turn in which that is not there
        late = [
            max(-((last + waits - there) // self.moved), 0) * self.phases + phase
            for last, phase in known
        ]
        return min(late)

    def needed(self, i: int) -> int:
        """The first position that position i, or any one behind it, reads."""
        around = range(i, i + 2 * self.phases)
        return min(first for at in around if (first := self.first(at)) is not None)


@dataclass(frozen=True, eq=False)
class Timing:
    """The layers on which a row depends, in order, with what they read along the axis of time."""

    network: Network
    axis: int
    """The axis of time, among the input's axes of space."""
    layers: tuple[tuple[Layer, tuple[Reading, ...]], ...]
    steps: dict[str, Fraction]
    """Input positions from one position of a row to the next."""
    places: dict[str, int]
    """Which axis of each row is that of time; rows may be permuted."""
    period: int
    """After how many input positions everything is as it was."""

    def counts(self, there: int) -> dict[str, int]:
        """How many positions of each row can be computed from so many of the input."""
        start = {self.network.inputs[0].name: there}
        return start | {name: min(each) for name, each in self.arrivals(there).items()}

    def arrivals(self, there: int) -> dict[str, tuple[int, ...]]:
        """The same for what comes from each of the rows that a row reads."""
        counts = {self.network.inputs[0].name: there}
        least = dict(counts)
        arrivals = {}
        for layer, readings in self.layers:
            name = layer.target.name
            sources = [reading.joint.source.name for reading in readings]
            pairs = list(zip(readings, sources, strict=True))
            each = tuple(max(r.arriving(counts[s], least[s]), 0) for r, s in pairs)
            arrivals[name] = each
            counts[name] = min(each)
            least[name] = max(r.length(least[s]) for r, s in pairs)
        return arrivals

    def kept(self, counts: dict[str, int]) -> dict[str, int]:
        """The first position of each row that is still to be read, given how many are computed."""
        kept = dict(counts)
        for layer, readings in self.layers:
            at = counts[layer.target.name]
            for reading in readings:
                source = reading.joint.source.name
                last = counts[source] - reading.repeats_last
                kept[source] = max(min(kept[source], reading.needed(at), last), 0)
        return kept

    def ready(self, row: str, i: int) -> int:
        """How many positions of the input have to be there for position i of a row."""
        low, high = 0, 1
        while self.counts(high)[row] <= i:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.counts(middle)[row] > i else (middle, high)
        return high

    def steady(self) -> int:
        """So many input positions that from then on each period is like the one before."""
        there, seen = self.period, None
        while True:
            counts = self.counts(there)
            kept = self.kept(counts)
            waits = {name: count - kept[name] for name, count in counts.items()}
            if waits == seen and all(kept.values()):
                return there
            there, seen = there + self.period, waits


def timing(network: Network, axis: int, row: str) -> Timing:
    """What each layer on the way to a row reads along an axis of the input.

    Raises
    ------
    ConvgraphError
        If there is no such axis, or a row does not come in steps along it: the message names it.
    """
    if len(network.inputs) != 1:
        names = ", ".join(each.name for each in network.inputs)
        raise ConvgraphError(f"network={network!r}: streams have one input, and this has {names}")
    source = network.inputs[0]
    count = len(source.shape) - (1 if source.channels else 0)
    if isinstance(axis, bool) or not isinstance(axis, int) or not -count <= axis < count:
        raise ConvgraphError(f"axis={axis!r}: one of the {count} axes of space of {source.name!r}")
    axis %= count
    found = spoiled(network, source.name)
    steps, period = {source.name: Fraction(1)}, 1
    places = {source.name: axis + (1 if source.channels else 0)}
    layers = []
    wanted = rows_before(network, row)
    for layer in network.layers:
        name = layer.target.name
        if name not in wanted or name not in found.states:
            continue
        state = found.states[name]
        payload = None if state is None else next((p for p in state.payloads if p), None)
        if payload is None or state is None or state.moves[axis] is None or payload[axis].whole:
            raise ConvgraphError(
                f"row={name!r}: sees all positions of axis {axis} or moves along it in no even "
                "steps, so that it has to wait for the end"
            )
        if placed(layer, found):
            raise ConvgraphError(f"row={name!r}: has parameters of its own for each position")
        if sized_by_number(layer):
            raise ConvgraphError(f"row={name!r}: has a given number of positions, whatever comes")
        places[name] = _place(layer.target, state, axis)
        readings = _readings(layer, places)
        steps[name] = payload[axis].step
        period = lcm(period, payload[axis].period)
        layers.append((layer, readings))
    return Timing(network, axis, tuple(layers), steps, places, period)


def _place(row: Row, state: State[Axes], axis: int) -> int:
    """Which axis of a row is that of time, and of nothing else."""
    try:
        state, runs = align(state, tuple(row.shape), Cuts())
        for place, run in enumerate(runs):
            others = [a for a in run if a != state.moves[axis] and state.view[a] != 1]
            if state.moves[axis] in run and not others:
                return place
    except UntraceableError:
        pass
    raise ConvgraphError(
        f"row={row.name!r}: time is no axis of its own in the shape {row.numbers()}: its positions "
        "lie between those of channels or of another axis"
    )


def same_axis(view: Sequence[Size], shape: Sequence[Size], place: int) -> int | None:
    """Which axis of a view of a row is an axis of its shape: of the same size, and with as many
    units from one position to the next.

    >>> same_axis((2, 2, 16), (4, 16), 1), same_axis((8, 8), (4, 16), 1)
    (2, None)
    """
    inner = product(shape[place + 1 :])
    for at, size in enumerate(view):
        if size == shape[place] and product(view[at + 1 :]) == inner:
            return at
    return None


def _readings(layer: Layer, places: dict[str, int]) -> tuple[Reading, ...]:
    readings = []
    for joint in layer.joints:
        if joint.source.name not in places:
            raise ConvgraphError(
                f"row={layer.target.name!r}: reads {joint.source.name!r}, which does not come "
                "with the input"
            )
        place = _along(joint, layer.target, places)
        if place is None or not isinstance(joint.wiring, Product):
            raise ConvgraphError(
                f"row={layer.target.name!r}: mixes the axis of time of {joint.source.name!r} with "
                "others, and does not come position by position"
            )
        along = joint.wiring.axes[place]
        if along.boundary in ("circular", "reflect") and along.used_padding != (0, 0):
            raise ConvgraphError(
                f"row={layer.target.name!r}: its padding is {along.boundary}, and is known at the "
                "end only, or later than its place"
            )
        found = reads_of(along, 1)
        if found is None or found[1] <= 0:
            raise ConvgraphError(f"row={layer.target.name!r}: does not move in even steps")
        reads, moved = found
        reading = Reading(joint, place, along, tuple(map(tuple, reads)), moved)
        # A layer that crops the end of a row gives fewer positions than it has windows: as many as
        # it crops have to follow before one is there.
        while reading.count(int(along.inputs), reading.waits) > int(along.outputs):
            reading = replace(reading, waits=reading.waits + 1)
        readings.append(reading)
    return tuple(readings)


def _along(joint: Joint, target: Row, places: dict[str, int]) -> int | None:
    """The axis of a joint's wiring that goes from the time of its source to that of its target."""
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return None
    place = same_axis(wiring.out_view, target.shape, places[target.name])
    source = same_axis(wiring.in_view, joint.source.shape, places[joint.source.name])
    return place if place is not None and wiring.order[place] == source else None

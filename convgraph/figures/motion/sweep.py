"""The sweep of a window over its input, output by output, read off a layer's wiring.

Where a window reads beyond the border, its taps have places all the same: on the input laid out
with its padding, or, for a transposed convolution, with zeros between its units (Dumoulin and
Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as cartesian

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.wiring import Product

__all__ = ["Lane", "Step", "Sweep", "Tap", "sweep"]

MOST_STEPS = 400  # each is a frame, and nobody watches for more than some minutes
MOST_CELLS = 2_500  # of all rows together, padding included
MOST_PLACES = 100  # side by side: 3,000 points

Place = tuple[int, ...]


@dataclass(frozen=True)
class Lane:
    """One axis of the input laid out with what is around its units and between them.

    `size` places, of which unit i has number `first + apart * i`; `read[o, t]` is the place that
    output o reads at tap t, and `unit[o, t]` the unit there, -1 for none. The last `added` outputs
    are those of an output padding, for which there are `beyond` further places at the end.
    """

    size: int
    first: int
    apart: int
    inputs: int
    read: NDArray[np.int64]
    unit: NDArray[np.int64]
    added: int = 0
    beyond: int = 0


@dataclass(frozen=True)
class Tap:
    """What an output reads at one tap: a channel and a place, the unit there, and the parameter.

    `unit` is a zero-based index of the input's row, None for padding and inserted zeros; `weight`
    is a number that tied taps share, None where nothing is learned.
    """

    channel: int
    place: Place
    unit: tuple[int, ...] | None
    weight: int | None


@dataclass(frozen=True)
class Step:
    """One output unit, by its zero-based index, and the taps that it reads."""

    target: tuple[int, ...]
    taps: tuple[Tap, ...]


@dataclass(frozen=True)
class Sweep:
    """All steps of a layer of windows, in the order of its outputs.

    `lanes` are the axes of space; `channels` how many grids the input and the output have.
    """

    network: Network
    layer: Layer
    joint: Joint
    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]

    @property
    def tying(self) -> Learned | None:
        """How the connections are labelled, if they are learned."""
        tying = self.joint.tying
        return tying if isinstance(tying, Learned) else None

    @property
    def source(self) -> Row:
        """The row that is read."""
        return self.joint.source

    @property
    def target(self) -> Row:
        """The row that is computed."""
        return self.layer.target

    def between(self, place: Place) -> bool:
        """Whether a place of the input laid out lies between units, where a zero was inserted."""
        found = [
            divmod(at - lane.first, lane.apart) for lane, at in zip(self.lanes, place, strict=True)
        ]
        inside = all(
            position >= 0 and position + (rest > 0) < lane.inputs
            for lane, (position, rest) in zip(self.lanes, found, strict=True)
        )
        return inside and any(rest for _, rest in found)

    def position(self, place: Place) -> tuple[int, ...] | None:
        """The position of the unit at a place of the input laid out, if there is one."""
        found = []
        for lane, at in zip(self.lanes, place, strict=True):
            position, rest = divmod(at - lane.first, lane.apart)
            if rest or not 0 <= position < lane.inputs:
                return None
            found.append(position)
        return tuple(found)

    def added(self, place: Place) -> bool:
        """Whether an output at some place of space is there for an output padding alone."""
        return any(
            at >= len(lane.read) - lane.added for lane, at in zip(self.lanes, place, strict=True)
        )

    def kind(self, place: Place) -> str:
        """What a place of the input laid out is that has no unit: what was inserted, or where."""
        if self.between(place):
            return "inserted zeros"
        pairs = zip(self.lanes, place, strict=True)
        beyond = any(at >= lane.size - lane.beyond for lane, at in pairs)
        return "output padding" if beyond else "padding"

    @property
    def transposed(self) -> bool:
        """Whether zeros lie between the units of the input, or could."""
        assert isinstance(self.joint.wiring, Product)
        return any(axis.window is not axis.sliding for axis in self.joint.wiring.axes)


def sweep(network: Network) -> Sweep:
    """The sweep of a network of one layer of windows.

    >>> import convgraph as cg
    >>> found = sweep(cg.Conv(3, stride=2, padding=1).on(5))
    >>> [[tap.unit for tap in step.taps] for step in found.steps]
    [[None, (0,), (1,)], [(1,), (2,), (3,)], [(3,), (4,), None]]
    """
    layer, joint = _one_joint(network)
    wiring, rank = joint.wiring, _rank(joint.source)
    assert isinstance(wiring, Product)
    axes = wiring.axes[len(wiring.axes) - rank :]
    lanes = tuple(map(_lane, axes))
    _check_size(layer, joint, lanes)
    channel = wiring.axes[0].table()
    codes = _codes(joint)
    steps = []
    flat = layer.target.numbers()
    outputs = cartesian(range(int(wiring.axes[0].outputs)), *(range(len(n.read)) for n in lanes))
    for out, *places in outputs:
        target = (out, *places) if len(flat) > rank else tuple(places)
        taps = []
        for c, *own in cartesian(
            range(channel.shape[1]), *(range(lane.read.shape[1]) for lane in lanes)
        ):
            if channel[out, c] < 0:
                continue
            at = list(zip(lanes, places, own, strict=True))
            units = [int(lane.unit[o, t]) for lane, o, t in at]
            there = None if min(units) < 0 else _index(joint.source, int(channel[out, c]), units)
            weight = None
            if codes is not None:
                pairs = zip(codes, (out, *places), (c, *own), strict=True)
                weight = sum(int(code[o, t]) for code, o, t in pairs)
            place = tuple(int(lane.read[o, t]) for lane, o, t in at)
            taps.append(Tap(int(channel[out, c]), place, there, weight))
        steps.append(Step(target, tuple(taps)))
    return Sweep(network, layer, joint, lanes, tuple(steps))


def _rank(row: Row) -> int:
    return len(row.shape) - int(row.channels)


def _index(row: Row, channel: int, units: list[int]) -> tuple[int, ...]:
    return (channel, *units) if row.channels else tuple(units)


def _one_joint(network: Network) -> tuple[Layer, Joint]:
    if len(network.layers) != 1 or len(network.layers[0].joints) != 1:
        raise ConvgraphError(
            f"network={network!r}: one layer is animated at a time; of several, name a unit= "
            "whose field grows"
        )
    layer = network.layers[0]
    joint = layer.joints[0]
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: an animation needs sizes without symbols")
    rank = _rank(joint.source)
    wiring = joint.wiring
    straight = isinstance(wiring, Product) and wiring.order == tuple(range(len(wiring.axes)))
    if (
        not isinstance(wiring, Product)
        or not straight
        or len(wiring.axes) != rank + 1
        or not all(axis.window is not None for axis in wiring.axes[1:])
        or rank not in (1, 2)
    ):
        raise ConvgraphError(
            f"network={network!r}: what is animated is a layer of windows over one axis or two: a "
            "convolution, a transposed one, or a pool"
        )
    return layer, joint


def _check_size(layer: Layer, joint: Joint, lanes: tuple[Lane, ...]) -> None:
    steps = int(layer.target.size)
    if steps > MOST_STEPS:
        raise ConvgraphError(
            f"network: {steps} outputs are more than the {MOST_STEPS} that one animation shows; "
            "a smaller input, a larger stride or fewer filters make fewer"
        )
    longest = max(lane.size for lane in lanes)
    if longest > MOST_PLACES:
        raise ConvgraphError(
            f"network: {longest} places along an axis, padding included, are more than the "
            f"{MOST_PLACES} that one animation shows; a smaller input or less padding makes fewer"
        )
    channels = joint.source.numbers()[0] if joint.source.channels else 1
    cells = channels * int(np.prod([lane.size for lane in lanes])) + steps
    if cells > MOST_CELLS:
        raise ConvgraphError(
            f"network: {cells} cells, padding included, are more than the {MOST_CELLS} that one "
            "animation shows; a smaller input or fewer channels make fewer"
        )


def _lane(axis: Axis) -> Lane:
    """An axis with its padding, and the zeros between its units where a stride is undone."""
    outputs, unit = np.arange(int(axis.outputs))[:, None], axis.table()
    w = axis.window
    assert w is not None
    if axis.sliding is None:  # it is read backwards
        apart, inputs = int(w.stride), int(w.outputs)
        read = outputs + int(w.padding) - int(w.dilation) * np.arange(int(w.taps))
        after = 0
        # of the outputs, those that a whole number of windows in the other direction leaves out
        whole = apart * (inputs - 1) + int(w.dilation) * (int(w.taps) - 1) + 1
        natural = whole - int(w.padding) - int(w.after) if w.after is not None else len(outputs)
        added = max(len(outputs) - natural, 0)
    else:
        apart, inputs = 1, int(axis.inputs)
        read = int(axis.stride) * outputs + int(axis.dilation) * np.arange(int(axis.taps))
        read = read - int(axis.padding)
        after, added = int(w.after or 0), 0
    last = apart * (inputs - 1)
    low = min(0, int(read.min()))
    high = max(last + after, int(read.max()))
    without = read[: len(read) - added].max(initial=last)
    beyond = max(high - max(last, int(without)), 0) if added else 0
    return Lane(high - low + 1, -low, apart, inputs, read - low, unit, added, beyond)


def _codes(joint: Joint) -> list[NDArray[np.int64]] | None:
    tying, wiring = joint.tying, joint.wiring
    if not isinstance(tying, Learned) or not isinstance(wiring, Product):
        return None
    return [tying.codes(a, axis) for a, axis in enumerate(wiring.axes)]

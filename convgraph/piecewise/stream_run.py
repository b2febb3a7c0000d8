"""Running a stream: each layer computes what has become known, and keeps what it will need.

Every layer is the layer of the network on a window of time: the relation along the axis of time is
replaced by the table of what the new positions read of what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.checks import as_array, as_parameters
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.listed_axes import Table
from convgraph.core.network import Network
from convgraph.core.tying import Explicit, Learned
from convgraph.core.wiring import Product
from convgraph.piecewise.timing import Reading, same_axis

if TYPE_CHECKING:
    from convgraph.piecewise.stream_plan import StreamPlan

__all__ = ["Run"]


class Run:
    """A stream that runs.

    >>> import convgraph as cg
    >>> run = cg.stream((cg.Conv(3, padding=1) >> cg.ReLU()).on(6)).start({"w": [1, 1, 1]})
    >>> run.step([1, 2, 3]), run.step([4, 5, 6]), run.flush()
    (array([3, 6]), array([ 9, 12, 15]), array([11]))
    """

    def __init__(self, stream: StreamPlan, parameters: Mapping[str, Any] | None = None) -> None:
        self.stream = stream
        network = stream.network
        self._parameters = {**network.weights, **as_parameters(parameters)}
        self._there = 0
        self._ended = False
        self._tails: dict[str, NDArray[Any]] = {}
        self._begins: dict[str, int] = dict.fromkeys(stream.timing.places, 0)
        self._counts: dict[str, int] = dict.fromkeys(stream.timing.places, 0)
        self._windows: dict[tuple[Any, ...], Network] = {}
        for layer, readings in stream.timing.layers:
            if any(isinstance(reading.joint.tying, Explicit) for reading in readings):
                raise ConvgraphError(
                    f"row={layer.target.name!r}: its numbers are listed one by one, and are "
                    "planned but not run"
                )

    def step(self, chunk: Any) -> Any:
        """The outputs that have become known with a chunk of input, of whatever length."""
        if self._ended:
            raise ConvgraphError("step: after flush() the stream has ended; start() another one")
        given = as_array(chunk)
        source = self.stream.network.inputs[0]
        place = self._place(source)
        shape = list(source.numbers())
        if given.ndim != len(shape) or any(
            n != m for a, (n, m) in enumerate(zip(given.shape, shape, strict=True)) if a != place
        ):
            raise ConvgraphError(
                f"chunk of shape {given.shape}: that of the input, {tuple(shape)}, with any number "
                f"of positions along axis {place}"
            )
        self._append(source, given)
        self._there += given.shape[place]
        return self._advance(self.stream.timing.counts(self._there), None)

    def flush(self) -> Any:
        """The outputs that are left when the input has ended: what they read beyond is padding.

        Raises
        ------
        ConvgraphError
            If the network on so many positions is another one: the number differs from the size
            that it is bound to by no multiple of its period.
        """
        network, time = self.stream.network, self.stream.timing
        if not self._there:
            raise ConvgraphError("flush: no input has come")
        bound = int(network.inputs[0].shape[self._place(network.inputs[0])])
        if (self._there - bound) % time.period:
            raise ConvgraphError(
                f"flush: {self._there} positions have come; the network is bound to {bound}, and "
                f"has the same layers on sizes that differ by multiples of {time.period}"
            )
        self._ended = True
        sizes = {
            name: int(network.row(name).shape[self._place(network.row(name))])
            + int((self._there - bound) / step)
            for name, step in time.steps.items()
        }
        return self._advance(sizes, sizes)

    def _advance(self, counts: Mapping[str, int], sizes: Mapping[str, int] | None) -> Any:
        result: Any = None
        for layer, readings in self.stream.timing.layers:
            name = layer.target.name
            first, last = self._counts[name], max(counts[name], self._counts[name])
            made = self._computed(layer, readings, first, last, sizes)
            self._append(layer.target, made)
            result = made
        if sizes is None:
            self._forget()
        return result

    def _computed(
        self,
        layer: Layer,
        readings: tuple[Reading, ...],
        first: int,
        last: int,
        sizes: Mapping[str, int] | None,
    ) -> NDArray[Any]:
        """Positions `first` to `last` (exclusive) of a layer's row."""
        tables = []
        for reading in readings:
            source = reading.joint.source.name
            end = None if sizes is None else sizes[source]
            table = _table(reading, first, last, self._begins[source], end)
            tables.append(
                Table(
                    self._length(reading.joint.source),
                    table,
                    _places(reading.joint, reading.place, first, last),
                    _window_sizes(reading, first, last, end),
                )
            )
        window = self._window(layer, readings, tables, first, last)
        given = {r.joint.source.name: self._tails[r.joint.source.name] for r in readings}
        letters = {array.letter for array in layer.arrays}
        own = {k: v for k, v in self._parameters.items() if k in letters or _entry(k, letters)}
        if last == first:
            kind = np.result_type(*given.values())
            return np.zeros(window.outputs[0].numbers(), kind)
        return window.evaluate(given, own)

    def _window(
        self,
        layer: Layer,
        readings: tuple[Reading, ...],
        tables: list[Table],
        first: int,
        last: int,
    ) -> Network:
        """The layer alone, on what is kept of its sources."""
        at = self._bias_place(layer)
        places = None if layer.bias is None else _places(layer.bias, at, first, last)
        key = (layer.target.name, last - first, str(places), *tables)
        if key not in self._windows:
            if len(self._windows) > 4096:  # chunks of ever new lengths: a stream does not end
                self._windows.clear()
            self._windows[key] = self._made(layer, readings, tables, last - first, places)
        return self._windows[key]

    def _bias_place(self, layer: Layer) -> int:
        """Which axis of the wiring of a layer's bias is that of time."""
        if layer.bias is None:
            return 0
        wiring = layer.bias.wiring
        assert isinstance(wiring, Product)
        place = same_axis(wiring.out_view, layer.target.shape, self._place(layer.target))
        assert place is not None  # the bias has the target's axes
        return place

    def _made(
        self,
        layer: Layer,
        readings: tuple[Reading, ...],
        tables: list[Table],
        count: int,
        places: NDArray[np.int64] | None,
    ) -> Network:
        target = self._resized(layer.target, count)
        sources: dict[str, Row] = {}
        joints = []
        for reading, table in zip(readings, tables, strict=True):
            old = reading.joint
            row = sources.setdefault(old.source.name, self._resized(old.source, int(table.inputs)))
            joints.append(Joint(row, _along(old, reading.place, table), old.tying))
        bias = layer.bias
        if bias is not None:
            one = Table(1, np.zeros((count, 1), np.int64), places)
            bias = replace(bias, wiring=_along(bias, self._bias_place(layer), one))
        made = Layer(layer.spec, tuple(joints), target, layer.reduction, bias)
        rows = [*sources.values(), target]
        return Network.of(rows, [made], list(sources.values()), [target])

    def _append(self, row: Row, new: NDArray[Any]) -> None:
        old = self._tails.get(row.name)
        place = self._place(row)
        self._tails[row.name] = new if old is None else np.concatenate([old, new], axis=place)
        self._counts[row.name] += new.shape[place]

    def _forget(self) -> None:
        kept = self.stream.timing.kept(self._counts)
        for name, tail in self._tails.items():
            row = self.stream.network.row(name)
            place = self._place(row)
            gone = min(kept[name] - self._begins[name], tail.shape[place])
            if gone > 0:
                part = [slice(None)] * tail.ndim
                part[place] = slice(gone, None)
                self._tails[name] = tail[tuple(part)]
                self._begins[name] += gone

    def _length(self, row: Row) -> int:
        return int(self._tails[row.name].shape[self._place(row)])

    def _resized(self, row: Row, count: int) -> Row:
        shape = list(row.shape)
        shape[self._place(row)] = count
        return Row(row.name, tuple(shape), row.channels)

    def _place(self, row: Row) -> int:
        return self.stream.timing.places[row.name]


def _table(
    reading: Reading, first: int, last: int, begin: int, end: int | None
) -> NDArray[np.int64]:
    """What positions read, counted from the first that is kept; -1 for padding.

    Tap by tap as in the layer's own relation, so that each has its parameter.
    """
    i = np.arange(first, last, dtype=np.int64)[:, None]
    taps = int(reading.axis.taps)
    axis = reading.axis
    if axis.sliding is not None:
        raw = int(axis.stride) * i + int(axis.dilation) * np.arange(taps) - int(axis.padding)
        if axis.boundary == "replicate":
            raw = np.maximum(raw, 0) if end is None else raw.clip(0, end - 1)
        return _within(raw, begin, end)
    # the same relation on enough positions, of which those that are asked for are taken
    turns = last // reading.phases + 2
    table = axis.longer(turns * reading.moved + 2 * reading.phases).table()[first:last]
    # what reads nothing lies before any position of a stream
    return _within(np.where(table < 0, -(10**9), table), begin, end)


def _within(raw: NDArray[np.int64], begin: int, end: int | None) -> NDArray[np.int64]:
    there = raw >= 0
    if end is not None:
        there &= raw < end
    return np.where(there, raw - begin, -1)


def _along(joint: Joint, place: int, axis: Axis) -> Product:
    """A joint's wiring with another relation along the axis of time."""
    wiring = joint.wiring
    assert isinstance(wiring, Product)
    return Product((*wiring.axes[:place], axis, *wiring.axes[place + 1 :]), wiring.order)


def _places(joint: Joint, axis: int, first: int, last: int) -> NDArray[np.int64] | None:
    """The numbers of positions, as far as a tying tells them apart."""
    period = int(joint.tying.period(axis)) if isinstance(joint.tying, Learned) else 1
    return None if period == 1 else np.arange(first, last, dtype=np.int64) % period


def _window_sizes(
    reading: Reading, first: int, last: int, end: int | None
) -> NDArray[np.int64] | None:
    """How many taps lie in the input or its padding; all of them until the end is there."""
    axis = reading.axis.sliding
    if end is None or axis is None:
        return None
    rest = end - int(axis.stride) * first
    return replace(axis, inputs=rest, outputs=last - first).window_sizes()


def _entry(name: str, letters: set[str | None]) -> bool:
    return any(letter and name.startswith(f"{letter}_") for letter in letters)

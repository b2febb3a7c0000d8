"""Networks on input that does not end: latency, memory and the schedule of each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import TYPE_CHECKING, Any

from convgraph.core.checks import as_number
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import output_row
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.tables import Table
from convgraph.interactions.affine import affine_fields
from convgraph.piecewise.timing import Timing, timing

if TYPE_CHECKING:
    from convgraph.piecewise.pictures import Picture

__all__ = ["Repadding", "Stream", "StreamRow", "stream"]


MOST_CHUNKS = 100_000  # of a schedule that is written down


@dataclass(frozen=True)
class StreamRow:
    """One row of a stream.

    Attributes
    ----------
    row
        Its name.
    step
        Input positions from one position of the row to the next.
    lookahead
        How many input positions beyond its own time a position waits for. The time of position i
        are the input positions from i * step up to (i + 1) * step; 0 or less is causal.
    context
        How many input positions before its own time a position sees.
    cache
        How many positions of the row are kept from one chunk to the next.
    delays
        Where branches meet, by how many positions of the row each has to be delayed, by the name of
        the row that it comes from.
    """

    row: str
    step: Fraction
    lookahead: Fraction
    context: Fraction
    cache: int
    delays: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Repadding:
    """A padding along the axis of time with which a layer reads nothing ahead of its time."""

    row: str
    now: tuple[int, int]
    causal: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.row}: padding {self.causal} instead of {self.now}"


@dataclass(frozen=True, eq=False)
class Stream:
    """A network that is run on chunks of an input without end, along one axis.

    Attributes
    ----------
    network, row
        The network, and the row that is wanted.
    timing
        What each layer reads along the axis.
    chunk
        How many input positions come at once.
    rate
        How many input positions come in a second, if that was said.
    """

    network: Network
    row: Row
    timing: Timing
    chunk: int
    rate: int | Fraction | None = None

    @cached_property
    def rows(self) -> tuple[StreamRow, ...]:
        """The rows on which the wanted one depends, in order of computation."""
        time = self.timing
        there = time.steady() + time.period
        counts = time.counts(there)
        kept, arrivals = time.kept(counts), time.arrivals(there)
        fields = affine_fields(self.network, self.network.inputs[0].name)
        rows = [StreamRow(self.network.inputs[0].name, Fraction(1), *(Fraction(0),) * 2, 0)]
        for layer, readings in time.layers:
            name = layer.target.name
            step = time.steps[name]
            state = fields.states[name]
            assert state is not None
            payloads = [payload[time.axis] for payload in state.payloads if payload is not None]
            own = dict(zip((r.joint.source.name for r in readings), arrivals[name], strict=True))
            delays = tuple((source, count - counts[name]) for source, count in own.items())
            rows.append(
                StreamRow(
                    name,
                    step,
                    self._lookahead(name, counts[name], step),
                    max(_behind(field, step) for field in payloads),
                    0,
                    delays if any(wait for _, wait in delays) else (),
                )
            )
        return tuple(
            StreamRow(r.row, r.step, r.lookahead, r.context, counts[r.row] - kept[r.row], r.delays)
            for r in rows
        )

    def _lookahead(self, row: str, at: int, step: Fraction) -> Fraction:
        """How far beyond their time the positions of one period wait, from position `at` on."""
        time = self.timing
        period = range(at, at + int(time.period / step))
        return max(time.ready(row, i) - (i + 1) * step for i in period)

    @property
    def lookahead(self) -> Fraction:
        """How many input positions beyond its own time an output waits for."""
        return self.rows[-1].lookahead

    @property
    def context(self) -> Fraction:
        """How many input positions before its own time an output sees."""
        return self.rows[-1].context

    @property
    def causal(self) -> bool:
        """Whether no output waits for input beyond its own time."""
        return self.lookahead <= 0

    @property
    def latency(self) -> Fraction | None:
        """The lookahead in seconds, where a rate was given."""
        return None if self.rate is None else max(self.lookahead, Fraction(0)) / self.rate

    @property
    def period(self) -> int:
        """The smallest chunk after which outputs always come in equal numbers."""
        return self.timing.period

    @property
    def cache(self) -> int:
        """How many values are kept from one chunk to the next, in all rows."""
        total = 0
        for each in self.rows:
            row = self.network.row(each.row)
            total += each.cache * int(row.size) // int(row.shape[self.timing.places[row.name]])
        return total

    @property
    def _space(self) -> int:
        source = self.network.inputs[0]
        return len(source.shape) - (1 if source.channels else 0)

    def outputs_after(self, there: int) -> int:
        """How many outputs there are once so many input positions have come."""
        there = as_number("there", there, 0, None, "a number of input positions")
        return self.timing.counts(there)[self.row.name]

    def schedule(self, chunks: int = 8) -> tuple[tuple[int, int], ...]:
        """After each of the first chunks: (inputs so far, outputs so far)."""
        rule = f"a number of chunks, at most {MOST_CHUNKS:,}"
        chunks = as_number("chunks", chunks, 0, MOST_CHUNKS, rule)
        return tuple(
            (there, self.outputs_after(there))
            for there in range(self.chunk, self.chunk * chunks + 1, self.chunk)
        )

    def repaddings(self) -> tuple[Repadding, ...]:
        """The paddings that make each layer causal: all of it before, but for what a stride leaves.

        A window over w positions (taps and dilation) with stride s is padded with w - s before, so
        that an output ends where its own s positions do; s - 1 behind keep a last, partial one.
        """
        found = []
        for layer, readings in self.timing.layers:
            for reading in readings:
                axis = reading.axis.sliding
                if axis is None or axis.taps == 1:
                    continue
                wide = int(axis.dilation) * (int(axis.taps) - 1) + 1
                s, before = int(axis.stride), int(axis.padding)
                behind = axis.after if axis.after is not None else axis.used_padding[1]
                if wide - 1 - before > s - 1:
                    causal = max(wide - s, 0), s - 1
                    found.append(Repadding(layer.target.name, (before, int(behind)), causal))
        return tuple(found)

    def start(self, parameters: Any = None) -> Any:
        """A run of the stream: `step(chunk)` gives the outputs that have become known, `flush()`
        what is left at the end; see `convgraph.piecewise.stream_run.Run`."""
        from convgraph.piecewise.stream_run import Run

        return Run(self, parameters)

    def run(self, chunks: Any, parameters: Any = None) -> Any:
        """The outputs of a whole input that comes in chunks, one after the other."""
        import numpy as np

        if not isinstance(chunks, Iterable) or isinstance(chunks, str):
            raise ConvgraphError(f"chunks={chunks!r}: arrays, one after the other")
        started = self.start(parameters)
        place = self.timing.places[self.row.name]
        parts = [*(started.step(chunk) for chunk in chunks), started.flush()]
        return np.concatenate(parts, axis=place)

    def draw(self, periods: int = 4) -> Picture:
        """The timetable: with which input positions of each row come, for so many periods at least;
        a picture that shows itself in a notebook and has `save`."""
        from convgraph.piecewise.pictures import picture_of_stream

        return picture_of_stream(self, periods)

    def to_torch(self, module: Any) -> Any:
        """The PyTorch module that the network was read from, as one that runs on chunks.

        Parameters
        ----------
        module
            The module; its parameters are shared, not copied.

        Returns
        -------
        torch.nn.Module
            With `step(chunk)`, which gives the outputs that have become known, `flush()` for what
            is left when the input has ended, and `reset()`. A chunk has the module's own shape, but
            for the batch and the number of positions along the axis of time. What comes out, one
            after the other, is what the module gives for the whole.

        Raises
        ------
        ConvgraphError
            If operations of the module do not go chunk by chunk: the message names them.
        """
        from convgraph.piecewise.torch_streams import streamed

        return streamed(self, module)

    def to_dict(self) -> dict[str, Any]:
        """The stream as plain data."""
        facts: dict[str, Any] = plain(
            {
                "row": self.row.name,
                "axis": self.timing.axis,
                "chunk": self.chunk,
                "smallest_chunk": self.period,
                "lookahead": self.lookahead,
                "context": self.context,
                "latency_seconds": self.latency,
                "causal": self.causal,
                "values_kept": self.cache,
                "repaddings": [str(each) for each in self.repaddings()],
                "rows": [
                    {
                        "row": each.row,
                        "step": each.step,
                        "lookahead": each.lookahead,
                        "context": each.context,
                        "cache": each.cache,
                        "delays": dict(each.delays),
                    }
                    for each in self.rows
                ],
            }
        )
        return facts

    def table(self) -> Table:
        """A line for each row."""
        columns = ("row", "step", "lookahead", "context", "cache", "delays")
        rows = [
            (
                each.row,
                *map(str, (each.step, each.lookahead, each.context, each.cache)),
                ", ".join(f"{source} by {wait}" for source, wait in each.delays if wait),
            )
            for each in self.rows
        ]
        facts = [
            ("lookahead", f"{max(self.lookahead, 0)} input positions{self._seconds()}"),
            ("smallest chunk", f"{self.period} input positions"),
            ("kept between chunks", f"{self.cache:,} values"),
        ]
        if not self.causal and self.repaddings():
            facts.append(("causal with", "; ".join(map(str, self.repaddings()))))
        return Table(repr(self), columns, rows, columns[1:5], facts)

    def _seconds(self) -> str:
        return "" if self.latency is None else f", {float(1000 * self.latency):g} ms"

    def _repr_html_(self) -> str:
        return self.table().html()

    def __str__(self) -> str:
        return f"{self!r}\n{self.table().text()}"

    def __repr__(self) -> str:
        kind = "causal" if self.causal else f"lookahead {self.lookahead}"
        return (
            f"Stream({kind}, context {self.context}, chunks of a multiple of {self.period}, "
            f"{self.cache:,} values kept)"
        )


def _behind(field: Any, step: Fraction) -> Fraction:
    """How far before its time a row's positions see at most."""
    seen = [phase * step - first for phase, first in enumerate(field.starts) if first is not None]
    return max(seen, default=Fraction(0))


def stream(
    network: Network,
    axis: int = 0,
    chunk: int | None = None,
    *,
    rate: int | Fraction | None = None,
    row: str | None = None,
) -> Stream:
    """What a network needs to be run on sound or video that does not end.

    Parameters
    ----------
    network
        A bound network, or a model that was read, all of whose rows move along the axis. Its own
        size along the axis does not matter.
    axis
        The axis of time, counted from 0 without the channels.
    chunk
        How many input positions come at once; by default the smallest number after which outputs
        come in equal numbers.
    rate
        Input positions a second, for the latency in seconds.
    row
        The row that is wanted; the output by default.

    Returns
    -------
    Stream
        With `lookahead`, `context`, `rows`, `schedule()`, `repaddings()`, `start()` and `run()`.

    Raises
    ------
    ConvgraphError
        If a row on the way waits for the end of the axis: the message names it.

    Examples
    --------
    >>> import convgraph as cg
    >>> encoder = cg.Conv(4, stride=2, padding=1) >> cg.ReLU() >> cg.Conv(3, padding=1)
    >>> made = cg.stream(encoder.on(64), rate=16000)
    >>> made
    Stream(lookahead 3, context 3, chunks of a multiple of 2, 5 values kept)
    >>> made.repaddings()[1]
    Repadding(row='s', now=(1, 1), causal=(2, 0))
    """
    check_network(network)
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: a stream needs numbers for sizes")
    target = output_row(network, row)
    time = timing(network, axis, target.name)
    size = time.period if chunk is None else chunk
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ConvgraphError(f"chunk={chunk!r}: a number of input positions, at least 1")
    plain = isinstance(rate, Rational) and not isinstance(rate, bool)
    if rate is not None and not (plain and rate > 0):
        raise ConvgraphError(f"rate={rate!r}: input positions a second, a whole number or fraction")
    return Stream(network, target, time, size, rate)

"""What a network on input that does not end needs: latency, memory and the schedule of each row."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from convgraph.core.checks import as_number
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.interactions.affine import affine_fields
from convgraph.piecewise.timing import Timing

__all__ = ["Repadding", "StreamPlan", "StreamRow"]

MOST_CHUNKS = 100_000  # of a schedule that is written down: a tuple for each, 10 MB


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
class StreamPlan:
    """The facts of a `Stream`, which has them in words."""

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


def _behind(field: Any, step: Fraction) -> Fraction:
    """How far before its time a row's positions see at most."""
    seen = [phase * step - first for phase, first in enumerate(field.starts) if first is not None]
    return max(seen, default=Fraction(0))

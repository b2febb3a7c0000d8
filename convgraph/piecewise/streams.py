"""Networks on input that does not end: planned, run, drawn, and as modules of PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.named_row import output_row
from convgraph.core.network import Network, check_network
from convgraph.core.tables import Table
from convgraph.piecewise.stream_plan import StreamPlan
from convgraph.piecewise.timing import timing

if TYPE_CHECKING:
    from convgraph.piecewise.pictures import Picture

__all__ = ["Stream", "stream"]


@dataclass(frozen=True, eq=False, repr=False)
class Stream(StreamPlan):
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

    def start(self, parameters: Any = None) -> Any:
        """A run of the stream: `step(chunk)` gives the outputs that have become known with a chunk
        of whatever length, `flush()` what is left at the end."""
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


@checked
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

"""`convgraph stream`: what a network needs on input that does not end."""

from __future__ import annotations

import click

from convgraph.cli.given import fraction_of, given, given_input, model_values, network_given
from convgraph.cli.output import print_json, print_line, progress
from convgraph.cli.shared_arguments import json_option

HERTZ = "positions a second, 16000 or 48000/7"


@click.command("stream")
@given
@given_input
@model_values
@click.option(
    "--axis",
    default="time",
    show_default=True,
    metavar="time|N",
    help="The axis of time: the last one, or its number, from 0 without batch and channels.",
)
@click.option("--chunk", type=int, help="How many input positions come at once.")
@click.option("--rate", metavar="HERTZ", help="Input positions a second: 16000, or 48000/7.")
@click.option("--row", help="The row that is wanted; the output by default.")
@json_option
def command(
    given: str,
    sizes: str | None,
    settings: tuple[str, ...],
    axis: str,
    chunk: int | None,
    rate: str | None,
    row: str | None,
    as_json: bool,
) -> None:
    """Derive latency, memory and schedule of a network that is run on sound or video without end.

    \b
    convgraph stream model.onnx --axis time --rate 16000
    convgraph stream "Conv(4, stride=2, padding=1) >> Conv(3, padding=1)" --input 64 --chunk 8
    """
    from convgraph.piecewise.streams import stream

    with progress("The stream", 2) as step:
        network = network_given(given, sizes, row, settings)
        step()
        hertz = None if rate is None else fraction_of("rate", rate, HERTZ)
        made = stream(network, _axis(axis), chunk, rate=hertz, row=row)
        step()
        schedule = made.schedule()
        if as_json:
            print_json({**made.to_dict(), "schedule": [list(pair) for pair in schedule]})
            return
        print_line(repr(made))
        print_line()
        print_line(made.table().text())
        print_line(f"inputs so far: {', '.join(str(there) for there, _ in schedule)}")
        print_line(f"outputs so far: {', '.join(str(outputs) for _, outputs in schedule)}")


def _axis(text: str) -> int:
    from convgraph.core.errors import ConvgraphError

    if text == "time":
        return -1
    try:
        return int(text)
    except ValueError:
        raise ConvgraphError(f"axis={text!r}: time, or the number of an axis of space") from None

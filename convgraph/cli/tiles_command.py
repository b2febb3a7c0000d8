"""`convgraph tiles`: how to compute an image in tiles, so that nothing differs from the whole."""

from __future__ import annotations

import click

from convgraph.cli.given import fraction_of, given, given_input, model_values, network_given
from convgraph.cli.output import print_json, print_line, progress
from convgraph.cli.shared_arguments import json_option

SHARE = "a whole number or a fraction, 1/4"


@click.command("tiles")
@given
@given_input
@model_values
@click.option("--tile", metavar="SIZES", help="What a tile reads at most: 512, or 512x256.")
@click.option("--overlap", metavar="SIZES", help="By how much tiles overlap at least.")
@click.option("--values", type=int, help="How many values of activations may be alive at once.")
@click.option("--memory", type=int, help="The same in bytes.")
@click.option("--dtype", default="float32", show_default=True, help="Of what type they are.")
@click.option("--overhead", metavar="SHARE", help="What may be read more than once: 1/4.")
@click.option("--row", help="The row that is wanted; the output by default.")
@json_option
def command(
    given: str,
    sizes: str | None,
    settings: tuple[str, ...],
    tile: str | None,
    overlap: str | None,
    values: int | None,
    memory: int | None,
    dtype: str,
    overhead: str | None,
    row: str | None,
    as_json: bool,
) -> None:
    """Plan the tiles of an image: what each reads, and what of its output is kept.

    \b
    convgraph tiles model.onnx --input 1x3x4096x4096 --tile 512
    convgraph tiles "Conv((3, 3), padding=1) >> MaxPool((2, 2))" --input 1024x1024 --overhead 1/4
    """
    from convgraph.core.errors import ConvgraphError
    from convgraph.piecewise.obstacles import UncutError
    from convgraph.piecewise.tiles import tiles

    with progress("The plan", 2) as step:
        network = network_given(given, sizes, row, settings)
        step()
        share = None if overhead is None else fraction_of("overhead", overhead, SHARE)
        try:
            plan = tiles(
                network,
                _sizes(tile),
                _sizes(overlap),
                values=values,
                memory=memory,
                dtype=dtype,
                overhead=share,
                row=row,
            )
        except UncutError as error:
            raise ConvgraphError(f"{error} (--row {error.obstacle.last})") from None
        step()
        if as_json:
            print_json({**plan.to_dict(), "statement": plan.statement()})
            return
        print_line(repr(plan))
        print_line()
        print_line(plan.table().text())
        print_line()
        print_line(plan.statement())


def _sizes(text: str | None) -> tuple[int, ...] | int | None:
    from convgraph.core.errors import ConvgraphError

    if text is None:
        return None
    try:
        sizes = tuple(int(part) for part in text.split("x"))
    except ValueError:
        raise ConvgraphError(
            f"{text!r}: whole numbers joined by x, such as 512 or 512x256"
        ) from None
    return sizes[0] if len(sizes) == 1 else sizes

"""`convgraph invariance`: how likely a pooled output is to be left as it is."""

from __future__ import annotations

from typing import Any

import click

from convgraph.cli.output import print_json, print_lines, progress
from convgraph.cli.shared_arguments import (
    boundary_option,
    expression,
    input_option,
    json_option,
    network,
    shifted,
)


@click.command("invariance")
@expression
@input_option
@click.option(
    "--shift",
    required=True,
    metavar="AMOUNT",
    help="Positions, such as 2; one for each axis: 0,1.",
)
@click.option("--axis", type=int, default=-1, help="The axis of a single amount; by default -1.")
@boundary_option
@click.option(
    "--independent",
    metavar="ROW",
    help="The row whose values are independent; the input by default.",
)
@json_option
def command(
    expression: Any,
    shape: Any,
    shift: str,
    axis: int,
    boundary: str,
    independent: str | None,
    as_json: bool,
) -> None:
    """Derive the probability that a shift leaves the pooled outputs of EXPRESSION unchanged.

    The chance is exact, for independent values of any continuous distribution.

    \b
    convgraph invariance "MaxPool(3, stride=1)" --input 10 --shift 1
    convgraph invariance "Conv(3) >> ReLU() >> MaxPool(2)" --input 16 --shift 1 --independent h1
    """
    import convgraph as cg

    with progress("The chance", 1) as step:
        net, moved = network(expression, shape), shifted(shift, axis, boundary)
        found = cg.invariance(net, moved, independent)
        step()
        if as_json:
            print_json(found.to_dict())
            return
        print_lines(str(found).split("\n"))

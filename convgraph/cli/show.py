"""`convgraph show`: the facts of a network, and its picture."""

from __future__ import annotations

from typing import Any

import click

from convgraph.cli.arguments import expression, input_option, json_option, network
from convgraph.cli.output import print_json


@click.command("show")
@expression
@input_option
@json_option
def command(expression: Any, shape: Any, as_json: bool) -> None:
    """Print the facts of the network that EXPRESSION describes.

    \b
    convgraph show "Conv(3, padding='same') >> Conv(3, padding='same')" --input 5 --unit g3
    """
    net = network(expression, shape)
    print_json({"network": repr(net)}) if as_json else click.echo(repr(net))

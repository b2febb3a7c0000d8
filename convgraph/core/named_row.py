"""The row that a question names, or else the only input or output of its network."""

from __future__ import annotations

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network

__all__ = ["input_row", "output_row"]


def input_row(network: Network, row: str | None) -> Row:
    """The row of a name, or the only input."""
    return _named(network, row, network.inputs, "input")


def output_row(network: Network, row: str | None) -> Row:
    """The row of a name, or the only output."""
    return _named(network, row, network.outputs, "output")


def _named(network: Network, row: str | None, default: tuple[Row, ...], kind: str) -> Row:
    if row is not None:
        return network.row(row)
    if len(default) > 1:
        names = " or ".join(each.name for each in default)
        raise ConvgraphError(f"row=None: a network with several {kind}s needs a row: {names}")
    return default[0]

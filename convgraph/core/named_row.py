"""The row that a question names, or else the only input or output; and what a row depends on."""

from __future__ import annotations

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network, check_network

__all__ = ["input_row", "output_row", "rows_before"]


def input_row(network: Network, row: str | None) -> Row:
    """The row of a name, or the only input."""
    check_network(network)
    return network.row(row) if row is not None else _only(network.inputs, "input")


def output_row(network: Network, row: str | None) -> Row:
    """The row of a name, or the only output."""
    check_network(network)
    return network.row(row) if row is not None else _only(network.outputs, "output")


def _only(rows: tuple[Row, ...], kind: str) -> Row:
    if len(rows) > 1:
        names = " or ".join(each.name for each in rows)
        raise ConvgraphError(f"row=None: a network with several {kind}s needs a row: {names}")
    return rows[0]


def rows_before(network: Network, row: str) -> set[str]:
    """A row, and all rows that it depends on, by name."""
    wanted = {row}
    for layer in reversed(network.layers):
        if layer.target.name in wanted:
            wanted.update(joint.source.name for joint in layer.joints)
    return wanted

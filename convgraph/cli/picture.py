"""A network in a terminal: its rows of units, the output on top, units in colour."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from convgraph.core.network import Network

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["picture"]

SHADED = "bold reverse"


def picture(net: Network, shaded: Set[str], width: int) -> list[Text]:
    """One line for each row, or none for a network that is too wide or has too many rows.

    >>> import convgraph as cg
    >>> net = cg.Conv(3).on(5)
    >>> [line.plain for line in picture(net, {"s2"}, 80)]
    ['s   s1 [s2] s3 ', 'x   x1  x2  x3  x4  x5 ']
    """
    from rich.text import Text

    if net.symbolic or len(net.rows) > 20 or any(int(row.size) * 3 > width for row in net.rows):
        return []
    margin = max(len(row.name) for row in net.rows)
    lines = []
    for row in reversed(net.rows):
        line = Text(row.name.ljust(margin) + "  ", style="dim")
        for unit in row.units():
            text = f"[{unit}]" if unit in shaded else f" {unit} "
            line.append(text, style=SHADED if unit in shaded else "not dim")
        lines.append(line)
    return lines if max(line.cell_len for line in lines) <= width else []
